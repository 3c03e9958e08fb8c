# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The tables of docs/EVALUATION.md."""
import statistics

from bench.chain_rows import BATCH  # noqa: F401  (the document names it)
from bench.paper_bends import in_flight_use
from bench.paper_plan import AXES, CURVES, HEADERS, UNITS
from bench.paper_results import least
from bench.paper_words import ALONE

SHARES = (0.5, 0.9, 0.99, 0.999)
FEW_IN_FLIGHT = 100
LATENCY = "latency 50 % / 90 % / 99 %, µs"


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
    head = [AXES[axis][0], *[f"{CURVES[curve].title}, Mpps" for curve in curves]]
    ours = [curve for curve in curves if CURVES[curve].variant == "proxy"]
    head += [f"{CURVES[curve].title}: latency 50 % / 99 %, µs" for curve in ours]
    rows = [[value, *[f"{at[curve].mpps:.3f}" for curve in curves],
             *[f"{at[curve].delay(0.5) / 1000:.2f} / {at[curve].delay(0.99) / 1000:.2f}" for curve in ours]] for value, at in found]
    return table(head, rows)


def in_flight(results):
    head = ["packets in the SF at once", "sfcproxy: strip + restore, ns", "without a cache", "the paper's way", "of the paper's way"]
    return table(head, [[value, *[f"{at[name][0]:.0f} + {at[name][1]:.0f}" for name in ("proxy", "nocache", "paper")],
                         f"{sum(at['proxy']) / sum(at['paper']):.2f}"] for value, at, _ in results.in_flight()])


def in_flight_headers(results):
    """Of the other headers, with and without a cache."""
    columns = [results.in_flight(header) for header in ALONE]
    head = ["packets in the SF at once", *[f"{title}{how}, ns" for title in ALONE.values() for how in ("", ", no cache")]]
    return table(head, [[each[0][0], *[f"{at[name][0]:.0f} + {at[name][1]:.0f}" for _, at, _ in each for name in ("proxy", "nocache")]]
                        for each in zip(*columns)])


def memory(results):
    """Memory that the packets of the figure need, and how full the index is."""
    loads, rows = results.loads, []
    for packets, _, row in results.in_flight():
        fill, use = row["fill"], in_flight_use(packets, row, loads.sizes)
        rows.append([packets, f"{use.kib:.0f}", f"{use.pages:.0f}", f"{loads.cache(use):.1f} + {loads.tlb(use.pages):.1f}",
                     f"{packets / fill['buckets']:.2f}", fill["largest"], fill["overflow"]])
    return table(["packets in the SF at once", "lines in use, KiB", "pages", "load: cache + TLB, ns", "words of a bucket", "most",
                  "words in overflow lines"], rows)


def chain_headers(results):
    rows = []
    for name, about in HEADERS.items():
        found = results.header(name)
        for curve, at in found.items():
            rows.append([about.title, CURVES[curve].title, f"{at.mpps:.3f}", f"{at.ratio(found['redirect']):.2f}", *cost(at)])
    return table(["header", "", "Mpps", "of bare redirects", "CPU time, ns a packet", LATENCY], rows, "llrrrr")


def cost(at):
    return f"{at.ns:.0f}", " / ".join(f"{at.delay(share) / 1000:.2f}" for share in (0.5, 0.9, 0.99))


def along_header(results, header):
    """All axes of it in one table."""
    rows = []
    for axis in HEADERS[header].axes:
        for value, found in results.along(axis, header):
            rows += [[UNITS[axis], value, CURVES[curve].title, f"{at.mpps:.3f}", *cost(at)] for curve, at in found.items()]
    return table(["along", "", "", "Mpps", "CPU time, ns a packet", LATENCY], rows, "lrlrrr")


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
