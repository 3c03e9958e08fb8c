// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/hairpin.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <unistd.h>

#include "base/error.h"
#include "net/messages.h"
#include "net/netlink.h"

namespace sfc {
namespace {

constexpr std::string_view kPrefix = "sfc";

std::string end_name(std::uint32_t for_index, char end) {
    return fmt::format("{}{}{}", kPrefix, for_index, end); // 14 characters at most, the kernel takes 15
}

void remove(Netlink& netlink, const Link& link) {
    NetlinkRequest request(RTM_DELLINK, 0);
    request.family_header<ifinfomsg>().ifi_index = static_cast<int>(link.index);
    const int error = netlink.ask(request);
    if (error != 0 && error != ENODEV) {
        throw system_error(msg::cannot_remove_interface(link.name), error);
    }
}

/// An IPv6 interface reports its multicast groups and looks for routers as soon as it is up. Netlink can only keep it
/// from making addresses; to have no IPv6 at all takes this file. Files under /proc/sys/net belong to the network
/// namespace of the thread that opens them, wherever /proc was mounted.
void switch_ipv6_off(const std::string& name) {
    const std::string path = fmt::format("/proc/sys/net/ipv6/conf/{}/disable_ipv6", name);
    const Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) { // a kernel without IPv6, or the MTU is too small for it
        return;
    }
    if (!file || write(file.get(), "1", 1) != 1) {
        throw system_error(msg::cannot_switch_ipv6_off(name, path), errno);
    }
}

void finish_frames(const std::string& name) {
    const Ethtool ethtool;
    for (const Offload offload : kHairpinOffloads) {
        ethtool.set(name, ethtool.wanted(name, offload), false);
        if (ethtool.active(name, offload)) {
            throw Error(ExitCode::Kernel, msg::offload_stays_on(offload_name(offload), name));
        }
    }
}

void bring_up(Netlink& netlink, const std::string& name) {
    NetlinkRequest request(RTM_SETLINK, 0);
    auto& info = request.family_header<ifinfomsg>();
    info.ifi_flags = info.ifi_change = IFF_UP;
    mnl_attr_put_strz(request.header(), IFLA_IFNAME, name.c_str());
    if (const int error = netlink.ask(request)) {
        throw system_error(msg::cannot_bring_up(name), error);
    }
}

/// The end that was up first gets its carrier from the other one, and the kernel acts on that a little later: until
/// then it drops what is sent there.
Link usable_link(Netlink& netlink, const std::string& name) {
    constexpr std::chrono::milliseconds kStep{1};
    for (int step = 0; step < 2000; step++) {
        const auto link = find_link(netlink, name);
        if (link && link->usable) {
            return *link;
        }
        std::this_thread::sleep_for(kStep);
    }
    throw Error(ExitCode::Kernel, msg::does_not_come_up(name));
}

} // namespace

bool is_hairpin(const Link& link) {
    const std::string_view name = link.name;
    if (link.kind != "veth" || !name.starts_with(kPrefix) || name.size() < kPrefix.size() + 2) {
        return false;
    }
    const std::string_view number = name.substr(kPrefix.size(), name.size() - kPrefix.size() - 1);
    return (name.ends_with('a') || name.ends_with('b')) &&
           std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Hairpin make_hairpin(std::uint32_t for_index, std::uint32_t mtu) {
    Netlink netlink;
    const std::string in = end_name(for_index, 'a'), out = end_name(for_index, 'b');
    for (const std::string& name : {in, out}) {
        const auto link = find_link(netlink, name);
        if (link && !is_hairpin(*link)) {
            throw Error(ExitCode::Kernel, msg::name_in_the_way(name, link->kind.empty() ? "hardware" : link->kind));
        }
    }
    remove_hairpin(for_index);
    if (const int error = make_veth(netlink, in, out, {.mtu = mtu, .quiet = true})) {
        throw system_error(msg::cannot_make_veth_pair(in, out, mtu), error);
    }
    try {
        for (const std::string& name : {in, out}) {
            switch_ipv6_off(name);
        }
        finish_frames(in);
        bring_up(netlink, in);
        bring_up(netlink, out);
        return {usable_link(netlink, in), usable_link(netlink, out)};
    } catch (const Error&) {
        remove_hairpin(for_index);
        throw;
    }
}

void remove_hairpin(std::uint32_t for_index) {
    Netlink netlink;
    for (const char end : {'a', 'b'}) { // one goes with the other, unless somebody has parted or renamed them
        const auto link = find_link(netlink, end_name(for_index, end));
        if (link && is_hairpin(*link)) {
            remove(netlink, *link);
        }
    }
}

} // namespace sfc
