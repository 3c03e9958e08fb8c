# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The cells of bench/run paper: one axis at a time around a base point. A point is all curves with the same packets; they are
measured in turns, because the machine's speed changes from one minute to the next."""
import dataclasses

from bench.chain_lab import IPV6_WORDS, SEGMENT_WORDS, SEGMENTS, SFC, SRH_WORDS, Cell

CELLS_MOST = 150
BASE = Cell(labels=5, size=64, flows=10000, services=2)
MPLS = "mpls"           # the header of the base point
CHAIN, MICRO, LOADS, TCP = "chain", "micro", "loads", "tcp"
TCP_CELLS = 20          # a point of TCP takes as long as so many cells, here and in the guest


@dataclasses.dataclass(frozen=True)
class Curve:
    variant: str    # of its network
    kernel: bool    # the SF is the kernel of the proxy's own host, or something behind two ports
    title: str
    beside: str     # the curve that does the least on the same way


CURVES = {
    "redirect": Curve("redirect", False, "bare redirects", "redirect"),
    "static": Curve("static", False, "sfcproxy without a cache", "redirect"),
    "user": Curve("proxy", False, "sfcproxy, user mode", "redirect"),
    "paper": Curve("paper", False, "the paper's way", "redirect"),
    "forwarding": Curve("forwarding", True, "plain forwarding", "forwarding"),
    "kernel": Curve("proxy", True, "sfcproxy, kernel mode", "forwarding"),
    "seg6": Curve("seg6", False, "Linux seg6", "redirect"),
}
PROXIES = ("user", "kernel")
SRV6 = ("redirect", "user", "seg6")
ALL = tuple(curve for curve in CURVES if curve != "seg6")
# Without a cache, neither size nor flows make a difference.
ALONG = {"labels": ALL, "services": ("redirect", "user", "forwarding", "kernel")}
FLAT = tuple(curve for curve in ALL if curve != "static")

AXES = {    # name: (title, values beside the base point's)
    "labels": ("entries of the label stack", (1, 2, 3, 8, 10, 16)),
    "size": ("bytes of the frame without labels", (128, 256, 512, 1024, 1500)),
    "flows": ("flows", (1, 100000, 1000000)),
    "services": ("services", (1, 256, 4000)),
}


@dataclasses.dataclass(frozen=True)
class Header:
    """Another one than the base point's, beside it: at the same point but for a single service, and along axes of its own."""
    title: str
    curves: tuple
    axes: dict      # values beside that point's


HEADERS = {
    "nsh": Header("NSH, MD type 1", ("redirect", "user"), {"size": (512, 1500), "flows": (1, 1000000), "services": (256, 4000)}),
    "srv6": Header("SRv6, 3 segments", SRV6, {"segments": (2, 5, 10), "size": (512, 1500), "flows": (1, 1000000),
                                              "services": (256, 4000)}),
    "csid": Header("SRv6, compressed", SRV6, {"size": (1500,)}),
}
UNITS = {"labels": "labels", "segments": "segments", "size": "bytes", "flows": "flows", "services": "services"}
IN_FLIGHT = (10, 100, 1000, 3000, 10000, 30000, 60000)


@dataclasses.dataclass(frozen=True)
class Point:
    axis: str
    value: object
    kind: str = CHAIN
    cell: Cell = BASE
    curves: tuple = ALL

    @property
    def name(self):
        return f"{self.axis} {self.value}"

    @property
    def work(self):
        """How long it takes, in cells."""
        return TCP_CELLS if self.kind == TCP else len(self.curves)


def base_of(header):
    return BASE if header == MPLS else dataclasses.replace(BASE, sfc=header, labels=SFC[header].words, services=1)


def value_of(cell, axis):
    return (cell.labels - IPV6_WORDS - SRH_WORDS) // SEGMENT_WORDS if axis == "segments" else getattr(cell, axis)


def axis_name(header, axis):
    """In the raw results."""
    return axis if header == MPLS else f"{header} {axis}"


def beside(name, axis, value):
    """A point of another header. The kernel's own way knows no services, nor each number of segments."""
    base = base_of(name)
    sfc = SEGMENTS[value] if axis == "segments" else name
    changed = {"sfc": sfc, "labels": SFC[sfc].words} if axis == "segments" else {axis: value}
    without = {"seg6"} if axis == "services" else SFC[sfc].without
    return Point(axis_name(name, axis), value, cell=dataclasses.replace(base, **changed),
                 curves=tuple(curve for curve in HEADERS[name].curves if curve not in without))


def points():
    """All, the base point first: whoever interrupts the run has that one."""
    found = [Point("base", "")]
    for axis, (_, values) in AXES.items():
        for value in values:
            found.append(Point(axis, value, cell=dataclasses.replace(BASE, **{axis: value}),
                               curves=ALONG.get(axis, FLAT)))
    for name, header in HEADERS.items():
        found.append(Point("header", name, cell=base_of(name), curves=header.curves))
        found += [beside(name, axis, value) for axis, values in header.axes.items() for value in values]
    found.append(Point("loads", "", LOADS, curves=("loads",)))
    found += [Point("in_flight", value, MICRO, curves=("micro",)) for value in IN_FLIGHT]
    found.append(Point("tcp", "", TCP, curves=("tcp",)))
    return found


def cells(some):
    return sum(len(point.curves) for point in some)
