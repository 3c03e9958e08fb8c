# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""SRv6 with the kernel's own segment routing at both ends (lab/srv6.py), through a firewall, a transparent SF and a container."""
import unittest

from container_case import ContainerCase
from support import FULL, NetworkTest, combined, open_lab

from lab import srv6, srv6_wire, traffic
from lab.bench import BY_IP
from lab.chain import RECEIVER, RECEIVER6
from lab.container import OwnNamespace
from lab.firewall import BLOCKED_PORT
from lab.service_functions import Routed, TcpBridge
from lab.srv6 import MASQUERADED, STATIC, WAYS, Srv6Bench


class Srv6Test(unittest.TestCase):
    """All tests of a class share a lab, and a proxy that serves all ways at once."""

    sf = sf_ports = bench = None
    ways, mtu, fib = WAYS, 1500, False

    @classmethod
    def setUpClass(cls):
        lab = open_lab()
        cls.addClassCleanup(lab.close)
        sf = cls.sf()
        cls.addClassCleanup(sf.remove, lab)
        cls.bench = Srv6Bench(lab, sf, cls.mtu)
        cls.bench.run(cls.sf_ports, cls.ways.values(), fib=cls.fib)

    def setUp(self):
        self.addCleanup(NetworkTest.tell, self)

    def go(self, way):
        """Ping, web, TCP and UDP; the kernel takes all headers, and every packet leaves with its own."""
        before, (packets, errors) = self.bench.conservation()["conservation"], self.bench.segment_counts()
        self.bench.take(way)
        results, captures = self.bench.captured(lambda: self.bench.exercise(way))
        after = self.bench.conservation()
        seen = self.bench.segment_counts()
        restored = after["conservation"]["sf"]["restored"] - before["sf"]["restored"]
        said = []
        if way.behaviour == "ad":
            for entered, left in captures:
                right, wrong = srv6_wire.compare(entered, left, by_kernel=self.fib)
                said.append(f"{right} right and {len(wrong)} wrong of {len(left)} captured")
                self.assertEqual(wrong[:1], [])
                self.assertGreater(right, 0)
        print(f"  {self.id().split('.', 1)[1]}: restored {restored}, segments took {seen[0] - packets}, refused "
              f"{seen[1] - errors}; " + ", ".join(said), flush=True)
        for result in results:
            self.assertTrue(result.good, f"{result.name}: {result.text}")
        self.assertTrue(after["conservation"]["balanced"])
        self.assertEqual(seen[1], errors, "segments of the kernel that refused a packet")
        self.assertGreater(restored, 0)


class Firewall(Srv6Test):
    sf, sf_ports = Routed, BY_IP

    def test_blocks(self):
        """That the SF stops what it has a rule against shows that traffic really goes through it."""
        self.bench.take(WAYS["encap"])
        for address in (RECEIVER, RECEIVER6):
            result = traffic.blocked(self.bench.lab, "sender", address, BLOCKED_PORT)
            self.assertTrue(result.good, result.text)


class Bridge(Srv6Test):
    sf, sf_ports = TcpBridge, ("f0", "f1")


class Container(ContainerCase, Srv6Test):
    """A podman container, given by the name of its own namespace. The router encapsulates with three segments, or with one."""

    sf, sf_ports = OwnNamespace, ("fw0", "fw1")
    ways = WAYS if FULL else {name: WAYS[name] for name in ("encap", "compressed-srh")}

    def go(self, way):
        """Before the container starts anew there are pings, and behind that all the rest."""
        refused = self.bench.segment_counts()[1]
        self.bench.take(way)
        self.ping()
        self.start_anew()
        super().go(way)
        self.assertEqual(self.bench.segment_counts()[1], refused, "also while the container starts")


class Fib(Srv6Test):
    """The proxy's own routes say where the next segment is. Nobody has asked for a neighbour when the first packet comes."""

    sf, sf_ports, fib = Routed, BY_IP, True
    ways = {name: WAYS[name] for name in ("encap", "compressed")}


class Static(Srv6Test):
    """End.AS: the header that leaves is the configuration's."""

    sf, sf_ports, ways = Routed, BY_IP, STATIC


class Masqueraded(Srv6Test):
    """End.AM: the firewall sees packets with a segment routing header, so its links have room for that."""

    sf, sf_ports, ways, mtu = Routed, BY_IP, MASQUERADED, srv6.MTU_DOMAIN


class SmallerLink(unittest.TestCase):
    """A link behind the proxy with room for 1400 bytes."""

    def setUp(self):
        lab = open_lab()
        self.addCleanup(lab.close)
        self.addCleanup(NetworkTest.tell, self)
        self.bench = Srv6Bench(lab, Routed())
        self.bench.run(BY_IP, [WAYS["encap"]], mtu=1400)
        self.bench.take(WAYS["encap"])

    def test_router_is_told(self):
        """The router that has encapsulated gets a Packet Too Big for each packet that does not fit, and finds no fault in it.
        Linux 6.18 does not act on it: its seg6 tunnel has no MTU of its own."""
        before = self.bench.icmpv6("ingress")
        for address in (RECEIVER, RECEIVER6):
            self.assertTrue(traffic.ping(self.bench.lab, "sender", address, size=1000).good)
            self.assertEqual(traffic.ping(self.bench.lab, "sender", address, count=10, size=1400).text, "0 of 10 answered")
        service = self.bench.conservation()["counters"]["services"]["ad-out"]
        self.assertEqual(service["icmp_sent"]["packet_too_big"]["packets"], 20)
        self.assertEqual(service["dropped"]["too_big"]["packets"], 20)
        after = self.bench.icmpv6("ingress")
        self.assertEqual([after[name] - before[name] for name in ("Icmp6InPktTooBigs", "Icmp6InErrors", "Icmp6InCsumErrors")], [20, 0, 0])


class MasqueradedMessages(unittest.TestCase):
    """End.AM: the sender of the packet is the source of the outer header, and is told itself."""

    def setUp(self):
        lab = open_lab()
        self.addCleanup(lab.close)
        self.addCleanup(NetworkTest.tell, self)
        self.bench = Srv6Bench(lab, Routed(), srv6.MTU_DOMAIN)
        self.bench.run(BY_IP, MASQUERADED.values(), mtu=1400)
        self.bench.take(MASQUERADED["inserted"])

    def told(self, counter, kind, **ping):
        """Ten packets that get no answer but a message each, which the sender's kernel finds no fault in."""
        before = self.bench.icmpv6("sender")
        self.assertFalse(traffic.ping(self.bench.lab, "sender", RECEIVER6, count=10, **ping).good)
        after = self.bench.icmpv6("sender")
        self.assertEqual([after[name] - before[name] for name in (counter, "Icmp6InErrors", "Icmp6InCsumErrors")], [10, 0, 0])
        service = self.bench.conservation()["counters"]["services"]["am-out"]
        self.assertEqual(service["icmp_sent"][kind]["packets"], 10)

    def test_too_big(self):
        self.told("Icmp6InPktTooBigs", "packet_too_big", size=1340)

    def test_no_hop_left_behind_the_sf(self):
        """The router behind the proxy sends the message back, through the proxy's kernel: its route to the sender leads there."""
        lab = self.bench.lab
        lab.run("proxy", "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        lab.run("proxy", "ip", "-6", "route", "replace", srv6.NETS[0][1], "via", srv6.LINKS[0][1])
        self.told("Icmp6InTimeExcds", "time_exceeded", hops=4)


for _classes in ((Firewall, Bridge), (Container,), (Fib,), (Static,), (Masqueraded,)):
    for _class, _way in combined(_classes, _classes[0].ways.values()):
        setattr(_class, f"test_{_way.name.replace('-', '_')}", lambda self, way=_way: self.go(way))
del _class  # by this name unittest would find the last one once more


if __name__ == "__main__":
    unittest.main()
