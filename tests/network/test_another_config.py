# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`attach` and `run` where something is attached already: a configuration that means the same is no other one, another
one is told by its difference, and the one command that is named makes way."""
import re
import subprocess
import unittest

import ports  # noqa: F401, its folder comes first
import support  # noqa: F401, finds the lab
from lab.net import Lab, wait_for

KERNEL = 4
SAME = """
# The same by meaning: comments, another order, defaults that are written out.
services:
  - sf: {in: left, name: fw}
    next_hop: ingress
    domain: [{interface: p0}]   # a list of one
    match: {label: 16001, encapsulation: mpls}
    name: out
    ttl: uniform
unmatched: pass
sfs:
  - hold: 100000us
    name: fw
    ports: {right: {interface: f1}, left: f0}
    probe: off"""
OTHERS = (
    (("probe: off", "probe: off, hold: 200ms"), "SF 'fw' hold is 100ms there and 200ms here"),
    (("probe: off", "probe: on"), "SF 'fw' probe is off there and on here"),
    (("16001", "16009"), "service 'out' match label is 16001 there and 16009 here"),
    (("next_hop: ingress", "next_hop: ingress, ttl: pipe"), "service 'out' ttl is uniform there and pipe here"),
    (("domain: p0", "domain: {interface: p0, mtu: 1400}"), "port 'p0' mtu is of the interface there and 1400 here"),
    (("name: fw", "name: ids"), "SF 'fw' is attached, and not in the configuration, and "),
    (("left: f0", "left: {interface: f0, mac: '02:00:00:00:00:0b'}"),
     "SF 'fw' ports left mode is transparent there and routed here, and 1 more"),
    (("sfs:", "cache: {capacity: 4096}\nsfs:"), "cache capacity is 65536 there and 4096 here, and 1 more"),
)


class AnotherConfig(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(Lab())
        ports.build(self.lab)
        self.pin = self.lab.bpffs / "pin"

    def refused(self, text, sentence):
        """Nothing changes by it."""
        before = ports.picture(self.lab)
        code, out, err = ports.run(self.lab, "attach", text=text)
        self.assertEqual((code, out), (KERNEL, ""), err)
        self.assertRegex(err, r"\Asfcproxy: error: [^\n]+\n\Z")
        self.assertIn(sentence, err)
        self.assertEqual(ports.picture(self.lab), before)
        return err

    def attach(self, text):
        code, out, err = ports.run(self.lab, "attach", text=text)
        self.assertEqual((code, err), (0, ""), out)

    def start(self, text):
        path = self.lab.folder / "run.yaml"
        path.write_text(text)
        with open(self.lab.folder / "run.log", "wb") as log:
            process = self.lab.start("proxy", ports.PROGRAM, "run", "-c", path, "--pin", self.pin, stdout=log,
                                     stderr=subprocess.STDOUT)
        wait_for("run", lambda: f'"process":{process.pid}' in ports.run(self.lab, "status", "-j")[1])
        return process

    def test_without_a_process(self):
        self.attach(ports.config())
        for text in (ports.config(), SAME):
            self.assertIn("'sfcproxy status'", self.refused(text, "says the same"))
        for change, difference in OTHERS:
            with self.subTest(difference):
                told = self.refused(ports.config().replace(*change), difference)
                command = re.search(r"'sfcproxy (detach --pin \S+)' ends it", told)[1]
                self.assertEqual(command, f"detach --pin {self.pin}")
        self.assertEqual(self.lab.run("proxy", ports.PROGRAM, *command.split(), check=False).returncode, 0)
        self.attach(SAME)

    def test_while_run_is_active(self):
        self.attach(ports.config())
        process = self.start(SAME)  # takes it over
        self.refused(ports.config(), f"process {process.pid} runs")
        told = self.refused(ports.config().replace(*OTHERS[0][0]), OTHERS[0][1])
        command = re.search(r"'(kill \d+)' ends it", told)[1]
        self.lab.run("proxy", *command.split())
        self.assertEqual(process.wait(20), 0)
        self.attach(ports.config().replace(*OTHERS[0][0]))


if __name__ == "__main__":
    unittest.main()
