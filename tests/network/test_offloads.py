# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Offloads of every kind at the SF's ports and their peers, native and generic: frames get through, or the proxy
says by name why not, and detach leaves every setting as it was. `test_offloads.py Native` and `... Generic` are one
half each, and may run side by side.

NETWORK_FULL=1 tries each combination at the ports with each at the peers; else they are combined pairwise.
"""
import itertools
import sys
import time
import unittest

from offload_bench import Bench
from offload_outcome import HEAD, SLOW, letters, row
from support import FULL

ALL = list(itertools.product((True, False), repeat=3))  # (gro, tso and gso, tx checksums)
PEERS, PORTS, DOMAIN = ("fw0", "fw1"), ("f0", "f1"), ("c1", "c2")


def ports_of(index):
    """With ALL[index] at the peers: any two of the six settings meet in each of their four ways, over all indexes.
    Proven by test_pairs."""
    gro, tso, tx = ALL[index]
    return (gro != tso, tso != tx, gro != (tso != tx))


def combinations():
    """(peers, ports, IP versions)"""
    if FULL:
        return [(peers, ports, (4, 6) if peers == ports else (4,)) for peers in ALL for ports in ALL]
    return [(peers, ports_of(index), (4, 6) if index in (0, 4) else (4,)) for index, peers in enumerate(ALL)]


class Pairs(unittest.TestCase):
    def test_pairs(self):
        cells = [peers + ports for peers, ports, _ in combinations()]
        for left, right in itertools.combinations(range(6), 2):
            self.assertEqual(4, len({(cell[left], cell[right]) for cell in cells}), f"settings {left} and {right}")


class Offloads:
    generic = False

    @classmethod
    def setUpClass(cls):
        cls.bench = Bench(cls.generic)
        cls.bench.__enter__()
        cls.addClassCleanup(cls.bench.__exit__)

    def setUp(self):
        self.bench.set(PEERS + PORTS + DOMAIN, False, True, True)

    def cell(self, *versions, **options):
        """A rate is tried twice: other work of the machine can stall a flow once, what an offload spoils is slow each time."""
        outcome = self.bench.cell(*versions, **options)
        return self.bench.cell(*versions, **options) if outcome.problems() == [SLOW] else outcome

    def check(self, name, outcome, problems=None):
        problems = outcome.problems() if problems is None else problems
        print(row(f"{'generic' if self.generic else 'native'} {name}", outcome, problems), file=sys.stderr)
        with self.subTest(name):
            self.assertEqual([], problems, outcome.said)

    def test_set_before(self):
        for peers, ports, versions in combinations():
            self.bench.set(PEERS, *peers)
            self.bench.set(PORTS, *ports)
            self.check(f"peers {letters(peers)} port {letters(ports)} v{''.join(map(str, versions))}",
                       self.cell(versions))

    def test_peers_of_domain_ports(self):
        for settings in ALL if FULL else [(True, True, True), (False, False, False)]:
            self.bench.set(DOMAIN, *settings)
            self.check(f"domain peers {letters(settings)}", self.cell())

    def test_changed_while_running(self):
        """By somebody else. The proxy must undo it, or what it leads to must have a name in its counters."""
        for devices in (PEERS, PORTS):
            self.bench.set(PEERS, False, True, True)
            self.bench.set(PORTS, False, False, True)  # a veth merges packets only if its peer has no TSO
            outcome = self.cell(while_running=lambda at=devices: self.all_on(at))
            self.check(f"all on while running: {' '.join(devices)}", outcome)

    def all_on(self, devices):
        self.bench.set(devices, True, True, True)
        time.sleep(1.5)  # the proxy looks after its ports once a second

    def test_single_features(self):
        """A peer where only a part of what ethtool calls tx and tso is on gets back just that part."""
        for device in PEERS:
            self.bench.lab.run("SF", "ethtool", "-K", device, "tx-checksum-sctp", "off", "tx-tcp6-segmentation", "off")
        self.check("parts of tx and tso at peers", self.cell())
        for device in PEERS:
            self.bench.lab.run("SF", "ethtool", "-K", device, "tx-checksum-sctp", "on", "tx-tcp6-segmentation", "on")

    def test_host_behind_others(self):
        """A host that leaves its checksums to a bare veth with somebody else's native XDP program at its peer: they
        are wrong before the proxy sees them, as it mends the peers of its own ports only. The SF refuses the
        packets, and that has a name. Generic XDP everywhere keeps the checksum as an open task of the kernel."""
        self.bench.lab.run("sender", "ethtool", "-K", "s0", "tx", "on", "tso", "off", "gso", "off")
        outcome = self.cell()
        self.bench.lab.run("sender", "ethtool", "-K", "s0", "tx", "off")
        problems = outcome.problems() if self.generic else outcome.unsound()
        if not self.generic:
            if max(outcome.rates) > 0:
                problems.append("TCP got through, so this cell does not show what it should")
            if outcome.settled.lost.get("SF: not allowed", 0) == 0:
                problems.append("the packets have no name")
        self.check("host s0 tx on", outcome, problems)


class Native(Offloads, unittest.TestCase):
    pass


class Generic(Offloads, unittest.TestCase):
    generic = True


def setUpModule():
    print(f"\n{HEAD}", file=sys.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
