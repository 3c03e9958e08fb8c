// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "race_slots.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "base/error.h"

namespace sfc::test {
namespace {

template <class T> std::vector<T> values(const Maps& maps, MapId map, std::uint32_t key, std::size_t count) {
    std::vector<T> list(count);
    if (bpf_map_lookup_elem(maps.fd(map), &key, list.data()) != 0) {
        throw system_error(fmt::format("cannot read entry {} of map {}", key, name_of(map)), errno);
    }
    return list;
}

template <class T> T value(const Maps& maps, MapId map, std::uint32_t key) {
    return values<T>(maps, map, key, 1).front();
}

/// Where the slots are.
class Census {
public:
    Census(const Maps& maps, const Plan& plan, const IndexSize& index)
        : maps_(maps), plan_(plan), index_(index), positions_(plan.capacity) {}

    std::vector<std::string> faults() {
        ask_index();
        for (std::size_t id = 1; id < plan_.services.size(); id++) {
            ask_service(static_cast<std::uint32_t>(id), plan_.services[id].entry);
        }
        return faults_;
    }

private:
    const Maps& maps_;
    const Plan& plan_;
    IndexSize index_;
    std::vector<std::string> positions_; ///< of each slot; several where that is the fault
    std::vector<std::string> faults_;

    /// Returns whether there is such a slot, and whether it is here for the first time.
    bool is_at(std::uint32_t slot, const std::string& position) {
        if (slot >= positions_.size()) {
            faults_.push_back(fmt::format("slot {}: {}, and there is none of that number", slot, position));
            return false;
        }
        std::string& known = positions_[slot];
        known += (known.empty() ? "" : ", ") + position;
        return known == position;
    }

    void ask_index() {
        for (std::uint32_t bucket = 0; bucket < index_.buckets; bucket++) {
            std::set<std::array<__u64, SFC_KEY_WORDS>> keys;
            (void)ask_line(bucket, keys);
            std::uint32_t more = 0;
            for (std::uint32_t at = bucket + index_.buckets; at < index_.lines(); at += index_.buckets) {
                more += ask_line(at, keys);
            }
            const std::uint32_t lock = value<sfc_bucket>(maps_, MapId::buckets, bucket).lock;
            if (lock != more * SFC_LOCK_OVERFLOW) {
                faults_.push_back(
                    fmt::format("bucket {}: its lock is {}, with {} words in overflow lines", bucket, lock, more));
            }
        }
    }

    /// Returns how many words there are.
    std::uint32_t ask_line(std::uint32_t at, std::set<std::array<__u64, SFC_KEY_WORDS>>& keys) {
        std::uint32_t count = 0;
        for (const std::uint32_t word : value<sfc_bucket>(maps_, MapId::buckets, at).word) {
            if (word == 0) {
                continue;
            }
            count++;
            const std::uint32_t number = word & (plan_.capacity - 1);
            is_at(number, fmt::format("in line {}", at));
            const auto slot = value<sfc_slot>(maps_, MapId::slots, number);
            if (slot.bucket != at) {
                faults_.push_back(fmt::format("slot {}: in line {}, and says {}", number, at, slot.bucket));
            }
            if (!keys.insert(std::to_array(slot.key.word)).second) {
                faults_.push_back(fmt::format("line {}: two words of one key", at));
            }
        }
        return count;
    }

    void ask_magazines(std::uint32_t service) {
        const std::size_t cpus = libbpf_num_possible_cpus();
        const auto list = values<sfc_magazine>(maps_, MapId::magazines, service, cpus);
        for (std::size_t cpu = 0; cpu < cpus; cpu++) {
            for (std::uint32_t i = list[cpu].oldest; i != list[cpu].end; i++) {
                is_at(list[cpu].slot[i % SFC_MAGAZINE], fmt::format("with CPU {}", cpu));
            }
            ask_chunks(list[cpu].chunk, fmt::format("chunk of CPU {}", cpu));
        }
    }

    /// `top`: the slot of the first one plus 1.
    void ask_chunks(std::uint32_t top, const std::string& whose) {
        while (top != 0 && is_at(top - 1, whose)) {
            const auto chunk = value<sfc_slot>(maps_, MapId::slots, top - 1).chunk;
            for (std::uint32_t i = 0; i < std::min<std::uint32_t>(chunk.count, SFC_CHUNK); i++) {
                is_at(chunk.slot[i], "in a " + whose);
            }
            top = chunk.next;
        }
    }

    void ask_service(std::uint32_t id, const sfc_service& service) {
        ask_magazines(id);
        ask_chunks(static_cast<std::uint32_t>(value<sfc_pool>(maps_, MapId::pools, id).head), "chunk");
        const std::uint64_t used = value<sfc_pool>(maps_, MapId::pools, id).hand;
        for (std::uint32_t i = 0; i < service.quota; i++) {
            const std::uint32_t slot = service.first_slot + i;
            if (i >= used) {
                is_at(slot, "never used");
            } else if (value<sfc_slot>(maps_, MapId::slots, slot).bucket == SFC_SLOT_ORPHAN) {
                is_at(slot, "an orphan");
            }
            if (positions_[slot].empty()) {
                faults_.push_back(fmt::format("slot {}: lost", slot));
            } else if (positions_[slot].find(',') != std::string::npos) {
                faults_.push_back(fmt::format("slot {}: {}", slot, positions_[slot]));
            }
        }
    }
};

} // namespace

std::vector<std::string> slot_faults(const Maps& maps, const Plan& plan, const IndexSize& index) {
    return Census(maps, plan, index).faults();
}

} // namespace sfc::test
