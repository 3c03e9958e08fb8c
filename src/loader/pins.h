// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/error.h"
#include "base/fd.h"
#include "loader/objects.h"

namespace sfc {

/// The directory on the BPF file system under which everything is pinned, so that it outlives the process. Names in
/// there have no dots: the kernel keeps those for itself.
class PinDirectory {
public:
    static constexpr const char* kDefault = "/sys/fs/bpf/sfcproxy";
    static constexpr const char* kState = "state"; ///< the pin of State's map

    /// Makes it, mode 0700. Throws Error{Kernel} where it exists (something is attached already) or is not on a BPF
    /// file system; on the usual directory one is mounted if there is none. `note` gets what was done on the way.
    [[nodiscard]] static PinDirectory create(const std::string& path, std::string& note);
    /// The error for a directory that is there already.
    [[nodiscard]] static Error taken(const std::string& path);
    /// Nothing where there is no such directory.
    [[nodiscard]] static std::optional<PinDirectory> open(const std::string& path);

    /// Keeps other sfcproxy processes from changing it, until this object goes. Throws Error{Kernel} naming the process
    /// that has it.
    void lock();
    /// The process that holds the lock, 0 for none.
    [[nodiscard]] pid_t holder() const { return holder_of(fd_); }
    /// Waits until no other process changes interfaces for what is pinned on this BPF file system, and keeps them from
    /// it as long as the descriptor is open. Throws Error{Kernel} naming the process that does not come to its end.
    [[nodiscard]] Fd take_turn() const;
    /// The other directories on this BPF file system in which something of sfcproxy is pinned.
    [[nodiscard]] std::vector<PinDirectory> others() const;

    void pin(int fd, const std::string& name) const;
    /// The same in place of what has that name, at once: a process that is killed leaves one of them.
    void replace(int fd, const std::string& name) const;
    /// A new descriptor of what is pinned there, none where nothing is.
    [[nodiscard]] Fd get(const std::string& name) const;
    [[nodiscard]] Fd get(ProgramId id) const { return get(std::string(name_of(id))); }
    void unpin(const std::string& name) const;
    [[nodiscard]] bool has(const std::string& name) const;
    [[nodiscard]] std::vector<std::string> names() const;
    /// Unpins all that sfcproxy pins, the state first, and removes the directory. Nothing may be attached any more.
    /// Throws Error{Kernel} where somebody else has pinned something there, which stays.
    void remove() const;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    PinDirectory(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

    static pid_t holder_of(const Fd& directory);

    std::string path_;
    Fd fd_;
};

} // namespace sfc
