# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The domain side of a lab: two hosts, the classifier before them, the proxy's two domain ports.

    sender s0 -- c0 [classifier] c1 -- p0 [proxy] p1 -- c2 [classifier] c3 -- r0 receiver

The classifier is a wire for ARP and neighbour discovery: the proxy's neighbours are the hosts themselves.
"""
from lab.edge import MTU_DOMAIN, Edge, link_errors

SENDER, RECEIVER = "192.0.2.10", "198.51.100.10"
SENDER6, RECEIVER6 = "2001:db8:1::10", "2001:db8:2::10"
CONFIG = """
sfs:
  - name: firewall
    rtp_ports: [5004]
    ports:
      left: {interface: f0, ip: 10.0.1.2}
      right: {interface: f1, ip: 10.0.2.2}
services:
  - name: out
    match: {encapsulation: mpls, label: 16001}
    domain: p0
    sf: {name: firewall, in: left}
    next_hop: {interface: p1, ip: 198.51.100.10}
  - name: back
    match: {encapsulation: mpls, label: 16002}
    domain: p1
    sf: {name: firewall, in: right}
    next_hop: {interface: p0, ip: 192.0.2.10}
"""


def build(lab, mtu=1500):
    """Namespaces, links and addresses. `mtu` is that of the hosts' packets; the domain has room for labels as well."""
    domain = mtu + MTU_DOMAIN - 1500
    for role in ("sender", "classifier", "proxy", "receiver"):
        lab.namespace(role)
    lab.link(("sender", "s0"), ("classifier", "c0"), domain)
    lab.link(("classifier", "c1"), ("proxy", "p0"), domain)
    lab.link(("proxy", "p1"), ("classifier", "c2"), domain)
    lab.link(("classifier", "c3"), ("receiver", "r0"), domain)
    lab.address("proxy", "p0", "192.0.2.1/24", "2001:db8:1::1/64")
    lab.address("proxy", "p1", "198.51.100.1/24", "2001:db8:2::1/64")
    host(lab, "sender", "s0", SENDER, SENDER6, "192.0.2.1", "2001:db8:1::1", mtu)
    host(lab, "receiver", "r0", RECEIVER, RECEIVER6, "198.51.100.1", "2001:db8:2::1", mtu)


def host(lab, role, device, address, address6, gateway, gateway6, mtu):
    """Packets of up to `mtu` bytes, so that labels fit; checksums in software, as XDP cannot hand that work on."""
    lab.address(role, device, f"{address}/24", f"{address6}/64")
    lab.run(role, "ethtool", "-K", device, "tx", "off")
    lab.route(role, "default", "via", gateway, "mtu", mtu, "advmss", mtu - 40)
    lab.run(role, "ip", "-6", "route", "replace", "default", "via", gateway6, "mtu", mtu,
            "advmss", mtu - 60)


class Edges:
    """The programs around the proxy. Direction 0 is from the sender to the receiver. A proxy with generic XDP needs
    generic edges: what native XDP redirects into its veth would be lost. `programs`: "edge", "edge_nsh" or
    "edge_srv6"."""

    def __init__(self, lab, keep_port=0, after_proxy=True, generic=False, programs="edge"):
        self.lab = lab
        self.classifier, self.sender, self.receiver = (Edge(lab, role, generic, programs)
                                                       for role in ("classifier", "sender", "receiver"))
        self.classifier.attach("c0", "edge_push", partner="c1", direction=0, keep_port=keep_port)
        self.classifier.attach("c1", "edge_wire", partner="c0", direction=1)
        self.classifier.attach("c2", "edge_wire", partner="c3", direction=0)
        self.classifier.attach("c3", "edge_push", partner="c2", direction=1)
        self.sender.attach("s0", "edge_check", direction=1, after_proxy=after_proxy)
        self.receiver.attach("r0", "edge_check", direction=0, after_proxy=after_proxy, keep_port=keep_port)
        self.earlier = {}

    def way(self, flags):
        """How packets get their headers from now on: flags of lab/edge.py. No packet must be on its way."""
        self.classifier.set("c0", partner="c1", direction=0, flags=flags)
        self.classifier.set("c3", partner="c2", direction=1, flags=flags)
        self.sender.set("s0", direction=1, flags=flags)
        self.receiver.set("r0", direction=0, flags=flags)

    def pushed(self):
        """Counters of what entered the domain, per direction."""
        return [self.classifier.counters(0), self.classifier.counters(1)]

    def arrived(self):
        """Counters of what came out of it, per direction."""
        return [self.receiver.counters(0), self.sender.counters(1)]

    def mark(self):
        """From here on errors count: before the proxy is there, what the kernels say to each other gets lost."""
        self.earlier = self._errors()

    def errors(self):
        """Frames that the classifier itself lost since mark(), by the interface where it happened."""
        return {device: number - self.earlier.get(device, 0) for device, number in self._errors().items()}

    def _errors(self):
        return {device: link_errors(self.lab, "classifier", device) for device in ("c0", "c1", "c2", "c3")}
