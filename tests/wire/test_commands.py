# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Words that newcomers type first: the version, help, a configuration from standard input, and `check` for people."""
import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import frames as f
import lib
import pcapio
from bad_configs import GOOD, KERNEL_GOOD

COMMANDS = ("run", "attach", "detach", "status", "stats", "check", "replay", "version", "help")


def ask(*words, text=""):
    done = subprocess.run([lib.BINARY, *words], input=text, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


class FirstWords(unittest.TestCase):
    def said(self, *words, text=""):
        code, out, err = ask(*words, text=text)
        self.assertEqual((code, err), (0, ""), words)
        return out

    def test_version(self):
        for words in (("version",), ("-V",), ("--version",)):
            self.assertRegex(self.said(*words), r"\Asfcproxy \d+\.\d+\.\d+ \(libbpf \d+\.\d+\)\n\Z")

    def test_help(self):
        self.assertEqual(self.said("help"), self.said("--help"))
        for command in COMMANDS:
            self.assertRegex(self.said("help"), rf"(?m)^  {command} ")
            told = self.said("help", command)
            self.assertIn(f"Usage: sfcproxy {command} ", told)
            self.assertEqual(told, self.said(command, "--help"))

    def test_standard_input(self):
        with_file = json.loads(self.said("check", "-c", "-", "-j", text=GOOD))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            (path / "conf.yaml").write_text(GOOD)
            other = json.loads(self.said("check", "-c", str(path / "conf.yaml"), "-j"))
            self.assertEqual((with_file.pop("file"), other.pop("file")), ("<stdin>", str(path / "conf.yaml")))
            self.assertEqual(with_file, other)
            (path / "in.pcap").write_bytes(pcapio.pcap([f.labelled(f.inner(), 16001, 17)]))
            told = self.said("replay", "-c", "-", "--in", f"eth0={path / 'in.pcap'}", "--to-sf", str(path / "sf.pcap"),
                             "--out", str(path / "out.pcap"), "-j", text=GOOD)
            self.assertEqual(json.loads(told)["frames"][0]["verdict"], "to_sf")
        for text, sentence in (("", "<stdin>:1:1: must be a mapping, not left empty"),
                               (GOOD.replace("4096", "63"), "<stdin>:1:19: cache.capacity: '63' is not allowed here")):
            code, out, err = ask("check", "-c", "-", text=text)
            self.assertEqual((code, out), (2, ""))
            self.assertTrue(err.startswith(f"sfcproxy: error: {sentence}"), err)
        code, _, err = ask("check", "-c", "-", text="#" * (4 << 20 | 1))
        self.assertEqual((code, err), (2, "sfcproxy: error: '<stdin>' is larger than 4 MiB, so it is no configuration\n"))

    def test_check_for_people(self):
        """Sizes and times as people write them; JSON has numbers."""
        text = self.said("check", "-c", "-", text=GOOD.replace("hold: 100ms", "hold: 1500us"))
        for line in ("cache +capacity 4096, remember 0, memory 704 KiB, kernel_mode off",
                     "limits +labels 16, header 64 bytes, headroom 216 bytes", "  hold +1500us", "  hold +100ms",
                     "  left +interface veth-fw-a, mode transparent, mtu of the interface, accept any"):
            self.assertRegex(text, f"(?m)^{line}$")
        self.assertNotRegex(text, r"[{}\"]|_ns|true|false")
        parsed = json.loads(self.said("check", "-j", "-c", "-", text=KERNEL_GOOD))
        self.assertEqual((parsed["sfs"][0]["hold_ns"], parsed["sfs"][0]["stack"]), (100_000_000, True))
        self.assertIsInstance(parsed["cache"]["bytes"], int)
        self.assertFalse(re.search(r'"mtu":"', json.dumps(parsed)))


if __name__ == "__main__":
    unittest.main()
