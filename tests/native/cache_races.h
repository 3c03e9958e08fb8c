// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What tests of the cache have in common: two programs on packets of one service, and another CPU at the worst moment.
#pragma once

#include <gtest/gtest.h>

#include "native_runner.h"
#include "proxy.h"

namespace sfc::test {

inline constexpr std::uint64_t kHold = 100'000'000;

inline Bytes labelled(std::uint16_t id, std::uint32_t label = 100) {
    return mpls_udp({{.label = 16001}, {.label = label}}, {.id = id});
}

class Races : public testing::Test {
protected:
    NativeRunner runner{standard_plan()};
    Machine& machine = runner.machine;

    unsigned strip(std::uint16_t id, std::uint32_t label = 100) {
        return runner.strip(kDomain, labelled(id, label)).result.reason;
    }
    unsigned restore(std::uint16_t id) { return runner.restore(kRight, plain_udp({.id = id})).result.reason; }
    sfc_slot& slot(std::uint32_t word) { return machine.map("slots").at<sfc_slot>(word & machine.constants.slot_mask); }
    sfc_pool& pool() { return machine.map("pools").at<sfc_pool>(kOut); }

    /// The position of the only word of the index, NULL where there is none.
    std::uint32_t* only_word() {
        for (std::uint32_t index = 0; index < machine.map("buckets").entries(); index++) {
            for (std::uint32_t& word : machine.map("buckets").at<sfc_bucket>(index).word) {
                if (word != 0) {
                    return &word;
                }
            }
        }
        return nullptr;
    }
    void clear_index() {
        while (std::uint32_t* word = only_word()) {
            *word = 0;
        }
    }
    unsigned count_state(std::uint32_t state) {
        unsigned count = 0;
        for (std::uint32_t id = 0; id < machine.map("slots").entries(); id++) {
            count += machine.map("slots").at<sfc_slot>(id).bucket == state ? 1 : 0;
        }
        return count;
    }
    /// Once, before the next compare-and-swap of a word of the index.
    void before_swap(const std::function<void(std::uint32_t&)>& what) {
        machine.before_atomic = [this, what](void* at) {
            machine.before_atomic = nullptr;
            what(*static_cast<std::uint32_t*>(at));
        };
    }
    void before_lock(const std::function<void()>& what) {
        machine.before_lock = [this, what] {
            machine.before_lock = nullptr;
            what();
        };
    }
};

} // namespace sfc::test
