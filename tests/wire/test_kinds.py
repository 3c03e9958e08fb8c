# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every kind of packet has a key of its own kind: all are restored byte for byte, what must not pass has its reason."""
import re
import unittest

import dissect
import frames as f
import kinds
import model
from cfg import HOP_MAC, Sf, mac, one
from lib import WireTest
from scapy.layers.inet6 import IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop
from scapy.packet import Raw

TOP = (16001, 0, 40)
RTP_SF = Sf(rtp_ports=(kinds.RTP_PORT,))
SFS = {"transparent": Sf(), "RTP": RTP_SF, "normalizer": Sf(profile="normalizer"), "transcoder": Sf(profile="transcoder"),
       "all off": Sf(ipv4_id="off", tcp_timestamps="off", payload_digest="off", payload_length="off"),
       "tunnels pass": Sf(tunnels="pass", rtp_ports=("5000-6000",))}
# The least length of each kind, docs/keys.md; a byte less is bad_inner. IPv4 protocol, bytes that make it valid at this length.
LEAST = {"TCP": (6, bytes(12) + b"\x50" + bytes(7)), "UDP": (17, bytes(8)), "SCTP": (132, bytes(12)), "ESP": (50, bytes(8)),
         "AH": (51, bytes(12)), "GRE": (47, bytes(4)), "GRE with a key": (47, b"\x20\0\x08\0" + bytes(4)),
         "GRE, all fields": (47, b"\xb0\0\x08\0" + bytes(12)), "GRE with routing": (47, b"\xf0\0\x08\0"),
         "GRE version 1": (47, b"\x30\x01\x88\x0b"), "TCP, 60 bytes": (6, bytes(12) + b"\xf0" + bytes(47))}


def expected(frame: bytes) -> bytes:
    """The frame without its top label: sliced, next hop MAC, and the TTL rule for what was below."""
    return mac(HOP_MAC) + bytes(6) + frame[12:14] + frame[18:21] + bytes([min(frame[21], frame[17] - 1)]) + frame[22:]


def both() -> dict[str, bytes]:
    """A packet of each kind, of both IP versions."""
    return {f"IPv{family} {name}": packet for family in (4, 6) for name, packet in kinds.packets(family).items()}


class Kinds(WireTest):
    def restored(self, packets: dict[str, bytes], sf: Sf, **options):
        sent = [f.labelled(packet, TOP, (1000 + n, n % 8, n % 256)) for n, packet in enumerate(packets.values())]
        result = self.replay(one(sf=sf), sent, **options)
        for (name, packet), entry in zip(packets.items(), result.entries("domain")):
            self.check_entry(f"{name}: {packet.hex()}", entry, "to_sf", "", "web-out", len(packet) + 14)
        self.same_frames(result.sf_bytes(), [f.bare(packet) for packet in packets.values()], list(packets))
        self.same_frames(result.out_bytes(), [expected(frame) for frame in sent], list(packets))
        self.assertEqual(set(result.reasons("sf")), {("restored", "")})

    def dropped(self, packets: dict[str, bytes], reason: str, padding: bytes = b""):
        result = self.replay(one(), [f.labelled(packet, TOP, 17) + padding for packet in packets.values()])
        for (name, packet), entry in zip(packets.items(), result.entries("domain")):
            with self.subTest(name):
                self.check_entry(f"{name}: {packet.hex()}", entry, "dropped", reason, "web-out", 0)
        self.assertEqual(result.cache()["to_sf"], len(packets) - len(result.entries("domain")))

    def test_every_kind_is_restored(self):
        for name, sf in SFS.items():
            with self.subTest(name):
                self.restored(both(), sf)

    def test_all_at_once_are_told_apart(self):
        """Hundreds in the SF at once: no two kinds share a key, nor do two of a kind."""
        many = {f"IPv{family} {name} {n}": packet for family in (4, 6) for n in range(1, 5)
                for name, packet in kinds.packets(family, n).items()}
        self.restored(many, RTP_SF, window=len(many))

    def test_padding_counts_nowhere(self):
        self.restored({name: packet + b"padding" for name, packet in both().items()}, Sf())

    def test_tcpdump_finds_the_packet_behind_the_labels(self):
        packets = kinds.packets(4)
        result = self.replay(one(), [f.labelled(packet, TOP, 17, 18) for packet in packets.values()])
        for (name, packet), text in zip(packets.items(), dissect.tcpdump(result.out_bytes())):
            self.assertEqual([row[0] for row in dissect.tcpdump_labels(text)], [17, 18], name)
            self.assertEqual(re.search(r"proto .*?\((\d+)\), length (\d+)", text).groups(),
                             (str(packet[9]), str(len(packet))), text)

    def test_what_belongs_to_a_link_has_no_key(self):
        self.dropped(kinds.of_the_link(), "no_key")

    def test_segment_routing_and_too_many_headers_have_no_key(self):
        self.dropped(kinds.steered(), "no_key")

    def test_a_byte_less_than_the_least_is_bad_inner(self):
        least = LEAST | {"ICMP": (1, bytes(8))}
        for family in (4, 6):
            rows = {name: kinds.ip(family, Raw(data), 58 if family == 6 and protocol == 1 else protocol, n)
                    for n, (name, (protocol, data)) in enumerate(least.items(), 20)}
            self.restored(rows, Sf())
            self.dropped({name: kinds.ip(family, Raw(data[:-1]), 58 if family == 6 and protocol == 1 else protocol)
                          for name, (protocol, data) in least.items()}, "bad_inner", bytes(40))

    def test_fragments_have_no_further_fault(self):
        rows = {f"IPv{family} protocol {protocol}, {size} bytes, offset {offset}":
                kinds.fragment(family, 50 + size, offset, 1, kinds.BODY[:size], protocol)
                for family in (4, 6) for protocol in (1, 2, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 60, 132)
                for size in (0, 1, 7) for offset in (0, 1)}
        self.restored(rows, Sf(), window=len(rows))

    def test_extension_headers_over_the_end(self):
        hop, dst = IPv6ExtHdrHopByHop(), IPv6ExtHdrDestOpt()
        rows = {"no byte": kinds.ip(6, b"", 0, plen=0), "7 bytes": kinds.ip(6, Raw(bytes(7)), 60),
                "length 1 in 8 bytes": kinds.ip(6, Raw(b"\x11\1" + bytes(6)), 43),
                "second one": kinds.ip(6, hop / IPv6ExtHdrDestOpt(len=9)), "fragment of 7": kinds.ip(6, Raw(bytes(7)), 44),
                "length 255": kinds.ip(6, Raw(b"\x11\xff" + bytes(200)), 0)}
        self.dropped(rows, "bad_inner", bytes(60))
        first = IPv6ExtHdrFragment(id=9, m=1)
        self.restored({"behind a fragment header": kinds.ip(6, first / IPv6ExtHdrDestOpt(len=9)),
                       "nothing behind": kinds.ip(6, IPv6ExtHdrFragment(id=10, m=1, nh=60)),
                       "7 bytes behind": kinds.ip(6, IPv6ExtHdrFragment(id=11, m=1, nh=43) / Raw(b"\x11\0\4" + bytes(4))),
                       "later, SRH in the data": kinds.ip(6, IPv6ExtHdrFragment(id=12, offset=9,
                                                                                nh=43) / Raw(b"\x11\0\4" + bytes(9))),
                       "fits": kinds.ip(6, dst / IPv6ExtHdrHopByHop(nh=59))}, Sf())

    def test_inner_ttl_decrement_for_every_kind(self):
        config = one(inner_ttl="decrement")
        for family in (4, 6):
            packets = kinds.packets(family)
            sent = [f.labelled(packet, TOP, 17) for packet in packets.values()]
            result = self.replay(config, sent)
            at = 8 if family == 4 else 7
            self.assertEqual([frame[18 + at] for frame in result.out_bytes()], [packet[at] - 1 for packet in packets.values()])
            self.same_frames(result.out_bytes(), [model.trip(config, "eth0", frame).back() for frame in sent])


if __name__ == "__main__":
    unittest.main()
