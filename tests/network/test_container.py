# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The SF is a real container that is started anew, while `run` stays as it is: the recipes of docs/containers.md."""
import unittest

from container_case import ContainerCase
from support import NetworkTest

from lab import chain, traffic
from lab.bench import config
from lab.container import Container, OwnNamespace


class ContainerTest(ContainerCase, NetworkTest):
    def begin(self, sf):
        self.addCleanup(sf.remove, self.lab)
        self.build(sf)
        self.bench.run(config(("fw0", "fw1"), sf.settings(self.lab)))
        self.ping()

    def test_joins_a_namespace(self):
        """Nothing changes for the proxy: namespace, interfaces and addresses are the host's."""
        sf = Container()
        self.begin(sf)
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
        self.begin(OwnNamespace())
        self.start_anew()


if __name__ == "__main__":
    unittest.main()
