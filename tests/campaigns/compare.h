// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/plan.h"
#include "mutate.h"
#include "oracle.h"
#include "packet.h"
#include "runner.h"

namespace sfc::test {

/// Runs every frame through the programs and through the oracle, and notes where they differ: verdict, reason, service,
/// ports, XDP action, bytes.
class Compare {
public:
    Compare(const oracle::World& world, const Plan& plan, Runner& runner, MutateResult& result);

    /// What must become of the frame, whatever the programs made of it. Ports are the oracle's.
    oracle::Expected strip(int port, const Bytes& frame);
    oracle::Expected restore(int port, const Bytes& frame);
    void set_time(std::uint64_t ns);
    /// Compares what is left in the caches; false where they cannot be compared, since an entry was evicted.
    void finish();

private:
    const oracle::World& world_;
    const Plan& plan_;
    Runner& runner_;
    MutateResult& result_;
    oracle::Oracle oracle_;
    std::vector<std::uint16_t> port_ids_; ///< of the oracle's ports in the plan
    std::uint64_t now_ns_ = 0;
    std::uint64_t runs_ = 0;

    void check(const char* side, int port, const Bytes& frame, const oracle::Expected& expected, const Ran& ran);
    [[nodiscard]] std::string difference(int port, const Bytes& frame, const oracle::Expected& expected,
                                         const Ran& ran) const;
    void wrong(const std::string& what, const std::string& example);
};

} // namespace sfc::test
