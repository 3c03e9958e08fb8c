# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bench/run paper: what the report says of bends, from raw results that are made here, so that the answer is known."""
import dataclasses
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from bench import paper_bends, paper_loads, paper_plan, paper_words  # noqa: E402  (the path above comes first)
from bench.paper_results import Results  # noqa: E402

SIZES = {"line": 64, "bucket": 64, "slot": 128, "service": 48, "hint": 32, "magazine": 520, "counters": 3360, "inline": 32, "words": 15}
# 2 ns in 32 KiB, 4 ns in 1 MiB, and 34 ns from 16 MiB on. The TLB reaches 64 pages; 4096 of them cost 10 ns more.
PACKED = [[16, 2.0], [512, 2.0], [1024, 4.0], [16384, 4.0], [262144, 34.0], [1048576, 34.0]]
SPREAD = [[16, 2.0], [64, 2.0], [512, 2.0], [4096, 14.0], [16384, 14.0]]
LOADS = {"axis": "loads", "value": "", "load": 0.0, "sizes": SIZES, "packed": PACKED, "spread": SPREAD}
FILL = {"header": 16, "tail": 32, "buckets": 16384, "used": 0, "largest": 1, "overflow": 0, "inserted": 40000, "evicted": 0}


def chain(axis, value, hints=None, noise=1, pace=1.0, **ns):
    """A point where packets take so many nanoseconds: in one of three rounds; in the others they take `noise` more or less. `pace`: of
    the machine then."""
    curves = {curve: {"rates": [1e9 / (took + more) for more in (-noise, 0, noise)], "wrong": 0, "lost": 0, "delays": [[1000, 1]]}
              for curve, took in ns.items()}
    return {"axis": axis, "value": value, "load": 0.0, "cache": [{"to_sf": 1000, "evicted": 0}], "hints": hints or {}, "curves": curves,
            "yardstick": [1e6 * pace] * 3}


def micro(packets, added, header="5 labels", **fill):
    """Without a cache 100 ns; the proxy takes `added` more, and the paper's way 200."""
    row = {"header": header, "kind": "tcp ipv4", "proxy": [50.0, 50.0 + added], "nocache": [50.0, 50.0], "paper": [150.0, 150.0],
           "added": {"proxy": [added - 1, added, added + 1], "paper": [200.0] * 3}, "fill": FILL | fill}
    return {"axis": "in_flight", "value": packets, "load": 0.0, "micro": [row]}


def results(*points):
    return Results({}, [*points, LOADS])


def joined(text):
    return " ".join(text.split())


class Curve(unittest.TestCase):
    def setUp(self):
        self.loads = paper_loads.Loads(LOADS)

    def test_between(self):
        for at, ns in ((1, 2.0), (16, 2.0), (1024, 4.0), (65536, 19.0), (1 << 30, 34.0)):
            self.assertAlmostEqual(paper_loads.between(PACKED, at), ns, msg=at)

    def test_levels(self):
        self.assertEqual(self.loads.levels(), [(512, 2.0), (16384, 4.0), (1048576, 34.0)])
        self.assertIn("a load takes 2.0 ns up to 32 KiB, 4.0 ns up to 1024 KiB. With 64 MiB it takes 34.0 ns.",
                      joined(paper_words.levels(results())))

    def test_tlb_is_what_few_pages_do_not_have(self):
        """Of 4096 lines in as many pages 4 ns are the cache's."""
        self.assertEqual([self.loads.tlb(pages) for pages in (1, 64, 512, 4096)], [0.0, 0.0, 0.0, 10.0])
        self.assertIn("less than 1 ns up to 512 pages, and 10.0 ns with 4096.", joined(paper_words.levels(results())))

    def test_memory_of_packets(self):
        """1000 packets: a slot of two lines each, and 970 buckets; 31 pages of slots and all 256 of buckets."""
        use = paper_loads.of_packets(1000, FILL | {"used": 970}, SIZES)
        self.assertEqual((use.waits, use.lines, use.touched), (2, 2970, 6))
        self.assertAlmostEqual(use.pages, 1000 * 128 / 4096 + 256)
        longer = paper_loads.of_packets(1000, FILL | {"used": 970, "header": 96, "tail": 184}, SIZES)
        self.assertEqual((longer.lines, longer.touched), (3970, 8))


class InFlight(unittest.TestCase):
    """Slots of 128 bytes for so many packets, and so many buckets: 16384 lines are at the end of a level, 65536 lines at 19 ns."""

    def words(self, added):
        """From 5461 packets to 21845."""
        found = results(micro(5461, 50.0, used=5462), micro(21845, added, used=21846))
        return [joined(paper_words.bend(step, "packets", found.loads)) for step in paper_bends.in_flight_steps(found) if step.bends]

    def test_a_bend_of_the_cache(self):
        """Of the 19 ns 2 are those of the TLB, because 65536 packed lines have 1024 pages. The packets have 939."""
        self.assertEqual(len(self.words(120.0)), 1)
        text = self.words(120.0)[0]
        self.assertIn("- From 5461 to 21845 packets sfcproxy gets 70 ns farther from the same without a cache. Lines in use go from "
                      "1024 KiB to 4096 KiB, and a load from 4.0 to 18.7 ns.", text)
        self.assertIn("The 2 loads of a packet that must wait explain 29 ns: 26 by cache levels, 3 by the TLB. All its 6 lines, one behind "
                      "the other, would explain 88 ns. The measured time is between both.", text)

    def test_what_is_left_over(self):
        self.assertRegex(self.words(150.0)[0], "12 ns are left over.$")
        self.assertRegex(self.words(70.0)[0], "That is 9 ns more than was measured, so loads overlap.$")

    def test_no_bend(self):
        """5 % of 150 ns, or no more than twice what rounds differ by."""
        self.assertEqual(self.words(57.0), [])
        step = paper_bends.Step("proxy", 10, 100, 20.0, 150.0, noise=11.0)
        self.assertFalse(step.bends)
        self.assertTrue(dataclasses.replace(step, noise=9.0).bends)
        text = joined(paper_words.figure([step], "packets", None))
        self.assertEqual(text, "Here no curve bends. The largest step of this proxy is that from 10 to 100 packets: 20 ns in sfcproxy, "
                               "where rounds differ by 11 ns.")

    def test_overflow(self):
        """15 words have room. Of 60000 packets in 4096 buckets 5550 are beyond by chance; a table that was filled at random had 5666."""
        found = results(chain("base", "", user=500), micro(60000, 50.0, buckets=4096, largest=29, evicted=7, overflow=5666))
        text = joined(paper_words.overflow(found))
        self.assertRegex(text, "^7 of 40000 inserts made another packet give way, because .* were full; in the chain it was 0 of 1000.")
        self.assertIn("With 60000 packets 5666 words are in overflow lines; 5550 were to be expected. The fullest bucket has 29 words, of "
                      "which 15 are in its own line.", text)
        self.assertAlmostEqual(paper_words.more_than(14, 4.0), 2.0e-5, delta=1e-6)


class Axis(unittest.TestCase):
    def text(self, name, *points, header=paper_plan.MPLS):
        return joined(paper_words.axis(results(*points), name, header))

    def test_the_least_on_the_way_is_taken_off(self):
        """The proxy takes 100 ns more, of which bare redirects take 98 too; then 60 more, of which they take none."""
        text = self.text("size", chain("base", "", redirect=400, user=600), chain("size", 512, redirect=498, user=700),
                         chain("size", 1500, redirect=498, user=760))
        self.assertTrue(text.startswith("2 of 4 steps are bends: - From 64 to 512 bytes bare redirects takes 98 ns more. It does the same work at both, so this is "
                                        "an error of the measurement."), text)
        self.assertIn("From 512 to 1500 bytes sfcproxy, user mode gets 60 ns farther from bare redirects. A packet needs the same memory "
                      "at both, so loads explain nothing of it.", text)

    def test_rounds_that_differ_are_no_bend(self):
        text = self.text("flows", chain("base", "", user=600), chain("flows", 1000000, user=700, noise=60))
        self.assertEqual(text, "Here no curve bends. The largest step of this proxy is that from 10000 to 1000000 flows: 100 ns in sfcproxy, "
                               "user mode, where rounds differ by 61 ns.")

    def test_a_machine_that_is_slower_is_no_bend(self):
        text = self.text("flows", chain("base", "", user=600), chain("flows", 1000000, user=1200, pace=0.5))
        self.assertIn("Here no curve bends. The largest step of this proxy is that from 10000 to 1000000 flows: 0 ns", text)

    def test_a_tail(self):
        """Of 10 labels 36 bytes are kept, 4 more than a slot has room for."""
        sizes = paper_bends.use_of("labels", "user", paper_plan.MPLS, SIZES)
        self.assertEqual([sizes(labels).touched for labels in (1, 9, 10, 16)], [6, 6, 8, 8])
        segments = paper_bends.use_of("segments", "user", "srv6", SIZES)
        self.assertEqual([segments(count).touched for count in (2, 3, 10)], [8, 8, 12])    # 80, 96 and 208 bytes

    def test_a_constant_header(self):
        text = self.text("labels", chain("base", "", redirect=400, static=420, user=600),
                         chain("labels", 16, redirect=400, static=450, user=660))
        self.assertIn("gets 60 ns farther from bare redirects. Of it the same without a cache has 30 ns, too.", text)

    def test_hints(self):
        """Services of NSH that share positions, beside those of SR-MPLS that do not."""
        shared = {"user": {"matches": 4000, "match_positions": 1000, "number_positions": 65536}}
        text = self.text("services", chain("base", "", user=600), chain("services", 1, user=600), chain("services", 4000, user=650),
                         chain("header", "nsh", user=600), chain("nsh services", 4000, hints=shared, user=700), header="nsh")
        self.assertIn("From 1 to 4000 services sfcproxy, user mode takes 100 ns more.", text)
        self.assertIn("Of the services 0 % and then 75 % have no hint of their own. The same services of SR-MPLS take 50 ns more.", text)
        self.assertIn("which the hash map finds: 3000 of 4000.", text)


if __name__ == "__main__":
    unittest.main()
