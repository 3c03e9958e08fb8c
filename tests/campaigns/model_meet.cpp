// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// cache_meet of bpf/cache/cache.h, and what it calls. Each case is one access to shared memory.
#include "model_steps.h"

#include <bit>

namespace sfc::test::model {

/// cache_judge_all: the next word that matches. The lock is held, so words only go.
void Stepper::candidates(Step step) {
    if (step == Step::Meet && !lock()) {
        return leave(Outcome::Full);
    }
    const unsigned before = static_cast<unsigned>(std::popcount(static_cast<unsigned>(me_.skip))), at = next_match();
    if (at == kWords || (broken_ == Break::MeetFirstOnly && before == 1)) {
        set(Outcome::Other);
        return me_.holds != 0 ? scan(Step::Put) : leave(Outcome::Other);
    }
    if (before == kEqual) {
        return leave(Outcome::Again);
    }
    const Slot& slot = state_.slot.at(slot_of(state_.word.at(at)));
    me_.word = state_.word.at(at);
    me_.at = at;
    me_.other = slot.key != operation_.key || slot.head != operation_.header ? 1 : 0;
    go(Step::JudgeKey);
}

/// cache_judge, but for cache_share
void Stepper::judge(Step step) {
    const Word word = static_cast<Word>(me_.word);
    const Slot& slot = state_.slot.at(slot_of(word));
    switch (step) {
    case Step::JudgeKey:
        me_.differs = 0;
        set(Outcome::Other);
        return go(slot.key != operation_.key ? Step::JudgeAgain
                  : me_.now > slot.deadline  ? Step::SwapStale
                                             : Step::JudgeHead);
    case Step::SwapStale: {
        const unsigned lost = references(word);
        if (swap(me_.at, word, 0) || broken_ == Break::StaleWithoutSwap) {
            state_.word.at(me_.at) = 0;
            if (me_.at >= home_) {
                count_out();
            }
            me_.gone = slot_of(word);
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
        if (state_.word.at(me_.at) != word && (broken_ != Break::AmbiguousWithoutLook || is(Outcome::Other))) {
            return leave(Outcome::Again);
        }
        want(me_.other != 0, "ambiguous without a packet in the SF that has another header");
        if (is(Outcome::Ambiguous)) {
            return leave(Outcome::Ambiguous);
        }
        me_.skip |= 1U << me_.at;
        go(Step::MeetNext);
    }
}

/// cache_share
void Stepper::share() {
    const Word word = static_cast<Word>(me_.word);
    Slot& slot = state_.slot.at(slot_of(word));
    if ((word & kShared) == 0) {
        const auto shared = static_cast<Word>(word | kShared);
        if (broken_ == Break::ShareWithoutSwap) {
            state_.word.at(me_.at) = shared;
        } else if (!swap(me_.at, word, shared)) {
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
