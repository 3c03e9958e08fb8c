// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>

#include "config/config.h"
#include "config/plan.h"
#include "report/report.h"

namespace sfc {

/// All that a configuration says, with the defaults filled in: for `check`, and to compare two. The test
/// wire_configuration holds it against the reader, key by key.
[[nodiscard]] Json config_json(const Config& config, const Plan& plan);
/// A setting as people write it: the unit stands behind the value, and not in the name. JSON has plain numbers.
[[nodiscard]] std::string setting_text(const std::string& key, const Json& value);
[[nodiscard]] std::string setting_name(const std::string& key);

} // namespace sfc
