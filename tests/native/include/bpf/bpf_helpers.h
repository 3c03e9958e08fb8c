/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Found before libbpf's header of this name where the BPF sources are compiled for user space: the same macros, and the
 * helpers as ordinary functions, defined in helpers.cpp. A helper that is missing here is an error of the compiler.
 */
#pragma once

#include <stddef.h>

#include <linux/bpf.h>

#ifndef __cplusplus /* helpers.cpp needs the functions only */
#define __uint(name, val) int(*name)[val]
#define __type(name, val) __typeof__(val)* name

/* Sections say to a loader what is a program and what is a map; here there is none. */
#define SEC(name) __attribute__((used))

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
#endif

/* libbpf has system calls of the same names, and the comparison with the kernel links both. */
#define bpf_map_lookup_elem native_map_lookup_elem
#define bpf_map_update_elem native_map_update_elem
#define bpf_map_delete_elem native_map_delete_elem
#define bpf_redirect native_redirect
#define bpf_redirect_map native_redirect_map
#define bpf_skb_store_bytes native_skb_store_bytes
#define bpf_skb_load_bytes native_skb_load_bytes
#define bpf_skb_change_head native_skb_change_head
#define bpf_probe_read_kernel native_probe_read_kernel
/* A structure has this name too. */
#define bpf_fib_lookup(ctx, params, size, flags) native_fib_lookup(ctx, params, size, flags)
#define bpf_get_smp_processor_id native_get_smp_processor_id
#define bpf_xdp_adjust_meta native_xdp_adjust_meta
#define bpf_xdp_adjust_head native_xdp_adjust_head
#define bpf_xdp_adjust_tail native_xdp_adjust_tail
#define bpf_xdp_get_buff_len native_xdp_get_buff_len
#define bpf_xdp_load_bytes native_xdp_load_bytes
#define bpf_xdp_store_bytes native_xdp_store_bytes
#define bpf_jiffies64 native_jiffies64
/* The turn's own type of context is nobody's concern here. */
#define bpf_loop(most, turn, context, flags) native_loop(most, (long (*)(__u32, void*))(turn), context)
#define bpf_csum_diff native_csum_diff
#define bpf_get_prandom_u32 native_get_prandom_u32
/* A structure has this name too: with parameters, only calls are replaced. */
#define bpf_spin_lock(lock) native_spin_lock(lock)
#define bpf_spin_unlock(lock) native_spin_unlock(lock)

#ifndef __cplusplus
/* Before it something may happen, as if another CPU were there. The name inside is the compiler's own. */
#define __sync_val_compare_and_swap(at, old, value)                                                                    \
    (native_before_atomic((void*)(at)), __sync_val_compare_and_swap(at, old, value))
#endif

#ifdef __cplusplus
extern "C" {
#endif
void native_before_atomic(void* at);
void* bpf_map_lookup_elem(void* map, const void* key);
long bpf_map_update_elem(void* map, const void* key, const void* value, __u64 flags);
long bpf_map_delete_elem(void* map, const void* key);
long bpf_redirect(__u32 ifindex, __u64 flags);
long bpf_redirect_map(void* map, __u64 key, __u64 flags);
long bpf_skb_store_bytes(struct __sk_buff* skb, __u32 offset, const void* from, __u32 len, __u64 flags);
long bpf_skb_load_bytes(const void* skb, __u32 offset, void* to, __u32 len);
long bpf_skb_change_head(struct __sk_buff* skb, __u32 len, __u64 flags);
long bpf_probe_read_kernel(void* to, __u32 size, const void* from);
long native_fib_lookup(void* ctx, struct bpf_fib_lookup* params, int size, __u32 flags);
__u32 bpf_get_smp_processor_id(void);
long bpf_xdp_adjust_meta(struct xdp_md* ctx, int delta);
long bpf_xdp_adjust_head(struct xdp_md* ctx, int delta);
long bpf_xdp_adjust_tail(struct xdp_md* ctx, int delta);
__u64 bpf_xdp_get_buff_len(struct xdp_md* ctx);
long bpf_xdp_load_bytes(struct xdp_md* ctx, __u32 offset, void* to, __u32 len);
long bpf_xdp_store_bytes(struct xdp_md* ctx, __u32 offset, void* from, __u32 len);
__u64 bpf_jiffies64(void);
long native_loop(__u32 most, long (*turn)(__u32, void*), void* context);
__s64 bpf_csum_diff(__be32* from, __u32 from_size, __be32* to, __u32 to_size, __u32 seed);
__u32 bpf_get_prandom_u32(void);
void native_spin_lock(struct bpf_spin_lock* lock);
void native_spin_unlock(struct bpf_spin_lock* lock);
#ifdef __cplusplus
}
#endif
