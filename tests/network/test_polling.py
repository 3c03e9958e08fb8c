# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A veth takes redirected frames only while its peer polls. Others may take the program off that makes it poll, or an SF
may have one of its own: `run` keeps the peer polling, or takes the port out of use by name, and `status` says so."""
import json
import pathlib
import signal
import unittest

from support import NetworkTest

from lab import account, chain, traffic
from lab.bench import BY_IP, config
from lab.net import wait_for
from lab.paced import Paced
from lab.proxy import PROGRAM, Proxy
from lab.service_functions import Routed

PREPARED = ("{interface: f0, ip: 10.0.1.2, peer: prepared}", BY_IP[1])
EDGE = next(path for path in (pathlib.Path(PROGRAM).resolve().parent / "lab/edge.bpf.o",
                              pathlib.Path(__file__).resolve().parents[2] / "build/lab/edge.bpf.o") if path.exists())
NO_HOP = "proxy: no_next_hop"


class Polling(NetworkTest):
    sf = Routed

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shared.lab.run("SF", "bpftool", "prog", "loadall", EDGE, cls.shared.lab.bpffs / "theirs")

    def setUp(self):
        super().setUp()
        self.addCleanup(self.unload)

    def load(self, check=True):
        """The SF's own program, with the loader's care: it replaces no other one."""
        return self.lab.run("SF", "bpftool", "net", "attach", "xdpdrv", "pinned", self.lab.bpffs / "theirs/edge_pass",
                            "dev", "fw0", check=check)

    def unload(self):
        self.lab.run("SF", "bpftool", "net", "detach", "xdpdrv", "dev", "fw0", check=False)

    def port(self, name="f0"):
        return next(port for port in self.bench.proxy.status()["ports"] if port["name"] == name)

    def flows(self):
        self.assertTrue(traffic.ping(self.lab, "sender", chain.RECEIVER, count=3).good)

    def lost(self):
        """Frames that the kernel lost behind the verdict."""
        return self.bench.proxy.stats()["after_verdict"]["packets"]

    def no_next_hop(self):
        return account.reasons(self.bench.proxy.stats(), "dropped").get("no_next_hop", 0)

    def out_of_use(self):
        """Each packet is a drop by its reason, and none is lost behind the verdict."""
        wait_for("the port out of use", lambda: not self.port()["receives"])
        self.assertEqual((self.port()["polls"], self.bench.proxy.status()["ready"]), (False, False))
        before, lost = self.no_next_hop(), self.lost()
        self.lab.run("sender", "ping", "-qn", "-c", 10, "-i", 0.02, "-W", 0.2, chain.RECEIVER, check=False)
        self.assertEqual((self.no_next_hop() - before, self.lost() - lost), (10, 0))
        self.assertIn("port 'f0': the peer of 'f0' does not poll, frames for it are dropped as no_next_hop",
                      self.bench.proxy.said())

    def test_program_of_others_goes(self):
        self.load()
        self.bench.run(config(BY_IP))
        self.assertNotIn("on its peer 'fw0'", self.bench.proxy.said())
        paced = Paced(self.lab, "sender", "receiver", chain.RECEIVER)
        self.flows()
        self.unload()
        wait_for("our program", lambda: "put a program that passes everything on its peer 'fw0'" in self.bench.proxy.said())
        self.flows()
        found = paced.stop()
        print(f"  {len(found.lost)} of {len(found.sent)} lost, {self.lost()} of them behind the verdict", flush=True)
        self.assertLess(len(found.lost), 0.5 * 400, "noticed late")
        self.assertTrue(self.bench.proxy.wait_ready()["ready"])
        self.settled(allowed=[NO_HOP, "vanished in the SF"], slack=True)

    def test_ours_is_taken_off(self):
        self.bench.run(config(BY_IP))
        links = json.loads(self.lab.run("proxy", "bpftool", "-j", "link", "show", "pinned",
                                        self.bench.proxy.pin / "pass_1").stdout)
        number = links["id"] if isinstance(links, dict) else links[0]["id"]
        self.lab.run("SF", "bpftool", "link", "detach", "id", number)
        wait_for("our program again", lambda: self.bench.proxy.said().count("on its peer 'fw0'") == 2)
        self.flows()
        self.assertTrue(self.bench.proxy.wait_ready()["ready"])

    def test_another_program_is_in_the_way(self):
        """A generic one, behind which the peer does not poll, and beside which ours cannot be."""
        self.load()
        self.bench.run(config(BY_IP))
        self.bench.proxy.process.send_signal(signal.SIGSTOP)
        self.unload()
        self.lab.run("SF", "bpftool", "net", "attach", "xdpgeneric", "pinned", self.lab.bpffs / "theirs/edge_pass", "dev",
                     "fw0")
        self.addCleanup(self.lab.run, "SF", "bpftool", "net", "detach", "xdpgeneric", "dev", "fw0", check=False)
        self.bench.proxy.process.send_signal(signal.SIGCONT)
        self.out_of_use()
        self.lab.run("SF", "bpftool", "net", "detach", "xdpgeneric", "dev", "fw0")
        self.bench.proxy.wait_ready()
        self.flows()

    def test_prepared_for_an_sf_with_its_own_program(self):
        """Nothing is put there, so its loader finds the interface free, before `run`, while it runs, and again."""
        self.bench.proxy = Proxy(self.lab, config(PREPARED))
        self.bench.proxy.start()
        wait_for("the port out of use", lambda: "does not poll" in self.bench.proxy.said())
        self.bench.mark()
        self.out_of_use()
        self.assertIn("ITS PEER DOES NOT POLL", self.lab.run("proxy", PROGRAM, "status", "--pin", self.bench.proxy.pin,
                                                                     check=False).stdout)
        for _ in range(2):
            self.load()
            self.bench.proxy.wait_ready()
            self.flows()
            self.unload()
            self.out_of_use()
        self.assertNotIn("on its peer 'fw0'", self.bench.proxy.said())

    def test_prepared_by_an_offload(self):
        """GRO makes it poll without any program, and the SF's may come and go."""
        self.lab.run("SF", "ethtool", "-K", "fw0", "gro", "on")
        self.addCleanup(self.lab.run, "SF", "ethtool", "-K", "fw0", "gro", "off")
        self.bench.run(config(PREPARED))
        for change in (self.load, self.unload):
            change()
            self.flows()
            self.assertTrue(self.bench.proxy.status()["ready"])

    def test_without_a_process(self):
        """`attach` refuses what does not poll, and later `status` sees it."""
        self.bench.run(self.bench.config_by_mac())
        self.bench.proxy.stop()
        text = self.bench.config_by_mac()
        self.load()
        self.bench.attach(text.replace("interface: f0,", "interface: f0, peer: prepared,"))
        self.assertTrue(self.bench.proxy.status()["ready"])
        self.unload()
        self.assertEqual((self.port()["polls"], self.bench.proxy.status()["ready"]), (False, False))
        self.bench.detach()
        done = self.lab.run("proxy", PROGRAM, "attach", "-c", self.bench.proxy.config, "--pin", self.bench.proxy.pin, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("port 'f0': the peer of 'f0' does not poll", done.stderr)
        self.assertFalse(self.bench.proxy.pin.exists())


if __name__ == "__main__":
    unittest.main()
