// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "replay/capture.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>
#include <pcap/pcap.h>

#include "base/error.h"
#include "replay/messages.h"

namespace sfc {
namespace {

constexpr std::uint32_t kMagicMicroseconds = 0xa1b2c3d4;
constexpr std::uint32_t kMagicMicrosecondsSwapped = 0xd4c3b2a1;
constexpr int kSnapLength = 262144; // what tcpdump writes for "all"

Error capture_error(const std::string& file, const std::string& what) {
    return {ExitCode::Capture, msg::of_capture(file, what)};
}

/// Everything but a microsecond pcap may hold finer time stamps; pcapng says so per interface, which libpcap hides.
bool may_be_nanoseconds(FILE* in) {
    std::uint32_t magic = 0;
    const bool whole = std::fread(&magic, sizeof(magic), 1, in) == 1;
    std::rewind(in);
    return !whole || (magic != kMagicMicroseconds && magic != kMagicMicrosecondsSwapped);
}

std::string link_name(int type) {
    const char* name = pcap_datalink_val_to_name(type);
    return fmt::format("{} ({})", name != nullptr ? name : "unknown", type);
}

} // namespace

void CaptureReader::Close::operator()(pcap* handle) const {
    pcap_close(handle);
}

CaptureReader::CaptureReader(const std::string& file) : file_(file) {
    FILE* in = std::fopen(file.c_str(), "rb");
    if (in == nullptr) {
        throw capture_error(file, std::strerror(errno));
    }
    nanoseconds_ = may_be_nanoseconds(in);
    std::array<char, PCAP_ERRBUF_SIZE> message{};
    pcap_.reset(pcap_fopen_offline_with_tstamp_precision(in, PCAP_TSTAMP_PRECISION_NANO, message.data()));
    if (!pcap_) {
        std::fclose(in); // libpcap takes the file over only on success
        throw capture_error(file, message.data());
    }
    if (const int type = pcap_datalink(pcap_.get()); type != DLT_EN10MB) {
        throw capture_error(file, msg::link_type_not_read(link_name(type), DLT_EN10MB));
    }
}

std::optional<Frame> CaptureReader::next() {
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    const int status = pcap_next_ex(pcap_.get(), &header, &bytes);
    if (status == PCAP_ERROR_BREAK) {
        return std::nullopt;
    }
    if (status != 1) {
        throw capture_error(file_, pcap_geterr(pcap_.get()));
    }
    // With nanosecond precision tv_usec holds nanoseconds. libpcap sign-extends the seconds of a pcap file; they are
    // cut to the 32 unsigned bits of the file format again when they are written.
    return Frame{
        {bytes, header->caplen}, header->len, header->ts.tv_sec, static_cast<std::uint32_t>(header->ts.tv_usec)};
}

void CaptureWriter::Close::operator()(pcap* handle) const {
    pcap_close(handle);
}

void CaptureWriter::Close::operator()(pcap_dumper* handle) const {
    pcap_dump_close(handle);
}

CaptureWriter::CaptureWriter(const std::string& file, bool nanoseconds)
    : file_(file), nanoseconds_(nanoseconds), output_(file),
      pcap_(pcap_open_dead_with_tstamp_precision(
          DLT_EN10MB, kSnapLength, nanoseconds ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO)),
      dumper_(pcap_dump_fopen(pcap_.get(), output_.stream())) {
    if (!dumper_) {
        std::fclose(output_.stream()); // libpcap takes it over only on success
        throw Error(ExitCode::Failed, msg::cannot_write(file, pcap_geterr(pcap_.get())));
    }
}

void CaptureWriter::write(const Frame& frame) {
    pcap_pkthdr header{};
    header.ts.tv_sec = frame.seconds;
    header.ts.tv_usec = static_cast<suseconds_t>(frame.nanoseconds / (nanoseconds_ ? 1 : 1000));
    header.caplen = header.len = frame.bytes.size();
    pcap_dump(reinterpret_cast<u_char*>(dumper_.get()), &header, frame.bytes.data());
    check(); // pcap_dump tells nothing
}

void CaptureWriter::check() {
    if (std::ferror(pcap_dump_file(dumper_.get())) != 0) {
        throw Error(ExitCode::Failed, msg::cannot_write(file_, std::strerror(errno)));
    }
}

void CaptureWriter::flush() {
    if (pcap_dump_flush(dumper_.get()) != 0) {
        throw Error(ExitCode::Failed, msg::cannot_write(file_, std::strerror(errno)));
    }
    check();
}

void CaptureWriter::finish() {
    dumper_.reset();
    output_.finish();
}

} // namespace sfc
