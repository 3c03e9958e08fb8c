# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The world around the proxy changes while packets flow: `sfcproxy run` follows, and nothing goes wrong meanwhile."""
import subprocess
import time
import unittest

from support import NetworkTest

from lab import account, chain, traffic
from lab.bench import BY_IP, config
from lab.net import wait_for
from lab.paced import Paced
from lab.service_functions import Routed

NO_HOP, GONE = "proxy: no_next_hop", "vanished in the SF"
STRAY = "not recognised"    # what a link that comes up says to its neighbours (MLD), which nobody had pushed


class Reconciler(NetworkTest):
    sf = Routed

    def setUp(self):
        super().setUp()
        self.bench.run("icmp: off\n" + config(BY_IP))

    def paced(self, back=False):
        if back:
            return Paced(self.lab, "receiver", "sender", chain.SENDER, port=7001)
        return Paced(self.lab, "sender", "receiver", chain.RECEIVER)

    def back_within(self, paced, moment, what, limit=1.0):
        """The application got datagrams again within `limit` seconds of `moment`. Returns how many it lost."""
        time.sleep(limit + 0.3)
        found = paced.stop()
        silence = found.silence_after(moment)
        print(f"  {what}: flows again after {silence * 1000:.0f} ms, {len(found.lost)} of {len(found.sent)} lost",
              flush=True)
        self.assertLess(silence, limit)
        return len(found.lost)

    def set_link(self, role, device, *what):
        self.lab.run(role, "ip", "link", "set", device, *what)
        return time.monotonic()

    def test_next_hop_changes_its_mac(self):
        """Without a word, as is Linux's default. That the application loses some shows that the old one is no use."""
        lost = 0    # in both directions: a probe may come by chance right after one of the changes
        for way, (role, device) in ((False, ("receiver", "r0")), (True, ("sender", "s0"))):
            paced = self.paced(back=way)
            moment = self.set_link(role, device, "address", "02:00:00:00:aa:01")
            lost += self.back_within(paced, moment, f"MAC of {device} changed")
        self.assertGreater(lost, 0)
        found = self.settled()
        self.assertEqual(found.missing, 0, "they arrive, and the host's kernel throws them away")

    def test_sf_changes_its_mac(self):
        lost = 0    # in both directions: a probe may come by chance right after one of the changes
        for way, device in ((False, "fw0"), (True, "fw1")):
            paced = self.paced(back=way)
            moment = self.set_link("SF", device, "address", "02:00:00:00:bb:01")
            lost += self.back_within(paced, moment, f"MAC of the SF's {device} changed")
        self.assertGreater(lost, 0)
        self.settled(allowed=[GONE, NO_HOP])

    def entry(self, device, address):
        return self.lab.run("proxy", "ip", "neigh", "show", "dev", device, "to", address).stdout.strip()

    def test_permanent_entries(self):
        """They are used and left as they are, also where the neighbour does not answer."""
        self.assertEqual(self.bench.proxy.stop(), 0)
        mac = self.bench.mac("receiver", "r0")
        self.lab.run("proxy", "ip", "neigh", "replace", chain.RECEIVER, "lladdr", mac, "dev", "p1", "nud", "permanent")
        self.addCleanup(self.lab.run, "proxy", "ip", "neigh", "delete", chain.RECEIVER, "dev", "p1")
        before = self.entry("p1", chain.RECEIVER)
        self.lab.run("receiver", "sysctl", "-qw", "net.ipv4.conf.r0.arp_ignore=8")     # answers nobody
        self.addCleanup(self.lab.run, "receiver", "sysctl", "-qw", "net.ipv4.conf.r0.arp_ignore=0")
        self.bench.run("icmp: off\n" + config(BY_IP))
        time.sleep(1.5)
        self.assertEqual(self.entry("p1", chain.RECEIVER), before)
        self.assertTrue(traffic.ping(self.lab, "sender", chain.RECEIVER, count=3).good)
        self.assertEqual(self.bench.proxy.stop(), 0)
        self.assertEqual(self.entry("p1", chain.RECEIVER), before)

    def test_no_question_looks_like_a_conflict(self):
        """A port without an address asks from another one: from 0.0.0.0 it would be RFC 5227's probe, and the neighbour
        might give its address up."""
        self.assertEqual(self.bench.proxy.stop(), 0)
        self.lab.run("proxy", "ip", "address", "delete", "10.0.1.1/30", "dev", "f0")
        self.addCleanup(self.lab.run, "proxy", "ip", "address", "add", "10.0.1.1/30", "dev", "f0")
        self.lab.run("proxy", "ip", "neigh", "flush", "dev", "f0")
        log = self.lab.folder / "asked"
        with open(log, "wb") as out:
            heard = self.lab.start("SF", "tcpdump", "-lni", "fw0", "arp", stdout=out, stderr=subprocess.STDOUT)
        wait_for("tcpdump", lambda: "listening on" in log.read_text())
        self.bench.run("icmp: off\n" + config(BY_IP))           # ready, so it has been answered

        def asked():
            return [line for line in log.read_text().splitlines() if "Request who-has 10.0.1.2" in line]
        wait_for("four questions", lambda: len(asked()) > 3)
        self.lab.stop(heard)
        self.assertEqual([line for line in asked() if "tell 0.0.0.0" in line], [])

    def down_and_up(self, role, device):
        paced = self.paced(back=True)
        self.set_link(role, device, "down")
        wait_for("the port to be seen down", lambda: not self.port("f1")["receives"])
        before = self.no_next_hop()
        wait_for("drops by this name", lambda: self.no_next_hop() > before + 20)
        self.assertFalse(self.bench.proxy.status()["ready"])
        moment = self.set_link(role, device, "up")
        self.back_within(paced, moment, f"{device} down and up")
        self.assertTrue(self.bench.proxy.wait_ready()["ready"])

    def port(self, name):
        return next(port for port in self.bench.proxy.status()["ports"] if port["name"] == name)

    def no_next_hop(self):
        return account.reasons(self.bench.proxy.stats(), "dropped").get("no_next_hop", 0)

    def test_link_down_and_up(self):
        for role, device in (("SF", "fw1"), ("proxy", "f1")):
            self.down_and_up(role, device)
        self.lab.route("SF", "198.51.100.0/24", "via", "10.0.2.1")  # gone with the link
        self.settled(allowed=[NO_HOP, GONE, STRAY], slack=True)

    def test_mtu_of_the_way_out_gets_less(self):
        paced = Paced(self.lab, "sender", "receiver", chain.RECEIVER, size=1400)
        self.set_link("proxy", "p1", "mtu", 1400)
        wait_for("the new MTU", lambda: self.port("p1")["mtu"] == 1400)
        wait_for("drops by this name", lambda: account.reasons(self.bench.proxy.stats(), "dropped").get("too_big", 0) > 20)
        moment = self.set_link("proxy", "p1", "mtu", 1564)
        self.back_within(paced, moment, "MTU of p1 back")
        # Behind the SF: what was in it by then, and what was stripped in the same tick of the clock.
        self.settled(allowed=["proxy: too_big", "proxy, after the SF: too_big", GONE], slack=True)


if __name__ == "__main__":
    unittest.main()
