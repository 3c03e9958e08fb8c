// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "replay/output_file.h"

struct pcap;
struct pcap_dumper;

namespace sfc {

/// One frame of a capture. `bytes` is valid until the next one is read; `wire_len` is more where the capture cut the
/// frame.
struct Frame {
    std::span<const std::uint8_t> bytes;
    std::uint32_t wire_len = 0;
    std::int64_t seconds = 0; ///< since 1970
    std::uint32_t nanoseconds = 0;
};

/// Reads Ethernet pcap (microseconds, nanoseconds) and pcapng.
class CaptureReader {
public:
    /// Throws Error{Capture}: no such file, not a capture, another link type.
    explicit CaptureReader(const std::string& file);
    /// Nothing at the end. Throws Error{Capture} for a damaged file.
    [[nodiscard]] std::optional<Frame> next();
    /// Whether time stamps may be finer than a microsecond.
    [[nodiscard]] bool nanoseconds() const { return nanoseconds_; }

private:
    struct Close {
        void operator()(pcap* handle) const;
    };
    std::string file_;
    bool nanoseconds_ = false;
    std::unique_ptr<pcap, Close> pcap_;
};

/// Writes an Ethernet pcap.
class CaptureWriter {
public:
    /// Throws Error{Failed} where the file cannot be written.
    CaptureWriter(const std::string& file, bool nanoseconds);
    void write(const Frame& frame); ///< throws Error{Failed}, as do the next two
    void flush();                   ///< everything is on its way to the disk
    void finish();                  ///< after flush: gives the file its name

private:
    struct Close {
        void operator()(pcap* handle) const;
        void operator()(pcap_dumper* handle) const;
    };
    std::string file_;
    bool nanoseconds_;
    OutputFile output_;
    std::unique_ptr<pcap, Close> pcap_;
    std::unique_ptr<pcap_dumper, Close> dumper_;

    void check();
};

} // namespace sfc
