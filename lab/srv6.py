# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A lab with SRv6: two hosts, a Linux router before each with the kernel's own segment routing, the proxy with its SF between.

    sender s0 -- a0 [ingress] a1 -- p0 [proxy] p1 -- b1 [egress] b0 -- r0 receiver

One router encapsulates or inserts, the other one has the segments behind the proxy, each way on a path of its own."""
import dataclasses
import os
import pty
import re
import time

from lab import chain, srv6_wire, traffic
from lab.firewall import BLOCKED_PORT
from lab.net import LabError, wait_for
from lab.proxy import Proxy

MTU_DOMAIN = 1740           # 1500, an outer header, seven segments and an HMAC
PROXY = "2001:db8:f0::"     # its SIDs: what follows is the behaviour and the direction
COMPRESSED = ("2001:db8:100::", "2001:db8:200::")   # the same for compressed ones, by direction
BEHAVIOURS = {"ad": "a", "as": "b", "am": "c"}
BLOCK = "2001:db8:"
HMAC_KEY, HMAC_SECRET = "42", "secretkey"
WEB_PORT = 80
STATIC_CLASS = 0x2E
# router, its port to the host, in the domain, the host with its interface and addresses, the proxy's port
ENDS = (("ingress", "a0", "a1", "sender", "s0", (chain.SENDER, chain.SENDER6), "p0"),
        ("egress", "b0", "b1", "receiver", "r0", (chain.RECEIVER, chain.RECEIVER6), "p1"))
NETS = (("192.0.2.0/24", "2001:db8:1::/64"), ("198.51.100.0/24", "2001:db8:2::/64"))
GATEWAYS = (("192.0.2.1", "2001:db8:1::1"), ("198.51.100.1", "2001:db8:2::1"))
LINKS = (("2001:db8:a1::1", "2001:db8:a1::2"), ("2001:db8:a2::1", "2001:db8:a2::2"))    # the proxy's end, the router's
TRAFFIC = "ip6 and not icmp6 and not ip6 proto 0"     # in a capture: neighbours ask each other, and MLD is behind hop-by-hop options
COUNTS = re.compile(r"encap seg6local.*?packets (\d+) bytes \d+ errors (\d+)", re.S)


@dataclasses.dataclass(frozen=True)
class Way:
    """`mode`: of `ip route ... encap seg6`; `ends`: segments between the proxy and the last one."""
    name: str
    mode: str = "encap"
    ends: int = 1
    behaviour: str = "ad"
    compressed: bool = False
    hmac: bool = False

    @property
    def families(self):
        """A header can be inserted into IPv6 alone."""
        return (4, 6) if self.behaviour == "ad" else (6,)

    def segments(self, direction, family):
        """In the order in which they are visited."""
        there = 2 - direction   # the number of the router behind the proxy
        if self.compressed:
            ids = "".join(f"e{there}0{n}:" for n in range(self.ends))
            return [f"{COMPRESSED[direction][:-1]}{ids}d{there}0{family}::"]
        last = [] if self.mode == "inline" else [f"{BLOCK}e{there}::d{family}"]
        return [sid(self.behaviour, direction), *[f"{BLOCK}e{there}::{n}" for n in range(1, self.ends + 1)], *last]


WAYS = {way.name: way for way in (
    Way("encap"), Way("reduced", "encap.red"), Way("two-segments", ends=0), Way("seven-segments", ends=5),
    Way("hmac", hmac=True), Way("compressed", "encap.red", compressed=True), Way("compressed-srh", compressed=True),
    Way("compressed-long", "encap.red", ends=3, compressed=True))}
STATIC = {way.name: way for way in (Way("static", behaviour="as"), Way("static-reduced", "encap.red", behaviour="as"))}
MASQUERADED = {way.name: way for way in (Way("inserted", "inline", 2, "am"),)}


def sid(behaviour, direction):
    return f"{PROXY}{BEHAVIOURS[behaviour]}{direction + 1}"


def config(sf_ports, ways, mtu=MTU_DOMAIN, fib=False, sf=""):
    """Of an SF with the two ports `left` and `right`: a service for each SID and direction. End.AS has one header, so its
    packets are of IPv6 here. `mtu`: of both links of the proxy into the domain. `fib`: the proxy's own routes lead to the
    next segment. `sf`: more of the SF's settings."""
    more = f"{sf}, " if sf else ""
    text = f"sfs:\n  - {{name: fn, hold: 300ms, {more}ports: {{left: {sf_ports[0]}, right: {sf_ports[1]}}}}}\nservices:\n"
    for kind in dict.fromkeys((way.behaviour, way.compressed) for way in ways):
        for direction, name in ((0, "out"), (1, "back")):
            behaviour, compressed = kind
            here, there = ENDS[direction], ENDS[1 - direction]
            match = f'"{COMPRESSED[direction]}/48", lblen: 32, nflen: 16' if compressed else f'"{sid(behaviour, direction)}"'
            text += (f"  - name: {behaviour}{'-compressed' * compressed}-{name}\n"
                     f"    match: {{encapsulation: srv6, sid: {match}, behaviour: {behaviour}}}\n    domain: {here[6]}\n"
                     f"    sf: {{name: fn, in: {('left', 'right')[direction]}}}\n"
                     + ("    next_hop: {fib: [p0, p1]}\n" if fib else
                        f'    next_hop: {{interface: {there[6]}, mtu: {mtu}, ip: "{LINKS[1 - direction][1]}"}}\n'))
            if behaviour == "as":
                text += (f'    inner: ipv6\n    header: {{source: "{LINKS[1 - direction][0]}", traffic_class: {STATIC_CLASS}, '
                         f'segments: ["{BLOCK}e{2 - direction}::1", "{BLOCK}e{2 - direction}::d6"]}}\n')
    return text


def build(lab):
    """Namespaces, links, addresses, and the segments of both routers."""
    for role in ("sender", "ingress", "proxy", "egress", "receiver"):
        lab.namespace(role)
    for number, (router, inside, outside, host, device, own, port) in enumerate(ENDS):
        lab.link((host, device), (router, inside))
        lab.link((router, outside), ("proxy", port), MTU_DOMAIN)
        lab.address(router, inside, f"{GATEWAYS[number][0]}/24", f"{GATEWAYS[number][1]}/64")
        lab.address("proxy", port, f"{LINKS[number][0]}/64")
        lab.address(router, outside, f"{LINKS[number][1]}/64")
        lab.run(router, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
                *[f"net.ipv6.conf.{name}.seg6_enabled=1" for name in ("all", inside, outside)])
        for its in (inside, outside):   # so that the captures have the packets one by one
            lab.run(router, "ethtool", "-K", its, "gro", "off")
        lab.run(router, "ip", "-6", "route", "add", "default", "via", LINKS[number][0], "dev", outside)
        lab.run(router, "ip", "sr", "tunsrc", "set", LINKS[number][1])
        set_hmac(lab, router)
        chain.host(lab, host, device, *own, *GATEWAYS[number], 1500)
    lab.wait_up()
    for number in (0, 1):
        add_segments(lab, number)


def add_segments(lab, number):
    """The kernel's own: End, with and without PSP, End.DX4, End.DX6, and the compressed ones."""
    router, inside, outside, _, _, (own4, own6), _ = ENDS[number]
    base = f"{BLOCK}e{number + 1}"
    actions = {f"{base}::{n}": "End" for n in range(1, 6)} | {
        f"{base}::2": "End flavors psp", f"{base}::d4": f"End.DX4 nh4 {own4}", f"{base}::d6": f"End.DX6 nh6 {own6}",
        f"{BLOCK}d{number + 1}04::/48": f"End.DX4 nh4 {own4}", f"{BLOCK}d{number + 1}06::/48": f"End.DX6 nh6 {own6}"}
    actions |= {f"{base}0{n}::/48": "End flavors next-csid lblen 32 nflen 16" for n in range(3)}
    for target, action in actions.items():
        device = inside if "DX" in action else outside
        lab.run(router, "ip", "-6", "route", "add", target, "encap", "seg6local", "action", *action.split(), "count", "dev", device)


def set_hmac(lab, router):
    """The secret is asked for at a terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        command = lab.inside(router, ["ip", "sr", "hmac", "set", HMAC_KEY, "sha256"])
        os.execvp(command[0], command)
    os.read(terminal, 100)
    os.write(terminal, HMAC_SECRET.encode() + b"\n")
    try:
        while os.read(terminal, 100):
            pass
    except OSError:     # the terminal is gone: the command has ended
        pass
    os.close(terminal)
    if os.waitpid(pid, 0)[1]:
        raise LabError(f"{router} takes no HMAC key")


class Srv6Bench:
    """The lab with one SF of lab/service_functions.py, and the proxy."""

    def __init__(self, lab, sf, mtu=1500):
        self.lab, self.sf = lab, sf
        build(lab)
        sf.build(lab, mtu)
        lab.wait_up()
        traffic.serve(lab, "receiver", WEB_PORT, BLOCKED_PORT)
        self.proxy = None

    def run(self, sf_ports, ways, mtu=MTU_DOMAIN, fib=False):
        """`sfcproxy run`, ready. Returns its status."""
        if fib:
            self.lab.run("proxy", "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        for number in (0, 1) if fib else ():
            for target in (f"{BLOCK}e{number + 1}::/48", f"{BLOCK}e{number + 1}00::/40"):
                self.lab.run("proxy", "ip", "-6", "route", "replace", target, "via", LINKS[number][1])
        self.proxy = Proxy(self.lab, config(sf_ports, ways, mtu, fib, self.sf.settings(self.lab)))
        self.proxy.start()
        status = self.proxy.wait_ready()
        self.sf.start(self.lab)
        return status

    def take(self, way):
        """All packets go this way from now on."""
        for number, (router, _, outside, *_) in enumerate(ENDS):
            self.lab.run(router, "sysctl", "-qw", f"net.ipv6.conf.{outside}.seg6_require_hmac={1 if way.hmac else 0}")
            self.route(way, number)

    def route(self, way, number, *table):
        """The routes of a router into this way, in its main table or in another one."""
        router, outside = ENDS[number][0], ENDS[number][2]
        for family in way.families:
            segments = ",".join(way.segments(number, family))
            more = ("hmac", HMAC_KEY) if way.hmac else ()
            via = (("via", "inet6") if family == 4 else ("via",)) + (LINKS[number][0], "dev", outside)
            self.lab.run(router, "ip", f"-{family}", "route", "replace", NETS[1 - number][family // 6], "encap", "seg6",
                         "mode", way.mode, "segs", segments, *more, *via, *table)

    def exercise(self, way):
        """Ping, TCP and UDP of each family."""
        return [result for family in way.families for result in self.exchange(ENDS[1][5][family // 6])]

    def exchange(self, address):
        return [traffic.ping(self.lab, "sender", address), traffic.web(self.lab, "sender", address, WEB_PORT),
                traffic.iperf(self.lab, "sender", address, "-n", "4M", name="TCP"),
                traffic.iperf(self.lab, "sender", address, "-n", "2M", "-R", name="TCP"),
                traffic.iperf(self.lab, "sender", address, "-u", "-n", "300K", "-b", "20M", "-l", "1200", name="UDP")]

    def segment_counts(self):
        """(packets, errors) of all segments of both routers, as the kernel counts them."""
        found = [COUNTS.findall(self.lab.run(ends[0], "ip", "-s", "-6", "route", "show").stdout) for ends in ENDS]
        return [sum(int(each[column]) for each in found[0] + found[1]) for column in (0, 1)]

    def icmpv6(self, router):
        """Counters of what the router's kernel has received, by name."""
        return dict((name, int(value)) for name, value in (
            line.split() for line in self.lab.run(router, "cat", "/proc/net/snmp6").stdout.splitlines()))

    def captured(self, work):
        """Does `work`; returns its result, and (what entered the domain, what left it) for each direction."""
        points = [(ends[0], ends[2], way) for ends in ENDS for way in ("out", "in")]
        paths = [self.lab.folder / f"{device}-{way}.pcap" for _, device, way in points]
        running = [traffic.capture(self.lab, role, device, path, f"-Q {way} {TRAFFIC}")
                   for (role, device, way), path in zip(points, paths)]
        done = work()
        traffic.end_captures(self.lab, running, paths)
        out1, in1, out2, in2 = [srv6_wire.frames(path) for path in paths]
        return done, [(out1, in2), (out2, in1)]

    def conservation(self):
        """When no packet with a header is on its way any more. Neighbours are asked all the time, and that is no traffic."""
        def counted():
            found = self.proxy.stats()["conservation"]
            for side in found["domain"], found["sf"]:
                side["received"] -= side.pop("passed")
            return found

        def still():
            before = counted()
            time.sleep(0.2)
            return counted() == before
        wait_for("silence", still)
        return self.proxy.stats()
