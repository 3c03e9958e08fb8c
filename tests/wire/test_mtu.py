# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What does not fit is dropped before any state: against the SF port, against the next hop, and again at restore.

An MTU is compared with the bytes behind the Ethernet header: of the bare packet towards the SF, of the packet with
its labels towards the next hop.
"""
import unittest

import frames as f
import model
from cfg import SF_LEFT, SF_RIGHT, Config, Port, Service, Sf, one
from lib import Input, WireTest

TOP = (16001, 0, 40)
PLAIN = Service("plain", 16003, last_label="plain", hop_mtu=1000)


def packet(size: int, n: int = 0, family: int = 4) -> bytes:
    """An inner packet of exactly this many bytes."""
    inner = f.inner(family, "tcp", n, size=size - (40 if family == 4 else 60))
    assert len(inner) == size
    return inner


def labels(count: int, top=TOP) -> list:
    return [top] + [(17 + n, 0, 9) for n in range(count - 1)]


class Mtu(WireTest):
    def check(self, config: Config, rows: list[tuple[str, bytes, str]], port: str = "eth0"):
        """Rows of name, frame and reason."""
        result = self.replay(config, Input([frame for _, frame, _ in rows], port))
        for n, (name, frame, reason) in enumerate(rows):
            with self.subTest(name):
                self.check_entry(name, result.by_n("domain")[n], "dropped" if reason else "to_sf", reason,
                                 config.match(port, int.from_bytes(frame[14:17], "big") >> 4).name)
        kept = [model.trip(config, port, frame) for _, frame, reason in rows if not reason]
        self.same_frames(result.sf_bytes(), [trip.sf_frame for trip in kept])
        self.same_frames(result.out_bytes(), [trip.back() for trip in kept])
        self.assertEqual(result.cache()["live"], 0)
        return result

    def test_sf_port(self):
        """Labels do not count on the SF side."""
        config = one(sf=Sf(left=Port(SF_LEFT, mtu=1000)))
        self.check(config, [(f"{size} bytes, {count} labels", f.labelled(packet(size, size), *labels(count)),
                             "too_big" if size > 1000 else "")
                            for size in (500, 999, 1000, 1001, 1004, 1400) for count in (2, 3, 16)])

    def test_only_the_port_that_the_packet_leaves_by_counts(self):
        config = one(sf=Sf(right=Port(SF_RIGHT, mtu=1000)))
        self.check(config, [("1400 bytes", f.labelled(packet(1400), TOP, 17), "")])

    def test_padding_counts(self):
        config = one(sf=Sf(left=Port(SF_LEFT, mtu=1000)))
        self.check(config, [("fits", f.labelled(packet(990), TOP, 17) + bytes(10), ""),
                            ("one byte too many", f.labelled(packet(990), TOP, 17) + bytes(11), "too_big")])

    def test_next_hop(self):
        """The labels that leave count there, the popped one does not."""
        rows = [(f"{size} bytes, {count} labels", f.labelled(packet(size, size), *labels(count)),
                 "too_big" if size + 4 * (count - 1) > 1000 else "")
                for count in (2, 3, 9, 16) for size in (900, 1000 - 4 * (count - 1), 1001 - 4 * (count - 1), 1000, 1001)]
        self.check(one(hop_mtu=1000), rows)

    def test_next_hop_with_entropy_pair(self):
        rows = [("996 bytes", f.labelled(packet(996), TOP, 7, 99, 17), ""),
                ("997 bytes", f.labelled(packet(997), TOP, 7, 99, 17), "too_big")]
        self.check(one(hop_mtu=1000), rows)

    def test_next_hop_when_nothing_is_left_of_the_stack(self):
        rows = [(f"{size} bytes", f.labelled(packet(size), (16003, 0, 40)), "too_big" if size > 1000 else "")
                for size in (999, 1000, 1001)]
        self.check(Config((PLAIN,)), rows)

    def test_domain_port_as_the_way_back(self):
        """next_hop: ingress: the MTU of the domain port that the frame came by."""
        ports = (Port("eth0", mtu=1000), Port("eth1", mtu=1100))
        config = Config((Service("web-out", 16001, domain=ports, hop="ingress"),))
        for port, mtu in (("eth0", 1000), ("eth1", 1100)):
            rows = [(f"{port} {size} bytes", f.labelled(packet(size), TOP, 17), "too_big" if size > mtu - 4 else "")
                    for size in (mtu - 5, mtu - 4, mtu - 3, mtu)]
            self.check(config, rows, port)

    def test_the_smaller_of_two_decides(self):
        config = one(sf=Sf(left=Port(SF_LEFT, mtu=1000)), hop_mtu=1002)
        rows = [(f"{size}", f.labelled(packet(size), TOP, 17), "too_big" if size > 998 else "") for size in (998, 999, 1001)]
        self.check(config, rows)

    def test_without_mtu_nothing_is_too_big(self):
        self.check(one(), [(f"{size}", f.labelled(packet(size), TOP, 17), "") for size in (1500, 3000)])

    def test_sf_grew_the_packet(self):
        """Checked again at restore; the claim has happened, so the service owns the drop."""
        inners = [packet(996, n) for n in range(3)]
        grown = [f.inner(4, "tcp", n, size=956, options=[b"\1" * 4 * n] if n else []) for n in range(3)]
        self.assertEqual([len(back) for back in grown], [996, 1000, 1004])
        for mtu in (1000, 1004, 1008):
            result = self.replay(one(hop_mtu=mtu), [f.labelled(inner, TOP, 17) for inner in inners],
                                 back=[f.bare(back) for back in grown])
            for back, entry in zip(grown, result.entries("sf")):
                with self.subTest(f"mtu {mtu}, {len(back)} bytes"):
                    fits = len(back) + 4 <= mtu
                    self.check_entry("grown", entry, "restored" if fits else "dropped", "" if fits else "too_big", "web-out",
                                     len(back) + 4 + 14 if fits else 0)
            told = result.doc["conservation"]
            self.assertEqual(told["sf"]["dropped_after_claim"], (1008 - mtu) // 4)
            self.assertEqual((told["cache"]["claimed"], told["cache"]["live"]), (3, 0))

    def test_sf_padded_the_packet(self):
        inner = packet(996)
        for extra, reason in ((0, ""), (1, "too_big")):
            result = self.replay(one(hop_mtu=1000), [f.labelled(inner, TOP, 17)], back=[f.bare(inner) + bytes(extra)])
            self.assertEqual(result.entries("sf")[0]["reason"], reason)

    def test_sf_ports_do_not_limit_what_comes_from_them(self):
        inner = packet(996)
        config = one(sf=Sf(left=Port(SF_LEFT, mtu=996), right=Port(SF_RIGHT, mtu=996)))
        result = self.replay(config, [f.labelled(inner, TOP, 17)], back=[f.bare(inner) + bytes(9)])
        self.assertEqual(result.reasons("sf"), [("restored", "")])


if __name__ == "__main__":
    unittest.main()
