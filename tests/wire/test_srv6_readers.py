# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The model of SRv6 on captures that others made, and its frames as tshark reads them; scapy makes the answers of ICMPv6."""
import unittest

import dissect
import pcapio
import srv6_model
import srv6_more_rows as more
import srv6_rows as rows
from cfg import Config, Sf, Srv6Service
from lib import ROOT
from scapy.layers.inet6 import ICMPv6PacketTooBig, ICMPv6ParamProblem, ICMPv6TimeExceeded, IPv6
from scapy.layers.l2 import Ether
from srv6_icmp import answer_fault
from srv6_model import Bypass, Fault, Icmp
from srv6_rows import Row, told

CAPTURES = ROOT / "tests" / "wire" / "captures"
FIELDS = ("ipv6.dst", "ipv6.hlim", "ipv6.plen", "ipv6.routing.segleft", "ipv6.routing.srh.last_entry", "ipv6.routing.srh.addr",
          "ip.checksum.status", "udp.checksum.status", "tcp.checksum.status", "icmpv6.checksum.status", "eth.dst")
SUMS = [name for name in FIELDS if name.endswith("status")]
GOOD = "1"
# tshark reads the list by Last Entry, whatever the length is and whether segments are left.
NOT_READ = {"an empty SRH behind the SRH", "C-SID: Last Entry is not looked at (N01 is before S02)"}


def goers() -> list[tuple[Row, object]]:
    """The rows that go on, and what the model made of them."""
    judged = [(row, srv6_model.judge(rows.CONFIG, "eth0", row.frame)) for row in more.ROWS]
    return [(row, outcome) for row, outcome in judged if not isinstance(outcome, Fault) and row.name not in NOT_READ]


def capture(name: str) -> bytes:
    return pcapio.read(CAPTURES / name)[0].data


def judge(frame: bytes, sid: str, **fields):
    return srv6_model.judge(Config((Srv6Service("ad", sid=sid, **fields),), (Sf(),)), "eth0", frame)


class Readers(unittest.TestCase):
    def check_sums(self, row: dict):
        for name in SUMS:
            self.assertLessEqual(set(row[name]), {GOOD}, name)

    def test_frames_that_leave(self):
        """Next segment, Segments Left and hop limit are those that the rows say; list, lengths and checksums hold."""
        judged = goers()
        left = [outcome.frame if isinstance(outcome, Bypass) else outcome.back() for _, outcome in judged]
        for (row, outcome), frame, read in zip(judged, left, dissect.tshark(left, FIELDS)):
            with self.subTest(row.name):
                target, segments, hops = row.leaves
                self.assertEqual((read["ipv6.dst"][0], read["ipv6.hlim"][0]), (target, str(hops)))
                routing = read["ipv6.routing.segleft"]
                self.assertIn(str(segments), routing) if segments is not None else self.assertEqual(routing, [])
                self.assertEqual(int(read["ipv6.plen"][0]), len(frame) - srv6_model.link_end(frame) - 40)
                self.assertEqual(read["eth.dst"][0], "02:00:00:00:01:01" if outcome.service.hop == "ingress" else "02:00:00:00:00:99")
                self.assertEqual(dissect.tshark_complaint(read), "")
                self.check_sums(read)

    def test_frames_for_the_sf(self):
        """No SRH, and all checksums hold; with End.AM the SRH is there and the destination is the last segment."""
        judged = [(row, outcome) for row, outcome in goers() if not isinstance(outcome, Bypass)]
        for (row, outcome), read in zip(judged, dissect.tshark([outcome.sf_frame for _, outcome in judged], FIELDS)):
            with self.subTest(row.name):
                if outcome.service.behaviour == "am":
                    self.assertEqual(read["ipv6.dst"][0], read["ipv6.routing.srh.addr"][0])
                else:
                    self.assertEqual(read["ipv6.routing.segleft"], [])
                self.assertEqual(dissect.tshark_complaint(read), "")
                self.check_sums(read)

    def test_a_ping_behind_an_srh(self):
        frame = capture("ipv6-srh-ext-header.pcap")
        trip = judge(frame, "a:b:c:2::f1:0")
        self.assertEqual(trip.sf_frame, frame[:14] + frame[94:])
        read = dissect.tshark([trip.sf_frame, trip.back()], FIELDS)
        self.assertEqual([r["ipv6.dst"] for r in read], [["b2::2"], ["a:b:c:3::d6", "b2::2"]])
        self.assertEqual((read[1]["ipv6.routing.segleft"], read[1]["ipv6.hlim"]), (["0"], ["63", "63"]))
        self.assertEqual([dissect.tshark_complaint(r) for r in read], ["", ""])
        self.assertEqual(told(judge(frame, "a:b:c:2::f1:0", inner="ipv4")), "bypassed")

    def test_udp_behind_an_inserted_srh(self):
        """The checksum that Linux made is for b2::2, the last segment: tshark finds it right wherever the packet is."""
        frame = capture("ipv6-srh-insert-cksum.pcap")
        masked = judge(frame, "2::f1:0", behaviour="am")
        bypass = judge(frame, "2::f1:0")
        read = dissect.tshark([frame, masked.sf_frame, masked.back(), bypass.frame], FIELDS)
        self.assertEqual([r["ipv6.dst"][0] for r in read], ["2::f1:0", "b2::2", "3::d6", "3::d6"])
        self.assertEqual([r["ipv6.routing.segleft"] for r in read], [["2"], ["1"], ["1"], ["1"]])
        self.assertEqual([r["ipv6.hlim"] for r in read], [["64"], ["63"], ["62"], ["63"]])
        self.assertEqual([r["udp.checksum.status"] for r in read], [[GOOD]] * 4)
        self.assertEqual([dissect.tshark_complaint(r) for r in read], [""] * 4)

    def test_a_frame_behind_its_last_segment(self):
        frame = capture("ipv6-srh-ipproto-ether.pcap")
        self.assertEqual(told(judge(frame, "c::2", inner="ethernet")), "upper_layer 4/4 at 64")
        trip = judge(frame, "c::2", inner="ethernet", behaviour="as", source="a::7", segments=("c::3", "c::4"))
        self.assertEqual(trip.sf_frame, frame[78:])
        read = dissect.tshark([trip.sf_frame, trip.back()], FIELDS)
        self.assertEqual([r["ipv6.dst"] for r in read], [["e::2"], ["c::3", "e::2"]])
        self.assertEqual(read[1]["ipv6.routing.srh.addr"], ["c::4", "c::3"])
        self.assertEqual(read[1]["ipv6.hlim"], ["64", "64"])
        self.assertEqual([dissect.tshark_complaint(r) for r in read], ["", ""])

    def test_pings_behind_routing_headers_of_type_0(self):
        frames = [packet.data for packet in pcapio.read(CAPTURES / "ipv6-routing-header.pcap")]
        ends = [told(judge(frame, str(Ether(frame)[IPv6].dst))) for frame in frames]
        self.assertEqual(ends, ["bad_srh 4/0 at 42"] * len(frames))


class Answers(unittest.TestCase):
    """The reader of ICMPv6 answers, on answers of scapy."""

    def answer(self, frame: bytes, layer, **fields) -> bytes:
        asked = Ether(frame)
        size = 40 + asked[IPv6].plen
        made = Ether(dst=fields.pop("mac", asked.src)) / IPv6(**{"src": "2001:db8:b::1", "dst": asked[IPv6].src, **fields}) / layer
        return bytes(made / frame[14:14 + size][:1232])

    def test_right_ones(self):
        for frame in (rows.to("ad"), rows.to("ad", rows.three("ad"), rows.s.inner(4, size=1400))):
            for layer, icmp in ((ICMPv6TimeExceeded(code=0), Icmp(3, 0)), (ICMPv6ParamProblem(code=0, ptr=43), Icmp(4, 0, 43)),
                                (ICMPv6ParamProblem(code=4, ptr=96), Icmp(4, 4, 96)), (ICMPv6PacketTooBig(mtu=1400), Icmp(2, 0, 1400))):
                with self.subTest(icmp):
                    self.assertEqual(answer_fault(self.answer(frame, layer), frame, icmp), "")
                    self.assertEqual(answer_fault(self.answer(frame, layer), frame, icmp, rows.s.address("2001:db8:b::1")), "")

    def test_wrong_ones(self):
        frame, layer, icmp = rows.to("ad"), ICMPv6ParamProblem(code=0, ptr=43), Icmp(4, 0, 43)
        good = self.answer(frame, layer)
        cases = {"link address of the sender": self.answer(frame, layer, mac="02:00:00:00:00:07"),
                 "address of the sender": self.answer(frame, layer, dst="2001:db8:a::2"),
                 "source": self.answer(frame, layer, src=rows.sid("ad")), "hop limit": self.answer(frame, layer, hlim=0),
                 "type and code": self.answer(frame, ICMPv6ParamProblem(code=4, ptr=43)),
                 "pointer": self.answer(frame, ICMPv6ParamProblem(code=0, ptr=42)), "checksum": good[:-1] + bytes([good[-1] ^ 1])}
        for name, answer in cases.items():
            with self.subTest(name):
                self.assertIn(name, answer_fault(answer, frame, icmp))
        self.assertEqual(answer_fault(self.answer(frame, layer)[:-4], frame, icmp), "payload length, checksum, quoted packet")
        self.assertEqual(answer_fault(frame, frame, icmp), "no ICMPv6")


if __name__ == "__main__":
    unittest.main()
