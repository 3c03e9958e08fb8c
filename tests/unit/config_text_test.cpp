// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Files that are no configuration, before anybody parses them.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "config/config.h"

namespace sfc {
namespace {

/// The sentence that refuses the text, without the file's name; "" where it is read.
std::string refusal(const std::string& text) {
    const auto path = std::filesystem::temp_directory_path() / ("sfc-text-" + std::to_string(getpid()));
    std::ofstream(path, std::ios::binary) << text;
    std::string said;
    try {
        (void)parse_config(read_config_text(path), path);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::Usage);
        said = error.what();
        EXPECT_EQ(said.find('\n'), std::string::npos) << said;
        said = said.substr(said.find(path.string()) + path.string().size());
    }
    std::filesystem::remove(path);
    return said;
}

TEST(ConfigText, IsUtf8) {
    const std::vector<std::pair<std::string, std::string>> rows = {
        {std::string("\xff\xfe"
                     "s\0f\0",
                     6),
         ":1:1: byte 0xff is no UTF-8"},                                 // UTF-16
        {"sfs:\n  - {name: caf\xe9}\n", ":2:15: byte 0xe9 is no UTF-8"}, // Latin-1
        {"# \xc0\xaf\n", ":1:3: byte 0xc0"},                             // overlong
        {"# \xed\xa0\x80\n", ":1:3: byte 0xed"},                         // a surrogate
        {"# \xf4\x90\x80\x80\n", ":1:3: byte 0xf4"},                     // above U+10FFFF
        {"# \xe2\x82", ":1:3: byte 0xe2"},                               // cut
        {"# \xe0\x80\x80\n", ":1:3: byte 0xe0"},
        {"# \xf0\x80\x80\x80\n", ":1:3: byte 0xf0"},
    };
    for (const auto& [text, says] : rows) {
        EXPECT_EQ(refusal(text).find(says), 0U) << refusal(text) << " for " << says;
    }
    EXPECT_EQ(refusal("sfs: [] # \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\nservices: []\n"), "");
}

/// They would forge lines of `status`, or steer a terminal.
TEST(ConfigText, HasNoControlCharacters) {
    EXPECT_EQ(refusal("sfs:\n  - {name: \x1b[31m}\n").find(":2:12: a control character, 0x1b"), 0U);
    EXPECT_EQ(refusal("# \xc2\x9b").find(":1:3: a control character, 0x9b"), 0U);
    EXPECT_EQ(refusal(std::string("sfs: []\n\0", 9)).find(":2:1: a control character, 0x00"), 0U);
    for (const char* escape : {"\\n", "\\e", "\\0", "\\x7f", "\\x9b"}) {
        const std::string said =
            refusal("sfs:\n  - {name: \"a" + std::string(escape) + "b\", ports: {both: x}}\nservices: []\n");
        EXPECT_NE(said.find("a control character"), std::string::npos) << said;
        EXPECT_EQ(said.find(":2:12:"), 0U) << said;
    }
}

TEST(ConfigText, IsNotNestedDeep) {
    for (const std::string& text : {std::string(100000, '['), "a: " + std::string(33, '{'),
                                    [] {
                                        std::string dashes;
                                        for (int i = 0; i < 100; i++) {
                                            dashes += "- ";
                                        }
                                        return dashes;
                                    }(),
                                    std::string(300, ' ') + "x"}) {
        EXPECT_NE(refusal(text).find("nested too deep"), std::string::npos) << text.substr(0, 40);
    }
    std::string comments;
    for (int i = 0; i < 100; i++) {
        comments += "# [ { and so on\n";
    }
    EXPECT_EQ(refusal(comments + "sfs: []\nservices: []\n"), "");
    std::string names = "sfs:\n";
    for (int i = 0; i < 50; i++) {
        names += "  - {name: \"fw # [" + std::to_string(i) + "\\\"{\", probe: 'off', ports: {both: p" +
                 std::to_string(i) + "}}\t# [\n";
    }
    EXPECT_EQ(refusal(names + "services: []\n").find("nested"), std::string::npos);
}

TEST(ConfigText, HasAnEnd) {
    try {
        (void)read_config_text("/dev/zero");
        FAIL() << "read on";
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "'/dev/zero' is larger than 4 MiB, so it is no configuration");
    }
}

} // namespace
} // namespace sfc
