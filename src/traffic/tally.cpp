// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic/tally.h"

#include <algorithm>

#include <linux/if_ether.h>

#include "traffic/messages.h"
#include "traffic/packet.h"
#include "traffic/traffic_options.h"

namespace sfc {
namespace {

constexpr std::size_t kTypeAt = 12;

/// The SFC header of a frame with these bytes behind its EtherType; nothing where it has no end.
std::optional<std::span<const std::uint8_t>> header_of(std::uint16_t type, std::span<const std::uint8_t> bytes) {
    if (type == ETH_P_IP || type == ETH_P_IPV6) {
        return bytes.first(0);
    }
    const HeaderKind* kind = header_kind(type);
    const std::size_t length = kind == nullptr ? 0 : kind->length(bytes);
    return length == 0 ? std::nullopt : std::optional(bytes.first(length));
}

std::string header_text(const HeaderKind* kind, std::span<const std::uint8_t> header) {
    return kind == nullptr || header.empty() ? msg::no_header() : kind->text(header);
}

} // namespace

Tally::Tally(std::optional<HeaderPattern> expected, std::optional<std::uint64_t> count)
    : expected_(std::move(expected)), count_(count) {}

std::optional<std::string> Tally::fault(std::span<const std::uint8_t> frame, const Stamp& stamp) const {
    const HeaderKind* kind = header_kind(stamp.ether_type);
    if (kind == nullptr) {
        return msg::unknown_kind(stamp.number, stamp.ether_type);
    }
    const std::uint16_t type = get16(frame, kTypeAt);
    const auto behind = frame.subspan(ETH_HLEN);
    const auto header = header_of(type, behind);
    if (!header) {
        return msg::header_without_end(stamp.number, type);
    }
    const HeaderPattern wanted = expected_ ? *expected_ : HeaderPattern::exactly(kind->advance(stamp.header));
    if (!wanted.matches(*header) || (type != stamp.ether_type && !header->empty())) {
        return msg::other_header(stamp.number, header_text(header_kind(type), *header),
                                 wanted.text.empty() ? header_text(kind, wanted.value) : wanted.text);
    }
    if (!checksums_right(behind.subspan(header->size())).value_or(false)) {
        return msg::wrong_checksum(stamp.number);
    }
    return std::nullopt;
}

std::optional<std::string> Tally::note_number(const Stamp& stamp) {
    seen_.resize(std::max<std::size_t>(seen_.size(), stamp.number + 1));
    if (seen_[stamp.number]) {
        duplicate_++;
        return msg::duplicate(stamp.number);
    }
    seen_[stamp.number] = true;
    distinct_++;
    if (stamp.number < highest_) {
        reordered_++;
        return msg::reordered(stamp.number, highest_);
    }
    highest_ = stamp.number;
    return std::nullopt;
}

std::optional<std::string> Tally::take(std::span<const std::uint8_t> frame) {
    const auto at = find_stamp(frame);
    if (!at || *at < ETH_HLEN) {
        return std::nullopt;
    }
    const auto stamp = read_stamp(frame.subspan(*at));
    if (!stamp || stamp->number > kTrafficCountMost) {
        received_++;
        wrong_++;
        return msg::damaged_payload();
    }
    if (run_.value_or(stamp->run) != stamp->run) {
        return std::nullopt;
    }
    run_ = stamp->run;
    sent_ = stamp->count;
    received_++;
    const auto order = note_number(*stamp);
    auto found = fault(frame, *stamp);
    wrong_ += found ? 1 : 0;
    return found ? found : order;
}

std::uint64_t Tally::lost() const {
    return wanted() > distinct_ ? wanted() - distinct_ : 0;
}

bool Tally::last_seen() const {
    return received_ != 0 && wanted() != 0 && (distinct_ >= wanted() || highest_ >= std::max(sent_, wanted()));
}

bool Tally::passed() const {
    return received_ != 0 && wrong_ == 0 && lost() == 0 && duplicate_ == 0 && reordered_ == 0;
}

std::string Tally::result() const {
    return msg::result(passed() ? "pass" : "fail", received_, wrong_, lost(), duplicate_, reordered_);
}

} // namespace sfc
