// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Label stacks (RFC 3032 2.1): label 20 bits, traffic class 3, bottom of stack 1, TTL 8.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <linux/if_ether.h>

#include "base/error.h"
#include "base/number.h"
#include "sfc_abi.h"
#include "traffic/header.h"
#include "traffic/messages.h"

namespace sfc {
namespace {

constexpr const char* kSendOption = "--labels";
constexpr const char* kSinkOption = "--expect-labels";
constexpr std::size_t kEntry = 4;
constexpr std::uint32_t kLabelMost = (1U << 20) - 1, kTcMost = 7, kTtlMost = 255, kTtlUsual = 64;
constexpr std::uint32_t kLabelShift = 12, kTcShift = 9, kBottom = 1U << 8;
constexpr std::uint32_t kImplicitNull = 3;     // RFC 3032 2.1: never in a label stack
constexpr std::uint32_t kEntropyIndicator = 7; // RFC 6790: goes with the label behind it, and never on top

std::uint32_t entry_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint32_t>(get16(bytes, at)) << 16 | get16(bytes, at + 2);
}

void append_entry(Bytes& to, std::uint32_t entry) {
    append16(to, entry >> 16);
    append16(to, entry & 0xffff);
}

/// "LABEL[:TC[:TTL]]". A part that is left out, or is empty, has its usual value and no mask.
struct Entry {
    std::uint32_t value = 0, mask = 0;
};

Entry parse_entry(const char* option, const std::string& text) {
    struct Part {
        std::uint32_t most, shift, usual;
    };
    constexpr std::array kParts = {Part{kLabelMost, kLabelShift, 0}, Part{kTcMost, kTcShift, 0},
                                   Part{kTtlMost, 0, kTtlUsual}};
    Entry entry;
    std::size_t at = 0;
    for (const Part& part : kParts) {
        const std::size_t end = std::min(text.find(':', at), text.size());
        const std::string word = at > text.size() ? "" : text.substr(at, end - at);
        const bool label = part.shift == kLabelShift;
        const auto number = word.empty() && !label ? part.usual : parse_number(word, 0, part.most);
        if (!number || (label && number == kImplicitNull)) {
            throw Error(ExitCode::Usage, msg::bad_label(option, text, kLabelMost));
        }
        entry.value |= static_cast<std::uint32_t>(*number) << part.shift;
        entry.mask |= word.empty() ? 0 : part.most << part.shift;
        at = end + 1;
    }
    if (at <= text.size()) {
        throw Error(ExitCode::Usage, msg::bad_label(option, text, kLabelMost));
    }
    return entry;
}

HeaderPattern parse_entries(const char* option, const std::string& text) {
    HeaderPattern pattern;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        const Entry entry = parse_entry(option, text.substr(at, end - at));
        const std::uint32_t bottom = end == text.size() ? kBottom : 0;
        append_entry(pattern.value, entry.value | bottom);
        append_entry(pattern.mask, entry.mask | kBottom);
        at = end + 1;
    }
    if (pattern.value.size() > SFC_LABELS_MAX * kEntry) {
        throw Error(ExitCode::Usage, msg::too_many_labels(option, pattern.value.size() / kEntry, +SFC_LABELS_MAX));
    }
    return pattern;
}

Bytes parse(const std::string& text) {
    return parse_entries(kSendOption, text).value;
}

HeaderPattern parse_pattern(const std::string& text) {
    HeaderPattern pattern = text == "none" ? HeaderPattern{} : parse_entries(kSinkOption, text);
    pattern.text = text;
    return pattern;
}

/// The top label goes, and with it an entropy label that would be on top. TTL: the uniform model of RFC 3443.
Bytes advance(const Bytes& header) {
    const std::uint32_t ttl = entry_at(header, 0) & kTtlMost;
    std::size_t gone = kEntry;
    if (header.size() > kEntry && entry_at(header, kEntry) >> kLabelShift == kEntropyIndicator) {
        gone = std::min(3 * kEntry, header.size());
    }
    Bytes rest(header.begin() + static_cast<std::ptrdiff_t>(gone), header.end());
    if (!rest.empty()) {
        rest[kEntry - 1] = std::min<std::uint32_t>(rest[kEntry - 1], ttl == 0 ? 0 : ttl - 1);
    }
    return rest;
}

std::size_t length(std::span<const std::uint8_t> frame) {
    for (std::size_t at = 0; at + kEntry <= frame.size(); at += kEntry) {
        if ((entry_at(frame, at) & kBottom) != 0) {
            return at + kEntry;
        }
    }
    return 0;
}

std::string text(std::span<const std::uint8_t> header) {
    std::string all;
    for (std::size_t at = 0; at < header.size(); at += kEntry) {
        const std::uint32_t entry = entry_at(header, at);
        all += fmt::format("{}{}:{}:{}", all.empty() ? "" : ",", entry >> kLabelShift, entry >> kTcShift & kTcMost,
                           entry & kTtlMost);
    }
    return all;
}

} // namespace

extern const HeaderKind header_mpls;
const HeaderKind header_mpls = {
    .ether_type = ETH_P_MPLS_UC,
    .send_option = kSendOption,
    .send_help = "Label stack, top first; without TC and TTL they are 0 and 64",
    .sink_option = kSinkOption,
    .sink_help = "Label stack that should come, or 'none'; TC and TTL count where they are given "
                 "(default: what 'send' pushed, one label less)",
    .type_name = "LABEL[:TC[:TTL]],...",
    .parse = parse,
    .parse_pattern = parse_pattern,
    .advance = advance,
    .length = length,
    .text = text,
};

} // namespace sfc
