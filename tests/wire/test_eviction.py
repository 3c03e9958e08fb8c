# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""More packets than the table holds: the oldest make room, are counted, and are misses when they return."""
import unittest

import frames as f
import model
from cfg import Config, Port, Service, Sf, one
from lib import Input, WireTest

SLOTS = 64
TOP = (16001, 0, 40)


def flood(count: int, first: int = 0) -> list[bytes]:
    return [f.labelled(f.inner(4 if n % 2 else 6, "tcp", n), TOP, 1000 + n) for n in range(first, first + count)]


class Eviction(WireTest):
    def fill(self, count: int, **options):
        """All of them in the SF at once; whatever is restored has its own stack, the others miss."""
        config, sent = one(capacity=SLOTS), flood(count)
        result = self.replay(config, sent, window=count, **options)
        self.assertEqual({entry["verdict"] for entry in result.entries("domain")}, {"to_sf"})
        restored = [n for n, entry in result.by_n("sf").items() if entry["verdict"] == "restored"]
        self.same_frames(result.out_bytes(), [model.trip(config, "eth0", sent[n]).back() for n in restored])
        lost = [result.by_n("sf")[n] for n in range(count) if n not in restored]
        self.assertEqual({(e["verdict"], e["reason"], e["service"]) for e in lost} - {("dropped", "miss", None)}, set())
        self.assertEqual(result.cache(), {"to_sf": count, "claimed": len(restored), "evicted": count - len(restored),
                                          "expired": 0, "flushed": 0, "live": 0, "stale": 0})
        self.assertLessEqual(len(restored), SLOTS)
        return restored

    def test_ten_times_the_capacity(self):
        """A bucket sees 10 times its ways: the first half cannot have survived, the last ones must have."""
        for tick in (None, "1us"):
            restored = self.fill(10 * SLOTS, tick=tick)
            self.assertGreaterEqual(min(restored), 5 * SLOTS, "old packets survived newer ones")
            self.assertEqual(restored[-4:], list(range(10 * SLOTS - 4, 10 * SLOTS)), "the newest were not kept")
            self.assertGreaterEqual(len(restored), SLOTS // 2, "less than half of the table is in use")

    def test_one_more_than_the_capacity(self):
        restored = self.fill(SLOTS + 1)
        self.assertIn(SLOTS, restored, "the newest packet was the one to go")

    def test_references_of_the_evicted_are_counted_each(self):
        """Three equal packets are three references; evicting their entry evicts all three."""
        config = one(capacity=SLOTS)
        first = flood(1)[0]
        sent = [first] * 3 + flood(20 * SLOTS, first=1)
        result = self.replay(config, sent, back=[f.bare(first[22:])])
        self.assertEqual(result.reasons("sf"), [("dropped", "miss")])
        cache = result.cache()
        self.assertEqual((cache["to_sf"], cache["claimed"]), (20 * SLOTS + 3, 0))
        self.assertEqual(cache["evicted"] + cache["live"], 20 * SLOTS + 3)
        self.assertLessEqual(cache["live"], SLOTS)

    def test_in_and_out_in_turn_never_evicts(self):
        result = self.replay(one(capacity=SLOTS), flood(10 * SLOTS))
        self.assertEqual(result.cache()["claimed"], 10 * SLOTS)
        self.assertEqual(result.cache()["evicted"], 0)

    def test_expired_entries_make_room_before_live_ones(self):
        """Old entries past hold are expired, not evicted, whoever finds them."""
        config = one(capacity=SLOTS, sf=Sf(hold="1ms"))
        ins = flood(SLOTS // 4) + [f.ether(bytes(46), 0x0806)] * 20 + flood(SLOTS // 4, first=SLOTS)
        result = self.replay(config, ins, back=[f.bare(ins[-1][22:])], tick="100us")
        self.assertEqual(result.reasons("sf"), [("restored", "")])

    def test_capacity_is_rounded_up(self):
        """65 becomes 128: 100 packets of one window mostly fit (buckets may overflow before the table does)."""
        sent = flood(100)
        result = self.replay(one(capacity=65), sent, window=100)
        self.assertGreater(result.cache()["claimed"], 64)

    def test_no_service_uses_up_what_is_anothers(self):
        """Ten times the capacity for one service, while the other one's packets are in its SF: all of these come back. Its
        share, or the quota that it was given, are its own."""
        for quota, count in ((None, SLOTS), (3 * SLOTS // 2, 3 * SLOTS // 2)):
            other = Sf("nat", Port("veth-nat-a"), Port("veth-nat-b"))
            config = Config((Service("web-out", 16001), Service("nat-out", 16002, sf="nat", quota=quota)),
                            (Sf(), other), 2 * SLOTS)
            quiet = [f.labelled(f.inner(4, "tcp", n), (16002, 0, 40), 1000 + n) for n in range(count)]
            sent = quiet + flood(20 * SLOTS, first=count)
            result = self.replay(config, sent, back=Input([f.bare(frame[22:]) for frame in quiet], "veth-nat-b"))
            self.assertEqual(result.reasons("sf"), [("restored", "")] * count)
            self.same_frames(result.out_bytes(), [model.trip(config, "eth0", frame).back() for frame in quiet])

    def test_services_keep_their_packets_apart(self):
        """Packets of two services and SFs: every claim has the right owner's header."""
        other = Sf("nat", Port("veth-nat-a"), Port("veth-nat-b"))
        config = Config((Service("web-out", 16001), Service("nat-out", 16002, sf="nat")), (Sf(), other), SLOTS)
        sent = [f.labelled(f.inner(4, "tcp", n // 2), (16001 + n % 2, 0, 40), 1000 + n) for n in range(4 * SLOTS)]
        result = self.replay(config, sent, window=len(sent))
        restored = [n for n, entry in result.by_n("sf").items() if entry["verdict"] == "restored"]
        self.same_frames(result.out_bytes(), [model.trip(config, "eth0", sent[n]).back() for n in restored])
        for n in restored:
            self.assertEqual(result.by_n("sf")[n]["service"], ["web-out", "nat-out"][n % 2])


if __name__ == "__main__":
    unittest.main()
