# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Service functions of every kind: transparent or routed, with two ports or one, in user space or in the kernel, given
by our interfaces or by theirs."""
import unittest

from support import NetworkTest

from lab import chain, traffic
from lab.bench import BY_IP, config
from lab.firewall import BLOCKED_PORT
from lab.service_functions import Bridge, OneArmed, Routed, TcpBridge

BLOCKED = "blocked by the SF's rule"


class SfKinds(NetworkTest):
    def block(self):
        """That the SF stops what it has a rule against shows that traffic really went through it."""
        result = traffic.blocked(self.lab, "sender", chain.RECEIVER, BLOCKED_PORT)
        self.assertTrue(result.good, result.text)

    def test_transparent_in_user_space(self):
        self.build(TcpBridge()).run(config(("f0", "f1")))
        self.exercise()
        found = self.settled()
        self.assertLess(found.missing, found.pushed / 2, "its buffer is small, but not as small as that")

    def test_transparent_bridge(self):
        self.build(Bridge()).run(config(("f0", "f1")))
        self.exercise()
        self.block()
        self.assertGreater(self.settled(allowed=[BLOCKED]).lost[BLOCKED], 0)

    def test_one_armed(self):
        status = self.build(OneArmed()).run(config(BY_IP[:1]))
        self.assertEqual([port["name"] for port in status["ports"] if port["role"] == "sf"], ["f0"])
        self.exercise()
        self.block()
        self.assertGreater(self.settled(allowed=[BLOCKED]).lost[BLOCKED], 0)

    def test_by_mac_without_a_process(self):
        bench = self.build(Routed())
        self.assertIn("attached 4 ports (native XDP)", bench.attach(bench.config_by_mac()))
        self.assertIsNone(bench.proxy.status()["process"])
        self.exercise()
        self.settled()
        self.assertIn("detached", bench.detach())
        self.assertFalse(bench.proxy.pin.exists())

    def by_namespace(self, name):
        text = config(("{interface: fw0, ip: 10.0.1.2}", "{interface: fw1, ip: 10.0.2.2}"), sf=f"netns: {name}")
        status = self.bench.run(text)
        found = {port["name"]: port["interface"] for port in status["ports"] if port["role"] == "sf"}
        self.assertEqual(sorted(found.values()), ["f0", "f1"], "the interfaces on our side of theirs")
        self.exercise([chain.RECEIVER])
        self.settled()

    def test_by_name_of_its_namespace(self):
        self.build(Routed())
        self.by_namespace(self.lab.name("SF"))

    def test_by_process_in_its_namespace(self):
        self.build(Routed())
        self.by_namespace(self.lab.start("SF", "sleep", "1000").pid)


if __name__ == "__main__":
    unittest.main()
