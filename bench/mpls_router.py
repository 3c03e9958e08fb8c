# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bench/run mpls-router: this proxy, mpls_router, act_mpls and plain forwarding against the number of labels, by the instructions that
a guest with Debian's own kernel executes for a packet; and TCP. Writes the raw results, and docs/EVALUATION.md with its figures. A run that was
interrupted goes on where it stopped, if it has the same commit and options."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import sysconfig
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from bench import paper_raw, paper_report  # noqa: E402  (the path above comes first)
from bench.chain_lab import BUILD  # noqa: E402
from bench.chain_options import Parser, number, numbers  # noqa: E402
from bench.mpls_router_plan import LABELS, NAME, points  # noqa: E402
from bench.mpls_router_results import Router  # noqa: E402
from bench.paper import path  # noqa: E402
from bench.paper_run import Progress  # noqa: E402
from lab.net import LabError  # noqa: E402

ROOT = paper_raw.ROOT
UNFINISHED = ROOT / "build/mpls_router.jsonl"
DOCS = ROOT / "docs"
PYTHON = "/usr/bin/python3"
PROGRAMS = (PYTHON, BUILD / "sfcproxy", BUILD / "bench/chain_packets", "bpftool", "cat", "chrt", "ethtool", "ip", "mount", "nsenter", "setpriv",
            "sysctl", "taskset", "tc", "umount")
FILES = (PYTHON, sysconfig.get_path("stdlib"), ROOT / "lab", ROOT / "bench", BUILD / "lab/edge.bpf.o")
MODULES = ("veth", "sch_ingress", "cls_bpf", "cls_matchall", "act_mpls", "mpls_router", "mpls_iptunnel")
SECONDS_MOST = 1700


def options():
    parser = Parser(prog=f"bench/run {NAME}", description=__doc__, allow_abbrev=False)
    parser.add_argument("--rounds", type=number(1, 100), default=3, metavar="N", help="medians are of so many")
    parser.add_argument("--labels", type=numbers(1, 16), default=list(LABELS), metavar="N,N...",
                        help="entries of the stack; without all of them, nothing is written but build/mpls_router.jsonl")
    parser.add_argument("--out", type=path, default=DOCS, metavar="FOLDER",
                        help="where EVALUATION.md and the folder evaluation are written")
    return parser.parse_args()


class Guest:
    """The program in the guest, ended with the block."""

    def __init__(self, rounds, left):
        self.said = []
        settings = {"VM_PROGRAMS": PROGRAMS, "VM_FILES": FILES, "VM_MODULES": MODULES, "VM_TIMEOUT": (SECONDS_MOST,), "VM_COUNT": (1,)}
        # A group of its own: Ctrl-C is for us, and all of the group is ended.
        self.child = subprocess.Popen(
            [ROOT / "tests/vm/run", PYTHON, ROOT / "bench/mpls_router_guest.py", str(rounds), ",".join(point.name for point in left)],
            env=os.environ | {name: " ".join(map(str, words)) for name, words in settings.items()},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGTERM)
        self.child.wait()

    def line(self):
        """The next one of JSON: that all is ready, or a point as the guest measured it."""
        for line in self.child.stdout:
            if line.startswith("{"):
                return json.loads(line)
            self.said.append(line.rstrip())
        raise self.error("has ended too early")

    def end(self):
        """After the last point."""
        self.said += [line.rstrip() for line in self.child.stdout]
        if self.child.wait():
            raise self.error("has failed at its end")

    def error(self, what):
        return LabError("\n".join([f"the guest {what}, with exit code {self.child.wait()}", *self.said[-20:]]))


def measure(raw, rounds, labels):
    """All points that the file has not, in one boot."""
    left = [point for point in points(sorted(set(labels))) if not raw.has(point)]
    if not left:
        return
    boot = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    print("== the guest boots, and makes the networks of all curves", flush=True)
    with Guest(rounds, left) as guest:
        guest.line()
        progress = Progress(left)
        for point in left:
            progress.tell(point)
            found = guest.line()
            if (found.pop("axis"), found.pop("value")) != (point.axis, point.value):
                raise LabError(f"the guest has measured something else than {point.name}")
            raw.add(point, {"boot": boot, **found})
        guest.end()


def work(args):
    """Returns whether all packets were right."""
    raw = paper_raw.Raw(UNFINISHED, paper_raw.head(NAME, rounds=args.rounds))
    measure(raw, args.rounds, args.labels)
    router = Router(*paper_raw.read(UNFINISHED, NAME))
    if all(raw.has(point) for point in points()):
        stored = args.out / "evaluation/mpls_router.jsonl"
        stored.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(UNFINISHED, stored)     # finished: the next run begins anew
        paper_report.write(*paper_raw.read(DOCS / "evaluation/raw.jsonl"), args.out, router)
    print(f"RESULT {'pass' if router.good() else 'fail'} {router.words()}")
    return router.good()


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return 0 if work(options()) else 1
    except (LabError, paper_raw.RawError, OSError) as error:
        print(f"bench/run {NAME}: error: {error}\nRESULT fail", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"bench/run {NAME}: interrupted; the same command goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
