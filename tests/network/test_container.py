# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The SF is a real container that is started anew, while `run` stays as it is: the recipes of docs/containers.md."""
import unittest

from support import NetworkTest, account

from lab import chain, traffic
from lab.bench import config
from lab.container import Container, OwnNamespace
from lab.net import wait_for
from lab.service_functions import ROLE


class ContainerTest(NetworkTest):
    def begin(self, sf, netns):
        self.addCleanup(sf.remove, self.lab)
        self.build(sf)
        self.bench.run(config(("fw0", "fw1"), sf=f"netns: {netns}"))
        self.ping()

    def ping(self):
        """As soon as the bridge in the container does its work."""
        wait_for("the container", lambda: traffic.ping(self.lab, "sender", chain.RECEIVER, count=1).good)
        for address in (chain.RECEIVER, chain.RECEIVER6):
            result = traffic.ping(self.lab, "sender", address)
            # Where the machine is busy an answer may come too late; the account below has no room for a loss.
            self.assertGreater(int(result.text.split()[0]), 10, f"{result.name}: {result.text}")

    def test_joins_a_namespace(self):
        """Nothing changes for the proxy: namespace, interfaces and addresses are the host's."""
        sf = Container()
        self.begin(sf, f"/run/netns/{self.lab.name(ROLE)}")
        said = self.bench.proxy.said()
        sf.podman(self.lab, "stop", "--time", 0)
        self.assertTrue(traffic.ping(self.lab, "sender", chain.RECEIVER, count=3).text.startswith("0 of 3"))
        sf.podman(self.lab, "start")
        self.ping()
        sf.restart(self.lab)
        self.ping()
        self.assertGreaterEqual(self.settled().missing, 3)
        self.assertTrue(self.bench.proxy.said().startswith(said))
        self.assertNotIn("attached again", self.bench.proxy.said())

    def test_namespace_of_its_own(self):
        """`run` finds the new interfaces under the old name, and gives the SF the next epoch."""
        sf = OwnNamespace()
        self.begin(sf, self.lab.name(ROLE))
        sf.restart(self.lab)
        self.ping()
        self.assertEqual(self.bench.proxy.said().count("attached again"), 2)
        stats = self.bench.proxy.stats()
        self.assertEqual(account.ended_at_port(stats, "sf_ports", "dropped").get("miss", 0), 0)


if __name__ == "__main__":
    unittest.main()
