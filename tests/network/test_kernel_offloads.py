# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Offloads around an SF that is a kernel, set before attach and switched by somebody else behind it: nothing is spoilt,
what would break something is switched back and brought back at detach. And no flow is reordered. Outcomes:
kernel_cells.py."""
import re
import json
import time
import unittest

from kernel_cells import HAIRPIN, SETTLES, Cells

from lab import chain
from lab.net import wait_for
from lab.kernel_mode import MASQUERADE, SfKernel, config, kernel_ports_config

# Not TCPDSACKRecv: it also counts what a timer has sent a second time, where the machine is busy.
REORDERED = ("TCPOFOQueue", "TCPSACKReorder", "TCPTSReorder", "TCPDSACKOfoRecv", "TCPDSACKOfoSent")
WITHIN = 5.0            # seconds in which the program switches back: less than one, but for slow machines
CHECKSUMS = ("tx", "rx off", "tso")     # settings with which TCP is tried
AS_THEY_COME = "gro off rx-gro-list off rx-udp-gro-forwarding off tso on gso on tx on rx on txvlan on"


class Offloads(Cells):
    """A cell names interfaces as the lab does, and those of a hairpin by their port."""
    gro_on = "{gro: on}"

    def setUp(self):
        super().setUp()
        self.kernel.rules(MASQUERADE)
        for device in self.devices():
            self.ethtool(device, AS_THEY_COME)

    def devices(self):
        return ("p0", "p1", "c1", "c2")

    def role(self, device):
        return {"c": "classifier", "fw": self.kernel.role}.get(device.rstrip("0123456789"), "proxy")

    def ethtool(self, device, settings):
        """What the kernel holds back for now (TSO without checksums) ethtool calls an error."""
        self.lab.run(self.role(device), "ethtool", "-K", device, *settings.split(), check=False)

    def features(self):
        return {device: self.lab.run(self.role(device), "ethtool", "-k", device).stdout for device in self.devices()}

    def text(self, stack):
        return config(stack=stack)

    def said(self, device, offload, on="off", since=0):
        """That the program switched it."""
        at_first = re.compile(rf"switched until detach: .*'{offload}'[^;]* of '{device}'[^;]* {on}(;|$)")
        again = re.compile(rf"switched offload '{offload}' of interface '{device}'.* {on} until detach")
        return [line for line in self.kernel.proxy.said().splitlines()[since:] if at_first.search(line) or again.search(line)]

    def changed_back(self):
        return [(change["interface"], change["offload"]) for change in self.kernel.proxy.status()["changes"]
                if change["changed_back"]]

    def exercise(self, settings, address=chain.RECEIVER):
        """TCP in both directions only where checksums are at stake."""
        self.brief()
        return self.tcp(address) if any(word in settings for word in CHECKSUMS) else "small"

    def set_before(self, name, settings, switched=(), stack="true", merged=False):
        """`settings`: "p0 p1: gro on". `switched`: interface, offload, and to what."""
        with self.subTest(name):
            for devices, setting in (part.split(": ") for part in settings):
                for device in devices.split():
                    self.ethtool(device, setting)
            before = self.features()
            self.start(self.text(stack))
            for device, offload, to in switched:
                self.assertTrue(self.said(device, offload, to), self.kernel.proxy.said())
            if merged:
                self.equal()
            note = self.exercise(" ".join(settings))
            self.cell(f"before: {name}", "switched" if switched else "restored", note=note, merged=merged)
            self.kernel.switch_off()
            for device in self.devices() if merged else ():   # what equal() has set
                self.ethtool(device, "rx-udp-gro-forwarding off")
            self.assertEqual(self.features(), before)
            for device in self.devices():
                self.ethtool(device, AS_THEY_COME)

    def set_after(self, device, settings, offload="", on="off", merged=False):
        """Somebody switches while the program is there. `offload`: what it must switch back."""
        name = f"after: {device} {settings}"
        with self.subTest(name):
            real = self.hairpin(*device.removeprefix(HAIRPIN).split()) if device.startswith(HAIRPIN) else device
            lines = len(self.kernel.proxy.said().splitlines())
            begin = time.monotonic()
            self.ethtool(real, settings)
            if offload:
                wait_for(f"{real} {offload} to be switched back", lambda: self.said(real, offload, on, lines), WITHIN,
                         step=0.02)
            took = time.monotonic() - begin
            self.assertEqual(self.changed_back(), [])
            if merged:
                self.equal()
            note = self.exercise(settings, chain.RECEIVER6)
            self.cell(name, "switched" if offload else "restored", merged=merged,
                      note=f"{note}, after {took:.1f} s" if offload else note)


class Here(Offloads):
    """The kernel is this host's."""

    def test_before(self):
        all_off = "gro off tso off gso off tx off rx off"
        for name, settings, switched in (
                ("as they come", [], [("c1", "tx", "off"), ("c2", "tx", "off")]),
                ("p0 p1 gro on", ["p0 p1: gro on"], [("p0", "gro", "off"), ("p1", "gro", "off")]),
                ("p0 p1 rx-gro-list on", ["p0 p1: gro on rx-gro-list on"],
                 [("p0", "rx-gro-list", "off"), ("p1", "rx-gro-list", "off"), ("p0", "gro", "off")]),
                ("p0 p1 rx-udp-gro-forwarding on", ["p0 p1: rx-udp-gro-forwarding on"], []),
                ("p0 p1 all off", [f"p0 p1: {all_off}"], []),
                ("c1 c2 all off", [f"c1 c2: {all_off} txvlan off"], []),
                ("all off", [f"p0 p1 c1 c2: {all_off} txvlan off"], [])):
            self.set_before(name, settings, switched)

    def test_before_gro(self):
        on = [("p0", "gro", "on"), ("p1", "gro", "on")]
        self.set_before("gro: on, p0 p1 gro off", [], on, self.gro_on, merged=True)
        self.set_before("gro: on, p0 p1 rx-gro-list on", ["p0 p1: gro on rx-gro-list on"],
                        [("p0", "rx-gro-list", "off"), ("p1", "rx-gro-list", "off")], self.gro_on, merged=True)
        self.set_before("gro: on, p0 p1 tx off, c1 c2 tx off", ["p0 p1 c1 c2: tx off"], on, self.gro_on, merged=True)

    def test_after(self):
        self.start(self.text("true"))
        for device, settings, offload in (
                ("p0", "gro on", "gro"), ("p1", "gro on", "gro"), ("p0", "rx-gro-list on", "rx-gro-list"),
                ("p0", "rx-udp-gro-forwarding on", ""), ("p1", "tso off gso off tx off", ""),
                ("p1", "tso on gso on tx on", ""), ("p0", "rx off", ""), ("c1", "tx on", "tx"),
                ("c2", "tx on tso on gso on", "tx"), ("c1", "rx off", "")):
            self.set_after(device, settings, offload)
        self.nothing_stays()

    def nothing_stays(self):
        """Offloads that somebody has switched on are on again after detach."""
        self.assertEqual(self.kernel.proxy.stop(), 0)
        shown = self.features()
        self.assertIn("tx-checksumming: on", shown["c1"])
        self.assertIn("generic-receive-offload: on", shown["p0"])
        self.assertIn("rx-gro-list: on", shown["p0"])

    def test_after_gro(self):
        """Merged packets leave their checksums to the hairpin: with `tx` on there they would never be made."""
        self.start(self.text(self.gro_on))
        for device, settings, offload, to in (
                ("p0", "gro off", "gro", "on"), ("p1", "rx-gro-list on", "rx-gro-list", "off"),
                (HAIRPIN + "p1 a", "tx on", "tx", "off"), (HAIRPIN + "p1 a", "tx on tso on gso on", "tx", "off"),
                (HAIRPIN + "p1 a", "txvlan on", "txvlan", "off"), (HAIRPIN + "p1 a", "gro on rx off gso off", "", ""),
                (HAIRPIN + "p1 b", "tx off tso off gro on", "", "")):
            self.set_after(device, settings, offload, to, merged=True)
        status = self.kernel.proxy.status()
        self.assertIn(self.hairpin("p1", "a"), [change["interface"] for change in status["changes"]])

    def test_without_a_process(self):
        """Nobody switches back then, but `status` says what has to be. That checksums are wrong meanwhile also proves
        that the other cells would notice."""
        self.assertEqual(self.kernel.attach(self.text(self.gro_on)).returncode, 0)
        self.kernel.mark()
        device = self.hairpin("p1", "a")
        self.assertEqual(self.changed_back(), [])
        self.ethtool(device, "tx on")
        before = self.bad_checksums()
        self.assertEqual(self.changed_back(), [(device, "tx")])
        self.assertIn(f"offload 'tx' of '{device}' is ON AGAIN: SWITCH IT OFF", self.kernel.sfcproxy("status").stdout)
        self.assertNotIn("offload 'gro' of 'p0'", self.kernel.sfcproxy("status").stdout)
        self.assertIn("offload 'gro' of 'p0' is on,", self.kernel.sfcproxy("status", "-v").stdout)
        self.equal()
        self.assertGreater(self.bad_checksums(), before)
        self.ethtool(device, "tx off")
        self.assertEqual(self.changed_back(), [])
        before = self.bad_checksums()
        self.equal()
        self.assertEqual(self.bad_checksums(), before)

    def test_order(self):
        """Segments of one flow have different headers, in turn: each keeps its position, unless GRO is wanted."""
        for name, before, stack in (("gro off", "gro off", "true"), ("gro on before attach", "gro on", "true"),
                                    ("gro: on", "gro off", self.gro_on)):
            with self.subTest(name):
                for device in ("p0", "p1"):
                    self.ethtool(device, before)
                self.start(self.text(stack))
                self.assertEqual(bool(self.said("p0", "gro")), "before attach" in name)
                found = self.in_order(name)
                if stack == "true":
                    self.assertEqual(found, {})
                self.kernel.switch_off()

    def in_order(self, name):
        """What the hosts found to be out of order. Where a full link lost something, that says nothing."""
        for _ in range(SETTLES):
            before = self.reordered()
            note = self.tcp()
            found = {key: value - before[key] for key, value in self.reordered().items() if value != before[key]}
            if not self.cell(f"order: {name}", note=f"{note}, reordered: {found or 0}"):
                break
        return found

    def reordered(self):
        """Of both hosts, as each of them is sender and receiver."""
        sums = dict.fromkeys(REORDERED, 0)
        for role in ("sender", "receiver"):
            counted = json.loads(self.lab.run(role, "nstat", "-asjz").stdout)["kernel"]
            for key in REORDERED:
                sums[key] += counted.get(f"TcpExt{key}", 0)
        return sums


class SfKernelCase(Offloads):
    """The kernel is another namespace's: what matters are the interfaces in there."""
    kind = SfKernel

    def devices(self):
        return ("f0", "f1", "fw0", "fw1")

    def text(self, stack):
        return kernel_ports_config(self.lab, stack)

    def equal(self):
        for device in ("fw0", "fw1"):
            self.ethtool(device, "rx-udp-gro-forwarding on")
        super().equal()

    def test_before(self):
        self.set_before("fw0 fw1 gro rx-gro-list on", ["fw0 fw1: gro on rx-gro-list on"],
                        [("fw0", "gro", "off"), ("fw1", "rx-gro-list", "off"), ("fw1", "tx", "off")])
        self.set_before("ports, gro: on", [], [("fw0", "gro", "on"), ("fw1", "gro", "on")], self.gro_on, merged=True)

    def test_after(self):
        self.start(self.text(self.gro_on))
        for device, settings, offload, to in (
                ("fw1", "tx on tso on gso on", "tx", "off"), ("fw0", "rx-gro-list on", "rx-gro-list", "off"),
                ("fw0", "gro off", "gro", "on"), ("f0", "tx off gro on", "", ""), ("c1", "tx on", "tx", "off")):
            self.set_after(device, settings, offload, to, merged=True)


if __name__ == "__main__":
    unittest.main()
