# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A packet of every kind in the table of docs/keys.md, made by scapy; every n gives another key."""
from __future__ import annotations

import frames as f
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (ICMPv6EchoRequest, ICMPv6MLReport2, ICMPv6ND_NS, ICMPv6PacketTooBig, IPv6, IPv6ExtHdrDestOpt,
                                IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, IPv6ExtHdrSegmentRouting, PadN)
from scapy.layers.ipsec import AH, ESP
from scapy.layers.l2 import GRE
from scapy.layers.rtp import RTP
from scapy.layers.sctp import SCTP, SCTPChunkData, SCTPChunkInit
from scapy.packet import Raw

RTP_PORT = 5004
BODY = bytes(range(1, 101))


def ip(family: int, payload, protocol: int | None = None, n: int = 0, **fields) -> bytes:
    """A packet with the addresses of frames.network; protocol for what scapy cannot name itself."""
    if protocol is not None:
        fields["proto" if family == 4 else "nh"] = protocol
    return bytes(f.network(family, n, **fields) / payload)


def rtp(n: int = 0, body: bytes = BODY, port: int = RTP_PORT, **fields):
    return UDP(sport=40002, dport=port) / RTP(**{"sequence": n % 65536, "timestamp": 160 * n, "sourcesync": 77,
                                                 **fields}) / Raw(body)


def data_chunk(n: int = 0, body: bytes = BODY, **fields):
    return SCTP(sport=1000, dport=2000, tag=0xCAFE, chksum=1) / SCTPChunkData(tsn=n, stream_id=1, data=body, **fields)


def esp(n: int = 0, body: bytes = BODY, **fields):
    return ESP(**{"spi": 0x1001, "seq": n, "data": body, **fields})


def ah(n: int = 0, body: bytes = BODY, **fields):
    return AH(**{"nh": 17, "spi": 0x1002, "seq": n, "icv": bytes(range(12)), **fields}) / Raw(body)


def gre(n: int = 0, body: bytes = BODY, **fields):
    return GRE(**{"proto": 0x0800, "key_present": 1, "seqnum_present": 1, "key": 7, "sequence_number": n, **fields}) / Raw(body)


def fragment(family: int, n: int, offset: int, more: int, body: bytes = BODY[:96], protocol: int = 17) -> bytes:
    """offset in units of 8 bytes; the identification is unlike 0 for n from 0."""
    n += 1
    if family == 4:
        return bytes(IP(src="192.0.2.1", dst="198.51.100.2", id=n % 65536, proto=protocol, frag=offset,
                        flags="MF" if more else 0) / Raw(body))
    return ip(6, IPv6ExtHdrFragment(id=n, offset=offset, m=more, nh=protocol) / Raw(body))


def transports(family: int, n: int) -> dict[str, object]:
    tail = Raw(b"%08d" % n + BODY)
    echo = ICMP(id=7, seq=n % 65536) if family == 4 else ICMPv6EchoRequest(id=7, seq=n % 65536)
    error = ICMP(type=3, code=4, nexthopmtu=1400) if family == 4 else ICMPv6PacketTooBig(mtu=1400)
    return {
        "TCP": f.transport("tcp", family, n) / tail, "TCP without payload": TCP(seq=n, flags="S"),
        "UDP": UDP(sport=40000, dport=53) / tail, "UDP without payload": UDP(sport=n % 65536, dport=9),
        "RTP": rtp(n), "RTCP": UDP(sport=1, dport=RTP_PORT) / Raw(b"\x80\xc8" + bytes(10)) / tail,
        "echo": echo / tail, "ICMP error": error / Raw(b"\x45\x00" + b"%08d" % n + BODY[:18]),
        "SCTP DATA": data_chunk(n), "SCTP INIT": SCTP(tag=0) / SCTPChunkInit(init_tag=n),
        "ESP": esp(n), "AH": ah(n), "GRE": gre(n), "GRE, checksum": gre(n, chksum_present=1, chksum=5),
        "bare GRE": GRE(proto=0x6558) / tail,
    }


# Protocols that are "other", or GRE of a version whose fields are not known, by number.
OTHERS = {"IP-in-IP": 4, "IPv6-in-IP": 41, "OSPF": 89, "EtherIP": 97, "VRRP": 112, "L2TP": 115, "MPLS-in-IP": 137,
          "no next header": 59, "mobility": 135, "experiment": 253}
GRE_HEADS = {"PPTP": b"\x30\x01\x88\x0b\x00\x08\x00\x07", "GRE with routing": b"\x40\x00\x08\x00" + bytes(8)}


def extended(n: int) -> dict[str, bytes]:
    """IPv6 behind extension headers."""
    tail = Raw(b"%08d" % n + BODY)
    hop, dst, route = IPv6ExtHdrHopByHop(), IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(12))]), IPv6ExtHdrRouting()
    udp, tcp = UDP(sport=40001, dport=53) / tail, TCP(sport=40001, seq=n) / tail
    rows = {
        "hop by hop": hop / udp, "destination options": dst / tcp, "routing": route / UDP(sport=40002, dport=53) / tail,
        "all three": hop / dst / route / dst / ICMPv6EchoRequest(id=8, seq=n % 65536) / tail,
        "eight": hop / dst / dst / dst / route / dst / dst / dst / UDP(sport=40003, dport=53) / tail,
        "hop by hop, AH": hop / ah(n, spi=0x1003), "options, fragment": dst / IPv6ExtHdrFragment(id=n, m=1) / udp,
        "options, other": IPv6ExtHdrDestOpt(nh=90) / tail,
    }
    return {name: ip(6, payload) for name, payload in rows.items()}


def packets(family: int, n: int = 0) -> dict[str, bytes]:
    """One of each kind that has a key."""
    rows = {name: ip(family, payload, n=n) for name, payload in transports(family, n).items()}
    rows |= {name: ip(family, Raw(b"%08d" % n + BODY), protocol, n) for name, protocol in OTHERS.items()}
    rows |= {name: ip(family, Raw(head + b"%08d" % n + BODY), 47, n) for name, head in GRE_HEADS.items()}
    rows["ICMP of the other version"] = ip(family, Raw(b"\x80\0%08d" % n + BODY), 58 if family == 4 else 1, n)
    rows |= {"first fragment": fragment(family, n, 0, 1), "fragment in between": fragment(family, n, 12, 1),
             "last fragment": fragment(family, n, 24, 0, b"x"), "fragment of TCP": fragment(family, n, 3, 0, protocol=6),
             "fragment of the link": fragment(family, n, 0, 1, protocol=2 if family == 4 else 58),
             "empty fragment": fragment(family, n, 30, 0, b"")}
    return rows | ({"atomic fragment": fragment(6, n, 0, 0)} | extended(n) if family == 6 else {})


def of_the_link() -> dict[str, bytes]:
    """Packets that belong to a link, and have no key but in an Ethernet frame."""
    rows = {f"ICMPv6 {kind}": ip(6, Raw(bytes([kind]) + bytes(23)), 58) for kind in (*range(130, 138), 143)}
    return rows | {"IGMP": ip(4, Raw(b"\x16" + bytes(7)), 2), "solicitation": ip(6, ICMPv6ND_NS(tgt="2001:db8::9")),
                   "one byte of discovery": ip(6, Raw(b"\x87"), 58), "short IGMP": ip(4, Raw(b"\x16"), 2),
                   "listener behind hop by hop": ip(6, IPv6ExtHdrHopByHop() / ICMPv6MLReport2())}


def steered() -> dict[str, bytes]:
    """A segment routing header, wherever it is to be found; and too many headers to look behind."""
    srh, dst = IPv6ExtHdrSegmentRouting(addresses=["2001:db8::a"]), IPv6ExtHdrDestOpt()
    first, whole = IPv6ExtHdrFragment(id=1, m=1), IPv6ExtHdrFragment(id=1)
    udp = UDP() / Raw(BODY[:8])
    nine = IPv6ExtHdrHopByHop() / dst / dst / dst / dst / dst / dst / dst
    rows = {"SRH": srh / udp, "SRH, no payload": IPv6ExtHdrSegmentRouting(addresses=["2001:db8::a"], nh=59),
            "SRH behind hop by hop": IPv6ExtHdrHopByHop() / srh / udp, "SRH behind options": dst / dst / srh / udp,
            "SRH behind routing": IPv6ExtHdrRouting() / srh / udp, "SRH behind a first fragment":
            first / srh / udp, "SRH behind an atomic fragment": whole / dst / srh / udp,
            "SRH behind two fragment headers": whole / first / srh / udp, "nine": nine / dst / udp,
            "nine with a fragment header": IPv6ExtHdrHopByHop() / first / dst / dst / dst / dst / dst / dst / dst / udp}
    rows["SRH eighth"] = IPv6ExtHdrHopByHop() / dst / dst / dst / dst / dst / dst / srh / udp
    return {name: ip(6, payload) for name, payload in rows.items()}


TUNNEL_PROTOCOLS = (4, 41, 47, 97, 115, 137)
TUNNEL_PORTS = (4789, 4790, 6080, 6081, 6635, 6636)


def row(name: str, packet: bytes) -> dict:
    return {"name": name, "frame": f.bare(packet)}


def tunnels() -> list[dict]:
    """Tunnel packets of both versions, whole and as the fragments that the specification counts."""
    rows = []
    for family in (4, 6):
        for n, protocol in enumerate(TUNNEL_PROTOCOLS, 1):
            rows += [row(f"IPv{family} protocol {protocol}", ip(family, Raw(bytes(4) + BODY), protocol, n)),
                     row(f"IPv{family} first fragment of {protocol}", fragment(family, n, 0, 1, bytes(8), protocol)),
                     row(f"IPv{family} later fragment of {protocol}", fragment(family, n, 1, 0, b"x", protocol))]
        for n, port in enumerate(TUNNEL_PORTS, 20):
            udp = UDP(sport=40000, dport=port) / Raw(BODY)
            rows += [row(f"IPv{family} port {port}", ip(family, udp, n=n)),
                     row(f"IPv{family} first fragment to {port}", fragment(family, n, 0, 1, bytes(udp)[:64]))]
    for n, protocol in enumerate(TUNNEL_PROTOCOLS, 40):
        payload = IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt(nh=protocol) / Raw(bytes(4) + BODY[:n])
        rows.append(row(f"IPv6 options, protocol {protocol}", ip(6, payload)))
    payload = IPv6ExtHdrRouting() / UDP(sport=40000, dport=6635) / Raw(BODY[:9])
    return rows + [row("IPv6 routing, MPLS in UDP", ip(6, payload)), row("IPv4 options", ip(4, UDP(dport=4789) / Raw(BODY[:9]),
                                                                                      n=60, options=[b"\1" * 8]))]


def no_tunnels() -> list[dict]:
    """Their neighbours: other ports, the source port, later fragments of UDP, other protocols."""
    rows = [row(f"IPv{family} port {port}", ip(family, UDP(sport=40000, dport=port) / Raw(BODY)))
            for family in (4, 6) for port in (4788, 4791, 6079, 6082, 6634, 6637, 53)]
    rows += [row(f"IPv{family} source port", ip(family, UDP(sport=4789, dport=9) / Raw(BODY))) for family in (4, 6)]
    rows += [row(f"IPv{family} TCP", f.tcp(7, family=family, dport=4789)) for family in (4, 6)]
    rows += [row(f"IPv{family} later fragment", fragment(family, 7, 2, 0, b"\0\1\x12\xb5" + bytes(40))) for family in (4, 6)]
    rows += [row(f"IPv{family} fragment of 3 bytes", fragment(family, 7, 0, 1, b"\0\1\x12")) for family in (4, 6)]
    return rows + [row(f"IPv{family} protocol {p}", ip(family, Raw(BODY), p)) for family in (4, 6)
                   for p in (5, 42, 96, 98, 138)]
