// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "config/yaml_fault.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <sstream>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "config/messages.h"
#include "config/yaml_reader.h"

namespace sfc {
namespace {

Position position(const YAML::Mark& mark) {
    return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
}

/// Hears of everything that stands in a text.
class PlainDocument : public YAML::EventHandler {
public:
    explicit PlainDocument(const std::string& file) : file_(file) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) {
            throw config_error(file_, position(mark), msg::second_document());
        }
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { check(mark, anchor); }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override { check(mark, anchor); }
    void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  const std::string& /*value*/) override {
        check(mark, anchor);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        check(mark, anchor);
    }
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        check(mark, anchor);
    }
    void OnMapEnd() override {}

private:
    const std::string& file_;
    int documents_ = 0;

    void check(const YAML::Mark& mark, YAML::anchor_t anchor) const {
        if (anchor != 0) {
            throw config_error(file_, position(mark), msg::anchor());
        }
    }
};

/// Where a line begins with a tab, which YAML does not take for indentation; from 1, 0 for nowhere.
int tab_in_indentation(const std::string& line) {
    const std::size_t text = line.find_first_not_of(" -\t");
    const std::size_t tab = line.find('\t');
    return text != std::string::npos && line[text] != '#' && tab < text ? static_cast<int>(tab) + 1 : 0;
}

/// The column of a colon that a space is missing behind; 0 for none.
int colon_without_space(const std::string& line) {
    const std::size_t word = line.find_first_not_of(" -");
    if (word == std::string::npos || !space_is_missing(line.substr(word))) {
        return 0;
    }
    return static_cast<int>(line.find(':', word)) + 1;
}

/// The column of a dash that a space is missing behind; 0 for none.
int dash_without_space(const std::string& line) {
    const std::size_t dash = line.find_first_not_of(' ');
    const bool alone = dash != std::string::npos && line[dash] == '-' && dash + 1 < line.size();
    return alone && std::isalpha(static_cast<unsigned char>(line[dash + 1])) != 0 ? static_cast<int>(dash) + 1 : 0;
}

/// The column where a line of words begins that has no colon, so that it is no key; 0 where it is something else.
int words_without_colon(const std::string& line) {
    const std::size_t word = line.find_first_not_of(" -");
    const bool words = word != std::string::npos && std::isalpha(static_cast<unsigned char>(line[word])) != 0;
    return words && line.find_first_of(":,[]{}\"'") == std::string::npos ? static_cast<int>(word) + 1 : 0;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

/// The line of the mark or the one before it: yaml-cpp mostly notices a fault where the next thing begins.
template <class Find> std::optional<Position> look_back(const std::vector<std::string>& lines, int line, Find find) {
    for (int n = std::min(line, static_cast<int>(lines.size())); n >= std::max(line - 1, 1); n--) {
        if (const int column = find(lines[n - 1])) {
            return Position{n, column};
        }
    }
    return std::nullopt;
}

/// What yaml-cpp says, in other words.
std::string sentence_for(const std::string& said) {
    const auto is = [&](std::initializer_list<const char*> texts) {
        return std::find(texts.begin(), texts.end(), said) != texts.end();
    };
    if (is({YAML::ErrorMsg::END_OF_MAP_FLOW, YAML::ErrorMsg::END_OF_SEQ_FLOW})) {
        return msg::bracket_open();
    }
    if (is({YAML::ErrorMsg::FLOW_END})) {
        return msg::bracket_closes_nothing();
    }
    if (is({YAML::ErrorMsg::EOF_IN_SCALAR, YAML::ErrorMsg::DOC_IN_SCALAR})) {
        return msg::quote_open();
    }
    if (is({YAML::ErrorMsg::UNKNOWN_ANCHOR, YAML::ErrorMsg::ALIAS_NOT_FOUND, YAML::ErrorMsg::ANCHOR_NOT_FOUND})) {
        return msg::anchor();
    }
    if (is({YAML::ErrorMsg::END_OF_MAP, YAML::ErrorMsg::END_OF_SEQ, YAML::ErrorMsg::BLOCK_ENTRY,
            YAML::ErrorMsg::MAP_KEY, YAML::ErrorMsg::MAP_VALUE})) {
        return msg::does_not_fit();
    }
    return msg::not_yaml(said);
}

} // namespace

bool space_is_missing(const std::string& word) {
    const std::size_t colon = word.find(':');
    return colon != 0 && colon != std::string::npos && colon + 1 < word.size() &&
           std::all_of(
               word.begin(), word.begin() + static_cast<std::ptrdiff_t>(colon),
               [](unsigned char byte) { return std::islower(byte) != 0 || std::isdigit(byte) != 0 || byte == '_'; }) &&
           std::string_view(" \t\r:").find(word[colon + 1]) == std::string_view::npos;
}

Error yaml_fault(const std::string& text, const std::string& file, const YAML::Exception& error) {
    const std::vector<std::string> lines = lines_of(text);
    const Position mark = position(error.mark);
    if (const auto at = look_back(lines, mark.line, tab_in_indentation)) {
        return config_error(file, *at, msg::tab());
    }
    if (const auto at = look_back(lines, mark.line, colon_without_space)) {
        const std::string& line = lines[at->line - 1];
        const std::size_t word = line.find_first_not_of(" -");
        return config_error(file, *at, msg::space_missing(line.substr(word, at->column - word)));
    }
    if (const auto at = look_back(lines, mark.line, dash_without_space)) {
        return config_error(file, *at, msg::dash_space_missing(lines[at->line - 1].substr(at->column - 1)));
    }
    if (const auto at = look_back(lines, mark.line, words_without_colon)) {
        return config_error(file, *at, msg::colon_missing(lines[at->line - 1].substr(at->column - 1)));
    }
    return config_error(file, mark, sentence_for(error.msg));
}

void check_one_plain_document(const std::string& text, const std::string& file) {
    std::istringstream in(text);
    YAML::Parser parser(in);
    PlainDocument document(file);
    while (parser.HandleNextDocument(document)) {
    }
}

} // namespace sfc
