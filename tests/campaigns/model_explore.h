// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

namespace sfc::test::model {

struct Explored {
    std::uint64_t states = 0;       ///< different ones
    std::uint64_t transitions = 0;  ///< steps from one to another, in all interleavings
    std::uint64_t ends = 0;         ///< states in which all is done
    std::uint64_t steps = 0;        ///< kinds of step that were taken, one bit each
    std::string fault{};            ///< the first that was found; empty where there is none
    std::vector<std::string> way{}; ///< the shortest way to it
};

/// Visits all states that a machine can come to, breadth first. A machine has State, kProcesses, start(), choices(),
/// step(), step_of(), check() and describe(), as model_machine.h says; processes are counted from 0 to kProcesses.
template <class Machine> class Explorer {
public:
    explicit Explorer(const Machine& machine) : machine_(machine), table_(1U << 22) {
        states_.reserve(table_.size() / 2); // nothing is copied while it grows
        parents_.reserve(table_.size() / 2);
    }

    Explored run() {
        note_fault(machine_.check(machine_.start(), false));
        (void)add(machine_.start(), 0);
        for (std::uint32_t at = 0; at < states_.size() && result_.fault.empty(); at++) {
            visit(at);
        }
        result_.states = states_.size();
        return result_;
    }

private:
    using State = typename Machine::State;
    using Raw = std::array<std::uint64_t, sizeof(State) / sizeof(std::uint64_t)>;

    const Machine& machine_;
    Explored result_;
    std::vector<State> states_;          ///< in the order in which they were found
    std::vector<std::uint32_t> parents_; ///< of each, from which it was found first
    std::vector<std::uint32_t> table_;   ///< open addressing: number of a state plus 1

    void note_fault(const char* fault) {
        if (fault != nullptr && result_.fault.empty()) {
            result_.fault = fault;
        }
    }

    void visit(std::uint32_t at) {
        bool end = true;
        for (unsigned process = 0; process <= Machine::kProcesses; process++) {
            const unsigned choices = machine_.choices(states_[at], process);
            end = end && choices == 0;
            for (unsigned choice = 0; choice < choices && result_.fault.empty(); choice++) {
                go(at, process, choice);
            }
        }
        result_.ends += end ? 1 : 0;
        if (end) {
            note_fault(machine_.check(states_[at], true));
            tell(at);
        }
    }

    void go(std::uint32_t at, unsigned process, unsigned choice) {
        State next = states_[at];
        result_.steps |= process < Machine::kProcesses ? 1ULL << Machine::step_of(next, process) : 0;
        note_fault(machine_.step(next, process, choice));
        result_.transitions++;
        if (result_.fault.empty() && add(next, at)) {
            note_fault(machine_.check(next, false));
        }
        if (!result_.fault.empty()) {
            tell(at);
            result_.way.push_back(machine_.describe(states_[at], process, choice));
        }
    }

    /// Returns whether the state is a new one.
    bool add(const State& state, std::uint32_t parent) {
        if (states_.size() * 2 > table_.size()) {
            grow();
        }
        std::uint32_t& position = position_of(state);
        if (position != 0) {
            return false;
        }
        states_.push_back(state);
        parents_.push_back(parent);
        position = static_cast<std::uint32_t>(states_.size());
        return true;
    }

    std::uint32_t& position_of(const State& state) {
        const auto raw = std::bit_cast<Raw>(state);
        std::uint64_t hash = 0;
        for (const std::uint64_t word : raw) {
            hash = (std::rotl(hash, 29) ^ word) * 0x9e3779b97f4a7c15; // odd, from the golden ratio
        }
        for (std::size_t at = (hash >> 20) & (table_.size() - 1);; at = (at + 1) & (table_.size() - 1)) {
            if (table_[at] == 0 || std::bit_cast<Raw>(states_[table_[at] - 1]) == raw) {
                return table_[at];
            }
        }
    }

    void grow() {
        table_.assign(table_.size() * 4, 0);
        for (std::uint32_t i = 0; i < states_.size(); i++) {
            position_of(states_[i]) = i + 1;
        }
    }

    /// The way to a state, if that is where the fault is.
    void tell(std::uint32_t at) {
        if (result_.fault.empty()) {
            return;
        }
        std::vector<std::uint32_t> chain;
        for (; at != 0; at = parents_[at]) {
            chain.push_back(at);
        }
        std::uint32_t from = 0;
        std::reverse(chain.begin(), chain.end());
        for (const std::uint32_t to : chain) {
            result_.way.push_back(step_between(from, to));
            from = to;
        }
    }

    std::string step_between(std::uint32_t from, std::uint32_t to) const {
        for (unsigned process = 0; process <= Machine::kProcesses; process++) {
            for (unsigned choice = 0; choice < machine_.choices(states_[from], process); choice++) {
                State next = states_[from];
                (void)machine_.step(next, process, choice);
                if (std::bit_cast<Raw>(next) == std::bit_cast<Raw>(states_[to])) {
                    return machine_.describe(states_[from], process, choice);
                }
            }
        }
        return "";
    }
};

} // namespace sfc::test::model
