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


def blocks():
    """The three code blocks of the section: make the SF, the configuration, start the proxy."""
    text = (ROOT / "README.md").read_text().split("## In front of your own SF")[1].split("\n## ")[0]
    found = re.findall(r"```(sh|yaml)\n(.*?)```", text, re.DOTALL)
    assert [kind for kind, _ in found] == ["sh", "yaml", "sh"]
    return [body for _, body in found]


class ReadmeTest(unittest.TestCase):
    def test_newcomer(self):
        lab = self.enterContext(Lab())
        chain.build(lab)
        edges = chain.Edges(lab)
        sf = lab.name("readme")
        self.addCleanup(call, "ip", "netns", "delete", sf, check=False)
        make, config, start = blocks()
        lab.run("proxy", "bash", "-ec", make.replace("SF=fw", f"SF={sf}"))
        (lab.folder / "proxy.yaml").write_text(config.replace("netns: fw", f"netns: {sf}"))
        # Only positions differ: the program, its configuration, and a directory for pins that no other test has.
        start = start.replace("build/sfcproxy", ports.PROGRAM).replace("proxy.yaml", str(lab.folder / "proxy.yaml"))
        pin = f"--pin {lab.bpffs / 'pin'}"
        start = re.sub(r"(sfcproxy\S* (?:run|status|stats))", rf"\1 {pin}", start)
        log = lab.folder / "readme.log"
        with open(log, "wb") as out:
            shell = lab.start("proxy", "bash", "-ec", start + "wait\n", stdout=out, stderr=out)
            wait_for("the last command of the README", lambda: "after_verdict" in log.read_text(), seconds=15)
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
