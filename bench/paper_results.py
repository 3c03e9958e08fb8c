# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Figures from the raw results of bench/run paper."""
import dataclasses
import statistics

from bench.paper_loads import Loads
from bench.paper_plan import CURVES, MPLS, axis_name, base_of, value_of


VARIANTS = ("proxy", "nocache", "paper")    # of bench micro


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
    pace: tuple = ()    # of the machine in each round; 1 is that at the base point

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

    def _curves(self, point):
        usual = statistics.median(self._at("base")[""]["yardstick"])
        pace = tuple(rate / usual for rate in point["yardstick"])
        return {curve: Measured(curve, **found, pace=pace) for curve, found in point["curves"].items()}

    @property
    def base(self):
        return self._curves(self._at("base")[""])

    def header(self, name):
        return self._curves(self._at("header")[name])

    def along(self, axis, header=MPLS):
        """[(value, {curve: Measured})] of an axis, in order, with the base point of that header where it belongs."""
        found = {value: self._curves(point) for value, point in self._at(axis_name(header, axis)).items()}
        some = {curve for curves in found.values() for curve in curves}
        base = self.base if header == MPLS else self.header(header)
        found[value_of(base_of(header), axis)] = {curve: at for curve, at in base.items() if curve in some}
        return sorted(found.items())

    def in_flight(self, header="5 labels"):
        """[(packets in flight, {variant: (strip, restore)}, all that was measured)]."""
        return [(value, {name: row[name] for name in VARIANTS if name in row}, row)
                for value, point in sorted(self._at("in_flight").items())
                for row in point["micro"] if row["header"] == header and row["kind"] == "tcp ipv4"]

    @property
    def loads(self):
        return Loads(self._at("loads")[""])

    def hints(self, header=MPLS):
        """{(services, curve): how these share the positions of hints}."""
        return {(services, curve): found for services, point in sorted(self._at(axis_name(header, "services")).items())
                for curve, found in point["hints"].items()}

    def inserts(self):
        """Of the chain in user mode: all packets that were put into the cache, and those that made room for one."""
        every = [kept for point in self.points for kept in point.get("cache", [])]
        return sum(kept["to_sf"] for kept in every), sum(kept["evicted"] for kept in every)

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


def least(curve):
    """The curve that does the least on the same way."""
    return CURVES[curve].beside
