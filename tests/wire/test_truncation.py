# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Malformed input is inert: a frame cut anywhere is dropped for the reason that fits, and leaves no trace."""
import unittest

import frames as f
import kinds
import model
from cfg import Config, Service
from lib import WireTest

CONFIG = Config((Service("web-out", 16001), Service("plain", 16003, last_label="plain")))
INNERS = {"TCP over IPv4": f.inner(4, "tcp"), "UDP over IPv6": f.inner(6, "udp"), "ICMP": f.inner(4, "icmp"),
          "ICMPv6": f.inner(6, "icmp"), "TCP with options": f.tcp(options=[("Timestamp", (1, 2))] * 2)}
FIRST_LENGTH = 14
MAX_LABELS = 16


def reason_of(frame: bytes, count: int) -> tuple[str, str | None]:
    """Why a frame that had `count` labels and is cut is dropped, and whose it is."""
    whole, rest = divmod(len(frame) - FIRST_LENGTH, 4)
    if whole == 0:
        return "truncated", None
    owner = CONFIG.match("eth0", int.from_bytes(frame[14:17], "big") >> 4).name
    if whole < min(count, MAX_LABELS):
        return ("truncated", None) if rest else ("no_bottom", owner)
    if count > MAX_LABELS:  # the bottom is looked for in 16 entries; what is behind them is no part of an entry
        return ("too_many_labels", owner) if whole > MAX_LABELS else ("truncated", None) if rest else ("no_bottom", owner)
    return ("last_label" if count == 1 and owner == "web-out" else "truncated"), owner


class Truncation(WireTest):
    def sweep(self, frames: list[tuple[int, bytes]]):
        """Frames by how many labels they had; none may be anything but dropped."""
        result = self.replay(CONFIG, [frame for _, frame in frames])
        entries = result.entries("domain")
        self.assertEqual(len(entries), len(frames))
        for (count, frame), entry in zip(frames, entries):
            reason, owner = reason_of(frame, count)
            self.check_entry(f"{count} labels, {len(frame)} bytes: {frame[14:].hex()}", entry, "dropped", reason, owner, 0)
        self.assertEqual((result.sf, result.out, result.entries("sf")), ([], [], []))
        self.assertEqual(set(result.cache().values()), {0}, "no state")
        return {entry["reason"] for entry in entries}

    def cuts(self, inner: bytes, top: int, count: int) -> list[bytes]:
        full = f.labelled(inner, (top, 0, 9), *range(17, 16 + count))
        return [full[:length] for length in range(FIRST_LENGTH, len(full))]

    def test_every_label_count_at_every_length(self):
        for name, inner in INNERS.items():
            with self.subTest(name):
                frames = [(count, cut) for count in range(1, 17) for cut in self.cuts(inner, 16001, count)]
                self.assertEqual(self.sweep(frames), {"truncated", "no_bottom", "last_label"})

    def test_every_length_when_nothing_would_be_left(self):
        frames = [(1, cut) for inner in INNERS.values() for cut in self.cuts(inner, 16003, 1)]
        self.assertEqual(self.sweep(frames), {"truncated"})

    def test_every_kind_at_every_length(self):
        """Also what has no key: that is looked at when the packet is there."""
        packets = [*kinds.packets(4).values(), *kinds.packets(6).values(), *kinds.of_the_link().values(),
                   *kinds.steered().values()]
        frames = [(2, cut) for packet in packets for cut in self.cuts(packet, 16001, 2)[9:]]
        self.assertEqual(self.sweep(frames), {"truncated"})

    def test_seventeen_labels_at_every_length(self):
        frames = [(17, cut) for cut in self.cuts(INNERS["ICMP"], 16001, 17)]
        self.assertEqual(self.sweep(frames), {"truncated", "no_bottom", "too_many_labels"})

    def test_entropy_pairs_at_every_length(self):
        full = f.labelled(INNERS["TCP over IPv4"], (16001, 0, 9), 7, 99, 7, 98, 17)
        self.sweep([(6, full[:length]) for length in range(FIRST_LENGTH, len(full))])

    def test_every_length_behind_a_good_packet(self):
        """Bytes of an earlier, longer frame must not complete a cut one."""
        inner = INNERS["TCP over IPv4"]
        full = f.labelled(inner, (16001, 0, 9), 17, 18)
        frames = [frame for length in range(FIRST_LENGTH, len(full)) for frame in (full, full[:length])]
        result = self.replay(CONFIG, frames)
        verdicts = [entry["verdict"] for entry in result.entries("domain")]
        self.assertEqual(verdicts, ["to_sf", "dropped"] * (len(frames) // 2))
        self.same_frames(result.out_bytes(), [model.trip(CONFIG, "eth0", full).back()] * (len(frames) // 2))

    def test_below_an_ethernet_header_is_runt(self):
        full = f.labelled(INNERS["ICMP"], 16001, 17)
        result = self.replay(CONFIG, [full[:length] for length in range(FIRST_LENGTH)])
        for length, entry in enumerate(result.entries("domain")):
            self.check_entry(f"{length} bytes", entry, "dropped", "runt", None, 0)
        self.assertEqual(result.doc["conservation"]["domain"],
                         {"received": FIRST_LENGTH, "passed": 0, "dropped": FIRST_LENGTH, "to_sf": 0})

    def test_runt_from_the_sf(self):
        packet = f.inner()
        back = [f.bare(packet)[:length] for length in range(FIRST_LENGTH)] + [f.bare(packet)]
        result = self.replay(CONFIG, [f.labelled(packet, 16001, 17)], back=back)
        self.assertEqual(result.reasons("sf"), [("dropped", "runt")] * FIRST_LENGTH + [("restored", "")])

    def test_every_length_from_the_sf(self):
        """Cut on the way back: nothing is claimed, the packet that comes later in one piece still is."""
        for name, inner in INNERS.items():
            with self.subTest(name):
                full = f.bare(inner)
                back = [full[:length] for length in range(FIRST_LENGTH, len(full))] + [full]
                result = self.replay(CONFIG, [f.labelled(inner, 16001, 17)], back=back)
                self.assertEqual(result.reasons("sf"), [("dropped", "truncated")] * (len(back) - 1) + [("restored", "")])
                self.assertEqual({e["service"] for e in result.entries("sf")[:-1]}, {None})


if __name__ == "__main__":
    unittest.main()
