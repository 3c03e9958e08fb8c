// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "model_state.h"

namespace sfc::test::model {

/// One step of one process.
class Stepper {
public:
    Stepper(State& state, unsigned number, const Operation& operation, const Scenario& scenario, Break broken)
        : state_(state), me_(state.process.at(number)), number_(number), operation_(operation), words_(scenario.words),
          home_(scenario.words - scenario.more), broken_(broken) {}

    /// Returns what is wrong about it, or null.
    const char* run(unsigned choice);

private:
    State& state_;
    Process& me_;
    unsigned number_;
    Operation operation_;
    unsigned words_;
    unsigned home_; ///< of them those of the bucket's own line
    Break broken_;
    const char* fault_ = nullptr;

    void take(Step step, unsigned choice);
    void fill(Step step);
    void publish();
    void put(Step step, unsigned choice);
    void candidates(Step step);
    void judge(Step step);
    void share();
    void claim(Step step);
    void unpack(Step step);
    void claim_shared(Step step);
    void sweep(unsigned slot);
    void evict(Step step);
    void give(unsigned choice);

    void go(Step step) { me_.step = static_cast<std::uint64_t>(step); }
    void scan(Step step) {
        me_.scan = 0;
        go(step);
    }
    bool last_word() { return ++me_.scan == words_; }
    void set(Outcome outcome) { me_.outcome = static_cast<std::uint64_t>(outcome); }
    [[nodiscard]] bool is(Outcome outcome) const { return me_.outcome == static_cast<std::uint64_t>(outcome); }
    void leave(Outcome outcome);
    void end(Outcome outcome);
    void again();
    void entered(Word victim);
    void own(unsigned slot) { me_.owns |= 1U << slot; }
    void own_as_id(unsigned slot);
    /// Returns whether it has it now: where another one has it, the process gives up.
    [[nodiscard]] bool lock();
    void unlock();
    bool swap(unsigned at, Word before, Word after);
    [[nodiscard]] unsigned references(Word word) const;
    [[nodiscard]] unsigned next_match() const;
    void count_out();
    void miss();
    [[nodiscard]] bool copies_first() const;
    void lose(unsigned slot, unsigned references);
    void get_header(unsigned head, unsigned tail);
    void want(bool condition, const char* otherwise) { fault_ = condition || fault_ != nullptr ? fault_ : otherwise; }
};

} // namespace sfc::test::model
