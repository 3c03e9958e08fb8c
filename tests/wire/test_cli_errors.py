# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Command line and capture files: the exit code says whose fault it is, one line says what, and no file is touched."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import frames as f
import lib
import pcapio
from cfg import HOP_MAC, Config, Port, Service, one

NOBODY = 65534
FRAME = f.labelled(f.inner(), 16001, 17)
GOOD = pcapio.pcap([FRAME])
TWO = Config((Service("a", 16001, domain=(Port("eth0"), Port("eth7"))), Service("b", 16002, enter="right", hop=HOP_MAC)))

# Captures that cannot be read: exit code 3. `says` must stand in the message.
CAPTURES = [
    {"name": "not a capture", "data": b"this is no capture file, it is a sentence"},
    {"name": "empty file", "data": b""},
    {"name": "one byte", "data": b"\xd4"},
    {"name": "magic alone", "data": GOOD[:4]},
    {"name": "half a file header", "data": GOOD[:23]},
    {"name": "half a packet header", "data": GOOD[:30]},
    {"name": "packet header without packet", "data": GOOD[:40]},
    {"name": "packet cut in the middle", "data": GOOD[:-1]},
    {"name": "second packet cut", "data": GOOD + GOOD[24:-7]},
    {"name": "pcapng packet cut", "data": pcapio.pcapng([FRAME])[:-5]},
    {"name": "pcapng without an interface", "data": pcapio.pcapng([FRAME])[:28] + pcapio.pcapng([FRAME])[48:]},
    {"name": "captured length of 2 GB", "data": GOOD[:32] + b"\xff\xff\xff\x7f" + GOOD[36:]},
    {"name": "raw IP", "data": pcapio.pcap([f.inner()], link=101), "says": "raw"},
    {"name": "raw IP in pcapng", "data": pcapio.pcapng([f.inner()], link=101), "says": "raw"},
    {"name": "Linux cooked", "data": pcapio.pcap([], link=113), "says": "linux_sll"},
    {"name": "802.11", "data": pcapio.pcap([], link=105), "says": "802_11"},
    {"name": "PPP", "data": pcapio.pcap([], link=9), "says": "ppp"},
]

# Command lines: exit code 2. {} are the paths of a good set; drop removes an option and its value.
USAGE = [
    {"name": "no configuration", "drop": "-c"},
    {"name": "no input", "drop": "--in"},
    {"name": "no file for the SF side", "drop": "--to-sf"},
    {"name": "no output file", "drop": "--out"},
    {"name": "unknown option", "add": ["--fast"], "says": "--fast"},
    {"name": "unknown short option", "add": ["-x"], "says": "x"},
    {"name": "option without its value", "add": ["--window"], "says": "window"},
    {"name": "window of 0", "add": ["--window", "0"], "says": "window"},
    {"name": "window negative", "add": ["--window", "-1"], "says": "window"},
    {"name": "window is a word", "add": ["--window", "many"], "says": "many"},
    {"name": "window with a rest", "add": ["--window", "3x"], "says": "3x"},
    {"name": "tick without a unit", "add": ["--tick", "10"], "says": "tick"},
    {"name": "tick in minutes", "add": ["--tick", "10m"], "says": "10m"},
    {"name": "tick with a fraction", "add": ["--tick", "1.5ms"], "says": "1.5ms"},
    {"name": "tick negative", "add": ["--tick", "-1ms"], "says": "-1ms"},
    {"name": "tick that wraps 64 bits", "add": ["--tick", "18446744073709551616us"], "says": "18446744073709551616us"},
    {"name": "a word too many", "add": ["again"], "says": "again"},
    {"name": "port unknown", "in": "eth9={IN}", "says": "eth9"},
    {"name": "SF port as input", "in": "veth-fw-a={IN}", "says": "veth-fw-a"},
    {"name": "domain port as return", "add": ["--from-sf", "eth0={IN}"], "says": "eth0"},
    {"name": "return port unknown", "add": ["--from-sf", "veth9={IN}"], "says": "veth9"},
]


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

    def test_unreadable_captures(self):
        for row in CAPTURES:
            with self.subTest(row["name"]):
                self.write("IN.pcap", row["data"])
                self.assertIn("IN.pcap", self.refused(3, row.get("says", "")))

    def test_unreadable_captures_from_the_sf(self):
        for row in CAPTURES:
            with self.subTest(row["name"]):
                back = self.write("BACK.pcap", row["data"])
                told = self.refused(3, row.get("says", ""), add=["--from-sf", str(back)])
                self.assertIn("BACK.pcap", told)

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
    def test_command_lines(self):
        for row in USAGE:
            with self.subTest(row["name"]):
                change = {key: row[key] for key in ("drop", "add", "in") if key in row}
                self.refused(2, row.get("says", ""), **change)

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

    def test_no_command_and_unknown_commands(self):
        for words in ([], ["replays"], ["--nonsense"]):
            done = lib.run(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertTrue(done.stderr)


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
