# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A service function that gives nothing back is named in words, and one that only blocks something is not."""
import time
import unittest

from support import NetworkTest

from lab import chain, firewall, traffic
from lab.bench import BY_IP, config
from lab.firewall import BLOCKED_PORT
from lab.net import call, wait_for
from lab.service_functions import Routed

ALLOWED = ["blocked by the SF's rule", "SF: not allowed", "vanished in the SF"]


class DeadSf(NetworkTest):
    sf = Routed

    def setUp(self):
        super().setUp()
        self.bench.run(config(BY_IP))

    def silent(self):
        return {service["name"]: service["silence"] for service in self.bench.proxy.status()["services"]
                if service["silent"]}

    def ping(self, seconds):
        return traffic.ping(self.lab, "sender", chain.RECEIVER, count=int(seconds * 10), interval=0.1)

    def check_named(self, sentence):
        """By `status -j`, and by both commands as text: the service and the SF."""
        found = self.silent()
        self.assertEqual(list(found), ["out"])
        self.assertIn("SF 'fn' got", found["out"])
        self.assertIn(sentence, found["out"])
        status = call(self.bench.proxy.program, "status", "--pin", self.bench.proxy.pin).stdout
        self.assertIn("DEAD SF?", status)
        for text in (status, self.bench.proxy.stats_text()):
            line = next(line for line in text.splitlines() if "DEAD SF?" in line)
            self.assertIn("'fn'", line)
            print(f"  {line.strip()}")
        self.assertIn("service out", self.bench.proxy.stats_text())
        self.assertEqual(list(self.bench.proxy.stats()["silent"]), ["out"])

    def test_policy_drops_all_from_the_start(self):
        self.lab.run("SF", "nft", "insert rule inet sf forward counter name other drop")
        self.addCleanup(self.lab.run, "SF", "nft", "-f", "-", input="flush table inet sf\ndelete table inet sf\n" +
                        firewall.RULES.split("table netdev")[0])
        self.assertEqual(self.silent(), {})
        self.ping(0.5)
        time.sleep(0.3)
        self.assertEqual(self.silent(), {})     # so few say nothing
        self.ping(0.6)
        time.sleep(0.3)
        self.check_named("given none back")
        found = self.bench.settle()
        self.assertEqual((found.wrong, found.bare, found.good), (0, 0, 0))
        self.assertEqual(found.lost, {"SF: not allowed": found.pushed})

    def test_dies_and_comes_back(self):
        self.ping(0.5)
        self.assertEqual(self.silent(), {})
        self.lab.run("SF", "sysctl", "-qw", "net.ipv4.ip_forward=0")
        self.ping(2)
        self.check_named("given none back for")
        self.lab.run("SF", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.assertTrue(self.ping(0.5).good)
        self.assertEqual(self.silent(), {})
        self.settled(allowed=ALLOWED)

    def test_one_blocked_port_is_not_death(self):
        """For longer than the patience of a second, while other traffic goes through."""
        pinging = self.lab.start("sender", "ping", "-q", "-i", "0.05", chain.RECEIVER)
        for _ in range(3):
            self.assertTrue(traffic.blocked(self.lab, "sender", chain.RECEIVER, BLOCKED_PORT).good)
            self.assertEqual(self.silent(), {})
        self.lab.stop(pinging)
        self.assertGreater(self.settled(allowed=ALLOWED[:1]).lost[ALLOWED[0]], 0)
        self.assertEqual(self.silent(), {})

    def test_back_by_the_port_they_went_in_by(self):
        """An SF whose routes are wrong is not dead either."""
        self.lab.run("SF", "nft", "insert rule inet sf forward iif fw0 oif fw0 accept")
        self.lab.run("SF", "ip", "route", "replace", "198.51.100.0/24", "via", "10.0.1.1")
        self.addCleanup(self.lab.run, "SF", "ip", "route", "replace", "198.51.100.0/24", "via", "10.0.2.1")
        self.ping(1.5)
        wait_for("it is noticed", self.silent)
        self.assertRegex(self.silent()["out"], r"^SF 'fn' got \d+ packets at port 'f0' and returned \d+ by it; "
                                               r"service 'out' waits at port 'f1'")

    def test_changed_packets(self):
        """An SF that answers with changed packets is not dead, and is called by what it is."""
        self.lab.run("SF", "nft", "add table ip nat; add chain ip nat from { type nat hook postrouting priority srcnat; }; "
                                  "add rule ip nat from oif fw1 masquerade")
        self.addCleanup(self.lab.run, "SF", "nft", "delete", "table", "ip", "nat")
        self.ping(1.5)
        wait_for("it is noticed", self.silent)
        self.assertRegex(self.silent()["out"], r"^SF 'fn' got \d+ packets and returned \d+, of which none was recognised")
        for text in (call(self.bench.proxy.program, "status", "--pin", self.bench.proxy.pin).stdout,
                     self.bench.proxy.stats_text()):
            self.assertIn("NOT RECOGNISED", text)
            self.assertNotIn("DEAD SF?", text)


if __name__ == "__main__":
    unittest.main()
