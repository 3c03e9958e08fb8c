# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The part of bench/run mpls-router that runs in the guest: mpls_router_guest.py ROUNDS LABELS,LABELS... Prints a line of JSON when all
is ready, and one for each point. A nanosecond of the guest is an instruction (tests/vm/README.md)."""
import contextlib
import json
import os
import pathlib
import platform
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from bench.chain_rows import BATCH  # noqa: E402  (the path above comes first)
from bench.mpls_router_lab import CountedKernel, CountedPorts  # noqa: E402
from bench.mpls_router_plan import CURVES, points  # noqa: E402
from bench.paper_run import Networks  # noqa: E402
from lab.net import LabError  # noqa: E402

PACKETS = 200 * BATCH
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


def main():
    rounds, labels = int(sys.argv[1]), [int(word) for word in sys.argv[2].split(",")]
    wanted = points(labels)
    with contextlib.ExitStack() as stack:
        networks = Networks(stack, 0, CURVES, (CountedPorts, CountedKernel))
        for curve, about in CURVES.items():     # all of them first: each namespace more changes all counts a little
            networks.of(curve).use(about.variant, wanted[0].cell)
        print("{}", flush=True)
        for point in wanted:
            print(json.dumps({"value": point.value, **measure(networks, point, rounds)}), flush=True)
        os._exit(0)     # the machine ends with this program, so nothing need be taken down


if __name__ == "__main__":
    try:
        main()
    except LabError as error:
        sys.exit(f"error: {error}")
