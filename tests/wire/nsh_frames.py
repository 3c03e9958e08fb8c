# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""NSH (RFC 8300) by hand, every field of it settable, and what may carry it or stand behind it."""
from __future__ import annotations

import struct

import frames as f
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

NSH = 0x894F
GPE_PORT = 4790
IPV4, IPV6, ETHERNET, NESTED, MPLS, IOAM = 1, 2, 3, 4, 5, 6
CONTEXT = bytes(range(0xA0, 0xB0))
Q, AD = 0x8100, 0x88A8
LOCAL = {4: "203.0.113.1", 6: "2001:db8:a::1"}      # of this host, as far as replay is concerned
REMOTE = {4: "203.0.113.9", 6: "2001:db8:a::9"}


def said(behind: bytes, proto: int | None) -> int:
    """The next protocol: what was asked for, or by the IP version."""
    return {4: IPV4, 6: IPV6}[behind[0] >> 4] if proto is None else proto


def nsh(behind: bytes, proto: int | None = None, *, md: int = 1, context: bytes = CONTEXT, version: int = 0, oam: int = 0,
        u: int = 0, ttl: int = 63, length: int | None = None, unassigned: int = 0, spi: int = 777, si: int = 7) -> bytes:
    """Base header, service path header and context in front of what is behind; length in words is right by default."""
    words = 2 + len(context) // 4 if length is None else length
    first = version << 14 | oam << 13 | u << 12 | ttl << 6 | words
    return struct.pack("!HBBI", first, unassigned << 4 | md, said(behind, proto), spi << 8 | si) + context + behind


def tlv(size: int, *, kind: int = 1, owner: int = 0x0123, u: int = 0, length: int | None = None) -> bytes:
    """A context header of MD type 2 with a value of this size, padded to words; the length may lie."""
    value = bytes(n % 251 + 1 for n in range(size))
    return struct.pack("!HBB", owner, kind, u << 7 | (size if length is None else length)) + value + bytes(-size % 4)


def md2(behind: bytes, *tlvs: bytes, proto: int | None = None, **fields) -> bytes:
    return nsh(behind, proto, md=2, context=b"".join(tlvs), **fields)


def words(count: int) -> bytes:
    """Context headers of MD type 2 that fill so many words."""
    rest = []
    while count > 32:
        rest.append(tlv(124))
        count -= 32
    return b"".join(rest) + (tlv(4 * (count - 1)) if count else b"")


def ioam(behind: bytes, proto: int | None = None, *, length: int = 2, kind: int = 0, size: int | None = None) -> bytes:
    """RFC 9452: type, length in words, reserved, next protocol; then as many words as the length says, or size bytes."""
    body = bytes(range(1, 1 + (4 * max(length - 1, 0) if size is None else size)))
    return bytes([kind, length, 0, said(behind, proto)]) + body + behind


def layers(behind: bytes, *names: str, **fields) -> bytes:
    """A packet behind an outer NSH and these layers, the outermost first: nsh, md2, ioam, and mpls as the last one."""
    proto = None
    for name in reversed(names):
        if name == "mpls":
            behind, proto = f.stack(17, (18, 3, 9)) + behind, MPLS
        elif name == "ioam":
            behind, proto = ioam(behind, proto), IOAM
        else:
            context = {"nsh": {}, "md2": {"md": 2, "context": tlv(3)}, "empty": {"md": 2, "context": b""}}[name]
            behind, proto = nsh(behind, proto, spi=99, si=0, oam=1, ttl=1, **context), NESTED
    return nsh(behind, proto, **fields)


def frame(header: bytes, *tags: tuple[int, int], **macs) -> bytes:
    """NSH in a frame; tags are (EtherType, TCI), the outermost first."""
    kind = NSH
    for tpid, tci in reversed(tags):
        header, kind = struct.pack("!HH", tci, kind) + header, tpid
    return f.ether(header, kind, **macs)


def gpe_header(flags: int = 0x0C, proto: int = 4, vni: int = 0x00ABCD, reserved: int = 0, last: int = 0) -> bytes:
    """VXLAN-GPE: flags 0x08 I, 0x04 P, 0x02 B, 0x01 O, 0x30 version."""
    return struct.pack("!BHBI", flags, reserved, proto, vni << 8 | last)


def outer(family: int, payload: bytes, *, ip=(), udp=(), mid=None, tail: bytes = b"", **macs) -> bytes:
    """UDP to this host; ip and udp are fields for scapy, mid a header between the two, tail is behind the packet."""
    if family == 4:
        head = IP(**{"src": REMOTE[4], "dst": LOCAL[4], "id": 77, "ttl": 9, "tos": 0xB9, "flags": "DF", **dict(ip)})
    else:
        head = IPv6(**{"src": REMOTE[6], "dst": LOCAL[6], "tc": 0xB9, "fl": 0x54321, "hlim": 9, **dict(ip)})
    body = UDP(**{"sport": 50001, "dport": GPE_PORT, **dict(udp)}) / Raw(payload)
    return f.ether(bytes(head / mid / body if mid is not None else head / body) + tail, f.ETH[family], **macs)


def gpe(header: bytes, family: int = 4, *, tunnel=(), **fields) -> bytes:
    """NSH in VXLAN-GPE; tunnel has fields of gpe_header."""
    return outer(family, gpe_header(**dict(tunnel)) + header, **fields)
