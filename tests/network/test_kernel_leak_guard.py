# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Interfaces that are no way out: whatever the kernel's routes say, nothing that came in with a header leaves there."""
import os
import pathlib
import re
import statistics
import unittest

from kernel_case import PINGS, KernelCase

from lab import chain, traffic
from lab.net import wait_for
from lab.kernel_mode import config

ROUNDS = int(os.environ.get("SFC_ROUNDS", "8"))
RATE = 10_000           # packets a second that lost their ticket, of which docs/limits.md speaks
MAKER = pathlib.Path(__file__).parent / "new_interface.py"
OTHER, OTHER6 = "203.0.113.2", "2001:db8:3::2"
SEEN = """
table inet other {
    counter seen {}
    chain early {
        type filter hook prerouting priority raw;
        icmp type echo-request counter name seen
        icmpv6 type echo-request counter name seen
    }
}
"""


class LeakGuard(KernelCase):
    """Beside the chain there is another host, behind an interface that the configuration does not name."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.namespace("other")
        cls.lab.run("other", "nft", "-f", "-", input=SEEN)
        cls.interface()

    @classmethod
    def interface(cls):
        cls.lab.link(("proxy", "x0"), ("other", "x1"))
        cls.lab.address("proxy", "x0", "203.0.113.1/24", "2001:db8:3::1/64")
        cls.lab.address("other", "x1", f"{OTHER}/24", f"{OTHER6}/64")
        for family, default in (("-4", "203.0.113.1"), ("-6", "2001:db8:3::1")):
            cls.lab.run("other", "ip", family, "route", "replace", "default", "via", default)
        cls.lab.wait_up()

    def setUp(self):
        super().setUp()
        self.lab.run("other", "nft", "reset", "counters")

    def seen(self):
        """Echo requests that came to the other host."""
        return int(re.search(r"packets (\d+)", self.lab.run("other", "nft", "list", "counters").stdout)[1])

    def stopped(self):
        """Pings that the route leads there, and that do not come."""
        for address in (OTHER, OTHER6):
            self.silent(address=address)
        self.assertEqual(self.seen(), 0)
        return self.tally(rest=0.1)

    def test_with_a_ticket(self):
        self.kernel.run(config())
        found = self.stopped()
        self.assertEqual(found.service("out"), {"wrong_port": 2 * PINGS})
        self.assertEqual(found.kernel["not_returned"], 0)
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER))

    def test_without(self):
        """The ticket is lost on the way: counted where the packet came in."""
        self.kernel.run(config())
        self.tap("p0")
        found = self.stopped()
        dropped = found.port("p0").get("miss", 0)
        self.assertGreater(dropped, 0)
        self.assertEqual(dropped + found.service("out").get("wrong_port", 0), 2 * PINGS)

    def test_lost_while_no_process_looked(self):
        """The state is held against the kernel: a process may have been killed between the two."""
        self.kernel.run(config(), "--keep")
        self.assertEqual(self.kernel.proxy.stop(), 0)
        pins = sorted(self.kernel.proxy.pin.glob("leak_guard_*"))
        self.assertGreater(len(pins), 0)
        pins[0].unlink()                    # and with it the BPF link
        self.kernel.run(config())
        # The kernel takes the program off when it comes to it, and until then there is no room for another one.
        wait_for("the leak guard", lambda: self.kernel.proxy.said().count("leak guard until detach") == 1)
        self.assertEqual(sorted(self.kernel.proxy.pin.glob("leak_guard_*")), pins)

    def test_new_interface(self):
        """One that comes while `run` is there gets a leak guard as well, and the leak guard goes with it."""
        self.kernel.run(config())
        self.lab.run("proxy", "ip", "link", "delete", "x0")
        self.interface()
        wait_for("the leak guard of the new interface", lambda: self.kernel.proxy.said().count("interface 'x0': leak guard") == 2)
        self.stopped()

    def test_time_until_a_new_interface_has_one(self):
        """Each gets its leak guard, which goes with it. How soon is for the machine to say."""
        self.kernel.run(config())
        pins = sorted(self.kernel.proxy.pin.glob("leak_guard_*"))
        said = self.lab.run("proxy", "/usr/bin/python3", MAKER, self.kernel.proxy.pin, self.lab.name("other"), ROUNDS,
                            timeout=60 + ROUNDS).stdout.splitlines()
        without = [max(0.0, set_at - routed_at) for routed_at, set_at in (map(float, line.split()) for line in said)]
        self.assertEqual(len(without), ROUNDS)
        self.assertEqual(sorted(self.kernel.proxy.pin.glob("leak_guard_*")), pins)
        middle, longest = statistics.median(without), max(without)
        print(f"RESULT pass rounds={ROUNDS} median_ms={middle * 1e3:.1f} longest_ms={longest * 1e3:.1f} "
              f"packets_at_{RATE}={round(middle * RATE)}..{round(longest * RATE)}", flush=True)

    def test_what_may_leave(self):
        """Packets of this host may leave, packets that came in without a header, and all packets where it is wished."""
        self.kernel.run(config())
        self.good(traffic.ping(self.lab, "proxy", OTHER, count=PINGS), traffic.ping(self.lab, "proxy", OTHER6, count=PINGS))
        self.assertEqual(self.seen(), 2 * PINGS)
        edge = self.kernel.edges.classifier
        edge.detach("c0")
        edge.attach("c0", "edge_wire", partner="c1", direction=0)
        self.addCleanup(edge.attach, "c0", "edge_push", partner="c1", direction=0)
        self.addCleanup(edge.detach, "c0")
        self.good(traffic.ping(self.lab, "sender", OTHER, count=PINGS))
        self.assertEqual(self.seen(), 3 * PINGS)

    def test_unwatched(self):
        self.kernel.run(config(stack="{unwatched: x0}"))
        self.lab.run("sender", "ping", "-qn", "-c", PINGS, "-i", "0.02", "-W", "0.2", OTHER, check=False)
        self.assertEqual(self.seen(), PINGS)
        self.assertNotIn("leak guard", self.kernel.proxy.said())


if __name__ == "__main__":
    unittest.main()
