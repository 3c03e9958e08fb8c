# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The oracle against bytes computed by hand: a model that is wrong would make every other test worthless."""
import unittest

import model
from cfg import Service, one
from scapy.layers.inet import IP

# IPv4, total length 28, id 0x1234, TTL 64, UDP, 192.0.2.1 -> 192.0.2.2, ports 1 and 2, no payload.
UDP4 = bytes.fromhex("4500001c123400004011e499c0000201c0000202" "0001000200080000")
UDP4_63 = bytes.fromhex("4500001c12340000" "3f11" "e599" "c0000201c0000202" "0001000200080000")
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
    {"name": "plain, pipe: nothing of the stack is left",
     "stack": "03e81" "1" "40", "policies": {"last_label": "plain", "ttl": "pipe"}, "out": "0800"},
    {"name": "plain, uniform: the TTL of the last label goes to the packet", "stack": "03e81" "1" "40",
     "policies": {"last_label": "plain"}, "out": "0800", "packet": UDP4_63},
    {"name": "plain, uniform: a lower TTL of the packet stays",
     "stack": "03e81" "1" "43", "policies": {"last_label": "plain"}, "out": "0800"},
]


class Model(unittest.TestCase):
    def test_round_trips_by_hand(self):
        for row in ROWS:
            with self.subTest(row["name"]):
                config = one(**row.get("policies", {}))
                frame = bytes.fromhex(MACS + "8847" + row["stack"]) + UDP4
                trip = model.trip(config, "eth0", frame)
                self.assertEqual(trip.sf_frame.hex(), MACS + "0800" + UDP4.hex())
                self.assertEqual(trip.back().hex(), "020000000099" "000000000000" + row["out"] + row.get("packet", UDP4).hex())

    def test_decrement_mends_the_checksum_as_scapy_does(self):
        for options in ([], [b"\x01\x01\x01\x01"]):
            for ident in range(0, 65536, 1021):
                packet = IP(src="192.0.2.1", dst="192.0.2.2", id=ident, ttl=9, proto=17, options=options)
                want = packet.copy()
                want.ttl = 8
                self.assertEqual(model.with_hops(bytes(packet) + b"rest", 8), bytes(want) + b"rest")

    def test_service_prints_the_configuration_of_the_manual(self):
        service = Service("web-out", 16001)
        self.assertEqual(service.yaml(), "{name: web-out, match: {encapsulation: mpls, label: 16001}, domain: eth0, "
                         "sf: {name: fw, in: left}, next_hop: {interface: eth1, mac: \"02:00:00:00:00:99\"}}")


if __name__ == "__main__":
    unittest.main()
