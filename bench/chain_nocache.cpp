// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain_nocache.h"

#include <algorithm>
#include <vector>

#include "attach/icmp_source.h"
#include "nocache.h"

namespace sfc::bench {
namespace {

/// With the constants that attach would load the proxy with.
Plan attached_plan(const std::string& config) {
    Plan plan = make_plan(load_config(config));
    add_icmp_sources(plan);
    return plan;
}

class NoCacheProxy : public Variant {
public:
    NoCacheProxy(const Netns& proxy, const Plan& plan) : programs_(plan, {}), nocache_(plan, programs_) {
        for (std::size_t id = 1; id < plan.ports.size(); id++) {
            open_port(proxy, plan, id);
        }
    }

private:
    Programs programs_;
    NoCache nocache_;
    std::vector<Fd> hooks_;

    void open_port(const Netns& proxy, const Plan& plan, std::uint16_t id) {
        const Plan::Port& port = plan.ports[id];
        const Link link = find_in(proxy, port.interface);
        sfc_port entry = port.entry;
        std::copy(link.mac.begin(), link.mac.end(), entry.mac);
        entry.mtu = link.mtu;
        programs_.maps().set_port(id, entry);
        programs_.maps().set_interface(id, link.index);
        if (entry.role != SFC_ROLE_EGRESS) {
            hooks_.push_back(attach_in(proxy, port.interface,
                                       entry.role == SFC_ROLE_DOMAIN ? nocache_.strip() : nocache_.restore()));
        }
    }
};

} // namespace

std::unique_ptr<Variant> make_nocache(const Netns& proxy, const std::string& config) {
    const InNetns inside(proxy);
    return std::make_unique<NoCacheProxy>(proxy, attached_plan(config));
}

} // namespace sfc::bench
