# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bench/run paper and mpls-router: docs/EVALUATION.md and its figures are those of the stored raw results, byte for byte, and a run goes on
where it was interrupted. Nothing is measured here."""
import contextlib
import io
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import types
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
RAW = DOCS / "evaluation/raw.jsonl"
RAW_ROUTER = DOCS / "evaluation/mpls_router.jsonl"
sys.path.insert(0, str(ROOT))

from bench import mpls_router, mpls_router_guest, mpls_router_plan, mpls_router_report, mpls_router_tcp  # noqa: E402  (the path above comes first)
from bench import paper_plan, paper_raw, paper_results, paper_run  # noqa: E402
from bench.chain_lab import Outcome  # noqa: E402
from lab import edge  # noqa: E402

# {(source port, destination port, direction): labels of a steady flow}, as the programs at the edge push them
STACKS = {(40004, 5201, 0): [16001, 16128, 17178, 829178], (5201, 40004, 1): [16002, 26146, 27596, 676596],
          (40003, 5201, 0): [16001, 17243, 910243]}


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
        self.assertRegex(done.stdout, r"^RESULT \w+ vs_redirect=\d\.\d\d .* wrong=0 lost=0 ", done.stderr)
        written = sorted(path.relative_to(self.folder) for path in self.folder.rglob("*.svg"))
        self.assertEqual(written, sorted(path.relative_to(DOCS) for path in (DOCS / "evaluation").glob("*.svg")))
        for name in ["EVALUATION.md", *written]:
            self.assertEqual((self.folder / name).read_bytes(), (DOCS / name).read_bytes(), f"{name} is not that of {RAW.name}")

    def test_limits_are_judged(self):
        """Missed ones stay in the page, and the run fails."""
        for factor, verdict, code in ((0.01, "fail", 1), (100, "pass", 0)):
            done = self.changed(lambda user, factor=factor: user.update(rates=[each * factor for each in user["rates"]]))
            self.assertRegex(done.stdout, f"^RESULT {verdict} ")
            self.assertEqual(done.returncode, code, done.stderr)
            limits = re.findall(r"(?m)^\| `vs_\w+` \|.*$", (self.folder / "EVALUATION.md").read_text(encoding="utf-8"))
            self.assertEqual([line.endswith("| met |") for line in limits], [verdict == "pass"] * 3, limits)
            self.assertEqual([line.endswith("| **missed** |") for line in limits], [verdict == "fail"] * 3, limits)

    def test_every_figure_is_shown(self):
        text = (DOCS / "EVALUATION.md").read_text(encoding="utf-8")
        shown = set(re.findall(r"\]\(evaluation/(\w+)\.svg\)", text))
        self.assertEqual(shown, {path.stem for path in (DOCS / "evaluation").glob("*.svg")})
        self.assertEqual(shown, {path.stem for path in (DOCS / "evaluation").glob("*.png")})

    def changed(self, change):
        """A report of raw results whose user mode at the base point is another one."""
        first, points = paper_raw.read(RAW)
        change(next(point for point in points if point["axis"] == "base")["curves"]["user"])
        raw = self.folder / "changed.jsonl"
        raw.write_text("".join(json.dumps(each) + "\n" for each in [first, *points]), encoding="utf-8")
        return report(raw, self.folder)

    def test_one_wrong_packet_is_a_fail(self):
        for what in ("wrong", "lost"):
            done = self.changed(lambda user, what=what: user.update({what: 1}))
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout, f"^RESULT fail .* {what}=1 ")

    def test_other_results_another_report(self):
        """The proxy twice as slow at the base point: a table, a sentence and a figure say so."""
        rates = []

        def slower(user):
            rates.extend(user["rates"])
            user["rates"] = [each / 2 for each in rates]

        done = self.changed(slower)
        self.assertEqual(done.returncode, 1)    # so slow is too slow
        self.assertRegex(done.stdout, "^RESULT fail vs_redirect=")
        rate = statistics.median(rates)
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
        self.assertEqual(paper_plan.CELLS_MOST, 150)
        self.assertLessEqual(paper_plan.cells(points), paper_plan.CELLS_MOST)
        self.assertEqual(len({(point.axis, point.value) for point in points}), len(points))
        for axis, least, most in (("labels", 1, 16), ("size", 64, 1500), ("flows", 1, 1000000), ("services", 1, 4000)):
            values = [getattr(point.cell, axis) for point in points if point.axis in (axis, "base")]
            self.assertEqual((min(values), max(values)), (least, most), axis)
        self.assertEqual([point.value for point in points if point.axis == "in_flight"][::6], [10, 60000])
        self.assertEqual(sum(point.axis == "loads" for point in points), 1)

    def test_other_headers(self):
        """NSH and SRv6 along the same axes, SRv6 along its segments too; each curve where it can be."""
        points = paper_plan.points()
        for header, curves in (("nsh", {"redirect", "user"}), ("srv6", {"redirect", "user", "seg6"})):
            base = next(point.cell for point in points if (point.axis, point.value) == ("header", header))
            for axis, least, most in (("size", 64, 1500), ("flows", 1, 1000000), ("services", 1, 4000)):
                along = [point for point in points if point.axis == f"{header} {axis}"]
                values = [getattr(cell, axis) for cell in [base, *[point.cell for point in along]]]
                self.assertEqual((min(values), max(values)), (least, most), (header, axis))
                self.assertEqual({curve for point in along for curve in point.curves}, curves - {"seg6"} if axis == "services" else curves)
        segments = {point.value: (point.cell.labels, point.curves) for point in points if point.axis == "srv6 segments"}
        self.assertEqual(segments, {2: (20, ("redirect", "user")), 5: (32, ("redirect", "user", "seg6")),
                                    10: (52, ("redirect", "user", "seg6"))})

    def test_cells_of_the_guest(self):
        points = mpls_router_plan.points()
        labels = [(point.cell.size, point.cell.labels) for point in points if point.kind == mpls_router_plan.COUNTED]
        self.assertEqual(labels, [*[(64, labels) for labels in range(1, 17)], (1400, 1), (1400, 5), (1400, 16)])
        self.assertEqual({point.curves for point in points if point.kind != paper_plan.TCP}, {tuple(mpls_router_plan.CURVES)})
        self.assertIn("paper", mpls_router_plan.CURVES)
        self.assertEqual([(point.value, point.curves) for point in points if point.kind == paper_plan.TCP],
                         [(gro, ("forwarding", "router", "act", "kernel")) for gro in ("off", "on")])
        self.assertEqual(mpls_router_plan.named([point.name for point in points]), points)     # that is how the guest gets them

    def test_time_left(self):
        """In the guest a point of TCP took 40 s, and each of the others some 18 s. So it says little of them cell by cell."""
        points = mpls_router_plan.points()
        took = [40 if point.kind == paper_plan.TCP else 18 for point in points]
        with mock.patch("time.monotonic", side_effect=[sum(took[:i]) for i in (0, *range(len(points)))]):
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                progress = paper_run.Progress(points)
                for point in points:
                    progress.tell(point)
        lines = said.getvalue().splitlines()
        self.assertEqual(lines[:2], ["== 0 s: tcp off: 4 of 179 cells", "== 40 s: tcp on: 4 of 175 cells, 6 min left"])
        self.assertEqual([line.partition("cells, ")[2] for line in lines[1:]],
                         [f"{sum(took[i:]) / 60:.0f} min left" for i in range(1, len(points))])
        self.assertTrue(lines[-1].startswith("== 404 s: large 16: 9 of 9 cells, "), lines[-1])

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


class Again(Folder):
    """The machine was slower at the first point."""

    def setUp(self):
        super().setUp()
        self.path = self.folder / "raw.jsonl"
        self.raw = paper_raw.Raw(self.path, {"version": 1, "bench": "paper"})
        self.base, *others = [point for point in paper_plan.points() if point.kind == paper_plan.CHAIN]
        self.raw.add(self.base, {"yardstick": [6, 3, 3]})
        for point in others:
            self.raw.add(point, {"yardstick": [3, 6, 6]})

    def test_gets_a_second_time_and_no_third(self):
        self.assertEqual(paper_run.slower(self.raw), [self.base])
        self.raw.add(self.base, {"again": True, "yardstick": [3, 3, 3]})
        self.assertEqual(paper_run.slower(self.raw), [])

    def test_later_results_count(self):
        self.raw.add(self.base, {"again": True, "yardstick": [6, 6, 6]})
        _, points = paper_raw.read(self.path)
        self.assertEqual([point["yardstick"] for point in points if point["axis"] == "base"], [[6, 6, 6]])
        self.assertEqual(len(points), len(self.raw.points))

    def test_faults_of_the_first_time_stay(self):
        found = paper_run.faults_too({"curves": {"user": {"rates": [2], "wrong": 0, "lost": 3}}},
                                     {"curves": {"user": {"rates": [1], "wrong": 1, "lost": 4}}})
        self.assertEqual(found, {"again": True, "curves": {"user": {"rates": [2], "wrong": 1, "lost": 7}}})

    def test_report_says_so(self):
        first, points = paper_raw.read(RAW)
        for point in points:
            point["again"] = point["axis"] == "base" or (point["axis"], point["value"]) == ("labels", 1)
        self.path.write_text("".join(json.dumps(line) + "\n" for line in (first, *points)), encoding="utf-8")
        report(self.path, self.folder)
        self.assertIn("\n| measured again | base, labels 1: the machine was slower the first time |\n",
                      (self.folder / "EVALUATION.md").read_text(encoding="utf-8"))


def counted(labels, first=None, axis="labels", **changed):
    """A point as the guest tells it. `first`: of its first curve, what is not as it must be."""
    curves = {curve: {"instructions": [5000.0], "sent": 64, "wrong": 0, "lost": 0} for curve in mpls_router_plan.CURVES}
    next(iter(curves.values())).update(first or {})
    static = [curve for names in mpls_router_plan.STATIC.values() for curve in names]
    return {"axis": axis, "value": labels, "kernel": "6.1", "planted_found": static, "curves": curves, **changed}


def flows(gro, first=None):
    """The same of TCP."""
    curves = {curve: {"instructions": [20000.0], "sent": 64, "wrong": 0, "lost": 0, "forwarded": [1.5]}
              for curve in mpls_router_plan.FLOWS}
    next(iter(curves.values())).update(first or {})
    return {"axis": "tcp", "value": gro, "kernel": "6.1", "curves": curves}


TCP = (flows("off"), flows("on"))


class Guest(unittest.TestCase):
    """The part that runs in the guest, with a chain that is not there."""

    def setUp(self):
        self.chain = mock.Mock()
        self.chain.send.side_effect = lambda _cell, packets: Outcome(packets, packets - 2, 1, 200000.0)
        self.chain.finds_wrong.return_value = True
        self.networks = mock.Mock()
        self.networks.of.return_value = self.chain
        self.point = mpls_router_plan.points([2])[-1]

    def test_counts_every_packet(self):
        found = mpls_router_guest.measure(self.networks, self.point, 3)
        sent = 3 * (mpls_router_guest.WARM_UP + mpls_router_guest.PACKETS)
        for curve in mpls_router_plan.CURVES:
            self.assertEqual(found["curves"][curve], {"instructions": [5000.0] * 3, "sent": sent, "wrong": 6, "lost": 6}, curve)

    def test_planted(self):
        static = ["router", "act", "router_ports", "act_ports"]
        self.assertEqual(mpls_router_guest.planted_found(self.networks, self.point), static)
        self.chain.finds_wrong.return_value = False
        self.assertEqual(mpls_router_guest.planted_found(self.networks, self.point), [])

    def test_counts_every_flow(self):
        network = mock.Mock()
        network.flow.return_value = mpls_router_tcp.Flow(20000.12345, 100, 1, 2, 0.5)
        found = mpls_router_guest.measure_tcp(dict.fromkeys(mpls_router_plan.FLOWS, network), mpls_router_plan.points()[1], 2)
        network.gro.assert_called_with("on")
        for curve in mpls_router_plan.FLOWS:
            self.assertEqual(found["curves"][curve], {"instructions": [20000.123] * 2, "sent": 200, "wrong": 2, "lost": 4,
                                                      "forwarded": [0.5] * 2}, curve)

    def test_static_stack_is_that_of_the_edges(self):
        """Of ports where the model has four labels and where it has three."""
        self.assertEqual(STACKS, {ports: edge.steady_labels(*ports) for ports in STACKS})


class MplsRouter(Folder):
    """bench/run mpls-router: its results, with answers of a guest that is not there."""

    def run_with(self, *answers, labels=(2, 3)):
        """Whether it passes, and the RESULT line."""
        guest = mock.MagicMock()
        guest.return_value.__enter__.return_value.line.side_effect = [{}, *[json.loads(json.dumps(answer)) for answer in answers]]
        args = types.SimpleNamespace(rounds=1, labels=list(labels), out=self.folder)
        with mock.patch.object(mpls_router, "Guest", guest), mock.patch("builtins.print") as said, \
                mock.patch.object(mpls_router, "UNFINISHED", self.folder / "unfinished.jsonl"):
            return mpls_router.work(args), said.call_args.args[0]

    def test_stored_results_are_whole(self):
        router = mpls_router.Router(*paper_raw.read(RAW_ROUTER, "mpls-router"))
        self.assertEqual({(point["axis"], point["value"]) for point in router.points},
                         {(point.axis, point.value) for point in mpls_router_plan.points()})
        self.assertTrue(router.good(), router.words())
        self.assertEqual(router.boots, 1)
        self.assertLess(router.spread("labels", "large"), 0.01)

    def test_what_fails(self):
        for labels, why in ((2, {"first": {"wrong": 1}}), (2, {"first": {"lost": 1}}), (2, {"first": {"sent": 0}}),
                            (2, {"planted_found": ["router", "act", "act_ports"]}), (2, {"curves": counted(2)["curves"] | {"new": {
                                "instructions": [1.0], "sent": 1, "wrong": 0, "lost": 0}}})):
            with self.subTest(why=why):
                self.setUp()
                good, said = self.run_with(*TCP, counted(labels, **why), counted(3))
                self.assertFalse(good)
                self.assertRegex(said, "^RESULT fail guest_instructions=5000 ")

    def test_what_fails_of_larger_frames_and_of_tcp(self):
        """A TCP sender may send a segment again."""
        for what, good in (("wrong", False), ("lost", False)):
            self.setUp()
            self.assertEqual(self.run_with(*TCP, counted(5), counted(5, {what: 1}, axis="large"), labels=[5])[0], good)
        for what, good in (("wrong", False), ("lost", True)):
            self.setUp()
            self.assertEqual(self.run_with(flows("off", {what: 1}), flows("on"), counted(2), counted(3))[0], good)

    def test_passes_and_goes_on(self):
        """The second run has one point left."""
        good, said = self.run_with(*TCP, counted(2), labels=[2])
        self.assertTrue(good)
        self.assertRegex(said, r"^RESULT pass .* wrong=0 lost=0 unseen=0 packets=576 .* points=3/21 rounds=1 boots=1 "
                               r"tcp_gro_off=20000 .* tcp_spread=0.00% tcp_lost=0$")
        good, said = self.run_with(counted(3))
        self.assertTrue(good)
        self.assertRegex(said, r"points=4/21 ")

    def test_another_point_than_asked(self):
        with self.assertRaises(mpls_router.LabError):
            self.run_with(*TCP, counted(3), labels=[2])
        with self.assertRaises(mpls_router.LabError):
            self.run_with(counted(2, axis="large"), labels=[2])

    def test_losing_stays_in(self):
        head, points = paper_raw.read(RAW_ROUTER, "mpls-router")
        for point in points:
            if "user" in point["curves"]:
                point["curves"]["user"]["instructions"] = [100000.0]
        text = mpls_router_report.section(mpls_router.Router(head, points))
        self.assertRegex(text, r"\| act_mpls, SF behind ports \| \d+ \| nowhere \|")
        self.assertIn("| 100000 (+", text)

    def test_tcp_that_does_not_repeat(self):
        head, points = paper_raw.read(RAW_ROUTER, "mpls-router")
        for spread, said in ((1.005, False), (1.05, True)):
            for point in points:
                if point["axis"] == "tcp":
                    point["curves"]["kernel"]["instructions"] = [20000.0, 20000.0, 20000.0 * spread]
                    point["curves"]["act"]["instructions"] = point["curves"]["router"]["instructions"] = [20000.0]
                    point["curves"]["forwarding"]["instructions"] = [20000.0]
            text = mpls_router_report.section(mpls_router.Router(head, points))
            self.assertEqual("Such counts do not repeat" in text, said)


class Percentile(unittest.TestCase):
    def test_by_counting(self):
        delays = [(100, 50), (200, 40), (300, 9), (900, 1)]     # 100 packets
        for share, ns in ((0.5, 100), (0.51, 200), (0.9, 200), (0.99, 300), (0.999, 900)):
            self.assertEqual(paper_results.percentile(delays, share), ns, share)


if __name__ == "__main__":
    unittest.main()
