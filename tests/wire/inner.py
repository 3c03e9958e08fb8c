# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Model of the inner IP packet: is it well-formed, where do its extension headers lead, has it a key at all.

Written from docs/keys.md and RFC 791, 8200, 9293, 768, 792, 4443, 9260, 4303, 4302, 2890; bytes only, so that scapy
stays a second opinion. A judgement is a set of reasons: where the specification leaves the order of two checks
open, both reasons are in it.
"""
from __future__ import annotations

from dataclasses import dataclass

TCP, UDP, ICMP, ICMP6, SCTP, ESP, AH, GRE, IGMP = 6, 17, 1, 58, 132, 50, 51, 47, 2
HOP_BY_HOP, ROUTING, FRAGMENT, OPTIONS, _ = WALKED = (0, 43, 44, 60, AH)
SEGMENTS = 4
MAX_EXTENSIONS = 8
LINK_TYPES = (*range(130, 138), 143)
LEAST = {4: 20, 6: 40}
VERSIONS = {"ip": (4, 6), "ipv4": (4,), "ipv6": (6,)}
L4_LEAST = {TCP: 20, UDP: 8, SCTP: 12, ESP: 8, AH: 12, GRE: 4}
GRE_CHECKSUM, GRE_ROUTING, GRE_KEY, GRE_SEQUENCE, GRE_VERSION = 0x8000, 0x4000, 0x2000, 0x1000, 7


def u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at:at + 2], "big")


@dataclass(frozen=True)
class Ip:
    """An IP packet that ends where its header says (padding is gone), and where its extension headers lead.

    protocol and l4 are those of the key: AH, or of a fragment what follows its fragment header. fault is what the walk met;
    steered: by a segment routing header, or hidden behind too many headers. end is where the walk ended, also behind the
    fragment header; None in a later fragment, which has no headers of its own.
    """

    data: bytes
    protocol: int
    at: int
    fragment: tuple[int, bytes] | None = None
    fault: str = ""
    steered: bool = False
    end: tuple[int, int] | None = None

    @property
    def version(self) -> int:
        return self.data[0] >> 4

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
        return self.data[self.at:]

    def is_icmp(self) -> bool:
        return self.protocol == (ICMP if self.version == 4 else ICMP6)

    def of_the_link(self) -> bool:
        """Multicast listeners, neighbour discovery and IGMP, which belong to a link and not to a chain."""
        if self.fragment:
            return False
        if self.version == 4:
            return self.protocol == IGMP
        return self.protocol == ICMP6 and self.l4[:1] != b"" and self.l4[0] in LINK_TYPES


def extension_size(kind: int, header: bytes) -> int:
    """Length of an extension header, 0 if it does not fit into what is there."""
    size = 8 if kind == FRAGMENT or len(header) < 8 else (header[1] + 2) * 4 if kind == AH else 8 + 8 * header[1]
    return size if size <= len(header) else 0


def walk(data: bytes) -> Ip:
    """Along the extension headers of an IPv6 packet, docs/keys.md; behind AH and a fragment header only for segment
    routing. `settled`: protocol, where it begins, and the fragment's fields."""
    kind, at, settled, seen = data[6], 40, None, 0
    fault, steered = "", False
    while kind in WALKED:
        header = data[at:]
        size = extension_size(kind, header)
        if kind == AH and not settled:
            settled = AH, at, None
        steered = seen == MAX_EXTENSIONS or len(header) >= 8 and kind == ROUTING and header[2] == SEGMENTS
        if steered or not size:
            fault = "no_key" if steered else "" if settled else "bad_inner"
            break
        if kind == FRAGMENT and not settled:
            settled = header[0], at + 8, (u16(header, 2) & 0xFFF9, header[4:8])
            if u16(header, 2) & 0xFFF8:
                return Ip(data, *settled)
        kind, at, seen = header[0], at + size, seen + 1
    return Ip(data, *(settled or (kind, at, None)), fault, steered, (kind, at))


def behind_ah(data: bytes, header: int) -> tuple[int, int]:
    """Protocol of an IPv4 packet, behind AH if there is one that fits, and where it begins."""
    size = extension_size(AH, data[header:]) if data[9] == AH else 0
    return (data[header], header + size) if size else (data[9], header)


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
    if faults:
        return faults, None
    if version == 6:
        return faults, walk(data[:total])
    word = u16(data, 6) & 0x3FFF
    return faults, Ip(data[:total], data[9], header, (word, data[4:6]) if word else None,
                      end=None if word & 0x1FFF else behind_ah(data[:total], header))


def gre_fields(l4: bytes) -> int:
    """Length of the GRE header as far as the key knows it: RFC 2890, but neither other versions nor routing."""
    flags = u16(l4, 0)
    if flags & (GRE_VERSION | GRE_ROUTING):
        return 4
    return 4 + 4 * sum(bool(flags & flag) for flag in (GRE_CHECKSUM, GRE_KEY, GRE_SEQUENCE))


def faults_of(ip: Ip, link: bool = False) -> set[str]:
    """bad_inner or no_key behind the IP header. link: what belongs to a link has a key too, as in Ethernet frames."""
    if ip.fault or ip.fragment:
        return {ip.fault} - {""}
    if ip.of_the_link() and not link:
        return {"no_key"}
    least = 8 if ip.is_icmp() else L4_LEAST.get(ip.protocol, 0)
    if len(ip.l4) >= least and ip.protocol == TCP:
        words = ip.l4[12] >> 4
        least = 4 * words if words >= 5 else 1 << 16
    if len(ip.l4) >= least and ip.protocol == GRE:
        least = gre_fields(ip.l4)
    return {"bad_inner"} if len(ip.l4) < least else set()


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
