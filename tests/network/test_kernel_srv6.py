# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""SRv6 through a kernel as the SF, this host's and that of a namespace behind ports: segment routing headers of several
lengths, reduced ones among them, and compressed SIDs without one. Each packet has segments of its own, where nothing else
is said. The payload length of each outer packet is that of what leaves."""
import unittest

import kernel_headers

from lab import encaps
from lab.kernel_mode import HostKernel, SfKernel


class Host(HostKernel):
    programs = "edge_srv6"


class Behind(SfKernel):
    programs = "edge_srv6"


class Srv6(kernel_headers.Headers):
    kind = Host

    def test_fragments(self):
        self.fragments(*encaps.SRV6)


class Srv6BehindPorts(kernel_headers.Behind, Srv6):
    kind = Behind


kernel_headers.each((Srv6, Srv6BehindPorts), encaps.SRV6, encaps.SRV6)

if __name__ == "__main__":
    unittest.main()
