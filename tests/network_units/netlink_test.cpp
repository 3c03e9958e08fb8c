// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the kernel lists may change while it does: it says so, and the list is not to be trusted.
#include <cerrno>
#include <set>
#include <string>

#include <linux/rtnetlink.h>

#include "sandboxed.h"

namespace sfc::test {
namespace {

constexpr int kLinks = 60; // more than one answer has room for

class ListThatChanges : public Sandboxed {
protected:
    Netlink netlink;
    std::multiset<int> seen;
    int begun = 0;

    void SetUp() override {
        for (int number = 0; number < kLinks; number++) {
            make_link("many" + std::to_string(number), "bridge");
        }
    }
    /// Lists all links; while it does the first time, another one is made.
    int list(const std::function<void()>& again) {
        NetlinkRequest request(RTM_GETLINK, NLM_F_DUMP);
        request.family_header<ifinfomsg>().ifi_family = AF_UNSPEC;
        const auto visit = [&](const nlmsghdr& answer) {
            if (begun++ == 0) {
                make_link("late", "bridge");
            }
            seen.insert(static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&answer))->ifi_index);
        };
        return netlink.ask(request, visit, again);
    }
};

TEST_F(ListThatChanges, IsAskedForAnew) {
    int again = 0;
    EXPECT_EQ(list([&] {
                  again++;
                  seen.clear();
              }),
              0);
    EXPECT_EQ(again, 1);
    EXPECT_GE(seen.size(), std::size_t{kLinks} + 1);
    EXPECT_EQ(std::set<int>(seen.begin(), seen.end()).size(), seen.size()) << "one link is there twice";
    EXPECT_EQ(seen.count(static_cast<int>(link("late").index)), 1U);
}

TEST_F(ListThatChanges, LeavesNothingForTheNextRequest) {
    EXPECT_EQ(list({}), EINTR);
    EXPECT_EQ(sentence([&] { EXPECT_TRUE(find_link(netlink, "one")); }), "");
}

} // namespace
} // namespace sfc::test
