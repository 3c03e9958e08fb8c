# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Frames that the kernel loses behind the proxy's verdict, because the peer of a port goes down: each one has a name,
`run` notices within a moment, and `status` says that it is not ready."""
import json
import time
import unittest

from support import NetworkTest

from lab import chain, traffic
from lab.bench import BY_IP, config
from lab.net import wait_for
from lab.service_functions import Routed

COUNT, RATE = 4000, 2000        # two seconds of numbered datagrams
SEND = """
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
count, rate = int(sys.argv[2]), int(sys.argv[3])
begin = time.monotonic()
for n in range(count):
    s.sendto(b"%8d" % n + bytes(200), (sys.argv[1], 7000))
    time.sleep(max(0, begin + n / rate - time.monotonic()))
"""


class Lost(NetworkTest):
    sf = Routed

    def send(self, role="sender", address=chain.RECEIVER):
        return self.lab.start(role, "/usr/bin/python3", "-c", SEND, address, COUNT, RATE)

    def settle(self):
        """When nothing is on its way any more. Returns the packets of the service, and all counters."""
        time.sleep(0.4)
        stats = self.bench.proxy.stats()
        service, cache = stats["counters"]["services"]["out"], stats["conservation"]["cache"]
        packets = {name: service.get(name, {}).get("packets", 0) for name in ("to_sf", "claimed", "restored")}
        print(f"  {self.id().split('.')[-1]}: {packets}, live {cache['live']}, "
              f"after_verdict {json.dumps(stats['after_verdict'])}", flush=True)
        self.assertTrue(stats["conservation"]["balanced"])
        return packets, stats

    def down(self, role, device):
        self.lab.run(role, "ip", "link", "set", device, "down")
        self.addCleanup(self.lab.run, role, "ip", "link", "set", device, "up")

    def test_peer_of_the_next_hop(self):
        """The frames that the interface dropped until `run` noticed are named; the others are `no_next_hop`."""
        self.bench.run(config(BY_IP))
        before = self.dropped("p1")
        sender = self.send()
        time.sleep(0.5)
        begin = time.monotonic()
        self.down("classifier", "c2")
        wait_for("the port down", lambda: "interface 'p1' is down" in self.bench.proxy.said())
        print(f"  noticed after {time.monotonic() - begin:.2f} s", flush=True)
        sender.wait(20)
        packets, stats = self.settle()
        lost, refused = stats["after_verdict"]["ports"].get("p1", {}).get("not_sent", 0), self.refused(stats)
        self.assertEqual(lost, self.dropped("p1") - before)
        self.assertLess(lost, 0.35 * RATE, "noticed late")
        self.assertEqual(packets["to_sf"] + refused, COUNT)
        self.assertGreater(refused, COUNT / 20)
        self.assertFalse(self.bench.proxy.status()["ready"])
        self.lab.run("classifier", "ip", "link", "set", "c2", "up")
        wait_for("the port up", lambda: self.bench.proxy.status()["ready"])
        self.assertTrue(traffic.ping(self.lab, "sender", chain.RECEIVER, count=3).good)

    def test_without_a_process(self):
        """Nobody takes the port out: all that is lost is counted, and `status` says that it is not ready."""
        self.bench.run(config(BY_IP), "--keep")
        self.assertEqual(self.bench.proxy.stop(), 0)
        before = self.dropped("p1")
        sender = self.send()
        time.sleep(0.5)
        self.down("classifier", "c2")
        sender.wait(20)
        packets, stats = self.settle()
        lost = stats["after_verdict"]["ports"]["p1"]["not_sent"]
        self.assertEqual(lost, self.dropped("p1") - before)
        self.assertEqual(packets["to_sf"], COUNT)
        self.assertGreater(lost, COUNT / 20)
        self.assertFalse(self.bench.proxy.status()["ready"])

    def test_interface_made_anew(self):
        """Losses there stay in the sum, and a counter that begins at zero takes nothing away."""
        self.bench.run(config(BY_IP), "--keep")
        self.assertEqual(self.bench.proxy.stop(), 0)
        self.down("SF", "fw1")
        self.send("receiver", chain.SENDER).wait(20)
        lost = self.lost("f1")
        self.assertGreater(lost, COUNT / 20)
        self.lab.run("SF", "ip", "link", "set", "fw1", "up")
        self.bench.run(config(BY_IP))
        time.sleep(1)                       # `run` notes losses
        lost = self.lost("f1")
        self.lab.run("proxy", "ip", "link", "delete", "f1")
        wait_for("the port gone", lambda: "until it comes back" in self.bench.proxy.said())
        self.assertEqual(self.lost("f1"), lost)
        self.lab.link(("proxy", "f1"), ("SF", "fw1"))
        self.lab.address("proxy", "f1", "10.0.2.1/30")
        self.lab.address("SF", "fw1", "10.0.2.2/30")
        self.lab.route("SF", "198.51.100.0/24", "via", "10.0.2.1")
        wait_for("the port again", lambda: self.bench.proxy.status()["ready"])
        self.assertTrue(traffic.ping(self.lab, "sender", chain.RECEIVER, count=3).good)
        self.assertIn(self.lost("f1") - lost, range(20))

    def test_attach_refuses_what_is_down(self):
        bench = self.bench
        bench.run(bench.config_by_mac())
        bench.proxy.stop()
        self.down("classifier", "c2")
        done = self.lab.run("proxy", bench.proxy.program, "attach", "-c", bench.proxy.config, "--pin", bench.proxy.pin,
                            check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("port 'p1': interface 'p1' is down, or its peer is", done.stderr)
        self.assertFalse(bench.proxy.pin.exists())

    def lost(self, port):
        return self.bench.proxy.stats()["after_verdict"]["ports"].get(port, {}).get("not_sent", 0)

    @staticmethod
    def refused(stats):
        """Before the SF. Those that were in it, and those of the same tick of the clock, are dropped behind it."""
        return stats["counters"]["services"]["out"]["dropped"].get("no_next_hop", {}).get("packets", 0)

    def dropped(self, device):
        shown = json.loads(self.lab.run("proxy", "ip", "-j", "-s", "link", "show", device).stdout)[0]
        return shown["stats64"]["tx"]["dropped"]


if __name__ == "__main__":
    unittest.main()
