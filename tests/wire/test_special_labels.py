# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Labels 0 to 15, entropy pairs (RFC 6790) and the limit of 16 labels.

Each row says by hand which entries leave, or why none do.
"""
import unittest

import dissect
import frames as f
import model
from cfg import Config, Service
from lib import WireTest

TOP = (16001, 0, 40)
PLAIN = (16003, 0, 40)
ELI = (7, 0, 0)
EL = (654321, 0, 0)

CONFIG = Config((Service("web-out", 16001), Service("pipe", 16002, ttl="pipe"),
                 Service("plain", 16003, last_label="plain"), Service("null4", 0), Service("alert", 1),
                 Service("null6", 2), Service("gal", 13)))

# leave: the label stack of OUT.pcap, or the reason why there is none.
ROWS = [
    {"name": "pair under the top leaves with it", "stack": [TOP, ELI, EL, (17, 2, 99)], "leave": [(17, 2, 39)]},
    {"name": "pair directly above the bottom stays below a label",
     "stack": [TOP, (17, 2, 99), ELI, EL, (18, 3, 98)], "leave": [(17, 2, 39), ELI, EL, (18, 3, 98)]},
    {"name": "pair at the bottom stays below a label",
     "stack": [TOP, (17, 2, 99), ELI, EL], "leave": [(17, 2, 39), ELI, EL]},
    {"name": "pair as all the rest: the last label", "stack": [TOP, ELI, EL], "leave": "last_label"},
    {"name": "pair as all the rest, plain", "stack": [PLAIN, ELI, EL], "leave": []},
    {"name": "two pairs in a row both leave", "stack": [TOP, ELI, EL, ELI, EL, (17, 0, 99)], "leave": [(17, 0, 39)]},
    {"name": "two pairs and nothing else, plain", "stack": [PLAIN, ELI, EL, ELI, EL], "leave": []},
    {"name": "the second of two separated pairs stays",
     "stack": [TOP, ELI, EL, (17, 0, 9), ELI, (5555, 0, 0), (18, 0, 8)],
     "leave": [(17, 0, 9), ELI, (5555, 0, 0), (18, 0, 8)]},
    {"name": "an entropy label of value 7 is not an indicator",
     "stack": [TOP, ELI, (7, 0, 0), (17, 0, 99)], "leave": [(17, 0, 39)]},
    {"name": "entropy labels carry TC and TTL of their own",
     "stack": [TOP, (7, 5, 200), (99999, 6, 201), (17, 7, 99)], "leave": [(17, 7, 39)]},
    {"name": "pair leaves under pipe, the TTL stays", "stack": [(16002, 0, 40), ELI, EL, (17, 2, 99)],
     "leave": [(17, 2, 99)]},
    {"name": "indicator at the bottom has no entropy label", "stack": [TOP, ELI], "leave": "truncated", "owner": None},
    {"name": "indicator at the bottom, plain", "stack": [PLAIN, ELI], "leave": "truncated", "owner": None},
    {"name": "second indicator at the bottom", "stack": [TOP, ELI, EL, ELI], "leave": "truncated", "owner": None},
    {"name": "indicator at the bottom that is not exposed stays",
     "stack": [TOP, (17, 0, 9), ELI], "leave": [(17, 0, 9), ELI]},
    {"name": "IPv4 explicit null is exposed and stays", "stack": [TOP, (0, 4, 99)], "leave": [(0, 4, 39)]},
    {"name": "IPv6 explicit null is exposed and stays", "stack": [TOP, (2, 4, 99)], "leave": [(2, 4, 39)]},
    {"name": "explicit null in the middle stays", "stack": [TOP, (0, 0, 9), (17, 0, 9)], "leave": [(0, 0, 9), (17, 0, 9)]},
    {"name": "router alert is exposed and stays", "stack": [TOP, (1, 4, 99), (17, 0, 9)], "leave": [(1, 4, 39), (17, 0, 9)]},
    {"name": "explicit null below a pair", "stack": [TOP, ELI, EL, (0, 0, 99)], "leave": [(0, 0, 39)]},
    {"name": "IPv4 explicit null on top is the label to match", "stack": [(0, 0, 40), (17, 0, 99)], "leave": [(17, 0, 39)]},
    {"name": "IPv6 explicit null on top is the label to match", "stack": [(2, 0, 40), (17, 0, 99)], "leave": [(17, 0, 39)]},
    {"name": "router alert on top is the label to match", "stack": [(1, 0, 40), (17, 0, 99)], "leave": [(17, 0, 39)]},
    {"name": "router alert alone", "stack": [(1, 0, 40)], "leave": "last_label"},
    {"name": "GAL on top is the label to match", "stack": [(13, 0, 40), (17, 0, 99)], "leave": [(17, 0, 39)]},
    {"name": "MNA, GAL, OAM alert and extension labels stay",
     "stack": [TOP, (4, 1, 99), (13, 2, 9), (14, 3, 8), (15, 4, 7), (16, 5, 6)],
     "leave": [(4, 1, 39), (13, 2, 9), (14, 3, 8), (15, 4, 7), (16, 5, 6)]},
    {"name": "the service's own label again below the top", "stack": [TOP, TOP, TOP], "leave": [(16001, 0, 39), TOP]},
    {"name": "16 labels with a pair", "stack": [TOP, ELI, EL] + [(20 + n, 0, 99) for n in range(13)],
     "leave": [(20, 0, 39)] + [(21 + n, 0, 99) for n in range(12)]},
    {"name": "16 labels, all but the top are pairs but one",
     "stack": [TOP] + [ELI, EL] * 7 + [(20, 0, 99)], "leave": [(20, 0, 39)]},
    {"name": "15 labels, all but the top are pairs", "stack": [TOP] + [ELI, EL] * 7, "leave": "last_label"},
    {"name": "15 labels, all but the top are pairs, plain", "stack": [PLAIN] + [ELI, EL] * 7, "leave": []},
    {"name": "16 labels, the last is an indicator without its label",
     "stack": [PLAIN] + [ELI, EL] * 7 + [ELI], "leave": "truncated", "owner": None},
    {"name": "16 labels", "stack": [TOP] + [(20 + n, 0, 9) for n in range(15)],
     "leave": [(20 + n, 0, 9) for n in range(15)]},
    {"name": "17 labels", "stack": [TOP] + [(20 + n, 0, 9) for n in range(16)], "leave": "too_many_labels"},
    {"name": "40 labels", "stack": [TOP] + [(20 + n, 0, 9) for n in range(39)], "leave": "too_many_labels"},
    {"name": "17 labels with pairs that would leave", "stack": [TOP] + [ELI, EL] * 8, "leave": "too_many_labels"},
    {"name": "top TTL 1", "stack": [(16001, 0, 1), (17, 0, 99)], "leave": "ttl"},
    {"name": "top TTL 0", "stack": [(16001, 0, 0), (17, 0, 99)], "leave": "ttl"},
    {"name": "top TTL 1 under pipe", "stack": [(16002, 0, 1), (17, 0, 99)], "leave": "ttl"},
    {"name": "top TTL 2", "stack": [(16001, 0, 2), (17, 0, 99)], "leave": [(17, 0, 1)]},
    {"name": "TTL 1 comes before the last label", "stack": [(16001, 0, 1)], "leave": "ttl"},
    {"name": "TTL 1 comes before too many labels", "stack": [(16001, 0, 1)] + [(20, 0, 9)] * 20, "leave": "ttl"},
    {"name": "TTL 0 below the top is no reason", "stack": [TOP, (17, 0, 0), (18, 0, 0)], "leave": [(17, 0, 0), (18, 0, 0)]},
]


class SpecialLabels(WireTest):
    def rows(self):
        return [dict(row, n=n, frame=f.labelled(f.inner(4 if n % 2 else 6, "tcp", n), *row["stack"], ethertype=kind))
                for kind in (f.MPLS, f.MPLS_MULTI) for n, row in enumerate(ROWS)]

    def test_rows(self):
        rows = self.rows()
        result = self.replay(CONFIG, [row["frame"] for row in rows])
        out = iter(result.out_bytes())
        for n, row in enumerate(rows):
            with self.subTest(row["name"]):
                service = CONFIG.match("eth0", row["stack"][0][0]).name
                entry = result.by_n("domain")[n]
                if isinstance(row["leave"], str):
                    self.check_entry(row["name"], entry, "dropped", row["leave"], row.get("owner", service), 0)
                    continue
                trip = model.trip(CONFIG, "eth0", row["frame"])
                self.check_entry(row["name"], entry, "to_sf", "", service, len(trip.sf_frame))
                self.assertEqual(dissect.scapy_labels(trip.back()), self.tuples(row["leave"]), "row against model")
                self.same_bytes(row["name"], next(out, b""), trip.back())
        self.assertIsNone(next(out, None), "frames too many")

    @staticmethod
    def tuples(leave):
        return [(label, tc, int(n == len(leave) - 1), ttl) for n, (label, tc, ttl) in enumerate(leave)]

    def test_stack_without_bottom(self):
        """S never set: what comes next depends on how the frame ends, and nothing of it is a label."""
        rows = []
        for count in (1, 2, 15, 16, 17, 30):
            for tail in (b"", b"\x45", b"\x45\0", b"\x45\0\0"):
                data = b"".join(f.lse(16001 + n, ttl=9) for n in range(count)) + tail
                if count > 16:
                    reason = "too_many_labels"
                else:
                    reason = "truncated" if tail else "no_bottom"
                rows.append((f"{count} labels and {len(tail)} bytes", f.ether(data, f.MPLS), reason))
        result = self.replay(CONFIG, [frame for _, frame, _ in rows])
        for n, (name, _, reason) in enumerate(rows):
            owner = None if reason == "truncated" else "web-out"
            self.check_entry(name, result.by_n("domain")[n], "dropped", reason, owner, 0)
        self.assertEqual((result.sf, result.out), ([], []))

    def test_payload_that_looks_like_a_stack_is_not_read(self):
        """S is the end, whatever the packet behind it looks like: here it is a label stack again."""
        packet = f.inner(4, "udp")
        frame = f.labelled(f.stack(*[17] * 20) + packet, TOP, (17, 0, 9))
        result = self.replay(CONFIG, [frame])
        self.check_entry("nested", result.by_n("domain")[0], "dropped", "bad_inner", "web-out", 0)


if __name__ == "__main__":
    unittest.main()
