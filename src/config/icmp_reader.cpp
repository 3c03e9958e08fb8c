// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "config/icmp_reader.h"

#include "config/messages.h"

namespace sfc {

IcmpConfig read_icmp(const YamlValue& value) {
    IcmpConfig icmp;
    if (!value.is_map()) {
        icmp.on = value.on_off();
        return icmp;
    }
    const YamlMap map(value, {"source", "rate"});
    if (const auto source = map.optional("source")) {
        for (const YamlValue& item : source->is_list() ? source->items() : std::vector{*source}) {
            const std::string ip = item.ip();
            auto& of_version = ip.find(':') == std::string::npos ? icmp.source4 : icmp.source6;
            if (of_version) {
                throw item.error(msg::sources_of_one_version(*of_version, ip));
            }
            of_version = ip;
        }
    }
    if (const auto rate = map.optional("rate")) {
        icmp.rate = rate->number(1, SFC_ICMP_RATE_MAX);
    }
    return icmp;
}

} // namespace sfc
