// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Which network namespace is which: by its cookie, and by the id that another one has for it.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/netlink.h"
#include "net/netns.h"

namespace sfc {
namespace {

/// A process in a network namespace of its own.
class Other {
public:
    Other() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
        pid_ = fork();
        if (pid_ == 0) {
            (void)unshare(CLONE_NEWNET);
            (void)write(ends[1], "x", 1);
            pause();
            _exit(0);
        }
        char there = 0;
        EXPECT_EQ(read(ends[0], &there, 1), 1);
        close(ends[0]);
        close(ends[1]);
    }
    ~Other() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    Other(const Other&) = delete;
    Other& operator=(const Other&) = delete;

    [[nodiscard]] std::string id() const { return std::to_string(pid_); }
    [[nodiscard]] Netns netns() const { return Netns::open(id()); }

private:
    pid_t pid_ = 0;
};

TEST(Netns, HasACookieOfItsOwn) {
    const Other one, other;
    const std::uint64_t here = Netns::current().cookie();
    EXPECT_NE(one.netns().cookie(), here);
    EXPECT_NE(one.netns().cookie(), other.netns().cookie());
    EXPECT_EQ(one.netns().cookie(), one.netns().cookie());
    EXPECT_EQ(Netns::current().cookie(), here) << "this thread is where it was";
}

TEST(Netns, IsFoundByItsCookie) {
    const Other other;
    const std::uint64_t cookie = other.netns().cookie();
    const auto found = Netns::find_by_cookie(cookie);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->cookie(), cookie);
    EXPECT_FALSE(Netns::find_by_cookie(~0ULL));
}

TEST(Netns, NoIdIsNobodysId) {
    const Other other; // it has no id here
    Netlink netlink;
    EXPECT_EQ(other.netns().id_in(netlink), -1);
    EXPECT_FALSE(Netns::find_by_nsid(netlink, -1));
}

TEST(Netns, TellsProcessesFromNames) {
    const Other other;
    EXPECT_TRUE(other.netns().of_process());
    EXPECT_FALSE(Netns::current().of_process());
}

TEST(Netns, TellsProcessesByTheirPaths) {
    const Other other;
    const std::string path = "/proc/" + other.id() + "/ns/net", link = "/tmp/netns_test." + other.id();
    EXPECT_TRUE(Netns::open(path).of_process());
    ASSERT_EQ(symlink(path.c_str(), link.c_str()), 0);
    EXPECT_TRUE(Netns::open(link).of_process()) << "as is made for `ip netns` by hand";
    unlink(link.c_str());
}

TEST(Netns, TellsProcessesFromMounts) {
    const Other other;
    const std::string path = "/proc/" + other.id() + "/ns/net", mount_point = "/tmp/netns_test.mount." + other.id();
    close(creat(mount_point.c_str(), 0600));
    ASSERT_EQ(mount(path.c_str(), mount_point.c_str(), "", MS_BIND, ""), 0);
    EXPECT_FALSE(Netns::open(mount_point).of_process());
    EXPECT_EQ(Netns::open(mount_point).cookie(), other.netns().cookie());
    umount(mount_point.c_str());
    unlink(mount_point.c_str());
}

} // namespace
} // namespace sfc
