# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Figures from the raw results of bench/run mpls-router."""
import statistics

from bench.mpls_router_plan import CURVES, HEADLINE, LABELS, OURS, STATIC


class Router:
    def __init__(self, head, points):
        self.head = head
        self.points = sorted(points, key=lambda point: point["value"])

    @property
    def labels(self):
        return [point["value"] for point in self.points]

    def instructions(self, curve, labels):
        """Of a packet, from the sender to the receiver."""
        point = next(point for point in self.points if point["value"] == labels)
        return statistics.median(point["curves"][curve]["instructions"])

    def along(self):
        """[(labels, {curve: instructions})]"""
        return [(labels, {curve: self.instructions(curve, labels) for curve in CURVES}) for labels in self.labels]

    def slope(self, curve):
        """Instructions that a label more costs, from the second to the last."""
        first, last = self.labels[min(1, len(self.labels) - 1)], self.labels[-1]
        return (self.instructions(curve, last) - self.instructions(curve, first)) / max(1, last - first)

    def first_won(self, ours, other):
        """The number of labels from which on ours needs fewer instructions, at all that were measured; None if there is none."""
        won = None
        for labels, at in reversed(self.along()):
            if at[ours] >= at[other]:
                break
            won = labels
        return won

    def _rows(self):
        return [row for point in self.points for row in point["curves"].values()]

    def total(self, key):
        return sum(row[key] for row in self._rows())

    @property
    def spread(self):
        """Of the rounds of a cell, the largest: the difference of the extremes, of the median."""
        return max((max(row["instructions"]) - min(row["instructions"])) / statistics.median(row["instructions"]) for row in self._rows())

    @property
    def boots(self):
        return len({point["boot"] for point in self.points})

    @property
    def kernels(self):
        return sorted({point["kernel"] for point in self.points})

    def unseen(self):
        """Cells where the receiver did not find a wrong stack that was planted."""
        static = {curve for names in STATIC.values() for curve in names}
        return sum(len(static - set(point["planted_found"])) for point in self.points if point["value"] > 1)

    def good(self):
        """Every packet arrived as it must, and the check can fail."""
        whole = all(set(point["curves"]) == set(CURVES) for point in self.points) and all(row["sent"] > 0 for row in self._rows())
        return bool(self.points) and whole and self.total("wrong") == self.total("lost") == self.unseen() == 0

    def words(self):
        """Of the RESULT line."""
        labels = HEADLINE if HEADLINE in self.labels else self.labels[0]
        at = {curve: round(self.instructions(curve, labels)) for curve in CURVES}
        others = " ".join(f"{curve}={at[curve]}" for curve in CURVES if curve != OURS[-1])
        return (f"guest_instructions={at[OURS[-1]]} labels={labels} {others} wrong={self.total('wrong')} lost={self.total('lost')}"
                f" unseen={self.unseen()} packets={self.total('sent')} spread={self.spread * 100:.2f}% points={len(self.points)}/{len(LABELS)}"
                f" rounds={self.head['rounds']} boots={self.boots}")
