# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Command line and capture files: the exit code says whose fault it is, and no file is touched. The sentences themselves
are in test_messages.py."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import frames as f
import lib
import pcapio
from bad_commands import CAPTURES, FRAME, GOOD
from cfg import HOP_MAC, Config, Port, Service, one

NOBODY = 65534
TWO = Config((Service("a", 16001, domain=(Port("eth0"), Port("eth7"))), Service("b", 16002, enter="right", hop=HOP_MAC)))


class Case(unittest.TestCase):
    """A folder with a good configuration and capture, and output files that must not change."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.write("conf.yaml", one().yaml().encode())
        self.write("IN.pcap", GOOD)
        self.outputs = ["SF.pcap", "OUT.pcap"]

    def write(self, name: str, data: bytes) -> Path:
        (self.folder / name).write_bytes(data)
        return self.folder / name

    def command(self, **change) -> list[str]:
        path = {name: str(self.folder / f"{name}.pcap") for name in ("IN", "SF", "OUT")}
        options = {"-c": str(self.folder / "conf.yaml"), "--in": change.get("in", "{IN}"), "--to-sf": path["SF"],
                   "--out": path["OUT"]}
        options.pop(change.get("drop"), None)
        words = [word for pair in options.items() for word in pair] + change.get("add", [])
        return ["replay", *(word.replace("{IN}", path["IN"]) for word in words)]

    def refused(self, code: int, says: str = "", **change):
        """Output files must neither appear nor, if they are there, change: one of the two is, in turns."""
        there, absent = self.outputs = self.outputs[::-1]
        self.write(there, b"kept")
        (self.folder / absent).unlink(missing_ok=True)
        done = lib.run(*self.command(**change))
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, r"\Asfcproxy: error: [^\n]+\n\Z")
        self.assertIn(says.lower(), done.stderr.lower())
        self.assertEqual(done.stdout, "")
        self.assertEqual((self.folder / there).read_bytes(), b"kept", f"{there} was touched")
        self.assertFalse((self.folder / absent).exists(), f"{absent} was touched")
        left = {path.name for path in self.folder.iterdir()} - {"SF.pcap", "OUT.pcap"}
        self.assertLessEqual(left, {"conf.yaml", "IN.pcap", "BACK.pcap"}, "files left behind")
        return done.stderr


class CaptureErrors(Case):
    def test_the_good_one_is_good(self):
        self.assertEqual(lib.run(*self.command()).returncode, 0)

    def test_unreadable_captures_from_the_sf(self):
        for situation, data, sentence in CAPTURES:
            with self.subTest(situation):
                back = self.write("BACK.pcap", data)
                told = self.refused(3, add=["--from-sf", str(back)])
                self.assertIn(sentence.replace("DIR/IN.pcap", str(back)), told)

    def test_second_input_is_unreadable(self):
        back = self.write("BACK.pcap", GOOD[:-1])
        self.assertIn("BACK.pcap", self.refused(3, add=["--in", str(back)]))

    def test_missing_capture(self):
        (self.folder / "IN.pcap").unlink()
        self.assertIn("IN.pcap", self.refused(3))

    def test_capture_is_a_folder(self):
        self.refused(3, **{"in": str(self.folder)})

    def test_frame_that_the_kernel_cannot_take(self):
        """No reason of the packet path fits: the run fails, and says for which frame."""
        self.write("IN.pcap", pcapio.pcap([FRAME, f.ether(bytes(200_000), 0x0800)]))
        self.refused(1, "frame 1")


class UsageErrors(Case):
    def test_input_port_must_be_named_if_there_are_two(self):
        self.write("conf.yaml", TWO.yaml().encode())
        told = self.refused(2)
        self.assertIn("eth0", told)
        self.assertIn("eth7", told)

    def test_return_port_must_be_named_if_there_are_two(self):
        self.write("conf.yaml", TWO.yaml().encode())
        told = self.refused(2, **{"in": "eth0={IN}", "add": ["--from-sf", str(self.folder / "IN.pcap")]})
        self.assertIn("veth-fw-a", told)
        self.assertIn("veth-fw-b", told)

    def test_named_ports_are_taken(self):
        self.write("conf.yaml", TWO.yaml().encode())
        done = lib.run(*self.command(**{"in": "eth7={IN}"}))
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Permission(Case):
    def test_without_privileges_it_is_exit_code_5(self):
        """The programs cannot be loaded by nobody; nothing else in the way of it may be the reason."""
        os.chmod(self.folder, 0o777)
        binary = shutil.copy(lib.BINARY, self.folder / "sfcproxy-copy")
        os.chmod(binary, 0o755)

        def drop():
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        done = subprocess.run([str(binary), *self.command()], capture_output=True, text=True, preexec_fn=drop, timeout=60)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertRegex(done.stderr, r"\Asfcproxy: error: [^\n]+\n\Z")
        self.assertFalse((self.folder / "OUT.pcap").exists() or (self.folder / "SF.pcap").exists())


if __name__ == "__main__":
    unittest.main()
