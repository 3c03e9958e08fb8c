// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Apart from the commands: this file alone pays for the JSON library.
#include "command_json.h"

#include <nlohmann/json.hpp>

#include "flood.h"
#include "model.h"
#include "mutate.h"
#include "race.h"
#include "traffic.h"

namespace sfc::test {
namespace {

nlohmann::ordered_json counts_json(const RaceCounts& counts) {
    return {{"to_sf", counts[RACE_TO_SF]},
            {"ambiguous", counts[RACE_AMBIGUOUS]},
            {"cache_full", counts[RACE_FULL]},
            {"restored", counts[RACE_RESTORED]},
            {"restored_long", counts[RACE_RESTORED_LONG]},
            {"miss", counts[RACE_MISS]},
            {"late", counts[RACE_LATE]},
            {"wrong", counts[RACE_WRONG]},
            {"torn", counts[RACE_TORN]},
            {"false_ambiguous", counts[RACE_FALSE_AMBIGUOUS]},
            {"strange", counts[RACE_STRANGE]}};
}

nlohmann::ordered_json names_json(const oracle::Encapsulations& encaps) {
    auto list = nlohmann::ordered_json::array();
    for (const oracle::Encapsulation which : encaps) {
        list.push_back(encap_of(which).name());
    }
    return list;
}

nlohmann::ordered_json parts_json(const std::vector<model::Part>& parts) {
    auto list = nlohmann::ordered_json::array();
    for (const model::Part& part : parts) {
        list.push_back({{"name", part.name},
                        {"states", part.explored.states},
                        {"transitions", part.explored.transitions},
                        {"ends", part.explored.ends},
                        {"fault", part.explored.fault},
                        {"way", part.explored.way}});
    }
    return list;
}

} // namespace

std::string json_of(const MutateOptions& options, const MutateResult& result) {
    return nlohmann::ordered_json{{"version", 1},
                                  {"campaign", "mutate"},
                                  {"encapsulations", names_json(options.encaps)},
                                  {"frames", options.frames},
                                  {"seed", options.seed},
                                  {"outcomes", result.outcomes},
                                  {"restored", result.restored},
                                  {"untried", result.untried},
                                  {"reaped", result.reaped},
                                  {"differences", result.differences},
                                  {"not_comparable", result.not_comparable},
                                  {"wrong", result.wrong},
                                  {"examples", result.examples},
                                  {"kernel_trouble", result.kernel_trouble},
                                  {"balanced", result.balanced}}
        .dump();
}

std::string json_of(const TrafficOptions& options, const TrafficResult& result) {
    return nlohmann::ordered_json{{"version", 1},
                                  {"campaign", "oracle"},
                                  {"encapsulations", names_json(options.encaps)},
                                  {"events", result.events},
                                  {"seed", options.seed},
                                  {"capacity", options.capacity},
                                  {"classes", result.classes},
                                  {"counters", result.counters},
                                  {"quota", result.quota},
                                  {"to_sf", result.to_sf},
                                  {"wrong", result.wrong},
                                  {"limit", result.limit},
                                  {"early", result.early},
                                  {"early_limit", options.early_limit},
                                  {"differences", result.differences},
                                  {"examples", result.examples},
                                  {"untried", result.untried},
                                  {"kernel_trouble", result.kernel_trouble},
                                  {"balanced", result.balanced}}
        .dump();
}

std::string json_of(const FloodOptions& options, const FloodResult& result) {
    const auto served = [](const Served& of) {
        return nlohmann::ordered_json{{"to_sf", of.to_sf}, {"restored", of.restored}, {"rate", of.rate()}};
    };
    return nlohmann::ordered_json{{"version", 1},
                                  {"campaign", "flood"},
                                  {"encapsulations", names_json(options.encaps)},
                                  {"seed", options.seed},
                                  {"capacity", result.capacity},
                                  {"flooded", result.flooded},
                                  {"beside", served(result.beside)},
                                  {"after", served(result.after)},
                                  {"live_max", result.live_max},
                                  {"memory_before", result.memory_before},
                                  {"memory_after", result.memory_after},
                                  {"classes", result.classes},
                                  {"wrong", result.wrong},
                                  {"examples", result.examples},
                                  {"kernel_trouble", result.kernel_trouble},
                                  {"balanced", result.balanced}}
        .dump();
}

std::string json_of(const RaceOptions& options, const RaceResult& result) {
    nlohmann::ordered_json json{{"version", 1},
                                {"campaign", "race"},
                                {"encapsulations", names_json(options.encaps)},
                                {"seed", options.seed},
                                {"parts", nlohmann::ordered_json::array()}};
    for (const RacePart& part : result.parts) {
        nlohmann::ordered_json entry{{"name", part.name},       {"build", race_build_name(part)},
                                     {"events", part.events},   {"evicted", part.evicted},
                                     {"expired", part.expired}, {"live", part.live},
                                     {"faults", part.faults},   {"balanced", part.balanced}};
        entry.update(counts_json(part.counts));
        json["parts"].push_back(entry);
    }
    json["naive"] = counts_json(result.naive);
    json["naive_caught_s"] = result.naive_caught_s ? nlohmann::ordered_json(*result.naive_caught_s) : nullptr;
    json["kernel_trouble"] = result.kernel_trouble;
    return json.dump();
}

std::string json_of(const model::Result& result) {
    return nlohmann::ordered_json{{"version", 1},
                                  {"campaign", "model"},
                                  {"scenarios", parts_json(result.sound)},
                                  {"untried", result.untried},
                                  {"broken", parts_json(result.broken)}}
        .dump();
}

} // namespace sfc::test
