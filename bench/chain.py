# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bench/run chain: the whole chain over veth, in network namespaces: the highest rate without loss of the proxy, of bare
redirects in its place, and of the paper's way. All three in one run, in turns, because the machine's speed changes from
one minute to the next."""
import argparse
import dataclasses
import json
import os
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from bench.chain_lab import VARIANTS, Cell, Chain  # noqa: E402  (the path above comes first)
from bench.chain_search import LOSS_ALLOWED, highest_rate  # noqa: E402
from lab.net import Lab, LabError  # noqa: E402

HEADLINE = Cell(labels=5, size=64, flows=10000)
LEAST_VS_REDIRECT = 0.80
LEAST_VS_PAPER = 2.5
BATCH = 64      # a NAPI poll's worth; a veth's ring holds 256
# Where a frame is sent, there the NAPI of the veth's far end runs. So on one CPU a batch is through, or as far as it gets,
# before the generator makes the next one: the rate is one over the CPU time of a packet, with generator and sink in it.
# Of what was tried with 2 CPUs nothing is near it. Bare redirects, 5 labels, 64 bytes: 7.3 Mpps without a loss; with p0's
# NAPI a thread on the other CPU 2 % were lost at 2 Mpps and now and then some at 0.5, with all NAPIs there 50 % at 2 Mpps
# and some at 0.5: 256 frames are 0.1 ms, and no CPU is left alone for so long.
PLACEMENT = "generator, all ports and sink on CPU {cpu}, where bare redirects are fastest; SCHED_FIFO"


@dataclasses.dataclass
class Row:
    """One cell: the rate of each variant in each round, and what went wrong."""
    cell: Cell
    rates: dict = dataclasses.field(default_factory=lambda: {variant: [] for variant in VARIANTS})
    wrong: int = 0
    lost: int = 0

    def rate(self, variant):
        return statistics.median(self.rates[variant])

    def ratio(self, other):
        """Of the proxy's rate to the other's; those of one round stand next to each other in time."""
        return statistics.median(ours / theirs for ours, theirs in zip(self.rates["proxy"], self.rates[other]))

    def added(self):
        """Nanoseconds a packet that the proxy takes and bare redirects do not."""
        return statistics.median(1e9 / ours - 1e9 / theirs
                                 for ours, theirs in zip(self.rates["proxy"], self.rates["redirect"]))

    def to_json(self):
        return {**dataclasses.asdict(self.cell), "mpps": {variant: self.rate(variant) / 1e6 for variant in VARIANTS},
                "vs_redirect": self.ratio("redirect"), "vs_paper": self.ratio("paper"), "added_ns": self.added(),
                "wrong": self.wrong, "lost": self.lost, "raw_mpps": {variant: [rate / 1e6 for rate in self.rates[variant]]
                                                for variant in VARIANTS}}


def number(low, high, kind=int):
    """An argparse type."""
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"'{text}' is no number from {low} to {high}")
        return value
    return parse


def numbers(low, high):
    one = number(low, high)
    return lambda text: [one(word) for word in text.split(",")]


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"bench/run chain: {message}\n")


def options():
    parser = Parser(prog="bench/run chain", description=__doc__, allow_abbrev=False)
    parser.add_argument("--rounds", type=number(1, 1000), default=9, metavar="N", help="medians are of so many")
    parser.add_argument("--labels", type=numbers(1, 16), default=[1, 5, 10, 16], metavar="N,N...",
                        help="entries of the stack")
    parser.add_argument("--sizes", type=numbers(64, 1400), default=[64, 1400], metavar="N,N...",
                        help="bytes of the frame without labels")
    parser.add_argument("--flows", type=numbers(1, 60000), default=[1, 10000], metavar="N,N...",
                        help="source ports; every packet has a stack of its own all the same")
    parser.add_argument("--capacity", type=number(64, 4194304), default=65536, metavar="N", help="of the proxy's cache")
    parser.add_argument("--seconds", type=number(0.01, 10, float), default=0.2, metavar="S", help="of one probe")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON, with every round, before the RESULT line")
    return parser.parse_args()


def measure(chain, row, seconds):
    for variant in VARIANTS:
        chain.use(variant)
        rate, outcomes = highest_rate(lambda packets, pace: chain.send(row.cell, packets, pace), seconds)
        wrong, lost = sum(each.wrong for each in outcomes), sum(each.lost for each in outcomes)
        if rate == 0:
            raise LabError(f"{variant}, {row.cell}: no rate without loss; {lost} packets lost, {wrong} wrong")
        row.rates[variant].append(rate)
        row.wrong += wrong
        row.lost += lost


def run(args, cpu):
    rows = [Row(Cell(labels, size, flows)) for labels in args.labels for size in args.sizes for flows in args.flows]
    with Lab() as lab:
        chain = Chain(lab, cpu, args.capacity, BATCH)
        for done in range(args.rounds):
            for row in rows:
                if sys.stderr.isatty():
                    print(f"\rround {done + 1} of {args.rounds}: {row.cell}\033[K\r", end="", file=sys.stderr)
                measure(chain, row, args.seconds)
    return rows


def table(rows, cpu):
    print(f"highest rate without loss (at most {LOSS_ALLOWED} packets a probe), Mpps, medians\n"
          f"{PLACEMENT.format(cpu=cpu)}\n"
          "labels  bytes  flows  redirect     proxy     paper   proxy/redirect  proxy/paper  proxy-redirect")
    for row in rows:
        rates = "".join(f"{row.rate(variant) / 1e6:10.3f}" for variant in VARIANTS)
        print(f"{row.cell.labels:6}{row.cell.size:7}{row.cell.flows:7}{rates}{row.ratio('redirect'):17.2f}"
              f"{row.ratio('paper'):13.2f}{row.added():13.0f} ns")


def result(rows):
    """The last line. Returns whether all is as it must be."""
    head = next((row for row in rows if row.cell == HEADLINE), rows[0])
    wrong, lost = sum(row.wrong for row in rows), sum(row.lost for row in rows)
    vs_redirect, vs_paper = head.ratio("redirect"), head.ratio("paper")
    good = wrong == 0 and vs_redirect >= LEAST_VS_REDIRECT and vs_paper >= LEAST_VS_PAPER
    print(f"RESULT {'pass' if good else 'fail'} vs_redirect={vs_redirect:.2f} vs_paper={vs_paper:.2f}"
          f" vs_redirect_min={min(row.ratio('redirect') for row in rows):.2f}"
          f" vs_paper_min={min(row.ratio('paper') for row in rows):.2f} wrong={wrong} lost={lost}"
          f" proxy_mpps={head.rate('proxy') / 1e6:.3f} labels={head.cell.labels} bytes={head.cell.size}"
          f" flows={head.cell.flows} cells={len(rows)} rounds={len(head.rates['proxy'])}")
    return good


def main():
    args = options()
    cpu = max(os.sched_getaffinity(0))
    try:
        rows = run(args, cpu)
    except LabError as error:
        print(f"bench/run chain: error: {error}", file=sys.stderr)
        print("RESULT fail")
        return 1
    except KeyboardInterrupt:
        return 130
    if args.json:
        print(json.dumps({"version": 1, "bench": "chain", "rounds": args.rounds, "capacity": args.capacity,
                          "seconds": args.seconds, "placement": PLACEMENT.format(cpu=cpu), "batch": BATCH, "loss_allowed": LOSS_ALLOWED,
                          "cells": [row.to_json() for row in rows]}))
    else:
        table(rows, cpu)
    return 0 if result(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
