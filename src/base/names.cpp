// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/names.h"

#include <array>

namespace sfc {
namespace {

struct Reason {
    std::string_view name, text, hint;
};

constexpr std::array kReasons = {Reason{"", "", ""},
#define SFC_REASON_ROW(name, text, hint) Reason{#name, text, hint},
                                 SFC_REASONS(SFC_REASON_ROW)
#undef SFC_REASON_ROW
};
static_assert(kReasons.size() == SFC_REASON_USED && SFC_REASON_USED <= SFC_REASON_MAX);

constexpr std::array<std::string_view, 7> kVerdicts = {"",        "to_sf",     "restored", "passed",
                                                       "dropped", "to_kernel", "bypassed"};
static_assert(kVerdicts.size() == SFC_VERDICT_BYPASSED + 1);

constexpr std::array<std::string_view, 17> kEvents = {"received",
                                                      "to_sf",
                                                      "claimed",
                                                      "restored",
                                                      "expired",
                                                      "evicted",
                                                      "flushed",
                                                      "to_kernel",
                                                      "forgotten",
                                                      "fragments",
                                                      "originated",
                                                      "bypassed",
                                                      "icmp_sent fragmentation_needed",
                                                      "icmp_sent packet_too_big",
                                                      "icmp_sent time_exceeded",
                                                      "icmp_sent parameter_problem",
                                                      "icmp_limited"};
static_assert(kEvents.size() == SFC_EVENT_MAX);

} // namespace

std::string_view reason_name(unsigned reason) {
    return reason < kReasons.size() ? kReasons[reason].name : "";
}

std::string_view reason_text(unsigned reason) {
    return reason < kReasons.size() ? kReasons[reason].text : "";
}

std::string_view reason_hint(unsigned reason) {
    return reason < kReasons.size() ? kReasons[reason].hint : "";
}

std::string_view verdict_name(unsigned verdict) {
    return verdict < kVerdicts.size() ? kVerdicts[verdict] : "";
}

std::string_view event_name(unsigned event) {
    return event < kEvents.size() ? kEvents[event] : "";
}

} // namespace sfc
