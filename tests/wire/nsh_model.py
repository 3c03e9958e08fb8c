# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What becomes of an NSH frame: docs/nsh.md in Python, for Ethernet, VLAN tags and VXLAN-GPE.

judge() says why a frame goes no further, or makes a Trip: the frame that the SF gets, and the one that leaves behind it.
It shares no code with the programs under test. Of inner packets it knows IP headers; keys and the cache are no matter of it.
"""
from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from cfg import Config, NshService
from model import ETHERNET, IP_TYPES, NO_MAC, hop_mac, hops, sf_macs, u16, with_hops

TAGS, NSH, GPE_PORT, UDP, FRAGMENT = (0x8100, 0x88A8), 0x894F, 4790, 17, 44
IPV4, IPV6, FRAME, NESTED, MPLS, IOAM = 1, 2, 3, 4, 5, 6
ROOM = 216


@dataclass(eq=False)
class Fault(Exception):
    """The end of a frame; without a service it belongs to the port."""

    reason: str
    service: str | None = None
    verdict: str = "dropped"


def need(frame: bytes, end: int, reason: str = "truncated"):
    if len(frame) < end:
        raise Fault(reason)


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(u16(data + b"\0", at) for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@dataclass(frozen=True)
class Outer:
    """The outer packet of VXLAN-GPE: IP at ETHERNET, UDP at udp."""

    family: int
    udp: int

    def addresses(self) -> tuple[int, int]:
        return (ETHERNET + 12, 4) if self.family == 4 else (ETHERNET + 8, 16)

    def sum(self, frame: bytes, size: int) -> int:
        """Over the pseudo header and size bytes of UDP: 0 where the checksum is right."""
        at, width = self.addresses()
        pseudo = frame[at:at + 2 * width] + size.to_bytes(4, "big") + bytes([0, 0, 0, UDP])
        return checksum(pseudo + frame[self.udp:self.udp + size])

    def end(self, frame: bytes) -> int:
        return ETHERNET + (u16(frame, ETHERNET + 2) if self.family == 4 else 40 + u16(frame, ETHERNET + 4))

    def broken(self, frame: bytes) -> bool:
        size = u16(frame, self.udp + 4)
        if self.udp + size != self.end(frame) or self.end(frame) > len(frame):
            return True
        if self.family == 4 and (self.udp > ETHERNET + 20 or checksum(frame[ETHERNET:self.udp])):
            return True             # options too
        return bool(u16(frame, self.udp + 6)) and self.sum(frame, size) != 0

    def readdress(self, frame: bytes, service: NshService) -> bytes:
        at, width = self.addresses()
        source, target = frame[at:at + width], frame[at + width:at + 2 * width]
        if service.tunnel:
            target, source = (ipaddress.ip_address(text).packed for text in service.tunnel)
        else:
            source, target = target, source
        return frame[:at] + source + target + frame[at + 2 * width:]

    def finish(self, head: bytes, packet: bytes, enclosed: int, like: bytes) -> bytes:
        """head and packet with lengths, hop count and checksums; an identification that is random is that of `like`."""
        out, size = bytearray(head + packet), len(head) - self.udp + enclosed
        zero = u16(head, self.udp + 6) == 0
        out[self.udp + 4:self.udp + 8] = size.to_bytes(2, "big") + bytes(2)
        if self.family == 6:
            out[ETHERNET + 4:ETHERNET + 6] = size.to_bytes(2, "big")
            out[ETHERNET + 7] = 64
        else:
            whole = head[ETHERNET + 6] & 0x40
            out[ETHERNET + 2:ETHERNET + 4] = (self.udp - ETHERNET + size).to_bytes(2, "big")
            out[ETHERNET + 4:ETHERNET + 6] = bytes(2) if whole else like[ETHERNET + 4:ETHERNET + 6].ljust(2, b"\0")
            out[ETHERNET + 8] = 64
            out[ETHERNET + 10:ETHERNET + 12] = bytes(2)
            out[ETHERNET + 10:ETHERNET + 12] = checksum(bytes(out[ETHERNET:self.udp])).to_bytes(2, "big")
        if not zero:
            out[self.udp + 6:self.udp + 8] = (self.sum(bytes(out), size) or 0xFFFF).to_bytes(2, "big")
        return bytes(out)


@dataclass(frozen=True)
class Trip:
    """A domain frame through its SF. head is all that stands in front of the packet when it leaves."""

    service: NshService
    sf_frame: bytes
    head: bytes
    outer: Outer | None

    def back(self, frame: bytes | None = None, like: bytes = b"") -> bytes:
        """The frame that leaves when the SF has returned this one, by default the one that it got."""
        frame = self.sf_frame if frame is None else frame
        packet = frame if self.service.inner == "ethernet" else frame[ETHERNET:]
        packet = with_hops(packet, hops(packet) - 1) if self.service.inner_ttl == "decrement" else packet
        return self.outer.finish(self.head, packet, enclosed(self.service, packet), like) if self.outer else self.head + packet


def enclosed(service: NshService, packet: bytes) -> int:
    """Padding is behind the end of an IP packet; an inner Ethernet frame is as long as it is."""
    if service.inner == "ethernet":
        return len(packet)
    return u16(packet, 2) if packet[0] >> 4 == 4 else 40 + u16(packet, 4)


def carrier(frame: bytes, gpe_port: int) -> tuple[int, Outer | None]:
    """Where the NSH is; a first fragment of VXLAN-GPE is the one fault that is seen here."""
    kind, at = u16(frame, 12), ETHERNET
    while kind in TAGS and at < ETHERNET + 8 and len(frame) >= at + 4:
        kind, at = u16(frame, at + 2), at + 4
    if kind == NSH:
        return at, None
    passed = Fault("not_sfc", verdict="passed")
    try:
        family, udp, fragment = outer_ip(frame, kind)
    except Fault:
        raise passed from None
    if at > ETHERNET or not family or len(frame) < udp + 8 or u16(frame, udp + 2) != gpe_port:
        raise passed
    if fragment:
        raise Fault("outer_fragment")
    flags = frame[udp + 8:udp + 16]
    if len(flags) < 4 or flags[0] & 0x34 != 0x04 or flags[3] != 4:
        raise passed
    need(frame, udp + 16)
    if flags[0] & 1:
        raise Fault("oam")
    return udp + 16, Outer(family, udp)


def outer_ip(frame: bytes, kind: int) -> tuple[int, int, bool]:
    """IP version, where UDP begins, and whether this is a first fragment; version 0 is any other packet."""
    if kind == 0x0800:
        need(frame, ETHERNET + 20)
        offset = u16(frame, ETHERNET + 6)
        good = frame[ETHERNET] >> 4 == 4 and frame[ETHERNET] & 15 >= 5 and u16(frame, ETHERNET + 2) >= 28 and frame[ETHERNET + 9] == UDP and not offset & 0x1FFF
        return 4 * good, ETHERNET + 4 * (frame[ETHERNET] & 15), bool(offset & 0x2000)
    if kind == 0x86DD:
        need(frame, ETHERNET + 40)
        at, proto = ETHERNET + 40, frame[ETHERNET + 6]
        if proto != FRAGMENT:
            return 6 * (frame[ETHERNET] >> 4 == 6 and proto == UDP), at, False
        need(frame, at + 8)
        return 6 * (frame[at] == UDP and u16(frame, at + 2) & 0xFFF8 == 0), at + 8, True
    return 0, 0, False


def match(config: Config, port: str, spi: int, si: int) -> NshService | None:
    """A service that names the index wins over one that takes any."""
    rows = [s for s in config.services if isinstance(s, NshService) and s.spi == spi and s.names(si)
            and port in [p.interface for p in s.domain]]
    return min(rows, key=lambda service: service.si == "any", default=None)


def nsh_end(frame: bytes, at: int) -> int:
    """Where an NSH ends, by MD type and length."""
    md, words = frame[at + 2] & 15, u16(frame, at) & 63
    if md not in (1, 2):
        raise Fault("md_type")
    if words != 6 if md == 1 else words < 2:
        raise Fault("bad_length")
    return at + 4 * words


def contexts(frame: bytes, at: int):
    """Context headers of MD type 2 end where the NSH does."""
    end = nsh_end(frame, at)
    if frame[at + 2] & 15 != 2:
        return
    at += 8
    while at < end:
        at += 4 + (frame[at + 3] % 128 + 3) // 4 * 4
        if at > end:
            raise Fault("bad_tlv")


def walk(frame: bytes, at: int) -> tuple[int, int]:
    """The next protocol that is for the SF, and where it begins; MPLS says no more than that it is IP, as 5."""
    proto, end, bottom = frame[at + 3], nsh_end(frame, at), False
    while proto not in (IPV4, IPV6, FRAME) and not bottom:
        if proto not in (NESTED, MPLS, IOAM):
            raise Fault("next_protocol")
        if end > ETHERNET + ROOM:
            raise Fault("header_too_long")
        need(frame, end + 4)
        if proto == MPLS:
            end, bottom = end + 4, bool(frame[end + 2] & 1)
        elif proto == IOAM:
            proto, words = frame[end + 3], frame[end + 1]
            if not words:
                raise Fault("bad_length")
            end += 4 * words
        else:
            if frame[end] >> 6:
                raise Fault("bad_version")
            proto, end = frame[end + 3], nsh_end(frame, end)
    if end > ETHERNET + ROOM:
        raise Fault("header_too_long")
    need(frame, end)
    contexts(frame, at)
    return proto, end


def unframed(frame: bytes) -> tuple[int | None, bytes]:
    """IP version of an inner frame behind up to two tags, if any, and the packet."""
    at = ETHERNET
    need(frame, at)
    while u16(frame, at - 2) in TAGS and at < ETHERNET + 8:
        at += 4
        need(frame, at)
    return {0x0800: IPV4, 0x86DD: IPV6}.get(u16(frame, at - 2)), frame[at:]


def inner(packet: bytes, proto: int, allowed: str | None):
    """Faults of the packet behind it all: what `inner` of the service excludes, and the IP header."""
    if (proto == FRAME) != (allowed == "ethernet"):
        raise Fault("bad_inner")
    if proto == FRAME:
        proto, packet, allowed = *unframed(packet), None
        if not proto:
            return
    versions = {IPV4: {4}, IPV6: {6}, MPLS: {4, 6}}[proto] & {"ipv4": {4}, "ipv6": {6}}.get(allowed, {4, 6})
    if not versions:
        raise Fault("bad_inner")
    need(packet, 1 if len(versions) > 1 else 20 if versions == {4} else 40)
    version = packet[0] >> 4
    if version not in versions:
        raise Fault("bad_inner")
    need(packet, 20 if version == 4 else 40)
    size = u16(packet, 2) if version == 4 else 40 + u16(packet, 4)
    if version == 4 and (packet[0] & 15 < 5 or size < 4 * (packet[0] & 15)):
        raise Fault("bad_inner")
    need(packet, size)


def advance(frame: bytes, at: int, forwarder: bool) -> bytes:
    """Service index minus one, TTL minus one for a forwarder, at an NSH that begins at `at`."""
    first = u16(frame, at)
    if forwarder:
        first = first & ~(63 << 6) | (((first >> 6) - 1) & 63) << 6
    return frame[:at] + first.to_bytes(2, "big") + frame[at + 2:at + 7] + bytes([frame[at + 7] - 1]) + frame[at + 8:]


def fits(service: NshService, outer: Outer | None) -> bool:
    """Ingress fits every carrier; a tunnel is for VXLAN-GPE of its own IP version, the rest for Ethernet."""
    if service.hop == "ingress" and not service.tunnel:
        return True
    return bool(service.tunnel) == bool(outer) and (not outer or ipaddress.ip_address(service.tunnel[0]).version == outer.family)


def go(service: NshService, config: Config, frame: bytes, at: int, outer: Outer | None) -> Trip:
    first = u16(frame, at)
    if frame[at + 7] == 0:
        raise Fault("service_index")
    if service.forwarder == "true" and (first >> 6) & 63 == 1:
        raise Fault("ttl")
    if first & 0x2000:
        raise Fault("oam")
    proto, end = walk(frame, at)
    if not fits(service, outer):
        raise Fault("no_next_hop")
    if outer and outer.broken(frame):
        raise Fault("bad_outer")
    if end - ETHERNET > ROOM - (ETHERNET if service.inner == "ethernet" else 0):
        raise Fault("header_too_long")
    packet = frame[end:]
    inner(packet, proto, service.inner)
    if outer and end + enclosed(service, packet) > outer.end(frame):    # the specification does not say how this is called
        raise Fault("bad_outer")
    if service.inner_ttl == "decrement" and packet[8 if packet[0] >> 4 == 4 else 7] < 2:
        raise Fault("ttl")
    head = advance(frame[:end], at, service.forwarder == "true")
    head = (NO_MAC if service.tunnel else hop_mac(service, frame)) + NO_MAC + head[12:]
    head = outer.readdress(head, service) if outer else head
    sf_frame = packet if proto == FRAME else sf_macs(config, service, frame) + IP_TYPES[packet[0] >> 4] + packet
    return Trip(service, sf_frame, head, outer)


def judge(config: Config, port: str, frame: bytes) -> Trip | Fault:
    service = None
    try:
        at, outer = carrier(frame, config.gpe_port or GPE_PORT)
        need(frame, at + 8)
        if frame[at] >> 6:
            raise Fault("bad_version")
        service = match(config, port, int.from_bytes(frame[at + 4:at + 7], "big"), frame[at + 7])
        if not service:
            raise Fault("unmatched", verdict="dropped" if config.unmatched == "drop" else "passed")
        return go(service, config, frame, at, outer)
    except Fault as fault:
        return Fault(fault.reason, service.name if service else None, fault.verdict)
