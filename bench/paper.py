# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bench/run paper: the paper's evaluation. Measures what docs/EVALUATION.md shows, and writes that document and its figures. A
run that was interrupted goes on where it stopped, if it has the same commit and options. With --report it only writes, from
raw results that are there; those of bench/run mpls-router beside them have a section."""
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from bench import mpls_router_plan, paper_raw, paper_report, paper_run  # noqa: E402  (the path above comes first)
from bench.chain_options import Parser, number  # noqa: E402
from bench.mpls_router_results import Router  # noqa: E402
from lab.net import LabError  # noqa: E402

UNFINISHED = paper_raw.ROOT / "build/paper.jsonl"


def path(text):
    """As the caller of bench/run means it, which changes the folder."""
    return pathlib.Path(os.environ.get("BENCH_FROM", "."), text).resolve()


def options():
    parser = Parser(prog="bench/run paper", description=__doc__, allow_abbrev=False)
    parser.add_argument("--rounds", type=number(1, 100), default=7, metavar="N", help="medians are of so many")
    parser.add_argument("--seconds", type=number(0.01, 1, float), default=0.07, metavar="S", help="of one probe")
    parser.add_argument("--report", type=path, metavar="RAW", help="write the document and the figures from this file")
    parser.add_argument("--out", type=path, default=paper_raw.ROOT / "docs", metavar="FOLDER",
                        help="where EVALUATION.md and the folder evaluation are written")
    return parser.parse_args()


def measured(args):
    """Runs what is not there yet. Returns the file."""
    raw = paper_raw.Raw(UNFINISHED, paper_raw.head("paper", rounds=args.rounds, seconds=args.seconds))
    paper_run.run(raw, max(os.sched_getaffinity(0)), args.rounds, args.seconds)
    return UNFINISHED


def router(folder):
    """The results of bench/run mpls-router in that folder; None if there are none."""
    stored = folder / "mpls_router.jsonl"
    return Router(*paper_raw.read(stored, mpls_router_plan.NAME)) if stored.exists() else None


def work(args):
    """Returns whether all packets were right."""
    raw = args.report or measured(args)
    head, points = paper_raw.read(raw)
    good, words = paper_report.write(head, points, args.out, router(raw.parent if args.report else args.out / "evaluation"))
    if not args.report:
        shutil.move(raw, args.out / "evaluation/raw.jsonl")    # finished: the next run begins anew
    print(f"RESULT {'pass' if good else 'fail'} {words}")
    return good


def main():
    try:
        return 0 if work(options()) else 1
    except (LabError, paper_raw.RawError, OSError) as error:
        print(f"bench/run paper: error: {error}\nRESULT fail", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench/run paper: interrupted; the same command goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
