// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "loader/programs.h"
#include "machine.h"
#include "packet.h"
#include "report/report.h"
#include "runner.h"

namespace sfc::test {

/// The BPF sources compiled for user space, with one plan and maps of its own: no privileges, and its coverage can be
/// counted.
class NativeRunner final : public Runner {
public:
    explicit NativeRunner(const Plan& plan, const LoadSettings& settings = {.clock = SFC_CLOCK_MAP, .seed = 1});

    Ran strip(std::uint16_t port_id, std::span<const std::uint8_t> frame) override;
    Ran restore(std::uint16_t port_id, std::span<const std::uint8_t> frame) override;
    void set_time(std::uint64_t ns) override;
    void set_own_addresses(const std::vector<std::array<std::uint8_t, 16>>& addresses) override;
    [[nodiscard]] Totals totals() override;
    void raise_epoch(std::uint16_t sf_id) override;
    [[nodiscard]] Snapshot snapshot() override;
    [[nodiscard]] sfc_counters service_counters(std::uint16_t id) override;
    [[nodiscard]] std::vector<std::uint64_t> live_of_services() override;

    Machine machine; ///< for what no campaign asks for: faults, other constants, entries that go

    /// The interface behind a port: any numbers do, since there are no interfaces. Those of even ports are high ones.
    static std::uint32_t ifindex(std::uint16_t port_id) {
        return (port_id % 2 == 0 ? std::uint32_t{SFC_PORT_ARRAY} : 100U) + port_id;
    }

private:
    Plan plan_;
    Bytes bytes_; ///< of the last frame
    std::uint64_t now_ = 0;

    void size_maps();
    void fill_maps();
    void each_entry(const std::function<void(const sfc_slot& slot, unsigned references)>& what);
    Ran run(Machine::Program program, std::uint16_t port_id, std::span<const std::uint8_t> frame);
};

/// With the hash secrets that the campaigns have in the kernel, so that both put a packet into the same bucket.
[[nodiscard]] std::unique_ptr<Runner> make_native_runner(const Plan& plan);

} // namespace sfc::test
