# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs `sfcproxy replay` on frames and looks at what it says and writes; every test file stands on this.

A replay that succeeds has its conservation equations recomputed from its own list of frames, whatever the test is about.
"""
from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path

import pcapio
from cfg import Config
from pcapio import Packet

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("SFCPROXY", ROOT / "build" / "sfcproxy")).resolve()
TIMEOUT = 120


@dataclass(frozen=True)
class Input:
    """One --in or --from-sf: frames (written as a microsecond pcap), or the bytes of a whole file."""

    frames: object
    port: str | None = None

    def write(self, path: Path) -> str:
        path.write_bytes(self.frames if isinstance(self.frames, bytes) else pcapio.pcap(self.frames))
        return f"{self.port}={path}" if self.port else str(path)


@dataclass
class Result:
    code: int
    stdout: str
    stderr: str
    doc: dict | None = None
    sf: list[Packet] | None = None
    out: list[Packet] | None = None
    nano: tuple[bool, bool] | None = None

    def entries(self, side: str) -> list[dict]:
        return [entry for entry in self.doc["frames"] if entry["side"] == side]

    def by_n(self, side: str) -> dict[int, dict]:
        return {entry["n"]: entry for entry in self.entries(side)}

    def reasons(self, side: str) -> list[tuple[str, str]]:
        return [(entry["verdict"], entry["reason"]) for entry in self.entries(side)]

    def cache(self) -> dict:
        return self.doc["conservation"]["cache"]

    def sf_bytes(self) -> list[bytes]:
        return [packet.data for packet in self.sf]

    def out_bytes(self) -> list[bytes]:
        return [packet.data for packet in self.out]


def inputs(value) -> list[Input]:
    if isinstance(value, Input):
        return [value]
    return list(value) if value and all(isinstance(v, Input) for v in value) else [Input(value)]


def run(*args, **options) -> subprocess.CompletedProcess:
    return subprocess.run([str(BINARY), *map(str, args)], capture_output=True, text=True, timeout=TIMEOUT, **options)


def told(text: str) -> subprocess.CompletedProcess:
    """What `sfcproxy check` says about a configuration of this text."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "conf.yaml"
        path.write_text(text)
        return run("check", "-c", path)


def check_refused(test, text: str, lines, names) -> None:
    """Check that the text is refused in one sentence, at one of the lines, with one of the names."""
    done = told(text)
    test.assertEqual(done.returncode, 2, done.stdout + done.stderr)
    test.assertEqual(done.stderr.count("\n"), 1, done.stderr)
    found = re.match(r"sfcproxy: error: \S*conf\.yaml:(\d+):(\d+): ", done.stderr)
    test.assertTrue(found, done.stderr)
    test.assertIn(int(found[1]), lines, done.stderr)
    test.assertTrue(any(who in done.stderr[found.end():] for who in names), done.stderr)


def arguments(folder: Path, config: Config | str, frames, back) -> list[str]:
    conf = folder / "conf.yaml"
    conf.write_text(config if isinstance(config, str) else config.yaml())
    args = ["replay", "-c", str(conf), "--to-sf", str(folder / "SF.pcap"), "--out", str(folder / "OUT.pcap"), "-j"]
    for n, source in enumerate(inputs(frames)):
        args += ["--in", source.write(folder / f"IN{n}.pcap")]
    for n, source in enumerate([] if back is None else inputs(back)):
        args += ["--from-sf", source.write(folder / f"BACK{n}.pcap")]
    return args


def replay(config: Config | str, frames, *, back=None, window=None, tick=None, extra=()) -> Result:
    """One replay in a folder of its own; the output files are read when it succeeded."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        args = arguments(folder, config, frames, back)
        args += ["--window", str(window)] if window is not None else []
        args += ["--tick", tick] if tick is not None else []
        done = run(*args, *extra)
        result = Result(done.returncode, done.stdout, done.stderr)
        if done.returncode == 0:
            paths = folder / "SF.pcap", folder / "OUT.pcap"
            result.doc = json.loads(done.stdout)
            result.sf, result.out = (pcapio.read(path) for path in paths)
            result.nano = tuple(pcapio.is_nano(path) for path in paths)
        return result


def hexdump(data: bytes, mark: int = -1) -> str:
    rows = []
    for at in range(0, len(data), 16):
        row = " ".join(f"{b:02x}" for b in data[at:at + 16])
        rows.append(f"    {at:04x}  {row}" + ("   <- first difference" if at <= mark < at + 16 else ""))
    return "\n".join(rows[:40]) or "    (empty)"


def difference(name: str, got: bytes, want: bytes) -> str:
    at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
    return f"{name}: byte {at} of {len(got)} (expected {len(want)})\n  got\n{hexdump(got, at)}\n  expected\n{hexdump(want, at)}"


class WireTest(unittest.TestCase):
    """Assertions of this suite."""

    def replay(self, config, frames, **options) -> Result:
        result = replay(config, frames, **options)
        self.assertEqual(result.code, 0, f"replay failed: {result.stderr}")
        self.check_conservation(result.doc)
        return result

    def same_bytes(self, name: str, got: bytes, want: bytes):
        if got != want:
            self.fail(difference(name, got, want))

    def same_frames(self, got: list[bytes], want: list[bytes], names=None):
        """Equal frame by frame; a missing or extra one is shown by the first that differs."""
        for n, (a, b) in enumerate(zip(got, want)):
            self.same_bytes(f"frame {n} {names[n] if names else ''}", a, b)
        self.assertEqual(len(got), len(want), "number of frames")

    def check_entry(self, name: str, entry: dict, verdict: str, reasons, service: str | None, size: int | None = None):
        """One entry of the frame list; reasons is a set where the specification leaves the order of checks open."""
        allowed = {reasons} if isinstance(reasons, str) else set(reasons)
        self.assertEqual(entry["verdict"], verdict, f"{name}: {entry}, expected one of {sorted(allowed)}")
        self.assertIn(entry["reason"], allowed, f"{name}: {entry}")
        self.assertEqual(entry["service"], service, f"{name}: {entry}")
        if size is not None:
            self.assertEqual(entry["out_len"], size, f"{name}: {entry}")

    def check_conservation(self, doc: dict):
        """The three equations, computed here, against the report and against the list of frames."""
        told, frames = doc["conservation"], doc["frames"]

        def count(side, verdict, claimed=None):
            return sum(1 for f in frames if f["side"] == side and f["verdict"] == verdict
                       and claimed in (None, f["service"] is not None))

        late = sum(1 for f in frames if f["side"] == "sf" and f["reason"] == "late")
        domain = {"passed": count("domain", "passed"), "dropped": count("domain", "dropped"),
                  "to_sf": count("domain", "to_sf")}
        if "bypassed" in told["domain"]:    # where the encapsulation lets packets go on
            domain["bypassed"] = count("domain", "bypassed")
        after = count("sf", "dropped", claimed=True)
        sf = {"passed": count("sf", "passed"), "dropped": count("sf", "dropped", claimed=False),
              "restored": count("sf", "restored"), "dropped_after_claim": after}
        sf["claimed"] = sf["restored"] + after
        domain["received"] = sum(domain.values())
        sf["received"] = sf["claimed"] + sf["passed"] + sf["dropped"]
        if "originated" in told["sf"]:      # restored as well, and never in the cache
            sf["originated"] = told["sf"]["originated"]
            sf["claimed"] -= sf["originated"]
        self.assertEqual(told["domain"], domain)
        self.assertEqual(told["sf"], sf)
        cache = told["cache"]
        self.assertEqual(cache["to_sf"], domain["to_sf"])
        self.assertEqual(cache["claimed"], sf["claimed"])
        leave = sum(cache[name] for name in ("claimed", "expired", "evicted", "flushed", "live"))
        self.assertEqual(cache["to_sf"], leave, f"cache equation {cache}")
        self.assertLessEqual(cache["stale"], cache["live"])
        self.assertGreaterEqual(cache["expired"], late, "each late frame moves one reference to expired")
        self.assertIs(told["balanced"], True)
