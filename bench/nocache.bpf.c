// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The proxy without its cache: the steps of bpf/proxy.bpf.c from the same sources, but for the key, the insert and the
 * claim. What strip read stays in scratch, and the next restore pushes it: where packets wait for each other, all must
 * have the same header. The difference to the proxy is what the cache costs.
 */
#include "path/restore.h"
#include "path/strip.h"

SEC("xdp.frags")
int nocache_strip(struct xdp_md* ctx) {
    struct strip strip = {};
    struct work* work = port_receive(ctx, SFC_ROLE_DOMAIN, &strip.in);
    int reason;

    if (!work)
        return XDP_ABORTED;
    reason = strip_classify(ctx, work, &strip) ?: strip_match(ctx, work, &strip) ?: strip_parse(ctx, work, &strip) ?:
             strip_inner(ctx, work, &strip) ?: strip_ways_out(work, &strip) ?: strip_keep(ctx, work, &strip) ?:
             strip_cut(ctx, work, &strip) ?: port_redirect(work, strip.service->to_port);
    return reason ? strip_end(ctx, work, &strip, reason)
                  : verdict_redirect(work, strip.counters, SFC_VERDICT_TO_SF, SFC_EVENT_TO_SF);
}

SEC("xdp.frags")
int nocache_restore(struct xdp_md* ctx) {
    struct back back = {};
    struct work* work = port_receive(ctx, SFC_ROLE_SF, &back.in);
    int reason;

    if (!work)
        return XDP_ABORTED;
    reason = restore_classify(ctx, work, &back) ?: back_service(work, &back, 1) ?: back_steps(ctx, work, &back);
    return back_end(ctx, work, &back, reason);
}

char _license[] SEC("license") = "Dual BSD/GPL";
