# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`attach` and `detach` are killed at their system calls that change something: whatever state is left, each command
understands it, `detach` takes all of it away, and the host is as it was.

SFC_KILL_STEP=1 takes every call; else every eighteenth, from a first one that changes with the day."""
import collections
import datetime
import os
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import ports  # noqa: E402  (the path above comes first)
from lab.net import Lab  # noqa: E402

STEP = int(os.environ.get("SFC_KILL_STEP", 18))
FIRST = datetime.date.today().toordinal() % STEP
# Netlink and ethtool change interfaces, bpf programs, maps and pins, the others files.
CALLS = "bpf,sendto,ioctl,mkdir,rename,unlink,rmdir,fcntl,flock,setns"
KILLED, KERNEL = (-9, 137), 4


KERNEL_MODE = """
sfs:
  - {name: nat, stack: true, probe: off}
services:
  - {name: out, match: {encapsulation: mpls, label: 16001}, domain: p0, sf: {name: nat}, egress: [f1]}
"""


class UserMode(unittest.TestCase):
    text = ports.config()

    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(Lab())
        ports.build(cls.lab)
        cls.before = cls.picture()

    @classmethod
    def picture(cls):
        """Offloads, interfaces, XDP programs and pins, and TC programs."""
        return ports.picture(cls.lab) | {"tc": cls.lab.run("proxy", "bpftool", "net").stdout}

    def trace(self, command, *options):
        """Runs it under strace. Returns its exit code and how often it made each of the calls."""
        log = self.lab.folder / "calls"
        code, _, _ = ports.run(self.lab, command, before=("strace", "-qq", "-o", log, "-e", f"trace={CALLS}", *options),
                               text=self.text if command == "attach" else None)
        return code, collections.Counter(re.findall(r"(?m)^(\w+)\(", log.read_text()))

    def points(self, command):
        code, calls = self.trace(command)
        self.assertEqual(code, 0)
        every = [(call, n) for call, count in sorted(calls.items()) for n in range(1, count + 1)]
        print(f"  {command}: {len(every)} calls, {len(every[FIRST::STEP])} of them taken", flush=True)
        return every[FIRST::STEP]

    def recover(self, where):
        """After a kill: `status` and `detach` end as they should, and nothing is left."""
        code, _, err = ports.run(self.lab, "status")
        self.assertIn(code, (0, KERNEL), f"{where}: status: {err}")
        self.assertLessEqual(len(err.splitlines()), 1, f"{where}: {err}")
        code, out, err = ports.run(self.lab, "detach")
        self.assertTrue(code == 0 or "nothing is attached" in err, f"{where}: detach: {code} {out}{err}")
        self.assertEqual(self.picture(), self.before, where)

    def attach(self):
        self.assertEqual(ports.run(self.lab, "attach", text=self.text)[0], 0)

    def kill_at_each(self, command, points, prepare=lambda: None):
        killed = 0
        for call, n in points:
            prepare()
            code, _ = self.trace(command, "-e", f"inject={call}:signal=KILL:when={n}")
            killed += code in KILLED
            with self.subTest(f"{command} killed at {call} {n}"):
                self.recover(f"{call} {n}")
        print(f"  {killed} killed", flush=True)
        self.assertGreaterEqual(killed, len(points) * 0.9)

    def test_attach(self):
        points = self.points("attach")
        self.assertEqual(ports.run(self.lab, "detach")[0], 0)
        self.kill_at_each("attach", points)

    def test_detach(self):
        self.attach()
        self.kill_at_each("detach", self.points("detach"), self.attach)


class KernelMode(UserMode):
    """With hairpins and leak guards."""
    text = KERNEL_MODE


if __name__ == "__main__":
    unittest.main()
