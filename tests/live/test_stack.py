# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The SF is the kernel of the proxy's own host: packets get their header back whatever NAT has made of them, nothing
leaves without one, and each that does not come back is accounted for."""
import json
import signal
import subprocess
import unittest

from support import open_lab

from lab import chain, traffic
from lab.net import call, wait_for
from lab.stack import BLOCKED_PORT, MASQUERADE, OWN, OWN6, WEB_PORT, Stack, config

RELAYS, ENDS = 2, 2     # one pair for p0, one for p1
KERNEL = 4              # exit code
PINGS = 10
TCP = ("-t", 1, "-b", "100M")
UDP = ("-u", "-n", "1M", "-b", "20M", "-l", 1200)
BRIEF = ("-n", "2M", "-b", "40M")
DATAGRAM = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
socket.socket(family, socket.SOCK_DGRAM).sendto(b"hello", (sys.argv[1], 8082))
"""
TAP = """
import socket, sys
tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
tap.bind(("p0", 3))
print("ready", flush=True)
while tap.recv(65536):
    pass
"""

# Equal datagrams, so that they have equal headers, 40 in one go.
EQUAL = """
import socket, sys, time
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.connect((sys.argv[1], 7000))
s.setsockopt(socket.IPPROTO_UDP, 103, 1200)     # UDP_SEGMENT
for _ in range(int(sys.argv[2])):
    s.send(bytes(40 * 1200))
    time.sleep(0.005)
"""
BURSTS, BURST = 10, 40
SINK = """
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", 7000))
while s.recv(2000):
    pass
"""


def setUpModule():
    """One lab serves all tests, and is without a proxy at the start of each."""
    Case.lab = open_lab()
    unittest.addModuleCleanup(Case.lab.close)
    Case.stack = Stack(Case.lab)


class Case(unittest.TestCase):
    lab = stack = None

    def setUp(self):
        self.stack.rules()
        self.addCleanup(self.stack.switch_off)
        self.addCleanup(self.tell)  # runs first

    def tell(self):
        """What the proxy counted and said is worth reading only where the test failed."""
        outcome = self._outcome.result
        proxy = self.stack.proxy
        if proxy and any(test is self for test, _ in outcome.errors + outcome.failures):
            print(proxy.said() if proxy.log.exists() else "no process", flush=True)
            print(self.stack.sfcproxy("stats").stdout, flush=True)

    def good(self, *results):
        for result in results:
            self.assertTrue(result.good, f"{result.name}: {result.text}")

    def silent(self, count=PINGS, role="sender", address=chain.RECEIVER):
        """Pings of which none is answered."""
        done = self.lab.run(role, "ping", "-qn", "-c", count, "-i", 0.02, "-W", 0.2, address, check=False)
        self.assertIn(f"{count} packets transmitted, 0 received", done.stdout)


class Way(Case):
    def exercise(self, *addresses, tcp=BRIEF):
        for address in addresses:
            self.good(traffic.web(self.lab, "sender", address, WEB_PORT),
                      traffic.iperf(self.lab, "sender", address, *tcp, name="TCP"),
                      traffic.iperf(self.lab, "sender", address, *tcp, "-R", name="TCP"),
                      traffic.iperf(self.lab, "sender", address, *UDP, name="UDP"))

    def tally(self, bare=0, **options):
        """What is true of every tally. A full link may have lost some of the link's own frames, too."""
        found = self.stack.tally(**options)
        print(f"  {self.id().split('.')[-1]}: {found.in_words()}", flush=True)
        stack, domain = found.stack, found.stats["conservation"]["domain"]
        self.assertEqual((found.wrong, found.bare), (0, bare))
        self.assertTrue(found.stats["conservation"]["balanced"])
        self.assertEqual(stack["to_stack"], stack["restored"] + stack["dropped"] + stack["not_returned"])
        self.assertEqual(domain["to_stack"], stack["to_stack"])
        self.assertEqual(domain["received"], domain["to_stack"] + domain["passed"] + domain["dropped"])
        self.assertEqual((domain["to_sf"], domain["dropped"]), (0, 0))
        if not found.full:
            self.assertEqual((found.pushed, found.good), (stack["to_stack"], stack["restored"]))
        self.assertLessEqual(abs(found.pushed - found.good - stack["dropped"] - stack["not_returned"]), found.full)
        return found

    def all_back(self, found):
        """The kernel kept nothing but what its rules and full relays say."""
        self.assertGreater(found.good, 0)
        self.assertEqual((found.stack["dropped"], found.taken, found.sent), (0, 0, 0))
        self.assertEqual(found.forwarded, found.stack["to_stack"])
        self.assertEqual(found.stack["not_returned"], found.blocked + self.stack.relay_drops())

    def test_masquerade(self):
        self.stack.rules(MASQUERADE)
        self.stack.run(config())
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
        self.stack.run(config())
        self.exercise(OWN, OWN6)
        self.all_back(self.tally())

    def test_cleared_metadata(self):
        """A raw socket makes the kernel clear what is in front of the packets: those are lost, and none leaves bare."""
        self.stack.run(config())
        tap = self.lab.start("proxy", "/usr/bin/python3", "-c", TAP, stdout=subprocess.PIPE)
        self.addCleanup(self.lab.stop, tap)
        self.addCleanup(tap.stdout.close)
        self.assertEqual(tap.stdout.readline(), b"ready\n")
        for address in (chain.RECEIVER, chain.RECEIVER6):
            traffic.ping(self.lab, "sender", address, count=PINGS)
        found = self.tally()
        lost = found.port("p1")["miss"]     # while the socket has its copy: where it is quick, some come through
        self.assertEqual((found.pushed, found.good), (found.forwarded, found.forwarded - lost))
        self.assertEqual(found.port("p0"), {})
        self.assertEqual((found.stack["dropped"], found.stack["not_returned"]), (0, lost))
        self.lab.stop(tap)
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER), traffic.ping(self.lab, "sender", chain.RECEIVER6),
                  traffic.web(self.lab, "sender", chain.RECEIVER, WEB_PORT))
        self.assertEqual(self.tally().port("p1"), {"miss": lost})

    def test_wrong_port(self):
        """The kernel's routes lead where the services must not leave."""
        self.stack.run(config(out="p0", back="p1"))
        self.silent()
        self.silent(address=chain.RECEIVER6)
        self.silent(role="receiver", address=chain.SENDER, count=PINGS + 1)
        found = self.tally()
        self.assertEqual((found.pushed, found.good), (3 * PINGS + 1, 0))
        self.assertEqual(found.service("out"), {"wrong_port": 2 * PINGS})
        self.assertEqual(found.service("back"), {"wrong_port": PINGS + 1})
        self.assertEqual((found.port("p0"), found.port("p1")), ({}, {}))
        self.assertEqual((found.stack["dropped"], found.stack["not_returned"]), (3 * PINGS + 1, 0))

    def test_fragments(self):
        """Connection tracking makes one packet of three, and the kernel three again, each with the header it had."""
        self.stack.rules(MASQUERADE)
        self.stack.run(config())
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS, size=4000))
        found = self.tally()
        self.assertEqual((found.forwarded, found.good), (2 * PINGS, 3 * 2 * PINGS))
        self.assertEqual((found.stack["dropped"], found.stack["not_returned"]), (0, 0))

    def gro(self, device, state):
        self.lab.run("proxy", "ethtool", "-K", device, "gro", state, "rx-udp-gro-forwarding", state)

    def test_merged(self):
        """GRO makes one of packets with equal headers: each of them gets its own back, and is counted if dropped."""
        for device in ("p0", "p1"):
            self.gro(device, "on")
            self.addCleanup(self.gro, device, "off")
        self.lab.start("receiver", "/usr/bin/python3", "-c", SINK)
        wait_for("the receiver", lambda: self.lab.run("receiver", "ss", "-Hnlu", "sport = :7000").stdout)
        for text, lost in ((config(), []), (config(out="p0", back="p1"), ["wrong_port"])):
            self.stack.rules(MASQUERADE)
            self.stack.run(text)
            for address in (chain.RECEIVER, chain.RECEIVER6):
                self.lab.run("sender", "/usr/bin/python3", "-c", EQUAL, address, BURSTS)
            found = self.tally()
            self.assertEqual(found.pushed, 2 * BURSTS * BURST)
            self.assertLess(found.forwarded, found.pushed, "GRO has merged nothing")
            self.assertEqual(found.stack["not_returned"], 0)
            self.assertEqual(found.service("out"), {reason: found.pushed for reason in lost})
            self.stack.switch_off()

    def test_copies(self):
        """A copy that the kernel makes has no ticket and goes nowhere; the packet itself has its own."""
        self.stack.rules("add table ip extra", "add chain ip extra early { type filter hook prerouting priority raw; }",
                         f"add rule ip extra early iif p0 icmp type echo-request dup to {chain.RECEIVER} device p1")
        self.stack.run(config())
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS))
        found = self.tally()
        self.assertEqual((found.pushed, found.good), (2 * PINGS, 2 * PINGS))
        self.assertEqual(found.port("p1"), {"miss": PINGS})
        self.assertEqual((found.stack["dropped"], found.stack["not_returned"]), (0, 0))

    def test_domain_port_that_is_no_egress(self):
        """No service may leave by p1, where the route leads all the same."""
        self.stack.run(config(out="p0", back="p0"))
        self.silent()
        found = self.tally()
        self.assertEqual((found.good, found.service("out")), (0, {"wrong_port": PINGS}))

    def test_own_traffic(self):
        """What the proxy's host sends itself has never had a header, and what is for it ends there."""
        for device in ("p0", "p1"):     # else the classifier's XDP would lose the checksums that are still to be made
            self.lab.run("proxy", "ethtool", "-K", device, "tx", "off")
            self.addCleanup(self.lab.run, "proxy", "ethtool", "-K", device, "tx", "on")
        self.stack.run(config())
        self.good(traffic.ping(self.lab, "proxy", chain.RECEIVER), traffic.ping(self.lab, "proxy", chain.RECEIVER6),
                  traffic.web(self.lab, "proxy", chain.RECEIVER, WEB_PORT),
                  traffic.ping(self.lab, "sender", OWN), traffic.ping(self.lab, "sender", OWN6))
        sent = self.stack.tally().sent
        found = self.tally(bare=sent)
        self.assertGreater(sent, 4 * 20)
        self.assertEqual((found.forwarded, found.good, found.stack["restored"]), (0, 0, 0))
        self.assertEqual((found.stack["dropped"], found.stack["not_returned"]), (0, found.taken))
        self.assertEqual(found.taken, found.pushed)
        self.assertEqual((found.port("p0"), found.port("p1")), ({}, {}))

    def test_answers_of_the_stack(self):
        """Resets and ICMP errors for packets that came with a header have none, so they do not leave either."""
        self.stack.rules("insert rule inet lab through tcp dport 8081 reject with tcp reset",
                         "insert rule inet lab through udp dport 8082 reject with icmpx admin-prohibited")
        self.stack.run(config())
        for address, family in ((chain.RECEIVER, "-4"), (chain.RECEIVER6, "-6")):
            self.lab.run("sender", "ping", family, "-q", "-c", 3, "-i", "0.1", "-W", "1", "-t", 1, address, check=False)
            self.assertFalse(traffic.web(self.lab, "sender", address, 8081).good)
            self.lab.run("sender", "/usr/bin/python3", "-c", DATAGRAM, address)
        found = self.tally()
        self.assertEqual(found.good, 0)
        # Three errors for the pings, a reset and an error for the datagram, over IPv4 and IPv6.
        self.assertGreaterEqual(found.sent, 2 * 5)
        self.assertEqual(found.port("p0"), {"from_stack": found.sent})
        self.assertEqual((found.port("p1"), found.stack["dropped"]), ({}, 0))
        self.assertEqual(found.stack["not_returned"], found.pushed)

    def test_plain(self):
        """What comes in without a header leaves without one, through the same ports."""
        edge = self.stack.edges.classifier
        edge.detach("c0")
        edge.attach("c0", "edge_wire", partner="c1", direction=0)
        self.addCleanup(edge.attach, "c0", "edge_push", partner="c1", direction=0)
        self.addCleanup(edge.detach, "c0")
        self.stack.rules(MASQUERADE)
        self.stack.run(config())
        for address in (chain.RECEIVER, chain.RECEIVER6):
            self.good(traffic.ping(self.lab, "sender", address, count=PINGS))
        found = self.tally(bare=2 * PINGS)
        self.assertEqual((found.pushed, found.good), (2 * PINGS, 2 * PINGS))     # the answers
        self.assertEqual(found.forwarded, 4 * PINGS)
        self.plain_passed(found, 2 * PINGS)
        self.good(traffic.web(self.lab, "sender", chain.RECEIVER, WEB_PORT),
                  traffic.iperf(self.lab, "sender", chain.RECEIVER, *BRIEF, name="TCP"))
        self.plain_passed(self.stack.tally(), 2 * PINGS)

    def plain_passed(self, found, least):
        passed = found.port("p0", "passed")
        self.assertEqual(list(passed), ["not_sfc"])
        self.assertGreaterEqual(passed["not_sfc"], least)
        self.assertLessEqual(found.port("p1", "passed").get("not_sfc", 0), found.links_own)
        self.assertEqual((found.port("p0"), found.port("p1")), ({}, {}))
        self.assertEqual((found.wrong, found.stack["dropped"], found.stack["not_returned"]),
                         (0, 0, self.stack.relay_drops()))


class PortThatGoes(Case):
    def test_with_its_relay(self):
        """Without the port nothing is stripped that would leave by it; a new one of its name gets a new relay."""
        self.stack.run(config())
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER))
        before = self.stack.relays()
        self.lab.run("proxy", "ip", "link", "delete", "p1")
        wait_for("the relay of p1 to go", lambda: len(self.stack.relays()) == ENDS)
        self.silent()
        found = self.stack.proxy.stats()
        self.assertEqual(found["counters"]["services"]["out"]["dropped"]["no_next_hop"]["packets"], PINGS)
        self.assertEqual(found["conservation"]["stack"]["not_returned"], 0)
        self.lab.link(("proxy", "p1"), ("classifier", "c2"), chain.MTU_DOMAIN)
        wait_for("a relay for the new p1", lambda: len(self.stack.relays()) == RELAYS * ENDS)
        self.assertNotEqual(self.stack.relays(), before)
        self.stack.switch_off()
        self.assertEqual(self.stack.relays(), [])


class Leavings(Case):
    """What attach and a process that is killed leave, and what detach leaves of that: nothing."""

    def setUp(self):
        super().setUp()
        self.before = self.picture()

    def picture(self):
        """What a detach must bring back: interfaces, programs on them, filters, offloads."""
        found = {}
        for name, link in self.stack.links().items():
            found[name] = (link.get("xdp"), self.lab.run("proxy", "ethtool", "-k", name).stdout,
                           self.lab.run("proxy", "tc", "qdisc", "show", "dev", name).stdout,
                           self.lab.run("proxy", "tc", "filter", "show", "dev", name, "egress").stdout)
        found["net"] = self.lab.run("proxy", "bpftool", "net").stdout
        return found

    def programs(self):
        """Ids of the programs that are pinned."""
        pins = [self.stack.proxy.pin / name for name in ("sfc_strip", "sfc_catch", "sfc_return")]
        return [json.loads(call("bpftool", "-j", "prog", "show", "pinned", pin).stdout)["id"] for pin in pins]

    def attached(self):
        """While it is attached, all of this is really different; or nothing_left would prove nothing."""
        self.assertEqual(len(self.stack.relays()), RELAYS * ENDS)
        self.assertNotEqual(self.picture(), self.before)
        return self.programs()

    def nothing_left(self, programs):
        """A program goes with its last hook, of whatever kind; the kernel takes a moment for it."""
        self.assertEqual(self.stack.relays(), [])
        self.assertFalse(self.stack.proxy.pin.exists())
        self.assertEqual(self.picture(), self.before)
        for number in programs:
            wait_for(f"the end of program {number}",
                     lambda at=number: call("bpftool", "prog", "show", "id", at, check=False).returncode)

    def works(self):
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS))

    def done(self, result, code=0):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stderr

    def test_attach_and_detach(self):
        for _ in range(2):
            self.done(self.stack.attach(config()))
            programs = self.attached()
            self.works()
            self.assertIn("attached already", self.done(self.stack.attach(config()), KERNEL))
            self.assertEqual(self.attached(), programs)
            self.works()
            self.done(self.stack.sfcproxy("detach"))
            self.nothing_left(programs)
        self.done(self.stack.sfcproxy("detach"), KERNEL)    # there is nothing to detach any more

    def test_killed(self):
        self.stack.run(config())
        programs = self.attached()
        self.lab.stop(self.stack.proxy.process, signal.SIGKILL)
        self.works()                                        # packets need no process
        self.assertEqual(self.attached(), programs)
        self.stack.run(config())
        self.assertIn("going on with what is attached under", self.stack.proxy.said())
        self.assertEqual(self.attached(), programs)
        self.works()
        self.lab.stop(self.stack.proxy.process, signal.SIGKILL)
        self.done(self.stack.sfcproxy("detach"))
        self.nothing_left(programs)

    def test_stopped(self):
        self.stack.run(config())
        programs = self.attached()
        self.assertEqual(self.stack.proxy.stop(), 0)
        self.nothing_left(programs)

    def test_generic(self):
        """Refused in one sentence, and nothing is changed."""
        for command in ("attach", "run"):
            with self.subTest(command=command):
                said = self.done(self.stack.attach(config(), "--generic", command=command), KERNEL)
                self.assertEqual(len(said.splitlines()), 1, said)
                for word in ("port 'p0'", "through the stack", "native XDP", "--generic"):
                    self.assertIn(word, said)
                self.nothing_left([])


if __name__ == "__main__":
    unittest.main()
