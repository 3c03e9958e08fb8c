// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "report/report.h"
#include "sfc_abi.h"

namespace sfc {

/// What is in the keys of an SF, for people: an object from kind of packet to the fields. docs/keys.md explains them.
[[nodiscard]] Json key_json(const sfc_sf& sf);

} // namespace sfc
