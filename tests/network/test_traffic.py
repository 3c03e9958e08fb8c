# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`send` and `sink`: through a whole proxy, and what the sink notices of what went wrong on the way."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import ports  # noqa: E402  (the path above comes first)
from lab.net import wait_for  # noqa: E402
from support import open_lab  # noqa: E402

RIGHT = "RESULT pass received={0} wrong=0 lost=0 duplicate=0 reordered=0"
STAMP = b"sfcproxy"
ADVANCED = bytes.fromhex("884703e8313f")  # EtherType, and label 16003 at the bottom with TTL 63
KERNEL_MODE = ("sfs: [{name: kernel, stack: true, probe: off}]\n"
               "services: [{name: out, match: {encapsulation: mpls, label: 16001}, domain: p0, sf: {name: kernel}, egress: p0}]\n")
# A mischief of middle.py to one of ten packets, the end of the result, and a part of the line about it.
ON_THE_WAY = [
    ("none", "pass received=10 wrong=0 lost=0 duplicate=0 reordered=0", ""),
    ("lose", "fail received=9 wrong=0 lost=1 duplicate=0 reordered=0", "1 packets did not come to 'r0'"),
    ("twice", "fail received=11 wrong=0 lost=0 duplicate=1 reordered=0", "packet 3 came again"),
    ("overtaken", "fail received=10 wrong=0 lost=0 duplicate=0 reordered=1", "packet 3 came behind packet 4"),
    ("label", "fail received=10 wrong=1 lost=0 duplicate=0 reordered=0", "packet 3 came with header 16019:0:63, and not with 16003:0:63"),
    ("ttl", "fail received=10 wrong=1 lost=0 duplicate=0 reordered=0", "packet 3 came with header 16003:0:62"),
    ("bare", "fail received=10 wrong=1 lost=0 duplicate=0 reordered=0", "packet 3 came with header none"),
    ("payload", "fail received=10 wrong=1 lost=1 duplicate=0 reordered=0", "a payload is not as it was sent"),
    ("address", "fail received=10 wrong=1 lost=0 duplicate=0 reordered=0", "packet 3 came with a wrong checksum"),
]


class Sink:
    """`sfcproxy sink` in the background; it listens when this is made."""

    def __init__(self, lab, role, device, *words):
        self.log = lab.folder / "sink.log"
        with open(self.log, "wb") as out:
            self.process = lab.start(role, ports.PROGRAM, "sink", "-i", device, *words, stdout=out, stderr=subprocess.STDOUT)
        wait_for("the sink", lambda: "listening" in self.log.read_text())

    def end(self):
        """(exit code, all that it said)"""
        return self.process.wait(20), self.log.read_text()


class TrafficTest(unittest.TestCase):
    """The tests of a class share a lab, which has the links of `links`."""

    links = ()

    @classmethod
    def setUpClass(cls):
        # On one CPU: on two of them frames wait in two queues of the kernel, and their order is up to chance.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        cls.lab = open_lab()
        cls.addClassCleanup(cls.lab.close)
        for role in dict.fromkeys(end[0] for link in cls.links for end in link):
            cls.lab.namespace(role)
        for link in cls.links:
            cls.lab.link(*link)
        cls.lab.wait_up()

    def send(self, role, device, *words, check=True):
        return self.lab.run(role, ports.PROGRAM, "send", "-i", device, *words, check=check)

    def fails(self, code, role, *words):
        done = self.lab.run(role, ports.PROGRAM, *words, check=False)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        return done.stderr


class ThroughTheProxy(TrafficTest):
    """The SF is a bridge; packets leave by the port that they came by, so that one interface sends and receives."""

    links = tuple((("proxy", port), ("other", peer)) for port, peer in ports.PAIRS)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.run("other", "ip", "link", "add", "br0", "up", "type", "bridge", "mcast_snooping", "0")
        for port in ("fw0", "fw1"):
            cls.lab.run("other", "ip", "link", "set", port, "master", "br0")

    def attach(self, text=None, options=()):
        code, _, error = ports.run(self.lab, "attach", *options, text=text or ports.config())
        self.assertEqual(code, 0, error)
        self.addCleanup(ports.run, self.lab, "detach")

    def exchange(self, *send, sink=()):
        listening = Sink(self.lab, "other", "d0", *sink)
        said = self.send("other", "d0", *send).stdout
        code, heard = listening.end()
        self.assertEqual(code, 0 if "RESULT pass" in heard else 1, heard)
        return said, heard

    def test_kinds(self):
        self.attach()
        for inner in ("udp4", "tcp4", "udp6", "tcp6"):
            with self.subTest(inner):
                said, heard = self.exchange("--labels", "16001:0:9,16003:5:30,17", "--inner", inner, "--count", "200",
                                            "--rate", "4000", "--size", "1001")
                self.assertIn("sent 200 packets", said)
                self.assertIn(RIGHT.format(200), heard)
        heard = self.exchange("--labels", "16001,16003", "--rate", "4000", sink=("--expect-labels", "16003:0:64"))[1]
        self.assertIn("RESULT fail received=10 wrong=10", heard)
        stats = json.loads(ports.run(self.lab, "stats", "-j")[1])
        self.assertEqual(stats["conservation"]["sf"]["restored"], 810)

    def test_last_label(self):
        self.attach(ports.config().replace("next_hop: ingress", "next_hop: ingress, last_label: plain"))
        heard = self.exchange("--labels", "16001", "--allow-bare", "--rate", "4000")[1]
        self.assertIn(RIGHT.format(10), heard)

    def test_lost_in_the_sf(self):
        self.attach()
        self.addCleanup(self.lab.run, "other", "nft", "delete table bridge t")
        self.lab.run("other", "nft", "add table bridge t; add chain bridge t c { type filter hook forward priority 0; };"
                                     " add rule bridge t c ip id 3 drop")
        heard = self.exchange("--labels", "16001,16003", "--rate", "4000")[1]
        self.assertIn("RESULT fail received=9 wrong=0 lost=1 duplicate=0 reordered=0", heard)
        self.assertIn("1 packets did not come to 'd0'", heard)

    def seen_by_tcpdump(self, role, device):
        """A function that waits for so many packets of `send`, ends tcpdump, and returns all that it has seen."""
        log, ready = self.lab.folder / f"{device}.pcap", self.lab.folder / f"{device}.txt"
        with open(log, "wb") as out, open(ready, "wb") as errors:
            tcpdump = self.lab.start(role, "tcpdump", "-Z", "root", "--immediate-mode", "-Uw", "-", "-i", device, stdout=out,
                                     stderr=errors)
        wait_for("tcpdump", lambda: "listening" in ready.read_text())

        def end(packets):
            wait_for(f"{packets} packets on {device}", lambda: log.read_bytes().count(STAMP) >= packets)
            self.lab.stop(tcpdump)
            return log.read_bytes()
        return end

    def test_where_tcpdump_sees(self):
        """docs/try.md: at the other ends of the links, and not on the proxy's ports."""
        for mode in ((), ("--generic",)):
            with self.subTest(mode):
                self.attach(options=mode)
                ends = [(role, device) for link in self.links for role, device in link]
                seen = {device: self.seen_by_tcpdump(role, device) for role, device in ends}
                self.exchange("--labels", "16001,16003", "--rate", "4000")
                for device, packets in {"d0": 20, "fw0": 10, "fw1": 10, "p0": 0, "f0": 0, "f1": 0}.items():
                    self.assertEqual(seen[device](packets).count(STAMP), packets, device)
                ports.run(self.lab, "detach")

    def test_kernel_mode(self):
        """The SF is the proxy's own kernel, which routes the packets back to where they came from. There tcpdump sees
        them come bare, and leave with their header."""
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.p0.send_redirects=0")
        self.lab.address("proxy", "p0", "192.0.2.1/24")
        self.lab.address("other", "d0", "192.0.2.10/24")
        self.lab.route("proxy", "198.51.100.0/24", "via", "192.0.2.10")
        self.attach(KERNEL_MODE)
        end = self.seen_by_tcpdump("proxy", "p0")
        heard = self.exchange("--labels", "16001,16003", "--rate", "4000", "--via", "192.0.2.1")[1]
        self.assertIn(RIGHT.format(10), heard)
        frames = end(20)
        self.assertEqual((frames.count(STAMP), frames.count(ADVANCED)), (20, 10))

    def test_ports_are_refused(self):
        """There XDP takes the frames before a socket sees them, and those that are sent never come to it."""
        self.attach()
        for words in (("send", "-i", "p0", "--labels", "1,2"), ("sink", "-i", "p0"), ("sink", "-i", "f1")):
            with self.subTest(words):
                error = self.fails(4, "proxy", *words)
                self.assertIn(f"'{words[2]}' is a port of sfcproxy", error)
                self.assertIn("'d0'" if words[2] == "p0" else "'fw1'", error)


class OnTheWay(TrafficTest):
    """sender s0 -- m0 middle m1 -- r0 receiver, where the middle does to labels what a proxy does."""

    links = ((("sender", "s0"), ("middle", "m0")), (("middle", "m1"), ("receiver", "r0")))

    def test_what_is_noticed(self):
        script = pathlib.Path(__file__).with_name("middle.py")
        for mischief, result, says in ON_THE_WAY:
            with self.subTest(mischief):
                middle = self.lab.start("middle", "/usr/bin/python3", script, "m0", "m1", mischief, stdout=subprocess.PIPE)
                middle.stdout.readline()
                sink = Sink(self.lab, "receiver", "r0", "--timeout", "3")
                self.send("sender", "s0", "--labels", "16001,16003", "--rate", "4000")
                code, heard = sink.end()
                self.lab.stop(middle)
                middle.stdout.close()
                self.assertEqual(heard.strip().split("\n")[-1], f"RESULT {result}")
                self.assertIn(says, heard)
                self.assertEqual(code, 0 if mischief == "none" else 1)


class WithoutProxy(TrafficTest):
    links = ((("left", "l0"), ("right", "r0")), (("left", "l1"), ("right", "r1")))  # l1 only to be down

    def mac(self, role, device):
        return json.loads(self.lab.run(role, "ip", "-j", "link", "show", device).stdout)[0]["address"]

    def packets(self, role, device):
        return json.loads(self.lab.run(role, "ip", "-j", "-s", "link", "show", device).stdout)[0]["stats64"]["rx"]["packets"]

    def test_nothing_strips(self):
        """All labels are still there."""
        sink = Sink(self.lab, "right", "r0")
        said = self.send("left", "l0", "--labels", "16001,16003", "--rate", "4000").stdout
        self.assertIn(f"to {self.mac('right', 'r0')}: --labels 16001:0:64,16003:0:64", said)
        code, heard = sink.end()
        self.assertEqual(code, 1)
        self.assertIn("RESULT fail received=10 wrong=10 lost=0", heard)
        self.assertIn("packet 1 came with header 16001:0:64,16003:0:64, and not with 16003:0:63", heard)
        self.assertEqual(heard.count("wrong: packet"), 5, heard)

    def test_pace(self):
        """Not faster than it was told: 300 at 1000 a second are 0.299 s."""
        said = self.send("left", "l0", "--labels", "16001,16003", "--count", "300").stdout
        self.assertGreaterEqual(float(said.split(" packets in ")[1].split(" s ")[0]), 0.29, said)

    def test_nothing_comes(self):
        sink = Sink(self.lab, "right", "r0", "--timeout", "1")
        code, heard = sink.end()
        self.assertEqual(code, 1)
        self.assertIn("RESULT fail received=0 wrong=0 lost=0", heard)
        self.assertIn("nothing of 'sfcproxy send' came to 'r0'", heard)

    def test_signals(self):
        """An end by a signal says what there is by then."""
        sink = Sink(self.lab, "right", "r0", "--count", "7")
        self.assertEqual(self.lab.stop(sink.process), 1)
        self.assertIn("RESULT fail received=0 wrong=0 lost=7", sink.log.read_text())
        before = self.packets("right", "r0") + 20
        log = self.lab.folder / "send.log"
        with open(log, "wb") as out:
            send = self.lab.start("left", ports.PROGRAM, "send", "-i", "l0", "--labels", "1,2", "--count", "1000000",
                                  stdout=out)
        wait_for("packets", lambda: self.packets("right", "r0") > before)
        self.assertEqual(self.lab.stop(send), 0)
        self.assertRegex(log.read_text(), r"sent \d+ packets")

    def test_whom_they_are_for(self):
        labels = ("--labels", "16001,16003")
        self.lab.address("left", "l0", "192.0.2.10/24", "2001:db8:1::10/64")
        self.lab.address("right", "r0", "192.0.2.1/24", "2001:db8:1::1/64")
        for words in ((), ("--via", "192.0.2.1"), ("--via", "2001:db8:1::1"), ("--mac", self.mac("right", "r0"))):
            self.assertIn(f"to {self.mac('right', 'r0')}", self.send("left", "l0", *labels, *words).stdout)
        error = self.fails(4, "left", "send", "-i", "l0", *labels, "--via", "192.0.2.77")
        self.assertIn("nobody answers for '192.0.2.77' on 'l0'", error)
        error = self.fails(4, "right", "send", "-i", "lo", *labels)
        self.assertIn("'lo'", error)
        self.lab.run("right", "ip", "link", "add", "br0", "type", "bridge")
        self.addCleanup(self.lab.run, "right", "ip", "link", "delete", "br0")
        self.lab.run("right", "ip", "link", "set", "r0", "master", "br0")
        self.assertIn("'--via ADDRESS'", self.fails(2, "left", "send", "-i", "l0", *labels))

    def test_mtu(self):
        error = self.fails(2, "left", "send", "-i", "l0", "--labels", "16001,16003", "--size", "1493")
        self.assertIn("frames of 1501 bytes", error)
        self.assertIn("'l0', whose MTU is 1500", error)
        self.send("left", "l0", "--labels", "16001,16003", "--size", "1492", "--count", "1")

    def test_down(self):
        self.lab.run("right", "ip", "link", "set", "r1", "down")
        for words in (("send", "-i", "l1", "--labels", "1,2"), ("sink", "-i", "l1")):
            self.assertIn("interface 'l1' is down", self.fails(4, "left", *words))


if __name__ == "__main__":
    unittest.main()
