# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""NSH over Ethernet and VLAN tags: which service, which reason, and which bytes go on (docs/nsh.md)."""
import unittest

import frames as f
import nsh_frames as n
from cfg import Config, NshService, Port, Service, Sf
from lib import Input
from nsh_rows import ARP, CONFIG, PACKET, NshTest, to

P4, P6 = PACKET[4], PACKET[6]

MATCH = [
    ("the index of the service", to("web-out", P4), ""),
    ("index one too high", to("web-out", P4, si=8), "passed unmatched"),
    ("index one too low", to("web-out", P4, si=6), "passed unmatched"),
    ("path one too high", n.frame(n.nsh(P4, spi=787)), "passed unmatched"),
    ("path one too low", n.frame(n.nsh(P4, spi=776)), "passed unmatched"),
    ("high byte of the path", n.frame(n.nsh(P4, spi=777 + 0x10000)), "passed unmatched"),
    ("index 0 without any", to("web-out", P4, si=0), "passed unmatched"),
    ("index 0, list", to("list", P4, si=0), "passed unmatched"),
    ("index 0, any", to("any", P4, si=0), "service_index"),
    ("index 0, forwarder", to("forward", P4, si=0, ttl=1, oam=1, md=9), "service_index"),
    ("path 0", to("zero", P4), ""), ("path 0, another index", to("zero", P4, si=255), "passed unmatched"),
    ("last path and index", to("last", P6), ""), ("last path, index 254", to("last", P6, si=254), "passed unmatched"),
    ("index 1", to("first", P4), ""),
    *[(f"list, index {si}", to("list", P4, si=si), "") for si in (6, 7, 255)],
    *[(f"list, index {si}", to("list", P4, si=si), "passed unmatched") for si in (1, 5, 8, 254)],
    *[(f"any, index {si}", to("any", P4, si=si), "") for si in range(1, 256)],
]
# Each frame has the fault of its row, and further ones that come later in the order.
ALL = {"oam": 1, "md": 0, "length": 1, "ttl": 1}
ORDER = [
    *[(f"version {v}", to("web-out", P4, version=v), "port bad_version") for v in (1, 2, 3)],
    ("version before the match", n.frame(n.nsh(P4, spi=1, version=1)), "port bad_version"),
    ("version and all others", to("any", P4, si=0, version=2, **ALL), "port bad_version"),
    ("no service", n.frame(n.nsh(P4, 9, spi=1, **ALL)), "passed unmatched"),
    ("index and all others", to("forward", P4, proto=9, si=0, **ALL), "service_index"),
    ("TTL and all others", to("forward", P4, proto=9, **ALL), "ttl"),
    ("O and all others", to("any", P4, proto=9, **ALL), "oam"),
    ("O with TTL 1 and no forwarder", to("any", P4, oam=1, ttl=1), "oam"),
    ("MD type and all others", to("any", P4, proto=9, md=0, length=1), "md_type"),
    ("length and all others", to("any", P4, proto=9, length=7), "bad_length"),
    ("end of the frame, then next protocol", to("any", b"", proto=9)[:-1], "next_protocol"),
    ("end of the frame, then context", to("any", b"", proto=9, md=2, context=n.tlv(0, length=9))[:-1], "next_protocol"),
    ("context and next protocol", to("any", P4, proto=9, md=2, context=n.tlv(0, length=9)), "next_protocol"),
    *[(f"next protocol {p}", to("any", P4, proto=p), "next_protocol") for p in (0, 7, 8, 9, 16, 0x84, 0xFE, 0xFF)],
    *[(f"MD type {md}", to("any", P4, md=md), "md_type") for md in (0, *range(3, 16))],
    *[(f"MD type 1, length {k}", to("any", P4, length=k), "bad_length") for k in range(64) if k != 6],
    *[(f"MD type 2, length {k}", to("any", P4, md=2, context=b"", length=k), "bad_length") for k in (0, 1)],
    ("MD type 2, length 54", to("any", P4, md=2, context=b"", length=54), "truncated"),
    ("MD type 2, length 63", to("any", P4, md=2, context=b"", length=63), "header_too_long"),
]
FIELDS = [
    *[(f"TTL {ttl} without forwarder", to("any", P4, ttl=ttl), "") for ttl in range(64)],
    *[(f"TTL {ttl} with forwarder", to("forward", P4, ttl=ttl), "ttl" if ttl == 1 else "") for ttl in range(64)],
    ("U bit", to("any", P4, u=1), ""),
    *[(f"unassigned bits {k}", to("forward", P6, u=k & 1, unassigned=k), "") for k in range(16)],
    ("context of zeros", to("any", P4, context=bytes(16)), ""), ("context of ones", to("any", P4, context=b"\xff" * 16), ""),
]


def md2(*tlvs: bytes, **fields) -> bytes:
    return to("any", P4, md=2, context=b"".join(tlvs), **fields)


CONTEXTS = [
    ("none", md2(), ""), ("one without value", md2(n.tlv(0)), ""), ("four without value", md2(*[n.tlv(0)] * 4), ""),
    *[(f"value of {size}", md2(n.tlv(size)), "") for size in (*range(1, 18), 31, 32, 33, 63, 64, 65, 125, 126, 127)],
    ("unassigned bit", md2(n.tlv(5, u=1)), ""), ("unassigned bit, no value", md2(n.tlv(0, u=1), n.tlv(4, u=1)), ""),
    ("several", md2(n.tlv(3), n.tlv(0), n.tlv(9, kind=255, owner=0xFFFF), n.tlv(4, kind=0, owner=0)), ""),
    ("padding that is not zero", md2(n.tlv(1)[:5] + b"\xff" * 3), ""),
    *[(f"length {size + 1} with room for {size}", md2(n.tlv(size, length=size + 1)), "bad_tlv") for size in (0, 4, 8, 60, 124)],
    *[(f"length {length} in the last word", md2(n.tlv(4), n.tlv(0, length=length)), "bad_tlv") for length in (1, 4, 5, 127)],
    ("the second ends a word too late", md2(n.tlv(8), n.tlv(4, length=5)), "bad_tlv"),
    ("length 0 of what is none: zeros", md2(bytes(12)), ""),
    ("unassigned bit is no part of the length", md2(n.tlv(0, u=1, length=0)), ""),
    ("unassigned bit and overrun", md2(n.tlv(0, u=1, length=1)), "bad_tlv"),
    ("fixed context looks like context headers", to("any", P4, context=n.tlv(0, length=127) * 4), ""),
    ("48 context headers", md2(*[n.tlv(0)] * 48), ""),
]
NAMES = ("nsh", "md2", "empty", "ioam")


def nested(behind: bytes, proto: int | None = None, **fields) -> bytes:
    return to("any", n.nsh(behind, proto, **fields), proto=n.NESTED)


def ioam(behind: bytes, proto: int | None = None, **fields) -> bytes:
    return to("any", n.ioam(behind, proto, **fields), proto=n.IOAM)


def mpls(packet: bytes, count: int, proto: int = n.MPLS) -> bytes:
    return to("any", f.stack(*range(17, 17 + count)) + packet, proto=proto)


def no_bottom(count: int) -> bytes:
    return b"".join(f.lse(17 + k) for k in range(count))


def walk(*names: str, packet: bytes = P4) -> bytes:
    return n.frame(n.layers(packet, *names, spi=779, md=2, context=b""))


WALKS = [
    *[(f"{a}, {b}, {c}", walk(a, b, c), "") for a in NAMES for b in NAMES for c in (*NAMES, "mpls")],
    *[(f"{name} alone", walk(name, packet=packet), "") for name in (*NAMES, "mpls") for packet in (P4, P6)],
    *[(f"{count} of {name}", walk(*[name] * count), "" if 8 * count <= 208 else "header_too_long")
      for name in ("empty",) for count in (7, 25, 26, 27, 40)],
    ("the last one is cut", n.frame(n.layers(P4, *["empty"] * 9, spi=779, md=2, context=b""))[:-len(P4) - 3], "truncated"),
    *[(f"nested version {v}", nested(P4, version=v), "bad_version") for v in (1, 2, 3)],
    ("nested MD type", nested(P4, md=0), "md_type"), ("nested MD type 15", nested(P4, md=15), "md_type"),
    ("nested length", nested(P4, length=5), "bad_length"), ("nested length, MD type 2", nested(P4, md=2, length=1), "bad_length"),
    ("nested version before MD type", nested(P4, version=1, md=0, length=1), "bad_version"),
    ("nested MD type before length", nested(P4, md=0, length=1), "md_type"),
    ("nested context is not read", nested(P4, md=2, context=n.tlv(4, length=5)), ""),
    ("nested next protocol", nested(P4, 0), "next_protocol"), ("nested next protocol 7", nested(P4, 7), "next_protocol"),
    ("nested index, TTL and O do not matter", nested(P4, si=0, ttl=1, oam=1, u=1, unassigned=15), ""),
    ("nested in a forwarder's", to("forward", n.nsh(P4, si=0, ttl=1), proto=n.NESTED, ttl=0), ""),
    *[(f"IOAM of {k} words", ioam(P4, length=k), "") for k in (1, 2, 3, 40)], ("IOAM type 255", ioam(P4, kind=255), ""),
    ("IOAM of no words", ioam(P4, length=0), "bad_length"), ("IOAM of 255 words", ioam(P4, length=255, size=4), "header_too_long"),
    ("IOAM next protocol", ioam(P4, 0), "next_protocol"),
    ("IOAM: length before next protocol", ioam(P4, 0, length=0), "bad_length"),
    *[(f"{count} labels, IPv{v}", mpls(PACKET[v], count), "") for count in (1, 2, 15, 16) for v in (4, 6)],
    *[(f"{count} labels", mpls(P4, count), "") for count in (17, 40, 48)],
    *[(f"{count} labels", mpls(P4, count), "header_too_long") for count in (49, 60)],
    *[(f"{k} entries, no bottom", to("any", no_bottom(k), proto=n.MPLS), "truncated") for k in (0, 1, 2, 15, 48)],
    *[(f"nibble {k:x} behind labels", mpls(bytes([k << 4 | 5]) + P4[1:], 2), "bad_inner") for k in (0, 1, 5, 7, 15)],
    ("nothing behind labels", mpls(b"", 2), "truncated"),
]
ROOM = {
    "one header": lambda words: to("any", P4, md=2, context=n.words(words - 2)),
    "one tag": lambda words: to("any", P4, [(n.Q, 5)], md=2, context=n.words(words - 3)),
    "two tags": lambda words: to("any", P4, [(n.AD, 5), (n.Q, 6)], md=2, context=n.words(words - 4)),
    "IOAM": lambda words: to("any", n.ioam(P4, length=words - 2), proto=n.IOAM, md=2, context=b""),
    "nested": lambda words: to("any", n.md2(P4, n.words(words - 4)), proto=n.NESTED, md=2, context=b""),
    "labels": lambda words: to("any", f.stack(17, 18) + P6, proto=n.MPLS, md=2, context=n.words(words - 4)),
}
TAGS = [
    *[(f"tags {tags}", to("any", packet, tags), "") for packet in (P4, P6)
      for tags in ([(n.Q, 5)], [(n.AD, 0xEFFF)], [(n.AD, 7), (n.Q, 0x6005)], [(n.Q, 7), (n.Q, 8)], [(n.Q, 8), (n.AD, 7)],
                   [(n.AD, 0), (n.AD, 0)], [(n.Q, 0x1000)], [(n.Q, 0xFFFF), (n.Q, 0)])],
    ("forwarder behind a tag", to("forward", P4, [(n.Q, 5)], ttl=0), ""),
    ("no service behind a tag", to("any", P4, [(n.Q, 5)], spi=5), "passed unmatched"),
    ("fault behind two tags", to("any", P4, [(n.AD, 5), (n.Q, 5)], oam=1), "oam"),
    ("sender behind a tag", to("back", P4, [(n.Q, 5)]), ""), ("sender", to("back", P6), ""),
    ("three tags", to("any", P4, [(n.AD, 5), (n.Q, 5), (n.Q, 5)]), "passed not_sfc"),
    *[(f"tag {kind:04x}", to("any", P4, [(kind, 5)]), "passed not_sfc") for kind in (0x9100, 0x9200, 0x88E7, 0x8847 ^ 1)],
    ("a tag with IP", f.ether(b"\0\5\x08\0" + P4, n.Q), "passed not_sfc"),
    *[(f"tag cut after {k}", f.ether(b"\0\5\x89\x4f"[:k], n.Q), "passed not_sfc") for k in range(4)],
    *[(f"second tag cut after {k}", f.ether(b"\0\5\x81\0" + b"\0\5\x89\x4f"[:k], n.AD), "passed not_sfc") for k in range(4)],
    ("EtherType 0x894e", f.ether(n.nsh(P4, spi=779), 0x894E), "passed not_sfc"), ("ARP", ARP, "passed not_sfc"),
    ("IP", f.bare(P4), "passed not_sfc"),
]


class Nsh(NshTest):
    def test_match(self):
        self.check(MATCH)

    def test_unmatched_may_be_dropped(self):
        config = Config(CONFIG.services, CONFIG.sfs, unmatched="drop")
        self.check([(name, frame, end.replace("passed unmatched", "port unmatched")) for name, frame, end in MATCH], config)

    def test_one_path_at_two_ports(self):
        config = Config((NshService("left", domain=(Port("eth0"),)), NshService("right", domain=(Port("eth2"),), hop="ingress")))
        for port in ("eth0", "eth2"):
            rows = [("index 7", n.frame(n.nsh(P4)), ""), ("index 8", n.frame(n.nsh(P4, si=8)), "passed unmatched")]
            self.check(rows, config, port=port)

    def test_an_index_wins_over_any(self):
        config = Config((NshService("any", si="any"), NshService("seven", hop="ingress")))
        self.check([(f"index {si}", n.frame(n.nsh(P4, si=si)), "") for si in (6, 7, 8)], config)

    def test_beside_labels(self):
        config = Config((NshService("web-out"), Service("labels", 16001)))
        result = self.replay(config, Input([n.frame(n.nsh(P4)), f.labelled(P6, 16001, 17), n.frame(f.stack(16001, 17) + P4)]))
        self.assertEqual([(e["reason"], e["service"]) for e in result.entries("domain")],
                         [("", "web-out"), ("", "labels"), ("unmatched", None)])

    def test_faults_in_order(self):
        self.check(ORDER)

    def test_fields(self):
        self.check(FIELDS)

    def test_context_headers(self):
        self.check(CONTEXTS)

    def test_walks(self):
        self.check(WALKS)

    def test_tags(self):
        self.check(TAGS)

    def test_room(self):
        """216 bytes of everything in front of the packet; one word more is too long, and so is all that is longer."""
        self.check([(f"{name}, {words} words", make(words), "" if words <= 54 else "header_too_long")
                    for name, make in ROOM.items() for words in (53, 54, 55, 56, 60)])
        self.check([(f"{name}, {words} words, short packet", make(words)[:-30], "truncated" if words <= 54 else "header_too_long")
                    for name, make in ROOM.items() for words in (54, 55)])

    def test_routed_sf(self):
        """A routed SF is addressed; a tag does not reach it."""
        sf = Sf(left=Port("veth-fw-a", mac="02:00:00:00:00:0a"), right=Port("veth-fw-b", mac="02:00:00:00:00:0b"))
        for hop in ("ingress", "192.0.2.7", "2001:db8::7"):
            config = Config((NshService("web-out", hop=hop),), (sf,))
            self.check([("plain", n.frame(n.nsh(P4)), ""), ("tag", n.frame(n.nsh(P6), (n.Q, 5)), "")], config)

    def test_padding_goes_both_ways(self):
        self.check([(f"{len(pad)} bytes", to("any", P4, [(n.Q, 5)] * tags) + pad, "") for pad in (b"\0", b"\xff" * 9, bytes(18))
                    for tags in (0, 1)])

    def test_mtu_of_the_next_hop(self):
        """It is compared with all that leaves behind the Ethernet header, NSH with it. Nothing is tagged here."""
        config = Config((NshService("web-out", hop_mtu=1000),))
        self.check([(f"{size} bytes", n.frame(n.nsh(f.inner(4, "tcp", size=size - 64))), "") for size in (999, 1000)], config)
        result = self.replay(config, [n.frame(n.nsh(f.inner(4, "tcp", size=1001 - 64)))])
        self.check_entry("1001 bytes", result.entries("domain")[0], "dropped", "too_big", "web-out", 0)


if __name__ == "__main__":
    unittest.main()
