# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Configurations of NSH services that are allowed. Which are refused, and by which sentence, stands in bad_nsh.py."""
import unittest

import lib

GOOD = """\
sfs:
  - {name: fw, ports: {left: veth-fw-a, right: veth-fw-b}}
services:
  - {name: web-out, match: {encapsulation: nsh, spi: 777, si: 7}, domain: eth0, sf: {name: fw, in: left},
     next_hop: {interface: eth1, mac: "02:00:00:00:00:99"}}
  - {name: web-gpe, match: {encapsulation: nsh, spi: 778, si: [7, 6]}, domain: eth0, sf: {name: fw, in: left},
     next_hop: {tunnel: {remote: 192.0.2.9, local: 192.0.2.1}, interface: eth1}}
  - {name: web-any, match: {encapsulation: nsh, spi: 779, si: any}, domain: eth0, sf: {name: fw, in: left}, next_hop: ingress}
"""
ALLOWED = {
    "as it is": ("", ""), "path 0": ("777", "0"), "last path": ("777", "16777215"), "index 1": ("si: 7}", "si: 1}"),
    "index 255": ("si: 7}", "si: 255}"), "a list of one": ("[7, 6]", "[1]"),
    "forwarder": ("web-any,", "web-any, forwarder: true,"),
    "oam forward": ("web-any,", "web-any, oam: forward,"), "oam drop": ("web-any,", "web-any, oam: drop,"),
    "no forwarder": ("web-any,", "web-any, forwarder: false,"), "inner": ("web-any,", "web-any, inner: ipv4,"),
    "tunnel over IPv6": ("remote: 192.0.2.9, local: 192.0.2.1", "remote: \"2001:db8::9\", local: \"2001:db8::1\""),
    "one index at two paths": ("spi: 778, si: [7, 6]", "spi: 778, si: 7"),
    "labels beside it": ("nsh, spi: 777, si: 7", "mpls, label: 777"),
}


class Configurations(unittest.TestCase):
    def test_allowed(self):
        for name, (old, new) in ALLOWED.items():
            with self.subTest(name):
                self.assertIn(old, GOOD)
                done = lib.told(GOOD.replace(old, new, 1))
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_check_says_how_long_a_header_may_be(self):
        self.assertRegex(lib.told(GOOD).stdout, r"\b216\b")
        frames = lib.told(GOOD.replace("sf: {name: fw, in: left},", "sf: {name: fw, in: left}, inner: ethernet,"))
        self.assertRegex(frames.stdout, r"\b20[02]\b")


if __name__ == "__main__":
    unittest.main()
