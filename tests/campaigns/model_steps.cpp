// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What all operations of the model have in common. Each step is one access to shared memory.
#include "model_steps.h"

#include <algorithm>

namespace sfc::test::model {

/// The operation is done; a slot that is still held is given back first (cache_insert, its last lines).
void Stepper::end(Outcome outcome) {
    set(outcome);
    if (me_.holds != 0 && outcome != Outcome::Ok) {
        me_.gone = me_.slot;
        me_.holds = 0;
        go(Step::Give);
        return;
    }
    want(me_.owns == 0, "a slot is lost: its owner forgot it");
    const std::uint64_t next = me_.operation + 1;
    me_ = Process{};
    me_.operation = next;
}

/// Tries again, because what was found has changed meanwhile, or was another key's (the loops of cache_insert and
/// cache_claim). Forgets what the process no longer knows, so that states that differ in nothing else are one.
void Stepper::again() {
    me_.word = me_.at = me_.gone = me_.refs = me_.head = me_.tail = me_.differs = me_.other = me_.matched = 0;
    if (operation_.kind == Kind::Insert && me_.looped == 0) {
        me_.looped = 1; // the first try, before the loop, is none of the four
    } else if (++me_.tries == kTries) {
        me_.present = 0;
        end(operation_.kind == Kind::Claim ? Outcome::Miss : Outcome::Full);
        return;
    }
    scan(operation_.kind == Kind::Claim ? Step::Find : Step::Hint);
}

void Stepper::own_as_id(unsigned slot) {
    own(slot);
    me_.slot = slot;
    me_.holds = 1;
    me_.gone = 0;
    go(Step::WriteKey);
}

bool Stepper::lock() {
    const bool taken = state_.lock == 0;
    state_.lock = taken ? static_cast<std::uint8_t>(number_ + 1) : state_.lock;
    return taken;
}

void Stepper::unlock() {
    state_.lock = state_.lock == number_ + 1 ? 0 : state_.lock;
}

/// index_swap
bool Stepper::swap(unsigned at, Word before, Word after) {
    if (state_.word.at(at) != before) {
        return false;
    }
    state_.word.at(at) = after;
    return true;
}

/// slot_refs
unsigned Stepper::references(Word word) const {
    return (word & kShared) != 0 ? state_.slot.at(slot_of(word)).refs : 1;
}

/// A word that matches and is not to be skipped, with the lock held; kWords where there is none.
unsigned Stepper::next_match() const {
    const unsigned end = state_.more != 0 ? words_ : home_;
    for (unsigned at = 0; at < end; at++) {
        if (matches(state_.word.at(at), operation_.key) && (me_.skip >> at & 1) == 0) {
            return at;
        }
    }
    return kWords;
}

void Stepper::count_out() {
    want(state_.more > 0, "more words are counted out of the overflow line than were there");
    state_.more--;
}

bool Stepper::copies_first() const {
    return broken_ == Break::ClaimCopiesFirst || broken_ == Break::ClaimSwapsLast;
}

/// slot_count_lost: evicted or expired
void Stepper::lose(unsigned slot, unsigned references) {
    const unsigned header = state_.slot.at(slot).head;
    want(header < kHeaders, "a slot without a header is lost");
    std::uint8_t& packets = state_.in_sf.at(header % kHeaders);
    want(packets >= references, "more references are lost than there were");
    packets = static_cast<std::uint8_t>(packets - references);
}

/// A packet goes on to the domain with this header.
void Stepper::get_header(unsigned head, unsigned tail) {
    want(head == tail && head < kHeaders, "a torn header is restored");
    want(key_of(head % kHeaders) == operation_.key, "a foreign header is restored");
    std::uint8_t& packets = state_.in_sf.at(head % kHeaders);
    want(packets > 0, "a header is restored more often than it was stripped");
    packets--;
}

const char* Stepper::run(unsigned choice) {
    const auto step = static_cast<Step>(me_.step);
    if (step == Step::Start && operation_.kind == Kind::Evict) {
        sweep(choice);
    } else if (step == Step::Start && operation_.kind == Kind::Insert) { // work->now = clock_now()
        me_.now = state_.clock;
        go(Step::Take);
    } else if (step == Step::Start) {
        me_.present = 1; // as far as it is so: Machine looks
        claim(Step::Find);
    } else if (step <= Step::Refill) {
        take(step, choice);
    } else if (step <= Step::WriteTail) {
        fill(step);
    } else if (step == Step::PublishAny) {
        publish();
    } else if (step <= Step::SwapVictim) {
        put(step, choice);
    } else if (step <= Step::MeetNext) {
        candidates(step);
    } else if (step <= Step::JudgeAgain) {
        judge(step);
    } else if (step == Step::Share) {
        share();
    } else if (step <= Step::Uncount) {
        claim(step);
    } else if (step <= Step::UnpackTail) {
        unpack(step);
    } else if (step <= Step::SharedCount) {
        claim_shared(step);
    } else if (step <= Step::SwapEvicted) {
        evict(step);
    } else {
        give(choice);
    }
    return fault_;
}

} // namespace sfc::test::model
