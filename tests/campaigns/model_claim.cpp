// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// cache_claim of bpf/cache/cache.h, and pool_evict and pool_give of bpf/cache/pool.h. Each case is one access to shared
// memory.
#include "model_steps.h"

#include <algorithm>

namespace sfc::test::model {

/// cache_claim_next, up to cache_unpack
void Stepper::claim(Step step) {
    switch (step) {
    case Step::Find: { // index_find, without the lock
        const Word word = state_.word.at(me_.scan);
        if (matches(word, operation_.key) && (me_.skip >> me_.scan & 1) == 0) {
            me_.word = word;
            me_.at = me_.scan;
            return scan((word & kShared) != 0 ? Step::SharedPosition : Step::Peek);
        }
        if (!last_word()) {
            return me_.scan == home_ ? go(Step::FindMore) : go(Step::Find);
        }
        return miss();
    }
    case Step::FindMore:
        return state_.more != 0 ? go(Step::Find) : miss();
    case Step::Peek: // somebody may be writing to this slot
        if (state_.slot.at(slot_of(Word(me_.word))).key != operation_.key) {
            me_.skip |= 1U << me_.at;
            return again();
        }
        me_.gone = slot_of(Word(me_.word));
        return go(copies_first() ? Step::UnpackHead : Step::SwapClaim);
    case Step::Uncount: // index_take, its last line
        count_out();
        return go(Step::UnpackKey);
    default: { // SwapClaim
        if (broken_ == Break::ClaimCopiesFirst) {
            state_.word.at(me_.at) = 0;
        } else if (!swap(me_.at, Word(me_.word), 0)) {
            return again();
        }
        own(me_.gone);
        const bool more = me_.at >= home_;
        me_.word = me_.at = 0;
        if (copies_first()) {
            get_header(me_.head, me_.tail);
            set(Outcome::Ok);
        }
        return go(copies_first() ? Step::Give : more ? Step::Uncount : Step::UnpackKey);
    }
    }
}

void Stepper::miss() {
    want(me_.present == 0, "an entry that was there all the time is not found");
    end(Outcome::Miss);
}

/// cache_unpack
void Stepper::unpack(Step step) {
    const Slot& slot = state_.slot.at(me_.gone);
    switch (step) {
    case Step::UnpackKey: { // also the clock, and the deadline
        // Not mine: a stranger's, with an equal word at the same position. It is lost by its name, and this claim ends
        // as a miss, wherever its own entry is.
        const bool mine = slot.key == operation_.key || broken_ == Break::ClaimTrustsPeek;
        if (!mine || state_.clock > slot.deadline) {
            lose(me_.gone, 1);
            set(mine ? Outcome::Late : Outcome::Miss);
            return go(Step::Give);
        }
        return go(Step::UnpackHead);
    }
    case Step::UnpackHead: // slot_read
        me_.head = slot.head;
        return go(Step::UnpackTail);
    default: // UnpackTail
        me_.tail = slot.tail;
        if (copies_first()) {
            return go(Step::SwapClaim);
        }
        get_header(me_.head, me_.tail);
        me_.head = me_.tail = 0;
        set(Outcome::Ok);
        return go(Step::Give);
    }
}

/// cache_claim_shared. Past its deadline the packet ends late: the reference is gone in either case.
void Stepper::claim_shared(Step step) {
    Slot& slot = state_.slot.at(slot_of(Word(me_.word)));
    const auto give_up = [&](unsigned skip) {
        unlock();
        me_.skip |= skip;
        again();
    };
    switch (step) {
    case Step::SharedPosition:
        if (broken_ != Break::SharedWithoutLock && !lock()) {
            return end(Outcome::Miss);
        }
        return state_.word.at(me_.at) == me_.word ? go(Step::SharedHead) : give_up(0);
    case Step::SharedHead: // slot_read
        me_.head = slot.head;
        return slot.key == operation_.key ? go(Step::SharedTail) : give_up(1U << me_.at);
    case Step::SharedTail:
        me_.tail = slot.tail;
        return go(Step::SharedCount);
    default: // SharedCount
        get_header(me_.head, me_.tail);
        slot.refs--;
        if (slot.refs == 1) { // from here on it can be claimed without the lock
            state_.word.at(me_.at) = static_cast<Word>(me_.word & ~kShared);
        }
        unlock();
        end(Outcome::Ok);
    }
}

/// pool_sweep comes to the slot, whichever pool_candidate chose, and pool_evict reads where its word is. One try
/// stands for all: a sweep that fails leaves nothing behind.
void Stepper::sweep(unsigned slot) {
    me_.gone = slot;
    me_.refs = 0;
    state_.slot.at(slot).here != 0 ? go(Step::EvictPosition) : end(Outcome::Full);
}

/// pool_evict
void Stepper::evict(Step step) {
    if (step == Step::EvictPosition) {
        const auto* found = std::find_if(state_.word.begin(), state_.word.end(),
                                         [this](Word word) { return word != 0 && slot_of(word) == me_.gone; });
        if (found == state_.word.end()) {
            return end(Outcome::Full);
        }
        if (!lock()) {
            return end(Outcome::Full);
        }
        me_.word = *found;
        me_.at = static_cast<unsigned>(found - state_.word.begin());
        return go(Step::SwapEvicted);
    }
    const bool taken = swap(me_.at, Word(me_.word), 0); // a claim may be quicker
    unlock();
    if (!taken && broken_ != Break::EvictWithoutSwap) {
        return end(Outcome::Full);
    }
    state_.word.at(me_.at) = 0;
    if (me_.at >= home_) {
        count_out();
    }
    own(me_.gone);
    lose(me_.gone, references(Word(me_.word)));
    me_.word = me_.at = 0;
    operation_.kind == Kind::Evict ? go(Step::Give) : own_as_id(me_.gone);
}

/// pool_give
void Stepper::give(unsigned choice) {
    Slot& slot = state_.slot.at(me_.gone);
    slot.here = 0;
    slot.refs = 0;
    if (choice == 1) { // pool_push_chunk: a chunk is written over the key
        slot.key = Rubbish;
    }
    state_.free = static_cast<std::uint8_t>(state_.free | 1U << me_.gone);
    me_.owns &= ~(1U << me_.gone);
    if (operation_.kind == Kind::Insert && is(Outcome::Again)) {
        return again(); // the slot was a stale entry's
    }
    end(static_cast<Outcome>(me_.outcome));
}

} // namespace sfc::test::model
