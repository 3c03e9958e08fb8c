# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the tests of SFs that are the kernel of this host share: a lab for each class of tests."""
import subprocess
import unittest

from support import open_lab

from lab import chain
from lab.net import wait_for
from lab.kernel_mode import HostKernel

KERNEL = 4              # exit code
PINGS = 10
TAP = """
import socket, sys
tap = socket.socket(socket.AF_PACKET, getattr(socket, sys.argv[2]), socket.htons(3))
if sys.argv[1] != "any":
    tap.bind((sys.argv[1], 3))
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


class KernelCase(unittest.TestCase):
    """One lab serves all tests of a class, and is without a proxy at the start of each."""
    lab = kernel = sink = None
    kind = HostKernel

    @classmethod
    def setUpClass(cls):
        cls.lab = open_lab()
        cls.addClassCleanup(cls.lab.close)
        cls.kernel, cls.sink = cls.kind(cls.lab), None

    def setUp(self):
        self.kernel.rules()
        self.addCleanup(self.kernel.switch_off)
        self.addCleanup(self.tell)  # runs first

    def tell(self):
        """Prints what the proxy counted and said, where the test failed."""
        outcome = self._outcome.result
        proxy = self.kernel.proxy
        if proxy and any(test is self for test, _ in outcome.errors + outcome.failures):
            print(proxy.said() if proxy.log.exists() else "no process", flush=True)
            print(self.kernel.sfcproxy("stats").stdout, flush=True)

    def good(self, *results):
        for result in results:
            self.assertTrue(result.good, f"{result.name}: {result.text}")

    def silent(self, count=PINGS, role="sender", address=chain.RECEIVER):
        """Pings of which none is answered."""
        done = self.lab.run(role, "ping", "-qn", "-c", count, "-i", 0.02, "-W", 0.2, address, check=False)
        self.assertIn(f"{count} packets transmitted, 0 received", done.stdout)

    def tally(self, bare=0, **options):
        """Checks what is true of every tally. A full link may have lost some control packets, too."""
        found = self.kernel.tally(**options)
        print(f"  {self.id().split('.')[-1]}: {found.in_words()}", flush=True)
        self.balanced(found, bare)
        return found

    def balanced(self, found, bare=0):
        kernel, domain = found.kernel, found.stats["conservation"]["domain"]
        self.assertEqual((found.wrong, found.bare), (0, bare))
        self.assertTrue(found.stats["conservation"]["balanced"])
        self.assertEqual(kernel["to_kernel"], kernel["restored"] + kernel["dropped"] + kernel["not_returned"])
        self.assertEqual(domain["to_kernel"], kernel["to_kernel"])
        self.assertEqual(domain["received"], domain["to_kernel"] + domain["passed"] + domain["dropped"])
        self.assertEqual((domain["to_sf"], domain["dropped"]), (0, 0))
        if not found.full:
            self.assertEqual((found.pushed, found.good), (kernel["to_kernel"], kernel["restored"]))
        self.assertLessEqual(abs(found.pushed - found.good - kernel["dropped"] - kernel["not_returned"]), found.full)

    def all_back(self, found):
        """The kernel kept nothing but what its rules and full hairpins say."""
        self.assertGreater(found.good, 0)
        self.assertEqual((found.kernel["dropped"], found.taken, found.sent), (0, 0, 0))
        self.assertEqual(found.forwarded, found.kernel["to_kernel"])
        self.assertEqual(found.kernel["not_returned"], found.blocked + self.kernel.hairpin_drops())

    def tap(self, device, role="proxy", kind="SOCK_RAW"):
        """A packet socket, which makes the kernel clear metadata behind TC ingress; "any" is all interfaces."""
        tap = self.lab.start(role, "/usr/bin/python3", "-c", TAP, device, kind, stdout=subprocess.PIPE)
        self.addCleanup(self.lab.stop, tap)
        self.addCleanup(tap.stdout.close)
        self.assertEqual(tap.stdout.readline(), b"ready\n")
        return tap

    def listen(self):
        """The receiver takes datagrams at port 7000."""
        if not self.sink:
            type(self).sink = self.lab.start("receiver", "/usr/bin/python3", "-c", SINK)
        wait_for("the receiver", lambda: self.lab.run("receiver", "ss", "-Hnlu", "sport = :7000").stdout)

    def equal(self):
        """Bursts of equal datagrams, which GRO can merge, over IPv4 and IPv6."""
        for device in ("p0", "p1"):
            self.lab.run("proxy", "ethtool", "-K", device, "rx-udp-gro-forwarding", "on")
            self.addCleanup(self.lab.run, "proxy", "ethtool", "-K", device, "rx-udp-gro-forwarding", "off")
        self.listen()
        for address in (chain.RECEIVER, chain.RECEIVER6):
            self.lab.run("sender", "/usr/bin/python3", "-c", EQUAL, address, BURSTS)
