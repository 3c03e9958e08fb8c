// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <map>
#include <string>
#include <vector>

#include "report/report.h"

namespace sfc {

/// What happened a second, for one port or service; what did not happen is left out.
struct RateRow {
    std::string owner; ///< "domain port eth0", "service web-out"
    std::string what;  ///< "received", "dropped miss" ...
    double packets = 0;
    double bits = 0;
};

struct Rates {
    double seconds = 0;
    std::vector<RateRow> rows;
};

[[nodiscard]] Rates rates_between(const Snapshot& before, const Snapshot& after, const Plan& plan,
                                  std::uint64_t elapsed_ns);
/// One line. `silent`: silent_services.
[[nodiscard]] std::string rates_json(const Rates& rates, const SilentServices& silent);
[[nodiscard]] std::string rates_text(const Rates& rates);

} // namespace sfc
