// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "sandbox.h"

#include <array>
#include <cerrno>
#include <memory>
#include <sched.h>

#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include "error.h"

namespace sfc {
namespace {

struct CloseSocket {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};
using Socket = std::unique_ptr<mnl_socket, CloseSocket>;

Socket open_socket() {
    Socket socket(mnl_socket_open(NETLINK_ROUTE));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
        throw system_error("cannot open a netlink socket", errno);
    }
    return socket;
}

/// RTM_NEWLINK of kind veth: the peer's own ifinfomsg and attributes stand inside VETH_INFO_PEER.
nlmsghdr* veth_request(char* buffer, const std::string& name, const std::string& peer) {
    nlmsghdr* header = mnl_nlmsg_put_header(buffer);
    header->nlmsg_type = RTM_NEWLINK;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;
    mnl_nlmsg_put_extra_header(header, sizeof(ifinfomsg));
    mnl_attr_put_strz(header, IFLA_IFNAME, name.c_str());
    nlattr* info = mnl_attr_nest_start(header, IFLA_LINKINFO);
    mnl_attr_put_strz(header, IFLA_INFO_KIND, "veth");
    nlattr* data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
    nlattr* far_end = mnl_attr_nest_start(header, VETH_INFO_PEER);
    mnl_nlmsg_put_extra_header(header, sizeof(ifinfomsg));
    mnl_attr_put_strz(header, IFLA_IFNAME, peer.c_str());
    mnl_attr_nest_end(header, far_end);
    mnl_attr_nest_end(header, data);
    mnl_attr_nest_end(header, info);
    return header;
}

void make_veth(mnl_socket* socket, const std::string& name, const std::string& peer) {
    std::array<char, 4096> buffer{}; // MNL_SOCKET_BUFFER_SIZE is not a constant
    const nlmsghdr* request = veth_request(buffer.data(), name, peer);
    if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) {
        throw system_error(fmt::format("cannot ask for interface '{}'", name), errno);
    }
    const ssize_t size = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
    if (size < 0 || mnl_cb_run(buffer.data(), size, 0, mnl_socket_get_portid(socket), nullptr, nullptr) < 0) {
        throw system_error(fmt::format("cannot make interface '{}' in a network namespace of its own", name), errno);
    }
}

} // namespace

void enter_sandbox(const std::vector<std::string>& interfaces) {
    if (unshare(CLONE_NEWNET) != 0) {
        throw system_error("cannot make a network namespace", errno);
    }
    const Socket socket = open_socket();
    // veth comes in pairs, and nothing ever flows here: two names make one pair. The odd one out gets a name that is no
    // label.
    std::vector<std::string> missing;
    for (const std::string& name : interfaces) {
        if (if_nametoindex(name.c_str()) == 0) { // "lo" is there already
            missing.push_back(name);
        }
    }
    if (missing.size() % 2 != 0) {
        missing.emplace_back("\x7f"); // a byte that no configuration can be expected to use
    }
    for (std::size_t i = 0; i < missing.size(); i += 2) {
        make_veth(socket.get(), missing[i], missing[i + 1]);
    }
}

} // namespace sfc
