// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <thread>

#include "model_machine.h"
#include "model_pool.h"

namespace sfc::test::model {
namespace {

/// Takes and gives of each CPU, and how often a CPU tries to swap the head. With one try each failure leaves orphans.
struct PoolSize {
    unsigned times, tries;
};
constexpr PoolSize kRetries = {7, 2}, kOrphans = {6, 1};

enum Scenarios : std::size_t {
    New,
    NewEqual,
    There,
    Shared,
    FullBucket,
    FullBucketShared,
    NoSlot,
    EqualFingerprints,
    TwoOfAFingerprint,
    TwoOfAFingerprintGo,
    ThreeOfAFingerprint,
    ThreeOfAFingerprintGo,
    Stale,
    StaleShared,
    Again,
    Overflow,
    OverflowFull,
    OverflowEqual,
};

/// The first two processes write, the next two read, and the last one is the hand that sweeps.
std::vector<Scenario> scenarios() {
    return {
        {"two new packets", {}, {{insert(A1)}, {insert(A2)}, {claim(A)}, {claim(A)}, {evict()}}, 2},
        {"two equal packets", {}, {{insert(A1)}, {insert(A1)}, {claim(A)}, {claim(A)}, {evict()}}, 2},
        {"one is there", {{A1, 1}}, {{insert(A1)}, {insert(A2)}, {claim(A)}, {claim(A)}, {evict()}}, 2},
        {"two share", {{A1, 2}}, {{insert(A1)}, {insert(A2)}, {claim(A)}, {claim(A)}, {evict()}}, 2},
        {"no word is free", {{B1, 1}, {D1, 1}}, {{insert(A1)}, {insert(A2)}, {claim(B)}, {claim(A)}}, 3},
        {"no word is free, three share one",
         {{A1, 3}, {B1, 1}},
         {{insert(D1)}, {insert(A1)}, {claim(A)}, {claim(A)}, {evict()}},
         3},
        {"no slot is free", {{A1, 1}, {B1, 1}}, {{insert(A1)}, {insert(D1)}, {claim(A)}, {claim(B)}, {evict()}}, 2},
        {"a word of another key matches",
         {{A1, 1}},
         {{insert(C1)}, {insert(A1)}, {claim(C)}, {claim(A)}, {evict()}},
         2},
        {"two words match", {{C1, 1}, {A1, 1}}, {{insert(A1)}, {insert(C1)}, {claim(A)}, {claim(C)}}, 2},
        {"two words match, and go", {{C1, 1}, {A1, 1}}, {{insert(A2)}, {}, {claim(A)}, {claim(C)}, {evict()}}, 3},
        {"three words match", {{C1, 1}, {E1, 1}}, {{insert(A1)}, {insert(A2)}, {claim(C)}}, 3, 3},
        {"three words match, and go", {{C1, 1}, {E1, 1}}, {{insert(A1)}, {}, {claim(C)}, {claim(A)}, {evict()}}, 3, 3},
        {"time passes", {{A1, 1}}, {{insert(A2)}, {insert(A1)}, {claim(A)}, {claim(A)}}, 2, 2, true},
        {"time passes, and two share", {{A1, 2}}, {{insert(A2)}, {insert(A1)}, {claim(A)}, {claim(A)}}, 2, 2, true},
        {"slots are used again",
         {},
         {{insert(A1), claim(A), insert(A2)}, {insert(A2), claim(A)}, {claim(A)}, {}, {evict()}},
         2},
        {"a bucket goes on",
         {{B1, 1}},
         {{insert(A1)}, {insert(A2)}, {claim(A)}, {claim(B)}, {evict()}},
         3,
         2,
         false,
         1},
        {"both lines are full",
         {{B1, 1}, {D1, 1}},
         {{insert(A1)}, {insert(A2)}, {claim(D)}, {claim(A)}},
         3,
         2,
         false,
         1},
        {"words of both lines match",
         {{C1, 1}, {A1, 1}},
         {{insert(A1)}, {insert(A2)}, {claim(A)}, {claim(C)}},
         3,
         2,
         false,
         1},
    };
}

struct Broken {
    std::string name;
    Break how;
    Scenarios shows; ///< where it must be noticed
};

std::vector<Broken> broken() {
    return {
        {"insert without the lock", Break::InsertWithoutLock, New},
        {"claim copies, then clears the word", Break::ClaimCopiesFirst, New},
        {"claim copies, then swaps the word", Break::ClaimSwapsLast, New},
        {"claim trusts a key that it read before", Break::ClaimTrustsPeek, EqualFingerprints},
        {"share without compare-and-swap", Break::ShareWithoutSwap, NewEqual},
        {"evict without compare-and-swap", Break::EvictWithoutSwap, New},
        {"stale entry goes without compare-and-swap", Break::StaleWithoutSwap, Stale},
        {"word makes room without exchange", Break::VictimWithoutSwap, FullBucket},
        {"ambiguous without a second look", Break::AmbiguousWithoutLook, There},
        {"one word that matches is looked at", Break::MeetFirstOnly, ThreeOfAFingerprint},
        {"claim of a shared word without the lock", Break::SharedWithoutLock, NewEqual},
        {"word before the header", Break::WordBeforeHeader, New},
        {"a word of the overflow line uncounted", Break::OverflowUncounted, Overflow},
        {"a claimed word is counted out twice", Break::VictimCountedOut, OverflowFull},
    };
}

constexpr std::size_t kPoolParts = 2;

using Work = std::function<Explored()>;

/// Each on whatever thread is idle.
void run_all(std::vector<Part*> parts, const std::vector<Work>& work) {
    std::atomic<std::size_t> next = 0;
    std::vector<std::future<void>> threads;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); i++) {
        threads.push_back(std::async(std::launch::async, [&] {
            for (std::size_t at = next++; at < work.size(); at = next++) {
                parts[at]->explored = work[at]();
            }
        }));
    }
    for (std::future<void>& thread : threads) {
        thread.get();
    }
}

Work explore(const Scenario& scenario, Break how) {
    return [&scenario, how] {
        const Machine machine(scenario, how);
        return Explorer<Machine>(machine).run();
    };
}

Work explore_pool(const PoolSize& size, PoolBreak how) {
    return [size, how] {
        const PoolMachine machine(size.times, size.tries, how);
        return Explorer<PoolMachine>(machine).run();
    };
}

/// Steps of the protocol that none of the sound parts came to; those of the pool are the last.
std::vector<std::string> untried(const std::vector<Part>& sound) {
    std::uint64_t taken = 0, in_pool = 0;
    for (std::size_t i = 0; i < sound.size(); i++) {
        (i + kPoolParts < sound.size() ? taken : in_pool) |= sound[i].explored.steps;
    }
    taken |= 1ULL << static_cast<unsigned>(Step::ReadVictim); // only a broken one does
    std::vector<std::string> list;
    for (unsigned step = 0; step < static_cast<unsigned>(Step::kCount); step++) {
        if ((taken >> step & 1) == 0) {
            list.emplace_back(step_name(static_cast<Step>(step)));
        }
    }
    for (unsigned step = 0; step < static_cast<unsigned>(PoolMachine::Step::kCount); step++) {
        if ((in_pool >> step & 1) == 0) {
            list.push_back(PoolMachine::step_name(static_cast<PoolMachine::Step>(step)));
        }
    }
    return list;
}

} // namespace

Result run_model() {
    const std::vector<Scenario> list = scenarios();
    Result result;
    std::vector<Work> work;
    for (const Scenario& scenario : list) {
        result.sound.push_back({scenario.name});
        work.push_back(explore(scenario, Break::Nothing));
    }
    result.sound.push_back({"the pool of free slots"});
    work.push_back(explore_pool(kRetries, PoolBreak::Nothing));
    result.sound.push_back({"the pool, with orphans"});
    work.push_back(explore_pool(kOrphans, PoolBreak::Nothing));
    for (const Broken& one : broken()) {
        result.broken.push_back({one.name});
        work.push_back(explore(list.at(one.shows), one.how));
    }
    result.broken.push_back({"the pool's head does not count changes"});
    work.push_back(explore_pool(kRetries, PoolBreak::HeadWithoutCount));
    result.broken.push_back({"a chunk is written over a magazine"});
    work.push_back(explore_pool(kRetries, PoolBreak::RefillOverMagazine));
    std::vector<Part*> parts;
    for (std::vector<Part>* group : {&result.sound, &result.broken}) {
        for (Part& part : *group) {
            parts.push_back(&part);
        }
    }
    run_all(std::move(parts), work);
    result.untried = untried(result.sound);
    return result;
}

} // namespace sfc::test::model
