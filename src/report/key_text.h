// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sfc_abi.h"

namespace sfc {

/// The contents of an SF's keys, for people: a kind of packet and its fields each. docs/keys.md explains them.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> key_texts(const sfc_sf& sf);

} // namespace sfc
