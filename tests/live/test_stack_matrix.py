# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sniffers of every kind beside an SF that is a stack, with each way to carry tickets, GRO on and off: every packet
comes back with its own header, or is missing under one name where it lost its ticket. Outcomes: stack_cells.py."""
import unittest

from stack_case import PINGS
from stack_cells import RELAY, Cells

from lab import chain, traffic
from lab.stack import MASQUERADE, FarStack, config, far_config

MARK = "mark: 0xffffff80"
CAPACITY = 4096
# What holds on to each packet: a packet socket that is read by recv. A ring is written to at once, and nothing is held.
HOLDS = ("SOCK_RAW", "SOCK_DGRAM")
SNIFFERS = (("", ""), ("SOCK_RAW", "p0"), ("SOCK_RAW", "p1"), ("SOCK_DGRAM", "p0"), ("SOCK_RAW", "any"),
            ("SOCK_DGRAM", "any"), ("tcpdump", "p0"), ("tcpdump", "any"), ("tcpdump --immediate-mode", "p0"))
WITH_MARK = SNIFFERS[:8]
# Packets take a relay where the stack is to get merged ones.
WITH_GRO = (("", ""), ("SOCK_RAW", "p0"), ("SOCK_RAW", "any"), ("SOCK_RAW", RELAY + "p1 a"), ("SOCK_RAW", RELAY + "p1 b"),
            ("SOCK_DGRAM", RELAY + "p0 a"), ("tcpdump", RELAY + "p1 a"), ("tcpdump", "p0"), ("tcpdump", "any"))
FAR_SNIFFERS = (("", ""), ("SOCK_RAW", "fw0"), ("SOCK_RAW", "fw1"), ("SOCK_DGRAM", "fw0"), ("SOCK_RAW", "any"),
                ("tcpdump", "fw0"), ("tcpdump", "any"))
AT_THE_PROXY = (("SOCK_RAW", "p0"), ("SOCK_RAW", "f1"), ("SOCK_RAW", "any"), ("tcpdump", "any"))
WAYS_OUT = {"p0": ["p1"], "p1": ["p0"], "any": ["p0", "p1"]}
FAR_WAYS_OUT = {"fw0": ["fw1"], "fw1": ["fw0"], "any": ["fw0", "fw1"]}


class Matrix(Cells):
    def each(self, name, sniffers, role, places, send):
        """Each of the sniffers in turn, beside what is attached. `places`: where their packets are missed."""
        for kind, device in sniffers:
            title = f"{name}: {kind or 'no sniffer'} {device}".rstrip()
            with self.subTest(title):
                counted = places.get(device, []) if kind in HOLDS else []
                with self.sniffer(kind, self.real(device), role):
                    send(bool(counted))
                self.cell(title, "counted" if counted else "restored", counted, merged=send == self.merged)

    def real(self, device):
        return self.relay(*device.removeprefix(RELAY).split()) if device.startswith(RELAY) else device

    def some(self, lossy):
        """What comes back where packets get lost, and everything where they do not."""
        if lossy:
            self.pings()
        else:
            self.brief()

    def merged(self, lossy):
        self.equal()
        self.some(lossy)


class Here(Matrix):
    """The stack is this host's."""

    def started(self, stack, **options):
        self.stack.rules(MASQUERADE)
        self.start(config(stack=stack, **options))

    def test_metadata(self):
        self.started("true")
        self.each("metadata", SNIFFERS, "proxy", WAYS_OUT, self.some)

    def test_mark(self):
        self.started(f"{{{MARK}}}", capacity=CAPACITY)
        self.each("mark", WITH_MARK, "proxy", {}, self.some)

    def test_metadata_gro(self):
        self.started("{gro: on}")
        self.each("metadata, gro", WITH_GRO, "proxy", WAYS_OUT, self.merged)

    def test_mark_gro(self):
        self.started(f"{{{MARK}, gro: on}}", capacity=CAPACITY)
        self.each("mark, gro", WITH_GRO, "proxy", {}, self.merged)

    def test_fragments(self):
        """Which connection tracking puts together behind a sniffer, and the kernel takes apart again."""
        self.started("{gro: on}")
        for kind, device in (("tcpdump", "any"), ("SOCK_RAW", RELAY + "p1 a")):
            with self.subTest(kind), self.sniffer(kind, self.real(device)):
                self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS, size=4000))
                self.cell(f"fragments: {kind} {device}")

    def test_generic(self):
        for stack in ("true", "{gro: on}", f"{{{MARK}}}"):
            with self.subTest(stack):
                self.refused(config(stack=stack, capacity=CAPACITY), "port 'p0'", "native XDP", options=["--generic"])
                print(f"  {'generic, ' + stack:44} refused", flush=True)


class Far(Matrix):
    """The stack is another namespace's."""
    kind = FarStack

    def started(self, stack):
        self.stack.rules(MASQUERADE)
        self.start(far_config(self.lab, stack))

    def test_metadata(self):
        self.started("true")
        self.each("far, metadata", FAR_SNIFFERS, self.stack.role, FAR_WAYS_OUT, self.some)
        self.each("far, metadata, at the proxy", AT_THE_PROXY, "proxy", {}, self.some)

    def test_mark(self):
        self.started(f"{{{MARK}}}")
        self.each("far, mark", FAR_SNIFFERS, self.stack.role, {}, self.some)

    def test_generic(self):
        self.refused(far_config(self.lab), "port '", "native XDP", options=["--generic"],
                     commands=["run"])  # attach refuses SFs that are given by their IP
        print(f"  {'far, generic':44} refused", flush=True)


if __name__ == "__main__":
    unittest.main()
