# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""SRv6 through a kernel as the SF, this host's and that of a namespace behind ports: segment routing headers of several
lengths, reduced ones among them, and compressed SIDs without one. Each packet has segments of its own, where nothing else
is said. The payload length of each outer packet is that of what leaves."""
import pathlib
import sys
import unittest

import kernel_headers
from kernel_case import PINGS

from lab import chain, encaps
from lab.kernel_mode import HostKernel, SfKernel
from lab.net import wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "wire"))

import srv6_frames as s  # noqa: E402  (the path above comes first)

SID = "2001:db8:f0::a1"
SEND = """
import socket, sys
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as link:
    link.bind(("c1", 0))
    for _ in range(int(sys.argv[2])):
        link.send(bytes.fromhex(sys.argv[1]))
"""


class Host(HostKernel):
    programs = "edge_srv6"


class Behind(SfKernel):
    programs = "edge_srv6"


class Srv6(kernel_headers.Headers):
    kind = Host

    def test_fragments(self):
        self.fragments(*encaps.SRV6)

    def test_bypass(self):
        """A packet that is not for the SF gets to its next segment: by the routes of this host's kernel, or by the next hop."""
        self.begin(encaps.SRV6[0])
        packet = s.outer(s.srh(SID, chain.RECEIVER6), s.payload("udp"), src=chain.SENDER6, dst=SID)
        frame = s.frame(packet, dst=self.kernel.links()["p0"]["address"], src="02:00:00:00:00:77")
        self.lab.run("classifier", "/usr/bin/python3", "-c", SEND, frame.hex(), PINGS)
        # Without a header of the edge's own it counts there as bare.
        wait_for("the packets", lambda: self.kernel.counted()[1][0]["bare"] == PINGS)
        stats = self.kernel.proxy.stats()
        self.assertEqual(stats["counters"]["services"]["out"]["bypassed"]["packets"], PINGS)
        self.assertTrue(stats["conservation"]["balanced"])


class Srv6BehindPorts(kernel_headers.Behind, Srv6):
    kind = Behind


kernel_headers.each((Srv6, Srv6BehindPorts), encaps.SRV6, encaps.SRV6)

if __name__ == "__main__":
    unittest.main()
