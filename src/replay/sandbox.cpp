// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "replay/sandbox.h"

#include <cerrno>
#include <sched.h>

#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include "base/error.h"
#include "net/netlink.h"
#include "replay/messages.h"

namespace sfc {
namespace {

/// RTM_NEWLINK of kind veth: the peer's own ifinfomsg and attributes stand inside VETH_INFO_PEER.
void make_veth(Netlink& netlink, const std::string& name, const std::string& peer) {
    NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    request.family_header<ifinfomsg>().ifi_family = AF_UNSPEC;
    nlmsghdr* header = request.header();
    mnl_attr_put_strz(header, IFLA_IFNAME, name.c_str());
    nlattr* info = mnl_attr_nest_start(header, IFLA_LINKINFO);
    mnl_attr_put_strz(header, IFLA_INFO_KIND, "veth");
    nlattr* data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
    nlattr* far_end = mnl_attr_nest_start(header, VETH_INFO_PEER);
    request.family_header<ifinfomsg>().ifi_family = AF_UNSPEC;
    mnl_attr_put_strz(header, IFLA_IFNAME, peer.c_str());
    mnl_attr_nest_end(header, far_end);
    mnl_attr_nest_end(header, data);
    mnl_attr_nest_end(header, info);
    if (const int error = netlink.ask(request)) {
        throw system_error(msg::cannot_make_interface(name), error);
    }
}

} // namespace

std::string sandbox_interface(std::uint16_t port) {
    return fmt::format("port{}", port);
}

void enter_sandbox(const std::vector<std::string>& interfaces) {
    if (unshare(CLONE_NEWNET) != 0) {
        throw system_error(msg::cannot_make_netns(), errno);
    }
    Netlink netlink;
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
        make_veth(netlink, missing[i], missing[i + 1]);
    }
}

} // namespace sfc
