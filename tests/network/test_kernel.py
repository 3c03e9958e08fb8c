# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The SF is the kernel of the proxy's own host: packets get their header back whatever NAT has made of them, nothing
leaves without one, and each that does not come back is accounted for."""
import unittest

from kernel_case import BURST, BURSTS, PINGS, KernelCase

from lab import chain, traffic
from lab.net import wait_for
from lab.kernel_mode import BLOCKED_PORT, MASQUERADE, OWN, OWN6, WEB_PORT, config

TCP = ("-t", 1, "-b", "100M")
UDP = ("-u", "-n", "1M", "-b", "20M", "-l", 1200)
BRIEF = ("-n", "2M", "-b", "40M")
DATAGRAM = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
socket.socket(family, socket.SOCK_DGRAM).sendto(b"hello", (sys.argv[1], 8082))
"""

class Way(KernelCase):
    def exercise(self, *addresses, tcp=BRIEF):
        for address in addresses:
            self.good(traffic.web(self.lab, "sender", address, WEB_PORT),
                      traffic.iperf(self.lab, "sender", address, *tcp, name="TCP"),
                      traffic.iperf(self.lab, "sender", address, *tcp, "-R", name="TCP"),
                      traffic.iperf(self.lab, "sender", address, *UDP, name="UDP"))

    def test_masquerade(self):
        self.kernel.rules(MASQUERADE)
        self.kernel.run(config())
        for address in (chain.RECEIVER, chain.RECEIVER6):
            self.good(traffic.ping(self.lab, "sender", address), traffic.ping(self.lab, "sender", address, size=1400))
        self.exercise(chain.RECEIVER, tcp=TCP)
        self.exercise(chain.RECEIVER6)
        found = self.tally()
        self.all_back(found)
        self.good(traffic.blocked(self.lab, "sender", chain.RECEIVER, BLOCKED_PORT),
                  traffic.blocked(self.lab, "sender", chain.RECEIVER6, BLOCKED_PORT))
        found = self.tally()
        self.all_back(found)
        self.assertGreater(found.blocked, 1)

    def test_other_destination(self):
        """The sender knows the proxy's address alone, and the receiver sees who it is."""
        self.kernel.run(config())
        self.exercise(OWN, OWN6)
        self.all_back(self.tally())

    def test_cleared_metadata(self):
        """A raw socket makes the kernel clear what is in front of the packets: those are lost, and none leaves bare."""
        self.kernel.run(config())
        tap = self.tap("p0")
        for address in (chain.RECEIVER, chain.RECEIVER6):
            traffic.ping(self.lab, "sender", address, count=PINGS)
        found = self.tally()
        lost = found.port("p1")["miss"]     # while the socket has its copy: where it is quick, some come through
        self.assertEqual((found.pushed, found.good), (found.forwarded, found.forwarded - lost))
        self.assertEqual(found.port("p0"), {})
        self.assertEqual((found.kernel["dropped"], found.kernel["not_returned"]), (0, lost))
        self.lab.stop(tap)
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER), traffic.ping(self.lab, "sender", chain.RECEIVER6),
                  traffic.web(self.lab, "sender", chain.RECEIVER, WEB_PORT))
        self.assertEqual(self.tally().port("p1"), {"miss": lost})

    def test_wrong_port(self):
        """The kernel's routes lead where the services must not leave."""
        self.kernel.run(config(out="p0", back="p1"))
        self.silent()
        self.silent(address=chain.RECEIVER6)
        self.silent(role="receiver", address=chain.SENDER, count=PINGS + 1)
        found = self.tally()
        self.assertEqual((found.pushed, found.good), (3 * PINGS + 1, 0))
        self.assertEqual(found.service("out"), {"wrong_port": 2 * PINGS})
        self.assertEqual(found.service("back"), {"wrong_port": PINGS + 1})
        self.assertEqual((found.port("p0"), found.port("p1")), ({}, {}))
        self.assertEqual((found.kernel["dropped"], found.kernel["not_returned"]), (3 * PINGS + 1, 0))

    def test_fragments(self):
        """Connection tracking makes one packet of three, and the kernel three again, each with the header it had."""
        self.kernel.rules(MASQUERADE)
        self.kernel.run(config())
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS, size=4000))
        found = self.tally()
        self.assertEqual((found.forwarded, found.good), (2 * PINGS, 3 * 2 * PINGS))
        self.assertEqual((found.kernel["dropped"], found.kernel["not_returned"]), (0, 0))

    def test_merged(self):
        """GRO makes one of packets with equal headers: each of them gets its own back, and is counted if dropped."""
        for way, lost in (({}, []), ({"out": "p0", "back": "p1"}, ["wrong_port"])):
            self.kernel.rules(MASQUERADE)
            self.kernel.run(config(stack="{gro: on}", **way))
            self.equal()
            found = self.tally()
            self.assertEqual(found.pushed, 2 * BURSTS * BURST)
            self.assertLess(found.forwarded, found.pushed, "GRO has merged nothing")
            self.assertEqual(found.kernel["not_returned"], 0)
            self.assertEqual(found.service("out"), {reason: found.pushed for reason in lost})
            self.kernel.switch_off()

    def test_copies(self):
        """A copy that the kernel makes has no ticket and goes nowhere; the packet itself has its own."""
        self.kernel.rules("add table ip extra", "add chain ip extra early { type filter hook prerouting priority raw; }",
                         f"add rule ip extra early iif p0 icmp type echo-request dup to {chain.RECEIVER} device p1")
        self.kernel.run(config())
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS))
        found = self.tally()
        self.assertEqual((found.pushed, found.good), (2 * PINGS, 2 * PINGS))
        self.assertEqual(found.port("p1"), {"miss": PINGS})
        self.assertEqual((found.kernel["dropped"], found.kernel["not_returned"]), (0, 0))

    def test_domain_port_that_is_no_egress(self):
        """No service may leave by p1, where the route leads all the same."""
        self.kernel.run(config(out="p0", back="p0"))
        self.silent()
        found = self.tally()
        self.assertEqual((found.good, found.service("out")), (0, {"wrong_port": PINGS}))

    def test_next_hop(self):
        """The service says where its packets go on, whatever the kernel thinks."""
        for family, address in (("-4", chain.RECEIVER), ("-6", chain.RECEIVER6)):
            for what, how in (("route", ()), ("neighbour", ("lladdr", "02:00:00:00:00:77", "nud", "permanent"))):
                self.lab.run("proxy", "ip", family, what, "add", address, *how, "dev", "p0")
                self.addCleanup(self.lab.run, "proxy", "ip", family, what, "delete", address, "dev", "p0")
        self.kernel.run(config(out="p0", hop=f"next_hop: {{interface: p1, ip: {chain.RECEIVER}}}"))
        wait_for("the next hop", lambda: all(service["next_hop"]["ready"]
                                             for service in self.kernel.proxy.status()["services"]))
        self.kernel.mark()
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER), traffic.ping(self.lab, "sender", chain.RECEIVER6),
                  traffic.web(self.lab, "sender", chain.RECEIVER, WEB_PORT))
        found = self.tally()
        self.assertEqual((found.kernel["dropped"], found.kernel["not_returned"]), (0, 0))

    def test_own_traffic(self):
        """Packets that the proxy's host sends itself have never had a header, and packets for it end there."""
        for device in ("p0", "p1"):     # else the classifier's XDP would lose the checksums that are still to be made
            self.lab.run("proxy", "ethtool", "-K", device, "tx", "off")
            self.addCleanup(self.lab.run, "proxy", "ethtool", "-K", device, "tx", "on")
        self.kernel.run(config())
        self.good(traffic.ping(self.lab, "proxy", chain.RECEIVER), traffic.ping(self.lab, "proxy", chain.RECEIVER6),
                  traffic.web(self.lab, "proxy", chain.RECEIVER, WEB_PORT),
                  traffic.ping(self.lab, "sender", OWN), traffic.ping(self.lab, "sender", OWN6))
        sent = self.kernel.tally().sent
        found = self.tally(bare=sent)
        self.assertGreater(sent, 4 * 20)
        self.assertEqual((found.forwarded, found.good, found.kernel["restored"]), (0, 0, 0))
        self.assertEqual((found.kernel["dropped"], found.kernel["not_returned"]), (0, found.taken))
        self.assertEqual(found.taken, found.pushed)
        self.assertEqual((found.port("p0"), found.port("p1")), ({}, {}))

    def no_rate_limit(self):
        """An error for each packet, whatever the tests before have used up."""
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0")

    def test_answers_of_the_kernel(self):
        """Resets and ICMP errors for packets that came with a header have none, so they do not leave either."""
        self.no_rate_limit()
        self.kernel.rules("insert rule inet lab through tcp dport 8081 reject with tcp reset",
                         "insert rule inet lab through udp dport 8082 reject with icmpx admin-prohibited")
        self.kernel.run(config())
        for address, family in ((chain.RECEIVER, "-4"), (chain.RECEIVER6, "-6")):
            self.lab.run("sender", "ping", family, "-q", "-c", 3, "-i", "0.1", "-W", "1", "-t", 1, address, check=False)
            self.assertFalse(traffic.web(self.lab, "sender", address, 8081).good)
            self.lab.run("sender", "/usr/bin/python3", "-c", DATAGRAM, address)
        found = self.tally()
        self.assertEqual(found.good, 0)
        # Three errors for the pings, a reset and an error for the datagram, over IPv4 and IPv6.
        self.assertGreaterEqual(found.sent, 2 * 5)
        self.assertEqual(found.port("p0"), {"from_kernel": found.sent})
        self.assertEqual((found.port("p1"), found.kernel["dropped"]), ({}, 0))
        self.assertEqual(found.kernel["not_returned"], found.pushed)

    def test_answers_without_a_route(self):
        """The same where no route leads to the destination: no address of this host, though nothing leads there."""
        self.no_rate_limit()
        for hop, network in ((OWN, "203.0.113.0/24"), (OWN6, "2001:db8:9::/64")):
            self.lab.run("sender", "ip", "route", "add", network, "via", hop)
            self.addCleanup(self.lab.run, "sender", "ip", "route", "delete", network)
        self.kernel.run(config())
        for address in ("203.0.113.5", "2001:db8:9::5"):
            self.silent(address=address, count=PINGS)
            self.lab.run("sender", "/usr/bin/python3", "-c", DATAGRAM, address)
        found = self.tally()
        self.assertEqual((found.good, found.forwarded), (0, 0))
        self.assertGreater(found.sent, PINGS)     # and not two for each, as the kernel limits their rate
        self.assertEqual(found.port("p0"), {"from_kernel": found.sent})

    def test_plain(self):
        """A packet that comes in without a header leaves without one, through the same ports."""
        edge = self.kernel.edges.classifier
        edge.detach("c0")
        edge.attach("c0", "edge_wire", partner="c1", direction=0)
        self.addCleanup(edge.attach, "c0", "edge_push", partner="c1", direction=0)
        self.addCleanup(edge.detach, "c0")
        self.kernel.rules(MASQUERADE)
        self.kernel.run(config())
        for address in (chain.RECEIVER, chain.RECEIVER6):
            self.good(traffic.ping(self.lab, "sender", address, count=PINGS))
        found = self.tally(bare=2 * PINGS)
        self.assertEqual((found.pushed, found.good), (2 * PINGS, 2 * PINGS))     # the answers
        self.assertEqual(found.forwarded, 4 * PINGS)
        self.plain_passed(found, 2 * PINGS)
        self.good(traffic.web(self.lab, "sender", chain.RECEIVER, WEB_PORT),
                  traffic.iperf(self.lab, "sender", chain.RECEIVER, *BRIEF, name="TCP"))
        self.plain_passed(self.kernel.tally(), 2 * PINGS)

    def plain_passed(self, found, least):
        passed = found.port("p0", "passed")
        self.assertEqual(list(passed), ["not_sfc"])
        self.assertGreaterEqual(passed["not_sfc"], least)
        self.assertLessEqual(found.port("p1", "passed").get("not_sfc", 0), found.control_frames)
        self.assertEqual((found.port("p0"), found.port("p1")), ({}, {}))
        self.assertEqual((found.wrong, found.kernel["dropped"], found.kernel["not_returned"]),
                         (0, 0, self.kernel.hairpin_drops()))


if __name__ == "__main__":
    unittest.main()
