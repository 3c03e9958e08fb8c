// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "rows.h"

#include <algorithm>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

namespace sfc::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMostUndisturbed = 1.25; // of the quietest tenth; by itself it is up to 1.1

double net(const std::array<Cost, kVariants.size()>& round, Variant variant, double Cost::*side) {
    return round[static_cast<std::size_t>(variant)].*side - round[static_cast<std::size_t>(Variant::Nothing)].*side;
}

Json cell_json(const Cell& cell) {
    Json json{{"capacity", cell.capacity},    {"kind", cell.kind},           {"header", cell.header.name},
              {"labels", cell.header.labels}, {"in_flight", cell.in_flight}, {"remember", cell.remember},
              {"disturbed", cell.disturbed}};
    json["fill"] = {{"header", cell.fill.header}, {"tail", cell.fill.tail},       {"buckets", cell.fill.buckets},
                    {"used", cell.fill.used},     {"largest", cell.fill.largest}, {"overflow", cell.fill.overflow},
                    {"inserted", cell.inserted},  {"evicted", cell.evicted}};
    const std::array names = {"proxy", "nocache", "paper", "harness"};
    for (std::size_t i = 0; i < kVariants.size(); i++) {
        if (kVariants[i] == Variant::Paper && !cell.in_paper()) {
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

} // namespace

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

double Cell::ns(Variant variant, double Cost::*side) const {
    std::vector<double> values;
    for (const auto& round : rounds) {
        values.push_back(net(round, variant, side));
    }
    return median(values);
}

double Cell::both(Variant variant) const {
    return ns(variant, &Cost::strip) + ns(variant, &Cost::restore);
}

double Cell::ratio(const Cell& other) const {
    const auto took = [](const std::array<Cost, kVariants.size()>& round) {
        return net(round, Variant::Proxy, &Cost::strip) + net(round, Variant::Proxy, &Cost::restore);
    };
    std::vector<double> values;
    for (std::size_t i = 0; i < rounds.size(); i++) {
        values.push_back(took(rounds[i]) / took(other.rounds[i]));
    }
    return median(values);
}

void mark_disturbed(std::vector<Cell>& cells) {
    std::map<std::pair<std::string, std::string>, std::vector<double>> all;
    for (const Cell& cell : cells) {
        for (const auto& round : cell.rounds) {
            all[{cell.kind, cell.header.name}].push_back(net(round, Variant::NoCache, &Cost::strip) +
                                                         net(round, Variant::NoCache, &Cost::restore));
        }
    }
    for (Cell& cell : cells) {
        auto& values = all[{cell.kind, cell.header.name}];
        std::ranges::sort(values);
        cell.disturbed = cell.both(Variant::NoCache) > kMostUndisturbed * values[values.size() / 10];
    }
}

std::string to_json(const KeysOptions& options, const std::vector<KeyRow>& rows) {
    Json list = Json::array();
    for (const KeyRow& row : rows) {
        list.push_back({{"kind", row.kind},
                        {"strip_ns", median(row.strip)},
                        {"restore_ns", median(row.restore)},
                        {"raw", {{"strip_ns", row.strip}, {"restore_ns", row.restore}}}});
    }
    return Json{
        {"version", 1}, {"bench", "keys"}, {"labels", options.labels}, {"in_flight", options.in_flight}, {"rows", list}}
        .dump();
}

std::string to_json(const MicroOptions& options, const std::vector<Cell>& cells) {
    Json list = Json::array();
    for (const Cell& cell : cells) {
        list.push_back(cell_json(cell));
    }
    return Json{{"version", 1}, {"bench", "micro"}, {"rounds", options.rounds}, {"cells", list}}.dump();
}

} // namespace sfc::bench
