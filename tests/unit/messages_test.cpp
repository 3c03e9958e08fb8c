// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The wording of every sentence for people, checked by rule over the tables that they stand in.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "attach/messages.h"
#include "cli/messages.h"
#include "config/messages.h"
#include "loader/messages.h"
#include "net/messages.h"
#include "probe/messages.h"
#include "replay/messages.h"
#include "report/messages.h"
#include "sfc_reasons.h"
#include "traffic/messages.h"

namespace sfc {
namespace {

constexpr std::size_t kMostWords = 30, kMostHintWords = 33;

#define SFC_ROW(name, text) MessageRow{#name, text},
constexpr MessageRow kMessages[] = {SFC_BASE_MESSAGES(SFC_ROW) SFC_NET_MESSAGES(SFC_ROW) SFC_LOADER_MESSAGES(SFC_ROW)
                                        SFC_ATTACH_MESSAGES(SFC_ROW) SFC_REPORT_MESSAGES(SFC_ROW)
                                            SFC_REPLAY_MESSAGES(SFC_ROW) SFC_TRAFFIC_MESSAGES(SFC_ROW)
                                                SFC_CLI_MESSAGES(SFC_ROW)};
/// Printed behind what they are about: file, line, column and key, or the SF and the way through it.
constexpr MessageRow kBehindTheirThing[] = {SFC_CONFIG_MESSAGES(SFC_ROW) SFC_PROBE_MESSAGES(SFC_ROW)};
#undef SFC_ROW
#define SFC_ROW(name, text, hint) MessageRow{#name, text}, MessageRow{#name, hint},
constexpr MessageRow kReasons[] = {SFC_REASONS(SFC_ROW)};
#undef SFC_ROW

/// Parts of other messages, lines below what they are about, and two that are about the command as a whole.
const std::set<std::string_view> kNameNothing = {"changed_back",
                                                 "closing",
                                                 "comes_back_by_port",
                                                 "damaged_payload",
                                                 "goes_to_kernel",
                                                 "hangup",
                                                 "hint_just_gone",
                                                 "hint_no_native_xdp",
                                                 "hint_no_xdp",
                                                 "hint_other_program",
                                                 "moved_meanwhile",
                                                 "no_header",
                                                 "no_veth",
                                                 "nobody_keeps",
                                                 "not_redirected",
                                                 "not_returned_hint",
                                                 "not_sent",
                                                 "of_this_process",
                                                 "off_again",
                                                 "other_end_of_link",
                                                 "out_by_ingress",
                                                 "own_address",
                                                 "peer_unknown",
                                                 "port_address",
                                                 "ready",
                                                 "tickets_in_metadata",
                                                 "unknown_lost",
                                                 "vnet_headers_on",
                                                 "what_probes_found",
                                                 "window_and_from_sf"};

/// A quote mark between letters is an apostrophe, and so is one behind a letter where no quote is open.
bool quotes_balanced(std::string_view text) {
    bool open = false;
    for (std::size_t i = 0; i < text.size(); i++) {
        const bool after_word = i > 0 && std::isalnum(static_cast<unsigned char>(text[i - 1])) != 0;
        const bool before_word = i + 1 < text.size() && std::isalnum(static_cast<unsigned char>(text[i + 1])) != 0;
        if (text[i] == '\'' && !(after_word && (before_word || !open))) {
            open = !open;
        }
    }
    return !open;
}

std::vector<std::string> words_of(std::string_view text) {
    std::istringstream in{std::string(text)};
    return {std::istream_iterator<std::string>(in), {}};
}

/// A small letter, a value, a quoted word, an option, a number in hex, or an abbreviation as "SF" or "ARP,".
bool begins_well(std::string_view text) {
    const std::string first = words_of(text).front();
    const bool shouts = first.size() > 1 && std::isupper(static_cast<unsigned char>(first[0])) != 0 &&
                        std::isupper(static_cast<unsigned char>(first[1])) != 0;
    return std::islower(static_cast<unsigned char>(first[0])) != 0 ||
           std::string_view("'{").find(first[0]) != std::string::npos || first.starts_with("--") ||
           first.starts_with("0x") || shouts;
}

void check_wording(const MessageRow& row, std::size_t most_words) {
    SCOPED_TRACE(std::string(row.name) + ": " + std::string(row.text));
    const std::string text(row.text);
    ASSERT_FALSE(words_of(text).empty());
    EXPECT_FALSE(text.ends_with('.') || text.ends_with(' ') || text.starts_with(' '));
    EXPECT_EQ(text.find("  "), std::string::npos);
    EXPECT_EQ(text.find(". "), std::string::npos) << "one sentence";
    EXPECT_TRUE(begins_well(text));
    EXPECT_LE(words_of(text).size(), most_words);
    EXPECT_TRUE(quotes_balanced(text));
    static const std::regex banned(R"(\b(invalid|illegal|please|oops|failed to)\b)", std::regex::icase);
    EXPECT_FALSE(std::regex_search(text, banned));
}

TEST(Messages, Wording) {
    for (const MessageRow& row : kMessages) {
        check_wording(row, kMostWords);
    }
    for (const MessageRow& row : kBehindTheirThing) {
        check_wording(row, kMostWords);
    }
    for (const MessageRow& row : kReasons) {
        check_wording(row, kMostHintWords);
    }
}

/// A system call that failed says what it was for ("cannot open a netlink socket"); everything else has a placeholder.
TEST(Messages, NameTheirThing) {
    std::set<std::string_view> unused = kNameNothing;
    for (const MessageRow& row : kMessages) {
        const bool names = row.text.find('{') != std::string_view::npos || row.text.starts_with("cannot ");
        EXPECT_NE(names, kNameNothing.count(row.name) != 0) << row.name;
        unused.erase(row.name);
    }
    EXPECT_TRUE(unused.empty()) << *unused.begin();
}

TEST(Messages, NoneTwice) {
    std::set<std::string_view> texts;
    for (const MessageRow& row : kMessages) {
        EXPECT_TRUE(texts.insert(row.text).second) << row.name;
    }
    for (const MessageRow& row : kBehindTheirThing) {
        EXPECT_TRUE(texts.insert(row.text).second) << row.name;
    }
}

/// What would be out of reach of the tests above: a sentence where it is thrown or said.
TEST(Messages, StandInTables) {
    const std::filesystem::path src = SFC_SOURCES;
    const std::regex apart(
        R"re(\b(Error|(system_|config_|capture_)?error|refuse|say_?|say_line)\((ExitCode::\w+,)?\s*(fmt::format\(|"))re");
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(src)) {
        if (entry.is_regular_file()) {
            std::ifstream in(entry.path());
            const std::string text(std::istreambuf_iterator<char>(in), {});
            std::smatch found;
            EXPECT_FALSE(std::regex_search(text, found, apart)) << entry.path() << ": " << found.str();
            files++;
        }
    }
    EXPECT_GT(files, 80U);
}

TEST(Messages, AreFilledIn) {
    EXPECT_EQ(msg::not_on_bpf_fs("x"), "'x' is not on a BPF file system");
    EXPECT_EQ(msg::mark_not_free(0xff00U, std::string("y")).substr(0, 34), "'mark: 0x0000ff00' is not free: y;");
}

} // namespace
} // namespace sfc
