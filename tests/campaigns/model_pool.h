// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace sfc::test::model {

/// Ways to break the pool.
enum class PoolBreak : std::uint8_t {
    Nothing,
    HeadWithoutCount,   ///< the head does not tell that it has changed and changed back
    RefillOverMagazine, ///< pool_refill does not look at the magazine, which has got a slot since pool_take
};

/// The pool of free slots in bpf/cache/pool.h: magazines of two slots, and a stack of chunks of two (one more slot, and
/// the one that the chunk is written over), on two CPUs that take slots and give them back in any order.
class PoolMachine {
public:
    static constexpr unsigned kProcesses = 2, kSlots = 5, kMagazine = 2;

    /// Over the key of a free slot; whoever fills the slot leaves something else there.
    struct Chunk {
        std::uint8_t next, count, slot;
    };
    /// A step is one access to what other CPUs see.
    enum class Step : std::uint8_t {
        Idle,
        Fill,
        PopHead,
        PopNext,
        PopCount,
        PopSlot,
        PopSwap,
        Sweep,
        PushCount,
        PushSlot,
        PushHead,
        PushNext,
        PushSwap,
        OrphanSlot,
        OrphanChunk,
        kCount,
    };
    /// The function in bpf/, and what it does.
    [[nodiscard]] static const char* step_name(Step step);

    struct Cpu {
        Step step;
        std::uint8_t left;  ///< takes and gives
        std::uint8_t slot;  ///< that it owns, plus 1
        std::uint8_t count; ///< of the magazine
        std::array<std::uint8_t, kMagazine> magazine;
        std::uint8_t head, changes;     ///< as they were read
        std::uint8_t next, chunk_count; ///< of the chunk that may become its own
        std::uint8_t tries;
    };
    struct State {
        std::array<Cpu, kProcesses> cpu;
        std::array<Chunk, kSlots> chunk;
        std::uint8_t head;    ///< slot of the first chunk plus 1
        std::uint8_t changes; ///< the upper half of pool->head
        std::uint8_t hand;    ///< slots below have been used
        std::uint8_t used;    ///< slots that words of the index name, one bit each
        std::uint8_t orphans;
        std::array<std::uint8_t, 6> unused;
    };

    /// Each CPU takes or gives so many times. `tries`: POOL_TRIES.
    PoolMachine(unsigned times, unsigned tries, PoolBreak broken) : times_(times), tries_(tries), broken_(broken) {}

    /// As in Machine.
    [[nodiscard]] State start() const;
    [[nodiscard]] unsigned choices(const State& state, unsigned process) const;
    const char* step(State& state, unsigned process, unsigned choice) const;
    [[nodiscard]] const char* check(const State& state, bool end) const;
    /// Its step, as a number: so it shows which were taken.
    [[nodiscard]] static unsigned step_of(const State& state, unsigned process) {
        return static_cast<unsigned>(state.cpu.at(process).step);
    }
    [[nodiscard]] std::string describe(const State& state, unsigned process, unsigned choice) const;

private:
    unsigned times_;
    unsigned tries_;
    PoolBreak broken_;

    void begin(State& state, Cpu& cpu, unsigned choice) const;
    void pop(State& state, Cpu& cpu) const;
    void push(State& state, Cpu& cpu) const;
};
static_assert(sizeof(PoolMachine::State) % sizeof(std::uint64_t) == 0, "states are hashed in words");

} // namespace sfc::test::model
