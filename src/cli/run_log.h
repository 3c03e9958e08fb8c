// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The lines of `run`.
#pragma once

#include <ctime>
#include <string>

namespace sfc {

/// Whether systemd's journal reads the descriptor (systemd.exec(5), $JOURNAL_STREAM): it has the time itself.
[[nodiscard]] bool journal_reads(int fd);
/// A sentence with its time in UTC and its level, "2026-11-29T12:50:03Z warning: ..."; for the journal with the level
/// as sd-daemon(3) has it, "<4>...". A sentence that begins with "warning: " is one.
[[nodiscard]] std::string logged(const std::string& sentence, bool journal, std::time_t time);

} // namespace sfc
