// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "replay/output_file.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "replay/messages.h"

namespace sfc {
namespace {

namespace fs = std::filesystem;
using Name = std::array<char, PATH_MAX>;

std::array<Name, 2> unfinished; // NOLINT: a signal handler has no other way to the names; a replay has two outputs

void give_up(int signal) {
    for (const Name& name : unfinished) {
        if (name[0] != '\0') {
            unlink(name.data());
        }
    }
    raise(signal); // SA_RESETHAND: it ends this process now
}

/// Signals that end this process wait as long as it lives, so that none comes between a file and its name.
class SignalsWait {
public:
    SignalsWait() {
        sigset_t some;
        sigemptyset(&some);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
            sigaddset(&some, signal);
        }
        pthread_sigmask(SIG_BLOCK, &some, &before_);
    }
    ~SignalsWait() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsWait(const SignalsWait&) = delete;
    SignalsWait& operator=(const SignalsWait&) = delete;

private:
    sigset_t before_{};
};

/// Removes `name` where a signal ends this process.
void watch_over(const std::string& name) {
    const auto room =
        std::find_if(unfinished.begin(), unfinished.end(), [](const Name& one) { return one[0] == '\0'; });
    if (room != unfinished.end() && name.size() < room->size()) {
        std::copy(name.begin() + 1, name.end(), room->begin() + 1);
        std::atomic_signal_fence(std::memory_order_seq_cst); // the first letter last: the handler sees whole names
        room->front() = name.front();
    }
    struct sigaction action {};
    action.sa_handler = give_up;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_DFL) {
            sigaction(signal, &action, nullptr);
        }
    }
}

void let_go(const std::string& name) {
    for (Name& one : unfinished) {
        if (one[0] != '\0' && name == one.data()) {
            one[0] = '\0';
        }
    }
}

/// A link in /proc is a descriptor of a process, as /dev/stdout, and no name that a file could be given.
bool is_descriptor(const fs::path& path) {
    struct statfs status {};
    std::error_code ignored;
    const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
    return fs::is_symlink(path, ignored) && statfs(folder.c_str(), &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}

fs::path behind_links(fs::path path) {
    constexpr int kMost = 40; // as many as the kernel follows
    std::error_code ignored;
    for (int i = 0; i < kMost && fs::is_symlink(path, ignored) && !is_descriptor(path); i++) {
        path = path.parent_path() / fs::read_symlink(path, ignored);
    }
    return path;
}

/// Those of the file that is there, else as any new file gets them.
mode_t permissions(const std::string& file) {
    struct stat status {};
    if (stat(file.c_str(), &status) == 0) {
        return status.st_mode & 0777;
    }
    const mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

/// Never through a link that has been put there meanwhile, and never over a file.
Fd open_special(const std::string& file, bool descriptor) {
    Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | (descriptor ? 0 : O_NOFOLLOW)));
    struct stat status {};
    const bool regular = fd && fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode);
    if (regular && (!descriptor || ftruncate(fd.get(), 0) != 0)) {
        errno = EEXIST;
        return Fd();
    }
    return fd;
}

} // namespace

OutputFile::OutputFile(const std::string& file) : file_(behind_links(file)) {
    std::error_code ignored;
    Fd fd;
    if (is_descriptor(file_) || (fs::exists(file_, ignored) && !fs::is_regular_file(file_, ignored))) {
        fd = open_special(file_, is_descriptor(file_));
    } else {
        const SignalsWait wait;
        constexpr std::string_view kSuffix = ".part";
        std::string name = fs::path(file_).replace_filename(".sfcproxy-XXXXXX").string() + std::string(kSuffix);
        fd = Fd(mkostemps(name.data(), kSuffix.size(), O_CLOEXEC)); // O_EXCL: follows no link, takes no file
        if (fd) {
            temporary_ = name;
            watch_over(temporary_);
            fchmod(fd.get(), permissions(file_));
        }
    }
    stream_ = fd ? fdopen(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0), "wb") : nullptr;
    if (stream_ == nullptr) {
        const int error = errno;
        remove();
        throw Error(ExitCode::Failed, msg::cannot_write(file, std::strerror(error)));
    }
}

OutputFile::~OutputFile() {
    remove();
}

void OutputFile::remove() {
    if (!temporary_.empty()) {
        unlink(temporary_.c_str());
        let_go(temporary_);
    }
}

void OutputFile::finish() {
    if (!temporary_.empty() && rename(temporary_.c_str(), file_.c_str()) != 0) {
        throw Error(ExitCode::Failed, msg::cannot_rename(temporary_, file_, std::strerror(errno)));
    }
    let_go(temporary_);
    temporary_.clear();
}

} // namespace sfc
