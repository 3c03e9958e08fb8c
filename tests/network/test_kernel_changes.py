# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A kernel as the SF gives back another packet than it got: fragments, IPv6 where there was IPv4. What leaves follows
from the packet as it leaves, and nothing leaves bare."""
import json
import subprocess
import unittest

import ports
from support import open_lab

from lab.net import wait_for

MARK = "{mark: 0xffffff80}"
MPLS, NSH, IPV4, IPV6 = "8847", "894f", "0800", "86dd"
SENDER, RECEIVER, WRAPPED = "192.0.2.10", "198.51.100.10", "203.0.113.5"
SEGMENT = "2001:db8:99::1"
TAIL = """
  - {{name: out, match: {{encapsulation: mpls, label: 16001}}, domain: p0, {way}, last_label: plain}}
  - {{name: path, match: {{encapsulation: nsh, spi: 5, si: 7}}, domain: p0, {way}}}
"""
HOST = """
cache: {{capacity: 4096}}
sfs:
  - {{name: fw, probe: off, stack: {stack}}}
services:""" + TAIL.replace("{way}", "sf: {{name: fw}}, egress: [p1]")
PORTS = """
cache: {{capacity: 4096}}
sfs:
  - {{name: fw, probe: off, stack: {stack}, netns: {netns}, ports: {{left: {{interface: fw0, mac: "{fw0}"}}, right: {{interface: fw1, mac: "{fw1}"}}}}}}
services:""" + TAIL.replace("{way}", 'sf: {{name: fw, in: left}}, next_hop: {{interface: p1, mac: "{d0}"}}')
# Frames that come in, without those that arrive by themselves: a line each, from behind the MACs on.
LISTEN = """
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("d0", 3))
s.settimeout(5)     # then the test finds a frame missing
print("ready", flush=True)
while True:
    frame = s.recv(2000)
    if frame[12:14] in (b"\\x88\\x47", b"\\x89\\x4f", b"\\x08\\x00") or (frame[12:14] == b"\\x86\\xdd" and frame[20] == 43):
        print(frame[12:].hex(), flush=True)
"""
SEND = """
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("u0", 0))
for frame in sys.argv[1:]:
    s.send(bytes.fromhex(frame))
"""


def entry(label, ttl, bottom=1):
    return (label << 12 | bottom << 8 | ttl).to_bytes(4, "big").hex()


def nsh(si, proto, contexts=""):
    """RFC 8300 2.2, 2.3: MD type 2 with a context header, service path 5."""
    return f"0fc{2 + len(contexts) // 8}02{proto:02x}" f"000005{si:02x}" + contexts


def ipv4(to, size, ident=1, ttl=64):
    from scapy.layers.inet import IP, UDP
    return bytes(IP(src=SENDER, dst=to, id=ident, ttl=ttl) / UDP(sport=1000, dport=2000) / bytes(size - 28))


class Changes(unittest.TestCase):
    """Where packets go through the proxy's own kernel. The other class has a namespace with ports."""
    at, out, hop6 = "proxy", "p1", "2001:db8:2::10"

    @classmethod
    def setUpClass(cls):
        cls.lab = lab = open_lab()
        cls.addClassCleanup(lab.close)
        for role in ("up", "proxy", "down", "SF"):
            lab.namespace(role, net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1, net__ipv6__conf__all__seg6_enabled=1)
        for left, right in ((("up", "u0"), ("proxy", "p0")), (("proxy", "p1"), ("down", "d0"))):
            lab.link(left, right, mtu=1600)
        for port in (0, 1):
            lab.link(("proxy", f"f{port}"), ("SF", f"fw{port}"))
            lab.address("SF", f"fw{port}", f"10.0.{port}.2/24", f"2001:db8:1{port}::2/64")
        lab.address("proxy", "p0", "192.0.2.1/24")
        lab.address("proxy", "p1", "198.51.100.1/24", "2001:db8:2::1/64")
        lab.wait_up()
        cls.routes()

    @classmethod
    def routes(cls):
        """RECEIVER is reached by packets of 1300 bytes, WRAPPED in an IPv6 packet with a segment routing header."""
        lab = cls.lab
        hop = cls.next_hop()
        for address in (hop, cls.hop6):
            lab.run(cls.at, "ip", "neighbour", "replace", address, "lladdr", cls.mac(*cls.behind()), "dev", cls.out)
        lab.run(cls.at, "ip", "route", "replace", f"{RECEIVER}/32", "via", hop, "dev", cls.out, "mtu", 1300)
        lab.run(cls.at, "ip", "-6", "route", "add", f"{SEGMENT}/128", "via", cls.hop6, "dev", cls.out)
        lab.run(cls.at, "ip", "route", "add", f"{WRAPPED}/32", "encap", "seg6", "mode", "encap", "segs", SEGMENT, "dev", cls.out)

    @classmethod
    def next_hop(cls):
        return "198.51.100.11"

    @classmethod
    def behind(cls):
        return "down", "d0"

    @classmethod
    def mac(cls, role, device):
        return json.loads(cls.lab.run(role, "ip", "-j", "link", "show", device).stdout)[0]["address"]

    def config(self, stack):
        return HOST.format(stack=stack)

    def pass_through(self, stack, count, *packets, kind=MPLS):
        """Each packet is (header, bytes), and `kind` the EtherType. Returns the first `count` frames that arrive, and the statistics."""
        code, _, err = ports.run(self.lab, "attach", text=self.config(stack))
        self.assertEqual(code, 0, err)
        self.addCleanup(ports.run, self.lab, "detach")
        listener = self.lab.start("down", "/usr/bin/python3", "-c", LISTEN, stdout=subprocess.PIPE, text=True)
        self.addCleanup(listener.stdout.close)
        self.addCleanup(self.lab.stop, listener)
        self.assertEqual(listener.stdout.readline(), "ready\n")
        head = self.mac("proxy", "p0").replace(":", "") + "020000000001" + kind
        self.lab.run("up", "/usr/bin/python3", "-c", SEND, *[head + stack + packet.hex() for stack, packet in packets])
        arrived = [bytes.fromhex(listener.stdout.readline().strip()) for _ in range(count)]
        self.assertEqual(sum(map(bool, arrived)), count, ports.run(self.lab, "stats")[1])
        stats = wait_for("all packets", lambda: self.settled(len(packets)))
        return arrived, stats

    def settled(self, count):
        stats = json.loads(ports.run(self.lab, "stats", "-j")[1])
        return stats if stats["conservation"]["kernel"]["to_kernel"] == count and self.out_of(stats) >= count else None

    @staticmethod
    def out_of(stats):
        """Frames that have come out of the kernel, with a header or without."""
        counters = stats["counters"]
        lost = sum(cell["packets"] for group in ("domain_ports", "egress_ports", "sf_ports")
                   for port in counters.get(group, {}).values() for kind in ("dropped", "dropped_after_claim")
                   for cell in port.get(kind, {}).values())
        return stats["conservation"]["kernel"]["restored"] + lost

    def reasons(self, stats):
        return {reason: cell["packets"] for reason, cell in
                stats["counters"]["egress_ports"]["p1"]["dropped_after_claim"].items()}

    def test_fragments_have_the_header(self):
        """With a mark. The kernel makes two of each but the first, and the account is exact."""
        sent = [(entry(16001, 60, 0) + entry(17004, 70), ipv4(RECEIVER, size, size)) for size in (1200, 1400, 1401, 1402)]
        arrived, stats = self.pass_through(MARK, 7, *sent)
        self.assertEqual({frame[:6].hex() for frame in arrived}, {MPLS + entry(17004, 59)})
        offsets = [int.from_bytes(frame[12:14], "big") for frame in arrived]
        self.assertEqual(sorted(offsets), [0] + [0xa0] * 3 + [0x2000] * 3)
        kernel = stats["conservation"]["kernel"]
        self.assertEqual(kernel, {"to_kernel": 4, "fragments": 3, "restored": 7, "dropped": 0, "not_returned": 0})
        self.assertTrue(stats["conservation"]["balanced"])

    def test_fragments_that_lost_it(self):
        """In metadata a ticket does not outlive it: a reason of its own, and nothing leaves bare. A kernel may make no
        further fragment where the first one is dropped."""
        sent = [(entry(16001, 60, 0) + entry(17004, 70), ipv4(RECEIVER, size, size)) for size in (1400, 1200)]
        arrived, stats = self.pass_through("true", 1, *sent)
        self.assertEqual([(frame[:6].hex(), int.from_bytes(frame[8:10], "big")) for frame in arrived],
                         [(MPLS + entry(17004, 59), 1200)])
        self.assertEqual(set(self.reasons(stats)), {"fragment"})
        self.assertIn("mark", stats["hints"]["fragment"])
        self.assertTrue(stats["conservation"]["balanced"])

    def test_fragments_have_the_nsh(self):
        """The same header for all of them, ready as it is kept."""
        contexts = "0123" "01" "03" "a1a2a300"
        sent = [(nsh(7, 1, contexts), ipv4(RECEIVER, size, size)) for size in (1200, 1400, 1402)]
        arrived, stats = self.pass_through(MARK, 5, *sent, kind=NSH)
        self.assertEqual({frame[:18].hex() for frame in arrived}, {NSH + nsh(6, 1, contexts)})
        offsets = [int.from_bytes(frame[24:26], "big") for frame in arrived]
        self.assertEqual(sorted(offsets), [0] + [0xa0] * 2 + [0x2000] * 2)
        self.assertTrue(stats["conservation"]["balanced"])

    def test_another_version_behind_nsh(self):
        """IPv4 goes in and comes out behind an IPv6 header: the last next protocol says so (RFC 8300 2.2, RFC 9452 4).
        Where labels stand in between, there is none to change."""
        packet = ipv4(WRAPPED, 100)
        behind = [("", 1, "", 2), (nsh(0, 1), 4, nsh(0, 2), 4), ("0002000111223344", 6, "0002000211223344", 6),
                  (entry(17, 60), 5, entry(17, 60), 5)]
        arrived, _ = self.pass_through(MARK, 4, *[(nsh(7, proto) + rest, packet) for rest, proto, _, _ in behind], kind=NSH)
        heads = [NSH + nsh(6, proto) + rest for _, _, rest, proto in behind]
        self.assertEqual([frame[:len(head) // 2].hex() for frame, head in zip(arrived, heads)], heads)
        self.assertEqual([frame[len(head) // 2] >> 4 for frame, head in zip(arrived, heads)], [6] * 4)

    def test_another_version(self):
        """IPv4 goes in, and comes out behind an IPv6 header: the EtherType and an explicit null say so. The outer
        header's hop limit follows from the last label."""
        packet = ipv4(WRAPPED, 100)
        arrived, _ = self.pass_through(MARK, 3, (entry(16001, 20), packet), (entry(16001, 20, 0) + entry(0, 60), packet),
                                       (entry(16001, 20, 0) + entry(17004, 60), packet))
        heads = [IPV6, MPLS + entry(2, 19), MPLS + entry(17004, 19)]
        self.assertEqual([frame[:len(head) // 2].hex() for frame, head in zip(arrived, heads)], heads)
        self.assertEqual([frame[len(head) // 2] >> 4 for frame, head in zip(arrived, heads)], [6] * 3)
        self.assertEqual(arrived[0][2 + 7], 19)


class ChangesBehindPorts(Changes):
    at, out, hop6 = "SF", "fw1", "2001:db8:11::1"

    @classmethod
    def next_hop(cls):
        return "10.0.1.1"

    @classmethod
    def behind(cls):
        return "proxy", "f1"

    def config(self, stack):
        return PORTS.format(stack=stack, netns=self.lab.name("SF"), fw0=self.mac("SF", "fw0"), fw1=self.mac("SF", "fw1"),
                            d0=self.mac("down", "d0"))

    def reasons(self, stats):
        port = next(port for name, port in stats["counters"]["sf_ports"].items() if name.endswith("/fw1"))
        return {reason: cell["packets"] for reason, cell in port["dropped"].items()}


if __name__ == "__main__":
    unittest.main()
