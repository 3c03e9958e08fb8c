# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The highest rate without loss."""

LOSS_ALLOWED = 0        # packets of one probe
WARM_UP = 20000         # packets: caches, the pages of the generator, and a first guess at the rate
TRIES = 2               # what else the machine does makes a probe slower or lose packets, never the other way round
PRECISION = 0.02
LEAST_RATE = 10000      # packets a second; what loses packets below is broken, not slow


def highest_rate(send, seconds):
    """Packets a second; 0 if there are losses at every rate. `send(packets, rate)` makes a probe; it takes some `seconds`. Returns
    (rate, the outcomes of all probes)."""
    outcomes = [send(WARM_UP, 0)]

    def best(rate):
        """Of some probes at this rate, as fast as it goes where that is 0: the generator's rate in the fastest without
        loss. Nothing where all had losses."""
        tries = [send(int((rate or outcomes[0].rate) * seconds), rate) for _ in range(TRIES)]
        outcomes.extend(tries)
        return max((each.rate for each in tries if each.lost <= LOSS_ALLOWED), default=None)

    # On one CPU a batch is through before the generator makes the next one, so it can hardly outrun the chain.
    rate = best(0)
    return (rate if rate else bisect(best, max(each.rate for each in outcomes))), outcomes


def bisect(best, high):
    """Between 0 and `high`, which loses packets. 0 if there are losses at every rate."""
    low = 0.0
    while high - low > PRECISION * high and high > LEAST_RATE:
        rate = (low + high) / 2
        found = best(rate)
        if found:
            low = max(low, found)
        if not found or found < (1 - PRECISION) * rate:     # a generator that does not come to it goes no faster either
            high = rate
    return low
