# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The cells of bench/run mpls-router: this proxy beside Linux' own static proxies, on both ways of a packet."""
import dataclasses

from bench.paper_plan import BASE, CURVES as OTHERS, Curve, Point

NAME = "mpls-router"
LABELS = tuple(range(1, 17))
HEADLINE = 5            # labels
COUNTED = "counted"     # kind of a point

CURVES = {
    "forwarding": OTHERS["forwarding"],
    "router": Curve("mpls_router", True, "mpls_router", "forwarding"),
    "act": Curve("act_mpls", True, "act_mpls", "forwarding"),
    "kernel": OTHERS["kernel"],
    "redirect": OTHERS["redirect"],
    "router_ports": Curve("mpls_router", False, "mpls_router, SF behind ports", "redirect"),
    "act_ports": Curve("act_mpls", False, "act_mpls, SF behind ports", "redirect"),
    "user": OTHERS["user"],
}
OURS = ("kernel", "user")
STATIC = {"kernel": ("router", "act"), "user": ("router_ports", "act_ports")}     # what each of ours is compared with


def points(labels=LABELS):
    """Labels of one service, because a static proxy puts one and the same stack on all packets."""
    return [Point("labels", value, COUNTED, dataclasses.replace(BASE, labels=value, services=1), tuple(CURVES)) for value in labels]
