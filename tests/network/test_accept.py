# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A port takes frames for this host: for its own MAC, that of the bridge it is in, those of macvlans. Frames for others,
which a switch that floods brings along, go to the kernel as they are, and no packet is served twice."""
import itertools
import json
import pathlib
import subprocess
import sys
import time
import unittest

import ports
from support import open_lab

from lab.net import LabError, wait_for
from lab.proxy import Proxy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "wire"))

import frames as f  # noqa: E402  (the path above comes first)

NOBODY, NEW, MACVLAN, BRIDGE = (f"02:00:00:00:cc:0{n}" for n in range(1, 5))
SEND = """
import socket, sys
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
    link.bind((sys.argv[1], 0))
    link.send(bytes.fromhex(sys.argv[2]))
"""
SECONDS = 10        # it takes less than one, on a machine that has time


def mac_of(lab, role, device):
    return json.loads(lab.run(role, "ip", "-j", "link", "show", device).stdout)[0]["address"]


def config(lab, sf, accept=None, hold="100ms"):
    """Of a routed SF, whose interfaces are in the namespace `sf`."""
    sides = ", ".join(f'{side}: {{interface: {port}, mac: "{mac_of(lab, sf, peer)}"}}'
                      for side, port, peer in (("left", "f0", "fw0"), ("right", "f1", "fw1")))
    domain = f"{{interface: p0, accept: {accept}}}" if accept else "p0"
    return ports.config(f"hold: {hold}, ports: {{{sides}}}").replace("domain: p0", f"domain: {domain}")


def ends(stats):
    """How frames ended at the domain port and at the SF's second port, as far as these tests are about them."""
    counters = stats["counters"]
    domain, right = counters["domain_ports"]["p0"], counters["sf_ports"]["f1"]
    service = counters["services"]["out"]
    return {"to_sf": service["to_sf"]["packets"], "restored": service["restored"]["packets"],
            "other_mac": domain["passed"].get("other_mac", {}).get("packets", 0),
            "other_mac from the SF": right["dropped"].get("other_mac", {}).get("packets", 0),
            "miss": right["dropped"].get("miss", {}).get("packets", 0)}


class Ends:
    """Sends frames into a lab and says how the proxy in `role` has ended them."""

    def __init__(self, lab, proxy):
        self.lab, self.proxy = lab, proxy
        self.numbers = itertools.count(1)

    def send(self, role, device, frame):
        self.lab.run(role, sys.executable, "-c", SEND, device, frame.hex())

    def end_of(self, role, device, frame):
        before = ends(self.proxy.stats())

        def new():
            now = ends(self.proxy.stats())
            return [name for name in now if now[name] != before[name]]

        self.send(role, device, frame)
        found = wait_for("the frame", new)
        assert len(found) == 1, found
        return found[0]

    def strip(self, mac):
        """A new packet to this MAC. Returns how it ended."""
        self.packet = f.inner(4, "udp", next(self.numbers))
        return self.end_of("other", "d0", f.labelled(self.packet, 16001, 17, dst=mac))

    def restore(self, mac):
        """The packet that was stripped last comes back to this MAC."""
        return self.end_of("other", "fw1", f.bare(self.packet, dst=mac))


class Accept(unittest.TestCase):
    def setUp(self):
        self.lab = open_lab()
        self.addCleanup(self.lab.close)
        ports.build(self.lab)
        self.mac = {device: mac_of(self.lab, "proxy", device) for device in ("p0", "f1")}

    def run_proxy(self, accept=None, hold="100ms"):
        proxy = Proxy(self.lab, config(self.lab, "other", accept, hold))
        proxy.start()
        self.addCleanup(proxy.stop)
        proxy.wait_ready()
        self.ends = Ends(self.lab, proxy)
        return proxy

    def link(self, *words):
        self.lab.run("proxy", "ip", "link", *words)
        return time.monotonic()

    def becomes(self, mac, end, moment):
        wait_for(f"{mac} to be {end}", lambda: self.ends.strip(mac) == end, SECONDS)
        print(f"  {self.id().split('.')[-1]}: {mac} is {end} after {(time.monotonic() - moment) * 1000:.0f} ms", flush=True)

    def shown(self, proxy, name="p0"):
        port = next(port for port in proxy.status()["ports"] if port["name"] == name)
        return port["accept"], port["other_own_macs"]

    def test_both_sides(self):
        proxy = self.run_proxy(hold="60s")  # a process sends each frame
        self.assertEqual([self.shown(proxy, name) for name in ("p0", "f0", "f1")], 3 * [("own", [])])
        self.assertEqual(self.ends.strip(NOBODY), "other_mac")
        self.assertEqual(self.ends.strip(self.mac["p0"]), "to_sf")
        self.assertEqual(self.ends.restore(NOBODY), "other_mac from the SF")
        self.assertEqual(self.ends.restore(self.mac["f1"]), "restored")
        self.assertEqual(self.ends.restore(self.mac["f1"]), "miss")
        self.assertTrue(proxy.stats()["conservation"]["balanced"])

    def test_any(self):
        proxy = self.run_proxy("any")
        self.assertEqual(self.shown(proxy)[0], "any")
        self.assertEqual(self.ends.strip(NOBODY), "to_sf")

    def test_mac_changes(self):
        self.run_proxy()
        self.assertEqual(self.ends.strip(NEW), "other_mac")
        moment = self.link("set", "p0", "address", NEW)
        self.becomes(NEW, "to_sf", moment)
        self.assertEqual(self.ends.strip(self.mac["p0"]), "other_mac")

    def test_macvlan(self):
        proxy = self.run_proxy()
        moment = self.link("add", "link", "p0", "name", "mac0", "address", MACVLAN, "type", "macvlan", "mode", "bridge")
        self.becomes(MACVLAN, "to_sf", moment)
        self.assertEqual(self.shown(proxy), ("own", [MACVLAN]))
        self.assertEqual(self.ends.strip(self.mac["p0"]), "to_sf")
        self.assertEqual(self.ends.strip(NOBODY), "other_mac")
        moment = self.link("set", "mac0", "address", NEW)
        self.becomes(NEW, "to_sf", moment)
        self.assertEqual(self.ends.strip(MACVLAN), "other_mac")
        moment = self.link("delete", "mac0")
        self.becomes(NEW, "other_mac", moment)

    def test_bridge(self):
        """And what is for another host goes on through the bridge as it came."""
        self.lab.link(("proxy", "x0"), ("other", "y0"))
        self.link("add", "br0", "address", BRIDGE, "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
        for device in ("br0", "x0"):
            self.link("set", device, *(() if device == "br0" else ("master", "br0")), "up")
        self.run_proxy()
        self.assertEqual(self.ends.strip(BRIDGE), "other_mac")
        moment = self.link("set", "p0", "master", "br0")
        self.becomes(BRIDGE, "to_sf", moment)
        heard = self.lab.start("other", "timeout", 20, "tcpdump", "-c1", "-lnexxi", "y0", "ether", "dst", NOBODY,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        heard.stderr.readline()     # it listens
        heard.stderr.readline()
        self.assertEqual(self.ends.strip(NOBODY), "other_mac")
        seen = "".join(line.split(":", 1)[1] for line in heard.communicate()[0].splitlines()[1:])
        self.assertIn(f.labelled(self.ends.packet, 16001, 17, dst=NOBODY).hex(), seen.replace(" ", "").replace("\t", ""))
        moment = self.link("set", "p0", "nomaster")
        self.becomes(BRIDGE, "other_mac", moment)

    def test_attach(self):
        """It takes those of its moment, and a `run` that takes over forgets what has gone meanwhile."""
        self.link("add", "link", "p0", "name", "mac0", "address", MACVLAN, "type", "macvlan", "mode", "bridge")
        proxy = Proxy(self.lab, config(self.lab, "other"))
        self.lab.run("proxy", proxy.program, "attach", "-c", proxy.config, "--pin", proxy.pin)
        self.ends = Ends(self.lab, proxy)
        self.assertEqual(self.ends.strip(MACVLAN), "to_sf")
        self.link("delete", "mac0")
        self.assertEqual(self.ends.strip(MACVLAN), "to_sf", "nobody follows")
        proxy.start()
        self.addCleanup(proxy.stop)
        self.becomes(MACVLAN, "other_mac", time.monotonic())


    def test_sf_port_has_a_new_mac(self):
        """Which the kernel takes for its own, and nobody has told the proxy: nothing may be forwarded as it is."""
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.lab.address("proxy", "f1", "203.0.113.1/24")
        self.lab.route("proxy", "198.51.100.0/24", "dev", "f0")
        proxy = Proxy(self.lab, config(self.lab, "other", hold="60s"))
        self.lab.run("proxy", proxy.program, "attach", "-c", proxy.config, "--pin", proxy.pin)
        self.ends = Ends(self.lab, proxy)
        self.assertEqual(self.ends.strip(self.mac["p0"]), "to_sf")
        self.link("set", "f1", "address", NEW)
        self.assertEqual(self.ends.restore(NEW), "other_mac from the SF")
        self.assertEqual(self.forwarded(), 0)

    def forwarded(self):
        return int(self.lab.run("proxy", "nstat", "-asz", "IpForwDatagrams").stdout.split()[-2])


class Flood(unittest.TestCase):
    """Two proxies on a switch that learns nothing, and so gives each of them every frame."""

    COUNT = 20

    def setUp(self):
        self.lab = lab = open_lab()
        self.addCleanup(lab.close)
        lab.namespace("switch")
        lab.namespace("sender")
        lab.run("switch", "ip", "link", "add", "br0", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
        lab.run("switch", "ip", "link", "set", "br0", "up")
        lab.link(("switch", "s0"), ("sender", "d0"))
        for role, port in (("one", "a0"), ("two", "b0")):
            lab.namespace(role)
            lab.namespace(f"sf-{role}")
            lab.link(("switch", port), (role, "p0"))
            for ours, theirs in (("f0", "fw0"), ("f1", "fw1")):
                lab.link((role, ours), (f"sf-{role}", theirs))
        for port in ("s0", "a0", "b0"):
            lab.run("switch", "ip", "link", "set", port, "master", "br0")
            lab.run("switch", "bridge", "link", "set", "dev", port, "learning", "off", "flood", "on")
        lab.wait_up()

    def attach(self, role, accept):
        proxy = Proxy(self.lab, config(self.lab, f"sf-{role}", accept), role)
        proxy.pin = self.lab.bpffs / role
        self.lab.run(role, proxy.program, "attach", "-c", proxy.config, "--pin", proxy.pin)
        return proxy

    def served(self, accept):
        """Frames for the first proxy. Returns how many each proxy has given to its SF, and how many it has left alone."""
        proxies = [self.attach(role, accept) for role in ("one", "two")]
        sender = Ends(self.lab, proxies[0])
        for number in range(self.COUNT):
            sender.send("sender", "d0", f.labelled(f.inner(4, "udp", number), 16001, 17, dst=mac_of(self.lab, "one", "p0")))

        def counts():
            return [(end["to_sf"], end["other_mac"]) for end in (ends(proxy.stats()) for proxy in proxies)]

        try:
            return wait_for("the frames", lambda: all(sum(each) >= self.COUNT for each in counts()) and counts())
        except LabError as error:       # one has ended in another way
            raise AssertionError("\n".join([str(error), *(proxy.stats_text() for proxy in proxies)])) from error

    def test_own(self):
        self.assertEqual(self.served("own"), [(self.COUNT, 0), (0, self.COUNT)])

    def test_any_is_served_twice(self):
        self.assertEqual(self.served("any"), [(self.COUNT, 0), (self.COUNT, 0)])


if __name__ == "__main__":
    unittest.main()
