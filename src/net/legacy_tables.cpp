// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/legacy_tables.h"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/netfilter.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "base/fd.h"

namespace sfc {
namespace {

struct Four {
    using Info = ipt_getinfo;
    using Entry = ipt_entry;
    static constexpr int kFamily = AF_INET, kLevel = IPPROTO_IP, kGetInfo = IPT_SO_GET_INFO,
                         kGetEntries = IPT_SO_GET_ENTRIES;
    static constexpr const char* kTables = "/proc/thread-self/net/ip_tables_names";
};
struct Six {
    using Info = ip6t_getinfo;
    using Entry = ip6t_entry;
    static constexpr int kFamily = AF_INET6, kLevel = IPPROTO_IPV6, kGetInfo = IP6T_SO_GET_INFO,
                         kGetEntries = IP6T_SO_GET_ENTRIES;
    static constexpr const char* kTables = "/proc/thread-self/net/ip6_tables_names";
};
static_assert(offsetof(ipt_get_entries, entrytable) == offsetof(ip6t_get_entries, entrytable));

constexpr std::string_view kTable = "filter";

bool in_use(const char* tables) {
    std::ifstream in(tables);
    std::string name;
    while (in >> name) {
        if (name == kTable) {
            return true;
        }
    }
    return false;
}

/// The policy stands behind the chain's rules, as one more rule with a verdict and nothing else.
template <class Version> std::optional<LegacyPolicy> policy() {
    if (!in_use(Version::kTables)) {
        return std::nullopt;
    }
    const Fd socket(::socket(Version::kFamily, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    typename Version::Info info{};
    kTable.copy(info.name, sizeof(info.name) - 1);
    socklen_t size = sizeof(info);
    if (!socket || getsockopt(socket.get(), Version::kLevel, Version::kGetInfo, &info, &size) != 0) {
        return std::nullopt;
    }
    constexpr std::size_t kRules = offsetof(ipt_get_entries, entrytable);
    std::vector<char> table(kRules + info.size);
    ipt_get_entries wanted{};
    kTable.copy(wanted.name, sizeof(wanted.name) - 1);
    wanted.size = info.size;
    std::memcpy(table.data(), &wanted, kRules);
    size = table.size();
    const std::size_t at = kRules + info.underflow[NF_INET_FORWARD] + sizeof(typename Version::Entry);
    xt_standard_target target{};
    // The table may have changed in between: then the kernel refuses, and the next look finds it whole.
    if (getsockopt(socket.get(), Version::kLevel, Version::kGetEntries, table.data(), &size) != 0 ||
        at + sizeof(target) > table.size()) {
        return std::nullopt;
    }
    std::memcpy(&target, table.data() + at, sizeof(target));
    return LegacyPolicy{.drops = target.verdict == -NF_DROP - 1,
                        .has_rules = info.hook_entry[NF_INET_FORWARD] != info.underflow[NF_INET_FORWARD]};
}

} // namespace

std::optional<LegacyPolicy> legacy_forward_policy(bool six) {
    return six ? policy<Six>() : policy<Four>();
}

} // namespace sfc
