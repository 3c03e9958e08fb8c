// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <stdexcept>
#include <string>

namespace sfc {

/// What the shell sees. The numbers are a promise to scripts.
enum class ExitCode {
    Ok = 0,
    Failed = 1, ///< at run time; of `status`: attached, and not ready
    Usage = 2,  ///< command line or configuration
    Capture = 3,
    Kernel = 4, ///< kernel, interface or attachment
    Permission = 5,
    Nothing = 7, ///< of `status`: nothing is attached
};

/// A failure that ends the command: one sentence for the user, naming the thing, the value and what is allowed.
class Error : public std::runtime_error {
public:
    Error(ExitCode code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
    [[nodiscard]] ExitCode code() const { return code_; }

private:
    ExitCode code_;
};

/// Capabilities in place of root: to attach, and to send and hear frames.
constexpr const char* kAllCapabilities = "CAP_BPF, CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN";
constexpr const char* kRawSockets = "CAP_NET_RAW";

/// A system call or library call that failed with `error` (positive errno): EPERM and EACCES become
/// ExitCode::Permission, naming the capabilities that it `needs`.
[[nodiscard]] Error system_error(const std::string& what, int error, ExitCode otherwise = ExitCode::Kernel,
                                 const char* needs = kAllCapabilities);

} // namespace sfc
