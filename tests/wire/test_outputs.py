# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Output files of a replay: whole or not there. A disk that is full is not a success, and nothing of the user's is replaced."""
import os
import signal
import subprocess
import tempfile
import time
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

    def arguments(self, **outputs):
        args = lib.arguments(self.folder, one(), FRAMES, None)
        for option, path in outputs.items():
            args[args.index(f"--{option.replace('_', '-')}") + 1] = str(path)
        return args

    def replay(self, **outputs):
        return lib.run(*self.arguments(**outputs))

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

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

    def test_link_to_nothing(self):
        link = self.folder / "link.pcap"
        link.symlink_to("target.pcap")
        self.assertEqual(self.replay(out=link).returncode, 0)
        self.assertTrue(link.is_symlink())
        self.assertEqual(len(pcapio.read(self.folder / "target.pcap")), len(FRAMES))

    def test_never_over_an_input(self):
        """By its own name, a link, a link to a link, a hard link, an open descriptor."""
        args = self.arguments()
        source = Path(args[args.index("--in") + 1].rpartition("=")[2])
        before = source.read_bytes()
        link, second, hard = (self.folder / name for name in ("link", "second", "hard"))
        link.symlink_to(source)
        second.symlink_to("link")
        os.link(source, hard)
        with open(source, "r+b") as opened:
            descriptor = f"/dev/fd/{opened.fileno()}"
            names = self.names()
            for option in ("out", "to_sf"):
                for path in (source, link, second, hard, descriptor):
                    with self.subTest(option=option, path=path):
                        done = lib.run(*self.arguments(**{option: path}), pass_fds=[opened.fileno()])
                        self.assertEqual(done.returncode, 2, done.stderr)
                        self.assertIn(f"--{option.replace('_', '-')} '{path}' is the same file as the input", done.stderr)
                        self.assertEqual(source.read_bytes(), before)
        self.assertEqual(self.names(), names)

    def test_what_lies_beside_is_no_output(self):
        """Somebody has put a link beside the output, by a name that could be guessed."""
        for beside in ("OUT.pcap.part", "SF.pcap.part"):
            victim = self.folder / "victim"
            victim.write_bytes(b"theirs")
            (self.folder / beside).symlink_to(victim)
        self.assertEqual(self.replay().returncode, 0)
        self.assertEqual((self.folder / "victim").read_bytes(), b"theirs")
        self.assertEqual(len(pcapio.read(self.folder / "OUT.pcap")), len(FRAMES))

    def test_permissions(self):
        """A new file gets those of any new file, one that is replaced keeps its own."""
        out, to_sf = self.folder / "OUT.pcap", self.folder / "SF.pcap"
        to_sf.write_bytes(b"old")
        to_sf.chmod(0o604)
        self.assertEqual(lib.run(*self.arguments(), umask=0o027).returncode, 0)
        self.assertEqual([path.stat().st_mode & 0o777 for path in (out, to_sf)], [0o640, 0o604])

    def test_pipe(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        read = self.folder / "read.pcap"
        with open(read, "wb") as sink:
            reader = subprocess.Popen(["cat", pipe], stdout=sink)
        self.assertEqual(self.replay(out=pipe).returncode, 0)
        self.assertEqual(reader.wait(10), 0)
        self.assertEqual(len(pcapio.read(read)), len(FRAMES))
        self.assertTrue(pipe.is_fifo())

    def test_a_signal_leaves_nothing(self):
        """One output is begun, the other one is a pipe that nobody reads."""
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        args = self.arguments(out=pipe)
        names = self.names()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number=number):
                process = subprocess.Popen([lib.BINARY, *args])
                self.addCleanup(process.kill)
                self.wait_for(lambda: len(self.names()) == len(names) + 1)
                process.send_signal(number)
                self.assertEqual(process.wait(10), -number)
                self.assertEqual(self.names(), names)

    def wait_for(self, condition):
        end = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_one_file_by_two_names_is_refused(self):
        os.mkdir(self.folder / "d")
        done = self.replay(out=self.folder / "d/../X.pcap", to_sf=self.folder / "X.pcap")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertFalse((self.folder / "X.pcap").exists())


if __name__ == "__main__":
    unittest.main()
