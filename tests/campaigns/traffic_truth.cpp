// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic_truth.h"

#include <bit>

#include "oracle_outer.h"
#include "oracle_srv6.h"
#include "oracle_stack.h"

namespace sfc::test::traffic {
namespace {

constexpr std::uint64_t kHoldsToLeave = 3; // from the deadline until nothing can come back any more

bool is_header_and_payload(std::span<const std::uint8_t> out, const Header& header,
                           std::span<const std::uint8_t> frame) {
    Frame expected;
    if (header.around == oracle::Around::Masked) {
        expected.append(header.view().first(kEthernet));
        expected.append(frame.subspan(kEthernet));
        return oracle::unmask(expected.bytes().subspan(kEthernet), header.view().subspan(kEthernet)) == SFC_OK &&
               std::ranges::equal(expected.view(), out);
    }
    expected.append(header.view());
    expected.append(frame.subspan(kEthernet));
    oracle::limit_hops(expected.bytes().subspan(header.size), header.hops);
    oracle::close_around(expected.bytes(), header.around, oracle::end_of_ip(expected.view(), header.size));
    oracle::take_drawn(expected.bytes(), out, header.around);
    return std::ranges::equal(expected.view(), out);
}

} // namespace

const char* class_name(Class of) {
    constexpr std::array<const char*, kClasses> kNames = {
        "to_sf, new key",
        "to_sf, shared",
        "to_sf, after a stale equal key",
        "to_sf, after an evicted equal key",
        "ambiguous",
        "restored, right",
        "restored, limit: own entry expired",
        "restored, limit: own entry evicted",
        "restored, limit: own reference used up",
        "restored, limit: own epoch over",
        "late",
        "dropped, another segment routing header",
        "miss, stale entry reaped",
        "miss, entry evicted",
        "miss, reference used up",
        "miss, epoch over",
        "miss, wrong port",
        "miss, no such key",
        "wrong",
    };
    return kNames.at(static_cast<std::size_t>(of));
}

Truth::Truth(std::vector<std::uint64_t> hold_ns, std::size_t memory, bool remember)
    : hold_ns_(std::move(hold_ns)), accounts_(hold_ns_.size()), ends_(std::bit_ceil(memory)), remember_(remember) {
    entries_.reserve(memory / 16);
    for (const std::uint64_t hold : hold_ns_) {
        expiring_[hold];
        leaving_[hold];
    }
}

Truth::Entry* Truth::find(std::uint64_t name) {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : &pool_[found->second];
}

Truth::Entry* Truth::due(const Due& due) {
    Entry& entry = pool_[due.entry];
    return entry.generation == due.generation && entry.deadline_ns == due.deadline_ns ? &entry : nullptr;
}

void Truth::set_time(std::uint64_t ns) {
    now_ns_ = ns;
    for (auto& [hold, queue] : expiring_) {
        for (; !queue.empty() && queue.front().at_ns < ns; queue.pop_front()) {
            Entry* entry = due(queue.front());
            if (entry != nullptr && !entry->stale) { // equal arrivals at one time are here as often
                expire(*entry);
                Due last = queue.front();
                last.at_ns += kHoldsToLeave * hold;
                leaving_[hold].push_back(last);
            }
        }
    }
    for (auto& [hold, queue] : leaving_) {
        for (; !queue.empty() && queue.front().at_ns < ns; queue.pop_front()) {
            if (Entry* entry = due(queue.front())) {
                account(entry->header).left += entry->references;
                end(*entry, End::Expired);
            }
        }
    }
}

void Truth::expire(Entry& entry) {
    entry.stale = true;
    account(entry.header).stale += entry.references;
    account(entry.header).in_flight--;
}

void Truth::end(Entry& entry, End how) {
    Account& of = account(entry.header);
    if (entry.stale) {
        of.stale -= entry.references;
    } else {
        of.in_flight--;
    }
    ends_[entry.generation & (ends_.size() - 1)] = how;
    const auto found = entries_.find(entry.name);
    free_.push_back(found->second);
    entries_.erase(found);
    entry.generation = 0;
}

std::uint32_t Truth::add(std::uint64_t name, const Header& header) {
    std::uint32_t index = static_cast<std::uint32_t>(pool_.size());
    if (free_.empty()) {
        pool_.emplace_back();
    } else {
        index = free_.back();
        free_.pop_back();
    }
    generation_++;
    ends_[generation_ & (ends_.size() - 1)] = End::None;
    Account& of = account(header);
    pool_[index] = {.header = header, .name = name, .evictions_before = of.evictions_seen, .generation = generation_};
    entries_[name] = index;
    of.in_flight_most = std::max(of.in_flight_most, ++of.in_flight);
    return index;
}

void Truth::refresh(std::uint32_t index) {
    Entry& entry = pool_[index];
    const std::uint64_t hold = hold_ns_[entry.header.service];
    entry.references++;
    entry.deadline_ns = now_ns_ + hold;
    expiring_[hold].push_back({entry.deadline_ns, entry.deadline_ns, index, entry.generation});
}

/// All its references, as a claim in time would have got one: those before it have got theirs.
Judgement Truth::evicted(Entry& entry, Class is) {
    Account& of = account(entry.header);
    of.evicted += entry.references;
    const Judgement judged{.is = is,
                           .evicted_of = entry.header.service,
                           .evicted_least = std::max(of.evicted, entry.evictions_before + entry.references)};
    end(entry, End::Evicted);
    return judged;
}

bool Truth::remembered_otherwise(std::uint64_t name, const Header& header) const {
    const auto found = remembered_.find(name);
    return found != remembered_.end() && now_ns_ <= found->second.deadline_ns && found->second.header != header;
}

void Truth::remember(std::uint64_t name, const Reference& reference) {
    if (!remember_) {
        return;
    }
    remembered_[name] = {reference.header, now_ns_ + hold_ns_[reference.header.service]};
    if (remembered_.size() > remembered_most_) {
        std::erase_if(remembered_, [&](const auto& entry) { return entry.second.deadline_ns < now_ns_; });
        remembered_most_ = 2 * remembered_.size() + 1024;
    }
}

Judgement Truth::stripped(std::uint64_t name, Reference& reference) {
    if (remembered_otherwise(name, reference.header)) {
        return {.wrong = "to the SF, but its key is remembered with another header"};
    }
    remember(name, reference);
    Judgement judged{.is = Class::New};
    Entry* entry = find(name);
    if (entry != nullptr && entry->stale) {
        account(entry->header).gone += entry->references;
        end(*entry, End::Expired);
        judged.is = Class::AfterStale;
    } else if (entry != nullptr && entry->header == reference.header) {
        judged.is = Class::Shared;
    } else if (entry != nullptr) {
        judged = evicted(*entry, Class::AfterEviction);
    }
    const std::uint32_t index = judged.is == Class::Shared ? entries_.at(name) : add(name, reference.header);
    refresh(index);
    account(reference.header).to_sf++;
    reference.deadline_ns = pool_[index].deadline_ns;
    reference.generation = pool_[index].generation;
    return judged;
}

Judgement Truth::refused(std::uint64_t name, const Header& header) {
    account(header).ambiguous++;
    if (remembered_otherwise(name, header)) {
        return {.is = Class::Ambiguous};
    }
    const Entry* entry = find(name);
    if (entry == nullptr || entry->stale) {
        return {.wrong = "ambiguous, but no packet with an equal key is in the SF"};
    }
    if (entry->header == header) {
        return {.wrong = "ambiguous, but the header is equal"};
    }
    return {.is = Class::Ambiguous};
}

void Truth::take_one(Entry& entry) {
    if (entry.stale) {
        account(entry.header).stale--;
    }
    if (--entry.references == 0) {
        end(entry, End::Claimed);
    }
}

Class Truth::limit(const Reference& reference, const Entry& entry) const {
    const std::uint16_t epoch = static_cast<std::uint16_t>(entry.name);
    if (reference.epoch != epoch) {
        return Class::LimitEpoch;
    }
    if (now_ns_ > reference.deadline_ns) {
        return Class::LimitExpired;
    }
    if (remember_) {
        return Class::Wrong;
    }
    const End how = end_of(reference);
    return how == End::Claimed ? Class::LimitClaimed : how == End::Evicted ? Class::LimitEvicted : Class::Wrong;
}

Judgement Truth::restored(std::uint64_t name, const Reference* reference, std::span<const std::uint8_t> frame,
                          std::span<const std::uint8_t> out) {
    Entry* entry = find(name);
    if (entry == nullptr) {
        return {.wrong = "restored, but no header is there for it"};
    }
    if (entry->stale) {
        return {.wrong = "restored, but past the hold time"};
    }
    if (!is_header_and_payload(out, entry->header, frame)) {
        return {.wrong = "restored with another header, or other bytes"};
    }
    Judgement judged{.is = Class::Right};
    if (reference == nullptr) {
        judged = {.wrong = "restored, but it is no packet of ours"};
    } else if (reference->header != entry->header) {
        judged.is = limit(*reference, *entry);
        judged.wrong = judged.is == Class::Wrong ? "restored with the header of another packet" : nullptr;
    }
    account(entry->header).restored++;
    take_one(*entry);
    return judged;
}

Judgement Truth::late(std::uint64_t name) {
    Entry* entry = find(name);
    if (entry == nullptr || !entry->stale) {
        return {.wrong = entry == nullptr ? "late, but no header is there for it" : "late, but in time"};
    }
    account(entry->header).late++;
    take_one(*entry);
    return {.is = Class::Late};
}

/// The SF has changed the header, or the entry is that of another packet with an equal key.
Judgement Truth::changed(std::uint64_t name, std::span<const std::uint8_t> frame) {
    Entry* entry = find(name);
    if (entry == nullptr || entry->stale) {
        return {.wrong = "claimed, but no header is there for it"};
    }
    Frame unmasked;
    unmasked.append(frame.subspan(kEthernet));
    if (oracle::unmask(unmasked.bytes(), entry->header.view().subspan(kEthernet)) != SFC_REASON_sfc_from_sf) {
        return {.wrong = "dropped for its segment routing header, which is right"};
    }
    account(entry->header).changed++;
    take_one(*entry);
    return {.is = Class::Changed};
}

Judgement Truth::nothing_there(const Reference& reference, std::uint16_t epoch) const {
    if (reference.epoch != epoch) {
        return {.is = Class::MissEpoch};
    }
    if (now_ns_ > reference.deadline_ns) {
        return {.is = Class::MissReaped};
    }
    switch (end_of(reference)) {
    case End::Claimed:
        return {.is = Class::MissClaimed};
    case End::Evicted:
        return {.is = Class::MissEvicted};
    default:
        return {.wrong = "miss, and the model does not know why"};
    }
}

Judgement Truth::missed(std::uint64_t name, const Reference* reference, std::uint16_t epoch, Class missing) {
    Entry* entry = find(name);
    if (entry == nullptr) {
        return missing == Class::Wrong ? nothing_there(*reference, epoch) : Judgement{.is = missing};
    }
    if (entry->stale) {
        account(entry->header).gone += entry->references;
        end(*entry, End::Expired);
        return {.is = Class::MissReaped};
    }
    return evicted(*entry, Class::MissEvicted);
}

} // namespace sfc::test::traffic
