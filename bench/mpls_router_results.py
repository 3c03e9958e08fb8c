# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Figures from the raw results of bench/run mpls-router."""
import statistics

from bench.mpls_router_plan import CURVES, HEADLINE, LARGE, OURS, SMALL, STATIC, points
from bench.paper_plan import TCP


class Router:
    def __init__(self, head, found):
        self.head = head
        self.points = sorted(found, key=lambda point: (point["axis"], point["value"]))

    def on(self, axis):
        return [point for point in self.points if point["axis"] == axis]

    def labels(self, axis=SMALL):
        return [point["value"] for point in self.on(axis)]

    def instructions(self, curve, value, axis=SMALL):
        """Of a packet, from the sender to the receiver; of TCP, of a segment with its acknowledgement."""
        point = next(point for point in self.on(axis) if point["value"] == value)
        return statistics.median(point["curves"][curve]["instructions"])

    def along(self, axis=SMALL):
        """[(labels, {curve: instructions})]"""
        return [(labels, {curve: self.instructions(curve, labels, axis) for curve in CURVES}) for labels in self.labels(axis)]

    def slope(self, curve):
        """Instructions that a label more costs, from the second to the last."""
        labels = self.labels()
        first, last = labels[min(1, len(labels) - 1)], labels[-1]
        return (self.instructions(curve, last) - self.instructions(curve, first)) / max(1, last - first)

    def first_won(self, ours, other):
        """The number of labels from which on ours needs fewer instructions, at all that were measured; None if there is none."""
        won = None
        for labels, at in reversed(self.along()):
            if at[ours] >= at[other]:
                break
            won = labels
        return won

    def grown(self, curve):
        """Instructions that a large frame takes beyond a small one with as many labels: the most."""
        return max(at[curve] - self.instructions(curve, labels) for labels, at in self.along(LARGE))

    def forwarded(self, curve, gro):
        """Packets that the kernel forwarded for a segment, acknowledgements with them."""
        point = next(point for point in self.on(TCP) if point["value"] == gro)
        return statistics.median(point["curves"][curve]["forwarded"])

    def _rows(self, *axes):
        return [row for point in self.points if point["axis"] in axes for row in point["curves"].values()]

    def total(self, key, *axes):
        return sum(row[key] for row in self._rows(*(axes or (SMALL, LARGE, TCP))))

    def spread(self, *axes):
        """Of the rounds of a cell, the largest: the difference of the extremes, of the median."""
        return max(((max(row["instructions"]) - min(row["instructions"])) / statistics.median(row["instructions"])
                    for row in self._rows(*axes)), default=0)

    @property
    def boots(self):
        return len({point["boot"] for point in self.points})

    @property
    def kernels(self):
        return sorted({point["kernel"] for point in self.points})

    def unseen(self):
        """Cells where the receiver did not find a wrong stack that was planted."""
        static = {curve for names in STATIC.values() for curve in names}
        return sum(len(static - set(point["planted_found"])) for axis in (SMALL, LARGE) for point in self.on(axis)
                   if point["value"] > 1)

    def good(self):
        """Every packet arrived as it must, and the check can fail. A TCP sender may send a segment again."""
        curves = {(point.axis, point.value): set(point.curves) for point in points()}
        whole = all(set(point["curves"]) == curves[point["axis"], point["value"]] for point in self.points)
        whole = whole and all(row["sent"] > 0 for row in self._rows(SMALL, LARGE, TCP))
        return bool(self.points) and whole and self.total("wrong") == self.total("lost", SMALL, LARGE) == self.unseen() == 0

    def words(self):
        """Of the RESULT line."""
        small = self.labels()
        labels = HEADLINE if HEADLINE in small else small[0]
        at = {curve: round(self.instructions(curve, labels)) for curve in CURVES}
        others = " ".join(f"{curve}={at[curve]}" for curve in CURVES if curve != OURS[-1])
        packets = (SMALL, LARGE)
        tcp = " ".join(f"tcp_gro_{gro}={self.instructions('kernel', gro, TCP):.0f}"
                       f" tcp_gro_{gro}_forwarding={self.instructions('forwarding', gro, TCP):.0f}" for gro in self.labels(TCP))
        return (f"guest_instructions={at[OURS[-1]]} labels={labels} {others} wrong={self.total('wrong')}"
                f" lost={self.total('lost', *packets)} unseen={self.unseen()} packets={self.total('sent', *packets)}"
                f" spread={self.spread(*packets) * 100:.2f}% points={len(self.points)}/{len(points())} rounds={self.head['rounds']}"
                f" boots={self.boots} {tcp} tcp_spread={self.spread(TCP) * 100:.2f}% tcp_lost={self.total('lost', TCP)}")
