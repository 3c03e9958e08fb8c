// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain_ceiling.h"

#include <algorithm>
#include <array>
#include <utility>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ceiling.skel.h"
#include "net/hairpin.h"
#include "net/hook.h"
#include "net/tc_hook.h"

namespace sfc::bench {
namespace {

constexpr std::array<std::pair<const char*, enum ceiling_stage>, 5> kStages{{{"pop", CEILING_POP},
                                                                             {"ticket", CEILING_TICKET},
                                                                             {"tc", CEILING_TC},
                                                                             {"hairpin", CEILING_HAIRPIN},
                                                                             {"ceiling", CEILING_IN_TC}}};

/// The header is that of packets with so many labels, and `port` is where they leave.
Skeleton<ceiling_bpf> load_ceiling(enum ceiling_stage stage, std::uint32_t labels, const Link& port,
                                   std::uint32_t hairpin) {
    Skeleton<ceiling_bpf> skeleton(ceiling_bpf::open());
    if (skeleton) {
        auto& settings = skeleton->rodata->ceiling_settings;
        settings.stage = stage;
        settings.hairpin = hairpin;
        settings.labels = labels - 1;
        for (std::uint32_t i = 1; i < labels; i++) {
            settings.entry[i - 1] = htonl(chain_entry(0, 0, i, labels));
        }
        std::copy(port.mac.begin(), port.mac.end(), settings.source);
    }
    if (!skeleton || ceiling_bpf::load(skeleton.get()) != 0) {
        throw system_error("cannot load the programs of ceiling.bpf.c into this kernel", errno);
    }
    return skeleton;
}

void set_way_out(const ceiling_bpf& skeleton, const Link& port) {
    const std::uint32_t zero = 0;
    if (bpf_map_update_elem(bpf_map__fd(skeleton.maps.way_out), &zero, &port.index, BPF_ANY) != 0) {
        throw system_error("cannot fill map way_out of ceiling.bpf.c", errno);
    }
}

/// The hairpin is made as the proxy makes its own.
class Ceiling : public Variant {
public:
    Ceiling(const Netns& proxy, enum ceiling_stage stage, std::uint32_t labels)
        : proxy_(proxy), port_(find_in(proxy, "p1")) {
        const InNetns inside(proxy);
        const Hairpin hairpin = make_hairpin(port_.index, port_.mtu);
        try {
            skeleton_ = load_ceiling(stage, labels, port_, hairpin.in.index);
            set_way_out(*skeleton_, port_);
            strip_ = attach_in(proxy, "p0", bpf_program__fd(skeleton_->progs.ceiling_strip));
            return_ = attach_in(proxy, hairpin.out.name, bpf_program__fd(skeleton_->progs.ceiling_hairpin));
            if (stage >= CEILING_TC) {
                tc_ = attach_tc(bpf_program__fd(skeleton_->progs.ceiling_tc), port_, TcSide::Egress);
            }
        } catch (const Error&) {
            remove_hairpin(port_.index);
            throw;
        }
    }
    ~Ceiling() override {
        const InNetns inside(proxy_);
        try {
            if (tc_.link || tc_.clsact) {
                detach_tc(port_, tc_);
            }
            remove_hairpin(port_.index);
        } catch (const Error&) { // the namespace goes with all that is in it
        }
    }

private:
    const Netns& proxy_;
    Link port_;
    Skeleton<ceiling_bpf> skeleton_;
    Fd strip_, return_;
    TcHook tc_{};
};

} // namespace

std::optional<enum ceiling_stage> ceiling_stage(const std::string& name) {
    const auto* const found =
        std::find_if(kStages.begin(), kStages.end(), [&](const auto& at) { return name == at.first; });
    return found == kStages.end() ? std::nullopt : std::optional(found->second);
}

std::unique_ptr<Variant> make_ceiling(const Netns& proxy, enum ceiling_stage stage, std::uint32_t labels) {
    return std::make_unique<Ceiling>(proxy, stage, labels);
}

} // namespace sfc::bench
