# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Starts, asks and stops `sfcproxy run` in a namespace of the lab."""
import json
import os
import pathlib
import subprocess
import time

from lab.net import PATIENCE, LabError, call

PROGRAM = os.environ.get("SFCPROXY") or pathlib.Path(__file__).resolve().parent.parent / "build/sfcproxy"


class Proxy:
    """One running proxy; its pins are on the lab's own bpffs."""

    def __init__(self, lab, config, role="proxy", program=PROGRAM):
        self.lab, self.role, self.program = lab, role, program
        self.pin = lab.bpffs / "sfcproxy"
        self.config = lab.folder / "proxy.yaml"
        self.config.write_text(config)
        self.log = lab.folder / "proxy.log"
        self.process = None

    def start(self, *options):
        with open(self.log, "wb") as log:
            self.process = self.lab.start(self.role, self.program, "run", "-c", self.config, "--pin", self.pin,
                                          *options, stdout=log, stderr=subprocess.STDOUT)

    def wait_ready(self, seconds=PATIENCE):
        """Until everything is attached and every next hop is known. Returns the last status."""
        end = time.monotonic() + seconds
        while True:
            status = self.status()
            if status.get("ready"):
                return status
            if self.process.poll() is not None:
                raise LabError(f"sfcproxy ended with exit code {self.process.returncode}:\n{self.said()}")
            if time.monotonic() > end:
                raise LabError(f"sfcproxy is not ready after {seconds:g} s\n{json.dumps(status)}\n{self.said()}")
            time.sleep(0.1)

    def said(self):
        return self.log.read_text(errors="replace").strip()

    def status(self):
        """Empty while there is nothing to ask yet."""
        done = call(self.program, "status", "--pin", self.pin, "-j", check=False)
        return json.loads(done.stdout) if done.stdout.startswith("{") else {}

    def stats(self):
        return json.loads(call(self.program, "stats", "--pin", self.pin, "-j").stdout)

    def stats_text(self):
        return call(self.program, "stats", "--pin", self.pin).stdout

    def stop(self):
        """SIGTERM; returns the exit code, which is 0 if all is well."""
        return self.lab.stop(self.process, grace=PATIENCE)
