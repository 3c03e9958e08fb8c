# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What attaching a proxy whose SF is the kernel of this host makes of the interfaces, and that nothing of it is left."""
import json
import signal
import unittest

from kernel_case import KERNEL, PINGS, KernelCase

from lab import chain, traffic
from lab.net import call, wait_for
from lab.kernel_mode import config

HAIRPINS, ENDS = 2, 2     # one pair for p0, one for p1


class PortThatGoes(KernelCase):
    def test_with_its_hairpin(self):
        """Without the port nothing is stripped that would leave by it; a new one of its name gets a new hairpin."""
        self.kernel.run(config())
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER))
        before = self.kernel.hairpins()
        self.lab.run("proxy", "ip", "link", "delete", "p1")
        wait_for("the hairpin of p1 to go", lambda: len(self.kernel.hairpins()) == ENDS)
        self.silent()
        found = self.kernel.proxy.stats()
        self.assertEqual(found["counters"]["services"]["out"]["dropped"]["no_next_hop"]["packets"], PINGS)
        self.assertEqual(found["conservation"]["kernel"]["not_returned"], 0)
        self.lab.link(("proxy", "p1"), ("classifier", "c2"), chain.MTU_DOMAIN)
        wait_for("a hairpin for the new p1", lambda: len(self.kernel.hairpins()) == HAIRPINS * ENDS)
        self.assertNotEqual(self.kernel.hairpins(), before)
        self.kernel.switch_off()
        self.assertEqual(self.kernel.hairpins(), [])


class HairpinThatGoes(KernelCase):
    def test_gets_a_new_one(self):
        """Without it, packets that leave the kernel would go nowhere, and no counter would have a name for them."""
        self.kernel.run(config())
        for what in ("delete", "set down"):
            before = self.kernel.proxy.said().count("attached again")
            hairpin = next(name for name in self.kernel.hairpins() if name.endswith("a"))
            verb, *state = what.split()
            self.lab.run("proxy", "ip", "link", verb, hairpin, *state)
            wait_for("a new hairpin", lambda at=before: self.kernel.proxy.said().count("attached again") > at)
            self.assertEqual(len(self.kernel.hairpins()), HAIRPINS * ENDS)
            for address in (chain.RECEIVER, chain.RECEIVER6):
                self.good(traffic.ping(self.lab, "sender", address))
        self.assertIn("somebody has removed its hairpin or set it down", self.kernel.proxy.said())


class InABridge(KernelCase):
    def test_is_refused(self):
        """Behind it nobody can tell by which port a packet came in, so one that has lost its ticket would leave bare."""
        self.lab.run("proxy", "ip", "link", "add", "br0", "type", "bridge")
        self.addCleanup(self.lab.run, "proxy", "ip", "link", "delete", "br0")
        self.lab.run("proxy", "ip", "link", "set", "p0", "master", "br0")
        done = self.kernel.attach(config())
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (KERNEL, 1), done.stderr)
        self.assertIn("port 'p0': interface 'p0' is in a bridge", done.stderr)
        self.assertFalse(self.kernel.proxy.pin.exists())

    def test_the_bridge_is_refused(self):
        """Before anything is switched; and its members could not be named while they are in it."""
        self.lab.run("proxy", "ip", "link", "add", "br1", "type", "bridge")
        self.addCleanup(self.lab.run, "proxy", "ip", "link", "delete", "br1")
        self.lab.run("proxy", "ip", "link", "set", "p1", "master", "br1")
        self.lab.run("proxy", "ip", "link", "set", "br1", "up")
        done = self.kernel.attach(config(out="br1").replace("domain: p1", "domain: br1"))
        self.assertEqual((done.returncode, done.stdout), (KERNEL, ""), done.stderr)
        self.assertIn("port 'br1': the driver of 'br1' (bridge) cannot send frames that an XDP program redirects; take a "
                      "member such as 'p1' out of the bridge, and name that\n", done.stderr)


class Leavings(KernelCase):
    """Attach, and a process that is killed, leave things behind; detach leaves nothing of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.link(("proxy", "x0"), ("proxy", "x1"))      # which will get a leak guard

    def setUp(self):
        super().setUp()
        self.before = self.picture()

    def picture(self):
        """What a detach must bring back: interfaces, programs on them, filters, offloads."""
        found = {}
        for name, link in self.kernel.links().items():
            found[name] = (link.get("xdp"), self.lab.run("proxy", "ethtool", "-k", name).stdout,
                           self.lab.run("proxy", "tc", "qdisc", "show", "dev", name).stdout,
                           self.lab.run("proxy", "tc", "filter", "show", "dev", name, "egress").stdout)
        found["net"] = self.lab.run("proxy", "bpftool", "net").stdout
        return found

    def programs(self):
        """Ids of the programs that are pinned."""
        pins = [self.kernel.proxy.pin / name for name in ("sfc_strip", "sfc_restore_tc", "sfc_hairpin")]
        return [json.loads(call("bpftool", "-j", "prog", "show", "pinned", pin).stdout)["id"] for pin in pins]

    def attached(self):
        """While it is attached, all of this is really different; or nothing_left would prove nothing."""
        self.assertEqual(len(self.kernel.hairpins()), HAIRPINS * ENDS)
        self.assertNotEqual(self.picture(), self.before)
        return self.programs()

    def nothing_left(self, programs):
        """A program goes with its last hook, of whatever kind; the kernel takes a moment for it."""
        self.assertEqual(self.kernel.hairpins(), [])
        self.assertFalse(self.kernel.proxy.pin.exists())
        self.assertEqual(self.picture(), self.before)
        for number in programs:
            wait_for(f"the end of program {number}",
                     lambda at=number: call("bpftool", "prog", "show", "id", at, check=False).returncode)

    def works(self):
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS))

    def done(self, result, code=0):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stderr

    def test_attach_and_detach(self):
        for _ in range(2):
            self.done(self.kernel.attach(config()))
            programs = self.attached()
            self.works()
            self.assertIn("attached already", self.done(self.kernel.attach(config()), KERNEL))
            self.assertEqual(self.attached(), programs)
            self.works()
            self.done(self.kernel.sfcproxy("detach"))
            self.nothing_left(programs)
        self.done(self.kernel.sfcproxy("detach"), KERNEL)    # there is nothing to detach any more

    def test_killed(self):
        self.kernel.run(config())
        programs = self.attached()
        self.lab.stop(self.kernel.proxy.process, signal.SIGKILL)
        self.works()                                        # packets need no process
        self.assertEqual(self.attached(), programs)
        self.kernel.run(config())
        self.assertIn("going on with what is attached under", self.kernel.proxy.said())
        self.assertEqual(self.attached(), programs)
        self.works()
        self.lab.stop(self.kernel.proxy.process, signal.SIGKILL)
        self.done(self.kernel.sfcproxy("detach"))
        self.nothing_left(programs)

    def test_stopped(self):
        self.kernel.run(config())
        programs = self.attached()
        self.assertEqual(self.kernel.proxy.stop(), 0)
        self.nothing_left(programs)

    def test_generic(self):
        """Refused in one sentence, and nothing is changed."""
        for command in ("attach", "run"):
            with self.subTest(command=command):
                said = self.done(self.kernel.attach(config(), "--generic", command=command), KERNEL)
                self.assertEqual(len(said.splitlines()), 1, said)
                for word in ("port 'p0'", "through the kernel", "native XDP", "--generic"):
                    self.assertIn(word, said)
                self.nothing_left([])


if __name__ == "__main__":
    unittest.main()
