# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The chain of lab/chain.py with the proxy's own kernel as the SF: it forwards, and nftables translates addresses."""
import dataclasses
import json
import time

from lab import chain, encaps, firewall, traffic
from lab.account import after_verdict, probes
from lab.bench import since
from lab.edge import total
from lab.net import call
from lab.proxy import Proxy

WEB_PORT, BLOCKED_PORT = 8080, 9999
OWN, OWN6 = "192.0.2.1", "2001:db8:1::1"        # the proxy's addresses on the sender's side
REMOTE, REMOTE6 = "198.51.100.1", "2001:db8:2::1"     # and on the receiver's
CONFIG = """
cache: {{capacity: {capacity}}}
sfs:
  - {{name: nat, stack: {stack}}}
services:
  - name: out
    match: {{{encap.out}}}
    domain: p0
    sf: {{name: nat}}
    egress: [{out}]
    {hop}
  - name: back
    match: {{{encap.back}}}
    domain: p1
    sf: {{name: nat}}
    egress: [{back}]
    {hop_back}
"""
PORTS_CONFIG = """
cache: {{capacity: 4096}}
sfs:
  - name: nat
    stack: {stack}
    netns: {netns}
    ports: {{left: {{interface: fw0, ip: 10.0.1.2}}, right: {{interface: fw1, ip: 10.0.2.2}}}}
services:
  - name: out
    match: {{{encap.out}}}
    domain: p0
    sf: {{name: nat, in: left}}
    {hop}
  - name: back
    match: {{{encap.back}}}
    domain: p1
    sf: {{name: nat, in: right}}
    {hop_back}
"""
# Packets in and out are counted as the edges count them: without control packets of the link.
RULES = f"""
table inet lab {{
    counter forwarded {{}}
    counter blocked {{}}
    counter taken {{}}
    counter sent {{}}
    chain to {{
        type nat hook prerouting priority dstnat;
        iif != LEFT accept
        meta l4proto != {{ tcp, udp }} accept
        ip daddr {OWN} th dport {{ {WEB_PORT}, 5201 }} dnat ip to {chain.RECEIVER}
        ip6 daddr {OWN6} th dport {{ {WEB_PORT}, 5201 }} dnat ip6 to {chain.RECEIVER6}
    }}
    chain through {{
        type filter hook forward priority filter;
        counter name forwarded
        tcp dport {BLOCKED_PORT} counter name blocked drop
    }}
    chain into {{
        type filter hook input priority filter;
        icmpv6 type {{ 133, 134, 135, 136, 137 }} accept
        iif {{ LEFT, RIGHT }} ip daddr != 224.0.0.0/4 counter name taken
        iif {{ LEFT, RIGHT }} ip6 daddr != ff00::/8 counter name taken
    }}
    chain out_of {{
        type filter hook output priority filter;
        icmpv6 type {{ 133, 134, 135, 136, 137 }} accept
        oif {{ LEFT, RIGHT }} ip daddr != 224.0.0.0/4 counter name sent
        oif {{ LEFT, RIGHT }} ip6 daddr != ff00::/8 counter name sent
    }}
}}
"""
MASQUERADE = "add chain inet lab from { type nat hook postrouting priority srcnat; }; " \
             "add rule inet lab from oif RIGHT masquerade"


def config(out="p1", back="p0", stack="true", capacity=65536, hop="", encap=encaps.MPLS):
    """Two services through the kernel; each may leave by the ports that are given: "p1", or "p0, p1". `stack`: its
    options, as in "{gro: on}"; `hop`: the way out's next hop, "next_hop: ..."."""
    hops = [encap.tunnel(direction) for direction in (0, 1)]
    return CONFIG.format(out=out, back=back, stack=stack, capacity=capacity, hop=hop or hops[0], hop_back=hops[1],
                         encap=encap)


def kernel_ports_config(lab, stack="true", encap=encaps.MPLS):
    """The same two services through the kernel of the namespace that firewall.build() makes."""
    hops = [encap.tunnel(direction) or f"next_hop: {{interface: {port}, ip: {address}}}"
            for direction, (port, address) in enumerate((("p1", chain.RECEIVER), ("p0", chain.SENDER)))]
    return PORTS_CONFIG.format(stack=stack, netns=lab.name(firewall.ROLE), hop=hops[0], hop_back=hops[1], encap=encap)


@dataclasses.dataclass
class Tally:
    """Packets since the last mark. `forwarded`, `blocked`, `taken` (by the proxy's own sockets) and `sent` (by them)
    are what nftables counted, `full` what links had no room for. `probes`: those of the proxy that came out again. They
    are in none of the other numbers."""
    pushed: int
    good: int
    wrong: int
    bare: int
    control_frames: int
    forwarded: int
    blocked: int
    taken: int
    sent: int
    full: int
    probes: int
    stats: dict

    @property
    def kernel(self):
        return self.stats["conservation"]["kernel"]

    def service(self, name, kind="dropped_after_claim"):
        """Packets by reason."""
        return {reason: cell["packets"] for reason, cell in self.stats["counters"]["services"][name][kind].items()}

    def port(self, name, kind="dropped_after_claim"):
        return {reason: cell["packets"] for reason, cell in self.stats["counters"]["domain_ports"][name][kind].items()
                if reason != "probe"}

    def sf_port(self, device):
        """Packets that were dropped there, by reason."""
        ports = self.stats["counters"]["sf_ports"].items()
        return {reason: cell["packets"] for name, port in ports if name.endswith("/" + device)
                for reason, cell in port["dropped"].items() if reason != "probe"}

    def in_words(self):
        return (f"{self.pushed} pushed, {self.good} good, {self.wrong} wrong, {self.bare} bare; {self.forwarded} "
                f"forwarded, {self.blocked} blocked, {self.taken} taken, {self.sent} sent, {self.full} lost at full "
                f"links; {', '.join(f'{value} {key}' for key, value in self.kernel.items())}")


class HostKernel:
    """The lab, and one proxy at a time in it."""

    role, left, right = "proxy", "p0", "p1"     # whose kernel, and its interfaces towards sender and receiver
    web_ports = (WEB_PORT, BLOCKED_PORT)        # where the receiver has a page
    programs = "edge"                           # of the edges

    def __init__(self, lab):
        self.lab = lab
        chain.build(lab)
        self.build()
        # Packets for the proxy's own addresses, as all answers are behind a masquerade, need room for labels as well.
        for role, device, own, own6 in (("sender", "s0", OWN, OWN6), ("receiver", "r0", REMOTE, REMOTE6)):
            lab.run(role, "ip", "route", "replace", own, "dev", device, "mtu", 1500, "advmss", 1460)
            lab.run(role, "ip", "-6", "route", "replace", own6, "dev", device, "mtu", 1500, "advmss", 1440)
        self.edges = chain.Edges(lab, keep_port=WEB_PORT, programs=self.programs)
        lab.wait_up()
        traffic.serve(lab, "receiver", *self.web_ports)
        self.proxy = None
        self.before = None
        self.probes_before = 0

    def build(self):
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
                     "net.ipv4.conf.all.send_redirects=0")

    def rules(self, *more):
        """The rules above and `more`, all counters at zero, no connection known."""
        self.lab.run(self.role, "nft", "flush", "ruleset")
        self.lab.run(self.role, "nft", "-f", "-", input=self.here(RULES))
        for rule in more:
            self.lab.run(self.role, "nft", self.here(rule))

    def here(self, rules):
        """Rules with the names that the interfaces have where the SF is."""
        return rules.replace("LEFT", self.left).replace("RIGHT", self.right)

    def run(self, text, *options):
        """`sfcproxy run`, ready. Returns its status."""
        self.proxy = Proxy(self.lab, text)
        self.proxy.start(*options)
        status = self.proxy.wait_ready()
        self.mark()
        return status

    def sfcproxy(self, command, *options):
        """Another command of it, to its end."""
        return self.lab.run("proxy", self.proxy.program, command, "--pin", self.proxy.pin, *options, check=False)

    def attach(self, text, *options, command="attach"):
        """Returns the finished command, whatever its exit code."""
        self.proxy = Proxy(self.lab, text)
        return self.sfcproxy(command, "-c", self.proxy.config, *options)

    def switch_off(self):
        """Stops and detaches the proxy, whatever state it is in."""
        if self.proxy and self.proxy.process:
            self.proxy.stop()
        if self.proxy and self.proxy.pin.exists():
            call(self.proxy.program, "detach", "--pin", self.proxy.pin)

    def mark(self):
        """The tally begins here. The proxy's counters begin when it is attached."""
        self.edges.mark()
        self.lab.run(self.role, "nft", "reset", "counters", "table", "inet", "lab")
        self.before = (self.edges.pushed(), self.edges.arrived())
        self.probes_before = probes(self.proxy.stats())

    def counted(self):
        """What the edges pushed and what arrived since the mark."""
        return since(self.before[0], self.edges.pushed()), since(self.before[1], self.edges.arrived())

    def tally(self, rest=0.3):
        """When nothing is on its way any more."""
        time.sleep(rest)
        pushed, arrived = self.counted()
        objects = json.loads(self.lab.run(self.role, "nft", "-j", "list", "counters", "table", "inet", "lab").stdout)
        rules = {entry["counter"]["name"]: entry["counter"]["packets"] for entry in objects["nftables"]
                 if "counter" in entry}
        stats = self.proxy.stats()
        own = probes(stats) - self.probes_before
        rules["forwarded"] -= own
        full = sum(self.edges.errors().values()) + after_verdict(stats, "rest") + self.hairpin_drops()
        return Tally(pushed=sum(total(side, "pushed") for side in pushed),
                     good=sum(total(side, "good") for side in arrived), wrong=sum(side["wrong"] for side in arrived),
                     bare=sum(side["bare"] for side in arrived), control_frames=sum(side["link"] for side in pushed),
                     full=full, probes=own, stats=stats, **rules)

    def links(self):
        """Interfaces of the proxy's namespace by name, with their statistics."""
        shown = json.loads(self.lab.run("proxy", "ip", "-j", "-s", "link").stdout)
        return {link["ifname"]: link for link in shown}

    def hairpins(self):
        return sorted(name for name in self.links() if name.startswith("sfc"))

    def hairpin_drops(self):
        """Frames that the hairpins' links had no room for; a hairpin is made anew with each attachment."""
        return sum(link["stats64"]["tx"]["dropped"] for name, link in self.links().items() if name.startswith("sfc"))


class SfKernel(HostKernel):
    """The same with the kernel of another namespace, which a container would be."""

    role, left, right = firewall.ROLE, "fw0", "fw1"

    def build(self):
        firewall.build(self.lab)
