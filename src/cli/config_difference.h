// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <string>

#include "attach/attachment.h"

namespace sfc {

/// How what is attached differs from what is wanted, in a few words; empty where it is the same. Comments, the order of
/// keys and entries, and defaults that are written out are no difference.
[[nodiscard]] std::string difference(const State& attached, const State& wanted);

/// Throws Error{Kernel} where what is attached is not what is wanted, with the difference.
void refuse_other(const Attachment& found, const State& wanted);
/// The same, and the one command that helps, where a process looks after what is attached under `pin`. For a command
/// that attaches anew, something attached is in its way even if it is alone.
void refuse_while_kept(const std::string& pin, const State& wanted, bool even_alone);

} // namespace sfc
