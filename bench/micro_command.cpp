// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// bench micro: strip and restore side by side with the same work without a cache, and with the paper's way.
#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "micro.h"
#include "replay/sandbox.h"

namespace sfc::bench {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
    unsigned rounds = 7;
    std::uint64_t packets = 120'000;
    std::vector<unsigned> labels = {1, 5, 10, 16};
    std::vector<std::string> kinds = {"tcp ipv4", "udp ipv6"};
    std::vector<std::uint32_t> in_flight = {64, 1000, 10000, 60000};
    std::vector<std::uint32_t> capacities = {4096, 65536};
    bool json = false;
};

// What must hold (docs/decisions/0008): the proxy against the paper's way, 16 labels against 1, and what the cache
// adds.
constexpr double kMostOfPaper = 0.40, kMostOfOneLabel = 1.15, kMostOverNocache = 60;

struct Cell {
    std::uint32_t capacity = 0;
    std::string kind;
    unsigned labels = 0;
    std::uint32_t in_flight = 0;
    std::vector<std::array<Cost, kVariants.size()>> rounds{};

    [[nodiscard]] double ns(Variant variant, double Cost::*side) const {
        std::vector<double> net;
        for (const auto& round : rounds) {
            net.push_back(round[static_cast<std::size_t>(variant)].*side -
                          round[static_cast<std::size_t>(Variant::Nothing)].*side);
        }
        return median(net);
    }
    [[nodiscard]] double both(Variant variant) const { return ns(variant, &Cost::strip) + ns(variant, &Cost::restore); }
};

/// The paper's prototype knows IPv4 and TCP only.
bool in_paper(const Cell& cell) {
    return cell.kind == "tcp ipv4";
}

/// More packets than slots: what comes back is not known any more, and costs something else.
bool fits(const Cell& cell) {
    return cell.in_flight <= cell.capacity;
}

std::vector<Cell> cells(const Options& options) {
    std::vector<Cell> list;
    for (const std::uint32_t capacity : options.capacities) {
        for (const std::string& kind : options.kinds) {
            for (const unsigned labels : options.labels) {
                for (const std::uint32_t in_flight : options.in_flight) {
                    if (Cell cell{capacity, kind, labels, in_flight}; fits(cell)) {
                        list.push_back(cell);
                    }
                }
            }
        }
    }
    return list;
}

/// All variants of a cell right after each other, all cells in each round: the machine's moods meet all of them.
void measure(const Options& options, std::vector<Cell>& list) {
    const auto known = kinds();
    std::map<std::uint32_t, std::unique_ptr<Micro>> micro;
    for (const std::uint32_t capacity : options.capacities) {
        micro[capacity] = std::make_unique<Micro>(bench_plan(capacity));
    }
    for (unsigned round = 0; round <= options.rounds; round++) {
        for (Cell& cell : list) {
            const Kind& kind = *std::ranges::find_if(known, [&](const Kind& one) { return one.name == cell.kind; });
            std::array<Cost, kVariants.size()> costs;
            for (std::size_t i = 0; i < kVariants.size(); i++) {
                if (kVariants[i] == Variant::Paper && !in_paper(cell)) {
                    continue;
                }
                costs[i] =
                    micro.at(cell.capacity)->measure(kVariants[i], kind, cell.labels, cell.in_flight, options.packets);
            }
            if (round != 0) { // the first warms caches
                cell.rounds.push_back(costs);
            }
        }
    }
}

const Cell* find(const std::vector<Cell>& list, std::uint32_t capacity, unsigned labels, std::uint32_t in_flight) {
    const auto found = std::ranges::find_if(list, [&](const Cell& cell) {
        return cell.capacity == capacity && cell.labels == labels && cell.in_flight == in_flight &&
               cell.kind == "tcp ipv4";
    });
    return found == list.end() ? nullptr : &*found;
}

void print(const std::vector<Cell>& list) {
    std::cout << fmt::format("{:<46} {:^14} {:^14} {:^14}\n{:<46} {:>7}{:>7} {:>7}{:>7} {:>7}{:>7}  {:>8} {:>8}\n", "",
                             "proxy", "no cache", "paper's way", "median ns a packet", "strip", "rest.", "strip",
                             "rest.", "strip", "rest.", "of paper", "over");
    for (const Cell& cell : list) {
        const double ours = cell.both(Variant::Proxy);
        std::string paper = fmt::format("{:>7}{:>7}  {:>8}", "-", "-", "-");
        if (in_paper(cell)) {
            paper = fmt::format("{:>7.0f}{:>7.0f}  {:>8.2f}", cell.ns(Variant::Paper, &Cost::strip),
                                cell.ns(Variant::Paper, &Cost::restore), ours / cell.both(Variant::Paper));
        }
        std::cout << fmt::format(
            "{:<46} {:>7.0f}{:>7.0f} {:>7.0f}{:>7.0f} {} {:>8.0f}\n",
            fmt::format("{} slots, {}, {} labels, {} in flight", cell.capacity, cell.kind, cell.labels, cell.in_flight),
            cell.ns(Variant::Proxy, &Cost::strip), cell.ns(Variant::Proxy, &Cost::restore),
            cell.ns(Variant::NoCache, &Cost::strip), cell.ns(Variant::NoCache, &Cost::restore), paper,
            ours - cell.both(Variant::NoCache));
    }
}

Json cell_json(const Cell& cell) {
    Json json{{"capacity", cell.capacity}, {"kind", cell.kind}, {"labels", cell.labels}, {"in_flight", cell.in_flight}};
    const std::array names = {"proxy", "nocache", "paper", "harness"};
    for (std::size_t i = 0; i < kVariants.size(); i++) {
        if (kVariants[i] == Variant::Paper && !in_paper(cell)) {
            continue;
        }
        Json strip = Json::array(), restore = Json::array();
        for (const auto& round : cell.rounds) {
            strip.push_back(round[i].strip);
            restore.push_back(round[i].restore);
        }
        json[names[i]] = {{"strip_ns", cell.ns(kVariants[i], &Cost::strip)},
                          {"restore_ns", cell.ns(kVariants[i], &Cost::restore)},
                          {"raw", {{"strip_ns", strip}, {"restore_ns", restore}}}};
    }
    return json;
}

int report(const std::vector<Cell>& list) {
    const Cell* many = find(list, 65536, 5, 10000);
    const Cell *most = find(list, 65536, 16, 10000), *least = find(list, 65536, 1, 10000);
    const Cell* few = find(list, 65536, 5, 64);
    std::string figures;
    bool pass = true;
    int judged = 0;
    const auto figure = [&](const char* name, double value, double limit) {
        figures += fmt::format(" {}={:.2f}", name, value);
        pass = pass && value <= limit;
        judged++;
    };
    if (many != nullptr) {
        figure("vs_paper", many->both(Variant::Proxy) / many->both(Variant::Paper), kMostOfPaper);
    }
    if (most != nullptr && least != nullptr) {
        figure("labels16_vs_1", most->both(Variant::Proxy) / least->both(Variant::Proxy), kMostOfOneLabel);
    }
    if (few != nullptr) {
        figure("over_nocache_ns", few->both(Variant::Proxy) - few->both(Variant::NoCache), kMostOverNocache);
    }
    std::cout << fmt::format("RESULT {} cells={} judged={}{}\n", pass ? "pass" : "fail", list.size(), judged, figures);
    return pass ? 0 : 1;
}

int run(const Options& options) {
    enter_sandbox({"left", "right", "d0", "e0"});
    std::vector<Cell> list = cells(options);
    measure(options, list);
    if (options.json) {
        Json json{{"version", 1}, {"bench", "micro"}, {"rounds", options.rounds}, {"cells", Json::array()}};
        for (const Cell& cell : list) {
            json["cells"].push_back(cell_json(cell));
        }
        std::cout << json.dump() << '\n';
    } else {
        print(list);
    }
    return report(list);
}

} // namespace

void add_micro(CLI::App& app, int& code) {
    auto options = std::make_shared<Options>();
    auto* micro = app.add_subcommand("micro", "Strip and restore in the kernel, against no cache and the paper's way");
    micro->add_option("--rounds", options->rounds, "Medians are of so many")->check(CLI::Range(1, 100000));
    micro->add_option("--packets", options->packets, "Of each cell, variant and round")
        ->check(CLI::Range(1000, 100'000'000));
    micro->add_option("--labels", options->labels, "Entries of the stack")->delimiter(',')->check(CLI::Range(1, 16));
    micro->add_option("--kinds", options->kinds, "Kinds of packet, as bench keys names them")->delimiter(',');
    micro->add_option("--in-flight", options->in_flight, "Packets in the SF at once")
        ->delimiter(',')
        ->check(CLI::Range(1, 1'000'000));
    micro->add_option("--capacity", options->capacities, "Slots of the cache")
        ->delimiter(',')
        ->check(CLI::Range(+SFC_CAPACITY_MIN, +SFC_CAPACITY_MAX));
    micro->add_flag("-j,--json", options->json, "Print JSON, with every round, before the RESULT line");
    micro->callback([options, &code] { code = run(*options); });
}

} // namespace sfc::bench
