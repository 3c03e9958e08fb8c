# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The oracle against bytes computed by hand: a model that is wrong would make every other test worthless."""
import unittest

import frames as f
import inner as ip
import model
from cfg import Service, one
from scapy.layers.inet import IP

# IPv4, total length 28, id 0x1234, TTL 64, UDP, 192.0.2.1 -> 192.0.2.2, ports 1 and 2, no payload.
UDP4 = bytes.fromhex("4500001c123400004011e499c0000201c0000202" "0001000200080000")
MACS = "020000000202" "020000000101"

ROWS = [
    {"name": "two labels, uniform: the exposed TTL is the old one minus one if that is less",
     "stack": "03e81" "0" "40" "03e82" "1" "ff", "out": "8847" "03e82" "1" "3f"},
    {"name": "two labels, uniform: a lower own TTL stays",
     "stack": "03e81" "0" "40" "03e82" "b" "05", "out": "8847" "03e82" "b" "05"},
    {"name": "two labels, pipe: the exposed TTL stays",
     "stack": "03e81" "0" "40" "03e82" "1" "ff", "policies": {"ttl": "pipe"}, "out": "8847" "03e82" "1" "ff"},
    {"name": "only the exposed label is touched",
     "stack": "03e81" "0" "03" "03e82" "0" "ff" "03e83" "1" "ff", "out": "8847" "03e82" "0" "02" "03e83" "1" "ff"},
    {"name": "ELI and EL leave with the label above them",
     "stack": "03e81" "0" "40" "00007" "0" "00" "54321" "0" "00" "03e82" "1" "ff", "out": "8847" "03e82" "1" "3f"},
    {"name": "plain: nothing of the stack is left",
     "stack": "03e81" "1" "40", "policies": {"last_label": "plain"}, "out": "0800"},
]

FAULTS = [
    {"name": "last label", "stack": "03e81" "1" "40", "reason": "last_label", "owner": "web-out"},
    {"name": "TTL 1", "stack": "03e81" "0" "01" "03e82" "1" "ff", "reason": "ttl", "owner": "web-out"},
    {"name": "ELI at the bottom", "stack": "03e81" "0" "40" "00007" "1" "00", "reason": "truncated", "owner": None},
]


class Model(unittest.TestCase):
    def test_round_trips_by_hand(self):
        for row in ROWS:
            with self.subTest(row["name"]):
                config = one(**row.get("policies", {}))
                frame = bytes.fromhex(MACS + "8847" + row["stack"]) + UDP4
                stripped, restored = model.round_trip(config, "eth0", frame)
                self.assertEqual(stripped.sf_frame.hex(), MACS + "0800" + UDP4.hex())
                self.assertEqual(restored.out.hex(), "020000000099" "000000000000" + row["out"] + UDP4.hex())

    def test_faults_by_hand(self):
        for row in FAULTS:
            with self.subTest(row["name"]):
                stripped = model.strip(one(), "eth0", bytes.fromhex(MACS + "8847" + row["stack"]) + UDP4)
                self.assertEqual((stripped.verdict, stripped.reasons), ("dropped", {row["reason"]}))
                self.assertEqual(stripped.service.name if stripped.service else None, row["owner"])

    def test_stack_that_never_ends(self):
        for tail, reason in ((0, "no_bottom"), (3, "truncated"), (4, "too_many_labels"), (40, "too_many_labels")):
            self.assertEqual(model.entries(bytes.fromhex("03e82040") * 16 + bytes(tail))[1], reason)
        self.assertEqual(model.entries(f.stack(*range(16, 32)))[1], "")

    def test_decrement_mends_the_checksum_as_scapy_does(self):
        for options in ([], [b"\x01\x01\x01\x01"]):
            for ident in range(0, 65536, 1021):
                packet = IP(src="192.0.2.1", dst="192.0.2.2", id=ident, ttl=9, proto=17, options=options)
                want = packet.copy()
                want.ttl = 8
                self.assertEqual(ip.decrement(bytes(packet) + b"rest"), bytes(want) + b"rest")

    def test_key_of_a_tcp_segment(self):
        packet = ip.parse(f.tcp(5, options=[("NOP", None), ("NOP", None), ("Timestamp", (1, 2))]) + b"padding")[1]
        key = ip.key(packet)
        self.assertEqual(key[:4], (4, 6, bytes.fromhex("c0000201c6336402"), 6))
        self.assertEqual(key[4:], (20, bytes.fromhex("9c40270f000003ed00001388"), 0x08, bytes.fromhex("0000000100000002")))

    def test_service_prints_the_configuration_of_the_manual(self):
        service = Service("web-out", 16001)
        self.assertEqual(service.yaml(), "{name: web-out, match: {encapsulation: mpls, label: 16001}, domain: eth0, "
                         "sf: {name: fw, in: left}, next_hop: {interface: eth1, mac: \"02:00:00:00:00:99\"}}")


if __name__ == "__main__":
    unittest.main()
