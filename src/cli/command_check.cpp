// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "attach/icmp_source.h"
#include "attach/missing_here.h"
#include "cli/commands.h"
#include "cli/config_json.h"

namespace sfc {
namespace {

/// One line for each kind of packet.
void print_key(const Json& json) {
    for (const auto& [kind, fields] : json.items()) {
        std::cout << fmt::format("  {:<12} {:<15} {}\n", kind == "all" ? "key" : "", kind, fields.get<std::string>());
    }
}

void print_entry(std::string_view kind, const Json& entry) {
    std::cout << fmt::format("{} {}\n", kind, entry["name"].get<std::string>());
    for (const auto& [key, value] : entry.items()) {
        if (key == "key") {
            print_key(value);
        } else if (key == "ports") {
            for (const auto& [side, port] : value.items()) {
                std::cout << fmt::format("  {:<12} {}\n", side, setting_text("", port));
            }
        } else if (key != "name") {
            std::cout << fmt::format("  {:<12} {}\n", setting_name(key), setting_text(key, value));
        }
    }
}

void print_text(const Json& json) {
    std::cout << fmt::format("{}: ok\n", json["file"].get<std::string>());
    for (const char* key : {"cache", "limits", "unmatched", "icmp"}) {
        std::cout << fmt::format("{:<12} {}\n", key, setting_text(key, json[key]));
    }
    for (const auto& [key, value] : json.items()) {
        if (key.ends_with("_port")) {
            std::cout << fmt::format("{:<12} {}\n", key, setting_text(key, value));
        }
    }
    for (const Json& note : json["notes"]) {
        std::cout << fmt::format("{:<12} {}\n", "note", note.get<std::string>());
    }
    for (const Json& port : json["ports"]) {
        std::cout << fmt::format("{:<12} {}\n", "port", setting_text("", port));
    }
    for (const Json& entry : json["sfs"]) {
        print_entry("SF", entry);
    }
    for (const Json& entry : json["services"]) {
        print_entry("service", entry);
    }
}

} // namespace

void command_check(const Options& options) {
    const Config config = load_config(options.config);
    Plan plan = make_plan(config);
    Json json = config_json(config, plan);
    add_icmp_sources(plan);
    json["notes"] = missing_here(plan);
    for (const std::string& gap : icmp_gaps(plan)) {
        json["notes"].push_back("icmp: " + gap);
    }
    if (options.json) {
        std::cout << json.dump() << '\n';
    } else {
        print_text(json);
    }
}

} // namespace sfc
