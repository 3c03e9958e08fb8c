# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Service functions of other kinds than lab/firewall.py, with the same functions: build, counters, drops. Each is in
the namespace "SF", with fw0 towards the proxy's f0 and fw1 towards f1."""
import json

from lab import firewall
from lab.edge import link_drops
from lab.net import wait_for

ROLE = firewall.ROLE
NO_REDIRECTS = {"net__ipv4__conf__all__send_redirects": 0, "net__ipv4__conf__default__send_redirects": 0}
BRIDGE_RULES = """
table bridge sf {
    counter blocked {}
    chain forward {
        type filter hook forward priority filter; policy accept;
        tcp dport %d counter name blocked drop
    }
}
""" % firewall.BLOCKED_PORT
ONE_ARMED_RULES = firewall.RULES.replace("devices = { fw0, fw1 }", "devices = { fw0 }")


def nft_counters(lab):
    """Packets by the name of the nftables counter; those that an SF does not have are 0."""
    objects = json.loads(lab.run(ROLE, "nft", "-j", "list", "counters").stdout)["nftables"]
    found = {entry["counter"]["name"]: entry["counter"]["packets"] for entry in objects if "counter" in entry}
    return {"blocked": 0, "other": 0} | found


def packets(lab, device, way):
    shown = json.loads(lab.run(ROLE, "ip", "-j", "-s", "link", "show", device).stdout)[0]
    return shown["stats64"][way]["packets"]


def two_links(lab, mtu):
    lab.link(("proxy", "f0"), (ROLE, "fw0"), mtu)
    lab.link(("proxy", "f1"), (ROLE, "fw1"), mtu)
    for device in ("f0", "f1"):  # nothing of its own: a transparent SF would carry it from one to the other
        lab.run("proxy", "sysctl", "-qw", f"net.ipv6.conf.{device}.disable_ipv6=1")


class TcpBridge:
    """Transparent, in user space: reads a frame on one side and writes it on the other."""

    devices = ("fw0", "fw1")

    def build(self, lab, mtu=1500):
        lab.namespace(ROLE, net__ipv6__conf__all__disable_ipv6=1, net__ipv6__conf__default__disable_ipv6=1)
        two_links(lab, mtu)
        for device in self.devices:
            # It cannot write what GRO has put together: longer than the MTU.
            lab.run(ROLE, "ethtool", "-K", device, "gro", "off")

    def settings(self, _lab):
        """More of the SF's settings in the configuration."""
        return ""

    def start(self, lab):
        lab.start(ROLE, "tcpbridge", "-i", "fw0", "-I", "fw1")
        self.wait(lab)
        self.before = self._kept_back(lab)

    def remove(self, _lab):
        """Nothing: it goes with the lab."""

    @staticmethod
    def wait(lab):
        """Until it reads on both sides."""
        wait_for("tcpbridge", lambda: len(lab.run(ROLE, "ss", "-Hn0").stdout.splitlines()) >= 2)

    counters = staticmethod(nft_counters)

    def drops(self, lab):
        """The kernel throws frames away when the buffer is full that it reads from, and tells nobody. It sends nothing
        of its own, so these are exactly the frames that came in and did not go out."""
        return self._kept_back(lab) - self.before

    def _kept_back(self, lab):
        return sum(packets(lab, device, "rx") - packets(lab, device, "tx") for device in self.devices)


class Bridge(TcpBridge):
    """Transparent, in the kernel, with a rule."""

    def build(self, lab, mtu=1500):
        lab.namespace(ROLE, net__ipv6__conf__all__disable_ipv6=1, net__ipv6__conf__default__disable_ipv6=1)
        two_links(lab, mtu)
        lab.run(ROLE, "ip", "link", "add", "br0", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
        for device in self.devices:
            lab.run(ROLE, "ip", "link", "set", device, "master", "br0")
        lab.run(ROLE, "ip", "link", "set", "br0", "up")
        lab.run(ROLE, "nft", "-f", "-", input=BRIDGE_RULES)

    def drops(self, lab):
        return sum(link_drops(lab, ROLE, device) for device in self.devices)

    def start(self, lab):
        """Nothing: the kernel does it."""


class OneArmed(Bridge):
    """A routed firewall that sends out of the interface where packets come from."""

    devices = ("fw0",)

    def build(self, lab, mtu=1500):
        lab.namespace(ROLE, net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1, **NO_REDIRECTS)
        lab.link(("proxy", "f0"), (ROLE, "fw0"), mtu)
        lab.address("proxy", "f0", "10.0.1.1/30", "fd00:1::1/64")
        lab.address(ROLE, "fw0", "10.0.1.2/30", "fd00:1::2/64")
        for target in ("192.0.2.0/24", "198.51.100.0/24"):
            lab.route(ROLE, target, "via", "10.0.1.1")
        for target in ("2001:db8:1::/64", "2001:db8:2::/64"):
            lab.route(ROLE, target, "via", "fd00:1::1")
        lab.run(ROLE, "nft", "-f", "-", input=ONE_ARMED_RULES)


class Routed(Bridge):
    """lab/firewall.py as one of these."""

    def build(self, lab, mtu=1500):
        firewall.build(lab, mtu)
