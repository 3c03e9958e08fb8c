# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sniffers of every kind beside an SF that is a kernel, with each way to carry tickets, GRO on and off: every packet
comes back with its own header, or is missing under one name where it lost its ticket. Outcomes: kernel_cells.py."""
import unittest

from kernel_case import PINGS
from kernel_cells import HAIRPIN, Cells

from lab import chain, traffic
from lab.kernel_mode import MASQUERADE, SfKernel, config, kernel_ports_config

MARK = "mark: 0xffffff80"
CAPACITY = 4096
# What holds on to each packet: a packet socket that is read by recv. A ring is written to at once, and nothing is held.
HOLDS = ("SOCK_RAW", "SOCK_DGRAM")
SNIFFERS = (("", ""), ("SOCK_RAW", "p0"), ("SOCK_RAW", "p1"), ("SOCK_DGRAM", "p0"), ("SOCK_RAW", "any"),
            ("SOCK_DGRAM", "any"), ("tcpdump", "p0"), ("tcpdump", "any"), ("tcpdump --immediate-mode", "p0"))
WITH_MARK = SNIFFERS[:8]
# Packets take a hairpin where the kernel is to get merged ones.
WITH_GRO = (("", ""), ("SOCK_RAW", "p0"), ("SOCK_RAW", "any"), ("SOCK_RAW", HAIRPIN + "p1 a"), ("SOCK_RAW", HAIRPIN + "p1 b"),
            ("SOCK_DGRAM", HAIRPIN + "p0 a"), ("tcpdump", HAIRPIN + "p1 a"), ("tcpdump", "p0"), ("tcpdump", "any"))
PEER_SNIFFERS = (("", ""), ("SOCK_RAW", "fw0"), ("SOCK_RAW", "fw1"), ("SOCK_DGRAM", "fw0"), ("SOCK_RAW", "any"),
                ("tcpdump", "fw0"), ("tcpdump", "any"))
AT_THE_PROXY = (("SOCK_RAW", "p0"), ("SOCK_RAW", "f1"), ("SOCK_RAW", "any"), ("tcpdump", "any"))
WAYS_OUT = {"p0": ["p1"], "p1": ["p0"], "any": ["p0", "p1"]}
PEER_WAYS_OUT = {"fw0": ["fw1"], "fw1": ["fw0"], "any": ["fw0", "fw1"]}


class Matrix(Cells):
    def each(self, name, sniffers, role, positions, send):
        """Each of the sniffers in turn, beside what is attached. `positions`: where their packets are missed."""
        for kind, device in sniffers:
            title = f"{name}: {kind or 'no sniffer'} {device}".rstrip()
            with self.subTest(title):
                counted = positions.get(device, []) if kind in HOLDS else []
                with self.sniffer(kind, self.real(device), role):
                    send(bool(counted))
                self.cell(title, "counted" if counted else "restored", counted, merged=send == self.merged)

    def real(self, device):
        return self.hairpin(*device.removeprefix(HAIRPIN).split()) if device.startswith(HAIRPIN) else device

    def some(self, lossy):
        """Sends pings where packets get lost, and everything where they do not."""
        if lossy:
            self.pings()
        else:
            self.brief()

    def merged(self, lossy):
        self.equal()
        self.some(lossy)


class Here(Matrix):
    """The kernel is this host's."""

    def started(self, stack, **options):
        self.kernel.rules(MASQUERADE)
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
        for kind, device in (("tcpdump", "any"), ("SOCK_RAW", HAIRPIN + "p1 a")):
            with self.subTest(kind), self.sniffer(kind, self.real(device)):
                self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS, size=4000))
                self.cell(f"fragments: {kind} {device}")

    def test_generic(self):
        for stack in ("true", "{gro: on}", f"{{{MARK}}}"):
            with self.subTest(stack):
                self.refused(config(stack=stack, capacity=CAPACITY), "port 'p0'", "native XDP", options=["--generic"])
                print(f"  {'generic, ' + stack:44} refused", flush=True)


class SfKernelCase(Matrix):
    """The kernel is another namespace's."""
    kind = SfKernel

    def started(self, stack):
        self.kernel.rules(MASQUERADE)
        self.start(kernel_ports_config(self.lab, stack))

    def test_metadata(self):
        self.started("true")
        self.each("ports, metadata", PEER_SNIFFERS, self.kernel.role, PEER_WAYS_OUT, self.some)
        self.each("ports, metadata, at the proxy", AT_THE_PROXY, "proxy", {}, self.some)

    def test_mark(self):
        self.started(f"{{{MARK}}}")
        self.each("ports, mark", PEER_SNIFFERS, self.kernel.role, {}, self.some)

    def test_generic(self):
        self.refused(kernel_ports_config(self.lab), "port '", "native XDP", options=["--generic"],
                     commands=["run"])  # attach refuses SFs that are given by their IP
        print(f"  {'ports, generic':44} refused", flush=True)


if __name__ == "__main__":
    unittest.main()
