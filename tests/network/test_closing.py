# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The end of an attachment while packets are in the SF, on a host that forwards: no packet reaches the domain without
its header. An SF port that gets another name keeps its program."""
import re
import signal
import time
import unittest

from support import NetworkTest

from lab import chain, traffic
from lab.bench import BY_IP, config
from lab.net import call, wait_for
from lab.service_functions import Routed

PINGS = 200             # of 542 bytes each, at once
RATE = "1mbit"          # through the SF, so the last one is in it for 0.9 s
SLOW = "200kbit"         # and here for 4.3 s, longer than the drain lasts
HOLD = "2s"


class Closing(NetworkTest):
    sf = Routed

    def setUp(self):
        super().setUp()
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.send_redirects=0")
        self.pace(RATE, "add")
        self.addCleanup(self.lab.run, "SF", "tc", "qdisc", "delete", "dev", "fw1", "root")

    def pace(self, rate, how="change"):
        self.lab.run("SF", "tc", "qdisc", how, "dev", "fw1", "root", "tbf", "rate", rate, "burst", 2000, "limit", 10 ** 6)

    def fill(self):
        """Many packets come at once, and wait in the SF."""
        process = self.lab.start("sender", "ping", "-qn", "-l", PINGS, "-c", PINGS, "-s", 500, chain.RECEIVER)
        self.addCleanup(self.lab.stop, process, signal.SIGKILL)
        time.sleep(0.15)

    def bare(self):
        """Packets without a header that the edges have seen since the mark."""
        return sum(now["bare"] - then["bare"] for then, now in zip(self.bench.before[1], self.bench.edges.arrived()))

    def no_bare(self, said):
        """None during the drain nor a second later, and there were packets to wait for. Returns how many came back."""
        time.sleep(1)
        self.assertEqual(self.bare(), 0)
        drained, dropped = map(int, re.search(r"drained=(\d+) dropped=(\d+)", said).groups())
        print(f"  {self.id().split('.')[-1]}: drained={drained} dropped={dropped}", flush=True)
        self.assertGreater(drained, 0)
        return drained, dropped

    def test_the_host_forwards(self):
        """What the other tests rely on: a bare packet from the SF does reach the edge."""
        self.bench.run(config(BY_IP))
        self.assertEqual(self.bench.proxy.stop(), 0)
        before = sum(side["bare"] for side in self.bench.edges.arrived())
        traffic.ping(self.lab, "SF", chain.RECEIVER, count=3)
        self.assertGreater(sum(side["bare"] for side in self.bench.edges.arrived()), before)

    def test_end_of_run(self):
        self.bench.run(config(BY_IP, sf=f"hold: {HOLD}"))
        self.fill()
        self.assertEqual(self.bench.proxy.stop(), 0)
        self.assertEqual(self.no_bare(self.bench.proxy.said())[1], 0)

    def test_detach(self):
        self.bench.run(config(BY_IP, sf=f"hold: {HOLD}"), "--keep")
        self.assertEqual(self.bench.proxy.stop(), 0)
        self.fill()
        self.assertEqual(self.no_bare(self.bench.detach())[1], 0)

    def test_second_signal(self):
        """It ends the wait at once, and the program in good order: packets are in the SF still."""
        self.bench.run(config(BY_IP, sf="hold: 4s"))
        self.pace(SLOW)
        self.fill()
        process = self.bench.proxy.process
        process.send_signal(signal.SIGTERM)
        wait_for("the drain", lambda: self.bench.proxy.status()["closing"])
        self.assertIsNone(process.poll())
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(30), 0)
        self.assertLess(time.monotonic() - begin, 2, "no sooner than without it")
        self.assertRegex(self.bench.proxy.said(), r"drained=\d+ dropped=[1-9]\d*")
        self.assertFalse(self.bench.proxy.pin.exists())

    def test_killed_while_it_drains(self):
        """`status` says so, and the next `run` strips again."""
        text = config(BY_IP, sf="hold: 4s")
        self.bench.run(text)
        self.pace(SLOW)
        self.fill()
        self.bench.proxy.process.send_signal(signal.SIGTERM)
        wait_for("the drain", lambda: self.bench.proxy.status()["closing"])
        self.lab.stop(self.bench.proxy.process, signal.SIGKILL)
        status = self.bench.proxy.status()
        self.assertEqual((status["closing"], status["ready"]), (True, False))
        self.assertIn("closing: nothing is stripped", call(self.bench.proxy.program, "status", "--pin",
                                                           self.bench.proxy.pin, check=False).stdout)
        self.pace(RATE)
        self.bench.run(text)
        self.assertTrue(traffic.ping(self.lab, "sender", chain.RECEIVER, count=5).good)
        self.assertEqual(self.bare(), 0)

    def test_renamed(self):
        self.bench.run(config(BY_IP, sf=f"hold: {HOLD}"))
        self.fill()
        self.lab.run("proxy", "ip", "link", "set", "f1", "name", "other")
        self.addCleanup(self.lab.run, "proxy", "ip", "link", "set", "other", "name", "f1", check=False)
        wait_for("the new name", lambda: "its interface is called 'other' by now" in self.bench.proxy.said())
        time.sleep(1)
        self.assertEqual(self.bare(), 0)
        self.assertTrue(traffic.ping(self.lab, "sender", chain.RECEIVER, count=5).good)
        self.lab.run("proxy", "ip", "link", "set", "other", "name", "f1")
        self.assertTrue(traffic.ping(self.lab, "sender", chain.RECEIVER, count=5).good)
        self.assertEqual(self.bench.proxy.said().count("called"), 1, self.bench.proxy.said())


if __name__ == "__main__":
    unittest.main()
