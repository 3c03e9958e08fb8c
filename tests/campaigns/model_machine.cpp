// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model_machine.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "model_steps.h"

namespace sfc::test::model {
namespace {

/// Whether a live entry is that of the key, as the slots are now.
bool entry_of(const State& state, unsigned key) {
    return std::any_of(state.word.begin(), state.word.end(),
                       [&](Word word) { return word != 0 && state.slot.at(slot_of(word)).key == key; });
}

std::string text_of(const Operation& operation) {
    constexpr std::array<const char*, 5> kKeys = {"A", "B", "C", "D", "E"};
    constexpr std::array<const char*, kHeaders> kNames = {"A1", "A2", "B1", "C1", "D1", "E1"};
    switch (operation.kind) {
    case Kind::Insert:
        return fmt::format("insert {}", kNames.at(operation.header));
    case Kind::Claim:
        return fmt::format("claim {}", kKeys.at(operation.key));
    default:
        return "evict";
    }
}

/// Those that a process may take. Slots that were never used are alike, and no process knows them: one stands for all.
unsigned free_slots(const State& state) {
    unsigned free = 0, fresh = 0;
    for (unsigned id = 0; id < kSlots; id++) {
        const bool is_free = (state.free >> id & 1) != 0, is_fresh = state.slot.at(id).head == NoHeader;
        free |= is_free && (!is_fresh || fresh == 0) ? 1U << id : 0;
        fresh += is_free && is_fresh ? 1 : 0;
    }
    return free;
}

/// Every slot is at one position, and where a word names it, it is what the word says.
const char* check_slot(const State& state, unsigned id) {
    const Slot& slot = state.slot.at(id);
    unsigned positions = state.free >> id & 1;
    for (const Process& process : state.process) {
        positions += process.owns >> id & 1;
    }
    for (const Word word : state.word) {
        if (word == 0 || slot_of(word) != id) {
            continue;
        }
        positions++;
        if (slot.head != slot.tail || slot.head >= kHeaders || slot.key != key_of(slot.head) ||
            !matches(word, slot.key) || slot.here == 0) {
            return "a word names a slot that is not filled, or with something else";
        }
        if (state.lock == 0 && ((word & kShared) != 0) != (slot.refs > 1)) {
            return "a word is shared without several references, or the other way round";
        }
    }
    return positions == 0 ? "a slot is lost" : positions > 1 ? "a slot has two owners" : nullptr;
}

/// inserted = claimed + evicted + expired + live, for each header
const char* check_balance(const State& state) {
    std::array<unsigned, kHeaders> live{};
    for (const Word word : state.word) {
        if (word != 0) {
            const Slot& slot = state.slot.at(slot_of(word));
            live.at(slot.head) += (word & kShared) != 0 ? slot.refs : 1;
        }
    }
    for (unsigned header = 0; header < kHeaders; header++) {
        if (live.at(header) != state.in_sf.at(header)) {
            return "references are lost, or too many";
        }
    }
    return nullptr;
}

} // namespace

State Machine::start() const {
    State state{};
    state.clock = scenario_.time_passes ? 0 : 1;
    state.free = static_cast<std::uint8_t>((1U << scenario_.slots) - 1);
    for (Slot& slot : state.slot) {
        slot = {.key = Rubbish, .head = NoHeader, .tail = NoHeader};
    }
    for (unsigned i = 0; i < scenario_.before.size(); i++) {
        const auto& [header, references] = scenario_.before[i];
        const unsigned refs = references > 1 ? references : 0;
        state.slot.at(i) = {.key = static_cast<std::uint16_t>(key_of(header)),
                            .head = header,
                            .tail = header,
                            .refs = static_cast<std::uint16_t>(refs),
                            .here = 1,
                            .deadline = state.clock};
        state.word.at(i) = static_cast<Word>(make_word(fingerprint_of(key_of(header)), i) | (refs != 0 ? kShared : 0));
        state.free = static_cast<std::uint8_t>(state.free & ~(1U << i));
        state.in_sf.at(header) = static_cast<std::uint8_t>(references);
        state.more += i >= scenario_.words - scenario_.more ? 1 : 0;
    }
    return state;
}

Operation Machine::operation(const Process& process, unsigned number) const {
    if (number >= scenario_.processes.size() || process.operation >= scenario_.processes[number].size()) {
        return {};
    }
    return scenario_.processes[number][process.operation];
}

unsigned Machine::choices(const State& state, unsigned number) const {
    if (number == kProcesses) {
        return state.clock == 0 ? 1 : 0;
    }
    const Process& process = state.process.at(number);
    const Operation now = operation(process, number);
    switch (static_cast<Step>(process.step)) {
    case Step::Start:
        return now.kind == Kind::None ? 0 : now.kind == Kind::Evict ? scenario_.slots : 1;
    case Step::Take:
        return static_cast<unsigned>(std::popcount(free_slots(state))) + 1;
    case Step::Refill:
        return state.free != 0 ? static_cast<unsigned>(std::popcount(free_slots(state))) : scenario_.slots;
    case Step::SwapVictim:
    case Step::ReadVictim:
        return scenario_.more != 0 ? scenario_.more : scenario_.words;
    case Step::Give:
        return 2;
    default:
        return 1;
    }
}

/// A choice among the free slots as the number of the slot; kSlots is none of them.
unsigned Machine::slot_chosen(const State& state, const Process& process, unsigned choice) {
    const auto step = static_cast<Step>(process.step);
    if (step != Step::Take && (step != Step::Refill || state.free == 0)) {
        return choice;
    }
    unsigned free = free_slots(state);
    for (unsigned i = 0; i < choice; i++) {
        free &= free - 1;
    }
    return free == 0 ? kSlots : static_cast<unsigned>(std::countr_zero(free));
}

const char* Machine::step(State& state, unsigned number, unsigned choice) const {
    if (number == kProcesses) {
        state.clock = 1;
        return nullptr;
    }
    const Process& process = state.process.at(number);
    const char* fault =
        Stepper(state, number, operation(process, number), scenario_, broken_).run(slot_chosen(state, process, choice));
    look_for_lost(state);
    return fault;
}

/// A process that looks for an entry may miss it once it has gone, if only for a moment.
void Machine::look_for_lost(State& state) const {
    for (unsigned i = 0; i < kProcesses; i++) {
        Process& process = state.process.at(i);
        if (process.present != 0 && !entry_of(state, operation(process, i).key)) {
            process.present = 0;
        }
    }
}

const char* Machine::check(const State& state, bool end) const {
    for (unsigned id = 0; id < scenario_.slots; id++) {
        if (const char* fault = check_slot(state, id)) {
            return fault;
        }
    }
    std::array<bool, Rubbish + 1> seen{};
    for (const Word word : state.word) {
        if (word != 0 && std::exchange(seen.at(state.slot.at(slot_of(word)).key), true)) {
            return "two words of one key: an ambiguity goes unseen";
        }
    }
    const auto more =
        static_cast<unsigned>(std::count_if(state.word.begin() + scenario_.words - scenario_.more,
                                            state.word.begin() + scenario_.words, [](Word word) { return word != 0; }));
    if (state.more < more || (end && state.more > more)) {
        return "the lock does not count the words of the overflow line";
    }
    if (!end) {
        return nullptr;
    }
    for (unsigned i = 0; i < kProcesses; i++) {
        if (operation(state.process.at(i), i).kind != Kind::None) {
            return "a process waits for ever";
        }
    }
    return check_balance(state);
}

std::string Machine::describe(const State& state, unsigned number, unsigned choice) const {
    if (number == kProcesses) {
        return "time passes: what was there is stale";
    }
    const Process& process = state.process.at(number);
    return fmt::format("process {}, {}: {}{}", number, text_of(operation(process, number)),
                       step_name(static_cast<Step>(process.step)),
                       choices(state, number) > 1 ? fmt::format(" (choice {})", choice) : "");
}

} // namespace sfc::test::model
