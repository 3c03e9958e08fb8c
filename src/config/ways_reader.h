// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// From YAML to interfaces and the ways that lead out of them.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/yaml_reader.h"

namespace sfc {

/// Keys of a mapping, and those that an encapsulation or a next hop adds.
[[nodiscard]] std::vector<std::string_view> with_keys(std::vector<std::string_view> keys,
                                                      std::span<const std::string_view> more);
/// With keys of its own besides those of a port, which the caller reads but for `accept`.
[[nodiscard]] PortConfig read_port(const YamlValue& value, std::span<const std::string_view> more = {});
/// One interface, or a list of them, that frames are not addressed on; `instead` says what decides that.
[[nodiscard]] std::vector<PortConfig> read_interfaces(const YamlValue& value, std::string_view kind,
                                                      std::string_view instead,
                                                      std::span<const std::string_view> more = {});
/// A tunnel only where the encapsulation `encap` may come by one.
[[nodiscard]] NextHopConfig read_next_hop(const YamlValue& value, unsigned encap);

} // namespace sfc
