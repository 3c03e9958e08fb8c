// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "config/encapsulation.h"

namespace sfc {

const Encapsulation& encapsulation(unsigned encap) {
#define SFC_ENCAP_ADDRESS(name, ...) &encap_##name,
    static constexpr std::array kAll = {SFC_ENCAPS(SFC_ENCAP_ADDRESS)};
#undef SFC_ENCAP_ADDRESS
    return *kAll.at(encap - 1);
}

std::array<std::uint16_t, SFC_ENCAPS_MAX> udp_ports_of_rows() {
#define SFC_ENCAP_PORT(name, type, type2, port, ipv6) port,
    return {0, SFC_ENCAPS(SFC_ENCAP_PORT)};
#undef SFC_ENCAP_PORT
}

bool is_in_ip(unsigned encap) {
    return udp_ports_of_rows().at(encap) != 0 || has_ipv6_destination(encap);
}

bool has_ipv6_destination(unsigned encap) {
#define SFC_ENCAP_IPV6(name, type, type2, port, ipv6) , (ipv6) != 0
    static constexpr std::array<bool, SFC_ENCAPS_MAX> kAll = {false SFC_ENCAPS(SFC_ENCAP_IPV6)};
#undef SFC_ENCAP_IPV6
    return kAll.at(encap);
}

} // namespace sfc
