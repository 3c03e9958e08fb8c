# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Frames with NSH as they are in a capture: read, spelled out, and compared with what lab/nsh_flows.py has pushed. Neither the
proxy's code nor scapy is used, which pads no context headers of MD type 2."""
import dataclasses
import ipaddress
import struct

from lab import nsh_flows as flows
from lab.dialogue import internet_checksum

GPE_NSH, VNI = 4, 88
GPE_FLAGS = 0x0C        # the VNI is there, and a next protocol
INNER = {4: 1, 6: 2}    # IP version to next protocol
ETHERNET = 3            # another one
TCP, UDP, ICMP = 6, 17, (1, 58)


class Wrong(Exception):
    """A frame is not as it must be."""


@dataclasses.dataclass
class Frame:
    """`carrier`: one of lab/nsh_flows.py; `outer`: "" or the tunnel in words; `header`: the NSH, `behind`: the rest."""
    carrier: str
    outer: str
    header: bytes
    behind: bytes

    @property
    def frames(self):
        """Whether an Ethernet frame is behind the header."""
        return self.header[3] == ETHERNET

    @property
    def packet(self):
        return self.behind[14:] if self.frames else self.behind

    @property
    def spi(self):
        return int.from_bytes(self.header[4:7], "big")

    @property
    def si(self):
        return self.header[7]

    @property
    def ttl(self):
        return (struct.unpack_from(">H", self.header)[0] >> 6) & 63

    @property
    def md_type(self):
        return self.header[2] & 15

    def contexts(self):
        """Of MD type 1: four numbers."""
        return struct.unpack_from(">4I", self.header, 8)

    def context_headers(self):
        """Of MD type 2: (class, type, value) each."""
        at, found = 8, []
        while at < len(self.header):
            number, kind, length = struct.unpack_from(">HBB", self.header, at)
            found.append((number, kind, self.header[at + 4:at + 4 + length]))
            at += 4 + (length + 3) // 4 * 4
        return found

    def text(self):
        """All of it that is a path or metadata, for a person."""
        if self.md_type == 1:
            metadata = " ".join(f"c{number} {value:08x}" for number, value in enumerate(self.contexts(), 1))
        else:
            metadata = " ".join(f"{number:04x}/{kind} {value.hex()}" for number, kind, value in self.context_headers())
        return f"SPI {self.spi} SI {self.si} TTL {self.ttl} MD {self.md_type}: {metadata or 'no context headers'}"


def _udp(data, source, target):
    """(payload, checksum), after a look at length and checksum."""
    port, length, checksum = struct.unpack_from(">2xHHH", data)
    if port != flows.GPE_PORT or length != len(data):
        raise Wrong(f"UDP to {port}, {length} bytes of {len(data)}")
    pseudo = source + target + struct.pack(">II", length, UDP)
    if checksum and internet_checksum(pseudo + data):
        raise Wrong(f"UDP checksum {checksum:#06x}")
    return data[8:], checksum


def _outer(packet):
    """(carrier, outer packet in words, what is behind it)."""
    if packet[0] >> 4 == 4:
        length, checksum = struct.unpack_from(">2xH6xH", packet)
        if internet_checksum(packet[:20]) or packet[0] != 0x45:
            raise Wrong(f"IPv4 checksum {checksum:#06x}")
        packet, ttl, ends, at = packet[:length], packet[8], (packet[12:16], packet[16:20]), 20
    else:
        packet, ttl, ends, at = packet[:40 + struct.unpack_from(">H", packet, 4)[0]], packet[7], (packet[8:24], packet[24:40]), 40
    data, checksum = _udp(packet[at:], *ends)
    gpe = data[:8]
    if gpe[0] != GPE_FLAGS or gpe[3] != GPE_NSH or gpe[4:] not in (struct.pack(">I", each << 8) for each in (VNI, VNI + 1)):
        raise Wrong(f"VXLAN-GPE {gpe.hex()}")
    if ttl != 64:
        raise Wrong(f"outer TTL {ttl}")
    version, said = packet[0] >> 4, f"checksum {checksum:#06x}" if checksum else "no checksum"
    carrier = f"gpe{version}" + ("-sum" if version == 4 and checksum else "")
    if version == 6 and not checksum:
        raise Wrong("no UDP checksum over IPv6")
    return carrier, f"IPv{version} TTL {ttl}, UDP {flows.GPE_PORT} {said}, VNI {int.from_bytes(gpe[4:7], 'big')}", data[8:]


def read(frame):
    """A whole Ethernet frame with NSH."""
    ethertype, = struct.unpack_from(">H", frame, 12)
    carrier, outer, data = ("ethernet", "", frame[14:]) if ethertype == flows.NSH else _outer(frame[14:])
    words = struct.unpack_from(">H", data)[0] & 63
    return Frame(carrier, outer, data[:4 * words], data[4 * words:])


def is_nsh(frame):
    """Whether the frame carries NSH at all: neighbour discovery is on the same link."""
    ethertype, = struct.unpack_from(">H", frame, 12)
    at = {0x800: 23, 0x86DD: 20}.get(ethertype)
    return ethertype == flows.NSH or at is not None and frame[at] == UDP


def _ends(packet):
    """(kind of packet, source port, target port, TCP flags) of an IP packet; of ICMP (kind, 0, type, 0)."""
    family, at, protocol = ("6", 40, packet[6]) if packet[0] >> 4 == 6 else ("", 20, packet[9])
    if protocol in ICMP:
        return "icmp" + family, 0, packet[at], 0
    source, target = struct.unpack_from(">HH", packet, at)
    flags = struct.unpack_from(">H", packet, at + 12)[0] & 0xFFF if protocol == TCP else 0
    return ("tcp" if protocol == TCP else "udp") + family, source, target, flags


def _way(packet, direction):
    """By the sender's address."""
    at, size = (8, 16) if packet[0] >> 4 == 6 else (12, 4)
    at += size * direction
    address = str(ipaddress.ip_address(packet[at:at + size]))
    for way in flows.WAYS.values():
        if address in way.addresses:
            return way
    raise Wrong(f"the packet is one of {address}")


def expected(packet, direction, si):
    """The header that belongs to a packet, byte for byte."""
    way, (kind, source, target, flags) = _way(packet, direction), _ends(packet)
    if way.md_type == 1:
        metadata = struct.pack(">4I", source << 16 | target, flows.CONTEXT2 | flags, flows.CONTEXT3, flows.CONTEXT4[direction])
    else:
        low = (source, target)[direction] & 3
        metadata = b"".join(struct.pack(">HBB", number, each, len(value)) + value + bytes(-len(value) % 4)
                            for number, each, value in flows.tlvs(kind, bool(flags & flows.PSH), low))
    base = 63 << 6 | 2 + len(metadata) // 4
    inner = ETHERNET if way.frames else INNER[packet[0] >> 4]
    return struct.pack(">HBBI", base, way.md_type, inner, way.path(direction) << 8 | si) + metadata


def compare(frames, direction, si=flows.SI_NEXT):
    """(frames that are right to the last byte of their header, what is wrong with the others). `frames` are whole."""
    right, wrong = 0, []
    for frame in filter(is_nsh, frames):
        try:
            found = read(frame)
            wanted, carrier = expected(found.packet, direction, si), _way(found.packet, direction).carrier
            if found.carrier != carrier:
                raise Wrong(f"carrier {found.carrier}, and not {carrier}")
            if found.header != wanted:
                raise Wrong(f"header {found.header.hex()}, and not {wanted.hex()}")
            right += 1
        except Wrong as problem:
            wrong.append(f"{problem} in {frame[:128].hex()}")
    return right, wrong
