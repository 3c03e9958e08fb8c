// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel_log.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"

namespace sfc::test {

KernelLog::KernelLog() : fd_(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
    if (fd_ < 0 || lseek(fd_, 0, SEEK_END) < 0) {
        throw system_error("cannot read the kernel's log", errno);
    }
}

KernelLog::~KernelLog() {
    close(fd_);
}

std::vector<std::string> KernelLog::trouble() {
    constexpr std::array<const char*, 6> kWords = {"WARNING", "BUG", "Oops", "stall", "lockup", "general protection"};
    std::vector<std::string> lines;
    std::array<char, 8192> record{};
    ssize_t size = 0;
    while ((size = read(fd_, record.data(), record.size())) > 0) { // one record a read
        const std::string line(record.data(), static_cast<std::size_t>(size));
        for (const char* word : kWords) {
            if (line.find(word) != std::string::npos) {
                lines.push_back(line);
                break;
            }
        }
    }
    return lines;
}

} // namespace sfc::test
