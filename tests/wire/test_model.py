# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The oracle against bytes computed by hand: a model that is wrong would make every other test worthless."""
import unittest

import frames as f
import inner as ip
import key_model
import model
from cfg import Service, Sf, one
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

FOUR, SIX = "4500{length}{id}{frag}40{protocol}0000c0000201c0000202", "60000000{length}{protocol}40" + "11" * 16 + "22" * 16
FROM4, FROM6 = bytes.fromhex("c0000201c0000202"), b"\x11" * 16 + b"\x22" * 16


def four(protocol: int, data: str, ident: str = "1234", frag: str = "0000") -> str:
    return FOUR.format(length=f"{20 + len(data) // 2:04x}", id=ident, frag=frag, protocol=f"{protocol:02x}") + data


def six(protocol: int, data: str) -> str:
    return SIX.format(length=f"{len(data) // 2:04x}", protocol=f"{protocol:02x}") + data


RTP = "0001138c00000000" "8060" "1234" "aabbccdd" "00000007" "6869"
KEYS = [
    {"name": "TCP with timestamps",
     "packet": four(6, "00010002" "00000003" "00000004" "80ff" "ffff" "eeee" "dddd" "0101080a" "00000005" "00000006" "68"),
     "key": ("tcp", 4, 6, FROM4, 0x1234, bytes.fromhex("000100020000000300000004"), 0x0F, bytes.fromhex("0000000500000006"),
             1, b"")},
    {"name": "UDP", "packet": UDP4.hex(), "key": ("udp", 4, 17, FROM4, 0x1234, b"\0\1\0\2", 0, b"")},
    {"name": "RTP", "packet": six(17, RTP), "sf": Sf(rtp_ports=("5000-5004",)),
     "key": ("rtp", 6, 17, FROM6, 0, b"\0\1\x13\x8c", bytes.fromhex("1234aabbccdd00000007"), 14, b"hi")},
    {"name": "RTP port that is not configured", "packet": six(17, RTP), "sf": Sf(rtp_ports=(5005,)),
     "key": ("udp", 6, 17, FROM6, 0, b"\0\1\x13\x8c", 14, bytes.fromhex(RTP[16:]))},
    {"name": "SCTP DATA", "packet": four(132, "00010002" "0000cafe" "ffffffff" "0003" "0012" "00000009" "0001"),
     "key": ("sctp", 4, 132, FROM4, 0x1234, b"\0\1\0\2\0\0\xca\xfe", b"\0\0\0\0\x09", 10,
             bytes.fromhex("00030012000000090001"))},
    {"name": "GRE with checksum, key and sequence", "packet": four(47, "b0000800" "ffff0000" "00000007" "00000009" "68"),
     "key": ("gre", 4, 47, FROM4, 0x1234, b"\xb0\0\x08\0", b"\0\0\0\7", b"\0\0\0\x09", 1, b"h")},
    {"name": "AH behind hop by hop", "packet": six(0, "3300" "010400000000" "1104ffff" "00000001" "00000002" "6869"),
     "key": ("ah", 6, 51, FROM6, 0, b"\0\0\0\1\0\0\0\2", 2, b"hi")},
    {"name": "IPv4 fragment with DF and the reserved bit", "packet": four(17, "68", frag="e003"),
     "sf": Sf(profile="normalizer"),
     "key": ("fragment", 4, 17, FROM4, 0, 0x2003, b"\x12\x34", 1, b"h")},
    {"name": "IPv6 fragment with reserved bits", "packet": six(44, "06ff" "000f" "00001234" "68"),
     "sf": Sf(profile="transcoder"),
     "key": ("fragment", 6, 6, FROM6, 0, 0x0009, b"\0\0\x12\x34", 0, b"")},
    {"name": "other", "packet": four(89, "02"), "sf": Sf(ipv4_id="off"), "key": ("other", 4, 89, FROM4, 0, 1, b"\2")},
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

    def test_keys_by_hand(self):
        for row in KEYS:
            with self.subTest(row["name"]):
                data = bytes.fromhex(row["packet"].replace(" ", ""))
                faults, packet = ip.parse(data + b"padding")
                self.assertEqual(faults or ip.faults_of(packet), set())
                self.assertEqual(key_model.ip_key(packet, row.get("sf", Sf())), row["key"])

    def test_frames_by_hand(self):
        macs = bytes.fromhex(MACS)
        for data, want in ((b"\x08\x06" + bytes(28) + b"pad", (0, 0, "frame", 0x0806, 28, bytes(28))),
                           (b"\0\3\x42\x42\3pad", (0, 0, "frame", 3, 3, b"\x42\x42\3")),
                           (b"\x81\0\xef\xff\x88\xccab", (0xFFF, 0, "frame", 0x88CC, 46, b"ab" + bytes(44))),
                           (b"\x88\xa8\0\1\x81\0\0\2\x08\0" + UDP4, (1, 2, *key_model.ip_key(ip.parse(UDP4)[1])))):
            self.assertEqual(key_model.judge_ethernet(macs + data, Sf()), (set(), (macs, *want)))
        for data in (b"\x88\x47", b"\x81\0\0\1\x89\x4f", b"\x88\xa8\0\1\x81\0\0\1\x88\x48"):
            self.assertEqual(key_model.judge_ethernet(macs + data + bytes(50), Sf())[0], {"bad_inner"})

    def test_service_prints_the_configuration_of_the_manual(self):
        service = Service("web-out", 16001)
        self.assertEqual(service.yaml(), "{name: web-out, match: {encapsulation: mpls, label: 16001}, domain: eth0, "
                         "sf: {name: fw, in: left}, next_hop: {interface: eth1, mac: \"02:00:00:00:00:99\"}}")


if __name__ == "__main__":
    unittest.main()
