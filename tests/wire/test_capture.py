# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Real traffic: the Zeek capture as it is, and the same traffic with label stacks wrapped around it by scapy."""
import random
import unittest

import dissect
import frames as f
import model
import pcapio
from cfg import HOP_MAC, Config, Service, mac, one
from lib import ROOT, Input, WireTest
from pcapio import Packet
from scapy.contrib.mpls import MPLS
from scapy.layers.l2 import Ether

CAPTURE = ROOT / "tests" / "wire" / "captures" / "mpls-mixed-vlan.pcap"
TYPES = {f.MPLS: 11, 0x0800: 22, 0x8100: 14}


def wrapped(packet: Packet, seed: random.Random) -> Packet:
    """A frame of the capture, its IP packet under a random stack; the MACs and the padding stay."""
    count = seed.randint(2, 16)
    frame = Ether(packet.data)
    ethernet = Ether(dst=frame.dst, src=frame.src, type=f.MPLS)
    for n in range(count):
        label = 16001 if n == 0 else seed.randint(16, 1048575)
        ethernet = ethernet / MPLS(label=label, cos=seed.randint(0, 7), s=int(n == count - 1), ttl=seed.randint(2, 255))
    body = packet.data[14:]
    return Packet(bytes(ethernet) + body, packet.sec, packet.frac)


class Capture(WireTest):
    @classmethod
    def setUpClass(cls):
        cls.packets = pcapio.read(CAPTURE)
        cls.mpls = [n for n, p in enumerate(cls.packets) if model.u16(p.data, 12) == f.MPLS]
        cls.label = dissect.scapy_labels(cls.packets[cls.mpls[0]].data)[0][0]

    def test_capture_is_what_the_readme_says(self):
        kinds = [model.u16(p.data, 12) for p in self.packets]
        self.assertEqual({kind: kinds.count(kind) for kind in set(kinds)}, TYPES)
        self.assertEqual(self.packets[0].data[14:18].hex(), "0001ddff")
        self.assertEqual(self.label, 29)
        self.assertEqual({tuple(dissect.scapy_labels(self.packets[n].data)) for n in self.mpls}, {((29, 6, 1, 255),)})

    def test_single_labels_are_dropped_and_the_rest_passes(self):
        result = self.replay(one(self.label), Input(CAPTURE.read_bytes()))
        self.assertEqual(len(result.entries("domain")), 47)
        for n, entry in enumerate(result.entries("domain")):
            if n in self.mpls:
                self.check_entry(str(n), entry, "dropped", "last_label", "web-out", 0)
            else:
                self.check_entry(str(n), entry, "passed", "not_sfc", None)
        self.assertEqual((result.sf, result.out, result.entries("sf")), ([], [], []))
        self.assertEqual(result.doc["conservation"]["domain"], {"received": 47, "passed": 36, "dropped": 11, "to_sf": 0})

    def test_another_label_passes_everything(self):
        result = self.replay(one(self.label + 1), Input(CAPTURE.read_bytes()))
        self.assertEqual(sorted(set(result.reasons("domain"))), [("passed", "not_sfc"), ("passed", "unmatched")])

    def test_plain_single_labels_leave_bare(self):
        result = self.replay(one(self.label, last_label="plain"), Input(CAPTURE.read_bytes()))
        sent = [self.packets[n] for n in self.mpls]
        bare = [p.data[:12] + b"\x08\x00" + p.data[18:] for p in sent]
        self.same_frames(result.sf_bytes(), bare)
        # The label's TTL of 255 goes to the packet, a hop less.
        self.same_frames(result.out_bytes(), [mac(HOP_MAC) + bytes(6) + frame[12:14] +
                                              model.with_hops(frame[14:], min(254, model.hops(frame[14:]))) for frame in bare])
        for packets in (result.sf, result.out):
            self.assertEqual([(p.sec, p.frac) for p in packets], [(p.sec, p.frac) for p in sent])
        self.assertEqual([entry["n"] for entry in result.entries("sf")], self.mpls)
        self.assertEqual({dissect.tcpdump_complaint(text) for text in dissect.tcpdump(result.out_bytes())}, {""})

    def test_real_traffic_under_random_stacks(self):
        seed = random.Random(29)
        plain = [p for p in self.packets if model.u16(p.data, 12) == 0x0800]
        sent = [wrapped(p, seed) for p in plain]
        config = Config((Service("web-out", 16001),))
        for window in (None, len(sent)):
            result = self.replay(config, sent, window=window)
            self.same_frames(result.sf_bytes(), [p.data for p in plain])
            self.same_frames(result.out_bytes(), [model.trip(config, "eth0", p.data).back() for p in sent])
            for packet, text in zip(sent, dissect.tcpdump(result.out_bytes())):
                top, *rest = dissect.scapy_labels(packet.data)
                rest[0] = rest[0][:3] + (min(rest[0][3], top[3] - 1),)
                self.assertEqual(dissect.tcpdump_labels(text), rest)


if __name__ == "__main__":
    unittest.main()
