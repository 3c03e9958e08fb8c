# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Signals, and readers that go or do not read: what was begun is done whole, and `run` ends when it is told to."""
import fcntl
import os
import signal
import subprocess
import time
import unittest

import ports  # noqa: E402  (the path comes first)
from support import open_lab

from lab.net import wait_for

F_SETPIPE_SZ = 1031


class Signals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = open_lab()
        cls.addClassCleanup(cls.lab.close)
        ports.build(cls.lab)

    def setUp(self):
        self.addCleanup(ports.run, self.lab, "detach")
        self.config = self.lab.folder / "proxy.yaml"
        self.config.write_text(ports.config())

    def start(self, command, *options, **files):
        return self.lab.start("proxy", ports.PROGRAM, command, *options, "--pin", self.lab.bpffs / "pin", **files)

    def ready(self):
        wait_for("it is ready", lambda: '"ready":true' in ports.run(self.lab, "status", "-j")[1].replace(" ", ""))

    def test_hangup(self):
        log = self.lab.folder / "log"
        with open(log, "wb") as out:
            process = self.start("run", "-c", self.config, stdout=out, stderr=out)
        self.ready()
        process.send_signal(signal.SIGHUP)
        wait_for("a word about it", lambda: "SIGHUP: this version cannot read its configuration anew" in log.read_text())
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)
        self.assertIn("detached", log.read_text())

    def test_reader_that_goes(self):
        """`attach` is whole, and so is its exit code."""
        for closed in (True, False):
            read, write = os.pipe()
            os.close(read)
            options = {} if closed else {"stdout": write}
            command = ["sh", "-c", 'exec "$@" >&-', "-"] if closed else []
            process = self.lab.start("proxy", *command, ports.PROGRAM, "attach", "-c", self.config, "--pin",
                                     self.lab.bpffs / "pin", **options)
            os.close(write)
            self.assertEqual(process.wait(30), 0)
            self.ready()
            self.assertEqual(ports.run(self.lab, "detach")[0], 0)

    def test_output_that_is_the_work(self):
        """Of `check` it is all there is."""
        process = self.lab.start("proxy", "sh", "-c", 'exec "$@" >&-', "-", ports.PROGRAM, "check", "-c", self.config,
                                 stderr=subprocess.PIPE, text=True)
        self.assertIn("cannot write", process.communicate()[1])
        self.assertEqual(process.returncode, 1)

    def test_pipe_that_nobody_reads(self):
        read, write = os.pipe()
        fcntl.fcntl(write, F_SETPIPE_SZ, 4096)
        process = self.start("run", "-c", self.config, stdout=write)
        os.close(write)
        self.ready()
        for _ in range(40):                     # two lines each
            process.send_signal(signal.SIGHUP)
            time.sleep(0.03)
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)
        print(f"  ended after {time.monotonic() - begin:.1f} s", flush=True)
        self.assertEqual(ports.run(self.lab, "detach")[0], 4, "nothing is left")
        os.close(read)

    def test_watching_what_goes(self):
        process = self.start("run", "-c", self.config)
        self.ready()
        table = self.lab.folder / "table"
        with open(table, "wb") as out:
            watch = self.start("stats", "-w", "0.2", stdout=out, stderr=subprocess.PIPE, text=True)
        wait_for("a table", lambda: table.stat().st_size)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        self.assertIn("has been detached meanwhile", watch.communicate(timeout=30)[1])
        self.assertEqual(watch.returncode, 4)


if __name__ == "__main__":
    unittest.main()
