# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The SF side is closed: no headers of the SF's own, no packets that never went in; its link may still resolve."""
import unittest

import frames as f
import kinds
from cfg import Sf, one
from lib import Input, WireTest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop,
                                IPv6ExtHdrRouting, PadN)
from scapy.layers.l2 import ARP
from scapy.packet import Raw

PACKET = f.inner(4, "tcp")
ND = bytes(IPv6(src="2001:db8::1", dst="2001:db8::2") / ICMPv6ND_NS(tgt="2001:db8::9"))
ARP_FRAME = f.ether(bytes(ARP(psrc="192.0.2.1", pdst="192.0.2.2")), 0x0806)


def routed(kind: int, payload=None) -> bytes:
    header = bytes([17, 2, kind, 0]) + bytes(4 + 16)
    return bytes(IPv6(src="2001:db8::1", dst="2001:db8::2", nh=43) / Raw(header + bytes(payload or UDP())))


def v6(payload, following: int | None = None) -> bytes:
    return bytes(IPv6(src="2001:db8::1", dst="2001:db8::2", nh=59 if following is None else following) / payload
                 if isinstance(payload, Raw) else IPv6(src="2001:db8::1", dst="2001:db8::2") / payload)


def v4(payload, **fields) -> bytes:
    return bytes(IP(src="192.0.2.1", dst="192.0.2.2", **fields) / payload)


SFC = [
    {"name": "MPLS", "frame": f.labelled(PACKET, 16001, 17)},
    {"name": "MPLS multicast", "frame": f.labelled(PACKET, 16001, 17, ethertype=f.MPLS_MULTI)},
    {"name": "MPLS, broken stack", "frame": f.ether(b"\0", f.MPLS)},
    {"name": "MPLS, nothing behind", "frame": f.ether(b"", f.MPLS)},
    {"name": "MPLS, label of no service", "frame": f.labelled(PACKET, 99)},
    {"name": "NSH", "frame": f.ether(bytes.fromhex("0fc6010300030907") + bytes(16) + f.bare(PACKET), 0x894F)},
    {"name": "NSH, nothing behind", "frame": f.ether(b"", 0x894F)},
    {"name": "SRv6", "frame": f.bare(routed(4))},
    {"name": "SRv6 with TCP", "frame": f.bare(routed(4, TCP()))},
    {"name": "SRv6 behind hop by hop", "frame": f.bare(v6(IPv6ExtHdrHopByHop() / IPv6ExtHdrRouting(type=4) / UDP()))},
    {"name": "SRv6 behind two options", "frame": f.bare(v6(
        IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(12))]) / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting(type=4) / UDP()))},
    {"name": "MPLS in 802.1Q", "frame": f.ether(b"\0\1\x88\x47" + f.labelled(PACKET, 16001, 17)[14:], 0x8100)},
    {"name": "NSH in QinQ", "frame": f.ether(b"\0\1\x81\0\0\2\x89\x4f" + bytes(24), 0x88A8)},
]
CONTROL = [
    {"name": "ARP", "frame": ARP_FRAME},
    {"name": "LLDP", "frame": f.ether(bytes(46), 0x88CC)},
    {"name": "STP", "frame": f.ether(b"\x42\x42\x03" + bytes(35), 38)},
    {"name": "ARP in 802.1Q", "frame": f.ether(b"\0\1\x08\6" + bytes(46), 0x8100)},
    {"name": "solicitation in 802.1Q", "frame": f.ether(b"\0\1\x86\xdd" + ND, 0x8100)},
    {"name": "EAPOL", "frame": f.ether(bytes(4), 0x888E)},
    {"name": "bare Ethernet header", "frame": f.ether(b"", 0x0806)},
    {"name": "neighbour solicitation", "frame": f.bare(v6(ICMPv6ND_NS(tgt="2001:db8::9")))},
    {"name": "neighbour advertisement", "frame": f.bare(v6(ICMPv6ND_NA(tgt="2001:db8::9")))},
    {"name": "router advertisement", "frame": f.bare(v6(ICMPv6ND_RA()))},
    {"name": "redirect", "frame": f.bare(v6(Raw(b"\x89" + bytes(39)), 58))},
    {"name": "listener report", "frame": f.bare(v6(Raw(b"\x8f" + bytes(7)), 58))},
    {"name": "listener report behind a router alert",
     "frame": f.bare(v6(IPv6ExtHdrHopByHop(nh=58) / Raw(b"\x83" + bytes(23))))},
    {"name": "IGMP", "frame": f.bare(v4(Raw(bytes(8)), proto=2))},
]
MISS = [
    {"name": "802.1Q", "frame": f.ether(b"\0\1\x08\0" + PACKET, 0x8100)},
    {"name": "another TCP", "frame": f.bare(f.tcp(5))}, {"name": "UDP", "frame": f.bare(f.inner(6, "udp"))},
    {"name": "ICMP unreachable", "frame": f.bare(v4(ICMP(type=3) / Raw(PACKET[:28])))},
    {"name": "fragment", "frame": f.bare(v4(UDP() / Raw(b"12345678"), flags="MF"))},
    {"name": "later fragment", "frame": f.bare(v4(Raw(b"12345678"), proto=17, frag=5))},
    {"name": "SCTP", "frame": f.bare(v4(Raw(bytes(40)), proto=132))},
    {"name": "AH", "frame": f.bare(v4(Raw(bytes(30)), proto=51))}, {"name": "OSPF", "frame": f.bare(v6(Raw(bytes(30)), 89))},
    {"name": "hop by hop", "frame": f.bare(v6(IPv6ExtHdrHopByHop() / UDP()))},
    {"name": "routing type 0", "frame": f.bare(v6(IPv6ExtHdrRouting() / UDP()))},
    {"name": "routing type 3", "frame": f.bare(routed(3))},
]
MALFORMED = [
    {"name": "IPv4 without payload", "frame": f.ether(b"", 0x0800), "reason": "truncated"},
    {"name": "IPv4 cut", "frame": f.bare(PACKET[:-1]), "reason": "truncated"},
    {"name": "IPv4 header cut", "frame": f.bare(PACKET[:19]), "reason": "truncated"},
    {"name": "IPv6 cut", "frame": f.bare(f.inner(6)[:-1]), "reason": "truncated"},
    {"name": "IPv6 header cut", "frame": f.bare(f.inner(6)[:39]), "reason": "truncated"},
    {"name": "IPv6 under the EtherType of IPv4", "frame": f.ether(f.inner(6), 0x0800), "reason": "bad_inner"},
    {"name": "IPv4 under the EtherType of IPv6", "frame": f.ether(PACKET, 0x86DD), "reason": "bad_inner"},
    {"name": "IHL 4", "frame": f.ether(b"\x44" + PACKET[1:], 0x0800), "reason": "bad_inner"},
    {"name": "total length 19", "frame": f.bare(PACKET[:2] + b"\0\x13" + PACKET[4:]), "reason": "bad_inner"},
    {"name": "TCP over the end", "frame": f.bare(v4(Raw(bytes(19)), proto=6)), "reason": "bad_inner"},
    {"name": "TCP data offset 4", "frame": f.bare(PACKET[:32] + b"\x40" + PACKET[33:]), "reason": "bad_inner"},
    {"name": "ND type under another version", "frame": f.ether(b"\x40" + ND[1:], 0x86DD), "reason": "bad_inner"},
    {"name": "ND type in the padding only", "frame": f.ether(ND[:4] + b"\0\0" + ND[6:], 0x86DD), "reason": "bad_inner"},
    {"name": "SCTP over the end", "frame": f.bare(v4(Raw(bytes(11)), proto=132)), "reason": "bad_inner"},
    {"name": "extension header over the end", "frame": f.bare(v6(Raw(b"\x3b\2" + bytes(14)), 60)), "reason": "bad_inner"},
    {"name": "UDP over the end", "frame": f.bare(v4(Raw(bytes(7)), proto=17)), "reason": "bad_inner"},
]


class SfSide(WireTest):
    def check(self, rows: list[dict], verdict: str, reason: str | None = None, sf: Sf = Sf()):
        """The rows, then the packet that is in the SF: none of them may have taken its entry."""
        back = [row["frame"] for row in rows] + [f.bare(PACKET)]
        config = one(sf=sf)
        result = self.replay(config, [f.labelled(PACKET, 16001, 17)], back=back)
        for n, row in enumerate(rows):
            with self.subTest(row["name"]):
                want = row.get("reason", reason)
                self.check_entry(row["name"], result.by_n("sf")[n], verdict, want, None)
        self.check_entry("the packet", result.by_n("sf")[len(rows)], "restored", "", "web-out")
        self.assertEqual(len(result.out), 1, "what passed goes to the stack, not to the domain")

    def test_sfc_from_the_sf_is_dropped(self):
        self.check(SFC, "dropped", "sfc_from_sf")
        self.check(SFC, "dropped", "sfc_from_sf", Sf(on_miss="pass"))

    def test_link_control_passes(self):
        self.check(CONTROL, "passed", "control")

    def test_miss_is_dropped_by_default(self):
        self.check(MISS, "dropped", "miss")
        self.check(MISS, "dropped", "miss", Sf(on_miss="drop"))

    def test_miss_passes_if_told(self):
        self.check(MISS, "passed", "miss", Sf(on_miss="pass"))

    def test_malformed_is_dropped(self):
        self.check(MALFORMED, "dropped")
        self.check(MALFORMED, "dropped", sf=Sf(on_miss="pass"))

    def test_tunnels(self):
        """Any tunnel is suspect that the proxy has not handed out itself, unless the configuration trusts the SF."""
        rows = kinds.tunnels()
        for on_miss in ("drop", "pass"):
            for tunnels in (None, "keyed", "drop"):
                self.check(rows, "dropped", "sfc_from_sf", Sf(tunnels=tunnels, on_miss=on_miss))
            self.check(rows, "passed" if on_miss == "pass" else "dropped", "miss", Sf(tunnels="pass", on_miss=on_miss))
        self.check(kinds.no_tunnels(), "dropped", "miss")

    def test_own_tunnels_come_back(self):
        packets = [row["frame"][14:] for row in kinds.tunnels()]
        sent = [f.labelled(packet, 16001, 17 + n) for n, packet in enumerate(packets)]
        back = [f.bare(packet) for packet in packets] * 2
        for tunnels, first, second in ((None, ("restored", ""), ("dropped", "sfc_from_sf")),
                                       ("pass", ("restored", ""), ("dropped", "miss")),
                                       ("drop", ("dropped", "sfc_from_sf"), ("dropped", "sfc_from_sf"))):
            with self.subTest(tunnels):
                result = self.replay(one(sf=Sf(tunnels=tunnels)), sent, back=back)
                self.assertEqual(result.reasons("sf"), [first] * len(sent) + [second] * len(sent))
                self.assertEqual(len(result.out), len(sent) if first[0] == "restored" else 0)
        wrong = self.replay(one(), sent, back=Input(back, "veth-fw-a"))
        self.assertEqual(set(wrong.reasons("sf")), {("dropped", "sfc_from_sf")}, "from the port where they went in")

    def test_hop_spent_in_the_sf_is_dropped_after_the_claim(self):
        config = one(inner_ttl="decrement")
        rows = [(family, name, hops) for family, name in ((4, "ttl"), (6, "hlim")) for hops in (0, 1, 2)]
        sent, returned = [], []
        for n, (family, name, hops) in enumerate(rows):
            packet = (IP if family == 4 else IPv6)(f.inner(family, "tcp", n))
            back = packet.copy()
            setattr(back, name, hops)
            if family == 4:
                del back.chksum
            sent.append(f.labelled(bytes(packet), 16001, 17))
            returned.append(f.bare(bytes(back)))
        result = self.replay(config, sent, back=returned)
        for (family, _, hops), entry in zip(rows, result.entries("sf")):
            verdict, reason = ("restored", "") if hops == 2 else ("dropped", "ttl")
            self.check_entry(f"IPv{family} {hops}", entry, verdict, reason, "web-out")
        self.assertEqual(result.doc["conservation"]["sf"]["dropped_after_claim"], 4)


if __name__ == "__main__":
    unittest.main()
