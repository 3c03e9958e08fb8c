# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Captures that others made (captures/README.md): every IP packet of them under a label stack, through the SF and back.

The rows say by name what becomes of the packets that are not restored. They follow from docs/keys.md and from what tcpdump
and tshark show of the packets.
"""
import struct
import unittest
from collections import Counter
from dataclasses import dataclass, field

import frames as f
import pcapio
from cfg import HOP_MAC, mac, one
from lib import ROOT, WireTest
from pcapio import Packet

CAPTURES = ROOT / "tests" / "wire" / "captures"
ELSEWHERE = {"mpls-mixed-vlan", "nsh", "ipv6-srh-ipproto-ether"}     # test_capture.py, test_nsh_files.py
WINDOW = 64
FILLER = f.ether(bytes(46), 0x0806)
TOP = 16001


@dataclass(frozen=True, eq=False)
class Row:
    """A capture: its packets, how many of them end by which reason, and how many more do so in window mode."""

    name: str
    packets: int
    ends: dict = field(default_factory=dict)
    in_window: dict = field(default_factory=dict)


ROWS = [
    # Names, the web, and what a browser speaks
    Row("dns-fragments", 66),                   # UDP and TCP, both IP versions; 8 IPv4 and 6 IPv6 fragments
    Row("dnssec", 6),
    Row("http", 10),
    Row("http2", 25),
    Row("h2-ipv6", 15),
    Row("tls13", 16),
    Row("quic", 15),
    Row("wireguard", 22),
    # TCP with rare options, and a scan of equal sequence numbers
    Row("mptcp-v0", 60),
    Row("mptcp-fclose", 9),
    Row("zmtp1", 16),
    Row("synscan", 100),
    # Voice. The answers of one SIP server have identification 0, one length and the same first 64 bytes: not all that
    # are in the SF together can be told apart. So packets 6, 10, 12, 14, 16 are like 1, 1, 8, 1, 3, and 74 is like 69.
    Row("sip", 112, in_window={"ambiguous": 6}),
    Row("rtp-g711a", 60),
    Row("rtp-dtmf", 10),
    # Fragments; those of "snapped" are cut: 4 say so in their record, of 26 only the IP header tells
    Row("afs-fragments", 10),
    Row("fragments-garbage", 60),
    Row("snapped", 30, {"snapped": 4, "truncated": 26}),
    # Tunnels
    Row("6in4", 60),
    Row("4in6", 4),
    Row("6in6", 2),
    Row("pptp-gre", 23),                        # every packet of one side twice: without and with Ethernet padding
    Row("geneve", 39),
    Row("vxlan", 10),
    Row("nsh-over-vxlan-gpe", 1),
    Row("mpls-over-udp", 2),
    # IPsec: ESP, ESP in UDP with IKE and keepalives, AH
    Row("08-sunrise-sunset-esp2", 8),
    Row("espudp1", 8),
    Row("isakmp4500", 27),
    Row("OSPFv3_with_AH", 60),
    # Other protocols
    Row("isup", 6),                             # SCTP
    Row("dccp_partial_csum_v6_longer", 9),
    Row("pgm_poll_polr", 20),
    Row("vrrp", 165),                           # many byte-identical
    Row("multicast", 100),                      # NetBIOS, DHCPv6, HSRP, SSDP, LLMNR
    Row("PIM-SM_join_prune", 47, {"no_key": 4}),    # 43 PIMv2; 4 PIMv1, which is IGMP
    Row("IGMP_V2", 18, {"no_key": 18}),         # 14 with the router alert option
    Row("igmpv3-queries", 6, {"no_key": 6}),
    # ICMP and IPv6 extension headers
    Row("icmp-errors", 53),
    Row("icmpv6-ni-flags", 5),                  # node information queries, type 139: not of a link
    Row("icmpv6", 5, {"no_key": 5}),            # a router advertisement, 3 MLDv2 reports and a query behind hop-by-hop
    Row("dcb_qcn", 11, {"no_key": 5}),          # 6 DHCP; 3 MLDv2 reports, neighbour and router solicitation
    Row("ipv6-routing-header", 4),              # type 0
    Row("ipv6-srh-ext-header", 1, {"no_key": 1}),
    Row("ipv6-srh-insert-cksum", 1, {"no_key": 1}),
]


def stack(n: int) -> list[tuple[int, int, int]]:
    """The stack of packet n, as (label, traffic class, TTL): top label and one to three more, no two neighbours alike."""
    below = [(17 + n + 1000 * depth, (n + depth) % 8, 1 + (13 * n + depth) % 255) for depth in range(1 + n % 3)]
    return [(TOP, n % 8, 2 + 7 * n % 250), *below]


def ip_packet(packet: Packet) -> bytes:
    """Without what pads the Ethernet frame."""
    body = packet.data[14:]
    size = struct.unpack_from("!H", body, 2)[0] if body[0] >> 4 == 4 else 40 + struct.unpack_from("!H", body, 4)[0]
    return body[:size]


def stack_numbers(packets: list[Packet]) -> list[int]:
    """Byte-identical IP packets get the number, so the stack, of the first of them."""
    first = {}
    return [first.setdefault(ip_packet(packet), n) for n, packet in enumerate(packets)]


def wrapped(packet: Packet, n: int) -> Packet:
    """The frame with its stack between the MACs and the IP packet; padding stays, and so does what a snap length cut."""
    head = f.stack(*stack(n))
    data = packet.data[:12] + struct.pack("!H", f.MPLS) + head + packet.data[14:]
    return Packet(data, packet.sec, packet.frac, packet.length() + len(head))


def restored(packet: Packet, n: int) -> bytes:
    """Top label gone, the TTL of the next the smaller of its own and the old top's less one (RFC 3443, uniform)."""
    (_, _, top), (label, tc, own), *rest = stack(n)
    head = f.stack((label, tc, min(own, top - 1)), *rest)
    return mac(HOP_MAC) + bytes(6) + struct.pack("!H", f.MPLS) + head + packet.data[14:]


class RealCaptures(WireTest):
    def read(self, row: Row) -> list[Packet]:
        packets = pcapio.read(CAPTURES / f"{row.name}.pcap")
        self.assertEqual(len(packets), row.packets, row.name)
        for n, packet in enumerate(packets):
            kind = struct.unpack_from("!H", packet.data, 12)[0]
            self.assertEqual(f.ETH.get(packet.data[14] >> 4), kind, f"{row.name}: packet {n} is no IP packet")
        return packets

    def check(self, ends: dict[Row, dict], window: int | None, settings: str = ""):
        """Every packet restored, or at its end by the reasons given; settings go into the SF's YAML. All captures are in one
        replay, and fillers see to it that no window has packets of two."""
        frames, starts = [], []
        for row in ends:
            packets = self.read(row)
            starts.append(len(frames))
            frames += [wrapped(p, n) for p, n in zip(packets, stack_numbers(packets))]
            frames += [FILLER] * (-len(frames) % WINDOW)
        config = one(TOP).yaml().replace("- {name: fw, ", "- {name: fw, " + settings)
        result = self.replay(config, frames, window=window)
        there, back = result.by_n("domain"), result.by_n("sf")
        sf, out = iter(result.sf_bytes()), iter(result.out_bytes())
        for row, start in zip(ends, starts):
            with self.subTest(row.name):
                self.check_row(row, ends[row], [(there[n], back.get(n)) for n in range(start, start + row.packets)], sf, out)
        self.assertEqual((list(sf), list(out)), ([], []))

    def check_row(self, row: Row, ends: dict, entries: list, sf, out):
        packets = self.read(row)
        numbers = stack_numbers(packets)
        went = [n for n, (there, _) in enumerate(entries) if there["verdict"] == "to_sf"]
        files = [(next(sf, b""), next(out, b"")) for _ in went]
        ended = Counter(there["reason"] for there, _ in entries if there["verdict"] != "to_sf")
        self.assertEqual(ended, ends, f"{row.name}: {[(n, there) for n, (there, _) in enumerate(entries) if n not in went]}")
        self.assertEqual([n for n, (_, back) in enumerate(entries) if back], went)
        self.assertEqual({(back["verdict"], back["reason"]) for _, back in entries if back} - {("restored", "")}, set())
        self.same_frames([frame for frame, _ in files], [packets[n].data for n in went], went)
        self.same_frames([frame for _, frame in files], [restored(packets[n], numbers[n]) for n in went], went)

    def test_one_by_one(self):
        self.check({row: row.ends for row in ROWS}, None)

    def test_in_windows(self):
        self.check({row: {**row.ends, **row.in_window} for row in ROWS}, WINDOW)

    def test_voice_through_a_transcoder(self):
        """Without digest and identification only RTP's own fields are left, so rtp_ports decides. The last three packets
        of a DTMF tone (RFC 4733 2.5.1.4) repeat one sequence number, and are alike then."""
        speech, tone = (row for row in ROWS if row.name.startswith("rtp-"))
        transcoder = "profile: transcoder, ipv4_id: off, "
        self.check({row: {"ambiguous": row.packets - 1} for row in (speech, tone)}, WINDOW, transcoder)
        self.check({speech: {}, tone: {"ambiguous": 2}}, WINDOW, f"{transcoder}rtp_ports: [2006, 10000], ")

    def test_every_capture_has_a_row(self):
        self.assertEqual(sorted(p.stem for p in CAPTURES.glob("*.pcap*")), sorted({r.name for r in ROWS} | ELSEWHERE))


if __name__ == "__main__":
    unittest.main()
