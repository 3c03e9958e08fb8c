# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Frames of 9000 bytes and more, in native mode: every program must take frames of several buffers."""
import unittest

from support import NetworkTest

from lab import account, chain, traffic
from lab.bench import BY_IP, config
from lab.edge import MTU_DOMAIN
from lab.net import wait_for
from lab.service_functions import Routed

MTU = 9000
DOMAIN = MTU + MTU_DOMAIN - 1500
UNTOLD = "icmp: off\n"  # the account knows no messages to senders


class Jumbo(NetworkTest):
    def test_jumbo(self):
        status = self.build(Routed(), mtu=MTU).run(config(BY_IP))
        self.assertEqual({port["name"]: (port["mtu"], port["mode"]) for port in status["ports"]},
                         {"p0": (DOMAIN, "native"), "p1": (DOMAIN, "native"), "f0": (9000, "native"),
                          "f1": (9000, "native")})
        for address in (chain.RECEIVER, chain.RECEIVER6):
            done = self.lab.run("sender", "ping", "-q", "-c", 10, "-i", 0.02, "-s", 8900, "-M", "do", address)
            self.assertIn(" 10 received", done.stdout)
            for options in (["-n", "30M"], ["-n", "30M", "-R"], ["-u", "-n", "4M", "-b", "80M", "-l", "8900"]):
                result = traffic.iperf(self.lab, "sender", address, *options)
                self.assertTrue(result.good, result.text)
                print(f"  {' '.join(options):30} {result.mbps:7.0f} Mb/s, {result.text}")
        found = self.settled()
        # 128 MB in frames of 9000 bytes are 14 500; had TCP fallen back to 1500, there were 90 000.
        self.assertLess(found.pushed, 45000)
        sent = self.bench.proxy.stats()["counters"]["domain_ports"]["p0"]["received"]
        self.assertGreater(sent["bytes"] / sent["packets"], 3000)

    def check_longest(self, bench):
        """A ping of 4900 bytes passes a link of 5000, one of 8900 is dropped and counted."""
        for size, answered in ((4900, 5), (8900, 0)):
            done = self.lab.run("sender", "ping", "-q", "-c", 5, "-i", 0.02, "-W", 0.2, "-s", size, "-M", "do",
                                chain.RECEIVER, check=False)
            self.assertIn(f" {answered} received", done.stdout)
        self.settled(allowed=["proxy: too_big"])
        self.assertEqual(account.reasons(bench.proxy.stats(), "dropped"), {"too_big": 5})

    def test_too_big_for_the_sf(self):
        """A frame that fits into the domain, but behind its labels is longer than the SF's link takes."""
        bench = self.build(Routed(), mtu=MTU)
        for role, device in (("proxy", "f0"), ("SF", "fw0")):
            self.lab.run(role, "ip", "link", "set", device, "mtu", 5000)
        bench.run(UNTOLD + config(BY_IP))
        self.check_longest(bench)

    def test_smaller_peer(self):
        """The peer of a veth drops what is longer than its own MTU: the smaller one counts, also when it changes."""
        bench = self.build(Routed(), mtu=MTU)
        self.lab.run("SF", "ip", "link", "set", "fw0", "mtu", 5000)
        status = bench.run(UNTOLD + config(BY_IP))
        self.assertEqual({port["name"]: port["mtu"] for port in status["ports"]},
                         {"p0": DOMAIN, "p1": DOMAIN, "f0": 5000, "f1": 9000})
        self.check_longest(bench)
        self.lab.run("SF", "ip", "link", "set", "fw0", "mtu", MTU)
        wait_for("the other MTU", lambda: {port["mtu"] for port in bench.proxy.status()["ports"]} == {DOMAIN, 9000})
        self.assertTrue(traffic.ping(self.lab, "sender", chain.RECEIVER, count=5, size=8900).good)


if __name__ == "__main__":
    unittest.main()
