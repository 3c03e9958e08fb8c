# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Configurations of NSH services: which are refused, with position and name, and which are not."""
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
# The change, the lines that may be named, and what the message says.
REFUSED = {
    "no path": ("spi: 777, ", "", (4,), ("spi",)), "no index": (", si: 7}", "}", (4,), ("si",)),
    "path of 25 bits": ("777", "16777216", (4,), ("16777215", "16777216")), "path below 0": ("777", "-1", (4,), ("spi", "-1")),
    "path that is no number": ("777", "web", (4,), ("web",)), "index 0": ("si: 7}", "si: 0}", (4,), ("1", "255")),
    "index 256": ("si: 7}", "si: 256}", (4,), ("255", "256")), "index 0 in a list": ("[7, 6]", "[7, 0]", (6,), ("1", "255")),
    "index 256 in a list": ("[7, 6]", "[256, 6]", (6,), ("255", "256")), "no index in a list": ("[7, 6]", "[]", (6,), ("si",)),
    "some word": ("si: any", "si: some", (8,), ("some", "any")), "label": ("spi: 777", "label: 777", (4,), ("label", "spi")),
    "index of labels": ("nsh, spi: 777, si: 7", "mpls, label: 777, si: 7", (4,), ("si",)),
    "forwarder": ("web-any,", "web-any, forwarder: perhaps,", (8,), ("perhaps", "forwarder")),
    "forwarder of labels": ("nsh, spi: 777, si: 7}", "mpls, label: 777}, forwarder: true", (4,), ("forwarder",)),
    "oam": ("web-any,", "web-any, oam: perhaps,", (8,), ("perhaps", "forward")),
    "oam of labels": ("nsh, spi: 777, si: 7}", "mpls, label: 777}, oam: forward", (4,), ("oam",)),
    "two services of one index": ("spi: 778", "spi: 777", (4, 6), ("web-out", "web-gpe")),
    "two services of any": ("spi: 778, si: [7, 6]", "spi: 779, si: any", (6, 8), ("web-gpe", "web-any")),
    "tunnel of two versions": ("local: 192.0.2.1", "local: \"2001:db8::1\"", (6, 7), ("local", "remote", "version")),
    "tunnel to nowhere": ("remote: 192.0.2.9, ", "", (6, 7), ("remote",)),
    "tunnel from nowhere": (", local: 192.0.2.1", "", (6, 7), ("local",)),
    "tunnel to a name": ("192.0.2.9", "gateway", (7,), ("gateway",)),
    "tunnel without a way out": ("192.0.2.1}, interface: eth1}", "192.0.2.1}}", (6, 7), ("interface",)),
}
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
    def test_refused_with_position_and_name(self):
        for name, (old, new, lines, names) in REFUSED.items():
            with self.subTest(name):
                self.assertIn(old, GOOD)
                lib.check_refused(self, GOOD.replace(old, new, 1), lines, names)

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
