# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The model of NSH against bytes computed by hand: a model that is wrong would make the other tests worthless."""
import unittest

import frames as f
import nsh_frames as n
import nsh_model
from cfg import Config, NshService, Sf
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from test_model import MACS, UDP4

BACK = "020000000099" "000000000000"
LABEL = "00011140"
ROWS = [
    {"name": "MD type 1", "header": "0fc60101" "00030907" + "aa" * 16, "out": "0fc60101" "00030906" + "aa" * 16},
    {"name": "MD type 2, nothing in it", "header": "0fc20201" "00030907", "out": "0fc20201" "00030906"},
    {"name": "MD type 2, five bytes padded", "header": "0fc50201" "00030907" "0123" "01" "05" "0102030405" "000000",
     "out": "0fc50201" "00030906" "0123" "01" "05" "0102030405" "000000"},
    {"name": "unassigned bits, TTL 0", "header": "1002f201" "00030907", "out": "1002f201" "00030906"},
    {"name": "forwarder: TTL 63", "header": "0fc20201" "00030907", "policies": {"forwarder": "true"},
     "out": "0f820201" "00030906"},
    {"name": "forwarder: TTL 2", "header": "00820201" "00030907", "policies": {"forwarder": "true"},
     "out": "00420201" "00030906"},
    {"name": "forwarder: TTL 0 becomes 63", "header": "00020201" "00030907", "policies": {"forwarder": "true"},
     "out": "0fc20201" "00030906"},
    {"name": "index 1", "header": "0fc20201" "00030901", "policies": {"si": "any"}, "out": "0fc20201" "00030900"},
    {"name": "nested, IOAM and MPLS", "header": "0fc20204" "00030907" "2fc20206" "00000100" "0002ff05" "deadbeef" + LABEL,
     "out": "0fc20204" "00030906" "2fc20206" "00000100" "0002ff05" "deadbeef" + LABEL},
]
# Header and packet behind the EtherType, and the reason.
FAULTS = [("", "truncated"), ("0fc60101000309", "truncated"), ("4fc20201" "00030907", "bad_version"),
          ("0fc20201" "00030807", "unmatched"), ("0fc20201" "00030900", "service_index"), ("2fc20201" "00030907", "oam"),
          ("0fc20001" "00030907", "md_type"), ("0fc50101" "00030907" + "00" * 12, "bad_length"),
          ("0fc10201" "00030907", "bad_length"), ("0fc60101" "00030907" + "00" * 15, "truncated"),
          ("0fc30201" "00030907" "01230101", "bad_tlv"), ("0fc40201" "00030907" "01230105" "00000000", "bad_tlv"),
          ("0fc20200" "00030907", "next_protocol"), ("0fc20207" "00030907", "next_protocol"),
          ("0fc20206" "00030907" "00000001", "bad_length"), ("0fc20206" "00030907" "00020001" "000000", "truncated"),
          ("0fc20205" "00030907" "00011040", "truncated"), ("0fc20205" "00030907" + "00011040" * 60, "header_too_long"),
          ("0fc20203" "00030907" + MACS + "0800" + UDP4.hex(), "bad_inner"),
          ("0fc20202" "00030907" + UDP4.hex() + "00" * 12, "bad_inner")]


def config(**policies) -> Config:
    return Config((NshService("web-out", **policies),), (Sf(),))


class NshModel(unittest.TestCase):
    def test_round_trips_by_hand(self):
        for row in ROWS:
            for tags in ("", "8100" "6005", "88a8" "0007" "8100" "e00a"):
                with self.subTest(row["name"], tags=tags):
                    frame = bytes.fromhex(MACS + tags + "894f" + row["header"]) + UDP4
                    trip = nsh_model.judge(config(**row.get("policies", {})), "eth0", frame)
                    self.assertEqual(trip.sf_frame.hex(), MACS + "0800" + UDP4.hex())
                    self.assertEqual(trip.back().hex(), BACK + tags + "894f" + row["out"] + UDP4.hex())

    def test_faults_by_hand(self):
        for header, reason in FAULTS:
            with self.subTest(header):
                fault = nsh_model.judge(config(si="any"), "eth0", bytes.fromhex(MACS + "894f" + header))
                self.assertEqual(fault.reason, reason)

    def test_an_outer_packet_by_hand(self):
        """192.0.2.1 to 192.0.2.2, UDP 4660 to 4790, VXLAN-GPE, NSH of 8 bytes, 28 bytes of inner packet; addresses swap."""
        inside = "12b6" "%s" "0c000004" "00abcd00" "0fc20201" "000309%s" + UDP4.hex()
        head = MACS + "0800" "45b90048" "00004000" "0911ece8" "c0000201" "c0000202" "1234" + inside
        frame = bytes.fromhex(head % ("0034" "0000", "07"))
        want = "020000000101" "000000000000" "0800" "45b90048" "00004000" "4011b5e8" "c0000202" "c0000201" "1234" + inside
        trip = nsh_model.judge(config(hop="ingress"), "eth0", frame)
        self.assertEqual(trip.back().hex(), want % ("0034" "0000", "06"))

    def test_an_outer_packet_as_scapy_makes_it(self):
        for family, ip, hops in ((4, IP, {"id": 0, "ttl": 64}), (6, IPv6, {"hlim": 64})):
            for size in range(30, 50):
                frame = n.gpe(n.nsh(f.inner(4, "udp", size=size)), family)
                after = n.nsh(f.inner(4, "udp", size=size), si=6)
                want = Ether(n.gpe(after, family, ip=hops, dst=f.SRC, src="00:00:00:00:00:00"))
                got = nsh_model.judge(config(hop="ingress"), "eth0", frame).back()
                outer = want[ip]
                outer.src, outer.dst = outer.dst, outer.src
                outer[UDP].chksum = None
                if family == 4:
                    outer.chksum = None
                self.assertEqual(got.hex(), bytes(want).hex())

    def test_service_prints_the_configuration_of_the_manual(self):
        self.assertEqual(NshService("web-out").yaml(),
                         "{name: web-out, match: {encapsulation: nsh, spi: 777, si: 7}, domain: eth0, sf: {name: fw, in: left}, "
                         "next_hop: {interface: eth1, mac: \"02:00:00:00:00:99\"}}")
        self.assertIn("next_hop: {tunnel: {remote: 192.0.2.9, local: 192.0.2.1}, interface: eth1}",
                      NshService("gpe", si=(7, 6), tunnel=("192.0.2.9", "192.0.2.1")).yaml())


if __name__ == "__main__":
    unittest.main()
