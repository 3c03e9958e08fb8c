# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""NSH over VXLAN-GPE: which packets it is, what is broken, and the outer header that is made for the packet as it leaves."""
import unittest

import frames as f
import nsh_frames as n
import nsh_model
from cfg import Config, NshService, Sf
from changes import ChangeTest, with_extension, with_options
from lib import Input
from nsh_rows import ARP, IDS, PACKET, NshTest
from scapy.layers.inet import TCP
from scapy.layers.inet6 import IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop
from scapy.packet import Raw
from test_ethernet import FRAMES, of_ip

P4, P6 = PACKET[4], PACKET[6]
HOP = {4: ("198.51.100.77", "203.0.113.1"), 6: ("2001:db8:b::77", "2001:db8:a::1")}
SERVICES = (NshService("swap", spi=777, si="any", hop="ingress"), NshService("four", spi=778, tunnel=HOP[4]),
            NshService("six", spi=779, tunnel=HOP[6]), NshService("ether", spi=780),
            NshService("frames", spi=781, sf="ids", inner="ethernet", hop="ingress"),
            NshService("hops", spi=782, hop="ingress", inner_ttl="decrement"),
            NshService("forward", spi=783, hop="ingress", forwarder="true"))
GPE = Config(SERVICES, (Sf(), IDS))
TRANSCODER = Config(SERVICES, (Sf(profile="transcoder"), IDS))


def carried(packet: bytes = P4, family: int = 4, spi: int = 777, proto: int | None = None, **fields) -> bytes:
    return n.gpe(n.nsh(packet, proto, spi=spi), family, **fields)


def both(name: str, end, **fields) -> list:
    return [(f"{name}, IPv{family}", carried(family=family, **fields), end) for family in (4, 6)]


def flags(value: int) -> dict:
    return {"tunnel": {"flags": value}}


CARRIER = [
    *both("as it should be", ""), *both("VNI and reserved bits", "", tunnel={"vni": 0xFFFFFF, "reserved": 0xFFFF, "last": 255}),
    *both("VNI 0", "", tunnel={"vni": 0}), *both("without I", "", **flags(0x04)),
    *both("without P", "passed not_sfc", **flags(0x08)), *both("no flags", "passed not_sfc", **flags(0)),
    *[row for v in (1, 2, 3) for row in both(f"version {v}", "passed not_sfc", **flags(0x0C | v << 4))],
    *[row for bit in (0x02, 0x40, 0x80) for row in both(f"flag {bit:02x}", "", **flags(0x0C | bit))],
    *both("OAM of the tunnel", "port oam", **flags(0x0D)),
    *[row for p in (0, 1, 2, 3, 5, 6, 255) for row in both(f"next protocol {p}", "passed not_sfc", tunnel={"proto": p})],
    *[row for p in (4789, 4791, 0) for row in both(f"port {p}", "passed not_sfc", udp={"dport": p})],
    *both("source port only", "passed not_sfc", udp={"sport": 4790, "dport": 4791}), *both("both ports", "", udp={"sport": 4790}),
    *both("source port 0", "", udp={"sport": 0}),
    ("TCP", n.f.ether(bytes(f.IP(dst=n.LOCAL[4]) / TCP(dport=4790) / Raw(bytes(60))), 0x0800), "passed not_sfc"),
    ("hop by hop", carried(family=6, mid=IPv6ExtHdrHopByHop()), "passed not_sfc"),
    ("destination options", carried(family=6, mid=IPv6ExtHdrDestOpt()), "passed not_sfc"),
    ("IPv4 options", carried(ip={"options": [b"\x94\x04\0\0"]}), "bad_outer"),
    ("40 bytes of them", carried(ip={"options": [b"\1" * 40]}), "bad_outer"),
    ("a tag", f.ether(b"\0\5" + carried()[12:], n.Q), "passed not_sfc"),
    ("IPv6 under 0x0800", carried(family=6)[:12] + b"\x08\0" + carried(family=6)[14:], "passed not_sfc"),
]
# A first fragment names its port. Whether NSH is in it, or a later one, is for others to say.
PART, TO_OTHERS = "port outer_fragment", ("port outer_fragment", "passed not_sfc")
FRAGMENTS = [
    ("IPv4, first", carried(ip={"flags": "MF"}), PART),
    ("IPv4, first of another port", carried(ip={"flags": "MF"}, udp={"dport": 53}), "passed not_sfc"),
    ("IPv4, first of IP in VXLAN-GPE", carried(ip={"flags": "MF"}, tunnel={"proto": 1}), TO_OTHERS),
    *[(f"IPv4, offset {k}", carried(ip={"flags": mf, "frag": k}), "passed not_sfc") for k in (1, 3, 8191) for mf in ("", "MF")],
    *[(f"IPv6, M {m}", carried(family=6, mid=IPv6ExtHdrFragment(id=5, m=m)), PART) for m in (0, 1)],
    ("IPv6, first of another port", carried(family=6, mid=IPv6ExtHdrFragment(m=1), udp={"dport": 53}), "passed not_sfc"),
    *[(f"IPv6, offset {k}", carried(family=6, mid=IPv6ExtHdrFragment(id=5, m=m, offset=k)), "passed not_sfc")
      for k in (1, 9) for m in (0, 1)],
]


def wrong(frame: bytes, at: int) -> bytes:
    return frame[:at] + bytes([frame[at] ^ 0x10]) + frame[at + 1:]


def lengths(family: int) -> list:
    """Lengths of IP and UDP that do not agree with each other or with the frame."""
    good = len(carried(family=family)) - 14
    udp, (field, whole) = good - {4: 20, 6: 40}[family], {4: ("len", good), 6: ("plen", good - 40)}[family]
    rows = {f"UDP of {size}": ({}, {"len": size}) for size in (0, 7, 8, 16, udp - 1, udp + 1)}
    rows |= {f"IP of {size}": ({field: size}, {}) for size in (0, whole - 1, whole + 1, 65535)}
    rows |= {f"both {k} more": ({field: whole + k}, {"len": udp + k}) for k in (1, 100)}
    return [(f"{name}, IPv{family} {zero}", carried(family=family, ip=ip, udp={**udp, **zero}),
             "passed not_sfc" if ip.get("len") == 0 else "bad_outer")       # too short for UDP
            for name, (ip, udp) in rows.items() for zero in ({}, {"chksum": 0})]


BROKEN = [
    *lengths(4), *lengths(6), ("IPv4 checksum", carried(ip={"chksum": 0x1234}), "bad_outer"),
    ("IPv4 checksum 0", carried(ip={"chksum": 0}), "bad_outer"),
    ("IPv4 checksum, none of UDP", carried(ip={"chksum": 0x1234}, udp={"chksum": 0}), "bad_outer"),
    *both("UDP checksum", "bad_outer", udp={"chksum": 0x1234}), *both("UDP checksum ffff", "bad_outer", udp={"chksum": 0xFFFF}),
    *[(f"a byte of the packet, IPv{v}", wrong(carried(P4 + b"\0", v), -1), "bad_outer") for v in (4, 6)],
    ("an address, IPv6", wrong(carried(family=6), 30), "bad_outer"), ("source port", wrong(carried(), 35), "bad_outer"),
    ("checksum 0 and a byte of the packet", wrong(carried(P4, udp={"chksum": 0}), -1), ""),
    # A fault that is read earlier wins.
    *[(f"fault of the NSH first, IPv{v}", n.gpe(n.nsh(P4, md=3), v, udp={"chksum": 1}), "md_type") for v in (4, 6)],
    ("NSH that nobody takes", carried(spi=5, udp={"chksum": 1}), "passed unmatched"),
]
SHORT = [
    (f"outer packet ends {k} bytes early, IPv{v}", n.gpe(n.nsh(P4)[:-k], v, tail=P4[-k:]), ("bad_outer", "bad_inner", "truncated"))
    for k in (1, 4, 20) for v in (4, 6)
]
# Bytes of a payload on the way to an SF and back.
SIZES = ((20, 20), (20, 21), (21, 20), (20, 0), (1, 400), (33, 33), (900, 3), (3, 1400))
HOPS = [
    *[(f"IPv{v} to {name}", carried(spi=spi, family=v), "" if v == fits else "no_next_hop")
      for v in (4, 6) for name, spi, fits in (("four", 778, 4), ("six", 779, 6), ("ether", 780, 0))],
    *[(f"IPv4 without a checksum to {name}", carried(spi=spi, udp={"chksum": 0}), "" if name == "four" else "no_next_hop")
      for name, spi in (("four", 778), ("six", 779), ("ether", 780))],
    ("Ethernet to four", n.frame(n.nsh(P4, spi=778)), "no_next_hop"),
    ("a tag to six", n.frame(n.nsh(P4, spi=779), (n.Q, 5)), "no_next_hop"),
    ("Ethernet to ether", n.frame(n.nsh(P4, spi=780)), ""), ("a tag to ingress", n.frame(n.nsh(P4), (n.Q, 5)), ""),
]


def room(family: int, words: int, packet: bytes = P4, proto=None, spi: int = 777, **fields) -> bytes:
    return n.gpe(n.md2(packet, n.words(words - 2), proto=proto, spi=spi), family, **fields)


class Gpe(NshTest):
    def test_carrier(self):
        self.check(CARRIER, GPE)

    def test_another_port(self):
        config = Config(SERVICES, GPE.sfs, gpe_port=14790)
        self.check([("14790", carried(udp={"dport": 14790}), ""), ("4790", carried(), "passed not_sfc")], config)

    def test_fragments(self):
        self.check(FRAGMENTS, GPE)

    def test_broken(self):
        self.check(BROKEN, GPE)

    def test_a_packet_beyond_the_outer_one(self):
        """The frame has its bytes, the outer packet has not: whatever it is called, it must not leave mended."""
        self.check(SHORT, GPE)

    def test_next_hops(self):
        self.check(HOPS, GPE)

    def test_hop_counts_type_of_service_and_flow_label(self):
        rows = [(f"TTL {hops}", carried(family=v, ip={key: hops}), "")
                for v, key in ((4, "ttl"), (6, "hlim")) for hops in (0, 1, 2, 255)]
        rows += [(f"{key} {value}", carried(family=v, ip={key: value}), "")
                 for v, key in ((4, "tos"), (6, "tc"), (6, "fl")) for value in (0, 1, 3, 0x2E << 2, 255)]
        rows += [(f"forwarder, TTL {ttl}", n.gpe(n.nsh(P4, spi=783, ttl=ttl)), "ttl" if ttl == 1 else "") for ttl in (0, 1, 2, 63)]
        rows += [("inner hops", carried(bytes(f.IP(dst="192.0.2.7", ttl=9) / f.UDP()), v, spi=782, **zero), "")
                 for v in (4, 6) for zero in ({}, {"udp": {"chksum": 0}})]
        self.check(rows, GPE)

    def test_identification(self):
        """0 with DF, whatever came; random without."""
        self.check([(f"DF, {k}", carried(ip={"id": k}), "") for k in (0, 1, 65535)], GPE)
        result = self.check([(f"{k}", carried(ip={"id": 5, "flags": 0}), "") for k in range(40)], GPE)
        self.assertGreater(len({frame[18:20] for frame in result.out_bytes()}), 30)

    def test_every_size_that_comes_back(self):
        """An SF that makes packets longer and shorter, even and odd, over both versions, with checksums and without."""
        for spi, families in ((777, (4, 6)), (778, (4,)), (779, (6,))):
            cases = [(v, inner, there, back, zero) for v in families for inner in (4, 6) for there, back in SIZES
                     for zero in ((), {"chksum": 0})]

            def packet(k: int, size: int, of=cases) -> bytes:
                return ChangeTest.position(f.inner(of[k][1], "udp", 0, size=size), k)
            rows = [(f"{spi}: {case}", carried(packet(k, case[2]), case[0], spi, udp=case[4]), "")
                    for k, case in enumerate(cases)]
            self.check(rows, TRANSCODER, back=lambda _, k, of=cases, packet=packet: f.bare(packet(k, of[k][3])))

    def test_options_that_the_sf_adds_and_takes(self):
        def more(frame: bytes, _: int) -> bytes:
            return frame[:14] + (with_options if frame[14] >> 4 == 4 else with_extension)(frame[14:])
        packets = [f.inner(4 + k % 2 * 2, ("tcp", "udp")[k // 2 % 2], k, size=k) for k in range(24)]
        rows = [(f"{k}", carried(packet, 4 + k // 4 % 2 * 2), "") for k, packet in enumerate(packets)]
        self.check(rows, GPE, back=more)
        longer = [more(f.bare(packet), 0)[14:] for packet in packets]
        self.check([(f"{k}", carried(packet, 4 + k // 4 % 2 * 2), "") for k, packet in enumerate(longer)], GPE,
                   back=lambda _, k: f.bare(packets[k]))

    def test_padding(self):
        """Padding from the SF is behind the packet: no length and no checksum has it. That of the domain goes to the SF."""
        for pad in (0, 1, 18, 60):
            rows = [(f"IPv{v}, {pad} bytes, {k}", carried(f.inner(4, "udp", k, size=k), v), "")
                    for v in (4, 6) for k in range(v, v + 2)]
            self.check(rows, GPE, back=lambda frame, _, pad=pad: frame + b"\xee" * pad)
            self.check([(f"IPv{v}", carried(P4, v, tail=b"\xee" * pad), "") for v in (4, 6)], GPE)

    def test_inner_frames(self):
        """An inner frame is as long as it came back."""
        for v in (4, 6):
            self.check([(name, carried(frame, v, 781, n.ETHERNET), "") for name, frame in FRAMES.items()], GPE)
        for v in (4, 6):
            padded = [(f"{name}, IPv{v}", carried(frame, v, 781, n.ETHERNET), "")
                      for name, frame in (("ARP", ARP), ("IP", of_ip(P4)), ("IP in a tag", of_ip(P4, 5)))]
            self.check(padded, GPE, back=lambda frame, _: frame.ljust(64, b"\0"))

    def test_a_checksum_that_comes_out_as_zero(self):
        """It is written as ffff, because 0 would say that there is none (RFC 768)."""
        for v in (4, 6):
            at = 40 if v == 4 else 60
            out = nsh_model.judge(GPE, "eth0", carried(family=v)).back()
            port = 50001 + nsh_model.u16(out, at)
            frame = carried(family=v, udp={"sport": (port & 0xFFFF) + (port >> 16)})
            result = self.check([(f"IPv{v}", frame, "")], GPE)
            self.assertEqual(result.out_bytes()[0][at:at + 2], b"\xff\xff")

    def test_room(self):
        rows = [(f"IPv{v}, {words} words", room(v, words), "" if 4 * words + 16 + 20 * (v // 2 - 1) <= 216 else "header_too_long")
                for v in (4, 6) for words in (39, 40, 41, 44, 45, 46)]
        rows += [(f"options, {words} words", room(4, words, ip={"options": [b"\1" * 4]}), "bad_outer" if words <= 44 else "header_too_long")
                 for words in (43, 44, 45)]
        rows += [(f"frame, {words} words", room(4, words, of_ip(P4), n.ETHERNET, 781), "" if words <= 41 else "header_too_long")
                 for words in (40, 41, 42)]
        self.check(rows + [("broken, and too long", room(4, 50, udp={"chksum": 1}), "header_too_long")], GPE)

    def test_what_differs_from_packet_to_packet_is_no_other_header(self):
        """Identification, TTL and checksums are none of the path's; the rest is."""
        same = [carried(ip={"id": k, "ttl": 9 + k, "flags": 0}) for k in range(4)]
        self.check([(f"{k}", frame, "") for k, frame in enumerate(same)], GPE, window=4)
        other = [carried(), carried(udp={"sport": 50002}), carried(tunnel={"vni": 5}), carried(ip={"tos": 0}), carried(family=6),
                 carried(ip={"src": "203.0.113.10"}), n.frame(n.nsh(P4))]
        result = self.replay(GPE, other, window=len(other))
        self.assertEqual(result.reasons("domain"), [("to_sf", "")] + [("dropped", "ambiguous")] * (len(other) - 1))

    def test_mtu(self):
        """The outer packet counts, when it comes and when the SF has made it longer."""
        config = Config((NshService("swap", spi=778, tunnel=HOP[4], hop_mtu=200),))
        packets = [f.inner(4, "tcp", k, size=200 - 60 - 40 - k) for k in (0, 1)]
        self.check([("200", n.gpe(n.nsh(packets[0], spi=778)), "")], config)
        result = self.replay(config, Input([n.gpe(n.nsh(packets[0] + b"x", spi=778)), n.gpe(n.nsh(packets[1], spi=778))]),
                             back=[f.bare(with_options(packets[1]))])
        self.assertEqual(result.entries("domain")[1]["verdict"], "to_sf")
        self.assertEqual(result.reasons("sf"), [("dropped", "too_big")])


if __name__ == "__main__":
    unittest.main()
