# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the network tests have in common."""
import atexit
import os
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent))

from lab import account, chain  # noqa: E402  (the path above comes first)
from lab.bench import Bench  # noqa: E402
from lab.net import Lab  # noqa: E402

FULL = os.environ.get("NETWORK_FULL") == "1"     # all combinations, and not only some
REFUSED = ("to the SF: link full", "from the proxy: link full")


def combined(cases, ways):
    """(class, way): the ways go round the classes, and with NETWORK_FULL=1 each class has all."""
    cases = list(cases)
    return [(case, way) for i, way in enumerate(ways) for case in (cases if FULL else [cases[i % len(cases)]])]


def interrupt(_signal, _frame):
    raise KeyboardInterrupt  # unittest takes anything else for the failure of one test, and goes on with the next


def open_lab():
    """A lab that is gone when this process ends, also where unittest is interrupted and runs no cleanups."""
    lab = Lab().__enter__()
    atexit.register(lab.close)
    signal.signal(signal.SIGTERM, interrupt)
    return lab


class NetworkTest(unittest.TestCase):
    """Each test has a lab of its own, which is gone when it ends; or one lab serves all tests of a class that names its
    `sf`, and is without a proxy at the start of each."""

    sf = None
    shared = None

    @classmethod
    def setUpClass(cls):
        if cls.sf:
            lab = open_lab()
            cls.addClassCleanup(lab.close)
            cls.shared = Bench(lab, cls.sf())

    def setUp(self):
        self.bench = self.shared
        if self.shared:
            self.lab = self.shared.lab
            self.addCleanup(self.switch_off)
        else:
            self.lab = open_lab()
            self.addCleanup(self.lab.close)
        self.addCleanup(self.tell)  # runs first

    def switch_off(self):
        """Stops and detaches the proxy, whatever state the test has left it in."""
        proxy = self.bench.proxy
        if proxy and proxy.process:
            proxy.stop()
        if proxy and proxy.pin.exists():
            self.bench.detach()

    def tell(self):
        """Prints what the proxy said, where the test failed."""
        outcome = self._outcome.result
        if self.bench and self.bench.proxy and any(test is self for test, _ in outcome.errors + outcome.failures):
            print(self.bench.proxy.said() if self.bench.proxy.log.exists() else "no process", flush=True)

    def build(self, sf, **options):
        self.bench = Bench(self.lab, sf, **options)
        return self.bench

    def exercise(self, addresses=(chain.RECEIVER, chain.RECEIVER6)):
        for result in self.bench.exercise(*addresses):
            self.assertTrue(result.good, f"{result.name}: {result.text}")

    def settled(self, rest=0.4, allowed=(), slack=False):
        """Every stack right, and no packet lost but by what `allowed` names or what the kernel's queues had no room
        for. Returns the account. `slack`: ports came and went, and with them their positions in the account. A frame that
        the kernel refused behind the proxy's verdict may then be one for the SF or one from it, which nobody counts."""
        found = self.bench.settle(rest)
        print(f"  {self.id().split('.')[-1]}: {found.pushed} pushed, {found.good} good, {found.wrong} wrong, "
              f"{found.bare} bare, {account.in_words(found)}", flush=True)
        self.assertEqual((found.wrong, found.bare), (0, 0))
        self.assertTrue(found.balanced)
        refused = sum(found.lost.get(cause, 0) for cause in REFUSED) if slack else 0
        self.assertLessEqual(abs(found.missing - sum(found.lost.values())), refused, found.lost)
        self.assertGreater(found.good, 0)
        unknown = [cause for cause in found.lost if cause not in allowed and not cause.endswith("link full")]
        self.assertEqual(unknown, [], found.lost)
        return found
