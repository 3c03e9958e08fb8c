// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>
#include <vector>

#include "model_explore.h"

namespace sfc::test::model {

/// One exploration, of the protocol as it is or of one that is broken on purpose.
struct Part {
    std::string name;
    Explored explored{};
};

struct Result {
    std::vector<Part> sound;            ///< must have no fault
    std::vector<Part> broken;           ///< must have one each
    std::vector<std::string> untried{}; ///< steps of the protocol that no scenario came to
};

/// All interleavings of all scenarios, on as many threads as there are CPUs.
[[nodiscard]] Result run_model();

} // namespace sfc::test::model
