// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Faults of YAML itself, in words that help whoever writes a configuration.
#pragma once

#include <string>

#include "base/error.h"

namespace YAML {
class Exception;
}

namespace sfc {

/// The error for a text that yaml-cpp does not take: where the cause is, which may be a line before its mark.
[[nodiscard]] Error yaml_fault(const std::string& text, const std::string& file, const YAML::Exception& error);
/// Refuses anchors, aliases and further documents. A value would have two positions, or none would count. Throws
/// Error{Usage}, and YAML::Exception for a text that is no YAML.
void check_one_plain_document(const std::string& text, const std::string& file);
/// "hold:100ms", which YAML takes for one word.
[[nodiscard]] bool space_is_missing(const std::string& word);

} // namespace sfc
