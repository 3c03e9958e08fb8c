# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Output files of a replay: whole or not there. A disk that is full is not a success, and nothing of the user's is replaced."""
import os
import tempfile
import unittest
from pathlib import Path

import frames as f
import lib
import pcapio
from cfg import one

# More than one buffer of the C library, so that a failed write is noticed before the end or not at all.
FRAMES = [f.labelled(f.inner(4, "udp", n), 16001, 17) for n in range(200)]


class Outputs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def replay(self, **outputs):
        args = lib.arguments(self.folder, one(), FRAMES, None)
        for option, path in outputs.items():
            args[args.index(f"--{option.replace('_', '-')}") + 1] = str(path)
        return lib.run(*args)

    def test_full_disk_is_an_error(self):
        for option, other in (("out", "SF.pcap"), ("to_sf", "OUT.pcap")):
            with self.subTest(option):
                done = self.replay(**{option: "/dev/full"})
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertRegex(done.stderr, r"^sfcproxy: error: cannot write /dev/full: [^\n]+\n$")
                self.assertFalse((self.folder / other).exists(), "one output without the other")
                self.assertEqual(list(self.folder.glob("*.part")), [])

    def test_null_device_takes_both(self):
        self.assertEqual(self.replay(out="/dev/null", to_sf="/dev/null").returncode, 0)
        self.assertTrue(Path("/dev/null").is_char_device())

    def test_link_is_written_through(self):
        target, link = self.folder / "target.pcap", self.folder / "link.pcap"
        target.write_bytes(b"old")
        link.symlink_to(target)
        self.assertEqual(self.replay(out=link).returncode, 0)
        self.assertTrue(link.is_symlink())
        self.assertEqual(len(pcapio.read(target)), len(FRAMES))

    def test_one_file_by_two_names_is_refused(self):
        os.mkdir(self.folder / "d")
        done = self.replay(out=self.folder / "d/../X.pcap", to_sf=self.folder / "X.pcap")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertFalse((self.folder / "X.pcap").exists())


if __name__ == "__main__":
    unittest.main()
