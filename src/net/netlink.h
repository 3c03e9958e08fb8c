// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include <libmnl/libmnl.h>

namespace sfc {

/// A message under construction, with its own buffer.
class NetlinkRequest {
public:
    NetlinkRequest(std::uint16_t type, std::uint16_t flags);
    NetlinkRequest(const NetlinkRequest&) = delete;
    NetlinkRequest& operator=(const NetlinkRequest&) = delete;
    /// The family's own header (ifinfomsg, ndmsg ...), zeroed.
    template <class T> T& family_header() { return *static_cast<T*>(mnl_nlmsg_put_extra_header(header_, sizeof(T))); }
    [[nodiscard]] nlmsghdr* header() { return header_; }

private:
    std::array<char, 4096> buffer_{};
    nlmsghdr* header_;
};

/// A netlink socket of the network namespace that the thread was in when it was made.
class Netlink {
public:
    /// `bus`: NETLINK_ROUTE, NETLINK_GENERIC. `groups`: bit mask of (group - 1) to listen to. Throws Error.
    explicit Netlink(int bus = NETLINK_ROUTE, std::uint32_t groups = 0);

    using Visit = std::function<void(const nlmsghdr&)>;
    /// Sends a request and hands every answer to `visit`. Returns 0, or the kernel's errno. EINTR: what the kernel
    /// lists has changed meanwhile. With `again` it is asked anew then, some times, and `again` forgets what was
    /// visited.
    int ask(NetlinkRequest& request, const Visit& visit = {}, const std::function<void()>& again = {});
    /// Takes the events that wait. Returns false where some were lost (the socket's buffer was full).
    bool receive(const Visit& visit);
    [[nodiscard]] int fd() const { return mnl_socket_get_fd(socket_.get()); }

private:
    struct Close {
        void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
    };
    int ask_once(NetlinkRequest& request, const Visit& visit);

    std::unique_ptr<mnl_socket, Close> socket_;
    std::uint32_t sequence_ = 0;
};

using VisitAttribute = std::function<void(const nlattr&)>;
/// Visits each attribute behind the family's own header of `header_size` bytes.
void each_attribute(const nlmsghdr& message, std::size_t header_size, const VisitAttribute& visit);
/// Visits each attribute inside another one.
void each_nested(const nlattr& outer, const VisitAttribute& visit);

template <class T> void each_attribute(const nlmsghdr& message, const VisitAttribute& visit) {
    each_attribute(message, sizeof(T), visit);
}

} // namespace sfc
