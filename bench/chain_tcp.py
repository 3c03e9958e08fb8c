# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TCP through the kernel of the proxy's own host: one flow of iperf3, each stack checked where it arrives.

    sender s0 -- c0 [classifier] c1 -- p0 [proxy, kernel, proxy] p1 -- c2 [classifier] c3 -- r0 receiver

With equal headers in the flow GRO merges, and there is little left to do; where they differ from segment to segment, it
must be off, or it changes the order.
"""
import dataclasses
import json
import statistics
import time

from bench.chain_rows import tell
from lab import chain, traffic
from lab.bench import since
from lab.edge import ALTERNATE, BARE, STEADY, total
from lab.net import LabError, call
from lab.proxy import Proxy
from lab.kernel_mode import config

ROUNDS, SECONDS = 9, 1.4
REST = 0.3              # nothing is on its way any more
RULES_200 = 200
MOST_TRAVERSALS = 0.1   # of the kernel, a segment
LEAST_VS_FORWARDING = 0.9
CAPACITY = 262144     # where each segment has a header of its own, for a hold time of 0.1 s
RULES = """
table inet bench {{
    counter segments {{}}
    chain through {{
        type filter hook forward priority filter;
        iif p0 counter name segments
        {rules}
    }}
}}
"""


@dataclasses.dataclass
class Run:
    """One flow. `segments` got a stack on their way in and `traversals` of the kernel carried them, both towards the
    receiver; `reordered` arrived behind a later one and had not been sent so."""
    mbps: float
    segments: int
    traversals: int
    good: int
    wrong: int
    reordered: int
    retransmitted: str


@dataclasses.dataclass
class Flow:
    """The runs of one kind, and of plain forwarding beside them."""
    stacks: str         # equal, or alternating
    gro: bool
    rules: int
    runs: list = dataclasses.field(default_factory=list)
    beside: list = dataclasses.field(default_factory=list)

    def sum(self, field):
        return sum(getattr(run, field) for run in self.runs)

    @property
    def wrong(self):
        return self.sum("wrong")

    @property
    def reordered(self):
        return self.sum("reordered")

    @property
    def traversals(self):
        return self.sum("traversals") / max(1, self.sum("segments"))

    @property
    def ratio(self):
        """To plain forwarding; 0 where there is none beside it."""
        return statistics.median([ours.mbps / theirs.mbps for ours, theirs in zip(self.runs, self.beside)] or [0])

    @property
    def judged(self):
        """Alternating stacks and GRO do not go together; how bad it is, is only told."""
        return self.stacks == "equal" or not self.gro

    def good(self):
        if self.wrong or not self.sum("good"):
            return False
        if self.stacks == "equal":
            return self.traversals < MOST_TRAVERSALS and self.ratio >= LEAST_VS_FORWARDING
        return self.gro or self.reordered == 0

    def to_json(self):
        return {"stacks": self.stacks, "gro": self.gro, "rules": self.rules, "ratio": self.ratio,
                "traversals_per_segment": self.traversals, "runs": [dataclasses.asdict(run) for run in self.runs],
                "forwarding": [dataclasses.asdict(run) for run in self.beside]}


class Tcp:
    """The lab, and the proxy or nothing in it."""

    def __init__(self, lab):
        self.lab = lab
        chain.build(lab)
        lab.run("proxy", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.send_redirects=0")
        for device in ("p0", "p1"):     # what the kernel sends goes through the classifier's XDP
            lab.run("proxy", "ethtool", "-K", device, "tx", "off")
        self.edges = chain.Edges(lab)
        lab.wait_up()
        self.serve()
        self.proxy = Proxy(lab, "")
        self.attached = None        # or the "gro" that it is attached with

    def serve(self):
        traffic.serve(self.lab, "receiver")

    def rules(self, number):
        """So many that match nothing, beside the one that counts."""
        text = "\n".join(f"ip saddr 203.0.113.{i} drop" for i in range(1, number + 1))
        self.lab.run("proxy", "nft", "flush", "ruleset")
        self.lab.run("proxy", "nft", "-f", "-", input=RULES.format(rules=text))

    def use(self, proxy, gro, way):
        """`way`: what the classifier does with packets, as in lab/edge.py."""
        state = "on" if gro else "off"
        wanted = state if proxy else None
        if self.attached not in (None, wanted):
            call(self.proxy.program, "detach", "--pin", self.proxy.pin)
            self.attached = None
        if wanted and not self.attached:
            self.proxy.config.write_text(config(stack=f"{{gro: {state}}}", capacity=CAPACITY))
            self.lab.run("proxy", self.proxy.program, "attach", "-c", self.proxy.config, "--pin", self.proxy.pin)
        self.attached = wanted
        for device in ("p0", "p1"):
            self.lab.run("proxy", "ethtool", "-K", device, "gro", state)
        self.edges.way(way)

    def counted(self):
        return [*self.edges.pushed(), *self.edges.arrived()]

    def flow(self):
        """One run of iperf3, from the sender to the receiver."""
        before = self.counted()
        self.lab.run("proxy", "nft", "reset", "counters", "table", "inet", "bench")
        done = traffic.iperf(self.lab, "sender", chain.RECEIVER, seconds=SECONDS, name="TCP")
        if not done.good:
            raise LabError(f"{done.name}: {done.text}")
        time.sleep(REST)
        out, back, there, here = since(before, self.counted())
        shown = json.loads(self.lab.run("proxy", "nft", "-j", "list", "counters", "table", "inet", "bench").stdout)
        traversals = next(entry["counter"]["packets"] for entry in shown["nftables"] if "counter" in entry)
        events = ("wrong", "bare") if self.attached else ("wrong",)
        return Run(mbps=done.mbps, segments=total(out, "pushed"), traversals=traversals, good=total(there, "good"),
                   wrong=sum(side[event] for side in (there, here) for event in events),
                   reordered=max(0, there["behind"] - out["behind"]), retransmitted=done.text)


def measure_all(lab, rounds=ROUNDS):
    """All kinds of flows in every round. Returns them."""
    tcp = Tcp(lab)
    merged = [Flow("equal", True, rules) for rules in (0, RULES_200)]
    apart = [Flow("alternating", gro, 0) for gro in (False, True)]
    for done in range(rounds):
        for flow in merged + apart:
            tell(f"TCP, round {done + 1} of {rounds}: {flow.stacks} stacks, {flow.rules} rules")
            tcp.rules(flow.rules)
            if flow in merged:
                tcp.use(proxy=False, gro=True, way=BARE)
                flow.beside.append(tcp.flow())
            tcp.use(proxy=True, gro=flow.gro, way=STEADY if flow in merged else ALTERNATE)
            flow.runs.append(tcp.flow())
    return merged + apart


def median_mbps(runs):
    return statistics.median(run.mbps for run in runs)


def table(flows):
    print(f"TCP, one flow, medians and sums of {ROUNDS} runs of {SECONDS:g} s; every stack checked\n"
          "stacks       GRO  rules  forwarding  proxy Mb/s  ratio  traversals/segment   segments     wrong  reordered")
    for flow in flows:
        beside = f"{median_mbps(flow.beside):12.0f}{median_mbps(flow.runs):12.0f}{flow.ratio:7.2f}" if flow.beside \
            else f"{'':12}{median_mbps(flow.runs):12.0f}{'':7}"
        print(f"{flow.stacks:13}{'on' if flow.gro else 'off':>3}{flow.rules:7}{beside}{flow.traversals:20.3f}"
              f"{flow.sum('segments'):11}{flow.wrong:10}{flow.reordered:11}"
              f"{'' if flow.judged else '   (not judged)'}")


def result_words(flows, wrong):
    """For the last line; `wrong`: packets of the rates."""
    merged = {flow.rules: flow for flow in flows if flow.stacks == "equal"}
    words = [f"traversals_per_segment={max(flow.traversals for flow in merged.values()):.3f}",
             f"gro_vs_forwarding={merged[0].ratio:.2f}",
             f"gro_vs_forwarding_{RULES_200}_rules={merged[RULES_200].ratio:.2f}",
             f"reordered={sum(flow.reordered for flow in flows if flow.judged)}",
             f"wrong={wrong + sum(flow.wrong for flow in flows)}"]
    return " ".join(words)
