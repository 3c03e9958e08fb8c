// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"

namespace sfc {

class Netlink;

/// A network namespace, held open.
class Netns {
public:
    /// The one that this thread is in. Throws Error.
    [[nodiscard]] static Netns current();
    /// By its path, which begins with '/', by the name that `ip netns` gave it, else by the id of a process in it.
    /// Throws Error{Kernel} naming them.
    [[nodiscard]] static Netns open(const std::string& given);
    /// The one whose id is `nsid` in the namespace of `netlink`: looked for under the names of `ip netns` and in all
    /// processes. Nothing where it is in neither, or where `nsid` is negative: "none".
    [[nodiscard]] static std::optional<Netns> find_by_nsid(Netlink& netlink, std::int32_t nsid);
    /// The one with this identity, looked for in the same directories.
    [[nodiscard]] static std::optional<Netns> find_by_cookie(std::uint64_t cookie);

    /// Moves this thread there for good. Throws Error.
    void enter() const;
    [[nodiscard]] int fd() const { return fd_.get(); }
    /// Its id in the namespace of `netlink`, -1 where it has none there.
    [[nodiscard]] std::int32_t id_in(Netlink& netlink) const;
    /// Identity: unique until the next boot. An inode's number is given to another namespace as soon as one is gone.
    /// Throws Error{Permission} where this process may not enter it to ask.
    [[nodiscard]] std::uint64_t cookie() const;
    /// Whether it was opened by the id of a process, or by a path that leads through one: /proc/4711/ns/net.
    [[nodiscard]] bool of_process() const { return of_process_; }
    /// The name or process that it was found by, for messages.
    [[nodiscard]] const std::string& where() const { return where_; }

private:
    Netns(Fd fd, std::string where);
    [[nodiscard]] static std::optional<Netns> try_open(const std::string& path, const std::string& where);
    template <class Accept> static std::optional<Netns> search(Accept accept);

    Fd fd_;
    std::uint64_t inode_ = 0;
    bool of_process_ = false;
    std::string where_;
};

/// While it lives, the thread is in the other namespace.
class InNetns {
public:
    /// Throws Error{Permission} where this process may not enter it.
    explicit InNetns(const Netns& other);
    ~InNetns();
    InNetns(const InNetns&) = delete;
    InNetns& operator=(const InNetns&) = delete;

private:
    Netns home_;
};

} // namespace sfc
