# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""1 to 16 labels over every inner packet, policy and EtherType: the SF sees none, the domain gets all but the top.

The expected bytes are the model's. Scapy and tcpdump then read the files on their own, so that a fault of both the
model and the program still shows in labels, S bits and TTLs.
"""
import unittest

import dissect
import frames as f
import model
from cfg import HOP_MAC, Config, Service, Sf
from lib import WireTest
from pcapio import Packet

POLICIES = [
    {"name": "uniform", "label": 16001},
    {"name": "pipe", "label": 16002, "ttl": "pipe"},
    {"name": "plain", "label": 16003, "last_label": "plain"},
    {"name": "plain-pipe", "label": 16004, "ttl": "pipe", "last_label": "plain"},
]
CONFIG = Config(tuple(Service(**policy) for policy in POLICIES), (Sf(),))
# The top's TTL against that of the label below it: above, equal after the decrement, below, and the extremes.
TTLS = [(64, 255), (64, 63), (200, 7), (255, 255), (2, 255), (2, 0), (255, 254), (9, 1)]
KINDS = ("tcp", "udp", "icmp")


def stack_of(top: int, count: int, n: int) -> list[tuple[int, int, int]]:
    """Labels, traffic classes and TTLs that differ from entry to entry, so that a swap shows."""
    old, own = TTLS[n % len(TTLS)]
    rows = [(top, n % 8, old), (16 + n * 977 % 1048560, (n + 1) % 8, own)]
    rows += [(1048575 - 40 * n - k, (n + k) % 8, (n * 7 + k) % 256) for k in range(2, 16)]
    return rows[:count]


def matrix() -> list[dict]:
    rows = []
    for policy in POLICIES:
        for family in (4, 6):
            for kind in KINDS:
                for count in range(1, 17):
                    n = len(rows)
                    rows.append({"name": f"{policy['name']} IPv{family} {kind} {count} labels", "n": n, "count": count,
                                 "owner": policy["name"], "inner": f.inner(family, kind, n, size=n % 90),
                                 "labels": stack_of(policy["label"], count, n)})
    return rows


def frame_of(row: dict, ethertype: int) -> Packet:
    data = f.labelled(row["inner"], *row["labels"], ethertype=ethertype)
    return Packet(data, 1_700_000_000 + row["n"], 999_999 - row["n"])


def expected_labels(frame: bytes, uniform: bool) -> list[tuple[int, int, int, int]]:
    """The rule once more, on what scapy reads from the input."""
    top, *rest = dissect.scapy_labels(frame)
    if rest and uniform:
        label, tc, s, ttl = rest[0]
        rest[0] = (label, tc, s, min(ttl, top[3] - 1))
    return rest


class Stacks(WireTest):
    @classmethod
    def setUpClass(cls):
        cls.rows = matrix()

    def run_type(self, ethertype: int):
        sent = [frame_of(row, ethertype) for row in self.rows]
        result = self.replay(CONFIG, sent)
        names = [row["name"] for row in self.rows]
        trips = {}
        domain, sf = result.by_n("domain"), result.by_n("sf")
        for n, row in enumerate(self.rows):
            if row["count"] == 1 and not row["owner"].startswith("plain"):
                self.check_entry(names[n], domain[n], "dropped", "last_label", row["owner"], 0)
                continue
            trips[n] = model.trip(CONFIG, "eth0", sent[n].data)
            self.check_entry(names[n], domain[n], "to_sf", "", row["owner"], len(trips[n].sf_frame))
            self.check_entry(names[n], sf[n], "restored", "", row["owner"], len(trips[n].back()))
        kept = list(trips)
        kept_names = [names[n] for n in kept]
        self.same_frames(result.sf_bytes(), [trip.sf_frame for trip in trips.values()], kept_names)
        self.same_frames(result.out_bytes(), [trip.back() for trip in trips.values()], kept_names)
        for packets in (result.sf, result.out):
            self.assertEqual([(p.sec, p.frac) for p in packets], [(sent[n].sec, sent[n].frac) for n in kept])
        self.assertEqual(result.cache(), {"to_sf": len(kept), "claimed": len(kept), "expired": 0, "evicted": 0,
                                          "flushed": 0, "live": 0, "stale": 0})
        self.dissect(kept, [sent[n].data for n in kept], result, ethertype)

    def dissect(self, kept: list[int], sent: list[bytes], result, ethertype: int):
        """What two foreign readers find in the files."""
        sf_text, out_text = dissect.tcpdump(result.sf_bytes()), dissect.tcpdump(result.out_bytes())
        for k, n in enumerate(kept):
            row = self.rows[n]
            with self.subTest(row["name"]):
                bare_type = f.ETH[row["inner"][0] >> 4]
                self.assertEqual(dissect.tcpdump_ethernet(sf_text[k]), (f.DST, f.SRC, bare_type))
                self.assertEqual(dissect.tcpdump_labels(sf_text[k]) + dissect.scapy_labels(result.sf[k].data), [])
                uniform = "pipe" not in row["name"]
                labels = expected_labels(sent[k], uniform)
                self.assertEqual(dissect.tcpdump_labels(out_text[k]), labels)
                self.assertEqual(dissect.scapy_labels(result.out[k].data), labels)
                self.assertEqual([s for _, _, s, _ in labels], [0] * (len(labels) - 1) + [1] * bool(labels))
                kind = ethertype if labels else bare_type
                self.assertEqual(dissect.tcpdump_ethernet(out_text[k]), (HOP_MAC, "00:00:00:00:00:00", kind))
                for text in (sf_text[k], out_text[k]):
                    self.assertEqual(dissect.tcpdump_complaint(text), "", text)
                self.assertTrue(dissect.scapy_checksums_hold(result.out[k].data))

    def test_unicast_ethertype_8847(self):
        self.run_type(f.MPLS)

    def test_multicast_ethertype_8848_returns_as_it_came(self):
        self.run_type(f.MPLS_MULTI)


if __name__ == "__main__":
    unittest.main()
