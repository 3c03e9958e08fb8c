// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <memory>

#include "config/plan.h"
#include "loader/programs.h"

struct nocache_bpf;

namespace sfc::bench {

/// The programs of nocache.bpf.c, loaded as the proxy's are, with the maps of those.
class NoCache {
public:
    /// Throws Error where the kernel does not take them.
    NoCache(const Plan& plan, const Programs& proxy);
    ~NoCache();
    NoCache(const NoCache&) = delete;
    NoCache& operator=(const NoCache&) = delete;

    [[nodiscard]] int strip() const;
    [[nodiscard]] int restore() const;

private:
    struct Close {
        void operator()(nocache_bpf* skeleton) const;
    };
    std::unique_ptr<nocache_bpf, Close> skeleton_;
};

} // namespace sfc::bench
