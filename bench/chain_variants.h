// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cerrno>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "base/fd.h"
#include "net/link.h"
#include "net/netns.h"

struct wire_bpf;
struct paper_bpf;

namespace sfc::bench {

template <class T> struct CloseSkeleton {
    void operator()(T* skeleton) const { T::destroy(skeleton); }
};
template <class T> using Skeleton = std::unique_ptr<T, CloseSkeleton<T>>;

/// Throws Error where the kernel does not take it. `name` is for the message.
template <class T> Skeleton<T> load(const char* name) {
    Skeleton<T> skeleton(T::open_and_load());
    if (!skeleton) {
        throw system_error(fmt::format("cannot load the programs of {} into this kernel", name), errno);
    }
    return skeleton;
}

/// Throws Error where there is none.
[[nodiscard]] Link find_in(const Netns& netns, const std::string& device);
/// XDP on an interface of that namespace, for as long as the result lives. Throws Error.
[[nodiscard]] Fd attach_in(const Netns& netns, const std::string& device, int program);

/// Redirects frames that come in on one interface out of another one.
class Wire {
public:
    Wire(const Netns& netns, const std::string& from, const std::string& to);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

private:
    Skeleton<wire_bpf> skeleton_;
    Fd hook_;
};

/// A variant in the position of the proxy, for as long as the object lives.
class Variant {
public:
    virtual ~Variant() = default;
};

/// `name`: redirect, static, paper, forwarding, seg6, none, or a stage of chain_ceiling.h; `proxy`: where p0, f0, f1
/// and p1 are; `labels`: of the packets to come, and `config`: a file for the proxy, for those that must know. Throws
/// Error{Usage} for another name.
[[nodiscard]] std::unique_ptr<Variant> make_variant(const std::string& name, const Netns& proxy, std::uint32_t labels,
                                                    const std::string& config);

} // namespace sfc::bench
