# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""An encapsulation in UDP is stripped where it is sent to an address of this host, and nowhere else: real interfaces."""
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "wire")]

import frames as f  # noqa: E402  (the paths above come first)
from lab.net import Lab  # noqa: E402
from lab.proxy import Proxy  # noqa: E402
from test_toys import toy_udp  # noqa: E402

CONFIG = """
sfs: [{name: fw, probe: off, ports: {left: f0, right: f1}}]
services:
  - {name: one, match: {encapsulation: toy_udp, path: 4660}, domain: {interface: p0, accept: any}, sf: {name: fw, in: left},
     next_hop: {interface: p0, mac: "02:00:00:00:00:99"}}
"""
OWN, LATER, OTHER = "192.0.2.1", "192.0.2.2", "192.0.2.3"
SEND = """
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("s0", 0))
s.send(bytes.fromhex("{}"))
"""


class OwnAddress(unittest.TestCase):
    def setUp(self):
        self.lab = Lab().__enter__()
        self.addCleanup(self.lab.close)
        for role in ("peer", "proxy", "SF"):
            self.lab.namespace(role)
        self.lab.link(("peer", "s0"), ("proxy", "p0"), 1800)
        self.lab.link(("proxy", "f0"), ("SF", "fw0"))
        self.lab.link(("proxy", "f1"), ("SF", "fw1"))
        self.lab.address("proxy", "p0", f"{OWN}/24")
        self.lab.wait_up()
        self.proxy = Proxy(self.lab, CONFIG)
        self.proxy.start()
        self.proxy.wait_ready()

    def sent(self, to):
        """Whether one packet to that address went to the SF; else it must be among those that are none of ours, where
        control packets are as well."""
        before = self.counted()
        self.lab.run("peer", "/usr/bin/python3", "-c", SEND.format(toy_udp(f.inner(), 0x1234, to=to).hex()))
        time.sleep(0.2)
        to_sf, passed = (now - then for now, then in zip(self.counted(), before))
        self.assertIn(to_sf, (0, 1))
        self.assertGreaterEqual(to_sf + passed, 1)
        return to_sf == 1

    def counted(self):
        counters = self.proxy.stats()["counters"]
        passed = counters["domain_ports"]["p0"]["passed"].get("not_sfc", {"packets": 0})
        return counters["services"]["one"]["to_sf"]["packets"], passed["packets"]

    def test_addresses_come_and_go(self):
        self.assertTrue(self.sent(OWN))
        self.assertFalse(self.sent(OTHER))
        self.assertFalse(self.sent(LATER))
        self.lab.address("proxy", "p0", f"{LATER}/24")
        time.sleep(1.5)     # `run` looks after what may change about once a second
        self.assertTrue(self.sent(LATER))
        self.lab.run("proxy", "ip", "address", "delete", f"{LATER}/24", "dev", "p0")
        time.sleep(1.5)
        self.assertFalse(self.sent(LATER))


if __name__ == "__main__":
    unittest.main()
