# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The tables of docs/EVALUATION.md."""
import statistics

from bench.chain_rows import BATCH  # noqa: F401  (the document names it)
from bench.paper_plan import CURVES
from bench.paper_results import least, titles

SHARES = (0.5, 0.9, 0.99, 0.999)
FEW_IN_FLIGHT = 100


def table(head, rows, align=None):
    marks = {"l": "---", "r": "---:"}
    align = align or "l" + "r" * (len(head) - 1)
    lines = [head, [marks[each] for each in align], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def base(results):
    """All curves: rate, CPU time, and latency percentiles, each with what is added to the least."""
    rows = []
    for curve, at in results.base.items():
        low = results.base[least(curve)]
        cells = [CURVES[curve].title, f"{at.mpps:.3f}", f"{at.ns:.0f}", f"{at.added_ns(low):+.0f}"]
        for share in SHARES:
            cells.append(f"{at.delay(share) / 1000:.2f} ({(at.delay(share) - low.delay(share)) / 1000:+.2f})")
        rows.append(cells)
    shares = [f"{share * 100:g} % (added)" for share in SHARES]
    return table(["", "Mpps", "CPU time, ns a packet", "added, ns", *[f"latency, µs, {share}" for share in shares]], rows)


def along(results, axis):
    """Rates; and of our own curves what they add at the median of latency, and for the slowest hundredth."""
    found = results.along(axis)
    curves = [curve for curve in CURVES if curve in found[0][1]]
    head = [titles()[axis], *[f"{CURVES[curve].title}, Mpps" for curve in curves]]
    ours = [curve for curve in curves if CURVES[curve].variant == "proxy"]
    head += [f"{CURVES[curve].title}: latency 50 % / 99 %, µs" for curve in ours]
    rows = [[value, *[f"{at[curve].mpps:.3f}" for curve in curves],
             *[f"{at[curve].delay(0.5) / 1000:.2f} / {at[curve].delay(0.99) / 1000:.2f}" for curve in ours]] for value, at in found]
    return table(head, rows)


def in_flight(results):
    head = ["packets in the SF at once", "sfcproxy: strip + restore, ns", "without a cache", "the paper's way", "of the paper's way"]
    return table(head, [[value, *[f"{at[name][0]:.0f} + {at[name][1]:.0f}" for name in ("proxy", "nocache", "paper")],
                         f"{sum(at['proxy']) / sum(at['paper']):.2f}"] for value, at in results.in_flight()])


def chain_headers(results):
    rows = []
    for name, title in (("nsh", "NSH, MD type 1"), ("srv6", "SRv6, 3 segments"), ("csid", "SRv6, compressed")):
        found = results.header(name)
        for curve, at in found.items():
            rows.append([title, CURVES[curve].title, f"{at.mpps:.3f}", f"{at.ratio(found['redirect']):.2f}",
                         f"{at.delay(0.5) / 1000:.2f} / {at.delay(0.99) / 1000:.2f}"])
    return table(["header", "", "Mpps", "of bare redirects", "latency 50 % / 99 %, µs"], rows, "llrrr")


def headers(results):
    head = ["header", "packet", "sfcproxy: strip + restore, ns", "without a cache, ns", "of 5 labels"]
    found = results.headers(FEW_IN_FLIGHT)
    first = next(sum(row["proxy"]) for row in found if row["header"] == "5 labels")
    return table(head, [[row["header"], row["kind"], *[f"{row[name][0]:.0f} + {row[name][1]:.0f}" for name in ("proxy", "nocache")],
                         f"{sum(row['proxy']) / first:.2f}"] for row in found], "llrrr")


def mbps(runs):
    return f"{statistics.median(run['mbps'] for run in runs):.0f}" if runs else "-"


def tcp(results):
    head = ["stacks", "GRO", "nftables rules", "plain forwarding, Mb/s", "sfcproxy, Mb/s", "segments", "wrong", "reordered"]
    total = {key: [sum(run[key] for run in flow["runs"]) for flow in results.tcp] for key in ("segments", "wrong", "reordered")}
    return table(head, [[flow["stacks"], "on" if flow["gro"] else "off", flow["rules"], mbps(flow["forwarding"]), mbps(flow["runs"]),
                         *[total[key][at] for key in total]] for at, flow in enumerate(results.tcp)], "llrrrrrr")
