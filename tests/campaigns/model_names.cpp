// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model_state.h"

namespace sfc::test::model {
namespace {

// In the order of enum class Step.
constexpr std::array kNames = {
    "begins: the clock, or the slot under the hand",
    "pool_take: a free slot, or none is in the magazine",
    "cache_insert: index_any without the lock, a word",
    "cache_insert: index_any without the lock, whether there are words in the overflow line",
    "pool_refill: a free slot, or pool_sweep where none is",
    "slot_write: the key",
    "slot_write: the deadline and the bucket",
    "slot_write: the header's first half",
    "slot_write: the header's second half",
    "cache_publish: takes the lock, index_any",
    "index_put: into the position, if it is free; then gives the lock back",
    "index_put_overflow: counts a word of the overflow line",
    "index_put (broken): reads the word that makes room",
    "index_put: exchanges a word for its own, gives the lock back",
    "cache_meet: takes the lock, index_find",
    "cache_judge_all: index_find",
    "cache_judge: compares the key, reads the deadline",
    "cache_judge: takes a stale entry out, gives the lock back",
    "cache_judge: compares the header's first half",
    "cache_judge: compares the header's second half",
    "cache_judge: looks at the word again",
    "cache_share: makes the word a shared one, counts a reference more, gives the lock back",
    "cache_claim_next: index_find, a word",
    "cache_claim_next: index_find, whether there are words in the overflow line",
    "cache_claim_next: compares the key of a slot that it does not own",
    "cache_claim_next: takes the word out",
    "cache_claim_next: counts it out of the overflow line",
    "cache_unpack: compares the key, reads the deadline and the clock",
    "cache_unpack: reads the header's first half",
    "cache_unpack: reads the header's second half",
    "cache_claim_shared: takes the lock, compares the word",
    "cache_claim_shared: compares the key, reads the header's first half",
    "cache_claim_shared: reads the header's second half",
    "cache_claim_shared: counts a reference less, gives the lock back",
    "pool_evict: takes the lock, looks for the word",
    "pool_evict: takes the word out, gives the lock back",
    "pool_give: the slot is in no bucket, but in the magazine or, as a chunk, on the stack",
};
static_assert(kNames.size() == static_cast<std::size_t>(Step::kCount), "each step has a name");

} // namespace

const char* step_name(Step step) {
    return kNames.at(static_cast<std::size_t>(step));
}

} // namespace sfc::test::model
