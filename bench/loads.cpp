// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// bench loads: nanoseconds of a load whose address is what the load before it found, against the lines that are in use.
// Packed they are as many as their pages hold, spread there is one in each page. So misses of a cache and of the TLB
// can be told apart.
#include <algorithm>
#include <array>
#include <cerrno>
#include <iostream>
#include <memory>
#include <numeric>
#include <random>
#include <span>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/mman.h>

#include "base/error.h"
#include "commands.h"
#include "loads.h"
#include "loads.skel.h"
#include "rows.h"
#include "sfc_abi.h"

namespace sfc::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint32_t kFewest = 16, kLeastLoads = 1 << 17;

/// Lines that are used one behind the other, and what a load took in each round.
struct Row {
    std::uint32_t lines = 0, step = 1;
    std::vector<double> ns{};
};

/// The program and its lines, which are mapped.
class Loads {
public:
    Loads() : skeleton_(loads_bpf::open_and_load()) {
        if (!skeleton_) {
            throw system_error("cannot load loads.bpf.c into this kernel", errno);
        }
        void* const at =
            mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(skeleton_->maps.lines), 0);
        if (at == MAP_FAILED) {
            throw system_error("cannot map the lines", errno);
        }
        lines_ = {static_cast<loads_line*>(at), LOADS_LINES};
    }
    ~Loads() { munmap(lines_.data(), kBytes); }
    Loads(const Loads&) = delete;
    Loads& operator=(const Loads&) = delete;

    /// Makes one round through all lines of the row, in an order that nothing can guess.
    void arrange(const Row& row) {
        std::vector<std::uint32_t> order(row.lines);
        std::iota(order.begin(), order.end(), 0);
        std::shuffle(order.begin(), order.end(), std::mt19937(row.lines)); // NOLINT(cert-msc51-cpp): the same each time
        for (std::uint32_t i = 0; i < row.lines; i++) {
            lines_[std::size_t{order[i]} * row.step].next = order[(i + 1) % row.lines] * row.step;
        }
    }

    /// Nanoseconds of a load.
    double walk(const Row& row) {
        const std::uint32_t zero = 0, turns = std::max(row.lines, kLeastLoads) / LOADS_AT_ONCE;
        loads_walk walk{.at = 0, .turns = turns, .ns = 0};
        std::array<std::uint8_t, 64> frame{};
        bpf_test_run_opts opts{};
        opts.sz = sizeof(opts);
        opts.data_in = frame.data();
        opts.data_size_in = frame.size();
        opts.repeat = 1;
        const int walks = bpf_map__fd(skeleton_->maps.walks);
        if (bpf_map_update_elem(walks, &zero, &walk, BPF_ANY) != 0 ||
            bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.loads_walk), &opts) != 0 ||
            bpf_map_lookup_elem(walks, &zero, &walk) != 0) {
            throw system_error("cannot walk through the lines", errno);
        }
        return static_cast<double>(walk.ns) / (turns * static_cast<double>(LOADS_AT_ONCE));
    }

private:
    static constexpr std::size_t kBytes = sizeof(loads_line) * LOADS_LINES;
    struct Close {
        void operator()(loads_bpf* skeleton) const { loads_bpf::destroy(skeleton); }
    };
    std::unique_ptr<loads_bpf, Close> skeleton_;
    std::span<loads_line> lines_;
};

/// From few lines to as many as the map has, twice as many each time.
std::vector<Row> measure(std::uint32_t step, unsigned rounds) {
    Loads loads;
    std::vector<Row> rows;
    for (std::uint32_t lines = kFewest; lines * step <= LOADS_LINES; lines *= 2) {
        Row& row = rows.emplace_back(Row{.lines = lines, .step = step});
        loads.arrange(row);
        for (unsigned round = 0; round <= rounds; round++) {
            const double ns = loads.walk(row);
            if (round != 0) { // the first warms caches
                row.ns.push_back(ns);
            }
        }
    }
    return rows;
}

Json json_of(const std::vector<Row>& rows) {
    Json list = Json::array();
    for (const Row& row : rows) {
        list.push_back({{"lines", row.lines}, {"ns", median(row.ns)}, {"raw", row.ns}});
    }
    return list;
}

/// Bytes of what a packet or a service has in the maps.
Json sizes() {
    return {{"line", sizeof(loads_line)},       {"bucket", sizeof(sfc_bucket)},   {"slot", sizeof(sfc_slot)},
            {"service", sizeof(sfc_service)},   {"hint", sizeof(sfc_match_hint)}, {"magazine", sizeof(sfc_magazine)},
            {"counters", sizeof(sfc_counters)}, {"inline", +SFC_HEADER_INLINE},   {"words", +SFC_WORDS}};
}

void print(const char* how, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        std::cout << fmt::format("{:<7} {:>8} lines {:>8.2f} ns\n", how, row.lines, median(row.ns));
    }
}

} // namespace

int run_loads(const LoadsOptions& options) {
    const auto packed = measure(1, options.rounds), spread = measure(LOADS_PAGE_STEP, options.rounds);
    if (options.json) {
        std::cout << Json{{"version", 1},     {"bench", "loads"},          {"rounds", options.rounds},
                          {"sizes", sizes()}, {"packed", json_of(packed)}, {"spread", json_of(spread)}}
                  << '\n';
    } else {
        print("packed", packed);
        print("spread", spread);
    }
    std::cout << fmt::format("RESULT pass rounds={} packed={} spread={}\n", options.rounds, packed.size(),
                             spread.size());
    return 0;
}

} // namespace sfc::bench
