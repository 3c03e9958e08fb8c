// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the model of the header cache consists of: one bucket of a few words, with an overflow line, a few slots, and
// processes that run the operations of bpf/cache/cache.h step by step. A step is one access to memory that others see,
// and all see it at once: stores that a CPU holds back are not modelled. Taking the lock is one step with the first
// access under it, giving it back with the last: nobody can tell (Lipton 1975). So is what only the lock's holder or
// the slot's owner can see change, and a look at all words under the lock, since then words only go. Who finds the lock
// taken gives up, as after the last look of lock.h; who waits comes later. Where the model is simpler than bpf/ it
// allows more: free slots are a set from which any may be taken (model_pool.h has the magazines and the stack of
// chunks), and a sweep comes to any slot.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace sfc::test::model {

enum Limits : unsigned {
    kWords = 3,
    kSlots = 3,
    kProcesses = 5,
    kTries = 4, ///< CACHE_TRIES
    kEqual = 2, ///< CACHE_EQUAL
    kRefsMost = 3
};

/// A, C and E have equal fingerprints.
enum Key : std::uint8_t { A, B, C, D, E, Rubbish /* a chunk of free slots stands over it */ };
/// A header belongs to one key: whoever gets it with another one has a foreign header.
enum Header : std::uint8_t { A1, A2, B1, C1, D1, E1, kHeaders, NoHeader = 7 /* never written */ };

constexpr unsigned fingerprint_of(unsigned key) {
    constexpr std::array<unsigned, Rubbish + 1> kFingerprints = {1, 2, 1, 3, 1, 0};
    return kFingerprints.at(key);
}
constexpr unsigned key_of(unsigned header) {
    constexpr std::array<Key, kHeaders> kKeys = {A, A, B, C, D, E};
    return kKeys.at(header);
}

/// As enum sfc_word: 0, or used, with fingerprint, slot and whether it is shared.
using Word = std::uint8_t;
enum WordBits : Word { kUsed = 1, kShared = 2 };
constexpr Word make_word(unsigned fingerprint, unsigned slot) {
    return static_cast<Word>(kUsed | slot << 2 | fingerprint << 4);
}
constexpr unsigned slot_of(Word word) {
    return word >> 2 & 3;
}
constexpr bool matches(Word word, unsigned key) {
    return word != 0 && static_cast<unsigned>(word >> 4) == fingerprint_of(key);
}

/// As struct sfc_slot. The header is in two halves, slot and tail, so that a torn one shows.
struct Slot {
    std::uint16_t key : 3, head : 3, tail : 3;
    std::uint16_t refs : 3;
    std::uint16_t here : 1;     ///< its word is in the bucket, as far as the slot says; else it is SFC_SLOT_FREE
    std::uint16_t deadline : 1; ///< of the two times that there are; stale when the clock is past it
    std::uint16_t unused : 2;
};

/// Where a process stands: what it does next. step_name() says what that is in bpf/. Stepper::run relies on the order.
enum class Step : std::uint8_t {
    Start,
    Take,
    Hint,
    HintMore,
    Refill,
    WriteKey,
    WriteMeta,
    WriteHead,
    WriteTail,
    PublishAny,
    Put,
    PutMore,
    ReadVictim,
    SwapVictim,
    Meet,
    MeetNext,
    JudgeKey,
    SwapStale,
    JudgeHead,
    JudgeTail,
    JudgeAgain,
    Share,
    Find,
    FindMore,
    Peek,
    SwapClaim,
    Uncount,
    UnpackKey,
    UnpackHead,
    UnpackTail,
    SharedPosition,
    SharedHead,
    SharedTail,
    SharedCount,
    EvictPosition,
    SwapEvicted,
    Give,
    kCount,
};

/// The function in bpf/, and what it does.
[[nodiscard]] const char* step_name(Step step);

/// As enum cache_outcome.
enum class Outcome : std::uint8_t { Ok, Shared, Ambiguous, Full, Late, Miss, Again, Other };

/// What a process knows: the local variables of bpf/, and at the end what only the checks need.
struct Process {
    std::uint64_t step : 6, operation : 2, tries : 3, outcome : 3;
    std::uint64_t now : 1;
    std::uint64_t scan : 2;                ///< the word that a loop comes to next
    std::uint64_t word : 6, at : 2;        ///< the candidate: what index_find found
    std::uint64_t matched : 1, looped : 1; ///< cache_insert: what index_any said; it is in its loop
    std::uint64_t skip : 3;                ///< positions of other keys' words, one bit each
    std::uint64_t slot : 2, holds : 1;     ///< `id` of cache_insert
    std::uint64_t gone : 2, refs : 3;      ///< a slot that was taken out of the index, and its references
    std::uint64_t head : 3, tail : 3;      ///< the header as it is read
    std::uint64_t differs : 1;
    std::uint64_t owns : 3;    ///< slots, one bit each
    std::uint64_t other : 1;   ///< what it met had another key or header when it met it
    std::uint64_t present : 1; ///< an entry of its key has been there all the time
    std::uint64_t unused : 14;
};

struct State {
    std::array<Process, kProcesses> process;
    std::array<Slot, kSlots> slot;
    std::array<Word, kWords> word;
    std::uint8_t lock;  ///< process that has the bucket's lock, plus 1
    std::uint8_t more;  ///< words in the overflow line, as the lock counts them
    std::uint8_t free;  ///< slots in magazines and chunks, one bit each: model_pool.cpp has them in full
    std::uint8_t clock; ///< 0, then 1 for ever
    std::array<std::uint8_t, kHeaders>
        in_sf; ///< packets that went to the SF with this header and are not accounted for
    std::array<std::uint8_t, 5> unused;
};
static_assert(sizeof(State) % sizeof(std::uint64_t) == 0, "states are hashed in words");

enum class Kind : std::uint8_t { None, Insert, Claim, Evict };

/// The task of a process.
struct Operation {
    Kind kind = Kind::None;
    unsigned key = 0;
    unsigned header = 0; ///< Insert only
};
constexpr Operation insert(Header header) {
    return {Kind::Insert, key_of(header), header};
}
constexpr Operation claim(Key key) {
    return {Kind::Claim, key, 0};
}
constexpr Operation evict() {
    return {Kind::Evict, 0, 0};
}

/// The contents of the cache before, and the operations on it, all at once.
struct Scenario {
    std::string name;
    std::vector<std::pair<Header, unsigned>> before; ///< headers, each with its number of references
    std::vector<std::vector<Operation>> processes;   ///< one after the other in each
    unsigned slots = kSlots;
    unsigned words = 2;
    bool time_passes = false;
    unsigned more = 0; ///< the last so many of the words are those of the overflow line
};

/// Ways to break the protocol. Each must be noticed, or the model proves nothing.
enum class Break : std::uint8_t {
    Nothing,
    InsertWithoutLock,
    ClaimCopiesFirst, ///< and then clears the word, whatever it is by then
    ClaimSwapsLast,   ///< copies first, then takes the word out if it looks the same
    ClaimTrustsPeek,  ///< does not compare the key of the slot that it took
    ShareWithoutSwap,
    EvictWithoutSwap,
    StaleWithoutSwap,
    VictimWithoutSwap,
    AmbiguousWithoutLook, ///< the verdict stands, whether or not the word is still there
    MeetFirstOnly,        ///< of two words that match it looks at one
    SharedWithoutLock,
    WordBeforeHeader,
    OverflowUncounted,
    VictimCountedOut, ///< also where a claim was quicker, which counts it out too
    kCount,
};

} // namespace sfc::test::model
