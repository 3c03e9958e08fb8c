# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A lab that stands on when the program that built it has ended, and how it is taken away."""
import os
import pathlib
import shutil
import signal
import sys

from lab.net import Lab, LabError, call, wait_for

# A file for each lab, with the path of its folder: written first, so that nothing is left that no file tells of.
RECORDS = pathlib.Path("/run/sfcproxy-demo")


class KeptLab(Lab):
    """Removed at the end as every lab is, unless leave() was called. Its processes do not end with this one."""

    tied = ()

    def __init__(self):
        super().__init__()
        self.prefix = f"sfc-demo-{os.getpid()}-"
        self.record = RECORDS / self.title
        self.left = False

    @property
    def title(self):
        return self.prefix.rstrip("-")

    def __enter__(self):
        if self.record.exists():
            raise LabError(f"{self.record}: there is a lab of this name already")
        RECORDS.mkdir(mode=0o700, exist_ok=True)
        super().__enter__()
        self.record.write_text(str(self.folder))
        return self

    def leave(self):
        self.left = True

    def close(self):
        if not self.left:
            super().close()
            self.record.unlink(missing_ok=True)


def clean(title=None):
    """Takes one lab away, or all. Returns their names."""
    records = sorted(RECORDS.glob("*")) if title is None else [RECORDS / title]
    for record in records:
        if not record.exists():
            raise LabError(f"there is no lab '{record.name}'")
        _take_away(record)
    return [record.name for record in records]


def _take_away(record):
    folder = pathlib.Path(record.read_text())
    listed = [line.split()[0] for line in call("ip", "netns", "list").stdout.splitlines()]
    names = [name for name in listed if name.startswith(f"{record.name}-")]
    # The proxy first: it takes its programs off as long as there are interfaces.
    for number, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 2)):
        for process in _inside(names):
            _signal(process, number)
        try:
            wait_for("the processes of the lab", lambda: not _inside(names), seconds)
            break
        except LabError:
            continue
    for name in names:
        call("ip", "netns", "delete", name)
    call("umount", "--lazy", folder / "bpf", check=False)
    shutil.rmtree(folder, ignore_errors=True)
    record.unlink()


def _inside(names):
    return [int(word) for name in names for word in call("ip", "netns", "pids", name).stdout.split()]


def _signal(process, number):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass  # it has ended by itself


def main(*titles):
    """`scripts/demo --clean`. Returns the exit code."""
    try:
        names = clean(*titles)
    except LabError as problem:
        print(f"FAIL: {problem}")
        return 1
    print(f"taken away: {', '.join(names)}" if names else "no lab was kept")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
