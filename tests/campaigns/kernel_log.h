// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>
#include <vector>

namespace sfc::test {

/// Watches the kernel's log for what a BPF program must never cause.
class KernelLog {
public:
    /// Starts at the log's end. Throws Error where /dev/kmsg cannot be read: a check that cannot fail would be none.
    KernelLog();
    ~KernelLog();
    KernelLog(const KernelLog&) = delete;
    KernelLog& operator=(const KernelLog&) = delete;
    /// Lines since the start that tell of a warning, a bug or a stall.
    [[nodiscard]] std::vector<std::string> trouble();

private:
    int fd_;
};

} // namespace sfc::test
