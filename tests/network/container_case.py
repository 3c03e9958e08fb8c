# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What each encapsulation demands where the SF is a container that is started anew, while `run` stays as it is."""
import support  # noqa: F401, finds the lab

from lab import account, chain, traffic
from lab.net import wait_for


class ContainerCase:
    """Of a test whose `bench` has a container of lab/container.py as its SF."""

    def ping(self):
        """As soon as the bridge in the container does its work."""
        lab = self.bench.lab
        wait_for("the container", lambda: traffic.ping(lab, "sender", chain.RECEIVER, count=1).good)
        for address in (chain.RECEIVER, chain.RECEIVER6):
            result = traffic.ping(lab, "sender", address)
            # Where the machine is busy an answer may come too late.
            self.assertGreater(int(result.text.split()[0]), 10, f"{result.name}: {result.text}")

    def start_anew(self):
        """Its namespace is another one: `run` finds the new interfaces under the old name, and gives the SF the next epoch."""
        before = self.attached_again()
        self.bench.sf.restart(self.bench.lab)
        wait_for("both ports", lambda: self.attached_again() >= before + 2)
        self.ping()
        self.assertEqual(self.attached_again(), before + 2)
        self.assertEqual(account.ended_at_port(self.bench.proxy.stats(), "sf_ports", "dropped").get("miss", 0), 0)

    def attached_again(self):
        return self.bench.proxy.said().count("attached again")
