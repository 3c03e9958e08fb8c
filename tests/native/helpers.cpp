// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The helpers that the BPF sources call, by the names of include/bpf/bpf_helpers.h: each asks the running machine.
#include <bpf/bpf_helpers.h>
#include <cstring>

#include "machine.h"

using sfc::test::Machine;

void* bpf_map_lookup_elem(void* map, const void* key) {
    return Machine::current().lookup(map, key);
}

long bpf_redirect_map(void* map, __u64 key, __u64 flags) {
    return Machine::current().redirect(map, key, flags);
}

long bpf_redirect(__u32 ifindex, __u64 /*flags*/) {
    return Machine::current().redirect(ifindex);
}

long bpf_map_update_elem(void* map, const void* key, const void* value, __u64 flags) {
    return Machine::current().update(map, key, value, flags);
}

long bpf_map_delete_elem(void* map, const void* key) {
    return Machine::current().erase(map, key);
}

long bpf_skb_store_bytes(__sk_buff* /*skb*/, __u32 offset, const void* from, __u32 len, __u64 /*flags*/) {
    return Machine::current().store_bytes(offset, {static_cast<const std::uint8_t*>(from), len});
}

long bpf_skb_load_bytes(const void* /*skb*/, __u32 offset, void* to, __u32 len) {
    return Machine::current().load_bytes(offset, {static_cast<std::uint8_t*>(to), len});
}

long bpf_skb_change_head(__sk_buff* skb, __u32 len, __u64 /*flags*/) {
    return Machine::current().change_head(*skb, len);
}

long bpf_probe_read_kernel(void* to, __u32 size, const void* /*from*/) {
    return Machine::current().read_kernel({static_cast<std::uint8_t*>(to), size});
}

long native_fib_lookup(void* /*ctx*/, struct bpf_fib_lookup* params, int /*size*/, __u32 /*flags*/) {
    return Machine::current().fib_lookup(*params);
}

__u32 bpf_get_smp_processor_id() {
    return 0; // the harness is one CPU
}

long bpf_xdp_adjust_meta(xdp_md* /*ctx*/, int delta) {
    return Machine::current().adjust_meta(delta);
}

long bpf_xdp_adjust_head(xdp_md* /*ctx*/, int delta) {
    return Machine::current().adjust_head(delta);
}

long bpf_xdp_adjust_tail(xdp_md* /*ctx*/, int delta) {
    return Machine::current().adjust_tail(delta);
}

__u64 bpf_xdp_get_buff_len(xdp_md* /*ctx*/) {
    return Machine::current().length();
}

long bpf_xdp_load_bytes(xdp_md* /*ctx*/, __u32 offset, void* to, __u32 len) {
    return Machine::current().load_bytes(offset, {static_cast<std::uint8_t*>(to), len});
}

long bpf_xdp_store_bytes(xdp_md* /*ctx*/, __u32 offset, void* from, __u32 len) {
    return Machine::current().store_bytes(offset, {static_cast<const std::uint8_t*>(from), len});
}

/// As the kernel's, where nothing is taken away: a sum of 32 bits, folded to them.
__s64 bpf_csum_diff(__be32* /*from*/, __u32 /*from_size*/, __be32* to, __u32 to_size, __u32 seed) {
    std::uint64_t sum = seed;
    for (__u32 i = 0; i < to_size / sizeof(*to); i++) {
        __be32 word = 0;
        std::memcpy(&word, to + i, sizeof(word)); // in a frame it may lie anywhere
        sum += word;
    }
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT32_MAX) + (sum >> 32);
    return static_cast<__s64>(sum);
}

__u32 bpf_get_prandom_u32() {
    return 4; // chosen by nobody: what is made of it is for others
}

long native_loop(__u32 most, long (*turn)(__u32, void*), void* context) {
    return Machine::current().loop(most, turn, context);
}

__u64 bpf_jiffies64() {
    return Machine::current().jiffies();
}

void native_before_atomic(void* at) {
    Machine::current().atomic(at);
}

void native_spin_lock(struct bpf_spin_lock* lock) {
    Machine::current().lock(lock);
}

void native_spin_unlock(struct bpf_spin_lock* lock) {
    Machine::current().unlock(lock);
}
