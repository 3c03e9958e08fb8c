# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bench/run chain --mode user: the proxy in front of an SF behind two ports, beside bare redirects in its position, the same
programs without a cache (bench/nocache.bpf.c), and the paper's way."""
import json

from bench import chain_against
from bench.chain_lab import VARIANTS, Cell, Chain
from bench.chain_rows import BATCH, HEAD, PLACEMENT, headline, measure_all, settings_json, totals
from lab.net import Lab

HEADLINE = Cell(labels=5, size=64, flows=10000)
FASTEST = "where bare redirects are fastest"
LEAST_VS_REDIRECT = 0.54
# Other variants, as the figures call them, and the least ratio to each. Ahead of the kernel, which puts the same header on all
# packets, is enough.
OTHERS = {"static": ("ceiling", 0.70), "paper": ("paper", 4.0), "seg6": ("seg6", 1.0)}


def run(args, cpu):
    if args.against:
        return chain_against.run(Chain, args, cpu)
    with Lab() as lab:
        return measure_all(Chain(lab, cpu, BATCH, args), VARIANTS, args)


def table(rows, cpu):
    print(f"{HEAD}\n{PLACEMENT.format(cpu=cpu)}, {FASTEST}\n"
          "labels  bytes  flows  redirect   ceiling     proxy     paper      seg6   proxy/redirect  proxy/ceiling  proxy/paper"
          "  proxy/seg6  proxy-redirect")
    for row in rows:
        rates = "".join(f"{row.rate(variant) / 1e6:10.3f}" if variant in row.rates else f"{'-':>10}"
                        for variant in VARIANTS)
        ratios = "".join(f"{row.ratio(other):{width}.2f}" if other in row.rates else f"{'-':>{width}}"
                         for other, width in (("redirect", 17), ("static", 15), ("paper", 13), ("seg6", 12)))
        print(f"{row.cell.header:>6}{row.cell.size:7}{row.cell.flows:7}{rates}{ratios}"
              f"{row.added('redirect'):13.0f} ns")


def to_json(row):
    ratios = {f"vs_{name}": row.ratio(other) for other, (name, _) in OTHERS.items() if other in row.rates}
    return row.to_json() | {"vs_redirect": row.ratio("redirect")} | ratios | {"added_ns": row.added("redirect")}


def figures(rows, head):
    """By their names; those of OTHERS where they are among the variants."""
    found = {"vs_redirect": head.ratio("redirect"), "vs_redirect_min": min(row.ratio("redirect") for row in rows)}
    for other, (name, _) in OTHERS.items():
        beside = [row for row in rows if other in row.rates]
        if beside:
            found |= {f"vs_{name}": (head if head in beside else beside[0]).ratio(other),
                      f"vs_{name}_min": min(row.ratio(other) for row in beside)}
    return found


def result(rows):
    """The last line. Returns whether all is as it must be."""
    head = headline(rows, HEADLINE)
    wrong, lost = totals(rows)
    found = figures(rows, head)
    good = (wrong == 0 and found["vs_redirect"] >= LEAST_VS_REDIRECT
            and all(found.get(f"vs_{name}", least) >= least for name, least in OTHERS.values()))
    print(f"RESULT {'pass' if good else 'fail'} " + " ".join(f"{name}={value:.2f}" for name, value in found.items())
          + f" wrong={wrong} lost={lost} proxy_mpps={head.rate('proxy') / 1e6:.3f} labels={head.cell.header}"
          f" bytes={head.cell.size} flows={head.cell.flows} cells={len(rows)} rounds={len(head.rates['proxy'])}")
    return good


def report(rows, args, cpu):
    """Prints it all. Returns whether all is as it must be."""
    if args.against:
        return chain_against.report(rows, args, cpu)
    if args.json:
        print(json.dumps(settings_json(args, cpu) | {"cells": [to_json(row) for row in rows]}))
    else:
        table(rows, cpu)
    return result(rows)
