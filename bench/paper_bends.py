# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Where the curves of bench/run paper bend, and how much of it the time of loads explains."""
import dataclasses
import statistics

from bench import paper_loads as loads
from bench.chain_kernel_lab import STACKS
from bench.chain_lab import SFC, SEGMENTS
from bench.chain_rows import BATCH
from bench.paper_plan import CURVES, MPLS
from bench.paper_results import VARIANTS, least

SHARE = 0.05        # of a packet's time: a smaller step from one point to the next is no bend
NOISE = 2           # times what rounds differ by; neither is a smaller one
LABEL = 4           # bytes


@dataclasses.dataclass(frozen=True)
class Step:
    """From one point of a curve to the next. Nanoseconds a packet."""
    curve: str
    before: int     # of the axis
    after: int
    ns: float       # that the packet takes more
    of: float       # that it took before
    noise: float = 0.0
    uses: tuple = ()        # of memory, at both; empty: it is the same
    beside: str = ""        # the curve whose own step has been taken off
    static: object = None   # that it takes more without a cache, too
    missed: tuple = (0, 0)  # the share of services without a hint of their own, at both
    as_mpls: float = 0.0    # that the same services of SR-MPLS take more

    @property
    def bends(self):
        return abs(self.ns) > max(SHARE * self.of, NOISE * self.noise)


def spread(values):
    """What rounds differ by: the median distance from their median."""
    middle = statistics.median(values)
    return statistics.median(abs(value - middle) for value in values)


def added(at, low):
    """Nanoseconds of each round, less those of the curve that does the least where there is one: as they would be at the pace of
    the base point."""
    return [pace * (1e9 / ours - (1e9 / theirs if low else 0))
            for ours, theirs, pace in zip(at.rates, low.rates if low else at.rates, at.pace)]


def chain_steps(along, curve, use=None):
    """Of one curve. `use(value)`: memory that its way needs, where that changes along the axis."""
    points, low = [(value, found) for value, found in along if curve in found], least(curve)
    found = []
    for (before, first), (after, then) in zip(points, points[1:]):
        beside = low if low != curve and low in first and low in then else ""
        one, two = (added(each[curve], each.get(beside)) for each in (first, then))
        static = [added(each["static"], each["redirect"]) for each in (first, then) if curve == "user" and "static" in each]
        found.append(Step(curve, before, after, statistics.median(two) - statistics.median(one), first[curve].ns,
                          spread(one) + spread(two), (use(before), use(after)) if use else (), beside,
                          statistics.median(static[1]) - statistics.median(static[0]) if len(static) == 2 else None))
    return found


def use_of(axis, curve, header, sizes):
    """The function that chain_steps takes; None where a packet needs the same memory at all points."""
    if curve == "user" and axis in ("labels", "segments"):
        def bytes_of(value):
            return LABEL * (value - 1 if axis == "labels" else SFC[SEGMENTS[value]].words)
        return lambda value: loads.of_chain(bytes_of(value), BATCH, sizes)
    if curve == "kernel" and axis == "labels":
        return lambda value: loads.of_stacks(LABEL * (value - 1), STACKS, sizes)
    if axis == "services" and curve == "user":
        return lambda value: loads.of_services(value, sizes)
    if axis == "services" and curve == "kernel" and header == MPLS:
        return lambda value: loads.of_headers(value, STACKS, sizes)
    return None


def axis_steps(results, axis, header=MPLS):
    """Of all curves of a figure."""
    along = results.along(axis, header)
    steps = [step for curve in CURVES
             for step in chain_steps(along, curve, use_of(axis, curve, header, results.loads.sizes))]
    if axis != "services" or header == MPLS:
        return steps
    return [with_hints(step, results, header) if step.curve == "user" else step for step in steps]


def with_hints(step, results, header):
    """Beside SR-MPLS, where all services have a hint of their own."""
    hints, mpls = results.hints(header), dict(results.along("services"))

    def mpls_added(services):
        found = mpls[services]
        return statistics.median(added(found[step.curve], found.get(least(step.curve))))

    def missed(services):
        found = hints.get((services, step.curve), {"matches": 1, "match_positions": 1})
        return 1 - found["match_positions"] / found["matches"]
    return dataclasses.replace(step, missed=(missed(step.before), missed(step.after)),
                               as_mpls=mpls_added(step.after) - mpls_added(step.before))


def in_flight_use(packets, row, sizes):
    return loads.of_packets(packets, row["fill"], sizes)


def paper_use(packets, _row, sizes):
    return loads.of_paper(packets, sizes)


def in_flight_steps(results, header="5 labels"):
    """Of what each variant takes more than the same without a cache."""
    sizes, points, found = results.loads.sizes, results.in_flight(header), []
    for variant in [name for name in VARIANTS if name != "nocache" and name in points[0][1]]:
        use = in_flight_use if variant == "proxy" else paper_use
        for (before, first, less), (after, _, more) in zip(points, points[1:]):
            one, two = less["added"][variant], more["added"][variant]
            found.append(Step(variant, before, after, statistics.median(two) - statistics.median(one), sum(first[variant]),
                              spread(one) + spread(two), (use(before, less, sizes), use(after, more, sizes)), "nocache"))
    return found
