// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/run_log.h"

#include <cstdlib>
#include <string_view>

#include <sys/stat.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace sfc {
namespace {

constexpr std::string_view kWarning = "warning: ";

} // namespace

bool journal_reads(int fd) {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat status {};
    return stream != nullptr && fstat(fd, &status) == 0 &&
           stream == fmt::format("{}:{}", status.st_dev, status.st_ino); // another one is inherited, and not ours
}

std::string logged(const std::string& sentence, bool journal, std::time_t time) {
    const bool warning = sentence.starts_with(kWarning);
    const std::string text = warning ? sentence.substr(kWarning.size()) : sentence;
    return journal ? fmt::format("<{}>{}", warning ? 4 : 6, text)
                   : fmt::format("{:%Y-%m-%dT%H:%M:%SZ} {}: {}", fmt::gmtime(time), warning ? "warning" : "info", text);
}

} // namespace sfc
