# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every kind of packet: each byte flipped on its own, each header that an SF may change, each setting of the key."""
import unittest

import frames as f
import kinds
import model
from cfg import Sf, one
from changes import ChangeTest, flip, put, resized, with_extension, with_options
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop
from scapy.packet import Raw

TRUSTED = {"tunnels": "pass"}
RTP = {"rtp_ports": (kinds.RTP_PORT, "6000-6003")}
DIGEST, TUNNEL_DIGEST = 64, 128
# By kind: bytes behind the IP header that are not in the key though they are in front of the digest, and where that starts.
# A flip of the lowest bit stands for its byte.
FREE = {
    "TCP": (set(range(12, 20)) - {13}, None), "UDP": ({4, 5, 6, 7}, 8), "RTP": ({4, 5, 6, 7, 8, 9}, 20),
    "RTCP": ({4, 5, 6, 7}, 8), "echo": ({2, 3}, 8), "SCTP DATA": ({8, 9, 10, 11}, 12), "ESP": (set(), 8),
    "AH": ({0, 1, 2, 3}, 12), "GRE": (set(), 12), "GRE, checksum": ({4, 5, 6, 7}, 16), "bare GRE": (set(), 4),
    "PPTP": (set(), 4), "GRE with routing": (set(), 4), "OSPF": (set(), 0), "IP-in-IP": (set(), 0), "mobility": (set(), 0),
    "no next header": (set(), 0), "ICMP of the other version": (set(), 0), "first fragment": (set(), 0),
    "fragment in between": (set(), 0), "fragment of TCP": (set(), 0), "hop by hop": ({4, 5, 6, 7}, 8),
    "options, other": (set(), 0), "hop by hop, AH": ({0, 1, 2, 3}, 12), "options, fragment": (set(), 0),
    "eight": ({4, 5, 6, 7}, 8),
}
TUNNELS = {"GRE", "GRE, checksum", "bare GRE", "PPTP", "GRE with routing", "IP-in-IP", "IPv6-in-IP", "EtherIP", "L2TP",
           "MPLS-in-IP"}
# Where the payload of IPv6 starts behind extension headers of these packets.
START = {"hop by hop": 48, "options, other": 48, "hop by hop, AH": 48, "options, fragment": 64, "eight": 40 + 8 + 16 * 6 + 8}
# Without the digest these bytes are still in the key: of SCTP the type of the first chunk and its first four bytes.
STILL = {"SCTP DATA": {12, 16, 17, 18, 19}}


def start_of(family: int, name: str, packet: bytes) -> int:
    if family == 4:
        return 20
    return START.get(name, 48 if packet[6] == 44 else 40)


def flips(family: int, digest: bool = True) -> list[dict]:
    """One row a byte, up to some bytes behind what the digest covers."""
    rows = []
    for name, packet in kinds.packets(family).items():
        if name not in FREE:
            continue
        free, covered = FREE[name]
        start, window = start_of(family, name, packet), TUNNEL_DIGEST if name in TUNNELS else DIGEST
        for at in range(min(len(packet) - start, (covered or 20) + window + 4)):
            in_digest = covered is not None and covered <= at < covered + window
            kept = at in free or covered is None and at >= 20 or covered is not None and at >= covered + window
            kept = kept or in_digest and not digest and at not in STILL.get(name, ())
            rows.append({"name": f"IPv{family} {name} byte {at}", "sent": packet, "back": flip(packet, start + at),
                         "restored": kept})
    return rows


def overlays() -> list[dict]:
    """Each byte of long tunnel packets, to the end of what their digest covers and behind it."""
    body = bytes(range(1, 200))
    rows = []
    for family in (4, 6):
        start = 20 if family == 4 else 40
        packets = {f"port {port}": (kinds.ip(family, UDP(sport=40000, dport=port) / Raw(body)), start + 8)
                   for port in (*kinds.TUNNEL_PORTS, 2152, 4754, 4755, 8472)}
        packets |= {f"protocol {protocol}": (kinds.ip(family, Raw(bytes(4) + body), protocol), start + 4 * (protocol == 47))
                    for protocol in (*kinds.TUNNEL_PROTOCOLS, 143, 145)}
        packets |= {f"no tunnel, port {port}": (kinds.ip(family, UDP(sport=port, dport=53) / Raw(body)), start + 8)
                    for port in (4789, 6081)}
        for name, (packet, digest) in packets.items():
            window = DIGEST if "no tunnel" in name else TUNNEL_DIGEST
            rows += [{"name": f"IPv{family} {name} byte {at}", "sent": packet, "back": flip(packet, digest + at),
                      "restored": at >= window} for at in (0, 31, 63, 64, 65, 90, 126, 127, 128, 129, 150)]
    return rows


def header_changes(family: int, name: str, packet: bytes) -> list[tuple[str, bytes, bool]]:
    """What an SF may do to the IP header, and what it may not."""
    if family == 4:
        return [("TTL", put(packet, 8, b"\x01"), True), ("DSCP and ECN", put(packet, 1, b"\xbb"), True),
                ("checksum", put(packet, 10, b"\x12\x34"), True), ("DF", flip(packet, 6, 0x40), True),
                ("reserved bit", flip(packet, 6, 0x80), True), ("8 bytes of options", with_options(packet), True),
                ("40 bytes of options", with_options(packet, 40), True), ("padding", packet + b"padding", True),
                ("MF", flip(packet, 6, 0x20), False), ("offset", flip(packet, 7), False),
                ("high offset bit", flip(packet, 6, 0x10), False),
                ("identification", flip(packet, 4), False), ("low identification bit", flip(packet, 5), False),
                ("source", flip(packet, 12), False), ("destination", flip(packet, 19), False),
                ("identification 0", put(packet, 4, b"\0\0"), False)]
    rows = [("hop limit", put(packet, 7, b"\x01"), True), ("traffic class", flip(packet, 0, 0x0A), True),
            ("flow label", put(packet, 1, b"\x0a\xbc\xde"), True), ("padding", packet + b"padding", True),
            ("source", flip(packet, 8), False), ("destination", flip(packet, 39), False),
            ("end of destination", flip(packet, 24), False)]
    if name == "eight":
        nine = with_extension(packet)
        return rows + [("one less", resized(packet[:6] + packet[40:41] + packet[7:40] + packet[48:]), True),
                       ("nine", nine, None)]
    return rows + [("hop by hop", with_extension(packet), True), ("long options", with_extension(packet, 60, 128), True),
                   ("routing", with_extension(packet, 43, 24), True),
                   ("three", with_extension(with_extension(with_extension(packet, 60), 43), 0, 16), True)]


def header_rows(family: int) -> list[dict]:
    rows = []
    for name, packet in kinds.packets(family).items():
        if name == "fragment of the link":  # without MF it belongs to the link, and is no miss
            continue
        for what, back, kept in header_changes(family, name, packet):
            reason = "sfc_from_sf" if kept is None else "miss"
            rows.append({"name": f"IPv{family} {name}: {what}", "sent": packet, "back": back, "restored": bool(kept),
                         "reason": reason})
    return rows


def lengths(family: int, kept: bool, digest: bool = True) -> list[dict]:
    """A byte more behind the payload. TCP is another packet then whatever the settings are, and the digest of a tunnel sees
    it, as these packets are short."""
    return [{"name": f"IPv{family} {name} longer", "sent": packet, "back": resized(packet + b"\x55"), "restored": kept
             and name not in
             {"TCP", "TCP without payload", "destination options"} | (TUNNELS if digest else set())}
            for name, packet in kinds.packets(family).items() if len(packet) - 84 >= DIGEST]


class KindChanges(ChangeTest):
    def test_each_byte_of_ipv4(self):
        self.check(flips(4), Sf(**TRUSTED, **RTP))

    def test_each_byte_of_ipv6(self):
        self.check(flips(6), Sf(**TRUSTED, **RTP))

    def test_overlays(self):
        self.check(overlays(), Sf(**TRUSTED))

    def test_sequence_numbers_inside_overlays(self):
        """VXLAN and GENEVE with IPv6 inside: segments that differ in their sequence numbers alone, each with labels of its
        own, are all in the SF at once."""
        config = one(sf=Sf(**TRUSTED))
        for port, head in ((4789, bytes(8)), (6081, bytes(8)), (6081, b"\x04" + bytes(23)), (2152, bytes(16))):
            inner = [bytes(IPv6(src="2001:db8::1", dst="2001:db8::2") / TCP(sport=1, dport=2, seq=n, options=[("Timestamp", (1, 2))])
                           / Raw(b"same")) for n in range(32)]
            ethernet = b"" if port == 2152 else bytes(12) + b"\x86\xdd"
            packets = [kinds.ip(4, UDP(sport=40000, dport=port) / Raw(head + ethernet + packet), n=7) for packet in inner]
            sent = [f.labelled(packet, 16001, (1000 + n, 0, 9)) for n, packet in enumerate(packets)]
            result = self.replay(config, sent, window=len(sent))
            self.same_frames(result.out_bytes(), [model.trip(config, "eth0", frame).back() for frame in sent])

    def test_each_byte_without_digest(self):
        self.check(flips(4, digest=False) + flips(6, digest=False), Sf(payload_digest="off", **TRUSTED, **RTP))

    def test_ip_headers(self):
        self.check(header_rows(4) + header_rows(6), Sf(**TRUSTED, **RTP))

    def test_extension_headers_removed(self):
        hop, dst = IPv6ExtHdrHopByHop(), IPv6ExtHdrDestOpt()
        rows = []
        for n, (name, kind) in enumerate(kinds.transports(6, 3).items()):
            nh = {"SCTP DATA": 132, "SCTP INIT": 132, "AH": 51, "ESP": 50}.get(name)
            last = IPv6ExtHdrDestOpt(nh=nh) if nh else dst
            rows += [{"name": f"{name}: {len(chain)} headers", "restored": True, "back": kinds.ip(6, kind, nh),
                      "sent": kinds.ip(6, chain / kind)} for chain in (hop / last, last, hop / dst / dst / last)]
        part = IPv6ExtHdrFragment(id=5, m=1, nh=17) / Raw(kinds.BODY[:80])
        rows.append({"name": "in front of a fragment", "sent": kinds.ip(6, hop / part), "back": kinds.ip(6, part),
                     "restored": True})
        rows.append({"name": "fragment header gone", "sent": kinds.ip(6,
                                                                      IPv6ExtHdrFragment(id=5) / kinds.transports(6, 1)["UDP"]),
                     "back": kinds.ip(6, kinds.transports(6, 1)["UDP"]), "restored": False})
        self.check(rows, Sf(**TRUSTED))

    def test_fragment_header(self):
        sent = kinds.fragment(6, 0x12345678, 3, 1)
        table = {40: False, 41: True, 42: False, 43: False, 44: False, 45: False, 46: False, 47: False}
        rows = [{"name": f"byte {at}", "sent": sent, "back": flip(sent, at), "restored": kept} for at, kept in table.items()]
        rows += [{"name": f"reserved bit {bit}", "sent": sent, "back": flip(sent, 43, bit), "restored": True} for bit in (2, 4)]
        self.check(rows + [{"name": "offset", "sent": sent, "back": flip(sent, 43, 8), "restored": False}])

    def test_length(self):
        self.check(lengths(4, False) + lengths(6, False), Sf(**TRUSTED, **RTP))
        for off, digest in (({"payload_length": "off"}, True), ({"profile": "transcoder"}, False)):
            self.check(lengths(4, True, digest) + lengths(6, True, digest), Sf(**off, **TRUSTED, **RTP))

    def test_identification_off(self):
        for sf in (Sf(ipv4_id="off", **TRUSTED), Sf(profile="normalizer", **TRUSTED)):
            rows = [{"name": f"{name}: id", "sent": packet, "back": put(packet, 4, b"\x77\x77"),
                     "restored": "fragment" not in name}
                    for name, packet in kinds.packets(4).items()]
            self.check(rows, sf)

    def test_a_setting_wins_over_its_profile(self):
        udp, tcp = (kinds.packets(4)[name] for name in ("UDP", "TCP"))
        change = {"id": put(udp, 4, b"\x77\x77"), "digest": flip(udp, 30), "length": resized(udp + b"x")}
        table = [({}, set()), ({"profile": "transparent"}, set()), ({"profile": "normalizer"}, {"id"}),
                 ({"profile": "transcoder"}, {"digest", "length"}), ({"profile": "normalizer", "ipv4_id": "on"}, set()),
                 ({"profile": "transcoder", "payload_digest": "on"}, {"length"}),
                 ({"profile": "transcoder", "payload_length": "on"}, {"digest"}),
                 ({"profile": "transcoder", "ipv4_id": "off"}, {"id", "digest", "length"}),
                 ({"profile": "transparent", "payload_length": "off"}, {"length"})]
        for settings, kept in table:
            rows = [{"name": f"{settings} {what}", "sent": udp, "back": back, "restored": what in kept}
                    for what, back in change.items()]
            self.check(rows + [{"name": "TCP", "sent": tcp, "back": resized(tcp + b"x"), "restored": False}], Sf(**settings))

    def test_rtp_ports(self):
        """RTP by source or destination port, version 2 and no RTCP; else UDP, where the first bytes are in the digest."""
        rows = []
        for name, packet, rtp in (
                ("port", kinds.rtp(1), True), ("range", kinds.rtp(2, port=6000), True),
                ("end of range", kinds.rtp(3, port=6003), True),
                ("behind the range", kinds.rtp(4, port=6004), False), ("in front", kinds.rtp(5, port=5999), False),
                ("version 1", kinds.rtp(6, version=1), False),
                ("payload type 63, marker", kinds.rtp(7, marker=1, payload_type=63), True),
                ("RTCP 192", kinds.rtp(8, marker=1, payload_type=64), False),
                ("RTCP 223", kinds.rtp(9, marker=1, payload_type=95), False),
                ("224", kinds.rtp(10, marker=1, payload_type=96), True), ("12 bytes", kinds.rtp(11, b""), True)):
            whole = kinds.ip(4, packet)
            swapped = whole[:20] + whole[22:24] + whole[20:22] + whole[24:]
            rows += [{"name": f"{name}, {side}", "sent": data, "back": flip(data, 28, 0x10), "restored": rtp}
                     for side, data in (("destination", whole), ("source", swapped))]
        short = kinds.ip(4, kinds.rtp(12, b""))[:-1]
        rows.append({"name": "11 bytes", "sent": resized(short), "back": resized(flip(short, 28, 0x10)), "restored": False})
        self.check(rows, Sf(**RTP))
        self.check([row | {"restored": False} for row in rows], Sf())
        self.check([{"name": "payload changed", "sent": kinds.ip(6, kinds.rtp(1)), "back": kinds.ip(6, kinds.rtp(1, b"other")),
                     "restored": True}], Sf(profile="transcoder", **RTP))


if __name__ == "__main__":
    unittest.main()
