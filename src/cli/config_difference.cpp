// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/config_difference.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/config_json.h"
#include "cli/messages.h"
#include "config/config.h"
#include "config/messages.h"

namespace sfc {
namespace {

/// Each setting by its path, so that order does not count.
using Settings = std::map<std::string, std::string>;

constexpr const char* kHere = ""; ///< the value of an entry that has settings of its own

std::string entry_name(const std::string& list, const Json& entry) {
    const std::string name = entry.value("name", entry.value("interface", ""));
    return list == "sfs" ? msg::named_sf(name) : list == "services" ? msg::named_service(name) : msg::named_port(name);
}

void add(Settings& settings, const std::string& path, const std::string& key, const Json& value) {
    const std::string here = (path.empty() ? "" : path + " ") + setting_name(key);
    if (value.is_object()) {
        for (const auto& [inner, each] : value.items()) {
            add(settings, here, inner, each);
        }
    } else if (value.is_array() && !value.empty() && value.front().is_object()) {
        for (const Json& entry : value) {
            const std::string name = (path.empty() ? "" : here + " ") + entry_name(key, entry);
            settings[name] = kHere;
            for (const auto& [inner, each] : entry.items()) {
                add(settings, name, inner, each);
            }
        }
    } else if (value.is_array()) {
        std::vector<std::string> words;
        std::transform(value.begin(), value.end(), std::back_inserter(words),
                       [](const Json& word) { return word.get<std::string>(); });
        std::sort(words.begin(), words.end());
        settings[here] = fmt::format("{}", fmt::join(words, ", "));
    } else {
        settings[here] = setting_text(key, value);
    }
}

Settings settings_of(const State& state) {
    const Config config = parse_config(state.config, state.file);
    Json json = config_json(config, make_plan(config));
    for (const char* derived : {"version", "file", "limits"}) {
        json.erase(derived);
    }
    json["cache"].erase("bytes");
    for (Json& service : json["services"]) {
        service.erase("new_headers_per_second");
    }
    json["cache"]["header_max"] = config.header_max;
    json["mode"] = state.generic ? "generic" : "native";
    json["network namespace"] = state.netns;
    Settings settings;
    for (const auto& [key, value] : json.items()) {
        add(settings, "", key, value);
    }
    return settings;
}

/// Entries that only one of them has come first: other settings, such as shares of the cache, follow from these.
std::vector<std::string> differences(const Settings& there, const Settings& here) {
    std::vector<std::string> entries, others;
    for (const auto& [path, value] : there) {
        const auto found = here.find(path);
        if (found == here.end()) {
            (value == kHere ? entries : others).push_back(msg::only_attached(path));
        } else if (found->second != value) {
            others.push_back(msg::differs(path, value, found->second));
        }
    }
    for (const auto& [path, value] : here) {
        if (there.find(path) == there.end()) {
            (value == kHere ? entries : others).push_back(msg::not_attached_yet(path));
        }
    }
    entries.insert(entries.end(), others.begin(), others.end());
    return entries;
}

} // namespace

std::string difference(const State& attached, const State& wanted) {
    const std::vector<std::string> all = differences(settings_of(attached), settings_of(wanted));
    return all.empty() ? "" : all.size() == 1 ? all.front() : msg::and_others(all.front(), all.size() - 1);
}

void refuse_other(const Attachment& found, const State& wanted) {
    const std::string differs = difference(found.state(), wanted);
    if (!differs.empty()) {
        const std::string pin = found.pins().path();
        throw Error(ExitCode::Kernel, msg::attached_another(pin, found.state().file, differs, pin));
    }
}

void refuse_while_kept(const std::string& pin, const State& wanted, bool even_alone) {
    const auto pins = PinDirectory::open(pin);
    if (!pins || !pins->has(PinDirectory::kState)) { // who takes the lock looks after the leftover of a killed process
        return;
    }
    const pid_t holder = pins->holder();
    if (holder == 0 && !even_alone) {
        return;
    }
    const auto found = Attachment::open(pin, Attachment::Access::Look);
    if (!found || found->state().closing) {
        return;
    }
    const std::string differs = difference(found->state(), wanted), file = found->state().file;
    if (holder == 0) {
        refuse_other(*found, wanted);
        throw Error(ExitCode::Kernel, msg::attached_already(pin, file));
    }
    throw Error(ExitCode::Kernel, differs.empty() ? msg::runs_already(pin, holder, file)
                                                  : msg::runs_another(pin, holder, file, differs, holder));
}

} // namespace sfc
