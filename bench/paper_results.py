# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Figures from the raw results of bench/run paper."""
import dataclasses
import statistics

from bench.paper_plan import AXES, BASE, CURVES


def percentile(delays, share):
    """Nanoseconds that so large a share of the packets did not exceed. `delays`: (nanoseconds at least, packets) of each
    bucket, in order."""
    total, seen = sum(packets for _, packets in delays), 0
    for ns, packets in delays:
        seen += packets
        if seen >= share * total:
            return ns
    raise ValueError("no packet was timed")


@dataclasses.dataclass
class Measured:
    """One curve at one point."""
    curve: str
    rates: list     # of each round
    delays: list
    wrong: int
    lost: int

    @property
    def rate(self):
        return statistics.median(self.rates)

    @property
    def mpps(self):
        return self.rate / 1e6

    @property
    def ns(self):
        """CPU time a packet, of the whole chain: all of it is on one CPU, which never waits."""
        return 1e9 / self.rate

    def ratio(self, other):
        """Of the rates of each round, the median."""
        return statistics.median(ours / theirs for ours, theirs in zip(self.rates, other.rates))

    def added_ns(self, other):
        return statistics.median(1e9 / ours - 1e9 / theirs for ours, theirs in zip(self.rates, other.rates))

    def delay(self, share):
        return percentile(self.delays, share)


class Results:
    def __init__(self, head, points):
        self.head, self.points = head, points

    def _at(self, axis):
        return {point["value"]: point for point in self.points if point["axis"] == axis}

    @staticmethod
    def _curves(point):
        return {curve: Measured(curve, **found) for curve, found in point["curves"].items()}

    @property
    def base(self):
        return self._curves(self._at("base")[""])

    def header(self, name):
        return self._curves(self._at("header")[name])

    def along(self, axis):
        """[(value, {curve: Measured})] of an axis, in order, with the base point where it belongs."""
        found = {value: self._curves(point) for value, point in self._at(axis).items()}
        some = {curve for curves in found.values() for curve in curves}
        found[getattr(BASE, axis)] = {curve: at for curve, at in self.base.items() if curve in some}
        return sorted(found.items())

    def in_flight(self, header="5 labels"):
        """[(packets in flight, {variant: (strip, restore)})]."""
        return [(value, {name: ns for name, ns in row.items() if name not in ("header", "kind")})
                for value, point in sorted(self._at("in_flight").items())
                for row in point["micro"] if row["header"] == header and row["kind"] == "tcp ipv4"]

    def headers(self, in_flight):
        return self._at("in_flight")[in_flight]["micro"]

    @property
    def tcp(self):
        return self._at("tcp")[""]["tcp"]

    @property
    def load(self):
        return statistics.median(point["load"] for point in self.points)

    def all_measured(self):
        return [each for point in self.points if "curves" in point for each in self._curves(point).values()]

    def totals(self):
        """Packets that were wrong, TCP segments too, and those that were lost above the highest rate."""
        every = self.all_measured()
        segments = sum(run["wrong"] for flow in self.tcp for run in flow["runs"])
        return sum(each.wrong for each in every) + segments, sum(each.lost for each in every)


def titles():
    return {axis: title for axis, (title, _) in AXES.items()}


def least(curve):
    """The curve that does the least on the same way."""
    return CURVES[curve].beside
