// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/netlink.h"

#include <cerrno>

#include <sys/socket.h>

#include "base/error.h"
#include "net/messages.h"

namespace sfc {
namespace {

constexpr std::size_t kReceiveBuffer = 65536; // larger than any message of the kernel (32 KiB dumps)

int hand_on(const nlmsghdr* message, void* visit) {
    const auto& function = *static_cast<const Netlink::Visit*>(visit);
    if (function) {
        function(*message);
    }
    return MNL_CB_OK;
}

bool ends_dump(const char* answers, int size) {
    const auto* message = reinterpret_cast<const nlmsghdr*>(answers);
    while (mnl_nlmsg_ok(message, size)) {
        if (message->nlmsg_type == NLMSG_DONE) {
            return true;
        }
        message = mnl_nlmsg_next(message, &size);
    }
    return false;
}

/// libmnl's own loops are macros that only C compiles.
void each_between(const nlattr* attribute, const char* end, const VisitAttribute& visit) {
    while (mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)))) {
        visit(*attribute);
        attribute = mnl_attr_next(attribute);
    }
}

} // namespace

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags)
    : header_(mnl_nlmsg_put_header(buffer_.data())) {
    header_->nlmsg_type = type;
    header_->nlmsg_flags = NLM_F_REQUEST | flags;
}

Netlink::Netlink(int bus, std::uint32_t groups) : socket_(mnl_socket_open2(bus, SOCK_CLOEXEC)) {
    if (!socket_ || mnl_socket_bind(socket_.get(), groups, MNL_SOCKET_AUTOPID) != 0) {
        throw system_error(msg::cannot_open_netlink(), errno);
    }
}

int Netlink::ask(NetlinkRequest& request, const Visit& visit, const std::function<void()>& again) {
    constexpr int kTries = 20;
    for (int attempt = 1;; attempt++) {
        const int error = ask_once(request, visit);
        if (error != EINTR || !again || attempt == kTries) {
            return error;
        }
        again();
    }
}

int Netlink::ask_once(NetlinkRequest& request, const Visit& visit) {
    nlmsghdr* header = request.header();
    header->nlmsg_seq = ++sequence_;
    if ((header->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) {
        header->nlmsg_flags |= NLM_F_ACK; // so that there is an end to wait for
    }
    if (mnl_socket_sendto(socket_.get(), header, header->nlmsg_len) < 0) {
        return errno;
    }
    std::array<char, kReceiveBuffer> buffer; // NOLINT: the kernel fills it
    const unsigned port = mnl_socket_get_portid(socket_.get());
    Visit copy = visit;
    for (bool interrupted = false;;) {
        const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
        if (size < 0) {
            return errno;
        }
        const int more = interrupted ? 0 : mnl_cb_run(buffer.data(), size, sequence_, port, hand_on, &copy);
        interrupted = interrupted || (more == MNL_CB_ERROR && errno == EINTR);
        if (interrupted) { // the rest would be taken for the answer to the next request
            if (ends_dump(buffer.data(), static_cast<int>(size))) {
                return EINTR;
            }
        } else if (more <= MNL_CB_STOP) {
            return more == MNL_CB_ERROR ? errno : 0;
        }
    }
}

bool Netlink::receive(const Visit& visit) {
    std::array<char, kReceiveBuffer> buffer; // NOLINT: the kernel fills it
    while (true) {
        const ssize_t size = recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size < 0) {
            return errno != ENOBUFS;
        }
        Visit copy = visit;
        mnl_cb_run(buffer.data(), size, 0, 0, hand_on, &copy);
    }
}

void each_attribute(const nlmsghdr& message, std::size_t header_size, const VisitAttribute& visit) {
    const auto* first = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(&message, header_size));
    each_between(first, static_cast<const char*>(mnl_nlmsg_get_payload_tail(&message)), visit);
}

void each_nested(const nlattr& outer, const VisitAttribute& visit) {
    const auto* first = static_cast<const nlattr*>(mnl_attr_get_payload(&outer));
    each_between(first, reinterpret_cast<const char*>(first) + mnl_attr_get_payload_len(&outer), visit);
}

} // namespace sfc
