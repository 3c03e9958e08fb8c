/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* As bpf_helpers.h beside it. libbpf's macros choose between constants and code, which would count as branches. */
#pragma once

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "only for little-endian machines"
#endif

#define bpf_htons(x) __builtin_bswap16(x)
#define bpf_ntohs(x) __builtin_bswap16(x)
#define bpf_htonl(x) __builtin_bswap32(x)
#define bpf_be64_to_cpu(x) __builtin_bswap64(x)
#define bpf_cpu_to_be64(x) __builtin_bswap64(x)
#define bpf_ntohl(x) __builtin_bswap32(x)
