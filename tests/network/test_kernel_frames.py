# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Frames come into the proxy's ports as a kernel sends them or as XDP redirects them, single or merged by GRO. tests/vm
runs this file on kernel 6.1 as well, in an emulated machine, so it is brief."""
import os
import unittest

from kernel_case import PINGS, KernelCase
from test_probe import BOTH, outcomes, over

from lab import chain, traffic
from lab.net import call, wait_for
from lab.kernel_mode import MASQUERADE, HostKernel, config

TINY = ("-n", "200K", "-b", "20M")
KINDS = [kind + version for kind in ("tcp", "udp", "icmp") for version in ("", "6")]
PATIENCE = 20           # seconds
MILLISECOND = 1000000
TCX = (6, 6)            # the kernel that has it; an older one gets a clsact

# Equal datagrams have equal stacks, which GRO can merge. Not by UDP_SEGMENT: kernel 6.1 has none without checksum offload.
TRAIN = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.connect((sys.argv[1], 7000))
for _ in range(int(sys.argv[2])):
    s.send(bytes(1200))
"""
TRAIN_LENGTH = 200


class WithoutPages(HostKernel):
    web_ports = ()


class Frames(KernelCase):
    kind = WithoutPages

    def sent(self):
        """Until the end of the test: a generic program sends what it redirects as the kernel sends what it forwards."""
        self.pushers("xdpgeneric")
        self.addCleanup(self.pushers, "xdpdrv")

    def pushers(self, mode):
        edge = self.kernel.edges.classifier
        before = edge.mode
        for device, partner, direction in (("c0", "c1", 0), ("c3", "c2", 1)):
            edge.mode = before
            edge.detach(device)
            edge.mode = mode
            edge.attach(device, "edge_push", partner=partner, direction=direction)

    def exercise(self):
        """An emulated machine may answer too late, and is asked again: the account knows of each packet all the same."""
        for address in (chain.RECEIVER, chain.RECEIVER6):
            for what, ask in (("ping", lambda at: traffic.ping(self.lab, "sender", at, count=PINGS)),
                              ("TCP", lambda at: traffic.iperf(self.lab, "sender", at, *TINY)),
                              ("UDP", lambda at: traffic.iperf(self.lab, "sender", at, *TINY, "-u", "-l", 1200))):
                wait_for(f"{what} with {address}", lambda to=address, how=ask: how(to).good, PATIENCE)

    def setUp(self):
        super().setUp()
        self.refused_before = self.refused()

    def refused(self):
        """Packets that connection tracking dropped, as another one of a new connection was on another CPU meanwhile."""
        names, *cpus = self.lab.run("proxy", "cat", "/proc/net/stat/nf_conntrack").stdout.splitlines()
        column = names.split().index("drop")
        return sum(int(cpu.split()[column], 16) for cpu in cpus)

    def all_found(self, found, missed=0):
        """Each packet came back or is missing for a reason that is named."""
        refused = self.refused() - self.refused_before
        self.assertEqual(found.port("p1").get("miss", 0), missed)
        self.assertEqual((found.kernel["dropped"], found.kernel["not_returned"]),
                         (0, missed + refused + self.kernel.hairpin_drops()))
        self.assertLessEqual(abs(found.pushed - found.good - missed - refused), found.full)

    def all_kinds(self):
        """Both ways, all with right checksums."""
        self.assertEqual(sum(traffic.bad_checksums(self.lab, role) for role in ("sender", "receiver")), 0)
        for arrived in self.kernel.counted()[1]:
            self.assertEqual([kind for kind in KINDS if not arrived[f"good_{kind}"]], [])

    def qdiscs(self):
        return self.lab.run("proxy", "tc", "qdisc").stdout

    def test_single(self):
        """None is merged, the probes find their tickets, and detach leaves nothing."""
        self.sent()
        self.kernel.rules(MASQUERADE)
        self.kernel.run(config())
        self.exercise()     # now the kernel knows the neighbours that the probes need
        status = wait_for("the probes", lambda: self.probed(self.kernel.proxy.status()))
        self.assertEqual(outcomes(status), {way: "survives" for way in BOTH})
        found = self.tally()
        self.all_found(found)
        self.assertEqual(found.forwarded, found.pushed)
        self.all_kinds()
        old = tuple(map(int, os.uname().release.split(".")[:2])) < TCX
        self.assertEqual((len(self.kernel.hairpins()), "clsact" in self.qdiscs()), (4, old))
        self.kernel.switch_off()
        self.assertEqual((self.kernel.hairpins(), "clsact" in self.qdiscs()), ([], False))

    def probed(self, status):
        return status if over(status) else None

    def train(self):
        """GRO waits for more: how soon the port polls again is a matter of the machine."""
        self.lab.run("proxy", "ethtool", "-K", "p0", "rx-udp-gro-forwarding", "on")
        self.addCleanup(self.lab.run, "proxy", "ethtool", "-K", "p0", "rx-udp-gro-forwarding", "off")
        self.flush_timeout(MILLISECOND)
        self.addCleanup(self.flush_timeout, 0)
        self.listen()
        for address in (chain.RECEIVER, chain.RECEIVER6):
            self.lab.run("sender", "/usr/bin/python3", "-c", TRAIN, address, TRAIN_LENGTH)

    def flush_timeout(self, nanoseconds):
        """`ip netns exec` mounts the /sys of the namespace."""
        call("ip", "netns", "exec", self.lab.name("proxy"), "tee", "/sys/class/net/p0/gro_flush_timeout",
             input=str(nanoseconds))

    def test_redirected(self):
        """Merged packets take the hairpin, where each packet gets its own header back. Then a raw socket at the port
        makes the kernel clear metadata: `miss`, and none leaves bare."""
        self.kernel.rules(MASQUERADE)
        self.kernel.run(config(stack="{gro: on}"))
        self.exercise()
        self.train()
        merged = self.tally()
        self.assertGreater(merged.pushed, 2 * TRAIN_LENGTH)
        self.assertLess(merged.forwarded, merged.pushed, "GRO has merged nothing")
        self.all_found(merged)
        self.all_kinds()
        self.tap("p0")
        for address in (chain.RECEIVER, chain.RECEIVER6):
            traffic.ping(self.lab, "sender", address, count=PINGS)
        found = self.tally()
        lost = found.port("p1").get("miss", 0)
        self.assertGreater(lost, 0)
        self.all_found(found, lost)


if __name__ == "__main__":
    unittest.main()
