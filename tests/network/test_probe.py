# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The proxy sends a packet of its own through the SFs that it is attached to, and says what it finds out. This packet
goes nowhere and stands in every account."""
import json
import subprocess
import unittest

from kernel_case import KernelCase
from support import NetworkTest

from lab import chain, traffic
from lab.bench import BY_IP, config as ports_config
from lab.net import wait_for
from lab.proxy import Proxy
from lab.service_functions import Routed
from lab.kernel_mode import MASQUERADE, SfKernel, config, kernel_ports_config

AGAIN = 5               # seconds within which a lost probe is looked at again
COPIES = 4              # of a probe through a kernel
MARK = "{mark: 0xffffff80}"
# An SF in a process: it reads packets from a TUN device and writes them back, and the kernel takes them for new ones.
TUN = """
import fcntl, os, struct, subprocess, sys
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"tun0", 0x1001))    # TUNSETIFF: IFF_TUN, IFF_NO_PI
for command in ("ip link set tun0 up", "ip route add default dev tun0 table 7", "ip rule add iif fw0 table 7"):
    subprocess.run(command.split(), check=True)
print("ready", flush=True)
while True:
    packet = os.read(tun, 2048)
    if packet[0] == 0x45:
        packet = packet[:12] + (bytes([10, 0, 1, 9]) if sys.argv[1] == "nat" else packet[12:16]) + packet[16:]
        head = packet[:10] + bytes(2) + packet[12:20]
        total = sum(struct.unpack("!10H", head))
        total = (total & 0xffff) + (total >> 16)
        os.write(tun, head[:10] + struct.pack("!H", ~total & 0xffff) + head[12:] + packet[20:26] + bytes(2) + packet[28:])
"""
BOTH = {("p0", "p1", 4), ("p1", "p0", 4), ("p0", "p1", 6), ("p1", "p0", 6)}
HOSTS = (("p0", "sender", "s0", chain.SENDER, chain.SENDER6), ("p1", "receiver", "r0", chain.RECEIVER, chain.RECEIVER6))


def found(status):
    """(from, to, IP version) to (outcome, sentence)."""
    return {(probe["from"], probe["to"], probe["ip"]): (probe["outcome"], probe["text"]) for probe in status["probes"]}


def over(status):
    """Whether all that could be sent has been judged; not before the proxy has begun with it."""
    return status["probes"] and {"waiting", "in_flight"}.isdisjoint(outcomes(status).values())


def outcomes(status):
    return {way: outcome for way, (outcome, _) in found(status).items()}


class Kernel(KernelCase):
    """The SF is the kernel of this host, and the sender and the receiver are neighbours that it knows."""

    def setUp(self):
        super().setUp()
        self.neighbours("replace")
        self.addCleanup(self.neighbours, "delete")

    def neighbours(self, verb, *ports):
        for device, role, peer, *addresses in HOSTS:
            mac = json.loads(self.lab.run(role, "ip", "-j", "link", "show", peer).stdout)[0]["address"]
            for address in addresses if not ports or device in ports else ():
                self.lab.run("proxy", "ip", "neighbour", verb, address, "lladdr", mac, "dev", device, "nud", "permanent",
                             check=verb != "delete")

    def attach(self, text):
        """Returns what it said, and what status says."""
        self.before = self.kernel.edges.arrived()
        done = self.kernel.attach(text)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout, self.kernel.proxy.status()

    def ended(self, ways):
        """All probes that were met are counted as that, none got to the hosts, and the account is balanced."""
        stats = self.kernel.proxy.stats()
        self.assertTrue(stats["conservation"]["balanced"])
        counted = [port["dropped_after_claim"] for port in stats["counters"]["domain_ports"].values()]
        self.assertEqual(sum(each.get("probe", {"packets": 0})["packets"] for each in counted), COPIES * ways)
        self.assertEqual(set().union(*counted) - {"probe"}, set())
        self.assertEqual(stats["conservation"]["kernel"]["to_kernel"], 0)
        for before, now in zip(self.before, self.kernel.edges.arrived()):
            self.assertEqual((now["bare"], now["wrong"]), (before["bare"], before["wrong"]))

    def test_masquerade(self):
        self.kernel.rules(MASQUERADE)
        said, status = self.attach(config())
        self.assertEqual(outcomes(status), {way: "survives" for way in BOTH})
        self.assertIn("SF 'nat' from 'p0' to 'p1' (IPv4 and IPv6): the ticket survives in the metadata", said)
        self.assertNotIn("warning", said)
        self.ended(4)
        self.assertIn("the ticket survives in the metadata", self.kernel.sfcproxy("status").stdout)
        self.kernel.mark()
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=10))
        self.assertEqual(self.tally().good, 20)

    def test_raw_socket(self):
        self.tap("p0")
        said, status = self.attach(config())
        self.assertEqual(outcomes(status), {way: "cleared" if way[0] == "p0" else "survives" for way in BOTH})
        self.assertIn("warning: SF 'nat' from 'p0' to 'p1' (IPv4 and IPv6): the kernel clears metadata on the way from 'p0' "
                      "to 'p1' (a raw socket on 'p0'?): give the SF bits of the mark, 'stack: {mark: ...}'", said)
        self.ended(4)
        self.kernel.switch_off()
        said, status = self.attach(config(stack=MARK, capacity=4096))
        self.assertEqual(outcomes(status), {way: "survives" for way in BOTH})
        self.assertIn("the ticket survives in the mark", said)
        self.ended(4)

    def test_no_way_out(self):
        """A rule that drops it, and a route that leads where nothing may leave."""
        self.kernel.rules("insert rule inet lab through iif p0 udp dport 9 drop")
        said, status = self.attach(config(out="p1", back="p1"))
        lost = "did not come out: a rule drops it, or there is no route"
        self.assertEqual(found(status)["p0", "p1", 4], ("lost", lost))
        self.assertIn(f"warning: SF 'nat' from 'p0' to 'p1' (IPv4 and IPv6): {lost}", said)
        self.ended(2)       # those from p1 to p1, made up on one side
        self.kernel.switch_off()
        self.lab.run("proxy", "ip", "route", "add", f"{chain.RECEIVER}/32", "dev", "p0")
        self.addCleanup(self.lab.run, "proxy", "ip", "route", "delete", f"{chain.RECEIVER}/32", "dev", "p0")
        self.lab.run("proxy", "ip", "neighbour", "replace", chain.RECEIVER, "lladdr", "02:00:00:00:00:77", "dev", "p0")
        self.addCleanup(self.lab.run, "proxy", "ip", "neighbour", "delete", chain.RECEIVER, "dev", "p0")
        self.kernel.rules()
        said, status = self.attach(config())
        self.assertEqual(outcomes(status), {way: "elsewhere" if way == ("p0", "p1", 4) else "survives" for way in BOTH})
        self.assertIn("came out at 'p0', which is not among the 'egress' of its services (p1): a route leads there", said)
        self.ended(4)

    def test_forwarding_later(self):
        self.addCleanup(self.lab.run, "proxy", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv4.ip_forward=0")
        proxy = self.kernel.proxy = Proxy(self.lab, config())
        proxy.start()
        wait_for("the probes", lambda: proxy.status().get("probes") and over(proxy.status()))
        self.assertEqual(outcomes(proxy.status()), {way: "lost" if way[2] == 4 else "survives" for way in BOTH})
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        wait_for("other probes", lambda: set(outcomes(proxy.status()).values()) == {"survives"}, seconds=AGAIN)
        self.assertTrue(proxy.stats()["conservation"]["balanced"])

    def test_off(self):
        said, status = self.attach(config().replace("stack: true", "stack: true, probe: off"))
        self.assertEqual((status["probes"], "probe" in said), ([], False))
        self.ended(0)

    def test_neighbour_that_comes_later(self):
        self.neighbours("delete", "p1")
        self.lab.run("proxy", "ip", "neighbour", "flush", "dev", "p1")
        waiting = "not probed: no neighbour is known at port 'p1' yet"
        said, status = self.attach(config())
        self.assertEqual(found(status)["p0", "p1", 4], ("waiting", waiting))
        self.assertEqual(outcomes(status)["p1", "p0", 4], "survives")
        self.assertIn(f"SF 'nat' from 'p0' to 'p1' (IPv4 and IPv6): {waiting}", said)
        self.kernel.switch_off()
        self.kernel.run(config())
        wait_for("the first look", lambda: found(self.kernel.proxy.status()).get(("p0", "p1", 4)) == ("waiting", waiting))
        self.neighbours("replace", "p1")
        wait_for("probes to the neighbours", lambda: set(outcomes(self.kernel.proxy.status()).values()) == {"survives"})
        self.ended(4)
        for version in ("IPv4", "IPv6"):    # the neighbours come one after the other, so it may say so in one line or in two
            self.assertRegex(self.kernel.proxy.said(), rf"SF 'nat' from 'p0' to 'p1' \([^)]*{version}[^)]*\): the ticket survives")


class Container(KernelCase):
    """The SF is the kernel of another namespace."""
    kind = SfKernel

    def found(self, stack="true"):
        self.kernel.run(kernel_ports_config(self.lab, stack))
        wait_for("the probes", lambda: over(self.kernel.proxy.status()))
        status = self.kernel.proxy.status()
        stats = self.kernel.proxy.stats()
        self.assertTrue(stats["conservation"]["balanced"])
        dropped = [port["dropped"] for port in stats["counters"]["sf_ports"].values()]
        self.assertEqual([each["probe"]["packets"] for each in dropped], 2 * [COPIES])
        return found(status)

    def test_ticket(self):
        self.kernel.rules(MASQUERADE)
        ways = self.found()
        self.assertEqual([text for outcome, text in ways.values() if outcome != "no_address"],
                         2 * ["the ticket survives in the metadata"])
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=10))
        self.assertEqual(self.tally().good, 20)
        self.kernel.switch_off()
        tap = self.tap("fw0", role="SF")
        cleared = [text for outcome, text in self.found().values() if outcome == "cleared"]
        self.assertEqual(len(cleared), 1)
        self.assertIn("the kernel clears metadata on the way from", cleared[0])
        self.kernel.switch_off()
        self.assertEqual({outcome for outcome, _ in self.found(MARK).values()}, {"survives", "no_address"})
        self.lab.stop(tap)


    def test_process(self):
        """An SF in a process fits no mode: no finding sends anybody from one mode to the next."""
        self.tun("plain")
        for stack in ("true", MARK):
            ways = self.found(stack)
            self.assertIn(("cleared", "the ticket is lost on the way from "
                           f"'{self.port(0)}' to '{self.port(1)}': 'tun0' leads to a process, which makes packets anew, and "
                           "that fits no mode"), ways.values())
            self.kernel.switch_off()

    def port(self, side):
        return f"{self.lab.name('SF')}/fw{side}"

    def tun(self, what):
        process = self.lab.start("SF", "/usr/bin/python3", "-c", TUN, what, stdout=subprocess.PIPE)
        self.addCleanup(self.lab.run, "SF", "ip", "rule", "delete", "table", "7", check=False)
        self.addCleanup(self.lab.stop, process)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.readline(), b"ready\n")


class Ports(NetworkTest):
    """The SF has ports, and its packets are known by their fields."""
    sf = Routed

    def found(self, sf=""):
        self.bench.run(ports_config(BY_IP, sf=sf))
        wait_for("the probes", lambda: sf or over(self.bench.proxy.status()))
        return self.counted()

    def counted(self):
        dropped = [port["dropped"] for port in self.bench.proxy.stats()["counters"]["sf_ports"].values()]
        return found(self.bench.proxy.status()), sum(each.get("probe", {"packets": 0})["packets"] for each in dropped)

    def test_fits(self):
        ways, counted = self.found()
        fits = ("fits", "user mode fits: the SF leaves the key's fields of UDP alone; TCP's sequence numbers were not probed")
        self.assertEqual((ways["f0", "f1", 4], ways["f1", "f0", 4], counted), (fits, fits, 2))
        self.assertEqual(ways["f0", "f1", 6][0], "no_address")
        self.assertIn("SF 'fn' from 'f0' to 'f1' (IPv4): user mode fits", self.bench.proxy.said())
        self.exercise([chain.RECEIVER])
        self.settled()

    def test_masquerade(self):
        self.lab.run("SF", "nft", "add table ip nat; add chain ip nat from { type nat hook postrouting priority srcnat; }; "
                                  "add rule ip nat from oif fw1 masquerade")
        self.addCleanup(self.lab.run, "SF", "nft", "delete", "table", "ip", "nat")
        ways, counted = self.found()
        self.assertEqual((ways["f0", "f1", 4][0], ways["f1", "f0", 4][0], counted), ("changed", "fits", 2))
        self.assertIn("warning: SF 'fn' from 'f0' to 'f1' (IPv4): the SF changes the source address, so its packets come "
                      "back as 'miss'; if the SF is a kernel, give it 'stack: true' with its 'ports'",
                      self.bench.proxy.said())
        self.assertTrue(self.bench.proxy.stats()["conservation"]["balanced"])

    def outcome(self, six=False):
        return found(self.bench.proxy.status())["f0", "f1", 6 if six else 4]

    def test_no_forwarding(self):
        """Read where the SF is; and what is mended there is probed again."""
        self.addCleanup(self.lab.run, "SF", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.lab.run("SF", "sysctl", "-qw", "net.ipv4.ip_forward=0")
        ways, counted = self.found()
        self.assertEqual((ways["f0", "f1", 4], counted), (
            ("lost", f"did not come back: in network namespace '{self.lab.name('SF')}', the kernel does not forward IPv4; run "
                     "'sysctl -w net.ipv4.ip_forward=1'"), 0))
        self.lab.run("SF", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        wait_for("another probe", lambda: self.outcome()[0] == "fits", seconds=AGAIN)
        self.assertIn("info: SF 'fn' from 'f0' to 'f1' (IPv4): user mode fits", self.bench.proxy.said())
        self.assertEqual(self.counted()[1], 2)

    def test_wrong_mac(self):
        wrong = tuple(f'{{interface: {port}, mac: "02:00:00:00:00:77"}}' for port in ("f0", "f1"))
        self.bench.run(ports_config(wrong))
        wait_for("the probes", lambda: over(self.bench.proxy.status()))
        self.assertEqual(self.outcome(), ("lost", "did not come back: the SF does not forward, drops it, is not running, has no "
                                                  "route, or its MAC at 'f0' is not 02:00:00:00:00:77"))

    def test_packets_come_back(self):
        """A rule that drops probes alone: packets since tell more."""
        self.lab.run("SF", "nft", "add table inet nine; add chain inet nine c { type filter hook forward priority 0; }; "
                                  "add rule inet nine c udp dport 9 drop")
        self.addCleanup(self.lab.run, "SF", "nft", "delete", "table", "inet", "nine")
        self.found()
        self.assertEqual(self.outcome(), ("lost", "did not come back: the SF does not forward, drops it, is not running, or has "
                                                  "no route"))
        self.exercise([chain.RECEIVER])
        wait_for("what packets tell", lambda: self.outcome()[0] == "passes", seconds=AGAIN)
        self.assertEqual(self.outcome()[1], "its probe did not come back, but packets of its services have since")
        self.assertEqual([probe for probe in self.bench.proxy.status()["probes"] if probe["warning"]], [])
        self.settled()

    def test_process_that_translates(self):
        Container.tun(self, "nat")
        ways, _ = self.found()
        self.assertEqual(ways["f0", "f1", 4][0], "changed")
        self.assertIn("'tun0' leads to a process in there, and an SF whose process translates addresses fits no mode",
                      ways["f0", "f1", 4][1])

    def test_off(self):
        self.assertEqual(self.found("probe: off"), ({}, 0))
        self.exercise([chain.RECEIVER])
        self.settled()
        self.assertEqual(self.counted(), ({}, 0))


if __name__ == "__main__":
    unittest.main()
