# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""SRv6 by hand (RFC 8200, 8754, 9800): IPv6 and its extension headers, every field of them settable.

A packet is made of parts, the outermost first: outer(srh(...), inner(4)). Each part has the protocol number that the header
in front of it says, and the first byte of every extension header is filled in by join().
"""
from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

import frames as f

HOP_BY_HOP, ROUTING, FRAGMENT, OPTIONS = 0, 43, 44, 60
IPV4, TCP, UDP, IPV6, ESP, ICMPV6, NO_NEXT, ETHERNET, NSH = 4, 6, 17, 41, 50, 58, 59, 143, 145
SOURCE = "2001:db8:a::1"        # who encapsulates
FLOW = 0x54321
PADN_TLV, HMAC_TLV = 4, 5


@dataclass(frozen=True)
class Part:
    proto: int
    body: bytes


def address(text: str) -> bytes:
    return ipaddress.IPv6Address(text).packed


def join(*parts: Part) -> bytes:
    """The parts one behind the other, each extension header with the protocol number of the next."""
    out = b""
    for part, behind in zip(parts, parts[1:]):
        out += bytes([behind.proto]) + part.body[1:]
    return out + parts[-1].body


def outer(*parts: Part, dst: str, src: str = SOURCE, hop: int = 64, tc: int = 0xB8, flow: int = FLOW, length: int | None = None,
          version: int = 6) -> bytes:
    """An IPv6 packet (RFC 8200 3); the payload length is right by default."""
    body = join(*parts)
    size = len(body) if length is None else length
    return struct.pack("!IHBB", version << 28 | tc << 20 | flow, size, parts[0].proto, hop) + address(src) + address(dst) + body


def frame(packet: bytes, *tags: tuple[int, int], tail: bytes = b"", **macs) -> bytes:
    """A packet in a frame; tags are (EtherType, TCI), the outermost first, and tail is behind the packet."""
    kind = f.ETH[6]
    for tpid, tci in reversed(tags):
        packet, kind = struct.pack("!HH", tci, kind) + packet, tpid
    return f.ether(packet + tail, kind, **macs)


def srh(*segments: str, left: int | None = None, last: int | None = None, reduced: bool = False, flags: int = 0, tag: int = 0,
        tlvs: bytes = b"", kind: int = 4, length: int | None = None) -> Part:
    """RFC 8754 2. Segments are in visiting order, so the list has them reversed. By default the first one is active.
    A reduced SRH (4.1.1) leaves the first one out."""
    entries = segments[:0 if reduced else None:-1]
    body = b"".join(address(text) for text in entries) + tlvs
    return Part(ROUTING, struct.pack("!BBBBBBH", 0, len(body) // 8 if length is None else length, kind,
                                     len(segments) - 1 if left is None else left,
                                     len(entries) - 1 if last is None else last, flags, tag) + body)


def tlv(kind: int, value: bytes, length: int | None = None) -> bytes:
    return bytes([kind, len(value) if length is None else length]) + value


def padn(size: int) -> bytes:
    """RFC 8754 2.1.1.2: size bytes with type and length."""
    return tlv(PADN_TLV, bytes(size - 2))


def hmac(digest: bytes = bytes(range(32)), key: int = 42) -> bytes:
    """RFC 8754 2.1.2: D bit and 15 reserved bits, key identifier, digest."""
    return tlv(HMAC_TLV, struct.pack("!HI", 0, key) + digest)


def options(proto: int, *rows: bytes) -> Part:
    """A Hop-by-Hop or Destination Options header (RFC 8200 4.3, 4.6) with these options, filled up with PadN or Pad1."""
    body = b"".join(rows)
    gap = -(2 + len(body)) % 8
    body += b"\0" if gap == 1 else bytes([1, gap - 2]) + bytes(gap - 2) if gap else b""
    return Part(proto, bytes([0, (2 + len(body)) // 8 - 1]) + body)


def option(kind: int, value: bytes) -> bytes:
    return bytes([kind, len(value)]) + value


def fragment(offset: int = 0, more: int = 1, mark: int = 0x1234) -> Part:
    """RFC 8200 4.5; the offset is in units of 8 bytes."""
    return Part(FRAGMENT, struct.pack("!BBHI", 0, 0, offset << 3 | more, mark))


def inner(proto: int, n: int = 0, size: int = 20, tags: bytes = b"") -> Part:
    """A packet inside by its protocol number: IPv4, IPv6, or an Ethernet frame, with tags in front of its EtherType."""
    if proto != ETHERNET:
        return Part(proto, f.inner(4 if proto == IPV4 else 6, "udp", n, size))
    packet = f.inner(4, "tcp", n, size)
    return Part(ETHERNET, bytes.fromhex("02000000a002" "02000000a001") + tags + struct.pack("!H", f.ETH[4]) + packet)


def payload(kind: str = "udp", src: str = "2001:db8::1", final: str = "2001:db8:1::2") -> Part:
    """A transport layer behind an SRH, or behind none. Its checksum is for the last segment (RFC 8200 8.1)."""
    packet = f.IPv6(src=src, dst=final) / f.transport(kind, 6) / f.Raw(f.payload(0))
    return Part({"udp": UDP, "tcp": TCP, "icmp": ICMPV6}[kind], bytes(packet)[40:])


def container(block: str, *sids: int, lbl: int = 32, lnfl: int = 16) -> str:
    """RFC 9800 4.1: a NEXT-C-SID container of these C-SIDs behind the Locator-Block."""
    value = int(ipaddress.IPv6Address(block))
    for n, sid in enumerate(sids, 1):
        value |= sid << (128 - lbl - n * lnfl)
    return str(ipaddress.IPv6Address(value))
