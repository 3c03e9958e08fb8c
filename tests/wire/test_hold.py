# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Time: what is older than hold is never restored, what refreshes the time and what does not.

The clock of replay advances by one tick a program run, strips and restores counted together, so every row can
be counted out: the k-th run sees k ticks. Fillers are ARP frames: they run the program, pass, and touch no state.
"""
import unittest

import frames as f
from cfg import Config, Port, Service, Sf, one
from lib import WireTest

A = f.inner(4, "tcp", 1)
TOP = (16001, 0, 40)
LATE, MISS, BACK = ("dropped", "late"), ("dropped", "miss"), ("restored", "")


FILLER = f.ether(bytes(46), 0x0806)


def sent(letter: str) -> bytes:
    """A: the packet under one stack; B: the same packet under another; a dot: a filler."""
    if letter == ".":
        return FILLER
    return f.labelled(A, TOP, 17 if letter == "A" else 18)


def returned(letter: str) -> bytes:
    return FILLER if letter == "." else f.bare(A)


# Runs in order: letters of `ins` are strips, then letters of `back` are restores; '.' is a filler.
ROWS = [
    {"name": "age equal to hold is not expired", "tick": "25ms", "ins": "A...", "back": "A", "want": [BACK]},
    {"name": "one tick more is late", "tick": "25ms", "ins": "A....", "back": "A", "want": [LATE],
     "cache": {"expired": 1, "live": 0, "stale": 0}},
    {"name": "without references left it is a miss", "tick": "25ms", "ins": "A....", "back": "AA", "want": [LATE, MISS]},
    {"name": "far too late", "tick": "10s", "ins": "A...", "back": "A", "want": [LATE]},
    {"name": "each late frame moves one reference to expired", "tick": "30ms", "ins": "AAA", "back": "....AA",
     "want": [LATE, LATE], "cache": {"expired": 2, "live": 1, "stale": 1}},
    {"name": "every reference late, then a miss", "tick": "30ms", "ins": "AAA", "back": "....AAAA",
     "want": [LATE, LATE, LATE, MISS], "cache": {"expired": 3, "live": 0, "stale": 0}},
    {"name": "some in time, the rest late", "tick": "30ms", "ins": "AAA", "back": "A...A",
     "want": [BACK, LATE], "cache": {"claimed": 1, "expired": 1, "live": 1}},
    {"name": "an equal arrival refreshes the time of all", "tick": "30ms", "ins": "A.A", "back": "A.A",
     "want": [BACK, BACK], "cache": {"claimed": 2, "expired": 0}},
    {"name": "an equal arrival at age hold refreshes", "tick": "50ms", "ins": "A.A", "back": "AA", "want": [BACK, BACK]},
    {"name": "an ambiguous arrival refreshes nothing", "tick": "30ms", "ins": "A.B.", "back": "A", "want": [LATE],
     "domain": {2: ("dropped", "ambiguous")}},
    {"name": "a claim refreshes nothing", "tick": "30ms", "ins": "AA", "back": "A..A", "want": [BACK, LATE]},
    {"name": "an equal arrival after hold starts anew", "tick": "30ms", "ins": "A....A", "back": "AA",
     "want": [BACK, MISS], "cache": {"to_sf": 2, "claimed": 1, "expired": 1}},
    {"name": "another stack after hold takes the key over", "tick": "30ms", "ins": "A....B", "back": "AA",
     "want": [BACK, MISS], "domain": {5: ("to_sf", "")}, "label": 18},
    {"name": "another stack at age hold is ambiguous still", "tick": "50ms", "ins": "A.B", "back": "..A",
     "domain": {2: ("dropped", "ambiguous")}, "want": [LATE]},
    {"name": "references of an expired entry are not inherited", "tick": "30ms", "ins": "AAA....A", "back": "AAA",
     "want": [BACK, MISS, MISS], "cache": {"claimed": 1, "expired": 3}},
]


class Hold(WireTest):
    def run_row(self, row: dict, hold: str | None = None):
        ins, back = [sent(letter) for letter in row["ins"]], [returned(letter) for letter in row["back"]]
        result = self.replay(one(sf=Sf(hold=hold)), ins, back=back, tick=row["tick"])
        got = [told for told, letter in zip(result.reasons("sf"), row["back"]) if letter == "A"]
        self.assertEqual(got, row["want"], result.cache())
        for n, want in row.get("domain", {}).items():
            self.assertEqual(result.reasons("domain")[n], want)
        for n, letter in enumerate(row["back"]):
            if letter == ".":
                self.assertEqual(result.reasons("sf")[n], ("passed", "control"))
        label = row.get("label", 17)
        self.assertEqual({frame[14:17] for frame in result.out_bytes()}, {f.stack(label)[:3]} if BACK in got else set())
        return result

    def test_rows(self):
        for row in ROWS:
            with self.subTest(row["name"]):
                result = self.run_row(row)
                want = row.get("cache", {})
                self.assertEqual({name: result.cache()[name] for name in want}, want)

    def test_hold_of_each_unit(self):
        """age == hold is in time, hold plus one tick is late, for every unit of a duration."""
        for hold, tick in (("1ms", "500us"), ("1000us", "500us"), ("250ms", "125ms"), ("1s", "500ms"), ("60s", "30s"),
                           ("60000ms", "30s")):
            with self.subTest(hold):
                self.run_row({"tick": tick, "ins": "A.", "back": "A", "want": [BACK]}, hold)
                self.run_row({"tick": tick, "ins": "A..", "back": "A", "want": [LATE]}, hold)

    def test_time_stands_still_without_tick(self):
        ins = [f.labelled(f.inner(4, "tcp", n), TOP, 17) for n in range(3000)]
        back = [f.bare(frame[22:]) for frame in ins]
        result = self.replay(one(sf=Sf(hold="1ms")), ins, back=back)
        self.assertEqual(result.cache()["claimed"], len(ins))

    def test_window_counts_strips_and_restores_together(self):
        """In a window of N every packet returns N runs after its strip."""
        ins = [f.labelled(f.inner(4, "tcp", n), TOP, 17) for n in range(22)]
        on_time = self.replay(one(), ins[:20], window=10, tick="10ms")
        self.assertEqual(on_time.cache()["claimed"], 20)
        late = self.replay(one(), ins, window=11, tick="10ms")
        self.assertEqual(late.reasons("sf"), [LATE] * 22)
        self.assertEqual((late.cache()["expired"], late.cache()["live"]), (22, 0))
        self.assertEqual({e["service"] for e in late.entries("sf")}, {None})

    def test_default_return_is_one_tick_later(self):
        ins = [f.labelled(f.inner(4, "tcp", n), TOP, 17) for n in range(5)]
        self.assertEqual(self.replay(one(), ins, tick="100ms").cache()["claimed"], 5)
        self.assertEqual(self.replay(one(), ins, tick="111ms").cache()["expired"], 5)

    def test_late_is_dropped_even_where_misses_pass(self):
        config = one(sf=Sf(on_miss="pass"))
        result = self.replay(config, [sent("A")], back=[returned("A")] * 2, tick="200ms")
        self.assertEqual(result.reasons("sf"), [LATE, ("passed", "miss")])

    def test_hold_belongs_to_the_sf(self):
        slow = Sf("slow", hold="10s", left=None, right=None, both=Port("veth-slow"))
        config = Config((Service("web-out", 16001), Service("slow-out", 16002, sf="slow", enter="both")), (Sf(), slow))
        ins = [f.labelled(f.inner(4, "tcp", n), (16001 + n % 2, 0, 40), 17) for n in range(4)]
        result = self.replay(config, ins, window=4, tick="60ms")
        self.assertEqual(result.reasons("sf"), [LATE, BACK, LATE, BACK])

    def test_stale_counts_what_is_past_hold_and_still_in_its_slot(self):
        """Nothing is stripped after time has passed, so whoever reaps has no reason to; either way the sum holds."""
        ins = [f.labelled(f.inner(4, "tcp", n), TOP, 17) for n in range(3)]
        back = [FILLER] * 20
        result = self.replay(one(), ins, back=back, tick="10ms")
        cache = result.cache()
        self.assertEqual(cache["live"] + cache["expired"], 3)
        self.assertEqual(cache["stale"], cache["live"])
        fresh = self.replay(one(), ins, back=back[:3], tick="10ms").cache()
        self.assertEqual((fresh["live"], fresh["stale"], fresh["expired"]), (3, 0, 0))


if __name__ == "__main__":
    unittest.main()
