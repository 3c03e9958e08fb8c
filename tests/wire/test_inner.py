# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What happens to the inner packet: nothing by default; with inner_ttl: decrement one hop and a mended checksum."""
import unittest

import dissect
import frames as f
import model
from cfg import Config, Service, Sf, one
from lib import WireTest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6ND_NS, IPv6, IPv6ExtHdrHopByHop
from scapy.packet import Raw

OPTIONS = [b"\x94\x04\x00\x00", b"\x07\x07\x04" + bytes(5), b"\x01" * 40]


def corner_ids() -> list[int]:
    """IPv4 ids whose header checksum is 0xfeff, the one that an addition of 0x0100 must wrap to 0, not to 0xffff."""
    base = IP(src="192.0.2.1", dst="198.51.100.2", id=0, ttl=64, proto=17, len=36)
    at_zero = int.from_bytes(bytes(base)[10:12], "big")
    return [(at_zero - 0xFEFF + delta) % 65535 for delta in (-1, 0, 1)]


def v4(payload, **fields) -> bytes:
    return bytes(IP(src="192.0.2.1", dst="198.51.100.2", **fields) / payload)


def udp(**fields) -> bytes:
    return v4(UDP(sport=1, dport=2) / Raw(b"12345678"), **fields)


def v6(payload, **fields) -> bytes:
    return bytes(IPv6(src="2001:db8::1", dst="2001:db8::2", **fields) / payload)


class Inner(WireTest):
    def both_ways(self, config: Config, rows: list[dict]):
        """Rows of name, frame, and the reason why it is dropped, if it is."""
        result = self.replay(config, [row["frame"] for row in rows])
        sf, out = [], []
        for n, row in enumerate(rows):
            reason = row.get("reason", "")
            owner = model.match(config, "eth0", row["frame"]).name
            self.check_entry(row["name"], result.by_n("domain")[n], "dropped" if reason else "to_sf", reason, owner)
            if not reason:
                trip = model.trip(config, "eth0", row["frame"])
                sf.append(trip.sf_frame)
                out.append(trip.back())
        self.same_frames(result.sf_bytes(), sf)
        self.same_frames(result.out_bytes(), out)
        return result

    def test_inner_ttl_is_kept_by_default_even_when_it_is_spent(self):
        rows = [{"name": f"TTL {ttl}", "frame": f.labelled(inner, 16001, 17)}
                for ttl in (0, 1, 2, 64, 255)
                for inner in (udp(ttl=ttl, id=ttl + 1), v6(UDP() / Raw(b"%d" % ttl), hlim=ttl))]
        result = self.both_ways(one(), rows)
        self.assertEqual(result.cache()["claimed"], len(rows))

    def test_inner_ttl_decrement_mends_the_checksum(self):
        inners = [udp(ttl=ttl, id=7000 + ttl) for ttl in range(2, 256)]
        inners += [udp(ttl=64, id=ident) for ident in corner_ids()]
        inners += [udp(ttl=64, id=9000 + n, options=[option]) for n, option in enumerate(OPTIONS)]
        rows = [{"name": "IPv4", "frame": f.labelled(inner, 16001, 17)} for inner in inners]
        result = self.both_ways(one(inner_ttl="decrement"), rows)
        for got, inner in zip(result.out_bytes(), inners):
            want = IP(inner)
            want.ttl -= 1
            del want.chksum
            self.same_bytes("scapy's checksum", got[18:], bytes(want))
        self.assertEqual({dissect.tcpdump_complaint(text) for text in dissect.tcpdump(result.out_bytes())}, {""})
        self.assertIn(b"\0\0", [got[28:30] for got in result.out_bytes()], "the corner of the checksum was met")

    def test_inner_ttl_decrement_lowers_the_hop_limit(self):
        rows = [{"name": f"hop limit {hops}", "frame": f.labelled(v6(UDP() / Raw(b"%d" % hops), hlim=hops), 16001, 17)}
                for hops in (2, 3, 64, 255)]
        result = self.both_ways(one(inner_ttl="decrement"), rows)
        self.assertEqual([got[18 + 7] for got in result.out_bytes()], [1, 2, 63, 254])

    def test_inner_ttl_decrement_drops_spent_packets_at_strip(self):
        rows = [{"name": f"hops {hops}", "frame": f.labelled(inner, 16001, 17), "reason": "ttl"}
                for hops in (0, 1) for inner in (udp(ttl=hops), v6(UDP(), hlim=hops))]
        result = self.both_ways(one(inner_ttl="decrement"), rows)
        self.assertEqual(result.cache()["to_sf"], 0)

    def test_decrement_also_when_nothing_is_left_of_the_stack(self):
        self.both_ways(one(inner_ttl="decrement", last_label="plain"),
                       [{"name": "plain", "frame": f.labelled(udp(ttl=9), 16001)}])

    def test_hops_of_the_last_label(self):
        """RFC 3443, uniform: they go to the packet if it has more, and scapy's checksum is that of the packet."""
        rows = [{"name": f"label {label}, packet {hops}", "frame": f.labelled(inner, (16001, 0, label)), "hops": min(hops, label - 1)}
                for label in (2, 3, 64, 255) for hops in (0, 1, 2, 63, 64, 255)
                for inner in (udp(ttl=hops, id=label << 8 | hops), v6(UDP() / Raw(bytes((label, hops))), hlim=hops))]
        rows += [{"name": "corner", "frame": f.labelled(udp(ttl=64, id=ident), (16001, 0, 64)), "hops": 63} for ident in corner_ids()]
        result = self.both_ways(one(last_label="plain"), rows)
        self.assertEqual([model.hops(got[14:]) for got in result.out_bytes()], [row["hops"] for row in rows])
        for got in result.out_bytes():
            if got[14] >> 4 == 4:
                want = IP(got[14:])
                del want.chksum
                self.same_bytes("scapy's checksum", got[14:], bytes(want))
        self.both_ways(one(last_label="plain", inner_ttl="decrement"),
                       [row for row in rows if model.hops(row["frame"][18:]) > 1])
        pipe = self.both_ways(one(last_label="plain", ttl="pipe"), rows)
        self.assertEqual([got[14:] for got in pipe.out_bytes()], [row["frame"][18:] for row in rows])

    def test_ethernet_padding_goes_both_ways(self):
        """Padding is neither part of the key nor cut; the IP length says where the packet ends."""
        rows = [{"name": f"{len(pad)} bytes", "frame": f.labelled(f.inner(family, kind, n, size=1), 16001, 17) + pad}
                for family in (4, 6) for kind in ("tcp", "udp", "icmp")
                for n, pad in enumerate((b"\0", b"\xff" * 3, b"padding!" * 5, bytes(range(200))))]
        self.both_ways(one(), rows)
        self.both_ways(one(inner_ttl="decrement"), rows)

    def test_padding_is_no_part_of_the_key(self):
        """Two packets that differ in padding alone are equal; the second shares the entry of the first."""
        packet = f.inner(4, "udp", size=3)
        sent = [f.labelled(packet, 16001, 17) + pad for pad in (b"", b"aaaa", b"bbbb")]
        result = self.replay(one(), sent, window=3)
        self.assertEqual(result.reasons("domain"), [("to_sf", "")] * 3)
        self.assertEqual([p[18:] for p in result.out_bytes()], [s[22:] for s in sent])

    def test_ipv4_options_do_not_hide_the_transport_header(self):
        rows = [{"name": f"{len(option)} bytes of options", "frame": f.labelled(f.inner(4, kind, n, options=[option]), 16001, 17)}
                for n, option in enumerate(OPTIONS) for kind in ("tcp", "udp", "icmp")]
        self.both_ways(one(), rows)

    def test_inner_policy_is_checked_against_the_nibble(self):
        config = Config((Service("any", 100), Service("four", 104, inner="ipv4"), Service("six", 106, inner="ipv6")),
                        (Sf(),))
        four = udp() + bytes(8)
        packets = {"IPv4": four, "IPv6": v6(UDP() / Raw(b"1234")), "control word": bytes(4) + four,
                   "ACH": b"\x10" + bytes(60), "version 5": b"\x55" + four[1:],
                   "version 15": b"\xf5" + four[1:]}
        good = {("IPv4", 100), ("IPv6", 100), ("IPv4", 104), ("IPv6", 106)}
        rows = [{"name": f"{kind} to {label}", "frame": f.labelled(packet, label, 17),
                 "reason": "" if (kind, label) in good else "bad_inner"}
                for label in (100, 104, 106) for kind, packet in packets.items()]
        self.both_ways(config, rows)

    def test_malformed_inner_packets(self):
        tcp = f.tcp(size=8)
        short = {
            "IHL 4": b"\x44" + udp()[1:],
            "IHL beyond the total length": b"\x4a" + udp(len=36)[1:],
            "total length 19": udp(len=19),
            "TCP header over the end": v4(Raw(bytes(19)), proto=6),
            "UDP header over the end": v4(Raw(bytes(7)), proto=17),
            "ICMP header over the end": v4(Raw(bytes(7)), proto=1),
            "TCP data offset 4": tcp[:32] + b"\x40" + tcp[33:],
            "TCP data offset over the end": tcp[:32] + b"\xf0" + tcp[33:],
            "IPv6 without payload": v6(b"", nh=6, plen=0),
            "IPv6 TCP header over the end": v6(Raw(bytes(19)), nh=6),
            "IPv6 UDP header over the end": v6(Raw(bytes(7)), nh=17),
            "ICMPv6 header over the end": v6(Raw(b"\x80" + bytes(6)), nh=58),
        }
        rows = [{"name": name, "frame": f.labelled(packet, 16001, 17) + bytes(30), "reason": "bad_inner"}
                for name, packet in short.items()]
        result = self.both_ways(one(), rows)
        self.assertEqual(result.cache()["live"], 0)

    def test_lengths_beyond_the_frame(self):
        packets = {"IPv4": udp(len=37), "IPv4 by much": udp(len=65535), "IPv6": v6(UDP(), plen=9),
                   "IPv6 by much": v6(UDP(), plen=65535)}
        self.both_ways(one(), [{"name": name, "frame": f.labelled(packet, 16001, 17), "reason": "truncated"}
                               for name, packet in packets.items()])

    def test_packets_that_had_no_key_once(self):
        packets = {
            "first fragment": udp(flags="MF"),
            "later fragment": v4(Raw(b"12345678"), proto=6, frag=3),
            "last fragment of one byte": v4(Raw(b"1"), proto=6, frag=4),
            "SCTP": v4(Raw(bytes(40)), proto=132), "ICMPv6 in IPv4": v4(Raw(bytes(40)), proto=58),
            "ICMP in IPv6": v6(ICMP()), "hop by hop": v6(IPv6ExtHdrHopByHop() / UDP()),
            "IPv6 fragment": v6(Raw(b"\x11" + bytes(15)), nh=44), "no next header": v6(b"", nh=59),
        }
        result = self.both_ways(one(), [{"name": name, "frame": f.labelled(packet, 16001, 17)}
                                        for name, packet in packets.items()])
        self.assertEqual(len(result.out), len(packets))

    def test_packets_without_a_key(self):
        packets = {
            "neighbour solicitation": v6(ICMPv6ND_NS(tgt="2001:db8::9")), "IGMP": v4(Raw(bytes(8)), proto=2),
            "ICMPv6 type 132": v6(Raw(b"\x84" + bytes(23)), nh=58), "listener report": v6(Raw(b"\x8f" + bytes(23)), nh=58),
            "redirect": v6(Raw(b"\x89" + bytes(39)), nh=58), "router solicitation": v6(Raw(b"\x85" + bytes(7)), nh=58),
        }
        result = self.both_ways(one(), [{"name": name, "frame": f.labelled(packet, 16001, 17), "reason": "no_key"}
                                        for name, packet in packets.items()])
        self.assertEqual(result.sf, [])

    def test_neighbours_of_the_keyless_are_kept(self):
        packets = {
            "don't fragment": udp(flags="DF"), "reserved flag": udp(flags="evil"),
            "ICMPv6 type 142": v6(Raw(b"\x8e" + bytes(23)), nh=58), "ICMPv6 type 144": v6(Raw(b"\x90" + bytes(23)), nh=58),
            "ICMPv6 type 129": v6(Raw(b"\x81" + bytes(23)), nh=58), "ICMPv6 type 138": v6(Raw(b"\x8a" + bytes(23)), nh=58),
            "ICMP error": v4(ICMP(type=3, code=4) / Raw(udp()[:28])),
            "UDP without payload": v4(UDP()),
            "TCP without payload": v4(TCP(flags="S")),
            "TCP, 40 bytes of options": f.tcp(options=[("NOP", None)] * 40, size=0),
            "TCP options that cannot be walked": f.tcp(options=[(253, b"")] + [("NOP", None)] * 2)[:41] + b"\0" + b"x" * 22,
        }
        self.both_ways(one(), [{"name": name, "frame": f.labelled(packet, 16001, 17)} for name, packet in packets.items()])


if __name__ == "__main__":
    unittest.main()
