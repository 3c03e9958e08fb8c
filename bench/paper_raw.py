# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The raw results of bench/run paper, and of bench/run mpls-router: a file of JSON lines. The first one says where and how they
were taken, and each other one is a point. A run that was interrupted goes on where it stopped."""
import json
import os
import pathlib
import platform
import subprocess
import time

VERSION = 1
ROOT = pathlib.Path(__file__).resolve().parent.parent


class RawError(Exception):
    """The file is none of ours."""


def git(*words):
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False).stdout.strip()


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def head(bench, **how):
    """`commit` has a + where files were changed since."""
    changed = git("status", "--porcelain", "--untracked-files=no", "--", "bench", "bpf", "include", "lab", "src", "tests/vm")
    return {"version": VERSION, "bench": bench, "commit": git("rev-parse", "HEAD") + ("+" if changed else ""),
            "cpu": cpu_model(), "cpus": os.cpu_count(), "kernel": platform.release(), **how,
            "started": time.strftime("%Y-%m-%d %H:%M", time.gmtime())}


def load():
    """Processes that want a CPU, over the last minute."""
    return os.getloadavg()[0]


def latest(points):
    """Of a point that was measured again the later results."""
    return list({(point["axis"], point["value"]): point for point in points}.values())


def read(path, bench="paper"):
    """(head, the latest points). A last line that was cut off, by an interrupt, does not count."""
    lines = pathlib.Path(path).read_text(encoding="utf-8").split("\n")
    try:
        first, *points = [json.loads(line) for line in lines[:-1]]
    except ValueError as error:
        raise RawError(f"'{path}' has no JSON line for each point: {error}") from error
    if first.get("bench") != bench or first.get("version") != VERSION:
        raise RawError(f"'{path}' begins with no head of bench/run {bench}, version {VERSION}")
    return first, latest(points)


class Raw:
    """A file that is being written."""

    def __init__(self, path, first):
        """Goes on with what is there if that was taken in the same way, from the same commit. Else it begins anew."""
        self.path = pathlib.Path(path)
        self.points = []
        try:
            old, points = read(self.path, first["bench"])
        except (OSError, RawError, ValueError):
            old, points = None, []
        if old and {**old, "started": None} == {**first, "started": None}:
            first, self.points = old, points
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("".join(json.dumps(each) + "\n" for each in [first, *self.points]), encoding="utf-8")

    def of(self, point):
        """Its results, None if it was not measured."""
        return next((each for each in self.points if (each["axis"], each["value"]) == (point.axis, point.value)), None)

    def has(self, point):
        return self.of(point) is not None

    def add(self, point, found):
        """In one write, so that a line is there or not. It replaces what the point had."""
        entry = {"axis": point.axis, "value": point.value, "load": round(load(), 1), **found}
        self.points = latest([*self.points, entry])
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
