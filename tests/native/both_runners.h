// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <memory>

#include "packet.h"
#include "runner.h"

namespace sfc::test {

/// Two builds of the programs with one plan, each frame through both: they must agree on action, result and bytes, and
/// in the end on all that they counted. Throws Error at the first difference.
class BothRunners final : public Runner {
public:
    BothRunners(std::unique_ptr<Runner> first, std::unique_ptr<Runner> second)
        : first_(std::move(first)), second_(std::move(second)) {}

    Ran strip(std::uint16_t port_id, std::span<const std::uint8_t> frame) override;
    Ran restore(std::uint16_t port_id, std::span<const std::uint8_t> frame) override;
    void set_time(std::uint64_t ns) override;
    void set_own_addresses(const std::vector<std::array<std::uint8_t, 16>>& addresses) override;
    [[nodiscard]] Totals totals() override;
    void raise_epoch(std::uint16_t sf_id) override;
    [[nodiscard]] Snapshot snapshot() override;
    [[nodiscard]] sfc_counters service_counters(std::uint16_t id) override;
    [[nodiscard]] std::vector<std::uint64_t> live_of_services() override;

private:
    std::unique_ptr<Runner> first_, second_;
};

} // namespace sfc::test
