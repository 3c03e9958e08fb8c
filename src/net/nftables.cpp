// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/nftables.h"

#include <cerrno>
#include <optional>

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/error.h"
#include "net/messages.h"

namespace sfc::nft {

Attributes nested(const nlattr* outer) {
    Attributes found;
    if (outer != nullptr) {
        each_nested(*outer, [&](const nlattr& attribute) { found[mnl_attr_get_type(&attribute)] = &attribute; });
    }
    return found;
}

const nlattr* find(const Attributes& from, std::uint16_t type) {
    const auto found = from.find(type);
    return found == from.end() ? nullptr : found->second;
}

std::string text(const Attributes& from, std::uint16_t type) {
    const nlattr* found = find(from, type);
    return found == nullptr ? "" : mnl_attr_get_str(found);
}

std::uint32_t number(const Attributes& from, std::uint16_t type) {
    const nlattr* found = find(from, type);
    return found == nullptr ? 0 : ntohl(mnl_attr_get_u32(found));
}

void each_object(std::uint16_t message, const std::function<void(const Attributes&, unsigned char family)>& visit) {
    std::optional<Netlink> netlink;
    try {
        netlink.emplace(NETLINK_NETFILTER);
    } catch (const Error&) {
        return; // a kernel without netfilter has no rules of it
    }
    NetlinkRequest request(NFNL_SUBSYS_NFTABLES << 8 | message, NLM_F_DUMP);
    request.family_header<nfgenmsg>().version = NFNETLINK_V0;
    const int error = netlink->ask(request, [&](const nlmsghdr& answer) {
        Attributes object;
        each_attribute<nfgenmsg>(answer,
                                 [&](const nlattr& attribute) { object[mnl_attr_get_type(&attribute)] = &attribute; });
        visit(object, static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(&answer))->nfgen_family);
    });
    if (error != 0 && error != EOPNOTSUPP && error != EINVAL) { // what a kernel says that has no nftables
        throw system_error(msg::cannot_ask_nftables(), error);
    }
}

void each_expression(const Attributes& rule, const std::function<void(const std::string&, const Attributes&)>& visit) {
    const nlattr* expressions = find(rule, NFTA_RULE_EXPRESSIONS);
    if (expressions == nullptr) {
        return;
    }
    each_nested(*expressions, [&](const nlattr& element) {
        const Attributes expression = nested(&element);
        visit(text(expression, NFTA_EXPR_NAME), nested(find(expression, NFTA_EXPR_DATA)));
    });
}

} // namespace sfc::nft
