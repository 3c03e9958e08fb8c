// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/netns.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/net_namespace.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/error.h"
#include "net/messages.h"
#include "net/netlink.h"

namespace sfc {
namespace {

constexpr const char* kNamed = "/run/netns"; // where `ip netns add` mounts them

bool is_number(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Asked before it is opened: to open a FIFO would wait. An ordinary file is what `ip netns` mounts over, and so what
/// is left where only the mount is gone.
bool is_namespace(const std::string& path) {
    struct statfs system {};
    if (statfs(path.c_str(), &system) != 0) {
        return false;
    }
    errno = EINVAL;
    return system.f_type == NSFS_MAGIC;
}

bool in_procfs(std::filesystem::path path) {
    struct statfs system {};
    while (path.has_relative_path()) {
        path = path.parent_path();
        if (statfs(path.c_str(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC) {
            return true;
        }
    }
    return false;
}

/// As /proc/4711/ns/net does, and a symbolic link to it: the process may end, and another one gets its id.
bool leads_through_process(std::filesystem::path path) {
    constexpr int kLinksMost = 40; // the kernel follows no more
    std::error_code none;
    for (int links = 0; links < kLinksMost && !none; links++) {
        if (in_procfs(path)) {
            return true;
        }
        path = path.parent_path() / std::filesystem::read_symlink(path, none);
    }
    return false;
}

} // namespace

std::int32_t Netns::id_in(Netlink& netlink) const {
    NetlinkRequest request(RTM_GETNSID, 0);
    request.family_header<rtgenmsg>().rtgen_family = AF_UNSPEC;
    mnl_attr_put_u32(request.header(), NETNSA_FD, fd());
    std::int32_t nsid = -1;
    netlink.ask(request, [&](const nlmsghdr& answer) {
        each_attribute<rtgenmsg>(answer, [&](const nlattr& attribute) {
            if (mnl_attr_get_type(&attribute) == NETNSA_NSID) {
                nsid = static_cast<std::int32_t>(mnl_attr_get_u32(&attribute));
            }
        });
    });
    return nsid;
}

Netns::Netns(Fd fd, std::string where) : fd_(std::move(fd)), where_(std::move(where)) {
    struct stat status {};
    if (fstat(fd_.get(), &status) != 0) {
        throw system_error(msg::cannot_look_at_netns(where_), errno);
    }
    inode_ = status.st_ino;
}

std::optional<Netns> Netns::try_open(const std::string& path, const std::string& where) {
    if (!is_namespace(path)) {
        return std::nullopt;
    }
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        return std::nullopt;
    }
    if (ioctl(fd.get(), NS_GET_NSTYPE) != CLONE_NEWNET) { // of mounts, for one
        errno = EINVAL;
        return std::nullopt;
    }
    return Netns(std::move(fd), where);
}

Netns Netns::current() {
    auto here = try_open("/proc/thread-self/ns/net", msg::of_this_process());
    if (!here) {
        throw system_error(msg::cannot_open_own_netns(), errno);
    }
    return std::move(*here);
}

Netns Netns::open(const std::string& given) {
    const auto look = [](const std::string& path, const std::string& where) {
        auto found = try_open(path, where);
        if (found) {
            found->of_process_ = leads_through_process(path);
        }
        return found;
    };
    const std::string where = fmt::format("'{}'", given);
    const bool path = given.starts_with('/');
    if (auto found = look(path ? given : fmt::format("{}/{}", kNamed, given), where)) {
        return std::move(*found);
    }
    if (is_number(given)) {
        if (auto of = look(fmt::format("/proc/{}/ns/net", given), msg::of_process(given))) {
            return std::move(*of);
        }
    }
    const int error = errno;
    throw system_error(path ? msg::no_netns_at(given) : msg::no_netns(given, kNamed, given), error);
}

template <class Accept> std::optional<Netns> Netns::search(Accept accept) {
    std::error_code none;
    std::set<std::uint64_t> seen; // thousands of processes share a few namespaces
    const auto look = [&](const std::string& path, const std::string& where) -> std::optional<Netns> {
        struct stat status {};
        if (stat(path.c_str(), &status) != 0 || !seen.insert(status.st_ino).second) {
            return std::nullopt;
        }
        auto found = try_open(path, where);
        return found && accept(*found) ? std::move(found) : std::nullopt;
    };
    for (const auto& entry : std::filesystem::directory_iterator(kNamed, none)) {
        const std::string name = entry.path().filename();
        if (auto found = look(entry.path(), fmt::format("'{}'", name))) {
            return found;
        }
    }
    for (const auto& entry : std::filesystem::directory_iterator("/proc", none)) {
        const std::string pid = entry.path().filename();
        if (is_number(pid)) {
            if (auto found = look(entry.path() / "ns/net", msg::of_process(pid))) {
                return found;
            }
        }
    }
    return std::nullopt;
}

std::optional<Netns> Netns::find_by_nsid(Netlink& netlink, std::int32_t nsid) {
    if (nsid < 0) { // of a namespace that is ending; all that have no id here would seem to be it
        return std::nullopt;
    }
    return search([&](const Netns& candidate) { return candidate.id_in(netlink) == nsid; });
}

std::optional<Netns> Netns::find_by_cookie(std::uint64_t cookie) {
    return search([&](const Netns& candidate) {
        try {
            return candidate.cookie() == cookie;
        } catch (const Error&) { // one that this process may not enter
            return false;
        }
    });
}

std::uint64_t Netns::cookie() const {
    std::optional<InNetns> inside;
    if (inode_ != current().inode_) {
        inside.emplace(*this);
    }
    const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    std::uint64_t cookie = 0;
    socklen_t size = sizeof(cookie);
    if (!socket || getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0) {
        throw system_error(msg::cannot_look_at_netns(where_), errno);
    }
    return cookie;
}

void Netns::enter() const {
    if (setns(fd(), CLONE_NEWNET) != 0) {
        throw system_error(msg::cannot_enter_netns(where_), errno);
    }
}

InNetns::InNetns(const Netns& other) : home_(Netns::current()) {
    other.enter();
}

InNetns::~InNetns() {
    if (setns(home_.fd(), CLONE_NEWNET) != 0) {
        std::abort(); // going on in the wrong namespace would touch somebody else's interfaces
    }
}

} // namespace sfc
