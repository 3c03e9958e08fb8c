// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model_pool.h"

#include <bit>

#include <fmt/format.h>

namespace sfc::test::model {
namespace {

using Step = PoolMachine::Step;
using Cpu = PoolMachine::Cpu;
using State = PoolMachine::State;

constexpr std::uint8_t kRubbish = 7;

constexpr std::array kNames = {
    "takes a slot or gives one back (pool_take, pool_give)",
    "slot_write: over what was the chunk",
    "pool_pop_chunk: reads the head",
    "pool_pop_chunk: reads `next` of the chunk on top",
    "pool_pop_chunk: reads its `count`",
    "pool_pop_chunk: reads its slots",
    "pool_pop_chunk: swaps the head",
    "pool_sweep: a slot that was never used, or an orphan",
    "pool_fill_chunk: `count`",
    "pool_fill_chunk: the slots",
    "pool_push_chunk: reads the head",
    "pool_push_chunk: `next`",
    "pool_push_chunk: swaps the head",
    "pool_orphan: the slots of the chunk",
    "pool_orphan: the one that it stands in",
};
static_assert(kNames.size() == static_cast<std::size_t>(Step::kCount), "each step has a name");

void finish(Cpu& cpu) {
    cpu.step = Step::Idle;
    cpu.slot = cpu.head = cpu.changes = cpu.next = cpu.chunk_count = cpu.tries = 0;
}

/// The slot is filled, and a word of the index names it.
void use(State& state, Cpu& cpu) {
    const unsigned slot = cpu.slot - 1U;
    state.chunk.at(slot) = {.next = kRubbish, .count = kRubbish, .slot = kRubbish};
    state.used = static_cast<std::uint8_t>(state.used | 1U << slot);
    finish(cpu);
}

/// A position of a set, counted from its lowest member.
unsigned member(unsigned set, unsigned number) {
    for (unsigned i = 0; i < number; i++) {
        set &= set - 1;
    }
    return static_cast<unsigned>(std::countr_zero(set));
}

} // namespace

PoolMachine::State PoolMachine::start() const {
    State state{};
    for (Cpu& cpu : state.cpu) {
        cpu.left = static_cast<std::uint8_t>(times_);
    }
    return state;
}

unsigned PoolMachine::choices(const State& state, unsigned process) const {
    if (process == kProcesses) {
        return 0;
    }
    const Cpu& cpu = state.cpu.at(process);
    if (cpu.step != Step::Idle) {
        return 1;
    }
    const auto used = static_cast<unsigned>(std::popcount(state.used));
    return cpu.left == 0 ? 0 : 1 + used * (cpu.count == 0 ? 2 : 1);
}

/// Choice 0 takes a slot, the next ones give one of those in use back. The last ones take a slot where the magazine is
/// empty at first, and then gets one: that of a stale entry with the same key (cache_meet).
void PoolMachine::begin(State& state, Cpu& cpu, unsigned choice) const {
    const auto used = static_cast<unsigned>(std::popcount(state.used));
    const bool stale = choice > used;
    cpu.left--;
    if (choice != 0) {
        const unsigned slot = member(state.used, (choice - 1) % used);
        state.used = static_cast<std::uint8_t>(state.used & ~(1U << slot));
        if (cpu.count == kMagazine) { // the oldest one is the chunk's
            cpu.slot = static_cast<std::uint8_t>(cpu.magazine[0] + 1);
            cpu.magazine = {cpu.magazine[1], static_cast<std::uint8_t>(slot)};
            cpu.step = Step::PushCount;
            return;
        }
        cpu.magazine.at(cpu.count++) = static_cast<std::uint8_t>(slot);
        if (!stale) {
            return;
        }
    }
    if (cpu.count == 0 || (stale && broken_ == PoolBreak::RefillOverMagazine)) {
        cpu.step = Step::PopHead;
        return;
    }
    cpu.slot = static_cast<std::uint8_t>(cpu.magazine.at(--cpu.count) + 1);
    cpu.magazine.at(cpu.count) = 0;
    cpu.step = Step::Fill;
}

void PoolMachine::pop(State& state, Cpu& cpu) const {
    const Chunk& chunk = state.chunk.at(cpu.head == 0 ? 0 : cpu.head - 1U);
    switch (cpu.step) {
    case Step::PopHead:
        cpu.head = state.head;
        cpu.changes = state.changes;
        cpu.step = cpu.head == 0 ? Step::Sweep : Step::PopNext;
        return;
    case Step::PopNext:
        cpu.next = chunk.next;
        cpu.step = Step::PopCount;
        return;
    case Step::PopCount:
        cpu.chunk_count = chunk.count;
        cpu.step = Step::PopSlot;
        return;
    case Step::PopSlot:
        cpu.magazine[0] = chunk.slot;
        cpu.step = Step::PopSwap;
        return;
    case Step::PopSwap:
        if (state.head != cpu.head || state.changes != cpu.changes) {
            cpu.magazine[0] = 0;
            cpu.step = ++cpu.tries == tries_ ? Step::Sweep : Step::PopHead;
            return;
        }
        cpu.count = cpu.chunk_count;
        cpu.slot = cpu.count == 0 ? state.head : static_cast<std::uint8_t>(cpu.magazine[0] + 1);
        cpu.magazine[0] = cpu.count == 0 ? 0 : static_cast<std::uint8_t>(state.head - 1);
        state.head = cpu.next;
        state.changes = static_cast<std::uint8_t>(state.changes + (broken_ == PoolBreak::HeadWithoutCount ? 0 : 1));
        cpu.step = Step::Fill;
        return;
    default: // Sweep
        if (state.hand < kSlots) {
            cpu.slot = ++state.hand;
        } else if (state.orphans != 0) {
            const unsigned slot = member(state.orphans, 0);
            state.orphans = static_cast<std::uint8_t>(state.orphans & ~(1U << slot));
            cpu.slot = static_cast<std::uint8_t>(slot + 1);
        }
        cpu.slot != 0 ? void(cpu.step = Step::Fill) : finish(cpu);
    }
}

void PoolMachine::push(State& state, Cpu& cpu) const {
    Chunk& chunk = state.chunk.at(cpu.slot - 1U);
    switch (cpu.step) {
    case Step::PushCount:
        chunk.count = 1;
        cpu.step = Step::PushSlot;
        return;
    case Step::PushSlot: // the next one that was freed
        chunk.slot = cpu.magazine[0];
        cpu.magazine = {cpu.magazine[1], 0};
        cpu.count = 1;
        cpu.step = Step::PushHead;
        return;
    case Step::PushHead:
        cpu.head = state.head;
        cpu.changes = state.changes;
        cpu.step = Step::PushNext;
        return;
    case Step::PushNext:
        chunk.next = cpu.head;
        cpu.step = Step::PushSwap;
        return;
    case Step::PushSwap:
        if (state.head != cpu.head || state.changes != cpu.changes) {
            cpu.step = ++cpu.tries == tries_ ? Step::OrphanSlot : Step::PushHead;
            return;
        }
        state.head = cpu.slot;
        state.changes = static_cast<std::uint8_t>(state.changes + (broken_ == PoolBreak::HeadWithoutCount ? 0 : 1));
        finish(cpu);
        return;
    case Step::OrphanSlot:
        state.orphans = static_cast<std::uint8_t>(state.orphans | 1U << chunk.slot);
        cpu.step = Step::OrphanChunk;
        return;
    default: // OrphanChunk
        state.orphans = static_cast<std::uint8_t>(state.orphans | 1U << (cpu.slot - 1U));
        finish(cpu);
    }
}

const char* PoolMachine::step(State& state, unsigned process, unsigned choice) const {
    Cpu& cpu = state.cpu.at(process);
    if (cpu.step == Step::Idle) {
        begin(state, cpu, choice);
    } else if (cpu.step == Step::Fill) {
        use(state, cpu);
    } else if (cpu.step <= Step::Sweep) {
        pop(state, cpu);
    } else {
        push(state, cpu);
    }
    return nullptr;
}

const char* PoolMachine::check(const State& state, bool /*end*/) const {
    std::array<unsigned, kSlots> positions{};
    bool sound = true;
    const auto found = [&](unsigned slot) {
        sound = sound && slot < kSlots;
        positions.at(sound ? slot : 0)++;
    };
    for (unsigned slot = 0; slot < kSlots; slot++) {
        positions.at(slot) += (state.used >> slot & 1U) + (state.orphans >> slot & 1U) + (slot >= state.hand ? 1U : 0U);
    }
    for (const Cpu& cpu : state.cpu) {
        for (unsigned i = 0; i < cpu.count && i < kMagazine; i++) {
            found(cpu.magazine.at(i));
        }
        if (cpu.slot != 0) {
            found(cpu.slot - 1U);
        }
        if (cpu.step >= Step::PushHead && cpu.step <= Step::OrphanSlot) {
            found(state.chunk.at(cpu.slot - 1U).slot); // still the CPU's own
        }
    }
    for (unsigned top = state.head, chunks = 0; top != 0 && sound && chunks <= kSlots; chunks++) {
        found(top - 1);
        if (sound && state.chunk.at(top - 1).count != 0) {
            found(state.chunk.at(top - 1).slot);
        }
        top = sound ? state.chunk.at(top - 1).next : 0;
    }
    for (const unsigned count : positions) {
        if (count != 1 || !sound) {
            return !sound ? "rubbish is taken for a slot" : count == 0 ? "a slot is lost" : "a slot has two owners";
        }
    }
    return nullptr;
}

const char* PoolMachine::step_name(Step step) {
    return kNames.at(static_cast<std::size_t>(step));
}

std::string PoolMachine::describe(const State& state, unsigned process, unsigned choice) const {
    const Cpu& cpu = state.cpu.at(process);
    if (cpu.step == Step::Idle) {
        const auto used = static_cast<unsigned>(std::popcount(state.used));
        const unsigned slot = choice == 0 ? 0 : member(state.used, (choice - 1) % used);
        return choice == 0      ? fmt::format("CPU {} takes a slot", process)
               : choice <= used ? fmt::format("CPU {} gives slot {} back", process, slot)
                                : fmt::format("CPU {} gives a stale entry's slot {} back and takes one", process, slot);
    }
    return fmt::format("CPU {}: {}", process, step_name(cpu.step));
}

} // namespace sfc::test::model
