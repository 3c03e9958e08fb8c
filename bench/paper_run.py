# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The measurements of bench/run paper. Each curve has a network of its own, and all stand side by side. So a cell of one is a
fraction of a second from that of the other."""
import collections
import contextlib
import dataclasses
import json
import subprocess
import time
import types

from bench import chain_tcp
from bench.chain_kernel_lab import KernelChain
from bench.chain_lab import BUILD, Chain
from bench.chain_rows import BATCH, Row, measure
from bench.paper_plan import CHAIN, CURVES, MICRO, TCP, cells, points
from lab.net import Lab, LabError

CAPACITY = 65536
# One packet at a time, so that none waits for another one: a rate that every curve can do.
TIMED_PACKETS, TIMED_RATE = 10000, 100000.0
MICRO_WORDS = ("--packets", "40000", "--sfc", "mpls,nsh,srv6", "--labels", "5", "--kinds", "tcp ipv4", "--capacity",
               str(CAPACITY))
TCP_ROUNDS_MOST = 3


class Networks:
    """Those of the curves, made where they are needed first. `kinds`: where the SF is behind ports, and where it is a kernel."""

    def __init__(self, stack, cpu, curves=None, kinds=(Chain, KernelChain)):
        self.stack, self.cpu, self.chains = stack, cpu, {}
        self.curves, self.kinds = curves or CURVES, kinds

    def of(self, curve):
        if curve not in self.chains:
            lab = Lab()
            lab.prefix += curve + "-"
            network = self.kinds[self.curves[curve].kernel]
            self.chains[curve] = network(self.stack.enter_context(lab), self.cpu, BATCH,
                                         types.SimpleNamespace(capacity=CAPACITY, against=None))
        return self.chains[curve]


def measure_chain(networks, point, rounds, seconds):
    """Rates without loss, and how long packets take, of each curve in every round."""
    rows = {curve: Row(point.cell, {CURVES[curve].variant: []}) for curve in point.curves}
    delays = {curve: collections.Counter() for curve in point.curves}
    for _ in range(rounds):
        for curve, row in rows.items():
            chain = networks.of(curve)
            measure(chain, row, CURVES[curve].variant, seconds)
            outcome = chain.send(point.cell, TIMED_PACKETS, TIMED_RATE, batch=1, timed=1)
            row.wrong += outcome.wrong
            delays[curve].update(chain.delays())
    return {"cell": dataclasses.asdict(point.cell),
            "curves": {curve: {"rates": [round(rate) for rate in row.rates[CURVES[curve].variant]], "wrong": row.wrong,
                               "lost": row.lost, "delays": sorted(delays[curve].items())} for curve, row in rows.items()}}


def measure_micro(cpu, point, rounds):
    """Strip and restore alone, in the kernel."""
    done = subprocess.run(["chrt", "-f", "1", "taskset", "-c", str(cpu), str(BUILD / "bench/bench"), "micro", "-j", "--rounds",
                           str(rounds), "--in-flight", str(point.value), *MICRO_WORDS], capture_output=True, text=True, check=False)
    line = done.stdout.partition("\n")[0]
    if not line.startswith("{"):
        raise LabError(f"bench micro, {point.value} packets in flight: no figures\n{done.stdout}{done.stderr}".rstrip())
    found = []
    for cell in json.loads(line)["cells"]:
        variants = {name: [round(cell[name]["strip_ns"], 1), round(cell[name]["restore_ns"], 1)]
                    for name in ("proxy", "nocache", "paper") if name in cell}
        found.append({"header": cell["header"], "kind": cell["kind"], **variants})
    return {"micro": found}


def measure_tcp(rounds):
    with Lab() as lab:
        flows = chain_tcp.measure_all(lab, min(rounds, TCP_ROUNDS_MOST))
    keep = ("mbps", "segments", "traversals", "wrong", "reordered")

    def runs(some):
        return [{key: getattr(run, key) for key in keep} for run in some]
    return {"tcp": [{"stacks": flow.stacks, "gro": flow.gro, "rules": flow.rules, "runs": runs(flow.runs),
                     "forwarding": runs(flow.beside)} for flow in flows]}


class Progress:
    """Says what comes, and how long the rest takes if it goes on like this."""

    def __init__(self, left):
        self.left, self.done, self.since = cells(left), 0, time.monotonic()

    def tell(self, point):
        took = time.monotonic() - self.since
        rest = f", {took / self.done * self.left / 60:.0f} min left" if self.done else ""
        print(f"== {took:.0f} s: {point.name.strip()}: {len(point.curves)} of {self.left} cells{rest}", flush=True)
        self.done += len(point.curves)
        self.left -= len(point.curves)


def run(raw, cpu, rounds, seconds):
    """All points that the file has not."""
    left = [point for point in points() if not raw.has(point)]
    progress = Progress(left)
    with contextlib.ExitStack() as stack:
        networks = Networks(stack, cpu)
        ways = {CHAIN: lambda point: measure_chain(networks, point, rounds, seconds),
                MICRO: lambda point: measure_micro(cpu, point, rounds), TCP: lambda _: measure_tcp(rounds)}
        for point in left:
            progress.tell(point)
            raw.add(point, ways[point.kind](point))
