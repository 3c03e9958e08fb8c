// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "base/messages.h"

namespace sfc::msg {

#define SFC_REPLAY_MESSAGES(M)                                                                                         \
    M(of_capture, "capture {}: {}")                                                                                    \
    M(link_type_not_read, "link type {} is not read; only Ethernet ({}) is")                                           \
    M(cannot_write, "cannot write {}: {}")                                                                             \
    M(cannot_rename, "cannot rename {} to {}: {}")                                                                     \
    M(frame_too_long, "{}: frame {} has {} bytes; the kernel runs programs on at most {}")                             \
    M(no_verdict, "frame {} ended without a verdict (XDP action {})")                                                  \
    M(cannot_make_interface, "cannot make interface '{}' in a network namespace of its own")                           \
    M(cannot_make_netns, "cannot make a network namespace")

SFC_REPLAY_MESSAGES(SFC_MESSAGE)

} // namespace sfc::msg
