// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "config/yaml_reader.h"

namespace sfc {

/// `icmp`: off, or a mapping of where messages come from and how many. Throws Error{Usage}.
[[nodiscard]] IcmpConfig read_icmp(const YamlValue& value);

} // namespace sfc
