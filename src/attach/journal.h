// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The journal of an attachment: one record for each resource of the host that it changes, written before the act.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "net/ethtool.h"
#include "net/tc_side.h"

namespace sfc {

/// An offload, which is switched back.
struct OffloadChange {
    std::string interface; ///< its name then, for `status`
    Offload offload = Offload::TxChecksum;
    std::vector<std::string> features; ///< those of the group that were switched
    bool on = false;                   ///< to what
};

/// The hairpin that is named after the interface.
struct HairpinPair {};

/// An XDP program on a BPF link, which ends with this process until it is pinned.
struct XdpProgram {
    std::string pin;
};

/// The XDP program that makes a peer poll. Other attachments that need it pin its BPF link as well.
struct PassProgram {
    std::string pin;
};

/// A TC program, on a BPF link or, in a kernel without TCX, as a filter of clsact (net/tc_hook.h).
struct TcProgram {
    std::string pin; ///< of the BPF link
    TcSide side = TcSide::Egress;
    std::uint32_t program = 0; ///< its id
    bool clsact = false, created_qdisc = false;
};

struct Record {
    std::string port;        ///< for whose sake; empty for a leak guard
    std::uint64_t netns = 0; ///< cookie of the network namespace that the interface is in
    std::uint32_t index = 0; ///< the interface
    std::variant<OffloadChange, HairpinPair, XdpProgram, PassProgram, TcProgram> what;

    /// Whether both are about one resource.
    [[nodiscard]] bool same_resource(const Record& other) const;
};

using Journal = std::vector<Record>;

/// The record of the same resource; null where there is none.
[[nodiscard]] const Record* find_same(const Journal& journal, const Record& record);
/// Adds it, in place of a record of the same resource for the same port: so flapping lets nothing grow.
void write(Journal& journal, Record record);

[[nodiscard]] nlohmann::json to_json(const Journal& journal);
[[nodiscard]] Journal parse_journal(const nlohmann::json& text);

} // namespace sfc
