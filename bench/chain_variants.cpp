// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain_variants.h"

#include <initializer_list>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>

#include "chain_ceiling.h"
#include "chain_nocache.h"
#include "net/hook.h"
#include "net/netlink.h"
#include "paper.skel.h"
#include "wire.skel.h"

namespace sfc::bench {
namespace {

/// A device map takes an index of the namespace that the thread is in.
void set_way_out(const Netns& netns, const bpf_map* map, const std::string& device) {
    const InNetns inside(netns);
    const std::uint32_t zero = 0, index = if_nametoindex(device.c_str());
    if (bpf_map_update_elem(bpf_map__fd(map), &zero, &index, BPF_ANY) != 0) {
        throw system_error(fmt::format("cannot redirect to interface '{}'", device), errno);
    }
}

/// The same ports as the proxy has, and nothing done to the frames.
class Redirect : public Variant {
public:
    explicit Redirect(const Netns& proxy) : there_(proxy, "p0", "f0"), back_(proxy, "f1", "p1") {}

private:
    Wire there_, back_;
};

/// The kernel forwards, and nobody else does anything. A veth takes what XDP redirects into it only where it polls;
/// with this program at `ports` they poll as they do with the proxy's.
class Forwarding : public Variant {
public:
    Forwarding(const Netns& proxy, std::initializer_list<const char*> ports) : wire_(load<wire_bpf>("wire.bpf.c")) {
        for (const char* port : ports) {
            pass_.push_back(attach_in(proxy, port, bpf_program__fd(wire_->progs.wire_pass)));
        }
    }

private:
    Skeleton<wire_bpf> wire_;
    std::vector<Fd> pass_;
};

/// Strip in XDP where frames arrive, restore at TC egress where they leave; the kernel forwards in between.
class Paper : public Variant {
public:
    explicit Paper(const Netns& proxy)
        : proxy_(proxy), paper_(load<paper_bpf>("paper.bpf.c")), wire_(load<wire_bpf>("wire.bpf.c")),
          strip_(attach_in(proxy, "p0", bpf_program__fd(paper_->progs.paper_strip))),
          pass_(attach_in(proxy, "f1", bpf_program__fd(wire_->progs.wire_pass))) {
        const InNetns inside(proxy_);
        bpf_tc_hook hook = egress();
        bpf_tc_opts opts{};
        opts.sz = sizeof(opts);
        opts.prog_fd = bpf_program__fd(paper_->progs.paper_restore_tc);
        if (int error = bpf_tc_hook_create(&hook); error != 0 || (error = bpf_tc_attach(&hook, &opts)) != 0) {
            throw system_error("cannot attach paper_restore_tc to interface 'p1'", -error);
        }
    }
    ~Paper() override {
        const InNetns inside(proxy_);
        bpf_tc_hook hook = egress();
        hook.attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS); // the qdisc itself
        bpf_tc_hook_destroy(&hook);
    }

private:
    static bpf_tc_hook egress() {
        bpf_tc_hook hook{};
        hook.sz = sizeof(hook);
        hook.ifindex = static_cast<int>(if_nametoindex("p1"));
        hook.attach_point = BPF_TC_EGRESS;
        return hook;
    }

    const Netns& proxy_;
    Skeleton<paper_bpf> paper_;
    Skeleton<wire_bpf> wire_;
    Fd strip_, pass_;
};

} // namespace

Link find_in(const Netns& netns, const std::string& device) {
    const InNetns inside(netns);
    Netlink netlink;
    const auto link = find_link(netlink, device);
    if (!link) {
        throw Error(ExitCode::Kernel, fmt::format("there is no interface '{}' in {}", device, netns.where()));
    }
    return *link;
}

Fd attach_in(const Netns& netns, const std::string& device, int program) {
    const Link link = find_in(netns, device);
    const InNetns inside(netns);
    return attach_xdp(program, link, false);
}

Wire::Wire(const Netns& netns, const std::string& from, const std::string& to)
    : skeleton_(load<wire_bpf>("wire.bpf.c")) {
    set_way_out(netns, skeleton_->maps.way_out, to);
    hook_ = attach_in(netns, from, bpf_program__fd(skeleton_->progs.wire_redirect));
}

Wire::~Wire() = default;

std::unique_ptr<Variant> make_variant(const std::string& name, const Netns& proxy, std::uint32_t labels,
                                      const std::string& config) {
    if (name == "redirect") {
        return std::make_unique<Redirect>(proxy);
    }
    if (name == "static") {
        return make_nocache(proxy, config);
    }
    if (name == "paper") {
        return std::make_unique<Paper>(proxy);
    }
    if (name == "forwarding") {
        return std::make_unique<Forwarding>(proxy, std::initializer_list<const char*>{"p0"});
    }
    if (name == "seg6") {
        return std::make_unique<Forwarding>(proxy, std::initializer_list<const char*>{"p0", "f1"});
    }
    if (const auto stage = ceiling_stage(name)) {
        return make_ceiling(proxy, *stage, labels);
    }
    if (name == "none") {
        return nullptr;
    }
    throw Error(ExitCode::Usage, fmt::format("'{}' is no variant", name));
}

} // namespace sfc::bench
