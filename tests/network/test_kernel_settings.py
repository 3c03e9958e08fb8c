# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Kernel mode: settings of the kernel that keep packets are named, with the command that mends them."""
import re
import time
import unittest

from kernel_case import KernelCase

from lab import chain
from lab.kernel_mode import SfKernel, config, kernel_ports_config
from lab.net import wait_for

READY, NOT_READY = 0, 1         # exit codes of status
DROP = "add chain ip {table} FORWARD {{ type filter hook forward priority filter; policy drop; }}"


class HostKernelSettings(KernelCase):
    """The SF is the kernel of this host."""

    def text(self):
        return config()

    def status(self):
        done = self.kernel.sfcproxy("status")
        return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("not ready because ")]

    def attached(self):
        done = self.kernel.attach(self.text())
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def named(self, *words):
        """`attach` and `status` name it in one line; the command in it makes the proxy ready."""
        said = self.attached()
        self.assertNotIn("\nready\n", said)
        code, lines = self.status()
        self.assertEqual((code, len(lines)), (NOT_READY, 1), lines)
        self.assertIn(lines[0], said)
        for word in words:
            self.assertIn(word, lines[0])
        command = re.search(r"run '(.*)'$", lines[0])[1].replace("NETWORK", "198.51.100.0/24")
        self.lab.run(self.kernel.role, *command.split())
        self.assertEqual(self.status(), (READY, []))
        print(f"  {lines[0]}")

    def rule(self, *words):
        self.lab.run(self.kernel.role, "nft", " ".join(words))

    def restore(self, *command):
        self.addCleanup(self.lab.run, self.kernel.role, *command, check=False)

    def test_nothing_wrong(self):
        self.assertEqual(self.attached().splitlines()[-1], "ready")
        self.assertEqual(self.status(), (READY, []))

    def test_no_forwarding(self):
        self.restore("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv4.ip_forward=0")
        self.named("the kernel does not forward IPv4; run 'sysctl -w net.ipv4.ip_forward=1'")

    def test_no_forwarding_by_one_interface(self):
        """`all` is on already, so that to switch it on again would do nothing."""
        self.restore("sysctl", "-qw", "net.ipv4.conf.p1.forwarding=1")
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv4.conf.p1.forwarding=0")
        self.named("'p1' does not forward IPv4")

    def test_no_forwarding_of_ipv6(self):
        self.restore("sysctl", "-qw", "net.ipv6.conf.p0.forwarding=1")
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv6.conf.p0.forwarding=0")
        self.named("'p0' does not forward IPv6")

    def test_policy_of_nftables(self):
        """A chain that accepts nothing stops all; one with rules may be a firewall, and is named where packets are
        missing."""
        self.rule("add table ip filter")
        self.rule(DROP.format(table="filter"))
        self.rule("add rule ip filter FORWARD counter")
        said = self.attached()
        what = "chain 'FORWARD' of nftables table 'ip filter' drops all forwarded packets"
        self.assertIn(f"not ready because {what}, since its policy is drop and no rule accepts; "
                      "run 'nft add rule ip filter FORWARD iifname p0 accept'", said)
        self.rule("add rule ip filter FORWARD tcp dport 80 accept")
        self.assertEqual(self.status(), (READY, []))
        self.assertIn("may keep packets: chain 'FORWARD' of nftables table 'ip filter' drops what no rule there accepts; to "
                      "let it through, run 'nft add rule ip filter FORWARD iifname p0 accept'",
                      self.kernel.sfcproxy("status").stdout)

    def test_policy_of_legacy_iptables(self):
        self.restore("iptables-legacy", "-P", "FORWARD", "ACCEPT")
        self.restore("iptables-legacy", "-F", "FORWARD")
        self.lab.run("proxy", "iptables-legacy", "-P", "FORWARD", "DROP")
        said = self.attached()
        self.assertIn("not ready because chain 'FORWARD' of iptables-legacy drops all forwarded packets", said)
        self.assertIn("run 'iptables-legacy -I FORWARD -i p0 -j ACCEPT'", said)
        self.assertEqual(self.status()[0], NOT_READY)
        self.lab.run("proxy", "iptables-legacy", "-I", "FORWARD", "-i", "p0", "-j", "ACCEPT")
        self.assertEqual(self.status(), (READY, []))

    def test_no_route(self):
        self.restore("ip", "route", "replace", "198.51.100.0/24", "dev", "p1")
        self.lab.run("proxy", "ip", "route", "delete", "198.51.100.0/24", "dev", "p1")
        self.named("no IPv4 route leads out of 'p1', so nothing of service 'out' can leave")

    def test_route_by_a_bridge(self):
        """A port of a bridge has its routes and addresses at the bridge."""
        self.restore("ip", "link", "delete", "br0")
        self.restore("ip", "link", "delete", "x0")
        self.lab.link(("proxy", "x0"), ("proxy", "x1"))
        self.lab.run("proxy", "ip", "link", "add", "br0", "up", "type", "bridge")
        self.lab.run("proxy", "ip", "link", "set", "x0", "master", "br0")
        done = self.kernel.attach(config(out="x0"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no IPv4 route leads out of 'x0'", self.status()[1][0])
        self.lab.address("proxy", "br0", "203.0.113.1/24")
        self.assertEqual(self.status(), (READY, []))

    def test_reverse_path(self):
        """Strict, and packets come from where no route leads back: known by the kernel's own counter."""
        self.restore("sysctl", "-qw", "net.ipv4.conf.p0.rp_filter=0")
        self.restore("ip", "route", "delete", f"{chain.SENDER}/32")
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv4.conf.p0.rp_filter=1")
        self.attached()
        self.assertNotIn("reverse path", self.kernel.sfcproxy("status").stdout)
        self.lab.run("proxy", "ip", "route", "add", f"{chain.SENDER}/32", "dev", "p1")
        self.silent()
        status = self.kernel.sfcproxy("status").stdout
        line = next(line for line in status.splitlines() if "reverse path" in line)
        self.assertRegex(line, r"may keep packets: the reverse path filter of 'p0' is strict, and its namespace has dropped "
                               r"\d+ packets so; run 'sysctl -w net/ipv4/conf/p0/rp_filter=2'")
        self.assertIn("'sfcproxy status' names settings that stop them", self.kernel.sfcproxy("stats").stdout)
        self.assertIn("not_returned", self.kernel.proxy.stats()["hints"])

    def test_dead_kernel(self):
        """A rule drops all: noticed from the start, and when it comes later."""
        self.attached()
        self.kernel.rules("insert rule inet lab through iif LEFT drop")
        self.silent(5)
        self.assertEqual(self.kernel.proxy.stats()["silent"], {})       # few packets say nothing
        self.silent(15)
        wait_for("it is noticed", lambda: self.kernel.proxy.stats()["silent"])
        self.assertIn("SF 'nat' got 20 packets and has given none back", self.kernel.proxy.stats()["silent"]["out"])
        self.kernel.rules()
        done = self.lab.run("sender", "ping", "-qn", "-c", 20, "-i", 0.02, chain.RECEIVER)
        self.assertIn(" 20 received", done.stdout)
        self.assertEqual(self.kernel.proxy.stats()["silent"], {})
        self.kernel.rules("insert rule inet lab through iif LEFT drop")
        time.sleep(1.1)     # the patience of `stats`
        self.silent(15)
        self.assertIn("has given none back for", self.kernel.proxy.stats()["silent"]["out"])

    def test_run_looks_again(self):
        self.restore("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.kernel.run(config())
        wait_for("ready", lambda: self.kernel.proxy.said().splitlines()[-1].endswith(": ready"))
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv4.ip_forward=0")
        wait_for("the setting", lambda: "not ready because the kernel does not forward" in self.kernel.proxy.said())
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        wait_for("ready again", lambda: self.kernel.proxy.said().splitlines()[-1].endswith(": ready"))


class SfKernelSettings(KernelCase):
    """The SF is the kernel of another namespace: that one's settings count, and this host's do not."""
    kind = SfKernel

    def test_forwarding(self):
        self.addCleanup(self.lab.run, "SF", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.lab.run("proxy", "sysctl", "-qw", "net.ipv4.ip_forward=0")
        self.kernel.run(kernel_ports_config(self.lab))
        self.lab.run("SF", "sysctl", "-qw", "net.ipv4.ip_forward=0")
        name = self.lab.name("SF")
        what = f"not ready because in network namespace '{name}': the kernel does not forward IPv4"
        wait_for("the setting", lambda: what in self.kernel.proxy.said())
        self.assertEqual(self.kernel.sfcproxy("status").returncode, NOT_READY)
        self.lab.run("SF", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        wait_for("ready", lambda: ": ready" in self.kernel.proxy.said().rpartition(what)[2])     # and a probe, if one was lost


if __name__ == "__main__":
    unittest.main()
