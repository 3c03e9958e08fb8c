// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/mark_conflicts.h"

#include <cerrno>
#include <cstring>
#include <map>

#include <linux/fib_rules.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include "base/error.h"
#include "net/messages.h"
#include "net/netlink.h"
#include "net/nftables.h"

namespace sfc {
namespace {

constexpr std::uint32_t kAll = ~0U;

using nft::Attributes, nft::nested, nft::number, nft::text;

/// The value that a bit operation has for the mark, which is in the host's order.
std::uint32_t value(const Attributes& from, std::uint16_t type) {
    const Attributes data = nested(nft::find(from, type));
    const auto bytes = data.find(NFTA_DATA_VALUE);
    std::uint32_t result = 0;
    if (bytes != data.end() && mnl_attr_get_payload_len(bytes->second) >= sizeof(result)) {
        std::memcpy(&result, mnl_attr_get_payload(bytes->second), sizeof(result));
    }
    return result;
}

/// Which bits of the mark a rule of nftables reads and writes. It goes through the rule's expressions in order, with
/// the registers that hold something of the mark.
class Rule {
public:
    explicit Rule(const Attributes& rule) {
        nft::each_expression(rule, [&](const std::string& name, const Attributes& data) { take(name, data); });
        settle();
    }

    [[nodiscard]] std::uint32_t used() const { return used_; }

private:
    struct Held {
        std::uint32_t bits = kAll; ///< of the mark that can still be told from it
        std::uint32_t kept = kAll; ///< that are what they were
        bool written = false;      ///< back into the mark
    };
    std::map<std::uint32_t, Held> registers_;
    std::uint32_t used_ = 0;

    /// Bits in registers count as used, because an expression may have used them that is not looked into. The next
    /// expression writes registers, so they are cleared.
    void settle() {
        for (const auto& [name, held] : registers_) {
            used_ |= held.written ? 0 : held.bits;
        }
        registers_.clear();
    }

    void take(const std::string& name, const Attributes& data) {
        if (name == "meta" && number(data, NFTA_META_KEY) == NFT_META_MARK) {
            take_meta(data);
        } else if (name == "bitwise") {
            take_bitwise(data);
        } else {
            settle();
            if (name == "target" || name == "match") {
                take_xtables(data);
            }
        }
    }

    void take_meta(const Attributes& data) {
        if (data.count(NFTA_META_DREG) != 0) {
            settle();
            registers_[number(data, NFTA_META_DREG)] = {};
            return;
        }
        const auto from = registers_.find(number(data, NFTA_META_SREG));
        if (from == registers_.end()) {
            used_ = kAll;
        } else {
            used_ |= ~from->second.kept;
            from->second.written = true;
        }
    }

    void take_bitwise(const Attributes& data) {
        const auto from = registers_.find(number(data, NFTA_BITWISE_SREG));
        if (from == registers_.end()) {
            return;
        }
        Held held = from->second;
        if (data.count(NFTA_BITWISE_MASK) != 0) {
            const std::uint32_t mask = value(data, NFTA_BITWISE_MASK);
            held.bits &= mask;
            held.kept &= mask & ~value(data, NFTA_BITWISE_XOR);
        } else { // a shift
            held.kept = 0;
        }
        registers_.erase(from);
        registers_[number(data, NFTA_BITWISE_DREG)] = held;
    }

    /// iptables-nft: MARK (mark, mask), mark (mark, mask), CONNMARK (two values of the connection's, mask).
    void take_xtables(const Attributes& data) {
        static_assert(+NFTA_TARGET_NAME == +NFTA_MATCH_NAME && +NFTA_TARGET_INFO == +NFTA_MATCH_INFO);
        const std::string name = text(data, NFTA_TARGET_NAME);
        const bool connection = name == "CONNMARK";
        if (!connection && name != "MARK" && name != "mark") {
            return;
        }
        const auto info = data.find(NFTA_TARGET_INFO);
        const std::size_t at = (connection ? 2 : 1) * sizeof(std::uint32_t);
        std::uint32_t mask = kAll;
        if (info != data.end() && mnl_attr_get_payload_len(info->second) >= at + sizeof(mask)) {
            std::memcpy(&mask, static_cast<const char*>(mnl_attr_get_payload(info->second)) + at, sizeof(mask));
        }
        used_ |= mask;
    }
};

std::optional<std::string> nftables_conflict(std::uint32_t mask) {
    std::optional<std::string> found;
    nft::each_object(NFT_MSG_GETRULE, [&](const Attributes& rule, unsigned char /*family*/) {
        const std::uint32_t used = Rule(rule).used();
        if ((used & mask) != 0 && !found) {
            found = msg::nftables_uses_bits(text(rule, NFTA_RULE_CHAIN), text(rule, NFTA_RULE_TABLE), used);
        }
    });
    return found;
}

std::optional<std::string> routing_conflict(std::uint32_t mask, unsigned char family) {
    Netlink netlink;
    NetlinkRequest request(RTM_GETRULE, NLM_F_DUMP);
    request.family_header<fib_rule_hdr>().family = family;
    std::optional<std::string> found;
    const int error = netlink.ask(request, [&](const nlmsghdr& answer) {
        std::uint32_t used = 0, priority = 0;
        each_attribute<fib_rule_hdr>(answer, [&](const nlattr& attribute) {
            if (mnl_attr_get_type(&attribute) == FRA_FWMASK) {
                used = mnl_attr_get_u32(&attribute);
            } else if (mnl_attr_get_type(&attribute) == FRA_PRIORITY) {
                priority = mnl_attr_get_u32(&attribute);
            }
        });
        if ((used & mask) != 0 && !found) {
            found = msg::ip_rule_uses_bits(family == AF_INET6 ? "-6 " : "", priority, used);
        }
    });
    if (error != 0 && error != EOPNOTSUPP && error != EAFNOSUPPORT) {
        throw system_error(msg::cannot_ask_ip_rules(), error);
    }
    return found;
}

} // namespace

std::optional<std::string> mark_conflict(std::uint32_t mask) {
    for (const unsigned char family : {AF_INET, AF_INET6}) {
        if (auto found = routing_conflict(mask, family)) {
            return found;
        }
    }
    return nftables_conflict(mask);
}

} // namespace sfc
