// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// cache_insert of bpf/cache/cache.h but for cache_meet. Each case is one access to shared memory.
#include "model_steps.h"

namespace sfc::test::model {

/// cache_insert: where the slot comes from, and what is to be tried next
void Stepper::take(Step step, unsigned choice) {
    const auto try_it = [this] {
        scan(me_.holds == 0 && (me_.matched == 0 || is(Outcome::Other)) ? Step::Refill : Step::Meet);
    };
    switch (step) {
    case Step::Take: // any that is free, or none is in the magazine
        if (choice == kSlots) {
            me_.looped = 1;
            return scan(Step::Hint);
        }
        state_.free = static_cast<std::uint8_t>(state_.free & ~(1U << choice));
        return own_as_id(choice);
    case Step::Hint:
        me_.matched = matches(state_.word.at(me_.scan), operation_.key) ? 1 : 0;
        if (me_.matched == 0 && !last_word()) {
            return me_.scan == home_ ? go(Step::HintMore) : go(Step::Hint);
        }
        return try_it();
    case Step::HintMore:
        return state_.more != 0 ? go(Step::Hint) : try_it();
    default:                    // Refill
        if (state_.free == 0) { // whichever pool_candidate chooses
            return sweep(choice);
        }
        state_.free = static_cast<std::uint8_t>(state_.free & ~(1U << choice));
        return own_as_id(choice);
    }
}

/// cache_fill: slot_write
void Stepper::fill(Step step) {
    Slot& slot = state_.slot.at(me_.slot);
    switch (step) {
    case Step::WriteKey:
        slot.key = operation_.key;
        return go(Step::WriteMeta);
    case Step::WriteMeta: // two fields that nobody reads together
        slot.deadline = me_.now;
        slot.here = 1;
        return broken_ == Break::WordBeforeHeader ? scan(Step::PublishAny) : go(Step::WriteHead);
    case Step::WriteHead:
        slot.head = operation_.header;
        slot.refs = 0;
        return go(Step::WriteTail);
    default: // WriteTail
        slot.tail = operation_.header;
        return scan(me_.looped != 0 ? Step::Meet : Step::PublishAny);
    }
}

/// cache_publish, up to index_put
void Stepper::publish() {
    if (broken_ != Break::InsertWithoutLock && !lock()) {
        return leave(Outcome::Full);
    }
    next_match() != kWords ? leave(Outcome::Again) : scan(Step::Put);
}

/// The word is in: from here on the slot is the word's, and that of a word which made room is the process's.
void Stepper::entered(Word victim) {
    me_.owns &= ~(1U << me_.slot);
    me_.holds = me_.slot = me_.refs = 0;
    state_.in_sf.at(operation_.header)++;
    if (victim != 0) {
        me_.gone = slot_of(victim);
        me_.refs = references(victim);
        own(me_.gone);
    }
    leave(Outcome::Ok);
}

/// index_put. A position that is free stays so until the lock's holder fills it, so that is one step.
void Stepper::put(Step step, unsigned choice) {
    const Word word = make_word(fingerprint_of(operation_.key), me_.slot);
    switch (step) {
    case Step::Put:
        if (state_.word.at(me_.scan) == 0) {
            state_.word.at(me_.scan) = word;
            return entered(0);
        }
        if (last_word()) {
            return scan(broken_ == Break::VictimWithoutSwap ? Step::ReadVictim : Step::SwapVictim);
        }
        return me_.scan == home_ ? go(Step::PutMore) : go(Step::Put);
    case Step::PutMore: // index_put_overflow counts before it looks
        state_.more += broken_ == Break::OverflowUncounted ? 0 : 1;
        return go(Step::Put);
    case Step::ReadVictim:
        me_.at = choice;
        me_.word = state_.word.at(choice);
        return go(Step::SwapVictim);
    default: { // SwapVictim: whichever the hash says
        const unsigned at = broken_ == Break::VictimWithoutSwap ? me_.at : choice + (home_ < words_ ? home_ : 0);
        const Word victim = broken_ == Break::VictimWithoutSwap ? Word(me_.word) : state_.word.at(at);
        state_.word.at(at) = word;
        if (home_ < words_ && (victim != 0 || broken_ == Break::VictimCountedOut)) {
            count_out();
        }
        return entered(victim);
    }
    }
}

/// The lock is given back, and all that is known of the bucket forgotten: the last lines of cache_publish and
/// cache_meet.
void Stepper::leave(Outcome outcome) {
    unlock();
    me_.word = me_.at = me_.skip = me_.differs = me_.other = me_.scan = 0;
    set(outcome);
    if (me_.refs != 0) { // cache_drop
        lose(me_.gone, me_.refs);
        me_.refs = 0;
        return go(Step::Give);
    }
    if (outcome == Outcome::Again || outcome == Outcome::Other) {
        return again();
    }
    if (broken_ == Break::WordBeforeHeader && outcome == Outcome::Ok) {
        return go(Step::WriteHead);
    }
    end(outcome);
}

} // namespace sfc::test::model
