// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attach/probe_finding.h"
#include "config/plan.h"
#include "loader/pins.h"
#include "net/ethtool.h"
#include "net/lost_frames.h"

namespace sfc {

/// An offload that attach switched off or on, to be switched back at detach.
struct OffloadChange {
    std::uint64_t netns = 0; ///< inode of the network namespace that the interface is in
    std::string port;        ///< for whose sake
    std::string interface;
    std::uint32_t index = 0;
    Offload offload = Offload::TxChecksum;
    std::vector<std::string> features; ///< what of the group was switched
    bool on = false;                   ///< to what
};

/// The hairpin and the TC program of a port through which packets leave the kernel.
struct HairpinState {
    std::uint32_t index = 0;    ///< of the port's interface, after which the hairpin is named
    bool clsact = false;        ///< the TC program is not on a BPF link, which could be pinned
    bool created_qdisc = false; ///< for it
};

/// Programs at the peer of a port, in a namespace that is the SF.
struct PeerState {
    std::uint64_t netns = 0; ///< inode
    std::uint32_t index = 0;
    bool clsact = false;
    bool created_qdisc = false;
};

/// sfc_restore_tc on an interface that is no way out.
struct LeakGuardState {
    bool clsact = false;
    bool created_qdisc = false;
};

/// The finding of a probe on one way through an SF, by the names of ports.
struct ProbeRecord {
    std::string sf, from, to;
    bool six = false; ///< IPv6
    ProbeFinding finding{};

    [[nodiscard]] bool operator==(const ProbeRecord&) const = default;
};

/// Everything that another sfcproxy process must know of an attachment and that the kernel does not keep. It is pinned
/// beside the maps, as a map with one text, so that it lives and dies with them.
struct State {
    std::string file;   ///< the configuration's name, for messages
    std::string config; ///< its text: ids follow from it
    bool generic = false;
    std::uint64_t netns = 0; ///< inode of the network namespace that the ports are in
    Shape shape;             ///< what programs and maps were loaded for
    std::vector<OffloadChange> changes;
    std::map<std::string, HairpinState> hairpins;        ///< by port
    std::map<std::string, PeerState> peers;              ///< by port
    std::map<std::uint32_t, LeakGuardState> leak_guards; ///< by the interface's index
    std::map<std::string, LostFrames> lost_before;       ///< per port: counters of losses at attach, less what was lost
                                                         ///< before at interfaces that have gone
    std::vector<ProbeRecord> probes;
    bool closing = false; ///< nothing is stripped any more: a process drains, or died while it did

    /// Throws Error.
    void save(const PinDirectory& pins) const;
    /// Throws Error{Kernel} where the pins are of another version of sfcproxy.
    [[nodiscard]] static State load(const PinDirectory& pins);
};

} // namespace sfc
