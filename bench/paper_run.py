# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The measurements of bench/run paper. Each curve has a network of its own, and all stand side by side. So a cell of one is a
fraction of a second from that of the other."""
import collections
import contextlib
import dataclasses
import json
import statistics
import time
import types

from bench import chain_tcp
from bench.chain_kernel_lab import KernelChain
from bench.chain_lab import BUILD, Chain
from bench.chain_rows import BATCH, Row, measure
from bench.paper_plan import BASE, CHAIN, CURVES, LOADS, MICRO, PROXIES, TCP, cells, points
from lab.net import Lab, LabError, call

CAPACITY = 65536
# One packet at a time, so that none waits for another one: a rate that every curve can do.
TIMED_PACKETS, TIMED_RATE = 10000, 100000.0
MICRO_WORDS = ("--packets", "40000", "--sfc", "mpls,nsh,srv6", "--labels", "5", "--kinds", "tcp ipv4", "--capacity",
               CAPACITY)
BENCH_SECONDS = 300     # on a machine that has other work
TCP_ROUNDS_MOST = 3
SLOWER = 0.95           # of the rate of bare redirects at most points


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


def ask_bench(*words, before=()):
    """The first line of what build/bench/bench says, from JSON. `before`: how it is run."""
    done = call(*before, BUILD / "bench/bench", *words, check=False, timeout=BENCH_SECONDS)
    line = done.stdout.partition("\n")[0]
    if not line.startswith("{"):
        raise LabError(f"bench {' '.join(map(str, words))}: no figures\n{done.stdout}{done.stderr}".rstrip())
    return json.loads(line)


def undisturbed(cpu):
    """On one CPU, in front of all that is no real-time process."""
    return ("chrt", "-f", "1", "taskset", "-c", cpu)


def inserts(chain, cell):
    """Packets that the proxy in the chain has put into its cache so far, and those that made room for another one."""
    chain.use("proxy", cell)
    found = chain.conservation()["cache"]
    return {"to_sf": found["to_sf"], "evicted": found["evicted"]}


def measure_chain(networks, point, rounds, seconds):
    """Rates without loss, and how long packets take, of each curve in every round. Of a proxy also how often its cache had
    no room, and how its services share the positions of hints. Bare redirects at the base point are the yardstick of the
    machine's speed, which changes."""
    yardstick = Row(BASE, {"redirect": []})
    rows = {curve: Row(point.cell, {CURVES[curve].variant: []}) for curve in point.curves}
    delays = {curve: collections.Counter() for curve in point.curves}
    ours = [networks.of(curve) for curve in point.curves if curve == "user"]
    before = [inserts(chain, point.cell) for chain in ours]
    for _ in range(rounds):
        measure(networks.of("redirect"), yardstick, "redirect", seconds)
        for curve, row in rows.items():
            chain = networks.of(curve)
            measure(chain, row, CURVES[curve].variant, seconds)
            outcome = chain.send(point.cell, TIMED_PACKETS, TIMED_RATE, batch=1, timed=1)
            row.wrong += outcome.wrong
            delays[curve].update(chain.delays())
    cache = [{name: count - then[name] for name, count in inserts(chain, point.cell).items()} for then, chain in zip(before, ours)]
    hints = {curve: ask_bench("hints", networks.of(curve).config) for curve in point.curves
             if curve in PROXIES and point.cell.services > BASE.services}
    return {"cell": dataclasses.asdict(point.cell), "cache": cache, "hints": hints,
            "yardstick": [round(rate) for rate in yardstick.rates["redirect"]],
            "curves": {curve: {"rates": [round(rate) for rate in row.rates[CURVES[curve].variant]], "wrong": row.wrong,
                               "lost": row.lost, "delays": sorted(delays[curve].items())} for curve, row in rows.items()}}


def measure_micro(cpu, point, rounds):
    """Strip and restore alone, in the kernel."""
    found = []
    for cell in ask_bench("micro", "-j", "--rounds", rounds, "--in-flight", point.value, *MICRO_WORDS,
                          before=undisturbed(cpu))["cells"]:
        variants = {name: [round(cell[name]["strip_ns"], 1), round(cell[name]["restore_ns"], 1)]
                    for name in ("proxy", "nocache", "paper") if name in cell}
        added = {name: over_nocache(cell, name) for name in variants if name != "nocache"}
        found.append({"header": cell["header"], "kind": cell["kind"], "fill": cell["fill"], "added": added, **variants})
    return {"micro": found}


def over_nocache(cell, variant):
    """Nanoseconds that strip and restore take more than without a cache, in each round."""
    ours, low = cell[variant]["raw"], cell["nocache"]["raw"]
    return [round(sum(sides[0::2]) - sum(sides[1::2]), 1)
            for sides in zip(ours["strip_ns"], low["strip_ns"], ours["restore_ns"], low["restore_ns"])]


def measure_loads(cpu, rounds):
    """How long a load takes, against the memory that is in use."""
    found = ask_bench("loads", "-j", "--rounds", rounds, before=undisturbed(cpu))
    return {"sizes": found["sizes"], **{how: [[row["lines"], round(row["ns"], 2)] for row in found[how]]
                                        for how in ("packed", "spread")}}


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
        self.left, self.done, self.since = list(left), 0, time.monotonic()

    def tell(self, point):
        took = time.monotonic() - self.since
        rest = f", {took / self.done * sum(later.work for later in self.left) / 60:.0f} min left" if self.done else ""
        print(f"== {took:.0f} s: {point.name.strip()}: {len(point.curves)} of {cells(self.left)} cells{rest}", flush=True)
        self.done += point.work
        self.left.remove(point)


def slower(raw):
    """Points that were measured while the machine was slower than at most of them, as it is for a minute behind a build. They
    get a second time, but no third one."""
    found = [(point, raw.of(point)) for point in points() if point.kind == CHAIN]
    paces = [statistics.median(each["yardstick"]) for _, each in found]
    least = SLOWER * statistics.median(paces)
    return [point for (point, each), pace in zip(found, paces) if pace < least and "again" not in each]


def faults_too(found, first):
    """Results of the second time, with the wrong and the lost packets of the first one: those stay."""
    for curve, row in found["curves"].items():
        for fault in ("wrong", "lost"):
            row[fault] += first["curves"][curve][fault]
    return {"again": True, **found}


def run(raw, cpu, rounds, seconds):
    """All points that the file has not."""
    left = [point for point in points() if not raw.has(point)]
    progress = Progress(left)
    with contextlib.ExitStack() as stack:
        networks = Networks(stack, cpu)
        ways = {CHAIN: lambda point: measure_chain(networks, point, rounds, seconds),
                MICRO: lambda point: measure_micro(cpu, point, rounds), LOADS: lambda _: measure_loads(cpu, rounds), TCP: lambda _: measure_tcp(rounds)}
        for point in left:
            progress.tell(point)
            raw.add(point, ways[point.kind](point))
        again = slower(raw)
        progress = Progress(again)
        for point in again:
            progress.tell(point)
            raw.add(point, faults_too(ways[point.kind](point), raw.of(point)))
