# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""NSH with Open vSwitch at both ends (lab/nsh.py): each way, which is a carrier and an MD type, through a firewall, and
two of them through a transparent SF. Which two it are goes by the day; each one runs by name, as Bridge.test_gpe6_md2.
Two more ways have Ethernet frames behind the header."""
import time
import unittest

from support import NetworkTest, open_lab

from lab import account, nsh_flows as flows, nsh_wire, service_functions, traffic
from lab.bench import BY_IP, since
from lab.chain import RECEIVER, RECEIVER6
from lab.firewall import BLOCKED_PORT
from lab.nsh import NshBench
from lab.ovs import version
from lab.service_functions import Routed, TcpBridge

BRIDGE_WAYS = 2
BLOCKED = "blocked by the SF's rule"


class NshTest(unittest.TestCase):
    """All tests of a class share a lab, and a proxy that serves all ways at once."""

    sf = sf_ports = bench = None
    ways = [way for way in flows.WAYS.values() if not way.frames]

    @classmethod
    def setUpClass(cls):
        lab = open_lab()
        cls.addClassCleanup(lab.close)
        print(f"Open vSwitch {version()}", flush=True)
        cls.bench = NshBench(lab, cls.sf())
        cls.bench.run(cls.sf_ports, cls.ways)

    def setUp(self):
        self.addCleanup(NetworkTest.tell, self)

    def counted(self, work):
        """Does `work`. Returns its result, the counts of both directions meanwhile, and the account so far, in which each
        missing packet has a name."""
        before = self.bench.last
        done = work()
        found = self.bench.settle()
        counts = since(before, self.bench.last)
        print(f"  {self.id().split('.', 1)[1]}: " + "; ".join(
            f"{there} {nsh_sum(each, 'pushed')} pushed, {nsh_sum(each, 'good')} good, {each['wrong']} wrong"
            for there, each in zip(("out", "back"), counts)) + f"; {account.in_words(found)} so far", flush=True)
        self.assertTrue(found.balanced)
        self.assertTrue(found.closed, found)
        self.assertEqual(found.bare, 0)
        unknown = [cause for cause in found.lost if cause != BLOCKED and not cause.endswith("link full")]
        self.assertEqual(unknown, [], found.lost)
        return done, counts, found

    def go(self, way):
        """Ping, TCP and UDP of both families, on one way."""
        (results, captured), counts, _ = self.counted(lambda: self.bench.captured(lambda: self.bench.exercise(way)))
        for result in results:
            self.assertTrue(result.good, f"{result.name}: {result.text}")
        for direction, (each, frames) in enumerate(zip(counts, captured)):
            self.assertEqual(each["wrong"], 0, each)
            self.assertEqual([kind for kind in flows.KINDS if not each[f"good_{kind}"]], [])
            right, wrong = nsh_wire.compare(frames, direction)
            self.assertEqual(wrong[:1], [])
            self.assertGreater(right, nsh_sum(each, "good") / 10, "tcpdump has seen few of them")
        self.assertEqual(set(self.bench.tunnel_errors().values()), {0})


def nsh_sum(counts, event):
    return sum(counts[f"{event}_{kind}"] for kind in flows.KINDS)


class Firewall(NshTest):
    sf, sf_ports = Routed, BY_IP

    def test_blocks(self):
        """That the SF stops what it has a rule against shows that traffic really goes through it."""
        self.bench.take(flows.WAYS["gpe4-md1"])
        for address in (RECEIVER, RECEIVER6):
            result = traffic.blocked(self.bench.lab, "sender", address, BLOCKED_PORT)
            self.assertTrue(result.good, result.text)
        _, _, found = self.counted(lambda: None)
        self.assertGreater(found.lost[BLOCKED], 0)

    def all_wrong(self, way, kind):
        """A fault on the way to the receiver: no packet comes through, and the other switch has counted each as wrong."""
        self.bench.take(way)
        answers, (out, back), _ = self.counted(lambda: [
            traffic.ping(self.bench.lab, "sender", address, count=5).text for address in (RECEIVER, RECEIVER6)])
        self.assertEqual(answers, ["0 of 5 answered"] * 2)
        self.assertEqual((nsh_sum(out, "pushed"), nsh_sum(out, "good"), out[kind], nsh_sum(back, "pushed")), (10, 0, 10, 0))

    def test_fault_service_index(self):
        """A switch that wants the index as it was refuses all that the proxy gives it."""
        self.all_wrong(flows.WAYS[flows.SI_SAME], "wrong_header")

    def test_fault_contexts(self):
        """Contexts of which each is in the other one's position do not pass for right."""
        self.all_wrong(flows.WAYS[flows.SWAPPED], "wrong_context")


class Bridge(NshTest):
    sf, sf_ports = TcpBridge, ("f0", "f1")


class Frames(NshTest):
    """An SF gets frames from all its services or from none, so this is another configuration. The SF is a bridge of the
    kernel: tcpbridge writes other MACs into frames with IPv6, and the MACs are in the key here."""

    sf, sf_ports, ways = service_functions.Bridge, ("f0", "f1"), flows.FRAMES


for _class, _ways in ((Firewall, flows.RIGHT), (Bridge, flows.RIGHT), (Frames, flows.FRAMES)):
    for _way in _ways:
        setattr(_class, f"test_{_way.name.replace('-', '_')}", lambda self, way=_way: self.go(way))


def load_tests(loader, _tests, _pattern):
    """Where no test is named."""
    chosen = loader.loadTestsFromTestCase(Firewall)
    first = int(time.time() / 86400) * BRIDGE_WAYS % len(flows.RIGHT)
    names = [f"test_{way.name.replace('-', '_')}" for way in (flows.RIGHT * 2)[first:first + BRIDGE_WAYS]]
    chosen.addTests([unittest.TestSuite(map(Bridge, names)), loader.loadTestsFromTestCase(Frames)])
    return chosen


if __name__ == "__main__":
    unittest.main()
