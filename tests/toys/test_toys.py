# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Two toy encapsulations that tests/toys/run has patched in: frames go through `replay`, and each byte that comes out is
one that this file has worked out from the toys' own descriptions (bpf/encap/toy_*.h in the patches)."""
import pathlib
import socket
import struct
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "wire"))

import frames as f  # noqa: E402  (the path above comes first)
from lib import Input, WireTest  # noqa: E402

CONFIG = """
sfs:
  - {{name: fw, ports: {{left: a, right: b}}}}
  - {{name: wire, ports: {{left: c, right: d}}}}
services:
  - {{name: one, match: {{encapsulation: {toy}, path: 4660}}, domain: eth0, sf: {{name: fw, in: left}}, next_hop: {hop}}}
  - {{name: many, match: {{encapsulation: {toy}, path: 4608, prefix_bits: 8}}, domain: eth0, sf: {{name: fw, in: left}},
     next_hop: {hop}}}
  - {{name: frames, match: {{encapsulation: {toy}, path: 8192}}, domain: eth0, sf: {{name: wire, in: left}},
     inner: ethernet, next_hop: {hop}}}
  - {{name: labels, match: {{encapsulation: mpls, label: 16001}}, domain: eth0, sf: {{name: fw, in: left}}, next_hop: {hop}}}
"""
HOP = '{interface: eth9, mac: "02:00:00:00:00:99"}'
MACS = {"dst": "02:00:00:00:00:99", "src": "00:00:00:00:00:00"}     # replay's interfaces have none
TYPE, PORT = 0x88B5, 5555


def ones_complement(data):
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def toy_type(inner, path, hops=9):
    return f.ether(struct.pack("!HBx", path, hops) + inner, TYPE)


def toy_udp(inner, path, hops=9, options=b"", ident=7, kind=None, port=PORT, to="192.0.2.8"):
    """Right in all its lengths and checksums; options in units of 12 bytes."""
    kind = kind or inner[0] >> 4
    shim = struct.pack("!HBB", path, hops, kind << 4 | len(options) // 12) + options
    length = 4 + len(shim) + len(inner)
    check = ones_complement(struct.pack("!HH", length, 0) + shim)
    udp = struct.pack("!HHHH", 40000 + path % 1000, port, 8 + length, 0)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0xB8, 28 + length, ident, 0, 63, 17, 0, bytes([192, 0, 2, 7]),
                     socket.inet_aton(to))
    ip = ip[:10] + struct.pack("!H", ones_complement(ip)) + ip[12:]
    return f.ether(ip + udp + struct.pack("!HH", length, check) + shim + inner, 0x0800)


def addressed(frame):
    """As it leaves."""
    return bytes.fromhex("".join(MACS.values()).replace(":", "")) + frame[12:]


class Toys:
    """What both toys must do."""

    toy, make = None, None

    def go(self, frames, **options):
        return self.replay(CONFIG.format(toy=self.toy, hop=HOP), frames, **options)

    def test_strip_and_restore(self):
        inners = [f.inner(family, kind, n) for n, (family, kind) in enumerate([(4, "tcp"), (6, "udp"), (4, "icmp")])]
        paths = [0x1234, 0x1235, 0x12FF]
        result = self.go([type(self).make(inner, path) for inner, path in zip(inners, paths)])
        self.assertEqual([f.bare(inner) for inner in inners], result.sf_bytes())
        self.assertEqual([self.left(inner, path) for inner, path in zip(inners, paths)], result.out_bytes())
        self.assertEqual(["one", "many", "many"], [entry["service"] for entry in result.entries("domain")])

    def left(self, inner, path, **fields):
        """One hop less, identification 0 where there is one."""
        return addressed(type(self).make(inner, path, hops=8, **self.zero, **fields))

    zero = {}

    def test_beside_mpls(self):
        inner = f.inner()
        result = self.go([f.labelled(inner, 16001, 100), type(self).make(f.inner(n=2), 0x1234)])
        self.assertEqual(addressed(f.labelled(inner, (100, 0, 63))), result.out_bytes()[0])
        self.assertEqual(2, len(result.out))

    def test_no_more_hops(self):
        result = self.go([type(self).make(f.inner(), 0x1234, hops=1)])
        self.assertEqual([("dropped", "ttl")], result.reasons("domain"))

    def test_nobody_matches(self):
        result = self.go([type(self).make(f.inner(), 0x3000)])
        self.assertEqual([("passed", "unmatched")], result.reasons("domain"))

    def test_an_sf_may_not_send_it(self):
        result = self.go([], back=Input([type(self).make(f.inner(), 0x1234)], "b"))
        self.assertEqual([("dropped", "sfc_from_sf")], result.reasons("sf"))


class ToyType(Toys, WireTest):
    toy, make = "toy_type", staticmethod(toy_type)

    def test_ethernet_inside(self):
        frame = f.ether(bytes(50), 0x0806)
        result = self.go([toy_type(frame, 0x2000)])
        self.assertEqual([frame], result.sf_bytes())
        self.assertEqual([self.left(frame, 0x2000)], result.out_bytes())


class ToyUdp(Toys, WireTest):
    toy, make, zero = "toy_udp", staticmethod(toy_udp), {"ident": 0}

    def test_options_up_to_the_longest_header(self):
        inners = [f.inner(n=n) for n in range(16)]
        options = [bytes(range(12)) * n for n in range(16)]     # 36 to 216 bytes of header
        result = self.go([toy_udp(inner, 0x1234, options=more) for inner, more in zip(inners, options)])
        self.assertEqual([self.left(inner, 0x1234, options=more) for inner, more in zip(inners, options)], result.out_bytes())

    def test_ethernet_behind_a_long_header(self):
        """On return there is room for 216 bytes, of which the Ethernet header takes 14."""
        frame = f.ether(bytes(50), 0x0806)
        sizes = (12, 13, 14, 15)
        result = self.go([toy_udp(frame, 0x2000, kind=14, options=bytes(12) * n, ident=n) for n in sizes])
        self.assertEqual([("to_sf", "")] * 2 + [("dropped", "header_too_long")] * 2, result.reasons("domain"))
        self.assertEqual([self.left(frame, 0x2000, kind=14, options=bytes(12) * n) for n in (12, 13)], result.out_bytes())

    def test_segment_routing_hidden_behind_a_long_header(self):
        route = bytes([59, 2, 4, 0, 0, 0, 0, 0]) + bytes(16)
        six = bytes.fromhex("60000000") + struct.pack("!HBB", len(route), 43, 64) + b"\x20\1" * 16 + route
        hidden = f.ether(bytes(16) + bytes.fromhex("8100 0001 8100 0002 86dd") + six, 0x88E7)
        result = self.go([toy_udp(hidden, 0x2000, kind=14, options=bytes(12) * n) for n in (0, 5, 10, 13)])
        self.assertEqual([("dropped", "no_key")] * 4, result.reasons("domain"))

    def test_a_broken_header_does_not_leave_mended(self):
        for at in (14 + 10, 14 + 28 + 2, 14 + 28 + 8):      # both checksums, and an option
            frame = bytearray(toy_udp(f.inner(), 0x1234, options=bytes(12)))
            frame[at] ^= 1
            result = self.go([bytes(frame)])
            self.assertEqual([("dropped", "bad_inner")], result.reasons("domain"), at)

    def test_what_only_looks_like_it(self):
        frame = bytearray(toy_udp(f.inner(), 0x1234))
        short = bytearray(frame)
        short[14] = 0x44                                        # IHL 4
        fragment = bytearray(frame)
        fragment[14 + 7] = 0x01                                 # behind the first 8 bytes of another packet
        six = f.ether(bytes.fromhex("6500000000401140") + bytes(32) + struct.pack("!HHHH", 9, PORT, 64, 0) + bytes(56), 0x86DD)
        result = self.go([bytes(short), bytes(fragment), six])
        self.assertEqual([("passed", "not_sfc")] * 3, result.reasons("domain"))

    def test_first_fragment(self):
        frame = bytearray(toy_udp(f.inner(), 0x1234))
        frame[14 + 6] = 0x20                                    # more fragments
        self.assertEqual([("dropped", "outer_fragment")], self.go([bytes(frame)]).reasons("domain"))

    def test_lengths_follow_the_packet(self):
        """An SF makes the packet longer, in what its key leaves out; Ethernet padding is no part of the packet."""
        inner, longer = f.tcp(), f.tcp(options=[("NOP", None)] * 4)
        result = self.go([toy_udp(inner, 0x1234)], back=Input([f.bare(longer) + bytes(9)], "b"))
        self.assertEqual([self.left(longer, 0x1234) + bytes(9)], result.out_bytes())

    def test_the_header_says_what_is_inside(self):
        frame = f.ether(bytes(50), 0x0806)
        result = self.go([toy_udp(frame, 0x2000, kind=14), toy_udp(frame, 0x1234, kind=14), toy_udp(f.inner(), 0x1234, kind=6)])
        self.assertEqual([frame], result.sf_bytes())
        self.assertEqual([self.left(frame, 0x2000, kind=14)], result.out_bytes())
        self.assertEqual([("dropped", "bad_inner")] * 2, result.reasons("domain")[1:])

    def test_equal_is_judged_on_canonical_bytes(self):
        """Two equal packets whose outer packets have identifications of their own have one header; another path is
        another one."""
        inner = f.inner()
        result = self.go([toy_udp(inner, 0x1234, ident=1), toy_udp(inner, 0x1234, ident=2)], window=2)
        self.assertEqual([("to_sf", "")] * 2, result.reasons("domain"))
        self.assertEqual([self.left(inner, 0x1234)] * 2, result.out_bytes())
        result = self.go([toy_udp(inner, 0x1235, ident=1), toy_udp(inner, 0x1236, ident=1)], window=2)
        self.assertEqual(("dropped", "ambiguous"), result.reasons("domain")[1])

    def test_another_port_is_none_of_ours(self):
        result = self.go([toy_udp(f.inner(), 0x1234, port=5556)])
        self.assertEqual([("passed", "not_sfc")], result.reasons("domain"))


if __name__ == "__main__":
    unittest.main()
