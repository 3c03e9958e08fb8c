# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The README's way from nothing to a proxy in front of one's own SF, command by command as it stands there."""
import json
import os
import pathlib
import re
import signal
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import ports  # noqa: E402  (the path above comes first)
from lab import chain, traffic  # noqa: E402
from lab.edge import total  # noqa: E402
from lab.net import Lab, call, wait_for  # noqa: E402


def blocks(section, kinds):
    """The code blocks of a section, which has one of each of these kinds in turn."""
    text = (ROOT / "README.md").read_text().split(f"## {section}\n")[1].split("\n## ")[0]
    found = re.findall(r"```(sh|yaml)\n(.*?)```", text, re.DOTALL)
    assert [kind for kind, _ in found] == kinds
    return [body for _, body in found]


class ReadmeTest(unittest.TestCase):
    def prepare(self, lab):
        """Makes the SF in the proxy's namespace. Returns the commands that start the proxy."""
        sf = lab.name("readme")
        self.addCleanup(call, "ip", "netns", "delete", sf, check=False)
        make, config, start = blocks("In front of your own SF", ["sh", "yaml", "sh"])
        lab.run("proxy", "bash", "-ec", make.replace("SF=fw", f"SF={sf}"))
        (lab.folder / "proxy.yaml").write_text(config.replace("netns: fw", f"netns: {sf}"))
        # Only paths differ: the program, its configuration, and a directory for pins that no other test has.
        start = start.replace("build/sfcproxy", ports.PROGRAM).replace("proxy.yaml", str(lab.folder / "proxy.yaml"))
        pin = f"--pin {lab.bpffs / 'pin'}"
        return re.sub(r"(sfcproxy\S* (?:run|status|stats))", rf"\1 {pin}", start)

    def test_send(self):
        """Labelled packets, with nothing but what the README makes."""
        lab = self.enterContext(Lab())
        lab.namespace("proxy")
        domain = lab.name("domain")
        self.addCleanup(call, "ip", "netns", "delete", domain, check=False)
        make, send = (re.sub(r"(add|netns|-n|exec) domain\b", rf"\1 {domain}", block)
                      for block in blocks("Send a labelled packet", ["sh", "sh"]))
        lab.run("proxy", "bash", "-ec", make)
        send = send.replace("build/sfcproxy", ports.PROGRAM)
        stats = f"{ports.PROGRAM} stats --pin {lab.bpffs / 'pin'}"
        script = f"{self.prepare(lab)}\n{send}\n{stats}\nkill %1\nwait\n"
        said = lab.run("proxy", "bash", "-c", f"exec 2>&1\n{script}").stdout
        self.assertRegex(said, r"sent 10 packets in .* on 'd0' to .*: --labels 16001:0:64,16003:0:64")
        self.assertIn("RESULT pass received=10 wrong=0 lost=0 duplicate=0 reordered=0", said)
        for line in ("to_sf +10 +1500", "claimed +10 +1420", "restored +10 +1420"):
            self.assertRegex(said, line)
        self.assertIn("detached", said)

    def test_newcomer(self):
        lab = self.enterContext(Lab())
        chain.build(lab)
        edges = chain.Edges(lab)
        start = self.prepare(lab)
        log = lab.folder / "readme.log"
        with open(log, "wb") as out:
            shell = lab.start("proxy", "bash", "-ec", start + "wait\n", stdout=out, stderr=out)
            wait_for("the last command of the README", lambda: "after_verdict" in log.read_text())
            self.assertTrue(traffic.ping(lab, "sender", chain.RECEIVER).good, log.read_text())
            good = [total(side, "good") for side in edges.arrived()]
            self.assertEqual(good, [20, 20])
            os.kill(json.loads(ports.run(lab, "status", "-j")[1])["process"], signal.SIGTERM)
            shell.wait(20)
        said = log.read_text()
        for word in ("ok", "ready", "balanced", "web-out", "detached"):
            self.assertIn(word, said)


if __name__ == "__main__":
    unittest.main()
