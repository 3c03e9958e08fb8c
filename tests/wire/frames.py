# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Frames for the tests: inner packets by scapy, label stacks by hand so that broken ones can be made as well."""
from __future__ import annotations

import logging
import struct

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.layers.inet import ICMP, IP, TCP, UDP  # noqa: E402
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6  # noqa: E402
from scapy.packet import Raw  # noqa: E402

SRC = "02:00:00:00:01:01"
DST = "02:00:00:00:02:02"
MPLS = 0x8847
MPLS_MULTI = 0x8848
ETH = {4: 0x0800, 6: 0x86DD}
SERVICE_LABEL = 16001


def lse(label: int, tc: int = 0, s: int = 0, ttl: int = 64) -> bytes:
    """One label stack entry, RFC 3032 2.1."""
    return struct.pack("!I", label << 12 | tc << 9 | s << 8 | ttl)


def stack(*entries) -> bytes:
    """Entries are labels or (label, tc, ttl); S is set on the last one only."""
    rows = [entry if isinstance(entry, tuple) else (entry, 0, 64) for entry in entries]
    last = len(rows) - 1
    return b"".join(lse(label, tc, int(i == last), ttl) for i, (label, tc, ttl) in enumerate(rows))


def ether(payload: bytes, ethertype: int, dst: str = DST, src: str = SRC) -> bytes:
    return bytes.fromhex((dst + src).replace(":", "")) + struct.pack("!H", ethertype) + payload


def labelled(inner: bytes, *entries, ethertype: int = MPLS, **macs) -> bytes:
    return ether(stack(*entries) + inner, ethertype, **macs)


def bare(inner: bytes, **macs) -> bytes:
    """The inner packet alone in a frame, as an SF sends it."""
    return ether(inner, ETH[inner[0] >> 4], **macs)


def network(family: int, n: int = 0, **fields):
    """An IP header with documentation addresses; n makes the packet unlike any other."""
    if family == 4:
        return IP(src="192.0.2.1", dst="198.51.100.2", id=1 + n % 65535, ttl=64, **fields)
    return IPv6(src="2001:db8::1", dst="2001:db8:1::2", hlim=64, **fields)


def transport(kind: str, family: int, n: int = 0):
    if kind == "tcp":
        return TCP(sport=40000, dport=9999, seq=1000 + n, ack=5000, flags="PA", window=512)
    if kind == "udp":
        return UDP(sport=40000, dport=9999)
    if family == 4:
        return ICMP(type=8, id=7, seq=n % 65536)
    return ICMPv6EchoRequest(id=7, seq=n % 65536)


def payload(n: int, size: int = 20) -> bytes:
    return (b"packet %08d " % n * (size // 16 + 1))[:size]


def inner(family: int = 4, kind: str = "tcp", n: int = 0, size: int = 20, **fields) -> bytes:
    """A whole inner packet; every n gives another key."""
    return bytes(network(family, n, **fields) / transport(kind, family, n) / Raw(payload(n, size)))


def tcp(n: int = 0, size: int = 20, options=(), family: int = 4, **fields) -> bytes:
    """TCP with chosen fields, for the tests of what an SF may change."""
    values = {"sport": 40000, "dport": 9999, "seq": 1000 + n, "ack": 5000, "flags": "PA", "window": 512, **fields}
    return bytes(network(family, n) / TCP(options=list(options), **values) / Raw(payload(n, size)))
