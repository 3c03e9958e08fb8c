// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "base/error.h"
#include "net/link.h"
#include "net/netlink.h"
#include "replay/sandbox.h"

namespace sfc::test {

inline void make_link(const std::string& name, const std::string& kind) {
    NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    request.family_header<ifinfomsg>().ifi_family = AF_UNSPEC;
    mnl_attr_put_strz(request.header(), IFLA_IFNAME, name.c_str());
    nlattr* info = mnl_attr_nest_start(request.header(), IFLA_LINKINFO);
    mnl_attr_put_strz(request.header(), IFLA_INFO_KIND, kind.c_str());
    mnl_attr_nest_end(request.header(), info);
    ASSERT_EQ(Netlink().ask(request), 0) << kind;
}

/// Each test in a network namespace of its own: none finds what another has left.
class Sandboxed : public testing::Test {
protected:
    Sandboxed() { enter_sandbox({"one", "two"}); } // one veth pair, not up

    static Link link(const std::string& name) {
        Netlink netlink; // of the namespace that the thread is in now
        return find_link(netlink, name).value_or(Link{});
    }
    static std::string sentence(const std::function<void()>& action) {
        try {
            action();
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    }
};

} // namespace sfc::test
