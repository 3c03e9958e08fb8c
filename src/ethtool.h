// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fd.h"

namespace sfc {

/// Offloads that decide whether frames arrive whole at an XDP program.
enum class Offload : std::uint8_t { TxChecksum, Tso, Gso, Gro, TxVlan };

/// As `ethtool -K` calls it.
[[nodiscard]] std::string_view offload_name(Offload offload);
[[nodiscard]] std::optional<Offload> parse_offload(std::string_view name);

/// Settings and statistics of interfaces in the namespace that the thread was in when this was made.
class Ethtool {
public:
    Ethtool();
    /// Throws Error.
    [[nodiscard]] bool get(const std::string& interface, Offload offload) const;
    void set(const std::string& interface, Offload offload, bool on) const;
    /// What the driver counts; empty where it counts nothing.
    [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> statistics(const std::string& interface) const;

private:
    Fd socket_;
};

} // namespace sfc
