// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "nocache.h"

#include <cerrno>

#include <bpf/libbpf.h>

#include "base/error.h"
#include "nocache.skel.h"

namespace sfc::bench {

void NoCache::Close::operator()(nocache_bpf* skeleton) const {
    nocache_bpf::destroy(skeleton);
}

NoCache::NoCache(const Plan& plan, const Programs& proxy) : skeleton_(nocache_bpf::open()) {
    if (!skeleton_) {
        throw system_error("cannot open the programs of nocache.bpf.c", errno);
    }
    skeleton_->rodata->sfc_config = load_constants(plan, {.clock = SFC_CLOCK_KERNEL});
    proxy.maps().share_with(skeleton_->obj);
    if (const int error = nocache_bpf::load(skeleton_.get())) {
        throw system_error("cannot load the programs of nocache.bpf.c into this kernel", -error);
    }
}

NoCache::~NoCache() = default;

int NoCache::strip() const {
    return bpf_program__fd(skeleton_->progs.nocache_strip);
}

int NoCache::restore() const {
    return bpf_program__fd(skeleton_->progs.nocache_restore);
}

} // namespace sfc::bench
