# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sent is arrived plus every named loss, while interfaces go down, come up, and are made anew under traffic both ways."""
import dataclasses
import threading
import time
import unittest

from support import NetworkTest
from test_lost import SEND

from lab import chain
from lab.bench import BY_IP, config
from lab.net import wait_for
from lab.service_functions import Routed

COUNT, RATE = 4500, 1500        # three seconds of numbered datagrams each way
STRANGERS = 20                  # requests for neighbours, which nobody pushed, may be among what was lost


@dataclasses.dataclass
class Sums:
    """Of both directions."""

    to_sf: int
    claimed: int
    restored: int
    arrived: int
    lost_to_sf: int     # behind the verdict, on the way to the SF
    lost_out: int       # and on the way to the next hop
    unknown: int

    def since(self, before):
        return Sums(*(now - then for now, then in zip(dataclasses.astuple(self), dataclasses.astuple(before))))


class Conservation(NetworkTest):
    sf = Routed

    def sums(self):
        stats = self.bench.proxy.stats()
        kinds, ports = stats["conservation"], stats["after_verdict"]["ports"]
        self.assertTrue(kinds["balanced"])
        of_sf = {name: port for name, port in ports.items() if name in ("f0", "f1")}
        rest = {name: port for name, port in ports.items() if name not in of_sf}

        def lost(targets, sources):
            return sum(port["not_sent"] for port in targets.values()) + sum(port["not_redirected"] for port in sources.values())
        arrived = sum(count for side in self.bench.edges.arrived() for name, count in side.items() if name.startswith("good_"))
        return Sums(kinds["domain"]["to_sf"], kinds["cache"]["claimed"], kinds["sf"]["restored"], arrived,
                    lost(of_sf, rest), lost(rest, of_sf), sum(port["unknown"] for port in ports.values()))

    def settle(self, disturb):
        """Traffic both ways while `disturb` runs. Returns the sums when nothing is on its way any more."""
        self.bench.run(config(BY_IP))
        before = self.sums()
        senders = [self.lab.start(role, "/usr/bin/python3", "-c", SEND, address, COUNT, RATE)
                   for role, address in (("sender", chain.RECEIVER), ("receiver", chain.SENDER))]
        worker = threading.Thread(target=disturb)
        worker.start()
        for sender in senders:
            sender.wait(30)
        worker.join()
        wait_for("ready again", lambda: self.bench.proxy.status()["ready"])
        time.sleep(0.4)                     # longer than the hold time
        part = self.sums().since(before)
        print(f"  {self.id().split('.')[-1]}: {part}", flush=True)
        self.assertEqual([side["wrong"] + side["bare"] for side in self.bench.edges.arrived()], [0, 0])
        self.assertGreater(part.arrived, COUNT / 20)    # traffic went on; how much is for the machine to say
        return part

    def exact(self, missing, named):
        self.assertIn(named - missing, range(STRANGERS + 1))

    def flap(self, role, device, times=3):
        for _ in range(times):
            self.lab.run(role, "ip", "link", "set", device, "down")
            time.sleep(0.25)
            self.lab.run(role, "ip", "link", "set", device, "up")
            time.sleep(0.4)

    def test_next_hop_flaps(self):
        """Again until something is lost: a proxy that notices before the next packet loses nothing."""
        for _ in range(5):
            part = self.settle(lambda: self.flap("classifier", "c2"))
            self.exact(part.restored - part.arrived, part.lost_out)
            self.exact(part.to_sf - part.claimed, part.lost_to_sf)
            self.assertEqual(part.unknown, 0)
            if part.lost_out:
                return
            self.bench.proxy.stop()
        self.fail("nothing was lost")

    def test_sf_flaps(self):
        """Its kernel loses packets as well, while its routes are gone: those stand in the cache's equation."""
        part = self.settle(lambda: self.flap("SF", "fw0"))
        self.exact(part.restored - part.arrived, part.lost_out)
        self.assertGreaterEqual(part.to_sf - part.claimed, part.lost_to_sf - STRANGERS)
        self.assertEqual(part.unknown, 0)

    def test_sf_port_made_anew(self):
        """Nobody knows the last losses of an interface that vanishes: `unknown` is a bound for them."""
        def anew():
            time.sleep(1)
            self.lab.run("proxy", "ip", "link", "delete", "f1")
            time.sleep(0.3)
            self.lab.link(("proxy", "f1"), ("SF", "fw1"))
            self.lab.address("proxy", "f1", "10.0.2.1/30")
            self.lab.address("SF", "fw1", "10.0.2.2/30")
            self.lab.route("SF", "198.51.100.0/24", "via", "10.0.2.1")
        part = self.settle(anew)
        self.exact(part.restored - part.arrived, part.lost_out)
        self.assertIn(part.unknown, range(1, int(2 * RATE * 0.8)))
        stats = self.bench.proxy.stats()
        self.assertEqual({name for name, port in stats["after_verdict"]["ports"].items() if port["unknown"]}, {"f1"})


if __name__ == "__main__":
    unittest.main()
