# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Names and numbers that come to mean something else: alternative names, process ids, numbers of namespaces, and interfaces
that are renamed or moved."""
import ctypes
import json
import os
import re
import signal
import subprocess
import time
import unittest

import ports
from support import NetworkTest, open_lab

from lab import chain, traffic
from lab.bench import config
from lab.net import call, wait_for
from lab.proxy import Proxy
from lab.service_functions import Routed

CLONE_NEWNET = 0x40000000
HOLD = """
import ctypes, os, sys
for line in sys.stdin:
    with open(line.strip()) as there:
        ctypes.CDLL(None).setns(there.fileno(), 0)
    print("there", flush=True)
"""
OTHER_NAMES = {"f0": "enp1s0f0np0-sf-left", "f1": "enf1", "p0": "enx0", "p1": "enp3s0f1np1-to-the-domain"}


class AlternativeNames(NetworkTest):
    sf = Routed

    def test_every_port(self):
        for device, name in OTHER_NAMES.items():
            self.lab.run("proxy", "ip", "link", "property", "add", "dev", device, "altname", name)
        text = config(("{interface: f0, ip: 10.0.1.2}", "{interface: f1, ip: 10.0.2.2}"))
        status = self.bench.run(re.sub(r"\b[fp][01]\b", lambda found: OTHER_NAMES[found[0]], text))
        self.assertEqual({port["name"]: port["interface"] for port in status["ports"]},
                         {name: device for device, name in OTHER_NAMES.items()})
        self.assertTrue(traffic.ping(self.lab, "sender", chain.RECEIVER, count=3).good)
        self.assertEqual(self.settled().missing, 0)


class Containers(unittest.TestCase):
    """The SF is in the namespace `one`; `two` has interfaces of the same names, whose peers are g0 and g1."""

    def setUp(self):
        self.lab = open_lab()
        self.addCleanup(self.lab.close)
        for role in ("proxy", "domain", "one", "two"):
            self.lab.namespace(role)
        self.lab.link(("proxy", "p0"), ("domain", "d0"))
        for role, ours in (("one", "f"), ("two", "g")):
            for n in (0, 1):
                self.lab.link(("proxy", f"{ours}{n}"), (role, f"eth{n}"))
        self.lab.wait_up()

    def path(self, role):
        return f"/run/netns/{self.lab.name(role)}"

    def has_program(self, device):
        return "xdp" in json.loads(self.lab.run("proxy", "ip", "-j", "-d", "link", "show", device).stdout)[0]

    def offload(self, role, device):
        return re.search(r"tx-checksumming: (\w+)", self.lab.run(role, "ethtool", "-k", device).stdout)[1]

    def run_proxy(self, text):
        proxy = Proxy(self.lab, text)
        proxy.start()
        return proxy

    def move(self, holder, role):
        """The process is in that namespace from now on: what another one that gets its id looks like."""
        holder.stdin.write(f"{self.path(role)}\n")
        holder.stdin.flush()
        self.assertEqual(holder.stdout.readline(), "there\n")

    def test_process_id(self):
        holder = self.lab.start("one", "/usr/bin/python3", "-c", HOLD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.stdin.close)
        self.move(holder, "one")
        text = ports.config(f"netns: {holder.pid}, ports: {{left: eth0, right: eth1}}")
        proxy = self.run_proxy(text)
        proxy.wait_ready()
        self.move(holder, "two")
        wait_for("the move", lambda: f"'netns: {holder.pid}' is another network namespace" in proxy.said())
        self.assertTrue(proxy.status()["ready"], "its interfaces are those that they were")
        for device in ("f0", "f1"):
            self.lab.run("proxy", "ip", "link", "delete", device)
        wait_for("the ports gone", lambda: proxy.said().count("until it comes back") == 2)
        for number in (signal.SIGKILL, signal.SIGTERM):     # the next process knows it as well
            self.lab.run("proxy", "ip", "link", "set", "g0", "mtu", 1400)       # somebody stirs there
            self.lab.run("proxy", "ip", "link", "set", "g0", "mtu", 1500)
            with self.assertRaises(Exception):
                proxy.wait_ready(1.5)
            self.assertFalse(self.has_program("g0") or self.has_program("g1"), proxy.said())
            self.lab.stop(proxy.process, number)
            if number == signal.SIGKILL:
                proxy = self.run_proxy(text)
        proxy = self.run_proxy(text)                        # attached anew, it means the new one
        proxy.wait_ready()
        self.assertTrue(self.has_program("g0") and self.has_program("g1"))
        self.assertEqual(proxy.stop(), 0)

    def test_port_is_moved(self):
        """To another namespace, where nothing of ours stays on it, and back by another name."""
        proxy = self.run_proxy(ports.config("ports: {left: f0, right: f1}"))
        proxy.wait_ready()
        self.lab.run("proxy", "ip", "link", "set", "f0", "netns", self.lab.name("domain"))
        wait_for("the port gone", lambda: "until it comes back" in proxy.said())
        self.assertFalse(proxy.status()["ready"])
        self.assertNotIn("xdp", json.loads(self.lab.run("domain", "ip", "-j", "-d", "link", "show", "f0").stdout)[0])
        self.lab.run("domain", "ip", "link", "set", "f0", "netns", self.lab.name("proxy"), "name", "later")
        self.lab.run("proxy", "ip", "link", "set", "later", "up")
        self.lab.run("proxy", "ip", "link", "property", "add", "dev", "later", "altname", "f0")
        proxy.wait_ready()
        self.assertTrue(self.has_program("later"))
        self.assertEqual(proxy.stop(), 0)

    def attach(self):
        text = ports.config(f"netns: {self.lab.name('one')}, ports: {{left: eth0, right: eth1}}")
        self.assertEqual(ports.run(self.lab, "attach", text=text)[0], 0)

    def test_number_of_a_namespace(self):
        """The kernel gives it to another namespace as soon as one is gone. Nothing in there is ours."""
        self.attach()
        number = os.stat(self.path("one")).st_ino
        call("ip", "netns", "delete", self.lab.name("one"))
        self.lab.roles.remove("one")
        if not self.namespace_with(number):
            self.skipTest("others on this machine have been given the number")
        for device in ("eth0", "eth1"):                     # of the same numbers, too
            self.lab.link(("new", device), ("two", f"{device}-peer"))
            self.lab.run("new", "ethtool", "-K", device, "tx", "off")
        self.assertEqual(ports.run(self.lab, "detach")[0], 0)
        self.assertEqual([self.offload("new", device) for device in ("eth0", "eth1")], ["off", "off"])

    def namespace_with(self, number):
        """Makes namespaces until one has the number, and calls that `new`. The kernel gives out the lowest one that is free,
        so the others are kept as long."""
        libc, home, kept = ctypes.CDLL(None), os.open("/proc/self/ns/net", os.O_RDONLY), []
        try:
            while len(kept) < 400 and libc.unshare(CLONE_NEWNET) == 0:
                kept.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY))
                if os.fstat(kept[-1]).st_ino == number:
                    self.lab.roles.append("new")
                    call("ip", "netns", "attach", self.lab.name("new"), os.getpid())
                    return True
                time.sleep(0.03)
            return False
        finally:
            libc.setns(home, 0)
            for descriptor in (home, *kept):
                os.close(descriptor)

    def test_peer_is_moved(self):
        """Its offloads are switched on again, wherever it is by now, by whatever name."""
        before = self.offload("one", "eth0")
        self.attach()
        self.assertEqual((before, self.offload("one", "eth0")), ("on", "off"))
        self.lab.run("one", "ip", "link", "set", "eth0", "netns", self.lab.name("domain"), "name", "net1")
        self.lab.run("domain", "ip", "link", "set", "net1", "up")
        self.assertEqual(ports.run(self.lab, "detach")[0], 0)
        self.assertEqual((self.offload("domain", "net1"), self.offload("one", "eth1")), ("on", "on"))


if __name__ == "__main__":
    unittest.main()
