# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A whole lab around one service function, for tests: build it, start the proxy, send traffic, settle the account."""
import json
import time

from lab import account, chain, traffic
from lab.firewall import BLOCKED_PORT
from lab.net import call
from lab.proxy import Proxy

BY_IP = ("{interface: f0, ip: 10.0.1.2}", "{interface: f1, ip: 10.0.2.2}")
OUT, BACK = f"ip: {chain.RECEIVER}", f"ip: {chain.SENDER}"


def config(ports, sf="", next_hops=(OUT, BACK)):
    """Of one SF with one port or two; `sf` is more of its settings: "netns: x, hold: 1s"."""
    names = ("both",) if len(ports) == 1 else ("left", "right")
    each = ", ".join(f"{name}: {port}" for name, port in zip(names, ports))
    sides = ("", "") if len(ports) == 1 else (", in: left", ", in: right")
    text = f"sfs:\n  - {{name: fn, {sf + ', ' if sf else ''}ports: {{{each}}}}}\nservices:\n"
    for name, label, here, there, side, hop in (("out", 16001, "p0", "p1", sides[0], next_hops[0]),
                                                ("back", 16002, "p1", "p0", sides[1], next_hops[1])):
        text += (f"  - name: {name}\n    match: {{encapsulation: mpls, label: {label}}}\n    domain: {here}\n"
                 f"    sf: {{name: fn{side}}}\n    next_hop: {{interface: {there}, {hop}}}\n")
    return text


def since(before, now):
    """The counts in between, for lists of counters by name."""
    return [{name: value - old.get(name, 0) for name, value in new.items()} for old, new in zip(before, now)]


class Bench:
    """The lab with one SF. `sf` is one of lab/service_functions.py."""

    def __init__(self, lab, sf, mtu=1500):
        self.lab, self.sf = lab, sf
        chain.build(lab, mtu)
        sf.build(lab, mtu)
        self.edges = chain.Edges(lab)
        lab.wait_up()
        traffic.serve(lab, "receiver", BLOCKED_PORT)
        self.proxy = None
        self.before = None

    def mark(self):
        """The account begins here, as do the proxy's counters."""
        self.edges.mark()
        self.before = (self.edges.pushed(), self.edges.arrived(), self.sf.counters(self.lab), self.sf.drops(self.lab))

    def run(self, text, *options):
        """`sfcproxy run`, ready. Returns its status."""
        self.proxy = Proxy(self.lab, text)
        goes_on = self.proxy.pin.exists()
        self.proxy.start(*options)
        status = self.proxy.wait_ready()
        if not goes_on:
            self.sf.start(self.lab)
            self.mark()
        return status

    def attach(self, text):
        """`sfcproxy attach`: no process. Returns what it said."""
        self.proxy = Proxy(self.lab, text)
        said = self.lab.run("proxy", self.proxy.program, "attach", "-c", self.proxy.config, "--pin", self.proxy.pin)
        self.sf.start(self.lab)
        self.mark()
        return said.stdout

    def detach(self):
        return call(self.proxy.program, "detach", "--pin", self.proxy.pin).stdout

    def mac(self, role, device):
        return json.loads(self.lab.run(role, "ip", "-j", "link", "show", device).stdout)[0]["address"]

    def config_by_mac(self, sf=""):
        """Of a routed SF with two ports, all given by MAC, as `attach` without a process wants it."""
        ports = [f'{{interface: {ours}, mac: "{self.mac("SF", theirs)}"}}'
                 for ours, theirs in (("f0", "fw0"), ("f1", "fw1"))]
        hops = [f'mac: "{self.mac(role, device)}"' for role, device in (("receiver", "r0"), ("sender", "s0"))]
        return config(ports, sf, hops)

    def exercise(self, *addresses):
        """Ping, TCP both ways and UDP, to each address. Returns the results."""
        results = []
        for address in addresses:
            results.append(traffic.ping(self.lab, "sender", address, count=10))
            for options in (["-n", "2M", "-b", "40M"], ["-n", "2M", "-b", "40M", "-R"],
                            ["-u", "-n", "500K", "-b", "10M", "-l", "1200"]):
                results.append(traffic.iperf(self.lab, "sender", address, *options,
                                             name="UDP" if "-u" in options else "TCP"))
        return results

    def settle(self, rest=0.4):
        """The account, when nothing is on its way any more: `rest` is longer than the hold time."""
        time.sleep(rest)
        pushed, arrived, counters, drops = self.before
        return account.settle(since(pushed, self.edges.pushed()), since(arrived, self.edges.arrived()),
                              self.edges.errors(), self.proxy.stats(), *since([counters], [self.sf.counters(self.lab)]),
                              self.sf.drops(self.lab) - drops)
