// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "config/encapsulation.h"

namespace sfc {

const Encapsulation& encapsulation(unsigned encap) {
#define SFC_ENCAP_ADDRESS(name, ...) &encap_##name,
    static constexpr std::array kAll = {SFC_ENCAPS(SFC_ENCAP_ADDRESS)};
#undef SFC_ENCAP_ADDRESS
    return *kAll.at(encap - 1);
}

} // namespace sfc
