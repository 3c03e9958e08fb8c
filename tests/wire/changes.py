# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Rows of a packet that goes to the SF and a changed one that comes back: is it still the same one?"""
from __future__ import annotations

import frames as f
import model
from cfg import Config, Sf, one
from lib import WireTest


def flip(data: bytes, at: int, bit: int = 1) -> bytes:
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1:]


def put(packet: bytes, at: int, value: bytes) -> bytes:
    return packet[:at] + value + packet[at + len(value):]


def resized(packet: bytes) -> bytes:
    """The length of the IP header set to what is there."""
    if packet[0] >> 4 == 4:
        return put(packet, 2, len(packet).to_bytes(2, "big"))
    return put(packet, 4, (len(packet) - 40).to_bytes(2, "big"))


def with_options(packet: bytes, size: int = 8) -> bytes:
    """IPv4 options behind a header that has none."""
    return resized(bytes([packet[0] + size // 4]) + packet[1:20] + b"\x94\x04\0\0" + b"\1" * (size - 4) + packet[20:])


def with_extension(packet: bytes, kind: int = 0, size: int = 8) -> bytes:
    """An IPv6 extension header (hop by hop, routing of type 0 or options) in front of what is there."""
    header = bytes([packet[6], size // 8 - 1]) + (b"\0\0" + bytes(size - 4)
                                                  if kind == 43 else bytes([1, size - 4]) + bytes(size - 4))
    return resized(packet[:6] + bytes([kind]) + packet[7:40] + header + packet[40:])


class ChangeTest(WireTest):
    """Rows share one replay; bytes of the source address keep their keys apart."""

    def check(self, rows: list[dict], sf: Sf = Sf(), config: Config | None = None):
        for at in range(0, len(rows), 2000):
            self.check_some(rows[at:at + 2000], config or one(sf=sf))

    def check_some(self, rows: list[dict], config: Config):
        sent = [f.labelled(self.position(row["sent"], n), 16001, (1000 + n, 0, 9)) for n, row in enumerate(rows)]
        back = [f.bare(self.position(row["back"], n), dst="02:00:00:00:0a:0a") for n, row in enumerate(rows)]
        result = self.replay(config, sent, back=back)
        self.assertEqual(set(result.reasons("domain")), {("to_sf", "")}, "all went to the SF")
        entries = result.by_n("sf")
        out = dict(zip((n for n, entry in entries.items() if entry["verdict"] == "restored"), result.out_bytes()))
        for n, row in enumerate(rows):
            with self.subTest(row["name"]):
                if row["restored"]:
                    self.check_entry(row["name"], entries[n], "restored", "", "web-out")
                    self.same_bytes(row["name"], out[n], model.trip(config, "eth0", sent[n]).back(back[n]))
                else:
                    self.check_entry(row["name"], entries[n], "dropped", row.get("reason", "miss"), None, 0)

    @staticmethod
    def position(packet: bytes, n: int) -> bytes:
        """The row's number into the middle of the source address; no checksum is mended, as nobody may look at it."""
        at = 13 if packet[0] >> 4 == 4 else 12
        return packet[:at] + bytes([packet[at] ^ n >> 8, packet[at + 1] ^ n & 255]) + packet[at + 2:]
