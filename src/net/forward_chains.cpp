// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/forward_chains.h"

#include <algorithm>

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "net/legacy_tables.h"
#include "net/messages.h"
#include "net/nftables.h"

namespace sfc {
namespace {

using nft::Attributes, nft::nested, nft::number, nft::text;

const char* family_name(unsigned char family) {
    return family == NFPROTO_INET ? "inet" : family == NFPROTO_IPV6 ? "ip6" : "ip";
}

/// A chain of nftables that is of interest, and the table that it is in.
struct Found {
    std::string table, name;
    unsigned char family = 0;
    bool may_accept = false;
};

bool drops_forwarded(const Attributes& chain, unsigned char family) {
    const nlattr* hook = nft::find(chain, NFTA_CHAIN_HOOK);
    const bool ip = family == NFPROTO_INET || family == NFPROTO_IPV4 || family == NFPROTO_IPV6;
    return ip && hook != nullptr && number(nested(hook), NFTA_HOOK_HOOKNUM) == NF_INET_FORWARD &&
           nft::find(chain, NFTA_CHAIN_POLICY) != nullptr && number(chain, NFTA_CHAIN_POLICY) == NF_DROP;
}

/// Whether the expression may end the chain with something else than a drop. `return` leads to the policy.
bool lets_through(const std::string& name, const Attributes& data) {
    if (name == "immediate" && number(data, NFTA_IMMEDIATE_DREG) == NFT_REG_VERDICT) {
        const Attributes verdict = nested(nft::find(nested(nft::find(data, NFTA_IMMEDIATE_DATA)), NFTA_DATA_VERDICT));
        const auto code = static_cast<std::int32_t>(number(verdict, NFTA_VERDICT_CODE));
        return code != NF_DROP && code != NFT_RETURN && code != NFT_CONTINUE;
    }
    const bool by_map = name == "lookup" && nft::find(data, NFTA_LOOKUP_DREG) != nullptr &&
                        number(data, NFTA_LOOKUP_DREG) == NFT_REG_VERDICT;
    return by_map || name == "target" || name == "queue";
}

std::vector<Found> of_nftables() {
    std::vector<Found> chains;
    nft::each_object(NFT_MSG_GETCHAIN, [&](const Attributes& chain, unsigned char family) {
        if (drops_forwarded(chain, family)) {
            chains.push_back({text(chain, NFTA_CHAIN_TABLE), text(chain, NFTA_CHAIN_NAME), family});
        }
    });
    if (chains.empty()) {
        return chains; // rules may be many
    }
    nft::each_object(NFT_MSG_GETRULE, [&](const Attributes& rule, unsigned char family) {
        const auto chain = std::find_if(chains.begin(), chains.end(), [&](const Found& one) {
            return one.family == family && one.table == text(rule, NFTA_RULE_TABLE) &&
                   one.name == text(rule, NFTA_RULE_CHAIN);
        });
        if (chain != chains.end()) {
            nft::each_expression(rule, [&](const std::string& name, const Attributes& data) {
                chain->may_accept = chain->may_accept || lets_through(name, data);
            });
        }
    });
    return chains;
}

} // namespace

std::vector<ForwardChain> dropping_forward_chains() {
    std::vector<ForwardChain> chains;
    for (const Found& one : of_nftables()) {
        const char* family = family_name(one.family);
        chains.push_back({.name = msg::chain_of_nftables(one.name, family, one.table),
                          .four = one.family != NFPROTO_IPV6,
                          .six = one.family != NFPROTO_IPV4,
                          .may_accept = one.may_accept,
                          .before = fmt::format("nft add rule {} {} {} iifname ", family, one.table, one.name),
                          .behind = " accept"});
    }
    for (const bool six : {false, true}) {
        if (const auto policy = legacy_forward_policy(six); policy && policy->drops) {
            const std::string program = six ? "ip6tables-legacy" : "iptables-legacy";
            chains.push_back({.name = msg::chain_of_iptables(program),
                              .four = !six,
                              .six = six,
                              .may_accept = policy->has_rules,
                              .before = program + " -I FORWARD -i ",
                              .behind = " -j ACCEPT"});
        }
    }
    return chains;
}

} // namespace sfc
