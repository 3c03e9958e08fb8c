// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// cache_meet of bpf/cache/cache.h, and what it calls. Each case is one access to shared memory.
#include "model_steps.h"

namespace sfc::test::model {

/// cache_meet: one or two words that match, found without the lock
void Stepper::candidates(Step step) {
    const bool match = me_.scan < words_ && matches(state_.word.at(me_.scan), operation_.key);
    switch (step) {
    case Step::FindOne:
        if (match) {
            me_.word = state_.word.at(me_.scan);
            me_.at = me_.scan;
            return scan(Step::FindTwo);
        }
        if (last_word()) {
            set(Outcome::Again);
            again();
        }
        return;
    default: // FindTwo
        if (match && me_.scan != me_.at) {
            me_.word2 = state_.word.at(me_.scan);
            me_.at2 = me_.scan;
            me_.both = 1;
            return scan(Step::MeetCount);
        }
        if (last_word()) {
            scan(Step::MeetCount);
        }
    }
}

/// cache_meet under the lock: candidate_judge and cache_judge, but for cache_share
void Stepper::judge(Step step) {
    const Slot& slot = state_.slot.at(slot_of(candidate()));
    const bool same_word = state_.word.at(position()) == candidate();
    switch (step) {
    case Step::MeetCount:
        if (!lock()) {
            return leave(Outcome::Full);
        }
        if (matching() != 1U + me_.both && broken_ != Break::MeetWithoutCount) {
            return leave(Outcome::Again);
        }
        [[fallthrough]];
    case Step::JudgePosition:
        me_.differs = 0;
        me_.other = slot.key != operation_.key || slot.head != operation_.header ? 1 : 0;
        return same_word ? go(Step::JudgeKey) : leave(Outcome::Again);
    case Step::JudgeKey:
        set(Outcome::Other);
        return go(slot.key != operation_.key ? Step::JudgeAgain
                  : me_.now > slot.deadline  ? Step::SwapStale
                                             : Step::JudgeHead);
    case Step::SwapStale: {
        const unsigned lost = references(candidate());
        if (swap(position(), candidate(), 0) || broken_ == Break::StaleWithoutSwap) {
            state_.word.at(position()) = 0;
            me_.gone = slot_of(candidate());
            me_.refs = lost;
            own(me_.gone);
        }
        return leave(Outcome::Again);
    }
    case Step::JudgeHead: // slot_header_differs
        me_.differs = slot.head != operation_.header ? 1 : 0;
        return go(Step::JudgeTail);
    case Step::JudgeTail:
        me_.differs |= slot.tail != operation_.header ? 1 : 0;
        set(Outcome::Ambiguous);
        return go(me_.differs != 0 ? Step::JudgeAgain : Step::Share);
    default: // JudgeAgain: what was read of a slot that was claimed meanwhile says nothing
        if (!same_word && (broken_ != Break::AmbiguousWithoutLook || is(Outcome::Other))) {
            return leave(Outcome::Again);
        }
        want(me_.other != 0, "ambiguous without a packet in the SF that has another header");
        if (is(Outcome::Ambiguous)) {
            return leave(Outcome::Ambiguous);
        }
        if (me_.both != 0 && me_.second == 0) {
            me_.second = 1;
            return go(Step::JudgePosition);
        }
        return me_.holds != 0 ? scan(Step::Put) : leave(Outcome::Other);
    }
}

/// cache_share
void Stepper::share() {
    Slot& slot = state_.slot.at(slot_of(candidate()));
    if ((candidate() & kShared) == 0) {
        const auto shared = static_cast<Word>(candidate() | kShared);
        if (broken_ == Break::ShareWithoutSwap) {
            state_.word.at(position()) = shared;
        } else if (!swap(position(), candidate(), shared)) {
            return leave(Outcome::Again);
        }
        slot.refs = 1;
    }
    if (slot.refs >= kRefsMost) {
        return leave(Outcome::Full);
    }
    want(me_.other == 0, "a packet shares the entry of one that has another header");
    slot.refs++;
    slot.deadline |= me_.now;
    state_.in_sf.at(operation_.header)++;
    leave(Outcome::Shared);
}

} // namespace sfc::test::model
