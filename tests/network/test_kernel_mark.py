# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Tickets in the packet's mark: they outlive what clears metadata, share the mark with others, and are refused where
somebody else uses their bits."""
import unittest

from kernel_case import BURST, BURSTS, KERNEL, PINGS, KernelCase

from lab import chain, traffic
from lab.kernel_mode import MASQUERADE, WEB_PORT, config

OURS = 0xffffff80       # in a cache of 4096: 13 bits for numbers, 12 for generations
MARKED = {"stack": f"{{mark: 0x{OURS:08x}}}", "capacity": 4096}
TABLE = ("add table inet other", "add chain inet other early { type filter hook prerouting priority -300; }",
         "add chain inet other late { type filter hook postrouting priority 300; }")


class Mark(KernelCase):
    def rules(self, *more):
        self.kernel.rules(*TABLE, *more)

    def both(self, count=PINGS):
        """Traffic of both families, and both ways; all of it comes back."""
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=count),
                  traffic.ping(self.lab, "sender", chain.RECEIVER6, count=count),
                  traffic.web(self.lab, "sender", chain.RECEIVER, WEB_PORT))

    def all_back(self, found):
        self.assertGreater(found.good, 0)
        self.assertEqual((found.kernel["dropped"], found.kernel["not_returned"], found.bare), (0, 0, 0))

    def test_outlives_a_raw_socket(self):
        """On both sides of the path, where metadata are cleared."""
        self.rules(MASQUERADE)
        self.kernel.run(config(**MARKED))
        for device in ("p0", "p1"):
            self.tap(device)
        self.both()
        self.all_back(self.tally())

    def test_merged(self):
        """GRO is in front of where the mark is written: it merges what has equal headers, and that stays so."""
        self.rules()
        self.kernel.run(config(stack=f"{{mark: 0x{OURS:08x}, gro: on}}", capacity=4096))
        self.tap("p0")
        self.equal()
        found = self.tally()
        self.assertEqual(found.pushed, 2 * BURSTS * BURST)
        self.assertLess(found.forwarded, found.pushed, "GRO has merged nothing")
        self.all_back(found)

    def test_fragments(self):
        """Put together and taken apart again, all of a packet have the first one's mark, but not its header."""
        self.rules(MASQUERADE)
        self.kernel.run(config(**MARKED))
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS, size=4000))
        found = self.tally()
        self.assertEqual((found.forwarded, found.good), (2 * PINGS, 3 * 2 * PINGS))
        self.all_back(found)

    def test_shares_the_mark(self):
        """What others write into their bits of the mark stays there, and a route may follow from it."""
        self.rules("add rule inet other early iif p0 meta mark set meta mark & 0xffffff80 | 0x5",
                   "add counter inet other seen",
                   "add rule inet other late meta l4proto icmp meta mark & 0x7f == 0x5 counter name seen")
        self.lab.run("proxy", "ip", "rule", "add", "fwmark", "0x5/0x7f", "lookup", "main")
        self.addCleanup(self.lab.run, "proxy", "ip", "rule", "delete", "fwmark", "0x5/0x7f", "lookup", "main")
        self.kernel.run(config(**MARKED))
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS))
        self.all_back(self.tally())
        seen = self.lab.run("proxy", "nft", "list", "counter", "inet", "other", "seen").stdout
        self.assertIn(f"packets {PINGS} ", seen)

    def test_spoilt(self):
        """A rule that comes later and writes our bits: nothing leaves with a header that is not its own, nor bare."""
        self.kernel.run(config(**MARKED))
        self.both()
        for value in ("0", "0x00000080", f"0x{OURS:08x}", "0x12345680"):
            self.rules(f"add rule inet other early iif p0 meta mark set {value}")
            before = self.kernel.tally(rest=0.1).good
            self.silent()
            after = self.kernel.tally(rest=0.1)
            self.assertEqual((after.good, after.wrong, after.bare), (before, 0, 0))
        dropped = self.kernel.tally().port("p1")
        self.assertEqual(sum(dropped.values()), 4 * PINGS, dropped)
        self.assertLessEqual(set(dropped), {"miss", "late"})

    def test_own_packets_have_no_ticket(self):
        """A mark on what this host sends itself is somebody else's, whatever is in it."""
        self.rules("add chain inet other own { type route hook output priority 0; }",
                   "add rule inet other own icmp type echo-request meta mark set 0x00000080")
        self.kernel.run(config())    # refused with a mark: the rule is there first
        self.good(traffic.ping(self.lab, "proxy", chain.RECEIVER, count=PINGS))
        self.kernel.switch_off()
        self.rules()
        self.kernel.run(config(**MARKED))
        self.both()                 # the first number is in use
        self.rules("add chain inet other own { type route hook output priority 0; }",
                   "add rule inet other own icmp type echo-request meta mark set 0x00000080")
        self.good(traffic.ping(self.lab, "proxy", chain.RECEIVER, count=PINGS))
        found = self.kernel.tally()
        self.assertEqual((found.bare, found.wrong), (PINGS, 0))


class Conflicts(KernelCase):
    """Other users of the mark's bits are found before anything is changed, and named."""

    def attach(self, *rules):
        self.kernel.rules(*TABLE, *rules)
        return self.kernel.attach(config(**MARKED))

    def refused(self, done, *words):
        self.assertEqual(done.returncode, KERNEL, done.stdout + done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in ("'mark: 0xffffff80' is not free", *words):
            self.assertIn(word, done.stderr)
        self.assertFalse(self.kernel.proxy.pin.exists())
        self.assertEqual(self.kernel.hairpins(), [])

    def test_nftables(self):
        for rule, bits in (("meta mark 0x1 accept", "0xffffffff"), ("meta mark set 0x1", "0xffffffff"),
                           ("meta mark & 0xff00 == 0x100 accept", "0x0000ff00"),
                           ("meta mark set meta mark | 0x10000", "0x00010000"),
                           ("meta mark set meta mark & 0x0fffffff", "0xf0000000"),
                           ("ct mark set meta mark", "0xffffffff"), ("meta mark set ct mark", "0xffffffff"),
                           ("meta mark { 0x1, 0x2 } accept", "0xffffffff"),
                           ("meta mark & 0x7f == 0x0 meta mark set 0x10000", "0xffffffff"),
                           ("meta mark 0x10000 ct state established accept", "0xffffffff"),
                           ("meta mark & 0xff000000 == 0x1000000 meta mark & 0x1 == 0x1 accept", "0xff000001")):
            with self.subTest(rule=rule):
                self.refused(self.attach(f"add rule inet other early {rule}"), "chain 'early'", "table 'other'", bits)

    def test_nftables_that_leave_them_alone(self):
        for rule in ("meta mark & 0x7f == 0x1 accept", "meta mark set meta mark & 0xffffff80 | 0x5",
                     "meta mark set meta mark ^ 0x41", "ct mark 0x100 accept", "tcp dport 80 accept"):
            with self.subTest(rule=rule):
                done = self.attach(f"add rule inet other early {rule}")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.kernel.switch_off()

    def test_policy_routing(self):
        for family, mark, bits in (("-4", "0x100/0xff00", "0x0000ff00"), ("-6", "0x80", "0xffffffff")):
            with self.subTest(mark=mark):
                self.lab.run("proxy", "ip", family, "rule", "add", "pref", 77, "fwmark", mark, "lookup", "main")
                try:
                    self.refused(self.attach(), "rule' 77", bits)
                finally:
                    self.lab.run("proxy", "ip", family, "rule", "delete", "pref", 77)


if __name__ == "__main__":
    unittest.main()
