# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The demos: that all comes right, that it is told on one screen, and what is left of the lab."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from lab.kept import RECORDS  # noqa: E402  (the path above comes first)
from lab.net import call, wait_for  # noqa: E402

LINES, COLUMNS = 24, 80


def namespaces(lab):
    return [line for line in call("ip", "netns", "list").stdout.splitlines() if line.startswith(f"{lab}-")]


def start(mode, *options, **streams):
    return subprocess.Popen(["/usr/bin/python3", ROOT / f"scripts/demo_{mode}.py", *options], text=True, **streams)


def demo(*options):
    return call(ROOT / "scripts/demo", *options, check=False)


def processes_of(folder):
    """Those that have a path in the lab's folder on their command line."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [path] if folder in path.read_text(errors="replace") else []
        except (FileNotFoundError, ProcessLookupError):
            pass  # it has ended meanwhile
    return found


def screen_of(text):
    """From the picture on, which the details begin with as well."""
    lines = text.split("\n\nThe lab stands")[0].rstrip().splitlines()
    first = max(number for number, line in enumerate(lines) if line.startswith("  sender ─▶"))
    return lines[first:]


def shape(lines):
    """The first word of each line that goes on with no other one, and no numbers."""
    return [re.sub(r"\d+", "N", line.split()[0]) for line in lines if line.strip() and not line.startswith(" " * 8)]


def documented(heading):
    section = (ROOT / "docs/demo.md").read_text().split(f"## {heading}\n")[1]
    return re.search(r"```\n(.*?)\n```", section, re.DOTALL)[1].splitlines()


class DemoTest(unittest.TestCase):
    def run_demo(self, mode, *options):
        """Returns the name of its lab and its output, after a look at the exit code and the screen."""
        child = start(mode, *options, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if "--keep" in options:
            self.addCleanup(demo, "--clean", f"sfc-demo-{child.pid}")
        out, progress = child.communicate()
        print(out)
        self.assertEqual(child.returncode, 0, out + progress)
        screen = screen_of(out)
        self.assertLessEqual(len(screen), LINES)
        self.assertLessEqual(max(map(len, screen)), COLUMNS)
        self.assertRegex("\n".join(screen), r"PASS: \d+ packets")
        self.assertRegex(progress, r"== \d+ s: 3 of 4: the lab\n== \d+ s: 4 of 4: the traffic: 1 of \d+, ")
        return child.pid, out

    def assert_documented(self, heading, out):
        """The picture in the document is one of this demo: `scripts/demo --write-docs` puts it there."""
        self.assertEqual(shape(documented(heading)), shape(screen_of(out)))

    def look_around(self, out):
        """Each command that the demo proposes."""
        names, *commands = re.findall(r"(?m)^  (.*)", out.split("To look around:")[1].split("To take it away")[0])
        shell = ("bash", "-c")
        (watch,) = [command for command in commands if "tcpdump" in command]
        tcpdump = subprocess.Popen([*shell, f"{names}; exec {watch}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(tcpdump.kill)
        wait_for("tcpdump", lambda: "listening on" in tcpdump.stderr.readline())
        said = "".join(call(*shell, f"{names}; {command}").stdout for command in commands if command != watch)
        for words in ("READY", "balanced     yes", "10 received", "iperf Done", "blocked"):
            self.assertIn(words.lower(), said.lower())
        self.assertIn("ICMP echo request", tcpdump.communicate(timeout=10)[0])

    def assert_gone(self, lab):
        self.assertEqual(namespaces(lab), [])
        self.assertFalse((RECORDS / lab).exists())
        self.assertNotIn(f"/{lab}", pathlib.Path("/proc/mounts").read_text())


class User(DemoTest):
    def test_demo(self):
        process, out = self.run_demo("user")
        self.assert_documented("`scripts/demo`", out)
        self.assertEqual(len(out.splitlines()), len(screen_of(out)))  # and nothing else
        self.assert_gone(f"sfc-{process}")

    def test_interrupted(self):
        """By a terminal that is closed. Also of a lab that was to be kept, nothing is left. Progress is one line that changes."""
        ours, theirs = os.openpty()
        child = start("user", "--keep", stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        said = ""
        while "4 of 4" not in said:
            said += os.read(ours, 1000).decode()
        child.send_signal(signal.SIGHUP)
        self.assertEqual(child.wait(20), 130)
        self.assertRegex(said, r"^(\r\x1b\[K== [^\r\n]*)+")
        self.assertNotIn("\n", said)
        self.assert_gone(f"sfc-demo-{child.pid}")

    def test_options(self):
        for options, code, word in ((["--mode", "no"], 2, "'no'"), (["--mode"], 2, "''"), (["--now"], 2, "'--now'"), (["--sfc", "no"], 2, "'no'"),
                                    (["--sfc=nsh", "--mode=kernel"], 2, "user"), (["--sfc=srv6", "--mode=kernel"], 2, "user"),
                                    (["--clean", "no-lab"], 1, "'no-lab'"), (["--help"], 0, "--keep")):
            with self.subTest(options=options):
                done = demo(*options)
                self.assertEqual(done.returncode, code)
                self.assertIn(word, done.stdout + done.stderr)


class Nsh(DemoTest):
    def test_demo(self):
        process, out = self.run_demo("nsh")
        self.assert_documented("`scripts/demo --sfc nsh`", out)
        self.assert_gone(f"sfc-{process}")

    def test_interrupted(self):
        """Of a lab that was to be kept, too, no switch goes on."""
        child = start("nsh", "--keep", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_for("traffic", lambda: "4 of 4" in child.stderr.readline(), 20)
        folder = (RECORDS / f"sfc-demo-{child.pid}").read_text()
        self.assertGreater(len(processes_of(folder)), 4)
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(20), 130)
        child.stderr.close()
        self.assert_gone(f"sfc-demo-{child.pid}")
        self.assertEqual(processes_of(folder), [])
        self.assertFalse(pathlib.Path(folder).exists())


class Srv6(DemoTest):
    def test_demo(self):
        """With all details: the segment list of each packet that is shown, and the kernel's errors."""
        process, out = self.run_demo("srv6", "-v")
        self.assert_documented("`scripts/demo --sfc srv6`", out)
        self.assertIn("[2001:db8:f0::a1] 2001:db8:e2::1 2001:db8:e2::d4, HMAC", out)
        self.assertRegex("\n".join(screen_of(out)), r"right headers: TCP \d+, .*; the kernel's seg6local errors 0\n")
        self.assert_gone(f"sfc-{process}")


class Kernel(DemoTest):
    def test_kept(self):
        """With all details; the lab stands until it is taken away."""
        process, out = self.run_demo("kernel", "-v", "--keep")
        lab = f"sfc-demo-{process}"
        self.assert_documented("`scripts/demo --mode kernel`", out)
        self.assertIn("── what the proxy and nftables counted ─", out)
        folder = pathlib.Path((RECORDS / lab).read_text())
        self.look_around(out)
        self.assertIn(f"scripts/demo --clean {lab}", out)
        done = demo("--clean", lab)
        self.assertEqual((done.returncode, done.stdout), (0, f"taken away: {lab}\n"))
        self.assert_gone(lab)
        self.assertFalse(folder.exists())


if __name__ == "__main__":
    unittest.main()
