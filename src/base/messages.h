// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Every sentence for people stands in a table, `messages.h` of its folder, so that a test can read them all
// (tests/unit/messages_test.cpp). Callers write msg::NAME(arguments); the compiler checks these against the text.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace sfc {

struct MessageRow {
    std::string_view name, text;
};

template <const MessageRow& kRow> struct Message {
    template <class... Args> [[nodiscard]] std::string operator()(Args&&... args) const {
        return fmt::format(fmt::format_string<Args...>(kRow.text), std::forward<Args>(args)...);
    }
};

// A table is a macro that hands each of its rows to M: a name, and a text in the format of fmt.
#define SFC_MESSAGE(name, text)                                                                                        \
    inline constexpr MessageRow name##_row{#name, text};                                                               \
    inline constexpr Message<name##_row> name; // NOLINT(bugprone-macro-parentheses): declared, not used

namespace msg {

#define SFC_BASE_MESSAGES(M)                                                                                           \
    M(warning, "warning: {}")                                                                                          \
    M(failed_with, "{}: {}")                                                                                           \
    M(needs_root, "{}: {}; this needs root, or {}")

SFC_BASE_MESSAGES(SFC_MESSAGE)

} // namespace msg
} // namespace sfc
