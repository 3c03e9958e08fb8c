# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Several packets in the SF at once: equal keys, equal and different headers, ports, and slots used again."""
import unittest

import frames as f
import model
from cfg import SF_LEFT, SF_RIGHT, Config, Port, Service, one
from lib import Input, WireTest

ONE = Config((Service("web-out", 16001), Service("web-alt", 16002), Service("pipe", 16003, ttl="pipe"),
              Service("plain", 16004, last_label="plain"), Service("plain-pipe", 16005, last_label="plain", ttl="pipe")))
PACKET = f.inner(4, "tcp", 7)
TOP = (16001, 0, 40)

# Two frames around one packet, both in the SF before either returns; shared: may they have each other's header?
PAIRS = [
    {"name": "same stack", "a": [TOP, 17], "b": [TOP, 17], "shared": True},
    {"name": "other label below the top", "a": [TOP, 17], "b": [TOP, 18]},
    {"name": "other label at the bottom", "a": [TOP, 17, 18, 19], "b": [TOP, 17, 18, 20]},
    {"name": "one label more", "a": [TOP, 17], "b": [TOP, 17, 18]},
    {"name": "one label less", "a": [TOP, 17, 18], "b": [TOP, 17]},
    {"name": "other traffic class below the top", "a": [TOP, (17, 1, 9)], "b": [TOP, (17, 2, 9)]},
    {"name": "other TTL at the bottom", "a": [TOP, 17, (18, 0, 9)], "b": [TOP, 17, (18, 0, 8)]},
    {"name": "other service to the same SF", "a": [TOP, 17], "b": [(16002, 0, 40), 17]},
    {"name": "traffic class of the popped label", "a": [(16001, 1, 40), 17], "b": [(16001, 2, 40), 17], "shared": True},
    {"name": "TTL of the popped label that shows in the next one", "a": [(16001, 0, 40), 17], "b": [(16001, 0, 41), 17]},
    {"name": "TTL of the popped label that the next one hides", "a": [(16001, 0, 40), (17, 0, 9)],
     "b": [(16001, 0, 41), (17, 0, 9)], "shared": True},
    {"name": "TTL of the popped label under pipe", "a": [(16003, 0, 40), 17], "b": [(16003, 0, 41), 17], "shared": True},
    {"name": "entropy label that leaves", "a": [TOP, 7, 1001, 17], "b": [TOP, 7, 1002, 17], "shared": True},
    {"name": "a pair that leaves against none", "a": [TOP, 7, 1001, 17], "b": [TOP, 17], "shared": True},
    {"name": "entropy label that stays", "a": [TOP, 17, 7, 1001], "b": [TOP, 17, 7, 1002]},
    {"name": "plain both", "a": [(16004, 0, 40)], "b": [(16004, 1, 40)], "shared": True},
    {"name": "TTL of the last label that shows in the packet", "a": [(16004, 0, 40)], "b": [(16004, 0, 41)]},
    {"name": "TTL of the last label under pipe", "a": [(16005, 0, 40)], "b": [(16005, 0, 41)], "shared": True},
    {"name": "plain against a label", "a": [(16004, 0, 40)], "b": [(16004, 0, 40), 17]},
    {"name": "unicast against multicast", "a": [TOP, 17], "b": [TOP, 17], "types": (f.MPLS, f.MPLS_MULTI)},
    {"name": "EtherType does not matter when no label is left", "a": [(16004, 0, 40)], "b": [(16004, 0, 40)],
     "types": (f.MPLS, f.MPLS_MULTI), "shared": True},
    {"name": "16 labels, the last differs", "a": [TOP] + [17] * 15, "b": [TOP] + [17] * 14 + [18]},
]


class Window(WireTest):
    def test_pairs_with_one_key(self):
        """Every row with a packet of its own, two frames a window."""
        sent = []
        for n, row in enumerate(PAIRS):
            kinds = row.get("types", (f.MPLS, f.MPLS))
            packet = f.inner(4 if n % 2 else 6, "tcp", n)
            sent += [f.labelled(packet, *row[side], ethertype=kind) for side, kind in zip("ab", kinds)]
        trips = [model.trip(ONE, "eth0", frame) for frame in sent]
        result = self.replay(ONE, sent, window=len(sent))
        entries, want = result.by_n("domain"), []
        for n, row in enumerate(PAIRS):
            with self.subTest(row["name"]):
                first, second = trips[2 * n:2 * n + 2]
                self.check_entry("first", entries[2 * n], "to_sf", "", first.service.name)
                if row.get("shared"):
                    self.check_entry("second", entries[2 * n + 1], "to_sf", "", second.service.name)
                    want += [first.back()] * 2
                else:
                    self.check_entry("second", entries[2 * n + 1], "dropped", "ambiguous", second.service.name, 0)
                    want.append(first.back())
        self.same_frames(result.out_bytes(), want)

    def test_after_the_first_has_left_the_key_is_free_again(self):
        sent = [f.labelled(PACKET, TOP, 17 + n) for n in range(20)]
        result = self.replay(ONE, sent)
        self.same_frames(result.out_bytes(), [model.trip(ONE, "eth0", frame).back() for frame in sent])

    def test_window_strips_all_then_returns_all_in_order(self):
        sent = [f.labelled(f.inner(4, "tcp", n), TOP, 17 + n) for n in range(7)]
        result = self.replay(ONE, sent, window=3)
        order = [(entry["side"], entry["n"]) for entry in result.doc["frames"]]
        want = [(side, n) for group in ([0, 1, 2], [3, 4, 5], [6]) for side in ("domain", "sf") for n in group]
        self.assertEqual(order, want)
        self.same_frames(result.out_bytes(), [model.trip(ONE, "eth0", frame).back() for frame in sent])

    def test_equal_stacks_on_two_ingress_ports(self):
        """next_hop: ingress makes port and source MAC part of what must be equal; any other next hop does not."""
        eth = (Port("eth0"), Port("eth1"))
        frame = f.labelled(PACKET, TOP, 17)
        moved = f.labelled(PACKET, TOP, 17, src="02:00:00:00:09:09")
        for hop, second in (("ingress", "ambiguous"), ("02:00:00:00:00:99", "")):
            config = Config((Service("web-out", 16001, domain=eth, hop=hop, hop_port="eth2"),))
            for name, ins in (("port", [Input([frame], "eth0"), Input([frame], "eth1")]),
                              ("MAC", [Input([frame, moved], "eth0")])):
                result = self.replay(config, ins, back=[f.bare(PACKET)] * 2)
                with self.subTest(f"{hop} {name}"):
                    reasons = [entry["reason"] for entry in result.entries("domain")]
                    self.assertEqual(reasons, ["", second])
                    self.assertEqual(len(result.out), 1 if second else 2)

    def test_packet_returned_twice_leaves_once(self):
        result = self.replay(ONE, [f.labelled(PACKET, TOP, 17)], back=[f.bare(PACKET)] * 3)
        self.assertEqual(result.reasons("sf"), [("restored", ""), ("dropped", "miss"), ("dropped", "miss")])
        self.assertEqual([e["service"] for e in result.entries("sf")], ["web-out", None, None])
        self.assertEqual(len(result.out), 1)

    def test_as_many_return_as_were_sent(self):
        result = self.replay(ONE, [f.labelled(PACKET, TOP, 17)] * 5, back=[f.bare(PACKET)] * 7)
        self.assertEqual(result.reasons("sf"), [("restored", "")] * 5 + [("dropped", "miss")] * 2)
        result = self.replay(ONE, [f.labelled(PACKET, TOP, 17)] * 5, back=[f.bare(PACKET)] * 3)
        self.assertEqual((result.cache()["claimed"], result.cache()["live"]), (3, 2))

    def test_ambiguous_newcomer_takes_no_reference(self):
        sent = [f.labelled(PACKET, TOP, 17), f.labelled(PACKET, TOP, 18), f.labelled(PACKET, TOP, 17)]
        result = self.replay(ONE, sent, back=[f.bare(PACKET)] * 3)
        self.assertEqual(result.reasons("domain"), [("to_sf", ""), ("dropped", "ambiguous"), ("to_sf", "")])
        self.assertEqual(result.reasons("sf"), [("restored", ""), ("restored", ""), ("dropped", "miss")])
        self.assertEqual({frame[14:18] for frame in result.out_bytes()}, {f.stack((17, 0, 39))})

    def test_wrong_port_is_a_miss_and_takes_nothing(self):
        back = [Input([f.bare(PACKET)], SF_LEFT), Input([f.bare(PACKET)], SF_RIGHT)]
        result = self.replay(ONE, [f.labelled(PACKET, TOP, 17)], back=back)
        self.assertEqual(result.reasons("sf"), [("dropped", "miss"), ("restored", "")])

    def test_packet_that_never_went_in_is_a_miss(self):
        result = self.replay(ONE, [], back=[f.bare(f.inner(v, k)) for v in (4, 6) for k in ("tcp", "udp", "icmp")])
        self.assertEqual(result.reasons("sf"), [("dropped", "miss")] * 6)

    def test_return_in_another_order(self):
        packets = [f.inner(6, "udp", n) for n in range(50)]
        result = self.replay(ONE, [f.labelled(p, TOP, 1000 + n) for n, p in enumerate(packets)],
                             back=[f.bare(p) for p in reversed(packets)])
        self.assertEqual([frame[14:18] for frame in result.out_bytes()],
                         [f.stack((1000 + n, 0, 39)) for n in reversed(range(50))])


class SlotReuse(WireTest):
    """A table of 64 slots, every one of them used by long stacks first: nothing of those may come back."""

    def check(self, stacks: list[list], window: int | None):
        config = one(capacity=64, last_label="plain")
        sent = [f.labelled(f.inner(4 if n % 3 else 6, "tcp", n), *stack) for n, stack in enumerate(stacks)]
        result = self.replay(config, sent, window=window)
        self.assertEqual({e["verdict"] for e in result.entries("sf")}, {"restored"})
        self.same_frames(result.out_bytes(), [model.trip(config, "eth0", frame).back() for frame in sent])

    def test_short_stack_after_a_long_one(self):
        long = [TOP] + [(900000 + n, 7, 255) for n in range(15)]
        short = [[TOP, (17, 0, 3)], [TOP], [TOP, (17, 0, 3), (18, 0, 2)]]
        self.check([long] * 300 + [short[n % 3] for n in range(300)] + [long] * 100, None)
        self.check([long, *short] * 200, None)

    def test_same_key_long_then_short(self):
        config = one(capacity=64, last_label="plain")
        long = f.labelled(PACKET, TOP, *range(100, 115))
        sent = [long, f.labelled(PACKET, TOP, 17), long, f.labelled(PACKET, TOP), f.labelled(PACKET, TOP, 17, 18)] * 20
        result = self.replay(config, sent)
        self.same_frames(result.out_bytes(), [model.trip(config, "eth0", frame).back() for frame in sent])


if __name__ == "__main__":
    unittest.main()
