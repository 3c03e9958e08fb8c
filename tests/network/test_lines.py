# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Lines for people. Those of `run` have a time and a level. Offloads are one line a port, and are not said again. An
address of this host is no next hop and no SF."""
import json
import re
import signal
import subprocess
import unittest

import ports  # its folder comes first
import support  # noqa: F401, finds the lab
from lab.net import Lab, wait_for

KERNEL = 4
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (info|warning): \S.*")
JOURNAL = re.compile(r"<[46]>\S.*")


class Lines(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(Lab())
        ports.build(self.lab)

    def run_and_say(self, stream=""):
        """All that `run` says, with a port that goes down meanwhile. `stream`: $JOURNAL_STREAM, "own" for the log's."""
        path, log = self.lab.folder / "proxy.yaml", self.lab.folder / "log"
        path.write_text(ports.config())
        log.touch()
        own = f"{log.stat().st_dev}:{log.stat().st_ino}"
        before = ("env", f"JOURNAL_STREAM={own if stream == 'own' else stream}")
        with open(log, "wb") as out:
            process = self.lab.start("proxy", *before, ports.PROGRAM, "run", "-c", path, "--pin", self.lab.bpffs / "pin",
                                     stdout=out, stderr=subprocess.STDOUT)
        wait_for("run", lambda: '"ready":true' in ports.run(self.lab, "status", "-j")[1])
        self.lab.run("other", "ip", "link", "set", "d0", "down")
        wait_for("the port down", lambda: "'p0' is down" in log.read_text())
        self.lab.run("other", "ip", "link", "set", "d0", "up")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 0)
        return log.read_text().splitlines()

    def test_time_and_level(self):
        said = self.run_and_say()
        for line in said:
            self.assertRegex(line, rf"\A{LINE.pattern}\Z")
        levels = {LINE.match(line)[1] for line in said if "'p0' is down" in line}
        self.assertEqual(levels, {"warning"})
        self.assertEqual({LINE.match(line)[1] for line in said if "detached" in line}, {"info"})
        self.assertFalse([line for line in said if line.count("warning") > 1])

    def test_journal(self):
        """It has the time itself. Other files are for people."""
        said = self.run_and_say("own")
        for line in said:
            self.assertRegex(line, rf"\A{JOURNAL.pattern}\Z")
        self.assertEqual({line[:3] for line in said if "'p0' is down" in line}, {"<4>"})
        for line in self.run_and_say("1:2"):
            self.assertRegex(line, LINE)

    def test_offloads(self):
        code, out, err = ports.run(self.lab, "attach", text=ports.config())
        self.assertEqual((code, err), (0, ""), out)
        for port, peer in ports.PAIRS:
            notes = [line for line in out.splitlines() if f"port '{port}': switched" in line]
            self.assertEqual(len(notes), 1, out)
            self.assertIn(f"'tx' and 'txvlan' of '{peer}' in network namespace", notes[0])
        short, long = (ports.run(self.lab, "status", *options)[1] for options in ((), ("-v",)))
        self.assertNotIn("'txvlan'", short)
        self.assertIn("offloads changed until detach: 6; 'status -v' lists them", short)
        self.assertEqual(long.count("changed until detach: offload '"), 6)
        self.lab.run("other", "ethtool", "-K", "fw0", "tx", "on")
        self.assertIn("offload 'tx' of 'fw0' is ON AGAIN", ports.run(self.lab, "status")[1])

    def refused(self, command, text, sentence):
        before = ports.picture(self.lab)
        code, out, err = ports.run(self.lab, command, text=text)
        self.assertEqual((code, out), (KERNEL, ""), err)
        self.assertEqual(err, f"sfcproxy: error: {sentence}; give that of the other end\n")
        self.assertEqual(ports.picture(self.lab), before)

    def test_own_addresses(self):
        for address, device in (("192.0.2.1/24", "p0"), ("2001:db8::1/64", "f0"), ("198.51.100.1/29", "f1")):
            self.lab.run("proxy", "ip", "address", "add", address, "dev", device, *(["nodad"] if ":" in address else []))
        for own in ("192.0.2.1", "2001:db8::1"):
            self.refused("run", ports.config(hop=f'{{interface: p0, ip: "{own}"}}'),
                         f"service 'out': next hop {own} is an address of this host")
            self.refused("run", ports.config(sf=f'ports: {{left: {{interface: f0, ip: "{own}"}}, right: f1}}'),
                         f"port 'f0': SF address {own} is an address of this host")
        for hop in ("192.0.2.255", "198.51.100.7"):
            self.refused("run", ports.config(hop=f"{{interface: p0, ip: {hop}}}"),
                         f"service 'out': next hop {hop} is the broadcast address of a network here")
        mac = {device: json.loads(self.lab.run("proxy", "ip", "-j", "link", "show", device).stdout)[0]["address"]
               for device in ("p0", "f0")}
        for command in ("attach", "run"):
            self.refused(command, ports.config(hop=f'{{interface: p0, mac: "{mac["p0"]}"}}'),
                         f"service 'out': next hop {mac['p0']} is the MAC of interface 'p0' itself")
            self.refused(command, ports.config(sf=f'ports: {{left: {{interface: f0, mac: "{mac["f0"]}"}}, right: f1}}'),
                         f"port 'f0': SF address {mac['f0']} is the MAC of interface 'f0' itself")


if __name__ == "__main__":
    unittest.main()
