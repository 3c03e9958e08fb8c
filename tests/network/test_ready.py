# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`status` says by its exit code whether packets can pass, `run` says so in one line, and both name what is missing."""
import json
import unittest

import ports  # noqa: E402  (the path comes first)
from support import open_lab

from lab.net import call, wait_for
from lab.proxy import Proxy

READY, NOT_READY, NOTHING = 0, 1, 7     # exit codes of status
WITHIN = 2.0            # seconds from the start of `run` to the line
SF = "ports: {left: {interface: f0, ip: 10.0.1.2}, right: {interface: f1, ip: 10.0.2.2}}"


class Ready(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = open_lab()
        cls.addClassCleanup(cls.lab.close)

    def setUp(self):
        ports.build(self.lab)
        self.addCleanup(self.clear)

    def clear(self):
        ports.run(self.lab, "detach")
        for role in list(self.lab.roles):
            call("ip", "netns", "delete", self.lab.name(role))
        self.lab.roles.clear()

    def status(self):
        """Exit code, reasons, and the last lines as text, which say the same."""
        code, out, _ = ports.run(self.lab, "status", "-j")
        again, text, _ = ports.run(self.lab, "status")
        self.assertEqual(again, code)
        text = text.splitlines()
        reasons = json.loads(out).get("not_ready_because", [])
        self.assertEqual(json.loads(out)["ready"], code == READY)
        if reasons:
            self.assertEqual(text[-len(reasons):], [f"not ready because {reason}" for reason in reasons])
        return code, reasons, text[-1]

    @staticmethod
    def last(proxy):
        """The sentence of its last line, without time and level."""
        return (proxy.said().splitlines() or [""])[-1].partition("info: ")[2]

    def run_proxy(self, text):
        proxy = Proxy(self.lab, text)
        proxy.pin = self.lab.bpffs / "pin"
        proxy.start()
        self.addCleanup(proxy.stop)
        return proxy

    def says(self, proxy, *words, seconds=WITHIN + 3):
        """One line has all the words. It comes within WITHIN seconds of a start on a quiet machine."""
        found = []

        def there():
            found[:] = [line for line in proxy.said().splitlines() if all(word in line for word in words)]
            return found
        wait_for(f"a line with {words}", there, seconds=seconds)
        return found[0]

    def test_exit_codes(self):
        self.assertEqual(self.status()[0], NOTHING)
        code, out, _ = ports.run(self.lab, "attach", text=ports.config())
        self.assertEqual((code, out.splitlines()[-1]), (0, "ready"))
        self.assertEqual(self.status(), (READY, [], "ready"))
        self.lab.run("other", "ip", "link", "set", "d0", "down")
        wait_for("the port down", lambda: self.status()[0] != READY)
        self.assertEqual(self.status()[:2], (NOT_READY, ["port 'p0': interface 'p0' is down, or its peer is; set both up"]))
        self.lab.run("other", "ip", "link", "set", "d0", "up")
        wait_for("the port up", lambda: self.status()[0] == READY)
        self.lab.run("proxy", "ip", "link", "delete", "f1")
        self.assertEqual(self.status()[:2], (NOT_READY, ["port 'f1': there is no interface 'f1' in this network namespace"]))
        self.lab.link(("proxy", "f1"), ("other", "fw1"))
        self.assertIn("does not have its program any more; 'sfcproxy run' mends that", self.status()[1][0])
        self.assertEqual(ports.run(self.lab, "detach")[0], 0)
        self.assertEqual(self.status()[0], NOTHING)
        (self.lab.bpffs / "pin").mkdir()
        self.assertEqual(ports.run(self.lab, "status")[0], 4)       # left by a process that was killed
        (self.lab.bpffs / "pin").rmdir()

    def test_run_says_when_it_changes(self):
        proxy = self.run_proxy(ports.config())
        self.says(proxy, "ready")
        self.assertEqual(self.last(proxy), "ready")
        self.lab.run("other", "ip", "link", "set", "d0", "down")
        self.says(proxy, "not ready because port 'p0'")
        self.lab.run("other", "ip", "link", "set", "d0", "up")
        wait_for("ready again", lambda: self.last(proxy) == "ready")

    def test_next_hop(self):
        """Each fault has its own sentence, and the command that mends it."""
        hop = "{{interface: p0, ip: {}}}".format
        proxy = self.run_proxy(ports.config(hop=hop("192.0.2.9")))
        self.says(proxy, "not ready because the MAC of next hop 192.0.2.9 of service 'out' is not known: 'p0' has no IPv4 "
                         "address to ask from; run 'ip address add ADDRESS dev p0'")
        self.lab.address("proxy", "p0", "198.51.100.1/24")
        self.says(proxy, "it is not on the networks of 'p0' (198.51.100.1/24); correct it, or run 'ip address add")
        self.lab.address("proxy", "p0", "192.0.2.1/24")
        self.says(proxy, "nobody answers for it at 'p0'; see that it is right, and its host up")
        code, reasons, _ = self.status()
        self.assertEqual((code, len(reasons)), (NOT_READY, 1))
        self.lab.address("other", "d0", "192.0.2.9/24")
        wait_for("ready", lambda: self.last(proxy) == "ready")
        self.assertEqual(self.status(), (READY, [], "ready"))

    def test_ipv6_next_hop(self):
        self.lab.address("proxy", "p0", "2001:db8:1::1/64")
        proxy = self.run_proxy(ports.config(hop='{interface: p0, ip: "2001:db8:2::9"}'))
        self.says(proxy, "next hop 2001:db8:2::9 of", "not on the networks of 'p0' (", "2001:db8:1::1/64")

    def test_sf_address(self):
        """Two wrong addresses are two lines."""
        self.lab.address("proxy", "f0", "10.0.1.1/24")
        self.lab.address("proxy", "f1", "10.0.9.1/24")
        proxy = self.run_proxy(ports.config(SF))
        self.says(proxy, "the MAC of SF address 10.0.1.2 at port 'f0' is not known: nobody answers for it at 'f0'")
        self.says(proxy, "the MAC of SF address 10.0.2.2 at port 'f1' is not known: it is not on the networks of 'f1'")

    def test_port_of_a_bridge(self):
        """Answers go to the bridge, so it is asked there; a bridge without an address is named."""
        self.lab.run("proxy", "ip", "link", "add", "br0", "type", "bridge")
        self.lab.run("proxy", "ip", "link", "set", "br0", "up")
        self.lab.run("proxy", "ip", "link", "set", "f0", "master", "br0")
        self.lab.address("other", "fw0", "10.0.1.2/24")
        text = ports.config("ports: {both: {interface: f0, ip: 10.0.1.2}}").replace(", in: left", "")
        proxy = self.run_proxy(text)
        self.says(proxy, "'br0', the bridge of 'f0', has no IPv4 address to ask from; run 'ip address add ADDRESS dev br0'")
        entry = ("10.0.1.2", "lladdr", "02:00:00:00:00:02", "dev", "f0", "nud", "permanent")
        self.lab.run("proxy", "ip", "neighbour", "add", *entry)     # somebody has written it down at the port
        wait_for("ready", lambda: self.last(proxy) == "ready")
        self.assertEqual(proxy.stop(), 0)
        self.lab.run("proxy", "ip", "neighbour", "delete", *entry[:5])
        self.lab.address("proxy", "br0", "10.0.1.1/24")
        proxy = self.run_proxy(text)
        wait_for("ready", lambda: self.last(proxy) == "ready")
        self.assertEqual(self.status(), (READY, [], "ready"))


if __name__ == "__main__":
    unittest.main()
