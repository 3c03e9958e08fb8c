// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic/live_capture.h"

#include <array>

#include <pcap/pcap.h>
#include <poll.h>

#include "base/error.h"
#include "traffic/messages.h"

namespace sfc {
namespace {

constexpr int kSnapLength = 16384, kRingBytes = 64 << 20;

void hand_over(u_char* visit, const pcap_pkthdr* header, const u_char* bytes) {
    (*reinterpret_cast<const LiveCapture::Visit*>(visit))({bytes, header->caplen});
}

} // namespace

void LiveCapture::Close::operator()(pcap* handle) const {
    pcap_close(handle);
}

LiveCapture::LiveCapture(const std::string& interface) : interface_(interface) {
    std::array<char, PCAP_ERRBUF_SIZE> message{};
    pcap_.reset(pcap_create(interface.c_str(), message.data()));
    if (!pcap_) {
        throw Error(ExitCode::Kernel, msg::cannot_listen(interface, message.data()));
    }
    pcap_set_snaplen(pcap_.get(), kSnapLength);
    pcap_set_buffer_size(pcap_.get(), kRingBytes);
    pcap_set_promisc(pcap_.get(), 1);        // the next hop of a service may have another MAC than this interface
    pcap_set_immediate_mode(pcap_.get(), 1); // or frames of a slow sender wait for a block of the ring to fill
    const int status = pcap_activate(pcap_.get());
    if (status < 0) {
        if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED) {
            throw system_error(msg::cannot_open_listener(interface), EPERM, ExitCode::Kernel, kRawSockets);
        }
        throw Error(ExitCode::Kernel, msg::cannot_listen(interface, pcap_statustostr(status)));
    }
    // Frames that are sent here would be taken for arrived ones, where `send` runs on the same interface.
    if (pcap_setdirection(pcap_.get(), PCAP_D_IN) != 0 || pcap_setnonblock(pcap_.get(), 1, message.data()) != 0) {
        throw Error(ExitCode::Kernel, msg::cannot_listen(interface, pcap_geterr(pcap_.get())));
    }
}

void LiveCapture::take(std::chrono::milliseconds wait, const Visit& visit) {
    pollfd ready{pcap_get_selectable_fd(pcap_.get()), POLLIN, 0};
    (void)poll(&ready, 1, static_cast<int>(wait.count()));
    auto* user = reinterpret_cast<u_char*>(const_cast<Visit*>(&visit)); // libpcap hands it back as it is
    if (pcap_dispatch(pcap_.get(), -1, hand_over, user) < 0) {
        throw Error(ExitCode::Kernel, msg::cannot_listen(interface_, pcap_geterr(pcap_.get())));
    }
}

std::uint64_t LiveCapture::overrun() const {
    pcap_stat counters{};
    return pcap_stats(pcap_.get(), &counters) == 0 ? counters.ps_drop : 0;
}

} // namespace sfc
