// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "model_state.h"

namespace sfc::test::model {

/// Runs the processes of a scenario step by step, by the protocol of bpf/ or by one that is broken.
class Machine {
public:
    using State = model::State;
    static constexpr unsigned kProcesses = model::kProcesses;

    Machine(const Scenario& scenario, Break broken) : scenario_(scenario), broken_(broken) {}

    [[nodiscard]] State start() const;
    /// In how many ways the process can go on: 0 where it is done. The process after the last is
    /// time.
    [[nodiscard]] unsigned choices(const State& state, unsigned process) const;
    /// Goes on with one of them. Returns what is wrong about it, or null.
    [[nodiscard]] const char* step(State& state, unsigned process, unsigned choice) const;
    /// The fault of a state, or null. `end`: no process can go on.
    [[nodiscard]] const char* check(const State& state, bool end) const;
    /// Its step, as a number: so it shows which were taken.
    [[nodiscard]] static unsigned step_of(const State& state, unsigned process) {
        return static_cast<unsigned>(state.process.at(process).step);
    }
    /// For people: who does what next.
    [[nodiscard]] std::string describe(const State& state, unsigned process, unsigned choice) const;

private:
    const Scenario& scenario_;
    Break broken_;

    [[nodiscard]] Operation operation(const Process& process, unsigned number) const;
    [[nodiscard]] static unsigned slot_chosen(const State& state, const Process& process, unsigned choice);
    void look_for_lost(State& state) const;
};

} // namespace sfc::test::model
