# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What becomes of an SRv6 frame, from the standards alone: RFC 8200, 8754, 8986, 9800, draft-ietf-spring-sr-service-programming-12.

judge() makes one of four things. A Trip or a Masked has the frame that the SF gets, and the one that leaves behind it; a Bypass
has the frame that leaves without the SF; a Fault has a reason, and the ICMPv6 message that is due. Offsets into `ip` are those
of the IPv6 packet, as a pointer of ICMPv6 counts. Keys and the cache are no matter of it.
"""
from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

import nsh_model
from cfg import Config, Srv6Service
from model import ETHERNET, IP_TYPES, NO_MAC, hop_mac, hops, sf_macs, u16, with_hops
from nsh_model import ROOM, enclosed, need

HEADER = 40
ROUTING, FRAGMENT, ICMPV6 = 43, 44, 58
EXTENSIONS = (0, ROUTING, FRAGMENT, 60)
SRH_TYPE, PAD1 = 4, 0
DEFAULT_HOPS = 64
IPV6_TYPE = 0x86DD
TYPES = {None: (4, 41), "ip": (4, 41), "ipv4": (4,), "ipv6": (41,), "ethernet": (143,)}
INSIDE = {4: nsh_model.IPV4, 41: nsh_model.IPV6, 143: nsh_model.FRAME}


@dataclass(frozen=True)
class Icmp:
    """An ICMPv6 message (RFC 4443) by type and code; pointer is the MTU of type 2."""

    kind: int
    code: int
    pointer: int = 0


@dataclass(eq=False)
class Fault(nsh_model.Fault):
    icmp: Icmp | None = None


def problem(reason: str, code: int, pointer: int) -> Fault:
    return Fault(reason, icmp=Icmp(4, code, pointer))


def no_hop_left() -> Fault:
    return Fault("ttl", icmp=Icmp(3, 0))


@dataclass(frozen=True)
class Bypass:
    """A packet whose upper layer is not for the SF: it leaves for its next segment at once."""

    service: Srv6Service
    frame: bytes


@dataclass(frozen=True)
class Trip:
    """A packet that was decapsulated. head is all that stands in front of it when it leaves, with the IPv6 header at `at`."""

    service: Srv6Service
    sf_frame: bytes
    head: bytes
    at: int

    def back(self, frame: bytes | None = None, like: bytes = b"") -> bytes | Fault:
        """The frame that leaves when the SF has returned this one, by default the one that it got. End.AS computes a flow label,
        which is that of `like`."""
        frame = self.sf_frame if frame is None else frame
        packet = frame
        if self.service.inner != "ethernet":
            packet = frame[ETHERNET:]
            if decrements(self.service):
                if hops(packet) <= 1:
                    return Fault("ttl", self.service.name)
                packet = with_hops(packet, hops(packet) - 1)
        head, at = bytearray(self.head), self.at
        head[at + 4:at + 6] = (len(head) - at - HEADER + enclosed(self.service, packet)).to_bytes(2, "big")
        if self.service.behaviour == "as" and like:
            head[at + 1:at + 4] = bytes([head[at + 1] & 0xF0 | like[at + 1] & 0x0F]) + like[at + 2:at + 4]
        return bytes(head) + packet


@dataclass(frozen=True)
class Masked:
    """End.AM: the packet goes to the SF with its SRH at `at`, and the last segment as its destination."""

    service: Srv6Service
    sf_frame: bytes
    macs: bytes
    at: int

    def back(self, frame: bytes | None = None, like: bytes = b"") -> bytes | Fault:
        frame = self.sf_frame if frame is None else frame
        sent, ip = self.sf_frame[ETHERNET:], bytearray(frame[ETHERNET:])
        end = self.at + 8 + 8 * sent[self.at + 1]
        if ip[24:40] != sent[24:40]:
            return Fault("miss", None)
        if ip[self.at:end] != sent[self.at:end] or ip[6] != sent[6]:
            return Fault("sfc_from_sf", self.service.name)
        if ip[7] <= 1:
            return Fault("ttl", self.service.name, icmp=Icmp(3, 0))
        ip[7] -= 1
        ip[24:40] = entry(ip, self.at, ip[self.at + 3])
        return self.macs + IP_TYPES[6] + bytes(ip)


def decrements(service: Srv6Service) -> bool:
    """The draft takes one hop off an IP packet on its way back, and none off a frame."""
    return service.inner != "ethernet" and service.inner_ttl != "keep"


def link_end(frame: bytes) -> int | None:
    """Where the IPv6 packet begins, if the frame is one. Behind a VLAN tag it is another network's."""
    at = ETHERNET
    return at if len(frame) >= at + HEADER and u16(frame, at - 2) == IPV6_TYPE and frame[at] >> 4 == 6 else None


def match(config: Config, port: str, destination: bytes) -> Srv6Service | None:
    """The longest prefix wins, as in every look-up of a SID (RFC 8754 4.3)."""
    rows = [s for s in config.services if isinstance(s, Srv6Service) and port in [p.interface for p in s.domain]
            and ipaddress.IPv6Address(destination) in s.prefix()]
    return max(rows, key=lambda service: service.prefix().prefixlen, default=None)


def headers(ip: bytes) -> Iterator[tuple[int, int]]:
    """Protocol number and offset of each extension header, and of the upper layer as the last."""
    proto, at = ip[6], HEADER
    while proto in EXTENSIONS:
        need(ip, at + 8)
        size = 8 if proto == FRAGMENT else 8 + 8 * ip[at + 1]
        need(ip, at + size)
        yield proto, at
        proto, at = ip[at], at + size
    yield proto, at


def upper_layer(ip: bytes) -> tuple[int, int]:
    """A fragment has none that could go to an SF."""
    proto, at = ip[6], HEADER
    for proto, at in headers(ip):
        if proto == FRAGMENT:
            raise Fault("outer_fragment")
    return proto, at


def active(ip: bytes) -> int | None:
    """Where the SRH is that has segments left. A routing header without any is ignored, and one of another type with some is a
    fault (RFC 8200 4.4)."""
    for proto, at in headers(ip):
        if proto == FRAGMENT:
            raise Fault("outer_fragment")
        if proto == ROUTING and ip[at + 3]:
            if ip[at + 2] != SRH_TYPE:
                raise problem("bad_srh", 0, at + 2)
            return at
    return None


def check_srh(ip: bytes, at: int):
    """RFC 8986 4.1 S08 to S11, then RFC 8754 2.1: TLVs end where the SRH does."""
    if ip[at + 4] > ip[at + 1] // 2 - 1 or ip[at + 3] > ip[at + 4] + 1:
        raise problem("bad_srh", 0, at + 3)
    end, tlv = at + 8 + 8 * ip[at + 1], at + 8 + 16 * (ip[at + 4] + 1)
    while tlv < end:
        if ip[tlv] != PAD1 and tlv + 2 > end:
            raise problem("bad_tlv", 0, at + 1)
        tlv += 1 if ip[tlv] == PAD1 else 2 + ip[tlv + 1]
    if tlv > end:
        raise problem("bad_tlv", 0, at + 1)


def entry(ip: bytes, at: int, n: int) -> bytes:
    return ip[at + 8 + 16 * n:at + 24 + 16 * n]


def shift(service: Srv6Service, ip: bytes) -> bytes:
    """RFC 9800 4.1.1 N01 to N07, again while the next C-SID is this service's own: each shift costs a hop."""
    if service.nflen is None:
        return ip
    keep, argument = 128 - service.lblen, 128 - service.lblen - service.nflen
    target = int.from_bytes(ip[24:40], "big")
    while ipaddress.IPv6Address(target) in service.prefix() and target & ((1 << argument) - 1):
        if ip[7] <= 1:
            raise no_hop_left()
        target = target >> keep << keep | (target & ((1 << argument) - 1)) << service.nflen
        ip = ip[:7] + bytes([ip[7] - 1]) + ip[8:24] + target.to_bytes(16, "big") + ip[40:]
    return ip


def next_segment(service: Srv6Service, ip: bytes) -> tuple[bytes, int | None]:
    """RFC 8986 4.1 S02 to S14: the packet with its next segment, and where its SRH is; None if there is no next one."""
    at = active(ip)
    if at is None:
        return ip, None
    if ip[7] <= 1:
        raise no_hop_left()
    check_srh(ip, at)
    out, left = bytearray(ip), ip[at + 3] - 1
    out[7] -= 1
    out[at + 3] = left
    out[24:40] = entry(ip, at, 0 if service.behaviour == "am" else left)
    return bytes(out), at


def as_head(service: Srv6Service, proto: int) -> bytes:
    """The IPv6 header of End.AS, with an SRH if there is more than one segment; hop limit as of the node (draft, 6.1)."""
    rows = [ipaddress.IPv6Address(text).packed for text in service.segments]
    last = len(rows) - 1
    srh = bytes([proto, 2 * len(rows), SRH_TYPE, last, last, 0, 0, 0]) + b"".join(reversed(rows)) if last else b""
    first = (6 << 28 | (service.traffic_class or 0) << 20).to_bytes(4, "big")
    return (first + bytes([0, 0, ROUTING if last else proto, DEFAULT_HOPS]) +
            ipaddress.IPv6Address(service.source).packed + rows[0] + srh)


def fits(service: Srv6Service, size: int, arrived: int):
    """The sender is told the most that may arrive here."""
    if service.hop_mtu and size > service.hop_mtu:
        raise Fault("too_big", icmp=Icmp(2, 0, service.hop_mtu - size + arrived))


def decapsulate(service: Srv6Service, config: Config, frame: bytes, ip: bytes, at: int, upper: tuple[int, int]) -> Trip:
    """The rest of the draft's S18: what is inside, and room for the header on the way back."""
    proto, end = upper
    head = ip[:end] if service.behaviour == "ad" else as_head(service, proto)
    room = ROOM - (ETHERNET if service.inner == "ethernet" else 0)
    if at - ETHERNET + len(head) > room:
        raise Fault("header_too_long")
    packet = ip[end:] if proto != 143 else frame[at + end:]     # what is behind an outer packet is a frame's padding
    nsh_model.inner(packet, INSIDE[proto], {4: "ipv4", 41: "ipv6", 143: "ethernet"}[proto])
    if decrements(service) and hops(packet) <= 1:
        raise Fault("ttl")
    fits(service, len(head) + enclosed(service, packet), len(ip))
    link = hop_mac(service, frame) + NO_MAC + frame[12:at]
    sf_frame = packet if proto == 143 else sf_macs(config, service, frame) + IP_TYPES[packet[0] >> 4] + packet
    return Trip(service, sf_frame, link + head, at)


def last_segment(service: Srv6Service, ip: bytes):
    """No segment is left: End.AS still serves what is for its SF, all else is RFC 8986 4.1.1."""
    proto, at = upper_layer(ip)
    if service.behaviour != "as" or proto not in TYPES[service.inner]:
        raise problem("upper_layer", 4, at)


def go(service: Srv6Service, config: Config, frame: bytes, ip: bytes, at: int) -> Trip | Masked | Bypass:
    shifted = shift(service, ip)
    ip, srh = shifted, None
    if ipaddress.IPv6Address(ip[24:40]) in service.prefix():
        ip, srh = next_segment(service, ip)
        if srh is None:
            last_segment(service, ip)
    link = hop_mac(service, frame) + NO_MAC + frame[12:at]
    upper = upper_layer(ip)
    if service.behaviour == "am":
        fits(service, len(ip), len(ip))
        return Masked(service, sf_macs(config, service, frame) + IP_TYPES[6] + ip, link[:12], srh)
    if upper[0] not in TYPES[service.inner]:
        if upper[1] > ROOM:
            raise Fault("header_too_long")
        fits(service, len(ip), len(ip))
        return Bypass(service, link + ip)
    return decapsulate(service, config, frame, ip, at, upper)


def may_answer(frame: bytes, ip: bytes) -> bool:
    """RFC 4443 2.4 (e): no error for an ICMPv6 error or a redirect, a group's link address, or a sender that is not one node."""
    try:
        proto, at = list(headers(ip))[-1]
    except nsh_model.Fault:
        proto, at = 0, 0
    kind = ip[at] if proto == ICMPV6 and at < len(ip) else 128
    return not frame[0] & 1 and ip[8] != 0xFF and any(ip[8:24]) and kind >= 128 and kind != 137


def judge(config: Config, port: str, frame: bytes) -> Trip | Masked | Bypass | Fault:
    at = link_end(frame)
    service = match(config, port, frame[at + 24:at + 40]) if at else None
    if not service:
        return Fault("not_sfc", verdict="passed")
    end = at + HEADER + u16(frame, at + 4)
    ip = frame[at:end]
    try:
        need(frame, end)
        return go(service, config, frame, ip, at)
    except nsh_model.Fault as fault:
        icmp = getattr(fault, "icmp", None)
        return Fault(fault.reason, service.name, icmp=icmp if icmp and may_answer(frame, ip) else None)


def stray(frame: bytes) -> str:
    """The reason for a packet from an SF that no header was cached for."""
    at = link_end(frame)
    srh = at is not None and any(proto == ROUTING and frame[at + n + 2] == SRH_TYPE for proto, n in headers(frame[at:]))
    return "sfc_from_sf" if srh else "miss"
