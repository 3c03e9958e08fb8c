# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The SF is the kernel of another network namespace behind two veths, as a container is: NAT and sniffers in there."""
import os
import subprocess
import unittest

from kernel_case import BURST, BURSTS, KERNEL, PINGS, KernelCase

from lab import chain, traffic
from lab.net import wait_for
from lab.kernel_mode import BLOCKED_PORT, MASQUERADE, OWN, OWN6, WEB_PORT, SfKernel, kernel_ports_config

# A process in the SF with CAP_NET_RAW. It looks at frames that leave by fw1, whose MACs carry tickets, and sends frames
# of its own past the queueing disciplines, and so past the program at TC egress: tickets that it has seen with another
# check, by fw1, and the tickets themselves, by the device that is named.
FORGE = """
import random, socket, sys
guesses, device = int(sys.argv[1]), sys.argv[2]
def raw(device, protocol):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((device, protocol))
    s.setsockopt(263, 20, 1)    # SOL_PACKET, PACKET_QDISC_BYPASS
    return s
tap, fw1, other = raw("fw1", 3), raw("fw1", 0), raw(device, 0)
seen = {}
print("ready", flush=True)
while len(seen) < 8:
    frame, address = tap.recvfrom(2048)
    if address[2] == socket.PACKET_OUTGOING and address[1] == 0x800:
        seen[frame[:12]] = frame
for at in range(guesses):
    frame = random.choice(list(seen.values()))
    fw1.send(frame[:8] + random.randbytes(4) + frame[12:])
for frame in seen.values():
    other.send(frame)
print(len(seen))
"""
GUESSES = int(os.environ.get("SFC_GUESSES", 20000))
MARK = "{mark: 0xffffff80}"
BRIEF = ("-n", "2M", "-b", "40M")
UDP = ("-u", "-n", "1M", "-b", "20M", "-l", 1200)


class SfKernelCase(KernelCase):
    kind = SfKernel

    def start(self, stack="true"):
        self.kernel.run(kernel_ports_config(self.lab, stack))
        # Next hops and the SF's addresses are asked for first.
        wait_for("all next hops", lambda: self.ready(self.kernel.proxy.status()))
        self.kernel.mark()

    @staticmethod
    def ready(status):
        return all(port.get("ready", True) for port in status["ports"]) and \
            all(service["next_hop"]["ready"] for service in status["services"])

    def exercise(self, *addresses):
        for address in addresses:
            self.good(traffic.ping(self.lab, "sender", address, size=1400),
                      traffic.web(self.lab, "sender", address, WEB_PORT),
                      traffic.iperf(self.lab, "sender", address, *BRIEF, name="TCP"),
                      traffic.iperf(self.lab, "sender", address, *BRIEF, "-R", name="TCP"),
                      traffic.iperf(self.lab, "sender", address, *UDP, name="UDP"))

    def all_back(self, found):
        """The kernel in there kept nothing but what its rules say."""
        self.assertGreater(found.good, 0)
        self.assertEqual((found.kernel["dropped"], found.taken), (0, 0))
        self.assertEqual(found.forwarded, found.kernel["to_kernel"])
        self.assertEqual(found.kernel["not_returned"], found.blocked)
        claimed = found.stats["conservation"]["sf"]["claimed"]
        self.assertEqual(claimed, found.kernel["restored"])

    def test_masquerade(self):
        self.kernel.rules(MASQUERADE)
        self.start()
        self.exercise(chain.RECEIVER, chain.RECEIVER6)
        self.good(traffic.blocked(self.lab, "sender", chain.RECEIVER, BLOCKED_PORT))
        found = self.tally()
        self.all_back(found)
        self.assertGreater(found.blocked, 0)

    def test_other_destination(self):
        self.start()
        for address in (OWN, OWN6):
            self.good(traffic.web(self.lab, "sender", address, WEB_PORT),
                      traffic.iperf(self.lab, "sender", address, *BRIEF, name="TCP"))
        self.all_back(self.tally())

    def test_merged(self):
        self.kernel.rules(MASQUERADE)
        self.start("{gro: on}")
        for device in ("fw0", "fw1"):
            self.lab.run("SF", "ethtool", "-K", device, "rx-udp-gro-forwarding", "on")
        self.equal()
        found = self.tally()
        self.assertEqual((found.pushed, found.good), (2 * BURSTS * BURST, 2 * BURSTS * BURST))
        self.assertLess(found.forwarded, found.pushed, "GRO has merged nothing")

    def test_raw_socket_inside(self):
        """It costs the packets their tickets, and then they go no further; with a mark they keep them."""
        self.start()
        tap = self.tap("fw0", role="SF")
        traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS)
        found = self.tally()
        miss = found.sf_port("fw1").get("miss", 0)      # while the socket has its copy: where it is quick, some come through
        self.assertEqual(miss, found.kernel["not_returned"])
        self.assertGreater(miss, 0)
        self.kernel.switch_off()
        self.start(MARK)
        self.tap("fw1", role="SF")
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER), traffic.ping(self.lab, "sender", chain.RECEIVER6),
                  traffic.web(self.lab, "sender", chain.RECEIVER, WEB_PORT))
        self.all_back(self.tally())
        self.lab.stop(tap)

    def forge(self, device):
        """Packets go through the SF, and FORGE sends its own. Returns the tally."""
        forger = self.lab.start("SF", "/usr/bin/python3", "-c", FORGE, GUESSES, device, stdout=subprocess.PIPE, text=True)
        self.assertEqual(forger.stdout.readline(), "ready\n")
        traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS)
        said = forger.communicate(timeout=60)[0]
        self.assertEqual((said, forger.returncode), ("8\n", 0))
        return self.kernel.tally()

    def test_guessed_tickets(self):
        """None passes. A ticket that was seen is none at another port of the SF."""
        self.start()
        found = self.forge("fw0")
        self.assertEqual((found.wrong, found.bare), (0, 0))
        self.assertGreaterEqual(found.sf_port("fw1").get("miss", 0), GUESSES)
        self.assertEqual(found.service("out").get("wrong_port"), 8)
        self.assertLessEqual(found.kernel["restored"], 2 * PINGS)

    def test_seen_ticket(self):
        """The limit: at its own port, a ticket that was seen passes as long as its number is in use."""
        self.start()
        found = self.forge("fw1")
        self.assertEqual(found.bare, 0)
        self.assertGreater(found.kernel["restored"], PINGS)

    def test_its_own_packets(self):
        """Those of the SF itself have no header and go nowhere, though its MAC may begin as a ticket does."""
        self.lab.run("SF", "ip", "link", "set", "fw1", "address", "02:42:0a:00:02:02")
        self.start()
        self.silent(role="SF")
        self.silent(role="SF", address=chain.RECEIVER6)
        self.assertEqual(self.tally().sf_port("fw1"), {"miss": 2 * PINGS})
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER))

    def test_back_where_it_came_from(self):
        """The SF's route leads back to the side that it got the packet from."""
        self.lab.run("SF", "ip", "route", "add", f"{chain.RECEIVER}/32", "via", "10.0.1.1")
        self.addCleanup(self.lab.run, "SF", "ip", "route", "delete", f"{chain.RECEIVER}/32")
        self.lab.run("SF", "sysctl", "-qw", "net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.fw0.send_redirects=0")
        self.start()
        self.silent()
        found = self.tally()
        self.assertEqual((found.good, found.service("out")), (0, {"wrong_port": PINGS}))

    def test_leaves_nothing(self):
        before = self.picture()
        self.start(MARK)
        self.assertNotEqual(self.picture(), before)
        self.kernel.switch_off()
        self.assertEqual(self.picture(), before)

    def picture(self):
        """Everything in the SF's namespace that could be ours."""
        return [self.lab.run("SF", *command.split()).stdout for command in
                ("bpftool net", "ip -d link", "ethtool -k fw0", "ethtool -k fw1")]

    def refused(self, text, *words, options=()):
        done = self.kernel.attach(text, *options, command="run")
        self.assertEqual(done.returncode, KERNEL, done.stdout + done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertFalse(self.kernel.proxy.pin.exists())

    def test_refused(self):
        self.refused(kernel_ports_config(self.lab), "port '", "native XDP", options=["--generic"])
        self.kernel.rules("add chain inet lab other { type filter hook prerouting priority -300; }",
                         "add rule inet lab other meta mark 0x80 accept")
        self.refused(kernel_ports_config(self.lab, MARK), "'mark: 0xffffff80' is not free in network namespace", "chain 'other'")


if __name__ == "__main__":
    unittest.main()
