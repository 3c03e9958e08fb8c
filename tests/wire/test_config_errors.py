# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a configuration may have at most, and files that are none. The sentences for each fault are in test_messages.py."""
import tempfile
import unittest
from pathlib import Path

import frames as f
import lib
import pcapio
from bad_configs import GOOD, KERNEL_GOOD

# Changes of the good configuration that leave it good.
BOUNDARIES = [
    ("4096", "64"), ("4096", "65"), ("4096", "4194304"), ("cache: {capacity: 4096}\n", ""),
    ("100ms", "1ms"), ("100ms", "1000us"), ("100ms", "60s"), ("100ms", "59999999us"),
    ("16001", "0"), ("16001", "1048575"), ("16003", "16004"), ("label: 16002", "label: 16001"),
    ("cache:", "unmatched: drop\ncache:"), ("domain: [eth1]", "domain: {interface: eth1, mtu: 1564}"),
    ("    hold: 100ms\n    on_miss: drop\n", ""),
]
STACK_BOUNDARIES = [
    ("", ""), (", hold: 100ms", ""), ("hold: 100ms", "hold: 60s"), ("[eth1]", "eth2"), ("[eth1]", "[eth0]"),
    ("[eth1]", "[a1, a2, a3, a4, a5, a6, a7, a8]"), ("[eth1]", "[{interface: eth1, mtu: 1500, peer: prepared}]"),
    ("[eth1]", "[eth1]\n    inner: ipv4\n    ttl: pipe\n    inner_ttl: keep\n    last_label: plain\n    quota: 16"),
    ("label: 16002", "label: 16001"),
]


class ConfigErrors(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        (self.path / "IN.pcap").write_bytes(pcapio.pcap([f.labelled(f.inner(), 16001, 17)]))

    def tearDown(self):
        self.folder.cleanup()

    def replay(self, text: str | None):
        conf = self.path / "conf.yaml"
        if text is not None:
            conf.write_text(text)
        return lib.run("replay", "-c", conf, "--in", f"eth0={self.path}/IN.pcap", "--to-sf", self.path / "SF.pcap",
                       "--out", self.path / "OUT.pcap", "-j")

    def check(self, text: str):
        (self.path / "conf.yaml").write_text(text)
        return lib.run("check", "-c", self.path / "conf.yaml")

    def test_boundaries_that_are_allowed(self):
        for old, new in BOUNDARIES:
            with self.subTest(new or f"without {old}"):
                text = GOOD.replace(old, new, 1)
                done = self.replay(text) if old == "4096" else self.check(text)  # a replay makes the maps as well
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_what_an_sf_that_is_a_stack_may_have(self):
        for old, new in STACK_BOUNDARIES:
            with self.subTest(new or f"without {old}"):
                done = self.check(KERNEL_GOOD.replace(old, new, 1))
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_replay_has_no_stack(self):
        done = self.replay(KERNEL_GOOD)
        self.assertEqual((done.returncode, done.stderr.count("\n"), done.stdout), (2, 1, ""))
        self.assertRegex(done.stderr, r"conf\.yaml:3:5: SF 'nat' is in kernel mode; replay has no kernel")
        self.assertEqual(sorted(p.name for p in self.path.iterdir()), ["IN.pcap", "conf.yaml"])

    def test_files_that_are_no_configuration(self):
        for name, text in (("empty", ""), ("a word", "hello\n"), ("a list", "- 1\n"), ("no services", GOOD.split("services:")[0]),
                           ("binary", "\x00\x01\x02")):
            with self.subTest(name):
                done = self.replay(text)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.assertRegex(done.stderr, r"conf\.yaml:[1-9]\d*:[1-9]\d*: ")

    def test_missing_file(self):
        done = self.replay(None)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("conf.yaml", done.stderr)


if __name__ == "__main__":
    unittest.main()
