// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/usage_fault.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/alike.h"
#include "cli/messages.h"

namespace sfc {
namespace {

/// The word that was probably meant; without one, `otherwise`.
std::string advice(const std::string& word, const std::vector<std::string>& all, const std::string& otherwise) {
    const std::vector<std::string_view> words(all.begin(), all.end());
    const std::string_view meant = most_alike(word, words);
    return meant.empty() ? otherwise : msg::did_you_mean(meant);
}

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands(nullptr)) {
        names.push_back(command->get_name());
    }
    return names;
}

/// With their dashes.
std::vector<std::string> option_names(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            names.push_back("--" + name);
        }
        for (const std::string& name : option->get_snames()) {
            names.push_back("-" + name);
        }
    }
    return names;
}

std::string unexpected(const CLI::App& command, const std::string& word) {
    const std::string& name = command.get_name();
    const std::vector<std::string> options = option_names(command);
    if (std::find(options.begin(), options.end(), word) != options.end()) {
        return msg::option_too_early(word, name);
    }
    const std::string help = msg::see_command_help(command.get_parent() == nullptr ? "" : " " + name);
    return word.starts_with('-') ? msg::unknown_option(word, name, advice(word, options, help))
                                 : msg::word_too_many(word, name, help);
}

/// An option that the command cannot do without; null where all are there.
const CLI::Option* missing_option(const CLI::App& command) {
    const auto options = command.get_options();
    const auto found = std::find_if(options.begin(), options.end(), [](const CLI::Option* option) {
        return option->get_required() && option->count() == 0;
    });
    return found == options.end() ? nullptr : *found;
}

} // namespace

std::string unknown_command(const CLI::App& app, const std::string& word) {
    const std::vector<std::string> names = command_names(app);
    return msg::unknown_command(word, advice(word, names, msg::commands_are(fmt::join(names, ", "))));
}

std::string usage_fault(const CLI::App& app, const CLI::ParseError& error) {
    const auto parsed = app.get_subcommands();
    const std::vector<std::string> unexpected_words = app.remaining(true);
    if (parsed.empty()) {
        if (unexpected_words.empty()) {
            return msg::command_missing(fmt::join(command_names(app), ", "));
        }
        return unexpected_words.front().starts_with('-') ? unexpected(app, unexpected_words.front())
                                                         : unknown_command(app, unexpected_words.front());
    }
    const CLI::App& command = *parsed.front();
    const CLI::Option* missing = missing_option(command);
    if (!unexpected_words.empty() && (missing == nullptr || unexpected_words.front().starts_with('-'))) {
        return unexpected(command, unexpected_words.front());
    }
    const std::string text = error.what();
    if (error.get_name() == "ArgumentMismatch") { // "--window: 1 required N missing"
        const std::string option = text.substr(0, text.find(':'));
        return text.ends_with("missing") ? msg::value_missing(option, command.get_name())
                                         : msg::option_twice(option, command.get_name());
    }
    if (missing != nullptr) {
        const auto& shorts = missing->get_snames();
        return msg::option_missing(command.get_name(), shorts.empty() ? missing->get_name() : "-" + shorts.front(),
                                   missing->get_type_name());
    }
    return msg::see_help(text);
}

} // namespace sfc
