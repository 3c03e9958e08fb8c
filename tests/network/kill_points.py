# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Kills or stops a command at one of its system calls, and says which calls it makes: strace does all of it."""
import collections
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import ports  # noqa: E402  (the path above comes first)
from lab.net import wait_for  # noqa: E402

# Netlink and ethtool change interfaces, bpf programs, maps and pins, the others files. Some of them only ask.
CALLS = "bpf,sendto,ioctl,mkdir,rename,unlink,rmdir,fcntl,flock,setns"
LOOKS = "bpf,openat,statfs,fstatfs"  # the calls by which a command looks whether something is attached
KILLED = (-9, 137)


def every_call(calls):
    """(call, n) for each of the counted calls."""
    return [(call, n) for call, count in sorted(calls.items()) for n in range(1, count + 1)]


class Tracer:
    """One traced process of the lab at a time; `point` is the call that brings it `signal`, None for none."""

    def __init__(self, lab, calls=CALLS, signal="KILL"):
        self.lab, self.traced, self.signal = lab, calls, signal
        self.log = lab.folder / "calls"

    def options(self, point):
        inject = ["-e", f"inject={point[0]}:signal={self.signal}:when={point[1]}"] if point else []
        return ["-o", self.log, "-e", f"trace={self.traced}", *inject]

    def lines(self):
        """(call, its arguments) of all calls, in their order."""
        return re.findall(r"(?m)^(\w+)\((.*)", self.log.read_text(errors="replace"))

    def calls(self):
        return collections.Counter(name for name, _ in self.lines())

    def naming(self, path):
        """The points of the calls that name something in that directory, and of the call behind each."""
        seen, found, before = collections.Counter(), [], False
        for name, arguments in self.lines():
            seen[name] += 1
            names = f'"{path}' in arguments
            if names or before:
                found.append((name, seen[name]))
            before = names
        return found

    def stopped(self):
        return "--- stopped by SIGSTOP ---" in self.log.read_text(errors="replace")

    def behind(self, first, second):
        """The points of the second call where it comes right behind the first one, and that changes something."""
        seen, found, last = collections.Counter(), [], None
        for name, arguments in self.lines():
            seen[name] += 1
            if (last, name) == (first, second):
                found.append((name, seen[name]))
            last = None if "NS_GET_NSTYPE" in arguments else name
        return found

    def command(self, point, *words):
        """Runs a command of sfcproxy to its end. Returns its exit code, killed or not."""
        done = self.lab.run("proxy", "strace", "-qq", *self.options(point), ports.PROGRAM, *words, check=False)
        return done.returncode

    def prefix(self, point):
        """In front of a command in the background: the process is the command's own, and strace is its child."""
        return ("strace", "-D", "-qq", *self.options(point))

    def attach(self, point, process):
        """To a process that runs already; the count begins now. Returns the tracer, which ends with it."""
        said = pathlib.Path(f"{self.log}.err")
        with open(said, "wb") as err:
            tracer = self.lab.start("proxy", "strace", *self.options(point), "-p", process.pid, stderr=err)
        wait_for("strace", lambda: "attached" in said.read_text())
        return tracer
