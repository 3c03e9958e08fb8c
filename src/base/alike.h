// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <span>
#include <string_view>

namespace sfc {

/// The word that was probably meant: the one with the fewest letters changed, added or left out. Empty where no word is
/// like the given one.
[[nodiscard]] std::string_view most_alike(std::string_view given, std::span<const std::string_view> words);

} // namespace sfc
