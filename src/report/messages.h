// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "base/messages.h"

namespace sfc::msg {

#define SFC_REPORT_MESSAGES(M)                                                                                         \
    M(gives_none_back, "SF '{}' got {} packets and has given none back")                                               \
    M(gives_none_back_since, "SF '{}' got packets until {} ago and has given none back for {}")

SFC_REPORT_MESSAGES(SFC_MESSAGE)

} // namespace sfc::msg
