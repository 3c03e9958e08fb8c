# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What loads take on the machine of bench/run paper, and what this says of a packet's way (bench/loads.cpp)."""
import bisect
import dataclasses
import math

LINE, PAGE = 64, 4096       # bytes
RISE = 1.2                  # from one point of the curve to the next; below it both are of one level


def between(curve, at):
    """The curve at a number of lines, along straight lines over a logarithmic axis. Beyond its ends it is level."""
    values = [lines for lines, _ in curve]
    right = bisect.bisect_left(values, at)
    if right in (0, len(values)):
        return curve[min(right, len(values) - 1)][1]
    (low, below), (high, above) = curve[right - 1], curve[right]
    return below + (above - below) * math.log(at / low) / math.log(high / low)


@dataclasses.dataclass(frozen=True)
class Use:
    """Of memory, by all packets or services that are there at a time. `waits`: loads of a packet, of which each must wait for
    the one before."""
    waits: int
    lines: float
    pages: float
    touched: int = 0        # lines of a packet, if all are counted

    @property
    def kib(self):
        return self.lines * LINE / 1024


class Loads:
    """The curves. `packed`: all lines of a page are used; `spread`: one of each page."""

    def __init__(self, found):
        self.sizes, self.packed, self.spread = found["sizes"], found["packed"], found["spread"]

    def load(self, use):
        """Nanoseconds of a load, with so much memory in use. Packed lines have the misses of the TLB that their own pages cause, and
        a use may have more pages than that."""
        return self.cache(use) + self.tlb(use.pages)

    def tlb(self, pages):
        """Nanoseconds that so many pages add. As many lines in few pages miss the same caches."""
        return max(0.0, between(self.spread, max(1, pages)) - between(self.packed, max(1, pages)))

    def cache(self, use):
        return between(self.packed, max(1, use.lines)) - self.tlb(use.lines * LINE / PAGE)

    def step(self, before, after):
        """(nanoseconds by cache levels, by the TLB) that a packet takes more with the use `after`."""
        return (after.waits * self.cache(after) - before.waits * self.cache(before),
                after.waits * self.tlb(after.pages) - before.waits * self.tlb(before.pages))

    def levels(self):
        """[(lines that fit, nanoseconds)], from the curve: where it is nearly level."""
        found = []
        for (_, below), (lines, ns) in zip(self.packed, self.packed[1:]):
            if ns > RISE * below:
                continue
            if found and ns <= RISE * found[-1][1]:
                found.pop()
            found.append((lines, ns))
        return found

    def left_level(self, before, after):
        """The lines of the largest level that one use fits into and the next one does not; None where there is none."""
        ends = [lines for lines, _ in self.levels() if before.lines <= lines < after.lines]
        return ends[-1] if ends else None


def tail_lines(header, sizes):
    return math.ceil(max(0, header - sizes["inline"]) / LINE)


def of_packets(packets, fill, sizes):
    """Strip and restore must wait for the bucket, which a hash says. Slots are used in the order of packets, so the CPU can fetch
    them ahead. Each touches all lines of a packet."""
    slot, tail = sizes["slot"] // LINE, tail_lines(fill["header"], sizes)
    pages = packets * (sizes["slot"] + (fill["tail"] if tail else 0)) / PAGE
    return Use(waits=2, lines=fill["used"] + packets * (slot + tail), touched=2 * (1 + slot + tail),
               pages=pages + min(fill["used"], fill["buckets"] * sizes["bucket"] / PAGE) + fill["overflow"])


def of_paper(packets, sizes):
    """An LRU hash has a head of a list for each entry, and an element with the kernel's fields, key and header. Strip and restore must
    wait for both."""
    element = 4
    return Use(waits=4, lines=packets * (1 + element), pages=packets * element * sizes["line"] / PAGE + min(packets, 512),
               touched=2 * (1 + element))


COUNTED = 3     # lines of a service's counters that a packet changes: two of events, one of times
MAGAZINE = 2    # and of its magazine: where it ends, and the entry there


def of_services(services, sizes):
    """User mode: a packet must wait for the magazine of its service, and for the slot that it names. The hints and the services are
    used in their order here."""
    each = [sizes[name] for name in ("hint", "service", "magazine", "counters", "slot")]
    lines = 1 + math.ceil(sizes["service"] / LINE) + MAGAZINE + COUNTED + sizes["slot"] // LINE
    return Use(waits=2, lines=services * lines, pages=services * sum(each) / PAGE, touched=lines)


def of_headers(services, stacks, sizes):
    """Kernel mode: a packet must wait for the hint, which a hash says, and for the arrival that it names. There is one, and a header,
    for each pair of a stack and a service that occurs."""
    arrival = 2
    numbers = math.lcm(stacks, services)
    each = sizes["service"] + sizes["counters"]
    return Use(waits=2, lines=services * (1 + COUNTED) + numbers * (1 + 2 * arrival), touched=5 + COUNTED + 1,
               pages=(services * each + numbers * 2 * arrival * LINE) / PAGE)


META = 16       # bytes in front of a header, with its number


def of_stacks(header, stacks, sizes):
    """Kernel mode: a header and its arrival for each stack, of one line or two."""
    lines = math.ceil((META + header) / LINE)
    return Use(waits=1, lines=stacks * 2 * lines, pages=stacks * 2 * lines * sizes["line"] / PAGE, touched=2 * lines)


def of_chain(header, packets, sizes):
    """Headers that are longer than a slot has room for need their tails."""
    tail = tail_lines(header, sizes)
    slot = sizes["slot"] // LINE
    return Use(waits=1 + tail, lines=packets * (slot + tail), pages=packets * sizes["slot"] / PAGE, touched=2 * (1 + slot + tail))
