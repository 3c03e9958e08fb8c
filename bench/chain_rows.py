# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The rates of bench/run chain: cells, variants in turns, medians."""
import dataclasses
import statistics
import sys

from bench.chain_lab import SFC, Cell
from bench.chain_search import LOSS_ALLOWED, highest_rate
from lab.net import LabError

BATCH = 64      # a NAPI poll's worth; a veth's ring holds 256
# The NAPI of a veth's peer runs on the CPU that sends the frame. So on one CPU a batch is through, or as far as it
# gets, before the generator makes the next one. The rate is one over the CPU time of a packet, with generator and sink
# in it. Of what was tried with 2 CPUs nothing comes close to it. Bare redirects, 5 labels, 64 bytes: 7.3 Mpps without a
# loss. With p0's NAPI a thread on the other CPU, 2 % were lost at 2 Mpps and now and then some at 0.5. With all NAPIs
# there, 50 % were lost at 2 Mpps and some at 0.5: 256 frames are 0.1 ms, and no CPU is left alone for so long.
PLACEMENT = "generator, all ports and sink on CPU {cpu} with SCHED_FIFO"
HEAD = f"highest rate without loss (at most {LOSS_ALLOWED} packets a probe), Mpps, medians"


@dataclasses.dataclass
class Row:
    """One cell: the rate of each variant in each round, and what went wrong."""
    cell: Cell
    rates: dict
    wrong: int = 0
    lost: int = 0

    def rate(self, variant):
        return statistics.median(self.rates[variant])

    def ratio(self, other, ours="proxy"):
        """Of our rate to the other's; those of one round stand next to each other in time."""
        return statistics.median(mine / theirs for mine, theirs in zip(self.rates[ours], self.rates[other]))

    def added(self, other, ours="proxy"):
        """Nanoseconds a packet that ours takes and the other one does not."""
        return statistics.median(1e9 / mine - 1e9 / theirs
                                 for mine, theirs in zip(self.rates[ours], self.rates[other]))

    def to_json(self):
        return {**dataclasses.asdict(self.cell), "mpps": {variant: self.rate(variant) / 1e6 for variant in self.rates},
                "wrong": self.wrong, "lost": self.lost,
                "raw_mpps": {variant: [rate / 1e6 for rate in rates] for variant, rates in self.rates.items()}}


def headline(rows, cell):
    return next((row for row in rows if row.cell == cell), rows[0])


def totals(rows):
    """Packets that were wrong, and lost."""
    return sum(row.wrong for row in rows), sum(row.lost for row in rows)


def settings_json(args, cpu):
    return {"version": 1, "bench": "chain", "mode": args.mode, "rounds": args.rounds, "capacity": args.capacity,
            "seconds": args.seconds, "placement": PLACEMENT.format(cpu=cpu), "batch": BATCH,
            "loss_allowed": LOSS_ALLOWED}


def tell(text):
    """Tells who watches how much is done."""
    if sys.stderr.isatty():
        print(f"\r{text}\033[K\r", end="", file=sys.stderr)


def measure(chain, row, variant, seconds):
    chain.use(variant, row.cell)
    rate, outcomes = highest_rate(lambda packets, pace: chain.send(row.cell, packets, pace), seconds)
    wrong, lost = sum(each.wrong for each in outcomes), sum(each.lost for each in outcomes)
    if rate == 0:
        raise LabError(f"{variant}, {row.cell}: no rate without loss; {lost} packets lost, {wrong} wrong")
    row.rates[variant].append(rate)
    row.wrong += wrong
    row.lost += lost


def rows_of(variants, args):
    """With those of the variants that know the encapsulation."""
    return [Row(Cell(labels, size, flows, sfc), {variant: [] for variant in variants if variant not in SFC[sfc].without})
            for sfc in args.sfc for labels in ([SFC[sfc].words] if SFC[sfc].words else args.labels)
            for size in args.sizes for flows in args.flows]


def measure_all(chain, variants, args):
    """All cells in every round, in each of them all variants in turns. Returns the rows."""
    rows = rows_of(variants, args)
    for done in range(args.rounds):
        for row in rows:
            tell(f"round {done + 1} of {args.rounds}: {row.cell}")
            for variant in row.rates:
                measure(chain, row, variant, args.seconds)
    return rows
