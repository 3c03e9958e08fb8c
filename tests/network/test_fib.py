# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`next_hop: {fib: [...]}`: each restored packet leaves by the kernel's route, which the programs ask for. The kernel gets
those for a neighbour that is not known yet, or for a tunnel of its own. They have their header then, and a reason of their
own in the equations."""
import ipaddress
import json
import pathlib
import re
import socket
import subprocess
import sys
import unittest

from support import open_lab

from lab.net import wait_for
from lab.proxy import Proxy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "wire"))

import frames as f  # noqa: E402  (the path above comes first)
import nsh_frames as n  # noqa: E402
from scapy.layers.inet import IP, UDP  # noqa: E402
from scapy.utils import rdpcap  # noqa: E402

REMOTE = {4: "203.0.113.9", 6: "2001:db8:9::9"}
LOCAL = {4: "192.0.2.1", 6: "2001:db8:2::1"}
NETWORK = {4: "203.0.113.0/24", 6: "2001:db8:9::/64"}
ROUTERS = {"one": ("e1", {4: "198.51.100.2", 6: "2001:db8:51::2"}), "two": ("e2", {4: "198.51.100.66", 6: "2001:db8:52::2"}),
           "three": ("e3", {4: "198.51.100.130", 6: "2001:db8:53::2"})}
SERVICE = """\
  - name: v{family}
    match: {{encapsulation: nsh, spi: {family}, si: 7}}
    domain: p0
    sf: {{name: fw, in: left}}
    next_hop: {{tunnel: {{remote: "{remote}", local: "{local}"}}, fib: [e1, e2]}}
"""
CONFIG = "sfs:\n  - {name: fw, ports: {left: f0, right: f1}, hold: 5s, probe: off}\nservices:\n" + "".join(
    SERVICE.format(family=family, remote=REMOTE[family], local=LOCAL[family]) for family in REMOTE)
SOURCE = "192.0.2.77"
MARK = b"number 0000"
# Sends numbered frames until it is told to end, or COUNT of them; says how many they were.
SEND = """
import select, socket, sys, time
frame, mark, count = bytes.fromhex(sys.argv[1]), sys.argv[2].encode(), int(sys.argv[3])
at = frame.index(mark) + len(mark) - 4
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
    link.bind(("d0", 0))
    number = 0
    while number < count and not select.select([sys.stdin], [], [], 0.002)[0]:
        link.send(frame[:at] + b"%04d" % number + frame[at + 4:])
        number += 1
print(number)
"""
MOST = 9999


def build(lab):
    """The SF is a bridge in "other"; a router is behind each of e1, e2 and e3, of which the service lists two."""
    lab.namespace("proxy", net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1,
                  net__ipv6__conf__default__keep_addr_on_down=1)
    for role in ("other", *ROUTERS):
        lab.namespace(role, net__ipv6__conf__all__forwarding=1, net__ipv6__conf__default__seg6_enabled=1)
    for port, peer in (("f0", "fw0"), ("f1", "fw1"), ("p0", "d0")):
        lab.link(("proxy", port), ("other", peer), mtu=1600)
    lab.run("other", "ip", "link", "add", "sf", "mtu", 1600, "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
    for device in ("fw0", "fw1"):
        lab.run("other", "ip", "link", "set", device, "master", "sf")
    lab.run("other", "ip", "link", "set", "sf", "up")
    lab.address("proxy", "p0", f"{LOCAL[4]}/24", f"{LOCAL[6]}/64")
    for role, (device, address) in ROUTERS.items():
        lab.link(("proxy", device), (role, "r0"), mtu=1600)
        own = [ipaddress.ip_address(one) - 1 for one in address.values()]
        lab.address("proxy", device, f"{own[0]}/26", f"{own[1]}/64")
        lab.address(role, "r0", f"{address[4]}/26", f"{address[6]}/64")
    lab.run("proxy", "sysctl", "-qw", "net.ipv4.conf.f1.accept_local=1")
    lab.wait_up()


class Fib(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = open_lab()
        cls.addClassCleanup(cls.lab.close)
        build(cls.lab)

    def setUp(self):
        for family in REMOTE:
            self.route(family, "one")
        for role, (_, address) in ROUTERS.items():
            for at in address.values():
                self.know(role, at)
        self.proxy = Proxy(self.lab, CONFIG)
        self.proxy.start()
        self.addCleanup(self.proxy.stop)
        self.proxy.wait_ready()

    def mac(self, role, device="r0"):
        return json.loads(self.lab.run(role, "ip", "-j", "link", "show", device).stdout)[0]["address"]

    def route(self, family, role, *how):
        device, address = ROUTERS[role]
        self.lab.route("proxy", NETWORK[family], *how, "via", address[family], "dev", device)

    def know(self, role, address):
        self.lab.run("proxy", "ip", "neigh", "replace", address, "lladdr", self.mac(role), "nud", "permanent", "dev",
                     ROUTERS[role][0])

    def forget(self, role, address):
        self.lab.run("proxy", "ip", "neigh", "delete", address, "dev", ROUTERS[role][0])

    def hear(self, role):
        """A tcpdump that listens, and its file. All that carries or may carry NSH."""
        path = self.lab.folder / f"{role}.pcap"
        heard = self.lab.start(role, "tcpdump", "-Uni", "r0", "-Z", "root", "-w", path, f"udp port {n.GPE_PORT} or ip6 proto 43",
                               stderr=subprocess.PIPE, text=True)
        heard.stderr.readline()
        return heard, path

    def lines(self, path):
        """Of the packets so far; the last one may not be whole yet."""
        return subprocess.run(["tcpdump", "-enr", path], capture_output=True, text=True, check=False).stdout.splitlines()

    def frame(self, family, size=0, **ip):
        packet = bytes(IP(src=SOURCE, dst="192.0.2.78", **ip) / UDP(sport=7, dport=9, chksum=0) / (MARK + bytes(size)))
        return n.gpe(n.nsh(packet, spi=family), family, ip={"dst": LOCAL[family]}, dst=self.mac("proxy", "p0"),
                     src=self.mac("other", "d0"), **({"udp": {"chksum": 0}} if family == 4 else {}))

    def sender(self, family, count=MOST, size=0, **ip):
        """Over IPv6 one packet at most: its checksum is that of number 0."""
        return self.lab.start("other", sys.executable, "-c", SEND, self.frame(family, size, **ip).hex(), MARK.decode(), count,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, family, count=1, size=0, **ip):
        sender = self.sender(family, count, size, **ip)
        self.assertEqual(sender.wait(30), 0)
        self.assertEqual(sender.stdout.read(), f"{count}\n")

    def sums(self):
        stats = self.proxy.stats()
        return stats["conservation"], stats["counters"]["services"]

    def ends(self, family, count=1, **reasons):
        """All have come back, and ended so: by key of the counters, as fib_neighbour or dropped_no_next_hop."""
        def claimed():
            return self.sums()[1][f"v{family}"]["claimed"]["packets"] >= count
        wait_for("the packets to come back", claimed)
        sums, services = self.sums()
        service = services[f"v{family}"]
        found = {reason: cell["packets"] for reason, cell in service["passed_after_claim"].items()}
        found |= {f"dropped_{reason}": cell["packets"] for reason, cell in service["dropped_after_claim"].items()}
        found |= {"restored": service["restored"]["packets"]} if service["restored"]["packets"] else {}
        self.assertEqual(found, reasons)
        side = sums["sf"]
        self.assertTrue(sums["balanced"])
        self.assertEqual(service["claimed"]["packets"], count)
        self.assertEqual(side["claimed"], side["restored"] + side["passed_after_claim"] + side["dropped_after_claim"])
        print(f"  {self.id().split('.')[-1]}: {found}", flush=True)

    def heard(self, role, count, action):
        """The lines of that many packets that arrive there when `action` is done."""
        process, path = self.hear(role)
        action()
        wait_for(f"{count} packets at {role}", lambda: len(self.lines(path)) >= count)
        self.lab.stop(process)
        return self.lines(path)

    def test_both_versions_by_their_routes(self):
        for family in REMOTE:
            line = self.heard("one", 1, lambda at=family: self.send(at))[0]
            self.assertIn(f"{self.mac('proxy', 'e1')} > {self.mac('one')}", line)
            self.assertRegex(line, rf"{LOCAL[family]}\.\d+ > {REMOTE[family]}\.{n.GPE_PORT}: ")
            self.ends(family, restored=1)

    def test_a_route_that_moves(self):
        """While traffic runs, the next packet follows: no packet is lost, and none goes the old way behind a new one."""
        files = {role: self.hear(role) for role in ("one", "two")}
        sender = self.sender(4)
        wait_for("packets at one", lambda: len(self.lines(files["one"][1])) >= 20)
        self.route(4, "two")
        wait_for("packets at two", lambda: len(self.lines(files["two"][1])) >= 20)
        count = int(sender.communicate("\n")[0])
        numbers = {}

        def read():
            for role, (_, path) in files.items():
                numbers[role] = [int(word) for word in re.findall(rb"number (\d{4})", path.read_bytes())]
            return sum(map(len, numbers.values())) >= count
        wait_for("all packets", read)
        self.assertEqual(numbers["one"] + numbers["two"], list(range(count)))
        for process, _ in files.values():
            self.lab.stop(process)
        self.ends(4, count, restored=count)

    def test_a_neighbour_that_is_not_known(self):
        """The first packet gets there by the kernel, which asks for the neighbour; then the programs know its MAC."""
        for family in REMOTE:
            address = ROUTERS["one"][1][family]
            self.forget("one", address)
            first = self.heard("one", 1, lambda at=family: self.send(at))[0]
            self.assertRegex(first, rf"{LOCAL[family]}\.\d+ > {REMOTE[family]}\.{n.GPE_PORT}: ")
            wait_for("the neighbour", lambda at=address: self.mac("one") in self.lab.run("proxy", "ip", "neigh", "show", at).stdout)
            self.heard("one", 1, lambda at=family: self.send(at))
        service = self.sums()[1]
        for family in REMOTE:
            counted = service[f"v{family}"]
            self.assertEqual((counted["passed_after_claim"]["fib_neighbour"]["packets"], counted["restored"]["packets"]), (1, 1))
        self.assertTrue(self.sums()[0]["balanced"])

    def test_a_route_into_a_tunnel_of_the_kernel(self):
        """Segment routing: the kernel puts the packet, with its own header, behind an SRH."""
        segment = ROUTERS["one"][1][6]
        self.route(6, "one", "encap", "seg6", "mode", "encap", "segs", segment)
        line = self.heard("one", 1, lambda: self.send(6))[0]
        self.assertIn("RT6", line)
        self.assertIn(segment, line)
        self.ends(6, fib_tunnel=1)

    def test_no_route(self):
        for family in REMOTE:
            self.lab.run("proxy", "ip", "route", "delete", NETWORK[family])
        self.send(4)
        self.ends(4, dropped_no_next_hop=1)

    def test_a_route_by_an_interface_that_is_not_listed(self):
        self.route(4, "three")
        self.send(4)
        self.ends(4, dropped_no_next_hop=1)
        self.forget("three", ROUTERS["three"][1][4])
        self.send(4)
        self.ends(4, 2, dropped_no_next_hop=2)

    def test_the_smaller_of_two_mtus(self):
        """A packet that fits the other port is stripped, and judged by the port that the route leads to."""
        self.lab.run("proxy", "ip", "link", "set", "e1", "mtu", 1500)
        self.addCleanup(self.lab.run, "proxy", "ip", "link", "set", "e1", "mtu", 1600)
        wait_for("the MTU", lambda: {p["name"]: p["mtu"] for p in self.proxy.status()["ports"]}["e1"] == 1500)
        size = 1501 - (len(self.frame(4)) - 14)
        self.send(4, 1, size - 1)
        self.ends(4, restored=1)
        self.send(4, 1, size)
        self.ends(4, 2, restored=1, dropped_too_big=1)
        self.route(4, "two")
        self.send(4, 1, size)
        self.ends(4, 3, restored=2, dropped_too_big=1)

    def told(self, family, size):
        """Sends a packet that must not be fragmented, so that its restored one has `size` bytes. Returns the MTU that its sender is told,
        by the message that arrives at the first router: RFC 1191 4, in the header of the packet."""
        process, path = self.hear("one")
        self.send(family, 1, size - (len(self.frame(family)) - 14), flags="DF")
        wait_for("the message", lambda: self.lines(path))
        self.lab.stop(process)
        frame, = map(bytes, rdpcap(str(path)))
        header = n.gpe_header() + n.nsh(b"", n.IPV4, spi=family, si=6)
        packet = frame[frame.index(header[8:]) + len(header) - 8:]
        self.assertEqual((packet[9], socket.inet_ntoa(packet[16:20]), packet[20:22].hex()), (1, SOURCE, "0304"))
        self.assertEqual(packet[20 + 8:][12:16], packet[16:20])
        return int.from_bytes(packet[26:28], "big")

    def test_the_sender_is_told(self):
        """The MTU is that of the way that the packet would have taken: of a port, of a route, or of a tunnel of the kernel. The message
        takes that way, by the kernel where packets do."""
        for device, mtu in (("e1", 1500), ("e2", 1550)):
            self.lab.run("proxy", "ip", "link", "set", device, "mtu", mtu)
            self.addCleanup(self.lab.run, "proxy", "ip", "link", "set", device, "mtu", 1600)
            wait_for("the MTU", lambda at=device, new=mtu: self.port(at)["mtu"] == new)
        for family, header in ((4, 60), (6, 80)):
            self.assertEqual(self.told(family, 1501), 1500 - header)
            self.route(family, "one", "mtu", "lock", "1450")     # or a forwarder looks at the port alone
            self.assertEqual(self.told(family, 1451), 1450 - header)
            address = ROUTERS["one"][1][family]
            self.forget("one", address)
            self.assertEqual(self.told(family, 1451), 1450 - header)
            self.know("one", address)
            self.assertEqual(self.told(family, 1590), 1550 - header)     # strip knows no more than the largest of the ports' MTUs
        self.route(6, "one", "encap", "seg6", "mode", "encap", "segs", ROUTERS["one"][1][6])
        self.assertEqual(self.told(6, 1501), 1500 - 64 - 80)                 # a header of IPv6, and a list of one segment
        service = self.sums()[1]
        self.assertEqual({family: service[f"v{family}"]["icmp_sent"]["fragmentation_needed"]["packets"] for family in REMOTE},
                         {4: 4, 6: 5})
        self.assertTrue(self.sums()[0]["balanced"])

    def test_no_port_is_there(self):
        """Nothing is stripped then; with one of them packets go on."""
        self.addCleanup(self.lab.wait_up)
        for device in ("e1", "e2"):
            self.addCleanup(self.lab.run, "proxy", "ip", "link", "set", device, "up")
        self.route(4, "two")
        self.lab.run("proxy", "ip", "link", "set", "e1", "down")
        wait_for("e1 to go", lambda: not self.port("e1")["receives"])
        self.send(4)
        self.ends(4, restored=1)
        self.lab.run("proxy", "ip", "link", "set", "e2", "down")
        wait_for("e2 to go", lambda: not self.port("e2")["receives"])
        self.send(4)
        wait_for("the drop", lambda: "no_next_hop" in self.sums()[1]["v4"]["dropped"])
        self.ends(4, restored=1)

    def port(self, name):
        return next(port for port in self.proxy.status()["ports"] if port["name"] == name)

    def test_what_keeps_packets_is_named(self):
        """`status` has the sentence and the command that mends it."""
        for key, sentence in (
                ("net/ipv4/conf/f1/accept_local=0", "interface 'f1' takes no packet from 192.0.2.1, an address of this host"),
                ("net/ipv4/conf/f1/rp_filter=2", "the reverse path filter of 'f1' drops packets from 192.0.2.1, an address of "
                                                 "this host"),
                ("net/ipv4/conf/f1/forwarding=0", "interface 'f1' does not forward IPv4"),
                ("net/ipv6/conf/f1/forwarding=0", "interface 'f1' does not forward IPv6"),
                ("net/ipv6/conf/f1/disable_ipv6=1", "IPv6 is off at interface 'f1'")):
            self.lab.run("proxy", "sysctl", "-qw", key)
            said = self.proxy.status()["not_ready_because"]
            self.assertEqual(len(said), 1, said)
            self.assertRegex(said[0], rf"^{re.escape(sentence)}; run '.*'$")
            self.lab.run("proxy", *re.search(r"run '(.*)'$", said[0])[1].split())
            self.assertTrue(self.proxy.status()["ready"])
            print(f"  {said[0]}")

    def test_status_names_the_ports(self):
        hop = next(service["next_hop"] for service in self.proxy.status()["services"] if service["name"] == "v4")
        self.assertEqual(hop, {"fib": ["e1", "e2"], "ready": True})


if __name__ == "__main__":
    unittest.main()
