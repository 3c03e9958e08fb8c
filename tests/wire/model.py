# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What becomes of the bytes of a frame that goes through an SF: SR-MPLS strip and restore by RFC 3032, 3443 and 6790.

It shares no code with the programs under test and knows nothing of how they work. Frames that must not go to an SF, keys and the
cache are no matter of it: tests say by literals what is dropped and why, and tests/campaigns/oracle* judges random frames.
"""
from __future__ import annotations

from dataclasses import dataclass

from cfg import Config, Service, mac

ETHERNET = 14
MPLS_TYPES = (0x8847, 0x8848)
IP_TYPES = {4: b"\x08\x00", 6: b"\x86\xdd"}
ELI = 7
NO_MAC = bytes(6)


def u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at:at + 2], "big")


def entries(data: bytes) -> list[bytes]:
    """The label stack down to its S bit (RFC 3032 2.1)."""
    rows = [data[:4]]
    while not rows[-1][2] & 1:
        rows.append(data[4 * len(rows):][:4])
    return rows


def label(entry: bytes) -> int:
    return int.from_bytes(entry, "big") >> 12


def expose(rows: list[bytes]) -> list[bytes]:
    """The entries that are left when the top is popped: an exposed ELI leaves with its EL (RFC 6790 4.2)."""
    rest = rows[1:]
    while rest and label(rest[0]) == ELI:
        rest = rest[2:]
    return rest


def advance(rest: list[bytes], old_ttl: int, uniform: bool) -> list[bytes]:
    """The stack as it leaves: RFC 3443, but a TTL never grows; pipe leaves the exposed label alone."""
    if not rest or not uniform:
        return rest
    return [rest[0][:3] + bytes([min(rest[0][3], old_ttl - 1)])] + rest[1:]


def hops(data: bytes) -> int:
    return data[7 if data[0] >> 4 == 6 else 8]


def with_hops(data: bytes, count: int) -> bytes:
    """The IPv4 header checksum is mended by RFC 1624 equation 3, so a wrong one stays wrong."""
    out = bytearray(data)
    if data[0] >> 4 == 6:
        out[7] = count
        return bytes(out)
    before = u16(out, 8)
    out[8] = count
    total = (u16(out, 10) ^ 0xFFFF) + (before ^ 0xFFFF) + u16(out, 8)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    out[10:12] = (total ^ 0xFFFF).to_bytes(2, "big")
    return bytes(out)


@dataclass(frozen=True)
class Trip:
    """A domain frame through its SF. head is what stands in front of the packet when it leaves, and most_hops the TTL of
    the last label where the packet must not leave with more."""

    service: Service
    sf_frame: bytes
    head: bytes
    most_hops: int = 255

    def back(self, frame: bytes | None = None) -> bytes:
        """The frame that leaves when the SF has returned this one; by default the one that it got."""
        frame = self.sf_frame if frame is None else frame
        if self.service.inner == "ethernet":
            return self.head + frame
        packet = frame[ETHERNET:]
        left = hops(packet) - 1 if self.service.inner_ttl == "decrement" else hops(packet)
        return self.head + with_hops(packet, min(left, self.most_hops))


def match(config: Config, port: str, frame: bytes) -> Service | None:
    """The service of a frame, if it belongs to one."""
    labelled = len(frame) >= ETHERNET + 4 and u16(frame, 12) in MPLS_TYPES
    return config.match(port, label(frame[ETHERNET:][:4])) if labelled else None


def hop_mac(service: Service, frame: bytes) -> bytes:
    """Zeros for an address that no neighbour has answered for."""
    return frame[6:12] if service.hop == "ingress" else NO_MAC if service.hop_is_ip() else mac(service.hop)


def sf_macs(config: Config, service: Service, frame: bytes) -> bytes:
    """A routed port is addressed, by zeros while its IP is not resolved."""
    sf_port = config.sf(service.sf).port(service.enter)
    if sf_port.mac or sf_port.ip:
        return (mac(sf_port.mac) if sf_port.mac else NO_MAC) + NO_MAC
    return frame[:12]


def trip(config: Config, port: str, frame: bytes) -> Trip:
    service, rows = match(config, port, frame), entries(frame[ETHERNET:])
    packet = frame[ETHERNET + 4 * len(rows):]
    labels = b"".join(advance(expose(rows), rows[0][3], service.ttl != "pipe"))
    head = hop_mac(service, frame) + NO_MAC + (frame[12:14] + labels if labels else IP_TYPES[packet[0] >> 4])
    if service.inner == "ethernet":
        return Trip(service, packet, head)
    uniform = not labels and service.ttl != "pipe"
    return Trip(service, sf_macs(config, service, frame) + IP_TYPES[packet[0] >> 4] + packet, head, rows[0][3] - 1 if uniform else 255)
