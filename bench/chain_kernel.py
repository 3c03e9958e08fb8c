# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bench/run chain --mode kernel: the proxy around the kernel of its own host, beside the same kernel that forwards bare
packets, and beside the most that this way can reach (bench/ceiling.bpf.c)."""
import json

from bench.chain_kernel_lab import STACKS, STAGES, VARIANTS, KernelChain
from bench.chain_lab import Cell
from bench.chain_rows import BATCH, HEAD, PLACEMENT, headline, measure_all, settings_json, totals
from bench import chain_against, chain_tcp
from lab.net import Lab

HEADLINE = Cell(labels=5, size=64, flows=64)
LEAST_VS_FORWARDING = 0.80
LEAST_VS_CEILING = 0.93
# Of the ways to plain forwarding the fastest is the one that is compared with: a program at p0 that passes everything,
# natively, as the proxy's is, and GRO off. Without a program the port polls only with GRO on, which is slower (1.75
# Mpps where it was 2.48; with the program and GRO on 1.85), as no packet here can be merged.
REFERENCE = "forwarding: bare packets, XDP_PASS at p0, GRO off"


def run(args, cpu):
    """Returns the rows of rates, and those of TCP."""
    if args.against:
        return chain_against.run(KernelChain, args, cpu), []
    with Lab() as lab:
        rows = measure_all(KernelChain(lab, cpu, BATCH, args), VARIANTS + (STAGES if args.stages else ()), args)
    if args.stages:
        return rows, []
    with Lab() as lab:
        return rows, chain_tcp.measure_all(lab)


def table(rows, cpu):
    print(f"{HEAD}\n{PLACEMENT.format(cpu=cpu)}; {STACKS} stacks; {REFERENCE}\n"
          "labels  bytes  flows  forwarding     proxy   ceiling   proxy/forwarding  ceiling/forwarding  proxy-forwarding")
    for row in rows:
        print(f"{row.cell.labels:6}{row.cell.size:7}{row.cell.flows:7}{row.rate('forwarding') / 1e6:12.3f}"
              f"{row.rate('proxy') / 1e6:10.3f}{row.rate('ceiling') / 1e6:10.3f}{row.ratio('forwarding'):19.2f}"
              f"{row.ratio('forwarding', 'ceiling'):20.2f}{row.added('forwarding'):15.0f} ns")


def stages_table(rows):
    """What a packet costs more than with plain forwarding, at each step."""
    print("\nnanoseconds a packet more than plain forwarding\nlabels  bytes"
          + "".join(f"{stage:>10}" for stage in (*STAGES, "ceiling", "proxy")))
    for row in rows:
        print(f"{row.cell.labels:6}{row.cell.size:7}"
              + "".join(f"{row.added('forwarding', stage):10.0f}" for stage in (*STAGES, "ceiling", "proxy")))


def labels_ratio(rows):
    """Of the proxy's rate with the most labels to that with the fewest, in the smallest frames."""
    size = min(row.cell.size for row in rows)
    by_labels = sorted((row for row in rows if row.cell.size == size), key=lambda row: row.cell.labels)
    few, many = by_labels[0], by_labels[-1]
    ratios = sorted(b / a for a, b in zip(few.rates["proxy"], many.rates["proxy"]))
    return few.cell.labels, many.cell.labels, ratios[len(ratios) // 2]


def result(rows, flows):
    """The last line. Returns whether all is as it must be."""
    head = headline(rows, HEADLINE)
    wrong, lost = totals(rows)
    least = min(row.ratio("forwarding") for row in rows)
    vs_ceiling = min(row.ratio("ceiling") for row in rows)
    few, many, labels = labels_ratio(rows)
    good = wrong == 0 and least >= LEAST_VS_FORWARDING and vs_ceiling >= LEAST_VS_CEILING and all(flow.good() for flow in flows)
    tcp = chain_tcp.result_words(flows, wrong) if flows else f"wrong={wrong}"
    print(f"RESULT {'pass' if good else 'fail'} vs_forwarding={head.ratio('forwarding'):.2f}"
          f" vs_forwarding_min={least:.2f} kernel_vs_ceiling={vs_ceiling:.2f} ceiling={head.ratio('forwarding', 'ceiling'):.2f}"
          f" labels{many}_vs_{few}={labels:.2f} {tcp} lost={lost} proxy_mpps={head.rate('proxy') / 1e6:.3f}"
          f" labels={head.cell.labels} bytes={head.cell.size} cells={len(rows)} rounds={len(head.rates['proxy'])}")
    return good


def to_json(row):
    return row.to_json() | {"vs_forwarding": row.ratio("forwarding"), "added_ns": row.added("forwarding"),
                            "ceiling_vs_forwarding": row.ratio("forwarding", "ceiling")}


def report(found, args, cpu):
    """Prints it all. Returns whether all is as it must be."""
    rows, flows = found
    if args.against:
        return chain_against.report(rows, args, cpu)
    if args.json:
        print(json.dumps(settings_json(args, cpu) | {"stacks": STACKS, "cells": [to_json(row) for row in rows],
                                                     "tcp": [flow.to_json() for flow in flows]}))
    else:
        table(rows, cpu)
        if args.stages:
            stages_table(rows)
        if flows:
            print()
            chain_tcp.table(flows)
    return result(rows, flows)
