# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bench/run chain --mode user: the proxy in front of an SF behind two ports, beside bare redirects in its position and the
paper's way."""
import json

from bench import chain_against
from bench.chain_lab import VARIANTS, Cell, Chain
from bench.chain_rows import BATCH, HEAD, PLACEMENT, headline, measure_all, settings_json, totals
from lab.net import Lab

HEADLINE = Cell(labels=5, size=64, flows=10000)
FASTEST = "where bare redirects are fastest"
LEAST_VS_REDIRECT = 0.80
LEAST_VS_PAPER = 2.5


def run(args, cpu):
    if args.against:
        return chain_against.run(Chain, args, cpu)
    with Lab() as lab:
        return measure_all(Chain(lab, cpu, BATCH, args), VARIANTS, args)


def table(rows, cpu):
    print(f"{HEAD}\n{PLACEMENT.format(cpu=cpu)}, {FASTEST}\n"
          "labels  bytes  flows  redirect     proxy     paper   proxy/redirect  proxy/paper  proxy-redirect")
    for row in rows:
        rates = "".join(f"{row.rate(variant) / 1e6:10.3f}" for variant in VARIANTS)
        print(f"{row.cell.labels:6}{row.cell.size:7}{row.cell.flows:7}{rates}{row.ratio('redirect'):17.2f}"
              f"{row.ratio('paper'):13.2f}{row.added('redirect'):13.0f} ns")


def to_json(row):
    return row.to_json() | {"vs_redirect": row.ratio("redirect"), "vs_paper": row.ratio("paper"),
                            "added_ns": row.added("redirect")}


def result(rows):
    """The last line. Returns whether all is as it must be."""
    head = headline(rows, HEADLINE)
    wrong, lost = totals(rows)
    vs_redirect, vs_paper = head.ratio("redirect"), head.ratio("paper")
    good = wrong == 0 and vs_redirect >= LEAST_VS_REDIRECT and vs_paper >= LEAST_VS_PAPER
    print(f"RESULT {'pass' if good else 'fail'} vs_redirect={vs_redirect:.2f} vs_paper={vs_paper:.2f}"
          f" vs_redirect_min={min(row.ratio('redirect') for row in rows):.2f}"
          f" vs_paper_min={min(row.ratio('paper') for row in rows):.2f} wrong={wrong} lost={lost}"
          f" proxy_mpps={head.rate('proxy') / 1e6:.3f} labels={head.cell.labels} bytes={head.cell.size}"
          f" flows={head.cell.flows} cells={len(rows)} rounds={len(head.rates['proxy'])}")
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
