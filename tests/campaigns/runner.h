// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "report/report.h"
#include "sfc_abi.h"

namespace sfc::test {

/// What a program made of a frame.
struct Ran {
    unsigned action = 0; ///< XDP_*
    sfc_result result{};
    std::span<const std::uint8_t> bytes; ///< the frame as the program left it; valid until the next run
};

/// What the programs counted. The references of the cache are those of all services together.
struct Totals {
    bool balanced = false; ///< the three equations of conservation hold exactly
    std::uint64_t evicted = 0;
    std::uint64_t expired = 0;
    std::uint64_t flushed = 0;
    std::uint64_t live = 0;
    bool operator==(const Totals&) const = default;
};

/// One build of the programs with one plan and its maps. A campaign knows nothing else of it, so that it can drive any
/// build in the same way. The campaign owns the clock: the programs read SFC_CLOCK_MAP.
class Runner {
public:
    virtual ~Runner() = default;
    /// Runs a program on a frame as if it had come in by this port of the plan.
    virtual Ran strip(std::uint16_t port_id, std::span<const std::uint8_t> frame) = 0;
    virtual Ran restore(std::uint16_t port_id, std::span<const std::uint8_t> frame) = 0;
    virtual void set_time(std::uint64_t ns) = 0;
    /// Of this host, as the kernel keeps them in IPv6 sockets: packets to them may carry SFC.
    virtual void set_own_addresses(const std::vector<std::array<std::uint8_t, 16>>& addresses) = 0;
    [[nodiscard]] virtual Totals totals() = 0;

    /// The result of a redirected frame may be left zero from here on: in the kernel it costs as much as the run.
    virtual void skip_redirected(bool /*skip*/) {}
    /// As when a port of the SF is attached anew: nothing stripped before may be restored.
    virtual void raise_epoch(std::uint16_t sf_id) = 0;
    [[nodiscard]] virtual Snapshot snapshot() = 0;
    [[nodiscard]] virtual sfc_counters service_counters(std::uint16_t id) = 0;
    /// References in the cache, whatever their age, by service id.
    [[nodiscard]] virtual std::vector<std::uint64_t> live_of_services() = 0;
    /// Bytes that the kernel has charged for the maps; 0 where there is no kernel.
    [[nodiscard]] virtual std::uint64_t memory() { return 0; }
};

} // namespace sfc::test
