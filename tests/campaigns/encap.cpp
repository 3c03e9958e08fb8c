// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "encap.h"

namespace sfc::test {

using oracle::Encapsulation;

const Encap& encap_of(Encapsulation which) {
    return which == Encapsulation::Srv6 ? srv6_encap() : which == Encapsulation::Nsh ? nsh_encap() : mpls_encap();
}

const oracle::Encapsulations& all_encaps() {
    static const oracle::Encapsulations all = {Encapsulation::Mpls, Encapsulation::Nsh, Encapsulation::Srv6};
    return all;
}

} // namespace sfc::test
