# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The cells of bench/run mpls-router: this proxy beside Linux' own static proxies, on both ways of a packet."""
import dataclasses

from bench.paper_plan import BASE, CURVES as OTHERS, TCP, Curve, Point

NAME = "mpls-router"
LABELS = tuple(range(1, 17))
HEADLINE = 5            # labels
SMALL, LARGE = "labels", "large"    # axes: labels of frames of the base point's size, and of larger ones
LARGE_SIZE = 1400
LARGE_LABELS = (1, HEADLINE, 16)
GRO = ("off", "on")
COUNTED = "counted"     # kind of a point

CURVES = {
    "forwarding": OTHERS["forwarding"],
    "router": Curve("mpls_router", True, "mpls_router", "forwarding"),
    "act": Curve("act_mpls", True, "act_mpls", "forwarding"),
    "kernel": OTHERS["kernel"],
    "redirect": OTHERS["redirect"],
    "router_ports": Curve("mpls_router", False, "mpls_router, SF behind ports", "redirect"),
    "act_ports": Curve("act_mpls", False, "act_mpls, SF behind ports", "redirect"),
    "paper": OTHERS["paper"],
    "user": OTHERS["user"],
}
OURS = ("kernel", "user")
STATIC = {"kernel": ("router", "act"), "user": ("router_ports", "act_ports")}     # proxies with one stack for all packets
BESIDE = {"kernel": STATIC["kernel"], "user": (*STATIC["user"], "paper")}           # what each of ours is compared with
FLOWS = tuple(curve for curve, about in CURVES.items() if about.kernel)     # TCP goes through the kernel


def counted(axis, size, labels):
    """One service, because a static proxy puts one and the same stack on all packets."""
    return Point(axis, labels, COUNTED, dataclasses.replace(BASE, labels=labels, size=size, services=1), tuple(CURVES))


def points(labels=LABELS):
    """TCP, which is short and has the most parts that can fail, and cells with so many labels."""
    return [*[Point(TCP, gro, TCP, curves=FLOWS) for gro in GRO],
            *[counted(SMALL, BASE.size, value) for value in labels],
            *[counted(LARGE, LARGE_SIZE, value) for value in LARGE_LABELS if value in labels]]


def named(names):
    """Points by their names, in that order."""
    known = {point.name: point for point in points()}
    return [known[name] for name in names]
