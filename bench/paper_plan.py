# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The cells of bench/run paper: one axis at a time around a base point. A point is all curves with the same packets; they are
measured in turns, because the machine's speed changes from one minute to the next."""
import dataclasses

from bench.chain_lab import SFC, Cell

CELLS_MOST = 150
BASE = Cell(labels=5, size=64, flows=10000, services=2)
CHAIN, MICRO, TCP = "chain", "micro", "tcp"


@dataclasses.dataclass(frozen=True)
class Curve:
    variant: str    # of its network
    kernel: bool    # the SF is the kernel of the proxy's own host, or something behind two ports
    title: str
    beside: str     # the curve that does the least on the same way


CURVES = {
    "redirect": Curve("redirect", False, "bare redirects", "redirect"),
    "static": Curve("static", False, "a constant header, no cache", "redirect"),
    "user": Curve("proxy", False, "sfcproxy, user mode", "redirect"),
    "paper": Curve("paper", False, "the paper's way", "redirect"),
    "forwarding": Curve("forwarding", True, "plain forwarding", "forwarding"),
    "kernel": Curve("proxy", True, "sfcproxy, kernel mode", "forwarding"),
    "seg6": Curve("seg6", False, "Linux seg6", "redirect"),
}
PROXIES = ("user", "kernel")
SRV6 = ("redirect", "user", "seg6")
ALL = tuple(curve for curve in CURVES if curve != "seg6")

AXES = {    # name: (title, values beside the base point's)
    "labels": ("entries of the label stack", (1, 2, 3, 8, 10, 16)),
    "size": ("bytes of the frame without labels", (128, 256, 512, 1024, 1500)),
    "flows": ("flows", (1, 100, 100000, 1000000)),
    "services": ("services", (1, 16, 256, 4000)),
}
IN_FLIGHT = (10, 100, 1000, 10000, 60000)


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


def points():
    """All, the base point first: whoever interrupts the run has that one."""
    found = [Point("base", "")]
    for axis, (_, values) in AXES.items():
        for value in values:
            found.append(Point(axis, value, cell=dataclasses.replace(BASE, **{axis: value}),
                               curves=PROXIES if axis == "services" else ALL))
    for name, curves in (("nsh", ("redirect", "user")), ("srv6", SRV6), ("csid", SRV6)):
        found.append(Point("header", name, curves=curves,
                           cell=dataclasses.replace(BASE, sfc=name, labels=SFC[name].words, services=1)))
    found += [Point("in_flight", value, MICRO, curves=("micro",)) for value in IN_FLIGHT]
    found.append(Point("tcp", "", TCP, curves=("tcp",)))
    return found


def cells(some):
    return sum(len(point.curves) for point in some)
