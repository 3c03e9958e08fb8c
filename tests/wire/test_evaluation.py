# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bench/run paper: docs/EVALUATION.md and its figures are those of the stored raw results, byte for byte, and a run goes on
where it was interrupted. Nothing is measured here."""
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
RAW = DOCS / "evaluation/raw.jsonl"
sys.path.insert(0, str(ROOT))

from bench import paper_plan, paper_raw, paper_results  # noqa: E402  (the path above comes first)


def report(raw, out):
    return subprocess.run(["/usr/bin/python3", ROOT / "bench/paper.py", "--report", raw, "--out", out], capture_output=True,
                          text=True, check=False)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class Report(Folder):
    def test_same_bytes(self):
        done = report(RAW, self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^RESULT pass vs_redirect=\d\.\d\d .* wrong=0 ")
        written = sorted(path.relative_to(self.folder) for path in self.folder.rglob("*.svg"))
        self.assertEqual(written, sorted(path.relative_to(DOCS) for path in (DOCS / "evaluation").glob("*.svg")))
        for name in ["EVALUATION.md", *written]:
            self.assertEqual((self.folder / name).read_bytes(), (DOCS / name).read_bytes(), f"{name} is not that of {RAW.name}")

    def test_every_figure_is_shown(self):
        text = (DOCS / "EVALUATION.md").read_text(encoding="utf-8")
        shown = set(re.findall(r"\]\(evaluation/(\w+)\.svg\)", text))
        self.assertEqual(shown, {path.stem for path in (DOCS / "evaluation").glob("*.svg")})
        self.assertEqual(shown, {path.stem for path in (DOCS / "evaluation").glob("*.png")})

    def test_other_results_another_report(self):
        """The proxy twice as slow at the base point: a table, a sentence and a figure say so."""
        first, *points = [json.loads(line) for line in RAW.read_text(encoding="utf-8").splitlines()]
        user = next(point for point in points if point["axis"] == "base")["curves"]["user"]
        rate = statistics.median(user["rates"])
        user["rates"] = [each / 2 for each in user["rates"]]
        raw = self.folder / "slow.jsonl"
        raw.write_text("".join(json.dumps(each) + "\n" for each in [first, *points]), encoding="utf-8")
        self.assertEqual(report(raw, self.folder).returncode, 0)
        text = (self.folder / "EVALUATION.md").read_text(encoding="utf-8")
        self.assertIn(f"| sfcproxy, user mode | {rate / 2e6:.3f} |", text)
        self.assertNotEqual((self.folder / "evaluation/labels.svg").read_bytes(), (DOCS / "evaluation/labels.svg").read_bytes())

    def test_no_raw_results(self):
        raw = self.folder / "other.jsonl"
        raw.write_text('{"bench": "chain"}\n', encoding="utf-8")
        done = report(raw, self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, f"bench/run paper: error: '{raw}' begins with no head of bench/run paper, version 1\nRESULT fail\n")


class Plan(unittest.TestCase):
    def test_cells(self):
        points = paper_plan.points()
        self.assertLessEqual(paper_plan.cells(points), 150)
        self.assertEqual(len({(point.axis, point.value) for point in points}), len(points))
        for axis, least, most in (("labels", 1, 16), ("size", 64, 1500), ("flows", 1, 1000000), ("services", 1, 4000)):
            values = [getattr(point.cell, axis) for point in points if point.axis in (axis, "base")]
            self.assertEqual((min(values), max(values)), (least, most), axis)
        self.assertEqual([point.value for point in points if point.axis == "in_flight"][::4], [10, 60000])

    def test_stored_results_are_whole(self):
        _, points = paper_raw.read(RAW)
        self.assertEqual({(point["axis"], point["value"]) for point in points},
                         {(point.axis, point.value) for point in paper_plan.points()})


class Resume(Folder):
    """Half of a run is in the file."""

    def setUp(self):
        super().setUp()
        self.path = self.folder / "raw.jsonl"
        self.first = {"version": 1, "bench": "paper", "commit": "1", "started": "2026-01-01 00:00"}
        self.base, self.next = paper_plan.points()[:2]
        paper_raw.Raw(self.path, self.first).add(self.base, {"curves": {}})

    def test_goes_on(self):
        """At another time, and with half a line at the end."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write('{"axis": "labels", "val')
        raw = paper_raw.Raw(self.path, self.first | {"started": "2026-01-01 00:10"})
        self.assertTrue(raw.has(self.base))
        self.assertFalse(raw.has(self.next))
        raw.add(self.next, {"curves": {}})
        head, points = paper_raw.read(self.path)
        self.assertEqual(head, self.first)
        self.assertEqual([point["axis"] for point in points], ["base", "labels"])

    def test_another_commit_begins_anew(self):
        self.assertFalse(paper_raw.Raw(self.path, self.first | {"commit": "2"}).has(self.base))


class Percentile(unittest.TestCase):
    def test_by_counting(self):
        delays = [(100, 50), (200, 40), (300, 9), (900, 1)]     # 100 packets
        for share, ns in ((0.5, 100), (0.51, 200), (0.9, 200), (0.99, 300), (0.999, 900)):
            self.assertEqual(paper_results.percentile(delays, share), ns, share)


if __name__ == "__main__":
    unittest.main()
