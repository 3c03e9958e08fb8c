# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The figures of docs/EVALUATION.md. The same results give the same bytes: no dates, and names of SVG elements by a fixed salt."""
import os
import pathlib

# Where matplotlib keeps its list of fonts; else it would be in the user's home.
os.environ.setdefault("MPLCONFIGDIR", str(pathlib.Path(__file__).resolve().parent.parent / "build/matplotlib"))
import matplotlib  # noqa: E402  (the folder must be set before)

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (so must the backend)

from bench import mpls_router_plan  # noqa: E402
from bench.paper_bends import in_flight_use  # noqa: E402
from bench.paper_loads import LINE  # noqa: E402
from bench.paper_plan import AXES, CURVES, HEADERS, UNITS  # noqa: E402
from bench.paper_words import ALONE  # noqa: E402

LOGARITHMIC = ("flows", "services", "in_flight")
SETTINGS = {"svg.hashsalt": "sfcproxy", "svg.fonttype": "none", "font.family": "DejaVu Sans", "font.size": 9,
            "axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False, "legend.fontsize": 8}
# Colours that stay apart for those who see fewer.
COLOURS = {"redirect": "#000000", "static": "#999999", "user": "#0072b2", "paper": "#d55e00", "forwarding": "#009e73",
           "kernel": "#cc79a7", "seg6": "#d55e00", "router": "#56b4e9", "act": "#e69f00", "router_ports": "#56b4e9", "act_ports": "#e69f00"}
HEADER_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")
MICRO = {"proxy": ("sfcproxy", "#0072b2"), "nocache": ("the same without a cache", "#999999"), "paper": ("the paper's way", "#d55e00")}


def save(figure, folder, name, legend=0.0):
    """`legend`: the part of the height that is left for it."""
    figure.tight_layout(rect=(0, legend, 1, 1))
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
    figure.savefig(folder / f"{name}.png", dpi=120, metadata={"Software": None})
    pyplot.close(figure)


def lines(axes, along, value_of, curves=None):
    for curve, about in (curves or CURVES).items():
        points = [(value, value_of(found[curve])) for value, found in along if curve in found]
        if points:
            axes.plot(*zip(*points), label=about.title, color=COLOURS[curve], marker="o", markersize=3,
                      linestyle="--" if about.kernel else "-")


def axis_figure(results, axis, folder):
    """Rate and latency side by side."""
    along = results.along(axis)
    figure, (rate, delay) = pyplot.subplots(1, 2, figsize=(9, 4.2))
    rate_and_delay(along, axis, AXES[axis][0], rate, delay)
    rate.set_ylabel("rate without loss, Mpps")
    delay.set_ylabel("latency of the chain, median, µs")
    figure.legend(*rate.get_legend_handles_labels(), loc="lower center", ncol=3)
    save(figure, folder, axis, legend=0.14)


def rate_and_delay(along, axis, title, rate, delay):
    lines(rate, along, lambda at: at.mpps)
    lines(delay, along, lambda at: at.delay(0.5) / 1000)
    for axes in (rate, delay):
        axes.set_xlabel(title)
        axes.set_ylim(bottom=0)
        if axis in LOGARITHMIC:
            axes.set_xscale("log")


def header_figure(results, header, folder):
    """Rate above latency, along all its axes."""
    names = HEADERS[header].axes
    figure, rows = pyplot.subplots(2, len(names), figsize=(9, 5), sharey="row")
    for axis, rate, delay in zip(names, *rows):
        rate_and_delay(results.along(axis, header), axis, UNITS[axis], rate, delay)
    rows[0][0].set_ylabel("rate without loss, Mpps")
    rows[1][0].set_ylabel("latency, median, µs")
    figure.legend(*rows[0][0].get_legend_handles_labels(), loc="lower center", ncol=3)
    save(figure, folder, header, legend=0.07)


def in_flight_figure(results, folder):
    """With 5 labels beside what could be in the place of the cache, and with other headers beside these."""
    figure, (labels, others) = pyplot.subplots(1, 2, figsize=(9, 3.8), sharey=True)

    def draw_one(axes, header, variant, **how):
        axes.plot(*zip(*[(value, sum(found[variant])) for value, found, _ in results.in_flight(header)]), marker="o", markersize=3, **how)
    for variant, (title, colour) in MICRO.items():
        draw_one(labels, "5 labels", variant, label=title, color=colour)
    for (header, title), colour in zip({"5 labels": "5 labels", **ALONE}.items(), HEADER_COLOURS):
        draw_one(others, header, "proxy", label=title, color=colour)
        draw_one(others, header, "nocache", color=colour, linestyle=":")
    for axes, title in ((labels, "5 labels"), (others, "sfcproxy; dotted: the same without a cache")):
        axes.set_title(title, fontsize=9)
        axes.set_xscale("log")
        axes.set_xlabel("packets in the SF at once")
        axes.legend()
    labels.set_ylim(bottom=0)
    labels.set_ylabel("strip + restore, ns")
    save(figure, folder, "in_flight")


def loads_figure(results, folder):
    """Both curves, and where packets in the SF have their lines."""
    loads = results.loads
    figure, axes = pyplot.subplots(figsize=(6, 3.6))
    for curve, title, colour in ((loads.packed, "all lines of a page", "#0072b2"), (loads.spread, "one line of a page", "#d55e00")):
        axes.plot(*zip(*[(count * LINE / 1024, ns) for count, ns in curve]), label=title, color=colour, marker="o", markersize=3)
    for packets, _, row in results.in_flight():
        use = in_flight_use(packets, row, loads.sizes)
        axes.axvline(use.kib, color="#999999", linestyle=":", linewidth=1)
        axes.annotate(f"{packets}", (use.kib, 0.99), xycoords=("data", "axes fraction"), rotation=90, fontsize=7, ha="right", va="top")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlabel("lines in use, KiB; dotted: those of so many packets in the SF, with 5 labels")
    axes.set_ylabel("dependent load, ns")
    axes.legend(loc="lower right")
    save(figure, folder, "loads")


def latency_figure(results, folder):
    """The share of packets that took longer."""
    figure, axes = pyplot.subplots(figsize=(6, 3.6))
    for curve, at in results.base.items():
        total, seen, points = sum(packets for _, packets in at.delays), 0, []
        for ns, packets in at.delays:
            points.append((ns / 1000, (total - seen) / total))
            seen += packets
        axes.step(*zip(*points), label=CURVES[curve].title, color=COLOURS[curve], where="post",
                  linestyle="--" if CURVES[curve].kernel else "-")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("latency of the chain, µs")
    axes.set_ylabel("share of packets that took as long or longer")
    axes.legend()
    save(figure, folder, "latency")


def router_figure(router, folder):
    """One half for each way of a packet."""
    figure, halves = pyplot.subplots(1, 2, figsize=(9, 4.2), sharey=True)
    for axes, kernel, title in zip(halves, (True, False), ("the SF is the kernel", "the SF is behind ports")):
        curves = {curve: about for curve, about in mpls_router_plan.CURVES.items() if about.kernel == kernel}
        lines(axes, router.along(), lambda at: at, curves)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("labels")
        axes.set_xticks(range(2, 17, 2))
        axes.legend(loc="upper left")
    halves[0].set_ylim(bottom=0)    # of both, once both have their lines
    halves[0].set_ylabel("instructions of the guest, a packet")
    save(figure, folder, "mpls_router")


def draw(results, folder, router=None):
    """`router`: what bench/run mpls-router found, if that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(SETTINGS):
        for axis in AXES:
            axis_figure(results, axis, folder)
        for header, about in HEADERS.items():
            if len(about.axes) > 1:
                header_figure(results, header, folder)
        loads_figure(results, folder)
        in_flight_figure(results, folder)
        latency_figure(results, folder)
        if router:
            router_figure(router, folder)
