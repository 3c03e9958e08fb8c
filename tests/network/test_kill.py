# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The packet path needs no process: `run` is killed under load. And whatever was attached, nothing is left of it."""
import json
import signal
import unittest

from support import NetworkTest

from lab import chain
from lab.bench import BY_IP, config
from lab.net import call, wait_for
from lab.paced import Paced
from lab.service_functions import Routed

PORTS = {"proxy": ("p0", "p1", "f0", "f1"), "SF": ("fw0", "fw1"), "classifier": ("c0", "c1", "c2", "c3"),
         "sender": ("s0",), "receiver": ("r0",)}
OURS = ("p0", "p1", "f0", "f1", "fw0", "fw1")   # the others run the programs of the edges


class Kill(NetworkTest):
    sf = Routed

    def setUp(self):
        super().setUp()
        self.before = self.offloads()

    def offloads(self):
        """What `ethtool -k` says of every interface in every namespace."""
        return {device: self.lab.run(role, "ethtool", "-k", device).stdout for role, devices in PORTS.items()
                for device in devices}

    def programs(self):
        """Interfaces of ours on which an XDP program runs."""
        found = []
        for role in PORTS:
            links = json.loads(self.lab.run(role, "ip", "-j", "link").stdout)
            found += [link["ifname"] for link in links if link.get("xdp") and link["ifname"] in OURS]
        return sorted(found)

    def nothing_left(self):
        self.assertEqual(self.programs(), [])
        self.assertFalse(self.bench.proxy.pin.exists())
        self.assertEqual(self.offloads(), self.before)

    def changed(self):
        """While it is attached, all of this is really different; or nothing_left would prove nothing."""
        self.assertEqual(self.programs(), sorted(OURS))
        self.assertTrue(self.bench.proxy.pin.exists())
        self.assertNotEqual(self.offloads(), self.before)

    def load(self):
        """Numbered UDP both ways, and TCP in the background."""
        paced = [Paced(self.lab, "sender", "receiver", chain.RECEIVER),
                 Paced(self.lab, "receiver", "sender", chain.SENDER, port=7001)]
        log = self.lab.folder / "iperf.json"
        with open(log, "wb") as out:
            tcp = self.lab.start("sender", "iperf3", "-J", "-c", chain.RECEIVER, "-t", 4, "-b", "20M", stdout=out)
        return paced, tcp, log

    def no_loss(self, load):
        paced, tcp, log = load
        self.assertEqual(tcp.wait(20), 0)
        for each in paced:
            found = each.stop()
            print(f"  {len(found.sent)} numbered datagrams sent, {len(found.lost)} lost", flush=True)
            self.assertGreater(len(found.sent), 100)
            self.assertEqual(found.lost, [])
        report = json.loads(log.read_text())["end"]
        print(f"  TCP: {report['sum_received']['bits_per_second'] / 1e6:.0f} Mb/s, "
              f"{report['sum_sent']['retransmits']} retransmitted", flush=True)
        self.assertGreater(report["sum_received"]["bits_per_second"], 1e6)

    def test_killed_under_load(self):
        text = config(BY_IP)
        self.bench.run(text)
        self.changed()
        load = self.load()
        self.lab.stop(self.bench.proxy.process, signal.SIGKILL)
        self.assertIsNone(self.bench.proxy.status()["process"])
        self.no_loss(load)
        self.assertEqual(self.settled().missing, 0)
        self.changed()
        self.bench.run(text)       # the counters go on as well
        wait_for("the new process", lambda: self.bench.proxy.status()["process"] == self.bench.proxy.process.pid)
        self.assertIn("going on with what is attached under", self.bench.proxy.said())
        self.exercise([chain.RECEIVER])
        self.settled()
        self.assertEqual(self.bench.proxy.stop(), 0)
        self.assertIn("detached", self.bench.proxy.said())
        self.nothing_left()

    def test_taken_over_under_load(self):
        """Killed, and another one takes over, several times, all under load."""
        text = config(BY_IP)
        self.bench.run(text)
        load = self.load()
        for _ in range(3):
            self.lab.stop(self.bench.proxy.process, signal.SIGKILL)
            self.bench.run(text)
        self.no_loss(load)
        self.assertEqual(self.settled().missing, 0)
        self.assertEqual(self.bench.proxy.stop(), 0)
        self.nothing_left()

    def test_keep(self):
        self.bench.run(config(BY_IP), "--keep")
        load = self.load()
        self.assertEqual(self.bench.proxy.stop(), 0)
        self.assertIn("stays attached", self.bench.proxy.said())
        self.no_loss(load)
        self.assertEqual(self.settled().missing, 0)
        self.changed()
        self.bench.detach()
        self.nothing_left()

    def test_attach_and_detach(self):
        bench = self.bench
        bench.attach(bench.config_by_mac())
        self.changed()
        self.exercise([chain.RECEIVER])
        self.settled()
        bench.detach()
        self.nothing_left()
        again = call(bench.proxy.program, "detach", "--pin", bench.proxy.pin, check=False)
        self.assertEqual(again.returncode, 4, "there is nothing to detach any more")


if __name__ == "__main__":
    unittest.main()
