// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdio>
#include <string>

namespace sfc {

/// A file that appears under its name only when it is finished: a command that fails, or is ended by a signal, leaves
/// what was there. Pipes, devices and descriptors of this process (/dev/stdout) are written as they are.
class OutputFile {
public:
    /// Throws Error{Failed} where it cannot be written.
    explicit OutputFile(const std::string& file);
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    /// To be closed by the caller, before finish().
    [[nodiscard]] FILE* stream() const { return stream_; }
    /// Gives the file its name. Throws Error{Failed}.
    void finish();

private:
    std::string file_;      ///< behind all links
    std::string temporary_; ///< beside it; empty for one that is written as it is
    FILE* stream_ = nullptr;

    void remove();
};

} // namespace sfc
