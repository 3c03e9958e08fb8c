// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"

namespace sfc {

/// Offloads that decide whether frames arrive whole at an XDP program and leave the kernel as they came. Each is a
/// group of the kernel's features.
enum class Offload : std::uint8_t { TxChecksum, Tso, Gso, Gro, GroList, TxVlan, RxVlan };

/// As `ethtool -K` calls it.
[[nodiscard]] std::string_view offload_name(Offload offload);
[[nodiscard]] std::optional<Offload> parse_offload(std::string_view name);

/// Settings and statistics of interfaces in the namespace that the thread was in when this was made.
class Ethtool {
public:
    Ethtool();
    /// Whether any feature of the group is at work. Throws Error.
    [[nodiscard]] bool active(const std::string& interface, Offload offload) const;
    /// The features of the group that somebody wants, though the kernel may hold some back at the moment. Only these
    /// are to be switched on again later: part of a group may have been off on purpose.
    [[nodiscard]] std::vector<std::string> wanted(const std::string& interface, Offload offload) const;
    /// All features of the group that the interface has.
    [[nodiscard]] std::vector<std::string> available(const std::string& interface, Offload offload) const;
    /// Features that the interface does not have are left out. Throws Error.
    void set(const std::string& interface, const std::vector<std::string>& features, bool on) const;
    /// What the driver counts; empty where it counts nothing.
    [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> statistics(const std::string& interface) const;

private:
    Fd socket_;

    struct Feature;
    [[nodiscard]] int command(const std::string& interface, void* data) const;
    [[nodiscard]] std::vector<std::string> strings(const std::string& interface, std::uint32_t set) const;
    [[nodiscard]] std::vector<Feature> features(const std::string& interface) const;
};

} // namespace sfc
