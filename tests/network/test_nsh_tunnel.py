# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""VXLAN-GPE to the other end of a tunnel: without `mac` and `ip` the kernel's route says which neighbour gets the frame,
on the link or behind a gateway, and `run` follows a route that changes."""
import json
import pathlib
import subprocess
import sys
import unittest

from support import open_lab

from lab.net import wait_for
from lab.proxy import Proxy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "wire"))

import frames as f  # noqa: E402  (the path above comes first)
import nsh_frames as n  # noqa: E402

LINKED, ROUTED, ROUTED6 = "198.51.100.2", "203.0.113.9", "2001:db8:9::9"
LOCAL, LOCAL6 = "198.51.100.1", "2001:db8:51::1"
SERVICE = """\
  - name: {name}
    match: {{encapsulation: nsh, spi: {spi}, si: 7}}
    domain: p0
    sf: {{name: fw, in: left}}
    oam: forward
    next_hop: {{interface: p1, tunnel: {{remote: "{remote}", local: "{local}"}}}}
"""
CONFIG = "sfs:\n  - {name: fw, ports: {left: f0, right: f1}, hold: 1s, probe: off}\nservices:\n" + "".join(
    SERVICE.format(name=name, spi=spi, remote=remote, local=local)
    for spi, (name, remote, local) in enumerate((("linked", LINKED, LOCAL), ("routed", ROUTED, LOCAL), ("routed6", ROUTED6, LOCAL6)), 1))
SEND = """
import socket, sys
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
    link.bind(("d0", 0))
    link.send(bytes.fromhex(sys.argv[1]))
"""


def bridge(lab, name, *devices):
    lab.run("other", "ip", "link", "add", "name", name, "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
    for device in devices:
        lab.run("other", "ip", "link", "set", device, "master", name)
    lab.run("other", "ip", "link", "set", "dev", name, "up")


def build(lab):
    """The SF is a bridge in "other", and so is the link with two routers behind p1."""
    for role in ("proxy", "other", "one", "two"):
        lab.namespace(role)
    for port, peer in (("f0", "fw0"), ("f1", "fw1"), ("p0", "d0"), ("p1", "l1")):
        lab.link(("proxy", port), ("other", peer))
    for role in ("one", "two"):
        lab.link((role, "r0"), ("other", role))
    bridge(lab, "sf", "fw0", "fw1")
    bridge(lab, "link", "l1", "one", "two")
    lab.address("proxy", "p0", "192.0.2.1/24", "2001:db8:2::1/64")
    lab.address("proxy", "p1", f"{LOCAL}/24", f"{LOCAL6}/64")
    lab.address("one", "r0", f"{LINKED}/24", "2001:db8:51::2/64")
    lab.address("two", "r0", "198.51.100.3/24", "2001:db8:51::3/64")
    lab.wait_up()


class Tunnel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = open_lab()
        cls.addClassCleanup(cls.lab.close)
        build(cls.lab)

    def setUp(self):
        self.route("198.51.100.3", "2001:db8:51::3")
        self.proxy = Proxy(self.lab, CONFIG)
        self.proxy.start()
        self.addCleanup(self.proxy.stop)
        self.proxy.wait_ready()

    def route(self, gateway, gateway6):
        self.lab.route("proxy", "203.0.113.0/24", "via", gateway, "dev", "p1")
        self.lab.route("proxy", "2001:db8:9::/64", "via", gateway6, "dev", "p1")

    def mac(self, role, device="r0"):
        return json.loads(self.lab.run(role, "ip", "-j", "link", "show", device).stdout)[0]["address"]

    def hops(self):
        return {service["name"]: service["next_hop"]["mac"] for service in self.proxy.status().get("services", [])}

    def seen(self, role, spi, family, **fields):
        """The line of tcpdump for the frame that arrives there when one is sent into the proxy."""
        heard = self.lab.start(role, "timeout", 10, "tcpdump", "-c1", "-lneti", "r0", "udp", "port", n.GPE_PORT,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        heard.stderr.readline()                 # it listens
        heard.stderr.readline()
        to = {4: "192.0.2.1", 6: "2001:db8:2::1"}[family]
        macs = {"dst": self.mac("proxy", "p0"), "src": self.mac("other", "d0")}
        packet = f.inner(4, "udp")
        frame = n.gpe(n.nsh(packet, spi=spi, **fields), family, ip={"dst": to}, **macs)
        self.lab.run("other", sys.executable, "-c", SEND, frame.hex())
        return heard.communicate()[0]

    def arrives(self, role, spi, family, remote, local, **fields):
        line = self.seen(role, spi, family, **fields)
        self.assertIn(f"> {self.mac(role)}", line)
        self.assertIn(f"{self.mac('proxy', 'p1')} >", line)
        self.assertRegex(line, rf"{local}\.\d+ > {remote}\.{n.GPE_PORT}: ")

    def test_on_the_link_and_behind_a_gateway(self):
        one, two = self.mac("one"), self.mac("two")
        self.assertEqual(self.hops(), {"linked": one, "routed": two, "routed6": two})
        self.arrives("one", 1, 4, LINKED, LOCAL)
        self.arrives("two", 2, 4, ROUTED, LOCAL)
        self.arrives("two", 3, 6, ROUTED6, LOCAL6)

    def test_oam_goes_past_the_sf(self):
        """To the same next hop; the SF is no bridge by then, so it cannot have come through there."""
        for device in ("fw0", "fw1"):
            self.lab.run("other", "ip", "link", "set", device, "nomaster")
            self.addCleanup(self.lab.run, "other", "ip", "link", "set", device, "master", "sf")
        self.arrives("two", 2, 4, ROUTED, LOCAL, oam=1)
        self.arrives("two", 3, 6, ROUTED6, LOCAL6, oam=1)
        services = self.proxy.stats()["counters"]["services"]
        self.assertEqual([services[name].get("bypassed", {}).get("packets") for name in ("linked", "routed", "routed6")],
                         [0, 1, 1])

    def test_a_gateway_that_changes(self):
        one = self.mac("one")
        self.route(LINKED, "2001:db8:51::2")
        wait_for("the other gateway", lambda: set(self.hops().values()) == {one})
        self.arrives("one", 2, 4, ROUTED, LOCAL)
        self.arrives("one", 3, 6, ROUTED6, LOCAL6)
        self.assertIn(f"service 'routed': next hop {ROUTED} by {LINKED} is at {one}", self.proxy.said())

    def test_a_gateway_of_the_other_version(self):
        self.lab.route("proxy", "203.0.113.0/24", "via", "inet6", "2001:db8:51::2", "dev", "p1")
        wait_for("the other gateway", lambda: self.hops()["routed"] == self.mac("one"))
        self.arrives("one", 2, 4, ROUTED, LOCAL)

    def test_a_route_that_goes(self):
        self.lab.run("proxy", "ip", "route", "delete", "2001:db8:9::/64")
        wait_for("the next hop to go", lambda: self.hops()["routed6"] is None)
        self.assertIn(f"next hop {ROUTED6} has no route by its interface", self.proxy.said())
        self.route("198.51.100.3", "2001:db8:51::3")
        wait_for("the next hop to come back", lambda: self.hops()["routed6"] == self.mac("two"))

    def test_attach_cannot_follow(self):
        done = self.lab.run("proxy", self.proxy.program, "attach", "-c", self.proxy.config, "--pin",
                            self.lab.bpffs / "second", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"the next hop of service 'linked' is on the route to {LINKED}", done.stderr)


if __name__ == "__main__":
    unittest.main()
