# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What tests of encapsulations share whose header follows from each packet: a kernel as the SF, with NAT and a rule that
blocks. The edge that takes the headers off compares all bytes of each, lengths and checksums of an outer packet among
them."""
from kernel_case import PINGS
from kernel_cells import Cells
from support import combined

from lab import chain, edge, traffic
from lab.kernel_mode import BLOCKED_PORT, MASQUERADE, config, kernel_ports_config

UDP = ("-u", "-n", "500K", "-b", "20M", "-l", 1200)
MARK = "{mark: 0xffffff80}"


class Headers(Cells):
    """`merging`: interfaces where GRO merges, and the namespace that they are in."""
    merging = "proxy", ("p0", "p1")

    def text(self, encap, stack):
        return config(stack=stack, capacity=4096, encap=encap)

    def begin(self, encap, stack="true", flags=0):
        self.kernel.rules(MASQUERADE)
        self.kernel.edges.way(encap.flags | flags)
        self.start(self.text(encap, stack))

    def go(self, encap):
        """Each packet has a header of its own."""
        self.begin(encap)
        self.brief()
        for address in (chain.RECEIVER, chain.RECEIVER6):
            self.tcp(address)
            self.good(traffic.iperf(self.lab, "sender", address, *UDP, name="UDP"))
        self.cell(encap.name)
        self.good(traffic.blocked(self.lab, "sender", chain.RECEIVER, BLOCKED_PORT))
        self.assertGreater(self.kernel.tally().blocked, 0)

    def merge(self, encap):
        """GRO merges what has equal headers, and each packet leaves with its own lengths and checksums. Packets
        with other context headers are not merged."""
        self.begin(encap, "{gro: on}", edge.STEADY)
        role, devices = self.merging
        for device in devices:
            self.lab.run(role, "ethtool", "-K", device, "rx-udp-gro-forwarding", "on")
            self.addCleanup(self.lab.run, role, "ethtool", "-K", device, "rx-udp-gro-forwarding", "off")
        self.equal()
        self.cell(f"{encap.name}, equal datagrams", merged=True)
        before = self.before
        self.tcp()
        self.tcp(chain.RECEIVER6)
        self.cell(f"{encap.name}, TCP with equal headers")
        pushed, forwarded = self.before.pushed - before.pushed, self.before.forwarded - before.forwarded
        self.assertGreater(pushed - forwarded, pushed // 10, "GRO has merged too little")
        self.kernel.edges.way(encap.flags)
        self.tcp()
        self.brief()
        self.cell(f"{encap.name}, gro, headers of their own")

    def fragments(self, *ways):
        """Connection tracking makes one packet of three, and the kernel three again, each with the header it had."""
        for encap in ways:
            for stack in ("true", MARK):
                with self.subTest(encap.name, stack=stack):
                    self.begin(encap, stack)
                    self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS, size=4000))
                    self.cell(f"{encap.name}, fragments, {stack}")
                    self.assertEqual(self.before.pushed, 3 * 2 * PINGS)
                    self.kernel.switch_off()


class Behind:
    """The kernel is another namespace's."""
    merging = "SF", ("fw0", "fw1")

    def text(self, encap, stack):
        return kernel_ports_config(self.lab, stack, encap)


def each(cases, ways, merged):
    """A test of each way in one of these classes, and one where GRO merges for those of `merged`."""
    for ending, method, among, chosen in (("", Headers.go, ways, combined(cases, ways)),
                                          ("_merged", Headers.merge, merged, combined(reversed(cases), merged))):
        for case in cases:
            for encap in among:     # None, because a class may have inherited the test of another one
                test = (lambda self, method=method, encap=encap: method(self, encap)) if (case, encap) in chosen else None
                setattr(case, f"test_{encap.name}{ending}", test)
