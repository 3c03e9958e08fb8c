# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Several proxies on one host, each with a directory of its own: of two that want the same ports one gets all of them,
and the other one changes nothing. A resource that both need stays until both have gone."""
import json
import signal
import unittest

import ports
from kernel_case import KERNEL, KernelCase
from kill_points import KILLED, Tracer
from support import NetworkTest

from lab import chain, kernel_mode, traffic
from lab.net import Lab, wait_for
from lab.proxy import Proxy
from lab.service_functions import Routed

ROUNDS = 3
ONE_PORT = """
sfs:
  - {{name: fw, probe: off, ports: {{both: {sf}}}}}
services:
  - {{name: out, match: {{encapsulation: mpls, label: 16001}}, domain: {domain}, sf: {{name: fw}},
     next_hop: {{interface: {hop}, mac: "02:00:00:00:00:99"}}}}
"""
KERNEL_MODE = """
sfs:
  - {name: nat, stack: true, probe: off}
services:
  - {name: out, match: {encapsulation: mpls, label: 16001}, domain: p0, sf: {name: nat}, egress: [p1]}
"""


class Attaching:
    """`attach` in the background, with a directory of its own."""

    def __init__(self, lab, number, text, *before):
        self.pin, self.said = lab.bpffs / f"race{number}", lab.folder / f"race{number}"
        config = lab.folder / f"race{number}.yaml"
        config.write_text(text)
        with open(self.said, "wb") as err:
            self.process = lab.start("proxy", *before, ports.PROGRAM, "attach", "-c", config, "--pin", self.pin, stderr=err)

    def ended(self):
        return self.pin, self.process.wait(60), self.said.read_text()


def race(lab, *texts):
    """All at the same time. Returns their directories, exit codes and errors."""
    return [each.ended() for each in [Attaching(lab, number, text) for number, text in enumerate(texts)]]


class Racing:
    """For both modes; `lab`, `take` and `picture` are theirs."""

    def one_wins(self, ended, before):
        """`ended`: as of race(). The winner has what it needs, and packets pass. It goes, and all is as `before`."""
        winners = [pin for pin, code, _ in ended if code == 0]
        self.assertEqual(len(winners), 1, ended)
        proxy = Proxy(self.lab, "")
        proxy.pin = winners[0]
        self.take(proxy)
        changes = proxy.status()["changes"]
        self.assertGreater(len(changes), 0)
        self.assertEqual([change for change in changes if change["changed_back"]], [])
        for address in (chain.RECEIVER, chain.RECEIVER6):
            self.assertTrue(traffic.ping(self.lab, "sender", address).good)
        result = traffic.iperf(self.lab, "sender", chain.RECEIVER, "-n", "2M", "-b", "100M")
        self.assertTrue(result.good, result.text)
        for pin, code, err in ended:
            if code:
                self.assertEqual((code, len(err.splitlines())), (KERNEL, 1), err)
                self.assertIn("another sfcproxy", err)
                self.assertFalse(pin.exists())
        self.lab.run("proxy", ports.PROGRAM, "detach", "--pin", proxy.pin)
        self.assertEqual(self.picture(), before)


class UserMode(Racing, NetworkTest):
    sf = Routed

    def take(self, proxy):
        self.bench.proxy = proxy

    def picture(self):
        return ports.picture(self.lab, ("proxy", "SF", "classifier"))

    def test_same_ports(self):
        text = self.bench.config_by_mac()
        for _ in range(ROUNDS):
            before = self.picture()
            self.one_wins(race(self.lab, text, text, text), before)

    def test_one_is_slow(self):
        """It is stopped when an offload is switched and no program is there yet; the other one waits for its turn."""
        text, before, tracer = self.bench.config_by_mac(), self.picture(), Tracer(self.lab)
        pin = self.lab.bpffs / "race0"
        (self.lab.folder / "race0.yaml").write_text(text)
        self.assertEqual(tracer.command(None, "attach", "-c", self.lab.folder / "race0.yaml", "--pin", pin), 0)
        call, number = tracer.behind("ioctl", "bpf")[0]
        self.lab.run("proxy", ports.PROGRAM, "detach", "--pin", pin)
        stops = self.lab.folder / "stops"       # not its state: a traced process is stopped at each call for a moment
        slow = Attaching(self.lab, 0, text, "strace", "-Dqq", "-o", stops, "-e",
                         f"inject={call}:signal=STOP:when={number}")
        wait_for("the stop", lambda: stops.exists() and "--- stopped by SIGSTOP ---" in stops.read_text(errors="replace"))
        self.assertNotEqual(self.picture(), before)
        log = self.lab.folder / "flocks"
        other = Attaching(self.lab, 1, text, "strace", "-Dqq", "-o", log, "-e", "trace=flock")
        wait_for("the other one", lambda: other.process.poll() is not None or
                 log.exists() and "EAGAIN" in log.read_text())
        slow.process.send_signal(signal.SIGCONT)
        self.one_wins([slow.ended(), other.ended()], before)


class KernelMode(Racing, KernelCase):
    def take(self, proxy):
        self.kernel.proxy = proxy

    def picture(self):
        return ports.picture(self.lab, ("proxy",)) | {"net": self.lab.run("proxy", "bpftool", "net").stdout}

    def test_same_ports(self):
        for _ in range(ROUNDS):
            before = self.picture()
            self.one_wins(race(self.lab, kernel_mode.config(), kernel_mode.config()), before)


class Shared(unittest.TestCase):
    """One after the other: A is attached, then B, and then they go in one order or the other."""

    def setUp(self):
        self.lab = self.enterContext(Lab())
        ports.build(self.lab)
        for number in (1, 2):
            self.lab.link(("proxy", f"p{number}"), ("other", f"d{number}"))
        self.lab.wait_up()
        self.before = ports.picture(self.lab)

    def attach(self, pin, text, *options, before=()):
        code, out, err = ports.run(self.lab, "attach", *options, text=text, pin=pin, before=before)
        self.assertEqual((code, err), (0, ""), out)

    def detach(self, pin):
        code, out, err = ports.run(self.lab, "detach", pin=pin)
        self.assertEqual((code, err), (0, ""), out)

    def polls(self):
        """Whether d1, the peer of p1, has the program that makes it poll."""
        return "xdp" in json.loads(self.lab.run("other", "ip", "-j", "link", "show", "d1").stdout)[0]

    def test_peer_that_polls(self):
        """Both send frames out of p1. Of the two, the one that goes first is in turn each of them."""
        for first, second in (("a", "b"), ("b", "a")):
            with self.subTest(first=first):
                self.attach("a", ONE_PORT.format(sf="f0", domain="p0", hop="p1"))
                self.attach("b", ONE_PORT.format(sf="f1", domain="p2", hop="p1"))
                self.assertTrue(self.polls())
                self.detach(first)
                self.assertTrue(self.polls())
                self.detach(second)
                self.assertEqual(ports.picture(self.lab), self.before)

    def links(self, pin):
        """The ids of the BPF links that make peers poll."""
        shown = [json.loads(self.lab.run("proxy", "bpftool", "-j", "link", "show", "pinned", path).stdout)
                 for path in (self.lab.bpffs / pin).glob("pass_*")]
        return {(link if isinstance(link, dict) else link[0])["id"] for link in shown}

    def shared(self):
        return self.links("a") & self.links("b")

    def go_on(self, pin, text, until):
        """`run` goes on with what is attached, and leaves it."""
        proxy = Proxy(self.lab, text)
        proxy.pin = self.lab.bpffs / pin
        proxy.start("--keep")
        wait_for("what it mends", until)
        self.assertEqual(proxy.stop(), 0)

    def test_peer_that_polls_no_more(self):
        """Somebody takes their program off. One `run` puts it there again, and the other one shares it."""
        texts = {"a": ONE_PORT.format(sf="f0", domain="p0", hop="p1"), "b": ONE_PORT.format(sf="f1", domain="p2", hop="p1")}
        for pin, text in texts.items():
            self.attach(pin, text)
        [link] = self.shared()
        self.lab.run("proxy", "bpftool", "link", "detach", "id", link)
        self.assertFalse(self.polls())
        self.go_on("a", texts["a"], self.polls)
        self.go_on("b", texts["b"], lambda: self.shared() - {link})
        self.detach("a")
        self.assertTrue(self.polls())
        self.detach("b")
        self.assertEqual(ports.picture(self.lab), self.before)

    def test_one_way_out_has_one_hairpin(self):
        self.attach("a", KERNEL_MODE)
        pictured = ports.picture(self.lab)
        code, _, err = ports.run(self.lab, "attach", text=KERNEL_MODE.replace("p0", "p2"), pin="b")
        self.assertEqual(code, KERNEL)
        self.assertIn("port 'p1': interface 'p1' has the hairpin of another sfcproxy", err)
        self.assertIn(str(self.lab.bpffs / "a"), err)
        self.assertEqual(ports.picture(self.lab), pictured)
        self.detach("a")
        self.assertEqual(ports.picture(self.lab), self.before)

    def test_killed_in_its_turn(self):
        """The kernel gives the turn to the next one."""
        self.attach("a", ONE_PORT.format(sf="f0", domain="p0", hop="p1"))
        text, tracer = ONE_PORT.format(sf="f1", domain="p2", hop="p1"), Tracer(self.lab)
        self.attach("b", text, before=("strace", "-qq", *tracer.options(None)))
        point = tracer.behind("ioctl", "bpf")[0]
        self.detach("b")
        self.assertIn(ports.run(self.lab, "attach", text=text, pin="b", before=("strace", "-qq", *tracer.options(point)))[0],
                      KILLED)
        self.detach("a")
        self.detach("b")
        self.assertEqual(ports.picture(self.lab), self.before)


if __name__ == "__main__":
    unittest.main()
