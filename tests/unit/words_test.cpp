// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Small things that people read: sizes and times, the word that was meant, lines of `run`.
#include <gtest/gtest.h>

#include "base/alike.h"
#include "base/units.h"
#include "cli/run_log.h"

namespace sfc {
namespace {

TEST(Units, DurationsAreWrittenAsTheyAreRead) {
    for (const char* text : {"1us", "999us", "1ms", "1500us", "100ms", "1s", "60s", "3600s"}) {
        EXPECT_EQ(format_duration(parse_duration(text).value_or(0)), text);
    }
    EXPECT_EQ(format_duration(60'000'000'000), "60s");
    EXPECT_EQ(format_duration(1), "1ns");
    EXPECT_EQ(format_duration(0), "0ns");
}

TEST(Units, Bytes) {
    EXPECT_EQ(format_bytes(0), "0 bytes");
    EXPECT_EQ(format_bytes(1023), "1023 bytes");
    EXPECT_EQ(format_bytes(1024), "1 KiB");
    EXPECT_EQ(format_bytes(720'896), "704 KiB");
    EXPECT_EQ(format_bytes(11'534'336), "11 MiB");
    EXPECT_EQ(format_bytes(13'107'200), "12.5 MiB");
}

TEST(Alike, TheWordThatWasMeant) {
    constexpr std::string_view kWords[] = {"run", "attach", "detach", "status", "stats", "check", "-c", "--config"};
    EXPECT_EQ(most_alike("stat", kWords), "stats");
    EXPECT_EQ(most_alike("statuss", kWords), "status");
    EXPECT_EQ(most_alike("dettach", kWords), "detach");
    EXPECT_EQ(most_alike("--confg", kWords), "--config");
    for (const char* nothing : {"", "x", "-x", "frobnicate", "replay", "--generic"}) {
        EXPECT_EQ(most_alike(nothing, kWords), "") << nothing;
    }
}

TEST(RunLog, TimeAndLevel) {
    EXPECT_EQ(logged("port 'p0' is up", false, 1'790'000'000), "2026-09-21T14:13:20Z info: port 'p0' is up");
    EXPECT_EQ(logged("warning: port 'p0' is down", false, 0), "1970-01-01T00:00:00Z warning: port 'p0' is down");
    EXPECT_EQ(logged("port 'p0' is up", true, 0), "<6>port 'p0' is up");
    EXPECT_EQ(logged("warning: port 'p0' is down", true, 0), "<4>port 'p0' is down");
}

} // namespace
} // namespace sfc
