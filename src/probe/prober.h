// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "attach/attachment.h"
#include "probe/probe_frame.h"
#include "probe/probe_ways.h"

namespace sfc {

/// Whether both are of one way, of any IP version.
[[nodiscard]] bool same_way(const ProbeRecord& one, const ProbeRecord& other);

/// Sends one packet on each way through each SF, where that is possible, and says what the SF made of it
/// (bpf/ticket/probe.h). Nothing that it finds or that goes wrong with it stops anybody: packets may differ from the
/// probe.
class Prober {
public:
    /// Does not ask again what an earlier process has found out, but for what was lost.
    Prober(Attachment& attachment, Say say);

    /// Sends the probes that have not been sent and are possible by now.
    void look();
    /// Judges the probes that came out, and those that did not in time. Returns whether any is still on its way.
    bool collect();
    /// Probes that were lost: sends them again where the setting that stopped them is another one by now, and forgets
    /// about them where packets have come back since.
    void look_again();
    /// Says which probes could not be sent so far, and why.
    void say_waiting();
    [[nodiscard]] bool in_flight() const;
    /// Whether any was not possible yet.
    [[nodiscard]] bool waits() const;

    static constexpr int kPatienceMs = 500;
    static constexpr int kStepMs = 10; ///< how often to collect meanwhile

private:
    using Clock = std::chrono::steady_clock;
    struct Probe {
        ProbeWay way;
        ProbeRecord record;
        std::vector<std::uint8_t> sent{};
        Clock::time_point end{};
        std::string stop{};     ///< lost: the setting that stopped it
        std::uint64_t came = 0; ///< lost: came_back() by then
    };

    Attachment& attachment_;
    Say say_;
    std::vector<Probe> probes_; ///< a probe's position is its entry's index
    std::size_t next_ = 0;      ///< where look_again goes on
    std::vector<ProbeRecord> unsaid_;
    std::string trouble_; ///< said already

    void look_at_all();
    bool look_again_at(Probe& probe);
    [[nodiscard]] std::uint64_t came_back(const ProbeWay& way) const;
    [[nodiscard]] ProbeFinding judge_lost(Probe& probe, ProbeQuestion question) const;
    [[nodiscard]] ProbeEnds ends_of(const ProbeWay& way, const LinkHosts& hosts) const;
    [[nodiscard]] std::string missing(const ProbeWay& way) const;
    void send(std::size_t index, const ProbeEnds& ends);
    [[nodiscard]] ProbePacket packet_of(std::size_t index, const ProbeEnds& ends) const;
    [[nodiscard]] std::vector<Mac> own_macs(std::uint16_t port) const;
    [[nodiscard]] ProbeFinding judge(Probe& probe, const sfc_probe_entry& entry) const;
    void look_into_sf(const ProbeWay& way, ProbeQuestion& question) const;
    [[nodiscard]] std::string name_of(std::uint32_t ifindex) const;
    void save();
    template <class Step> void try_step(Step step);
};

/// All of it, for at most Prober::kPatienceMs.
void probe_now(Attachment& attachment, const Say& say);

/// A way and what is known of it, as users read it.
struct ProbeLine {
    std::string sf, way; ///< "from 'p0' to 'p1' (IPv4 and IPv6)"
    std::string text;
    bool warning = false;
};
/// One line for both IP versions where they are alike; none for one that the ports have no address of.
[[nodiscard]] std::vector<ProbeLine> probe_lines(const std::vector<ProbeRecord>& records);

} // namespace sfc
