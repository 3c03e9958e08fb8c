// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Several sfcproxy processes, each with a directory of its own on one BPF file system.
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "loader/messages.h"
#include "loader/pins.h"

namespace sfc {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kStep{5};
constexpr std::chrono::seconds kPatience{20}; // an attachment of many ports takes a few

dev_t device_of(const fs::path& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? status.st_dev : 0;
}

/// The directory that the BPF file system is mounted on.
fs::path mount_of(const std::string& path) {
    std::error_code gone;
    fs::path top = fs::canonical(path, gone);
    while (top.has_relative_path() && device_of(top.parent_path()) == device_of(top)) {
        top = top.parent_path();
    }
    return top;
}

} // namespace

Fd PinDirectory::take_turn() const {
    const std::string top = mount_of(path_);
    Fd fd(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) {
        throw system_error(msg::cannot_open_directory(top), errno);
    }
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw Error(ExitCode::Kernel, msg::no_turn(holder_of(fd), top, holder_of(fd)));
        }
        std::this_thread::sleep_for(kStep);
    }
    return fd;
}

std::vector<PinDirectory> PinDirectory::others() const {
    std::vector<PinDirectory> found;
    std::error_code gone; // by another process
    const fs::path top = mount_of(path_);
    for (fs::recursive_directory_iterator entry(top, fs::directory_options::skip_permission_denied, gone), end;
         !gone && entry != end; entry.increment(gone)) {
        if (entry->path().filename() != kState) {
            continue;
        }
        auto other = open(entry->path().parent_path());
        struct stat mine {
        }, theirs{};
        if (other && fstat(fd_.get(), &mine) == 0 && fstat(other->fd_.get(), &theirs) == 0 &&
            mine.st_ino != theirs.st_ino) {
            found.push_back(std::move(*other));
        }
    }
    return found;
}

} // namespace sfc
