# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`attach`, `run` and `detach` are killed at their system calls that change something, while packets flow: each command
understands the state that is left, the host is as it was behind a `detach`, and the domain sees no bare packet and no
wrong header. Of `run`: at its start, while a port or a hairpin goes and comes back, and at its end.

SFC_KILL_STEP=1 takes every call; else every 180th, from a first one that changes with the day."""
import collections
import datetime
import json
import os
import signal
import sys
import time
import unittest

import ports
from kill_points import KILLED, Tracer, every_call
from support import open_lab

from lab import chain, kernel_mode
from lab.bench import Bench
from lab.net import wait_for
from lab.proxy import Proxy
from lab.service_functions import Routed

STEP = int(os.environ.get("SFC_KILL_STEP", 180))
FIRST = datetime.date.today().toordinal() % STEP
KERNEL = 4              # exit code
NOT_READY, NOTHING = 1, 7       # of status
QUIET = "probe: off"
FOUND = collections.Counter(kills=0, stuck=0, wrong=0, bare=0)


def mac_of(lab, role, device):
    return json.loads(lab.run(role, "ip", "-j", "link", "show", device).stdout)[0]["address"]


class UserMode(unittest.TestCase):
    """On a host that forwards: what comes from the SF without being stopped reaches the domain as it is."""
    roles = ("proxy", "SF")

    @classmethod
    def setUpClass(cls):
        cls.lab = open_lab()
        cls.addClassCleanup(cls.lab.close)
        cls.build()
        cls.tracer = Tracer(cls.lab)
        cls.proxy = Proxy(cls.lab, cls.text)
        cls.options = ("-c", cls.proxy.config, "--pin", cls.proxy.pin)
        cls.before = cls.picture()
        for role, address in (("sender", chain.RECEIVER), ("receiver", chain.SENDER)):
            cls.lab.start(role, "ping", "-qn", "-i", 0.005, "-s", 200, address)

    @classmethod
    def build(cls):
        bench = Bench(cls.lab, Routed())
        cls.lab.run("proxy", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.send_redirects=0")
        cls.edges, cls.text = bench.edges, bench.config_by_mac(QUIET)
        cls.macs = {"f1": mac_of(cls.lab, "proxy", "f1"), "fw1": mac_of(cls.lab, "SF", "fw1")}
        cls.known("SF", "fw0", "10.0.1.1", mac_of(cls.lab, "proxy", "f0"))
        cls.known("SF", "fw1", "10.0.2.1", cls.macs["f1"])

    @classmethod
    def known(cls, role, device, address, mac):
        """Or packets would wait in the SF for an answer to ARP, longer than a drain lasts."""
        cls.lab.run(role, "ip", "neighbour", "replace", address, "lladdr", mac, "dev", device, "nud", "permanent")

    @classmethod
    def picture(cls):
        """Offloads, interfaces, XDP programs and pins, and TC programs."""
        seen = ports.picture(cls.lab, cls.roles)
        seen["pins"] = [pin for pin in seen["pins"] if not pin.startswith("edge-")]
        return seen | {"tc": cls.lab.run("proxy", "bpftool", "net").stdout.split("\ntc:")[1]}

    def setUp(self):
        self.mark = self.edges.arrived()
        self.addCleanup(self.end)

    def end(self):
        if self.proxy.process:
            self.lab.stop(self.proxy.process, signal.SIGKILL)
            self.proxy.process = None
        if self.proxy.pin.exists():
            ports.run(self.lab, "detach", pin=self.proxy.pin)

    def flap(self):
        """The SF's second port is made anew, with the MACs of the old one."""
        self.lab.run("proxy", "ip", "link", "delete", "f1")
        self.lab.link(("proxy", "f1"), ("SF", "fw1"))
        for role, device in (("proxy", "f1"), ("SF", "fw1")):
            self.lab.run(role, "ip", "link", "set", device, "address", self.macs[device])
        self.lab.address("proxy", "f1", "10.0.2.1/30")
        self.lab.address("SF", "fw1", "10.0.2.2/30")
        self.known("SF", "fw1", "10.0.2.1", self.macs["f1"])
        self.lab.route("SF", "198.51.100.0/24", "via", "10.0.2.1")

    # Each takes the call to kill it at, None for none, and returns whether it was killed.

    def killed_attach(self, point):
        return self.tracer.command(point, "attach", *self.options) in KILLED

    def killed_detach(self, point):
        if not self.proxy.pin.exists():
            self.ends(("attach", *self.options))
        return self.tracer.command(point, "detach", *self.options[2:]) in KILLED

    def killed_start(self, point):
        self.start(self.tracer.prefix(point))
        return self.stopped() in KILLED

    def killed_flap(self, point):
        self.running()
        tracer = self.tracer.attach(point, self.proxy.process)
        said = self.proxy.said().count("attached again")
        self.flap()
        wait_for("the end of the flap", lambda: self.proxy.process.poll() is not None or
                 self.proxy.said().count("attached again") > said and self.proxy.status().get("ready"))
        self.lab.stop(tracer)
        return self.proxy.process.poll() in KILLED

    def killed_end(self, point):
        self.running()
        tracer = self.tracer.attach(point, self.proxy.process)
        killed = self.stopped() in KILLED
        self.lab.stop(tracer)
        return killed

    # Behind a kill.

    def ends(self, command, codes=(0,)):
        """Runs it to its end; it says one sentence where it does not like what it finds."""
        done = self.lab.run("proxy", ports.PROGRAM, *command, check=False)
        self.assertIn(done.returncode, codes, f"{command[0]}: {done.stdout}{done.stderr}")
        self.assertLessEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done

    def start(self, before=()):
        with open(self.proxy.log, "wb") as log:
            self.proxy.process = self.lab.start("proxy", *before, ports.PROGRAM, "run", *self.options, stdout=log,
                                                stderr=log)
        wait_for("ready, or an end", lambda: self.proxy.process.poll() is not None or self.kept(self.proxy.status()))

    def kept(self, status):
        """Ready, and by this process: what another one has left may be ready before."""
        return status.get("ready") and status["process"] == self.proxy.process.pid

    def running(self):
        if not self.proxy.process or self.proxy.process.poll() is not None:
            self.start()
            self.assertIsNone(self.proxy.process.poll(), self.proxy.said())

    def stopped(self):
        """Returns the exit code."""
        code = self.lab.stop(self.proxy.process)
        self.proxy.process = None
        return code

    def by_detach(self):
        """Nothing is left, and the host is as it was."""
        done = self.ends(("detach", *self.options[2:]), (0, KERNEL))
        self.assertTrue(done.returncode == 0 or "nothing is attached" in done.stderr, done.stderr)
        self.assertEqual(self.picture(), self.before)

    def by_attach(self):
        self.ends(("attach", *self.options), (0, KERNEL))
        self.by_detach()

    def by_run(self):
        """It takes over, packets flow, and it takes all of it away."""
        self.running()
        good = self.good()
        wait_for("packets", lambda: self.good() > good)
        self.assertEqual(self.stopped(), 0, self.proxy.said())
        self.assertEqual(self.picture(), self.before)

    def good(self):
        return sum(value for side in self.edges.arrived() for key, value in side.items() if key.startswith("good_"))

    def no_leak(self):
        """None since the mark."""
        now, then = self.edges.arrived(), self.mark
        self.mark = now
        found = {what: sum(new[what] - old[what] for new, old in zip(now, then)) for what in ("wrong", "bare")}
        FOUND.update(found)
        self.assertEqual(found, {"wrong": 0, "bare": 0})

    def recover(self, kill):
        self.ends(("status", *self.options[2:]), (0, NOT_READY, NOTHING, KERNEL))
        (self.by_detach, self.by_run, self.by_attach)[kill % 3]()

    def kill_at_each(self, what, takes_over=False, behind=None):
        """`takes_over`: two times of three the next `run` goes on with what is left, and is killed again. `behind`: at
        each point where the second call comes right behind the first one, and at no other."""
        self.assertFalse(what(None))
        points, killed, begin = every_call(self.tracer.calls()), 0, time.monotonic()
        taken = self.tracer.behind(*behind) if behind else points[FIRST::STEP]
        self.end()
        for number, point in enumerate(taken):
            done = what(point)
            killed += done
            with self.subTest(f"killed at {point}"):
                if not takes_over or (done and number % 3 == 0):    # a `run` that lives on has no end to take back
                    self.recover(number // 3 if takes_over else number)
                self.no_leak()
        FOUND["kills"] += killed
        print(f"  {self.id().split('__main__.')[-1]}: {len(points)} calls, {len(taken)} taken, {killed} killed, "
              f"{time.monotonic() - begin:.0f} s", flush=True)
        self.assertGreaterEqual(killed, len(taken) * 0.5)  # a call that is only made at times may not come

    def test_attach(self):
        self.kill_at_each(self.killed_attach)

    def test_attach_behind_offloads(self):
        """A record stands in the journal before the act: nothing that was switched is forgotten."""
        self.kill_at_each(self.killed_attach, behind=("ioctl", "bpf"))

    def test_detach(self):
        self.kill_at_each(self.killed_detach)

    def test_start(self):
        self.kill_at_each(self.killed_start)

    def test_flap(self):
        self.kill_at_each(self.killed_flap, takes_over=True)

    def test_end(self):
        self.kill_at_each(self.killed_end, takes_over=True)


class KernelMode(UserMode):
    """With hairpins and leak guards; the hairpin of p1 goes and is made anew."""
    roles = ("proxy",)
    test_attach_behind_offloads = None

    @classmethod
    def build(cls):
        kernel = kernel_mode.HostKernel(cls.lab)
        kernel.rules()
        cls.edges, cls.text = kernel.edges, kernel_mode.config(stack=f"true, {QUIET}", capacity=4096)
        cls.hairpins = kernel.hairpins
        cls.known("proxy", "p0", chain.SENDER, mac_of(cls.lab, "sender", "s0"))
        cls.known("proxy", "p1", chain.RECEIVER, mac_of(cls.lab, "receiver", "r0"))

    def flap(self):
        self.lab.run("proxy", "ip", "link", "delete", self.hairpins()[-1])


if __name__ == "__main__":
    ended = unittest.main(exit=False).result
    FOUND["stuck"] = len(ended.failures) + len(ended.errors)
    print("RESULT", "pass" if ended.wasSuccessful() else "fail", *(f"{key}={value}" for key, value in FOUND.items()))
    sys.exit(not ended.wasSuccessful())
