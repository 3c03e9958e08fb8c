# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the tests of SFs that are the stack of this host share: a lab for each class of tests."""
import unittest

from support import open_lab

from lab import chain
from lab.stack import Stack

KERNEL = 4              # exit code
PINGS = 10


class StackCase(unittest.TestCase):
    """One lab serves all tests of a class, and is without a proxy at the start of each."""
    lab = stack = None

    @classmethod
    def setUpClass(cls):
        cls.lab = open_lab()
        cls.addClassCleanup(cls.lab.close)
        cls.stack = Stack(cls.lab)

    def setUp(self):
        self.stack.rules()
        self.addCleanup(self.stack.switch_off)
        self.addCleanup(self.tell)  # runs first

    def tell(self):
        """What the proxy counted and said is worth reading only where the test failed."""
        outcome = self._outcome.result
        proxy = self.stack.proxy
        if proxy and any(test is self for test, _ in outcome.errors + outcome.failures):
            print(proxy.said() if proxy.log.exists() else "no process", flush=True)
            print(self.stack.sfcproxy("stats").stdout, flush=True)

    def good(self, *results):
        for result in results:
            self.assertTrue(result.good, f"{result.name}: {result.text}")

    def silent(self, count=PINGS, role="sender", address=chain.RECEIVER):
        """Pings of which none is answered."""
        done = self.lab.run(role, "ping", "-qn", "-c", count, "-i", 0.02, "-W", 0.2, address, check=False)
        self.assertIn(f"{count} packets transmitted, 0 received", done.stdout)
