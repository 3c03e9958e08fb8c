/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Probes: packets that the proxy sends itself at attach, to see what an SF does to packets. Part of sfc_abi.h, which
 * includes it. A probe is known by the beginning of its UDP payload, which no suitable SF changes. It never leaves. */
#pragma once

enum sfc_probe_limit {
	SFC_PROBES_MAX = 256,  /* ways through SFs that are probed: SF, way in, way out, IP version */
	SFC_PROBE_BYTES = 160, /* of the frame that came out are kept; a probe is longer */
	SFC_PROBE_NONCE = 16,  /* random, so that only those who see the probe can name it */
	SFC_PROBE_PAYLOAD = 128,
	SFC_PROBE_COPIES = 4, /* through a kernel: a raw socket costs those their metadata that come while it is busy */
	SFC_PROBE_GENERATION = 1, /* of its ticket. Odd: valid never, nowhere */
};

/* The beginning of a probe's UDP payload. */
struct sfc_probe_name {
	__u64 nonce[SFC_PROBE_NONCE / 8];
	__u32 index; /* of its entry, in this host's order: nobody else reads it */
	__u32 reserved;
};

/* User space fills the first part before it sends the probe, the program that meets it the second. */
struct sfc_probe_entry {
	__u64 nonce[SFC_PROBE_NONCE / 8];
	__u32 active;  /* 1 = the nonce is one */
	__u16 to_port; /* SF port that it is sent through; SFC_NONE: into the kernel of this host */
	__u8 ticketed; /* 1 = it is sent with a ticket, as packets in kernel mode are */
	__u8 reserved;
	__u32 sent;    /* how many copies are on their way */
	__u32 came;    /* how many came out */
	__u32 bare;    /* how many of these without their ticket */
	__u32 ifindex; /* where the first one came out */
	__u32 done;    /* 1 = all that is known of the first one is written */
	__u32 reserved2;
	__u8 frame[SFC_PROBE_BYTES];
};

static_assert(sizeof(struct sfc_probe_name) == SFC_PROBE_NONCE + 8, "sfc_probe_name is padded");
static_assert(sizeof(struct sfc_probe_entry) == 48 + SFC_PROBE_BYTES, "sfc_probe_entry is padded");
