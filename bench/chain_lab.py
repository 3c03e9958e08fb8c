# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The network of bench/chain.py, and what stands between its ports.

    sender s0 -- p0 [proxy] f0 -- fw0 [SF] fw1 -- f1 [proxy] p1 -- r0 receiver

The SF redirects what comes in at fw0 out of fw1. Packets are made and counted by build/bench/chain_packets.
"""
import dataclasses
import json
import pathlib
import subprocess

from lab.net import LabError, call

BUILD = pathlib.Path(__file__).resolve().parent.parent / "build"
MTU = 1600      # the largest frame with 16 labels
VARIANTS = ("redirect", "static", "proxy", "paper", "seg6")
ATTACH_SECONDS = 300     # thousands of services, on a machine that has other work
OTHER = "other"     # the proxy of another checkout
ANY_LABELS = ("redirect", "static", "proxy", OTHER, "paper", "seg6", "forwarding")    # all others must know how many there will be
KERNELS_OWN = ("mpls_router", "act_mpls")   # static proxies, in bench/mpls_router_lab.py
ONE_STACK = ("static", *KERNELS_OWN)        # all packets have one and the same; static is bench/nocache.bpf.c
GATEWAY = "2001:db8:b::2"
IPV6_WORDS, SRH_WORDS, SEGMENT_WORDS = 10, 2, 4
SILENT = {"net__ipv6__conf__all__disable_ipv6": 1, "net__ipv6__conf__default__disable_ipv6": 1}
CONFIG = """
cache: {{capacity: {capacity}}}
sfs:
  - {sf}
services:
"""
SERVICE = """
  - name: out{number}
    match: {match}
    domain: p0
"""
BEHIND_PORTS = """    sf: {{name: fn, in: left}}
    next_hop: {{interface: p1, mac: "{mac}"}}
"""


@dataclasses.dataclass(frozen=True)
class Encapsulation:
    """In front of the packets that are sent; chain_packet.h makes them."""
    number: int     # enum chain_sfc
    match: str      # and what else its service has
    first: int      # of the numbers by which services are told apart
    words: int = 0  # of the header; 0: --labels says
    popped: int = 0     # of them, by a proxy
    without: tuple = ("paper",)     # variants that do not know it
    static: "Static" = None


@dataclasses.dataclass(frozen=True)
class Static:
    """What the kernel itself can do: it takes headers off that are at their end (RFC 8986 4.5), and puts one and the same on
    all packets."""
    sid: str
    encap: str      # mode and segments
    begun: int      # segments that a packet must have behind it
    words: int      # of the header that is put on


def srv6(segments):
    """A list of so many, of which the first one is the SF's. The kernel takes a header off at its last segment, and puts all
    but the first one on. With two segments these would be the same one, so it cannot do that."""
    words = IPV6_WORDS + SRH_WORDS + SEGMENT_WORDS * segments
    left = ",".join(f"2001:db8:f::{number:x}" for number in range(2, segments + 1))
    static = Static(f"2001:db8:f::{segments:x}", f"encap segs {left}", segments - 1, words - SEGMENT_WORDS)
    return Encapsulation(2, '{{encapsulation: srv6, sid: "2001:db8:f:{id:x}::1"}}', 0, words=words,
                         static=static if segments > 2 else None, without=("paper",) if segments > 2 else ("paper", "seg6"))


SFC = {"mpls": Encapsulation(0, "{{encapsulation: mpls, label: {id}}}\n    last_label: plain", 16001, popped=1,
                             without=("seg6",)),
       "nsh": Encapsulation(1, "{{encapsulation: nsh, spi: {id}, si: 7}}", 777, words=6, without=("paper", "seg6")),
       "srv6": srv6(3),
       "csid": Encapsulation(2, '{{encapsulation: srv6, sid: "2001:db8:100::/48", lblen: 32}}', 0, words=10, static=Static(
           "2001:db8:100::/48", "encap.red segs 2001:db8:300:400::", 0, 10))}
SFC |= {f"srv6 {count}": srv6(count) for count in (2, 5, 10)}
SEGMENTS = {(sfc.words - IPV6_WORDS - SRH_WORDS) // SEGMENT_WORDS: name for name, sfc in SFC.items() if name.startswith("srv6")}
TABLES = {name: 101 + at for at, name in enumerate(name for name, sfc in SFC.items() if sfc.static)}
CHOICES = {"mpls": ["mpls"], "nsh": ["nsh"], "srv6": ["srv6", "csid"]}      # what --sfc stands for


def config(sf, end, capacity, cell):
    """Of the proxy, for packets of that cell. `end`: the rest of each service."""
    sfc = SFC[cell.sfc]
    services = [SERVICE.format(number=i, match=sfc.match.format(id=sfc.first + i)) + end for i in range(cell.services)]
    return CONFIG.format(capacity=capacity, sf=sf) + "".join(services)


def mac(lab, role, device):
    return json.loads(lab.run(role, "ip", "-j", "link", "show", device).stdout)[0]["address"]


def build(lab):
    for role in ("sender", "proxy", "SF", "receiver"):
        lab.namespace(role, **SILENT)
    lab.link(("sender", "s0"), ("proxy", "p0"), MTU)
    lab.link(("proxy", "f0"), ("SF", "fw0"), MTU)
    lab.link(("SF", "fw1"), ("proxy", "f1"), MTU)
    lab.link(("proxy", "p1"), ("receiver", "r0"), MTU)
    routes(lab)
    lab.wait_up()
    segments(lab)


def segments(lab):
    """For the kernel's own SRv6: End.DX4 at p0, and for what comes in at f1, if a rule says so, a table for each header. The
    receiver must get nothing that is not the generator's, so IPv6 says what it has to say at once, and nobody is asked for."""
    lab.run("proxy", "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
    for device in ("p0", "f1", "p1"):
        lab.run("proxy", "ip", "link", "set", device, "addrgenmode", "none")
        lab.run("proxy", "sysctl", "-qw", *[f"net.ipv6.conf.{device}.{name}" for name in (
            "mldv2_unsolicited_report_interval=1", "forwarding=1", "disable_ipv6=0", "seg6_enabled=1")])
    lab.run("proxy", "sysctl", "-qw", "net.ipv6.conf.all.seg6_enabled=1")
    lab.run("proxy", "ip", "sr", "tunsrc", "set", "2001:db8:a1::2")
    lab.run("proxy", "ip", "-6", "neighbour", "add", GATEWAY, "lladdr", mac(lab, "receiver", "r0"), "dev", "p1", "nud", "permanent")
    for behind in ("2001:db8:f::2", "2001:db8:300::/48"):
        lab.run("proxy", "ip", "-6", "route", "add", behind, "via", GATEWAY, "dev", "p1", "onlink")
    for name, sfc in SFC.items():
        if sfc.static:
            lab.run("proxy", "ip", "-6", "route", "add", sfc.static.sid, "encap", "seg6local", "action", "End.DX4", "nh4",
                    "198.51.100.10", "dev", "p1")
            lab.run("proxy", "ip", "route", "add", "198.51.100.0/24", "encap", "seg6", "mode", *sfc.static.encap.split(),
                    "via", "inet6", GATEWAY, "dev", "p1", "onlink", "table", TABLES[name])


def routes(lab):
    """For the paper's way: what comes in at p0 goes to the SF, all else to the receiver. As the SF changes no MAC, the
    first neighbour has that of f1. The settings are those with which the kernel forwards fastest: accept_local spares
    it a lookup of the source address (a fifth), without early demux it looks for no socket (a tenth)."""
    def ip(*words):
        lab.run("proxy", "ip", *words)

    def sysctl(name, value):
        lab.run("proxy", "sysctl", "-qw", f"net.ipv4.{name}={value}")
    for device, address in (("p0", "192.0.2.1/24"), ("f0", "10.0.1.1/30"), ("p1", "198.51.100.1/24")):
        lab.address("proxy", device, address)
    ip("neighbour", "add", "10.0.1.2", "lladdr", mac(lab, "proxy", "f1"), "dev", "f0", "nud", "permanent")
    ip("neighbour", "add", "198.51.100.10", "lladdr", mac(lab, "receiver", "r0"), "dev", "p1", "nud", "permanent")
    ip("route", "add", "198.51.100.0/24", "via", "10.0.1.2", "dev", "f0", "table", "100")
    ip("rule", "add", "pref", "10", "lookup", "local")
    ip("rule", "delete", "pref", "0", "lookup", "local")
    ip("rule", "add", "pref", "0", "iif", "p0", "lookup", "100")
    for device in ("p0", "f1"):
        sysctl(f"conf.{device}.accept_local", 1)
    sysctl("ip_early_demux", 0)
    sysctl("ip_forward", 1)


@dataclasses.dataclass(frozen=True)
class Cell:
    labels: int     # or words of another header
    size: int       # of the frame without them
    flows: int
    sfc: str = "mpls"
    services: int = 1

    @property
    def header(self):
        """For tables and names of rows."""
        return self.sfc if SFC[self.sfc].words else str(self.labels)


@dataclasses.dataclass
class Outcome:
    sent: int
    right: int
    wrong: int      # anything that arrived and is not as it must be
    rate: float     # packets a second that the generator came to

    @property
    def lost(self):
        return self.sent - self.right - self.wrong


class Packets:
    """A network that is there already, with a generator and a sink in it, and one variant at a time between its ports.
    `cpu`: where it all runs; `config`: of the proxy, for a cell; `against`: another checkout, if its proxy is
    measured as well."""

    # SCHED_FIFO: what else runs on the machine would halve the rates, and not those of all variants alike.
    scheduling = ("-f", "1")
    programs_of = {}    # a variant whose XDP programs are those of another one: what it does is in the kernel's tables

    def __init__(self, lab, cpu, batch, config_of, against):
        self.lab, self.batch = lab, batch
        self.programs = {"proxy": BUILD / "sfcproxy"} | ({OTHER: against / "build/sfcproxy"} if against else {})
        self.pin = lab.bpffs / "sfcproxy"
        self.config = lab.folder / "proxy.yaml"
        self.config_of = config_of
        self.variant = None
        self.packets = lab.start("sender", "chrt", *self.scheduling, "taskset", "-c", cpu, BUILD / "bench/chain_packets",
                                 lab.prefix, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, text=True)

    def ask(self, *words):
        try:
            self.packets.stdin.write(" ".join(map(str, words)) + "\n")
            self.packets.stdin.flush()
        except BrokenPipeError:
            pass        # it says why on its standard error, and answers nothing
        answer = self.packets.stdout.readline().split()
        if not answer:
            raise LabError("chain_packets has ended")
        return answer

    def use(self, variant, cell):
        """Puts it between the ports in place of what is there, for packets of that cell."""
        wanted = (variant, cell.sfc, cell.services, 0 if variant in ANY_LABELS else cell.labels)
        if wanted == self.variant:
            return
        if self.variant and self.variant[0] in self.programs:
            call(self.programs[self.variant[0]], "detach", "--pin", self.pin)
        self.config.write_text(self.config_of(cell))
        self.ask("variant", "none" if variant in self.programs else self.programs_of.get(variant, variant), cell.labels, self.config)
        if variant in self.programs:
            self.lab.run("proxy", self.programs[variant], "attach", "-c", self.config, "--pin", self.pin, timeout=ATTACH_SECONDS)
        self.variant = wanted

    def conservation(self):
        """The sums of the proxy's counters, since it was put there."""
        return json.loads(call(self.programs[self.variant[0]], "stats", "--pin", self.pin, "-j").stdout)["conservation"]

    def send_stacks(self, labels, expected, cell, stacks, packets, rate, hops=1, **how):
        """With `labels` on the way in and `expected` on the way out, where packets have passed `hops` SFs, of so many
        different stacks; 0: each packet has one of its own. Both ends have the work of all the cell's labels. `rate` in
        packets a second; 0 is as fast as it goes. `how`: batch; begun, segments behind packets on the way in; and
        timed=1, behind which `delays` has an answer."""
        answer = self.ask("send", SFC[cell.sfc].number, how.get("begun", 0), hops, labels, expected, cell.labels, cell.size,
                          cell.flows, cell.services, stacks, how.get("batch", self.batch), packets, rate, how.get("timed", 0))
        return Outcome(*map(int, answer[:3]), float(answer[3]))

    def delays(self):
        """Packets of the last timed stream by the nanoseconds that they took, at least."""
        return {int(ns): int(packets) for ns, packets in (word.split(":") for word in self.ask("delays"))}


class Chain(Packets):
    """The network above, and one of VARIANTS at a time in it."""

    def __init__(self, lab, cpu, batch, args):
        build(lab)
        end = BEHIND_PORTS.format(mac=mac(lab, "receiver", "r0"))
        super().__init__(lab, cpu, batch, lambda cell: config("{name: fn, ports: {left: f0, right: f1}}", end, args.capacity, cell),
                         args.against)
        self.ask("wire", "SF", "fw0", "fw1")
        self.table = None   # of the rule for f1

    def use(self, variant, cell):
        """With the kernel's own SRv6 only while it is measured: the paper's way has the same ports."""
        table = TABLES[cell.sfc] if variant == "seg6" else None
        if table != self.table:
            for verb, number in (("delete", self.table), ("add", table)):
                if number:
                    self.lab.run("proxy", "ip", "rule", verb, "pref", "1", "iif", "f1", "lookup", number)
            self.table = table
        super().use(variant, cell)

    def send(self, cell, packets, rate=0.0, **how):
        if self.variant[0] == "seg6":
            static = SFC[cell.sfc].static
            return self.send_stacks(cell.labels, static.words, cell, 1, packets, rate, begun=static.begun, **how)
        hops = 0 if self.variant[0] == "redirect" else 1
        stacks = 1 if self.variant[0] in ONE_STACK else 0
        return self.send_stacks(cell.labels, cell.labels - hops * SFC[cell.sfc].popped, cell, stacks, packets, rate, hops,
                                **how)
