# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bench/run chain --against TREE: the proxy of another checkout beside ours, in either mode. Each stands in a network of its
own, and the probes go through both in turns: a cell of one is a fraction of a second from that of the other."""
import json

from bench import against
from bench.chain_lab import OTHER
from bench.chain_rows import BATCH, HEAD, PLACEMENT, measure, rows_of, settings_json, tell, totals
from lab.net import Lab

VARIANTS = ("proxy", OTHER)


def run(network, args, cpu):
    """`network`: Chain or KernelChain. The networks change sides after each round. Returns the rows."""
    rows = rows_of(VARIANTS, args)
    second = Lab()
    second.prefix += "other-"
    with Lab() as first, second:
        chains = [network(lab, cpu, BATCH, args) for lab in (first, second)]
        for done in range(args.rounds):
            pairs = list(zip(VARIANTS, chains[::1 if done % 2 else -1]))
            for position, row in enumerate(rows):
                tell(f"round {done + 1} of {args.rounds}: {row.cell}")
                for variant, chain in pairs[::1 if (done // 2 + position) % 2 else -1]:
                    measure(chain, row, variant, args.seconds)
    return rows


def ratio(row):
    """Of the times a packet, so that more is slower."""
    return row.ratio("proxy", OTHER)


def report(rows, args, cpu):
    """Prints it all. Returns whether all is as it must be."""
    if args.json:
        print(json.dumps(settings_json(args, cpu) | {"against": str(args.against), "cells": [
            row.to_json() | {"ratio": ratio(row)} for row in rows]}))
    else:
        print(f"{HEAD}\n{PLACEMENT.format(cpu=cpu)}\nlabels  bytes  flows      this     other   time this/other")
        for row in rows:
            print(f"{row.cell.header:>6}{row.cell.size:7}{row.cell.flows:7}{row.rate('proxy') / 1e6:10.3f}"
                  f"{row.rate(OTHER) / 1e6:10.3f}{ratio(row):18.3f}")
    wrong, lost = totals(rows)
    return against.report({f"{row.cell.header}_{row.cell.size}_{row.cell.flows}": ratio(row) for row in rows},
                          f"wrong={wrong} lost={lost} mode={args.mode} cells={len(rows)} rounds={args.rounds}", wrong == 0)
