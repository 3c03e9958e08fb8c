# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Model of the inner packet: is it well-formed, and which of its bytes name it (the key).

Written from RFC 791, 8200, 9293, 768, 792 and 4443 and the tables of the specification; bytes only, so that scapy
stays a second opinion. A judgement is a set of reasons: where the specification leaves the order of two checks
open, both reasons are in it.
"""
from __future__ import annotations

from dataclasses import dataclass

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
L4_HEADER = {TCP: 20, UDP: 8, ICMP: 8, ICMP6: 8}
KEYED = {4: (TCP, UDP, ICMP), 6: (TCP, UDP, ICMP6)}
DISCOVERY = range(133, 138)
DIGEST = 64
FIN_SYN_RST_PSH = 0x0F
LEAST = {4: 20, 6: 40}
VERSIONS = {"ip": (4, 6), "ipv4": (4,), "ipv6": (6,)}


def u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at:at + 2], "big")


@dataclass(frozen=True)
class Ip:
    """A well-formed IP packet; the bytes end where the IP header says, padding is gone."""

    data: bytes
    header: int

    @property
    def version(self) -> int:
        return self.data[0] >> 4

    @property
    def protocol(self) -> int:
        return self.data[9] if self.version == 4 else self.data[6]

    @property
    def hops(self) -> int:
        return self.data[8] if self.version == 4 else self.data[7]

    @property
    def addresses(self) -> bytes:
        return self.data[12:20] if self.version == 4 else self.data[8:40]

    @property
    def ipv4_id(self) -> int:
        return u16(self.data, 4) if self.version == 4 else 0

    @property
    def l4(self) -> bytes:
        return self.data[self.header:]

    def fragment(self) -> tuple[bool, int]:
        """Is it one, and at which offset."""
        word = u16(self.data, 6) if self.version == 4 else 0
        return bool(word & 0x3FFF), word & 0x1FFF

    def source_routed(self) -> bool:
        """IPv6 whose first next header is a Segment Routing Header (routing type 4)."""
        return self.version == 6 and self.protocol == 43 and len(self.l4) > 2 and self.l4[2] == 4

    def discovery(self) -> bool:
        return self.version == 6 and self.protocol == ICMP6 and self.l4[:1] != b"" and self.l4[0] in DISCOVERY


def parse(data: bytes, versions=(4, 6)) -> tuple[set[str], Ip | None]:
    """The faults of the IP header, or the packet."""
    if not data:
        return {"truncated"}, None
    version = data[0] >> 4
    if version not in versions:
        # Which of the two headers does not fit cannot be said of a packet that is neither.
        return {"bad_inner"} if len(data) >= max(LEAST[v] for v in versions) else {"bad_inner", "truncated"}, None
    least = LEAST[version]
    if len(data) < least:
        return {"truncated"}, None
    header = (data[0] & 15) * 4 if version == 4 else 40
    total = u16(data, 2) if version == 4 else 40 + u16(data, 4)
    faults = set()
    if header < least or total < header:
        faults.add("bad_inner")
    if len(data) < header or len(data) < total:
        faults.add("truncated")
    return faults, None if faults else Ip(data[:total], header)


def l4_faults(ip: Ip) -> set[str]:
    """bad_inner if the transport header does not fit; no_key if the packet has no key."""
    fragment, offset = ip.fragment()
    least = L4_HEADER.get(ip.protocol, 0) if ip.protocol in KEYED[ip.version] else 0
    short = len(ip.l4) < least
    if ip.protocol == TCP and not short:
        words = ip.l4[12] >> 4
        short = words < 5 or words * 4 > len(ip.l4)
    if short and offset == 0:
        return {"bad_inner", "no_key"} if fragment or ip.discovery() else {"bad_inner"}
    if fragment or not least or ip.discovery():
        return {"no_key"}
    return set()


def tcp_timestamps(options: bytes) -> bytes:
    """TSval and TSecr of RFC 7323, empty without them or when the options cannot be walked."""
    at = 0
    while at < len(options) and options[at] != 0:
        if options[at] == 1:
            at += 1
            continue
        size = options[at + 1] if at + 1 < len(options) else 0
        if size < 2 or at + size > len(options):
            break
        if options[at] == 8 and size == 10:
            return options[at + 2:at + 10]
        at += size
    return b""


def key(ip: Ip, ipv4_id: bool = True, timestamps: bool = True) -> tuple:
    """What an SF leaves alone: two packets with equal keys cannot be told apart."""
    l4 = ip.l4
    common = (ip.version, ip.protocol, ip.addresses, ip.ipv4_id if ipv4_id else 0)
    if ip.protocol == TCP:
        header = (l4[12] >> 4) * 4
        stamps = tcp_timestamps(l4[20:header]) if timestamps else b""
        return common + (len(l4) - header, l4[:12], l4[13] & FIN_SYN_RST_PSH, stamps)
    size = len(l4) - 8
    if ip.protocol == UDP:
        return common + (size, l4[:4], l4[8:8 + DIGEST])
    return common + (size, l4[:2], l4[4:8], l4[8:8 + DIGEST])


def decrement(data: bytes) -> bytes:
    """Hop count minus one; the IPv4 header checksum is mended by RFC 1624 equation 3, so a wrong one stays wrong."""
    out = bytearray(data)
    if data[0] >> 4 == 6:
        out[7] -= 1
        return bytes(out)
    before = u16(out, 8)
    out[8] -= 1
    total = (u16(out, 10) ^ 0xFFFF) + (before ^ 0xFFFF) + u16(out, 8)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    out[10:12] = (total ^ 0xFFFF).to_bytes(2, "big")
    return bytes(out)
