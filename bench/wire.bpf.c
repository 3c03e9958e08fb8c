// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The least that XDP can do with a frame that goes on: an SF, and what the proxy is compared with. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} way_out SEC(".maps");

SEC("xdp")
int wire_redirect(struct xdp_md* ctx __attribute__((unused))) {
    return bpf_redirect_map(&way_out, 0, XDP_DROP);
}

/* A veth hands on what XDP redirects into its peer only if it has a program. */
SEC("xdp")
int wire_pass(struct xdp_md* ctx __attribute__((unused))) {
    return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
