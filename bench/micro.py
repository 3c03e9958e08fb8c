# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bench/run micro: `bench micro` on one CPU, with SCHED_FIFO: what else runs on the machine would disturb single cells. With
--against another checkout's beside it, in turns."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from bench import against  # noqa: E402  (the path above comes first)
from bench.chain_options import Parser, number  # noqa: E402
from bench.chain_rows import tell  # noqa: E402

SFC = ["--sfc", "mpls,nsh,srv6"]     # with --against it must be given: an older bench knows SR-MPLS only
ROUNDS = 20     # pairs of processes
# Options of such a process that the command line does not have. Each run of programs waits some 20 ms in the kernel for
# its setting up, so there are fewer rows than without --against.
OPTIONS = {"--rounds": "2", "--packets": "40000", "--labels": "5,16", "--in-flight": "64,10000,60000", "--capacity": "65536"}
TRIES = 3       # a cache that is nearly full may lose a packet (docs/decisions/0008), which ends a process
MOST_UNDISTURBED = 1.25     # as in rows.cpp


def command(tree, cpu, options):
    return ["chrt", "-f", "1", "taskset", "-c", str(cpu), str(tree / against.BUILD / "bench/bench"), "micro", *options]


def arguments():
    """And what is left for `bench micro`, which checks it."""
    parser = Parser(prog="bench/run micro", allow_abbrev=False, add_help=False)
    parser.add_argument("--against", type=against.built, metavar="TREE")
    parser.add_argument("--rounds", type=number(1, 100000), metavar="N")
    parser.add_argument("-j", "--json", action="store_true")
    return parser.parse_known_args()


def measure(trees, cpu, options):
    """The cells of each, from one process of each, which run programs by turns (turns.cpp); the first one begins."""
    pipes = [os.pipe() for _ in trees]
    os.write(pipes[0][1], b"t")
    started = [subprocess.Popen(command(tree, cpu, options), stdout=subprocess.PIPE, text=True, pass_fds=(source, to),
                                env=os.environ | {"LD_PRELOAD": str(HERE / "build/bench/libturns.so"),
                                                  "SFC_TURNS": f"{source},{to}"})
               for tree, (source, _), (_, to) in zip(trees, pipes, pipes[::-1])]
    for _, to in pipes:
        os.close(to)        # the ends to read from stay: a last turn may go to one that has ended
    lines = [process.communicate()[0].partition("\n")[0] for process in started]
    for source, _ in pipes:
        os.close(source)
    return [json.loads(line)["cells"] for line in lines if line.startswith("{")]


def took(cell, variant="proxy"):
    """Nanoseconds of each round, strip and restore, net of the harness."""
    raw, harness = cell[variant]["raw"], cell["harness"]["raw"]
    return [sum(sides[0::2]) - sum(sides[1::2]) for sides in zip(raw["strip_ns"], harness["strip_ns"], raw["restore_ns"],
                                                                 harness["restore_ns"])]


class Row:
    """One cell: what each build took in each round."""

    def __init__(self, cell):
        self.cell = {key: cell[key] for key in ("capacity", "kind", "labels", "in_flight")}
        self.cell["labels"] = cell["labels"] or cell["header"]
        self.name = "_".join(map(str, self.cell.values())).replace(" ", "_")
        self.raw = {"this": [], "other": []}

    def ns(self, build, variant="proxy"):
        return [value for cell in self.raw[build] for value in took(cell, variant)]

    @property
    def ratio(self):
        return against.row_ratio(self.ns("this"), self.ns("other"))

    def disturbed_among(self, rows):
        """As bench micro has it (rows.cpp), of either build."""
        def quiet(build):
            alike = [row for row in rows if row.cell["kind"] == self.cell["kind"] and row.cell["labels"] == self.cell["labels"]]
            values = sorted(value for row in alike for value in row.ns(build, "nocache"))
            return values[len(values) // 10]
        return any(statistics.median(self.ns(build, "nocache")) > MOST_UNDISTURBED * quiet(build) for build in self.raw)

    def to_json(self):
        return self.cell | {"ratio": self.ratio, "raw_ns": {build: self.ns(build) for build in self.raw},
                            "raw_nocache_ns": {build: self.ns(build, "nocache") for build in self.raw}}


def compare(tree, rounds, cpu, options):
    """New processes in each round, so the maps are at other addresses, and the other build first. Returns the rows."""
    rows = []
    for done in range(rounds):
        tell(f"round {done + 1} of {rounds}")
        pair = [("this", HERE), ("other", tree)][::1 if done % 2 else -1]
        for _ in range(TRIES):
            found = measure([where for _, where in pair], cpu, options)
            if len(found) == len(pair):
                break
        else:
            sys.exit("bench/run micro: error: no figures from bench micro\nRESULT fail")
        rows = rows or [Row(cell) for cell in found[0]]
        for (build, _), cells in zip(pair, found):
            for row, cell in zip(rows, cells):
                row.raw[build].append(cell)
    return rows


def report(rows, tree, rounds, as_json):
    """Prints it all. Returns whether all is as it must be. Disturbed rows decide nothing."""
    disturbed = [row.name for row in rows if row.disturbed_among(rows)]
    if as_json:
        print(json.dumps({"version": 1, "bench": "micro", "against": str(tree), "rounds": rounds,
                          "cells": [
            row.to_json() | {"disturbed": row.name in disturbed} for row in rows]}))
    else:
        print(f"median ns a packet, strip and restore\n{'slots, kind, labels, in flight':34}   this  other  ratio")
        for row in rows:
            ours, theirs = (statistics.median(row.ns(build)) for build in row.raw)
            print(f"{row.name:34}{ours:7.0f}{theirs:7.0f}{row.ratio:7.3f}{'   disturbed' if row.name in disturbed else ''}")
    return against.report({row.name: row.ratio for row in rows},
                          f"cells={len(rows)} disturbed={len(disturbed)} rounds={rounds}", disturbed=disturbed)


def main():
    cpu = max(os.sched_getaffinity(0))
    args, rest = arguments()
    given = {word.partition("=")[0] for word in rest}
    if not args.against:
        options = command(HERE, cpu, ([] if "--sfc" in given else SFC) + sys.argv[1:])
        os.execvp(options[0], options)
    rounds = args.rounds or ROUNDS
    options = [word for name, value in OPTIONS.items() if name not in given for word in (name, value)]
    rows = compare(args.against, rounds, cpu, ["-j", *options, *rest])
    return 0 if report(rows, args.against, rounds, args.json) else 1


if __name__ == "__main__":
    sys.exit(main())
