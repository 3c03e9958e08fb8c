// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/forwarding.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "net/forward_chains.h"
#include "net/link.h"
#include "net/messages.h"
#include "net/neighbours.h"
#include "net/routes.h"

namespace sfc {
namespace {

/// A sysctl of this thread's network namespace; 0 where there is none of that name.
int setting(const std::string& path) {
    std::ifstream in("/proc/sys/net/" + path);
    int value = 0;
    in >> value;
    return value;
}

/// Packets that this network namespace has dropped by its reverse path filters.
std::uint64_t dropped_by_reverse_path() {
    std::ifstream in("/proc/thread-self/net/netstat");
    std::string names, values, name;
    while (std::getline(in, names) && std::getline(in, values)) {
        std::istringstream left(names), right(values);
        for (std::string value; left >> name && right >> value;) {
            if (name == "IPReversePathFilter") {
                return std::stoull(value);
            }
        }
    }
    return 0;
}

class Inspector {
public:
    Inspector() {
        if (const int error = read_own_addresses(netlink_, own_)) {
            throw system_error(msg::cannot_ask_own_addresses(), error);
        }
    }

    void inspect(const KernelWay& way) {
        const bool six = way.six.value_or(speaks(way, true));
        const bool four = way.six ? !*way.six : speaks(way, false) || !six;
        for (const bool version : {false, true}) {
            if (version ? six : four) {
                inspect_forwarding(way, version);
                inspect_routes(way, version);
                inspect_chains(way, version);
            }
        }
        if (four) {
            inspect_reverse_path(way);
        }
    }

    void inspect(const RoutedWay& way) {
        const KernelWay as{.service = way.service, .in = {way.in}, .out = {}};
        inspect_forwarding(as, way.six);
        inspect_chains(as, way.six);
        if (way.six) {
            inspect_ipv6(way);
        } else {
            inspect_source(way);
        }
    }

    [[nodiscard]] ForwardingFaults faults() const { return faults_; }

private:
    Netlink netlink_;
    std::vector<OwnAddress> own_;
    std::map<std::uint32_t, std::string> names_;
    std::optional<std::vector<ForwardChain>> chains_;
    std::map<std::pair<std::uint32_t, bool>, bool> routes_;
    ForwardingFaults faults_;

    static void add(std::vector<std::string>& to, const std::string& sentence) {
        if (std::find(to.begin(), to.end(), sentence) == to.end()) {
            to.push_back(sentence);
        }
    }

    std::string name(std::uint32_t index) {
        std::string& known = names_[index];
        if (known.empty()) {
            const auto link = find_link(netlink_, index);
            known = link ? link->name : msg::interface_number(index);
        }
        return known;
    }

    /// The interface and those above it, which have the addresses and routes of a bond's or a bridge's port.
    std::vector<std::uint32_t> with_masters(std::uint32_t index) {
        std::vector<std::uint32_t> all;
        while (index != 0 && std::find(all.begin(), all.end(), index) == all.end()) {
            all.push_back(index);
            const auto link = find_link(netlink_, index);
            index = link ? link->master : 0;
        }
        return all;
    }

    bool has_address(std::uint32_t index, bool six) {
        const auto at = with_masters(index);
        return std::any_of(own_.begin(), own_.end(), [&](const OwnAddress& own) {
            return std::find(at.begin(), at.end(), own.ifindex) != at.end() && (own.ip.size() != 4) == six &&
                   (!six || (own.permanent && !link_local(own.ip)));
        });
    }

    bool speaks(const KernelWay& way, bool six) {
        const auto has = [&](std::uint32_t index) { return has_address(index, six); };
        return std::any_of(way.in.begin(), way.in.end(), has) && std::any_of(way.out.begin(), way.out.end(), has);
    }

    void inspect_forwarding(const KernelWay& way, bool six) {
        const char* version = six ? "IPv6" : "IPv4";
        const char* folder = six ? "ipv6" : "ipv4";
        for (const std::uint32_t index : way.in) {
            // The kernel asks the interface that a packet came in by. To switch `all` on switches each on, but does
            // nothing where `all` is on already.
            if (setting(fmt::format("{}/conf/{}/forwarding", folder, name(index))) != 0) {
                continue;
            }
            if (setting(fmt::format("{}/conf/all/forwarding", folder)) == 0) {
                add(faults_.stops,
                    msg::forwarding_off(version, six ? "net.ipv6.conf.all.forwarding=1" : "net.ipv4.ip_forward=1"));
            } else {
                add(faults_.stops, msg::forwarding_off_at(name(index), version, folder, name(index)));
            }
        }
    }

    bool leads_out(std::uint32_t index, bool six) {
        const auto [at, fresh] = routes_.try_emplace({index, six});
        if (fresh) {
            for (const std::uint32_t one : with_masters(index)) {
                at->second = at->second || any_route_by(netlink_, one, six);
            }
        }
        return at->second;
    }

    void inspect_routes(const KernelWay& way, bool six) {
        std::vector<std::string> names;
        for (const std::uint32_t index : way.out) {
            if (leads_out(index, six)) {
                return;
            }
            names.push_back(name(index));
        }
        if (!names.empty()) {
            add(faults_.stops, msg::no_route_out(six ? "IPv6" : "IPv4", fmt::join(names, "' or '"), way.service,
                                                 six ? "-6 " : "", names.front()));
        }
    }

    void inspect_chains(const KernelWay& way, bool six) {
        if (!chains_) {
            chains_ = dropping_forward_chains();
        }
        for (const ForwardChain& chain : *chains_) {
            if (!(six ? chain.six : chain.four)) {
                continue;
            }
            for (const std::uint32_t index : way.in) {
                const std::string command = chain.before + name(index) + chain.behind;
                if (chain.may_accept) {
                    add(faults_.suspects, msg::chain_may_drop(chain.name, command));
                } else {
                    add(faults_.stops, msg::chain_drops(chain.name, command));
                }
            }
        }
    }

    void inspect_ipv6(const RoutedWay& way) {
        if (setting(fmt::format("ipv6/conf/{}/disable_ipv6", name(way.in))) != 0) {
            add(faults_.stops, msg::ipv6_off_at(name(way.in), name(way.in)));
        }
    }

    /// The kernel takes no packet from a link that has an address of its own as the source, unless it is told to. A
    /// filter of reverse paths finds none to it.
    void inspect_source(const RoutedWay& way) {
        const std::string at = name(way.in);
        const bool own =
            std::any_of(own_.begin(), own_.end(), [&](const OwnAddress& one) { return one.ip == way.source; });
        const auto either = [&](const char* key) {
            return std::max(setting(fmt::format("ipv4/conf/all/{}", key)),
                            setting(fmt::format("ipv4/conf/{}/{}", at, key)));
        };
        if (own && either("accept_local") == 0) {
            add(faults_.stops, msg::takes_no_own_source(at, format_ip(way.source), at));
        }
        if (own && either("rp_filter") != 0) {
            add(faults_.stops, msg::reverse_path_drops_own(at, format_ip(way.source), at));
        }
    }

    void inspect_reverse_path(const KernelWay& way) {
        constexpr int kStrict = 1;
        const std::uint64_t dropped = dropped_by_reverse_path();
        for (const std::uint32_t index : way.in) {
            const int filter = std::max(setting("ipv4/conf/all/rp_filter"),
                                        setting(fmt::format("ipv4/conf/{}/rp_filter", name(index))));
            if (filter == kStrict && !leads_out(index, false)) {
                add(faults_.stops, msg::reverse_path_drops_all(name(index), name(index)));
            } else if (filter == kStrict && dropped != 0) {
                add(faults_.suspects, msg::reverse_path_drops(name(index), dropped, name(index)));
            }
        }
    }
};

} // namespace

namespace {

template <class Way> ForwardingFaults faults_of(const std::vector<Way>& ways) {
    Inspector inspector;
    for (const Way& way : ways) {
        inspector.inspect(way);
    }
    return inspector.faults();
}

} // namespace

ForwardingFaults forwarding_faults(const std::vector<KernelWay>& ways) {
    return faults_of(ways);
}

ForwardingFaults forwarding_faults(const std::vector<RoutedWay>& ways) {
    return faults_of(ways);
}

} // namespace sfc
