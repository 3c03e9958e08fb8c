# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""NSH through a kernel as the SF, this host's and that of a namespace behind ports: every carrier and MD type. Each packet
has context headers of its own, where nothing else is said."""
import json
import unittest

import kernel_headers
from kernel_cells import Cells

from lab import chain, encaps, traffic
from lab.kernel_mode import HostKernel, SfKernel, config


class Host(HostKernel):
    programs = "edge_nsh"


class Behind(SfKernel):
    programs = "edge_nsh"


class Nsh(kernel_headers.Headers):
    kind = Host

    def test_fragments(self):
        self.fragments(encaps.NSH[0], encaps.NSH[-1])


class NshBehindPorts(kernel_headers.Behind, Nsh):
    kind = Behind


kernel_headers.each((Nsh, NshBehindPorts), encaps.NSH, (encaps.NSH[0], encaps.NSH[2], encaps.NSH[3], encaps.NSH[-1]))


class NewHeaders(Cells):
    """Each header that differs takes a number, and gives it back when it has not come for a while."""
    kind = Host

    def begin(self, text):
        self.kernel.rules()
        self.kernel.edges.way(0)
        self.start(text)

    def said(self):
        """New headers a second, as `check` says."""
        proxy = self.kernel.proxy
        told = json.loads(self.lab.run("proxy", proxy.program, "check", "-j", "-c", proxy.config).stdout)
        return [service["new_headers_per_second"] for service in told["services"]]

    def test_beneath_the_rate(self):
        """There are many more headers than numbers, and none is `cache_full`."""
        self.begin(config(capacity=128, encap=encaps.NSH[0]))
        self.assertEqual(self.said(), [512, 512])
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=200, interval=0.01))
        self.cell("new headers, a fifth of the rate")

    def test_above_the_rate(self):
        """32 numbers, each for 12.5 s at least."""
        self.begin(config(stack="true, hold: 10s", capacity=64, encap=encaps.NSH[0]))
        self.assertEqual(self.said(), [2, 2])
        ping = traffic.ping(self.lab, "sender", chain.RECEIVER, count=40)
        self.assertEqual(ping.text.split(" answered")[0], "32 of 40")
        found = self.kernel.tally()
        self.assertEqual((found.service("out", "dropped"), found.wrong, found.bare), ({"cache_full": 8}, 0, 0))


if __name__ == "__main__":
    unittest.main()
