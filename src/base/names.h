// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string_view>

#include "sfc_abi.h"

namespace sfc {

/// The strings that users see in JSON, stats and docs. Empty for SFC_OK and for numbers not in use.
[[nodiscard]] std::string_view reason_name(unsigned reason);
[[nodiscard]] std::string_view reason_text(unsigned reason);
/// Where to look, or what to do.
[[nodiscard]] std::string_view reason_hint(unsigned reason);
[[nodiscard]] std::string_view verdict_name(unsigned verdict);
[[nodiscard]] std::string_view event_name(unsigned event);

} // namespace sfc
