# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The packets behind an NSH: what a service takes, and that each packet gets its own context headers back."""
import struct
import unittest

import frames as f
import kinds
import nsh_frames as n
import nsh_model
from cfg import SF_RIGHT, Config, NshService, Sf
from lib import Input
from nsh_rows import ARP, CONFIG, PACKET, NshTest, to
from test_ethernet import BROKEN, FRAMES, of_ip

P4, P6 = PACKET[4], PACKET[6]
LABELS = f.stack(17, 18)
IP4, IP6 = of_ip(P4), of_ip(P6, 7)

SAID = [
    ("IPv4", to("any", P4, proto=n.IPV4), ""), ("IPv6", to("any", P6, proto=n.IPV6), ""),
    ("IPv6 where IPv4 was said", to("any", P6, proto=n.IPV4), "bad_inner"),
    ("IPv4 where IPv6 was said", to("any", P4 + bytes(20), proto=n.IPV6), "bad_inner"),
    *[(f"version {k} as IPv{v}", to("any", bytes([k << 4 | 5]) + PACKET[v][1:], proto=proto), "bad_inner")
      for k in (0, 5, 7, 15) for v, proto in ((4, n.IPV4), (6, n.IPV6))],
    ("IPv6 where a nested header says IPv4", to("any", n.nsh(P6, n.IPV4), proto=n.NESTED), "bad_inner"),
    ("IPv4 where IOAM says IPv6", to("any", n.ioam(P4 + bytes(20), n.IPV6), proto=n.IOAM), "bad_inner"),
    ("IHL 4", to("any", b"\x44" + P4[1:]), "bad_inner"), ("total length 19", to("any", P4[:2] + b"\0\x13" + P4[4:]), "bad_inner"),
    ("nothing", to("any", b"", proto=n.IPV4), "truncated"),
]
# Next protocols, and which of them each service takes.
BEHIND = {"IPv4": (P4, n.IPV4), "IPv6": (P6, n.IPV6), "labels, IPv4": (LABELS + P4, n.MPLS),
          "labels, IPv6": (LABELS + P6, n.MPLS),
          "nested, IPv4": (n.nsh(P4), n.NESTED), "IOAM, IPv6": (n.ioam(P6), n.IOAM),
          "Ethernet": (IP4, n.ETHERNET),
          "Ethernet, IPv6": (IP6, n.ETHERNET), "Ethernet, ARP": (ARP, n.ETHERNET),
          "nested, Ethernet": (n.nsh(IP4, n.ETHERNET), n.NESTED)}
TAKES = {"any": ("IPv4", "IPv6"), "four": ("IPv4",), "six": ("IPv6",), "frames": ("Ethernet", "ARP")}


def narrowed() -> list:
    """An inner frame of IPv6 is Ethernet, not IPv6."""
    rows = []
    for service, takes in TAKES.items():
        for name, (behind, proto) in BEHIND.items():
            inner = "Ethernet" if "Ethernet" in name else name.split(", ")[-1]
            rows.append((f"{name} to {service}", to(service, behind, proto=proto), "" if inner in takes else "bad_inner"))
    return rows


def context(k: int) -> bytes:
    return k.to_bytes(4, "big") * 4


class Inner(NshTest):
    def test_next_protocol_and_version_agree(self):
        self.check(SAID)

    def test_inner_narrows(self):
        self.check(narrowed())

    def test_frames_have_less_room(self):
        """202 bytes, so 50 words, where an inner Ethernet header needs room as well."""
        def header(words: int, tags: int) -> bytes:
            return to("frames", IP4, [(n.Q, 5)] * tags, proto=n.ETHERNET, md=2, context=n.words(words - tags - 2))
        self.check([(f"{words} words, {tags} tags", header(words, tags), "" if words <= 50 else "header_too_long")
                    for words in (49, 50, 51, 54, 55) for tags in (0, 1, 2)])

    def test_every_inner_frame(self):
        rows = [(name, to("frames", frame, proto=n.ETHERNET, context=context(k)), "")
                for k, (name, frame) in enumerate(FRAMES.items())]
        self.check(rows)
        self.check([row for row in rows if row[0] != "ARP, padded"], window=len(rows))

    def test_broken_inner_frames(self):
        result = self.replay(CONFIG, [to("frames", frame, proto=n.ETHERNET) for frame, _ in BROKEN.values()])
        for (name, (frame, reason)), entry in zip(BROKEN.items(), result.entries("domain")):
            with self.subTest(name):
                self.check_entry(f"{name}: {frame.hex()}", entry, "dropped", reason, "frames", 0)

    def test_every_kind_with_a_context_of_its_own(self):
        for family in (4, 6):
            packets = kinds.packets(family)
            for tags in ([], [(n.Q, 5)]):
                rows = [(name, to("any", packet, tags, context=context(k)), "")
                        for k, (name, packet) in enumerate(packets.items())]
                self.check(rows, window=len(rows))
                self.check(rows)

    def test_packets_without_a_key(self):
        rows = [(name, packet) for name, packet in (kinds.of_the_link() | kinds.steered()).items()]
        result = self.replay(CONFIG, [to("any", packet) for _, packet in rows])
        for (name, packet), entry in zip(rows, result.entries("domain")):
            with self.subTest(name):
                self.check_entry(name, entry, "dropped", "no_key", "any", 0)

    @staticmethod
    def with_contexts(packet, k):
        """MD type 2, or MD type 1 where only the last two contexts differ from packet to packet."""
        if k % 4 == 0:
            return n.nsh(packet, context=n.CONTEXT[:8] + struct.pack("!Q", 1 << k), spi=779, si=9)
        return n.md2(packet, *[n.tlv(k + part, kind=k, owner=part) for part in range(k % 3)], spi=779, si=1 + k)

    def test_contexts_stay_with_their_packets_in_any_order(self):
        packets = [f.inner(4 + 2 * (k % 2), ("tcp", "udp", "icmp")[k % 3], k) for k in range(60)]
        sent = [n.frame(self.with_contexts(packet, k)) for k, packet in enumerate(packets)]
        trips = [nsh_model.judge(CONFIG, "eth0", frame) for frame in sent]
        for order in (lambda rows: rows[::-1], lambda rows: rows[1::2] + rows[::2]):
            result = self.replay(CONFIG, sent, back=Input([trip.sf_frame for trip in order(trips)], SF_RIGHT))
            self.assertEqual(set(result.reasons("domain")), {("to_sf", "")})
            self.same_frames(result.out_bytes(), [trip.back() for trip in order(trips)])

    def test_equal_packets(self):
        """At once and under other headers the later one is ambiguous; under equal ones, or one after the other, all go."""
        unlike = [n.nsh(P4, si=7), n.nsh(P4, si=6), n.nsh(P4, context=context(1)), n.nsh(P4, context=bytes(15) + b"\1"),
                  n.nsh(P4, ttl=62), n.nsh(P4, u=1), n.nsh(P4, unassigned=8), n.md2(P4, n.tlv(16)), n.md2(P4),
                  n.nsh(n.nsh(P4), n.NESTED), n.nsh(f.stack(17) + P4, n.MPLS), n.nsh(n.ioam(P4), n.IOAM)]
        config = Config((NshService("web-out", si="any"),))
        sent = [n.frame(header) for header in unlike] + [n.frame(unlike[0], tag) for tag in ((n.Q, 5), (n.AD, 5), (n.Q, 6))]
        together = self.replay(config, sent, window=len(sent))
        self.assertEqual(together.reasons("domain"), [("to_sf", "")] + [("dropped", "ambiguous")] * (len(sent) - 1))
        self.check([(f"frame {k}", frame, "") for k, frame in enumerate(sent)], config)
        self.check([(f"frame {k}", frame, "") for k, frame in enumerate([sent[1]] * 5)], config, window=5)

    def test_a_list_of_indexes_is_one_service_with_many_headers(self):
        packets = [f.inner(4, "udp", k) for k in range(3)]
        rows = [(f"index {si}", to("list", packet, si=si), "") for si, packet in zip((7, 6, 255), packets)]
        self.check(rows, window=3)

    def test_another_path_of_the_same_sf_is_ambiguous(self):
        result = self.replay(CONFIG, [to("web-out", P4), to("any", P4)], window=2)
        self.assertEqual(result.reasons("domain"), [("to_sf", ""), ("dropped", "ambiguous")])

    def test_inner_hops(self):
        packets = [(hops, packet / f.UDP()) for hops in (0, 1, 2, 64, 255)
                   for packet in (f.IP(dst="192.0.2.7", ttl=hops), f.IPv6(dst="2001:db8::7", hlim=hops))]
        self.check([(f"{hops} hops", to("hops", bytes(packet)), "ttl" if hops < 2 else "") for hops, packet in packets])

    def test_what_the_sf_may_change(self):
        """Its MACs, hops and options do not count; the header is put in front of what came."""
        def changed(frame: bytes, _: int) -> bytes:
            packet = bytearray(frame[14:])
            packet[8 if packet[0] >> 4 == 4 else 7] = 3
            return f.bare(bytes(packet), dst="02:00:00:00:0a:0a") + b"padding"
        self.check([(f"{k}", to("any", f.inner(4 + k % 2 * 2, "udp", k), context=context(k)), "") for k in range(8)], back=changed)

    def test_nothing_with_nsh_comes_back_from_the_sf(self):
        packet = f.inner(4, "tcp", 1)
        back = [to("any", packet), to("any", packet, [(n.Q, 5)]), f.bare(packet)]
        result = self.replay(CONFIG, [to("any", packet)], back=Input(back, SF_RIGHT))
        self.assertEqual(result.reasons("sf"), [("dropped", "sfc_from_sf")] * 2 + [("restored", "")])

    def test_profiles_of_the_sf(self):
        config = Config((NshService("web-out"),), (Sf(profile="transcoder"),))
        self.check([("longer", n.frame(n.nsh(f.inner(4, "udp", 1, size=20))), "")], config,
                   back=lambda frame, _: f.bare(f.inner(4, "udp", 1, size=33)))


if __name__ == "__main__":
    unittest.main()
