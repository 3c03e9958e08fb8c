// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "base/error.h"
#include "net/link.h"
#include "net/netlink.h"
#include "replay/sandbox.h"

namespace sfc::test {

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
