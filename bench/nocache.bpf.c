// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The proxy without its cache: the steps of bpf/proxy.bpf.c from the same sources, but for the key, the insert and the
 * claim. What strip read stays in scratch, and the next restore pushes it. The difference to the proxy is what the
 * cache costs.
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
    reason = strip_classify(ctx, &strip);
    if (!reason)
        reason = strip_match(work, &strip);
    if (!reason)
        reason = strip_parse(ctx, work, &strip);
    if (!reason)
        reason = strip_inner(ctx, work, &strip);
    if (!reason)
        reason = strip_ways_out(work, &strip);
    if (!reason)
        reason = strip_keep(ctx, work, &strip);
    if (!reason)
        reason = strip_cut(ctx, work, &strip);
    if (!reason)
        reason = port_redirect(work, strip.service->to_port);
    if (!reason)
        return verdict_redirect(work, SFC_VERDICT_TO_SF, SFC_EVENT_TO_SF);
    return strip_end(ctx, work, &strip, reason);
}

SEC("xdp.frags")
int nocache_restore(struct xdp_md* ctx) {
    struct restore restore = {};
    struct work* work = port_receive(ctx, SFC_ROLE_SF, &restore.in);
    int reason;

    if (!work)
        return XDP_ABORTED;
    reason = restore_classify(ctx, work, &restore);
    if (!reason)
        reason = restore_service(work, &restore);
    if (!reason)
        reason = restore_header(ctx, work, &restore);
    if (!reason)
        return verdict_redirect(work, SFC_VERDICT_RESTORED, SFC_EVENT_RESTORED);
    return restore_end(work, &restore, reason);
}

char _license[] SEC("license") = "Dual BSD/GPL";
