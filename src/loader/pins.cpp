// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "loader/pins.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "loader/messages.h"

namespace sfc {
namespace {

namespace fs = std::filesystem;
constexpr const char* kUsualMount = "/sys/fs/bpf";

bool on_bpf_fs(const std::string& directory) {
    struct statfs status {};
    return statfs(directory.c_str(), &status) == 0 && status.f_type == BPF_FS_MAGIC;
}

bool same_mounts_as_init() {
    struct stat mine {
    }, init{};
    return stat("/proc/self/ns/mnt", &mine) == 0 && stat("/proc/1/ns/mnt", &init) == 0 && mine.st_ino == init.st_ino;
}

/// `ip netns exec` gives its command a /sys of its own, without the BPF file system, that is gone when the command
/// ends.
void need_bpf_fs(const std::string& parent, std::string& note) {
    if (on_bpf_fs(parent)) {
        return;
    }
    if (parent == kUsualMount && same_mounts_as_init() && mount("bpf", kUsualMount, "bpf", 0, "mode=0700") == 0) {
        note = msg::mounted_bpf_fs(kUsualMount);
        return;
    }
    throw Error(ExitCode::Kernel, msg::nothing_can_be_pinned(parent));
}

constexpr const char* kFresh = "state_new"; ///< of replace()

/// Whether sfcproxy pins something of that name: a program, a map, or "PREFIX_NUMBER".
bool is_ours(std::string_view name) {
    constexpr std::array kNumbered = {"xdp",     "pass",       "restore_tc", "ticket_mark",
                                      "hairpin", "ticket_mac", "peer_mark",  "leak_guard"};
    const auto is_name = [&](std::string_view one) { return one == name; };
    const auto numbered = [&](std::string_view prefix) {
        return name.size() > prefix.size() + 1 && name.starts_with(prefix) && name[prefix.size()] == '_' &&
               name.find_first_not_of("0123456789", prefix.size() + 1) == std::string_view::npos;
    };
    return name == kFresh || std::any_of(kProgramNames.begin(), kProgramNames.end(), is_name) ||
           std::any_of(kMapNames.begin(), kMapNames.end(), is_name) ||
           std::any_of(kNumbered.begin(), kNumbered.end(), numbered);
}

Fd open_directory(const std::string& path) {
    return Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

} // namespace

Error PinDirectory::taken(const std::string& path) {
    return {ExitCode::Kernel, msg::pin_taken(path)};
}

PinDirectory PinDirectory::create(const std::string& path, std::string& note) {
    const std::string parent = fs::path(path).parent_path();
    need_bpf_fs(parent.empty() ? "." : parent, note);
    if (mkdir(path.c_str(), 0700) != 0) {
        if (errno == EEXIST) {
            throw taken(path);
        }
        throw system_error(msg::cannot_make_directory(path), errno);
    }
    Fd fd = open_directory(path);
    if (!fd) {
        throw system_error(msg::cannot_open_directory(path), errno);
    }
    return {path, std::move(fd)};
}

std::optional<PinDirectory> PinDirectory::open(const std::string& path) {
    Fd fd = open_directory(path);
    if (!fd && (errno == ENOENT || errno == ENOTDIR)) {
        return std::nullopt;
    }
    if (!fd) {
        throw system_error(msg::cannot_open_directory(path), errno);
    }
    struct statfs status {};
    // Asked by descriptor, because another process may remove the directory at any time.
    if (fstatfs(fd.get(), &status) != 0 || status.f_type != BPF_FS_MAGIC) {
        throw Error(ExitCode::Kernel, msg::not_on_bpf_fs(path));
    }
    return PinDirectory(path, std::move(fd));
}

void PinDirectory::lock() {
    if (flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
        throw Error(ExitCode::Kernel, msg::at_work(holder(), path_, holder()));
    }
    struct stat mine {
    }, there{};
    if (fstat(fd_.get(), &mine) != 0 || stat(path_.c_str(), &there) != 0 || mine.st_ino != there.st_ino) {
        throw Error(ExitCode::Kernel, msg::pins_went(path_));
    }
}

/// From /proc/locks: "1: FLOCK ADVISORY WRITE 4711 00:1c:12345 0 EOF".
pid_t PinDirectory::holder_of(const Fd& directory) {
    struct stat status {};
    if (fstat(directory.get(), &status) != 0) {
        return 0;
    }
    const std::string wanted =
        fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
    std::ifstream locks("/proc/locks");
    std::string line;
    while (std::getline(locks, line)) {
        std::istringstream words(line);
        std::string number, kind, advisory, access, position;
        pid_t pid = 0;
        if (words >> number >> kind >> advisory >> access >> pid >> position && kind == "FLOCK" && position == wanted) {
            return pid;
        }
    }
    return 0;
}

void PinDirectory::pin(int fd, const std::string& name) const {
    const std::string file = path_ + "/" + name;
    if (bpf_obj_pin(fd, file.c_str()) != 0) {
        throw system_error(msg::cannot_pin(file), errno);
    }
}

void PinDirectory::replace(int fd, const std::string& name) const {
    const std::string fresh = path_ + "/" + kFresh, file = path_ + "/" + name;
    unlink(fresh.c_str()); // of a process that was killed
    pin(fd, kFresh);
    if (rename(fresh.c_str(), file.c_str()) != 0) {
        throw system_error(msg::cannot_pin(file), errno);
    }
}

Fd PinDirectory::get(const std::string& name) const {
    return Fd(bpf_obj_get((path_ + "/" + name).c_str()));
}

void PinDirectory::unpin(const std::string& name) const {
    unlink((path_ + "/" + name).c_str());
}

std::vector<std::string> PinDirectory::names() const {
    std::vector<std::string> names;
    std::error_code gone; // by another process: then it has no names
    for (const auto& entry : fs::directory_iterator(path_, gone)) {
        names.push_back(entry.path().filename());
    }
    return names;
}

bool PinDirectory::has(const std::string& name) const {
    std::error_code none;
    return fs::exists(path_ + "/" + name, none);
}

void PinDirectory::remove() const {
    unpin(kState); // without it nothing is attached, and whoever finds the others removes them
    std::string other;
    for (const std::string& name : names()) {
        if (is_ours(name)) {
            unpin(name);
        } else {
            other = name;
        }
    }
    if (!other.empty()) {
        throw Error(ExitCode::Kernel, msg::foreign_pin(path_, other));
    }
    if (rmdir(path_.c_str()) != 0) {
        throw system_error(msg::cannot_remove_directory(path_), errno);
    }
}

} // namespace sfc
