# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The part of bench/run mpls-router that runs in the guest: mpls_router_guest.py ROUNDS POINT,POINT... Prints a line of JSON when all
is ready, and one for each point. A nanosecond of the guest is an instruction (tests/vm/README.md)."""
import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from bench.chain_rows import BATCH  # noqa: E402  (the path above comes first)
from bench.mpls_router_lab import CountedKernel, CountedPorts  # noqa: E402
from bench.mpls_router_plan import CURVES, FLOWS, named  # noqa: E402
from bench.mpls_router_tcp import CountedTcp  # noqa: E402
from bench.paper_plan import BASE, TCP  # noqa: E402
from bench.paper_run import Networks  # noqa: E402
from lab.net import Lab, LabError  # noqa: E402

PACKETS = 100 * BATCH
WARM_UP = 4 * BATCH
PLANTED = 2 * BATCH


def measure(networks, point, rounds):
    """All curves in every round. The packets before those that are counted make pages, and entries of the proxy's maps."""
    found = {curve: {"instructions": [], "sent": 0, "wrong": 0, "lost": 0} for curve in point.curves}
    for _ in range(rounds):
        for curve, row in found.items():
            chain = networks.of(curve)
            chain.use(CURVES[curve].variant, point.cell)
            for packets in (WARM_UP, PACKETS):
                outcome = chain.send(point.cell, packets)
                row["sent"] += outcome.sent
                row["wrong"] += outcome.wrong
                row["lost"] += outcome.lost
            row["instructions"].append(round(1e9 / outcome.rate, 1))
    return {"kernel": platform.release(), "curves": found, "planted_found": planted_found(networks, point)}


def planted_found(networks, point):
    """Curves where the receiver found each packet of a wrong stack. With one label nothing is put on, so nothing can be wrong."""
    if point.cell.labels == 1:
        return []
    return [curve for curve in point.curves if curve.startswith(("router", "act"))
            and networks.of(curve).finds_wrong(point.cell, PLANTED)]


def measure_tcp(networks, point, rounds):
    """The same of flows, with GRO or without."""
    found = {curve: {"instructions": [], "sent": 0, "wrong": 0, "lost": 0, "forwarded": []} for curve in point.curves}
    for _ in range(rounds):
        for curve, row in found.items():
            networks[curve].gro(point.value)
            for key, value in dataclasses.asdict(networks[curve].flow()).items():
                row[key] += [round(value, 3)] if isinstance(value, float) else value
    return {"kernel": platform.release(), "curves": found}


def tcp_network(stack, curve):
    lab = Lab()
    lab.prefix += f"tcp-{curve}-"
    return CountedTcp(stack.enter_context(lab), curve)


def main():
    rounds, wanted = int(sys.argv[1]), named(sys.argv[2].split(","))
    with contextlib.ExitStack() as stack:
        networks = Networks(stack, 0, CURVES, (CountedPorts, CountedKernel))
        for curve, about in CURVES.items():     # all of them first: each namespace more changes all counts a little
            networks.of(curve).use(about.variant, BASE)
        flows = {curve: tcp_network(stack, curve) for curve in FLOWS}
        print("{}", flush=True)
        for point in wanted:
            found = measure_tcp(flows, point, rounds) if point.kind == TCP else measure(networks, point, rounds)
            print(json.dumps({"axis": point.axis, "value": point.value, **found}), flush=True)
        os._exit(0)     # the machine ends with this program, so nothing need be taken down


if __name__ == "__main__":
    try:
        main()
    except LabError as error:
        sys.exit(f"error: {error}")
