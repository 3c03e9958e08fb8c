# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""NSH through a kernel as the SF, this host's and that of a namespace behind ports: every carrier and MD type, with NAT
and a rule that blocks. Each packet has context headers of its own, where nothing else is said. The edge that takes them
off compares all bytes of each header, lengths and checksums of an outer packet among them."""
import json
import unittest

from kernel_case import PINGS
from kernel_cells import Cells

from lab import chain, edge, encaps, traffic
from lab.kernel_mode import BLOCKED_PORT, MASQUERADE, HostKernel, SfKernel, config, kernel_ports_config

UDP = ("-u", "-n", "500K", "-b", "20M", "-l", 1200)
MARK = "{mark: 0xffffff80}"


class Host(HostKernel):
    programs = "edge_nsh"


class Behind(SfKernel):
    programs = "edge_nsh"


class Nsh(Cells):
    """`merging`: interfaces where GRO merges, and the namespace that they are in."""
    kind = Host
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

    def test_fragments(self):
        """Connection tracking makes one packet of three, and the kernel three again, each with the header it had."""
        for encap in (encaps.NSH[0], encaps.NSH[-1]):
            for stack in ("true", MARK):
                with self.subTest(encap.name, stack=stack):
                    self.begin(encap, stack)
                    self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=PINGS, size=4000))
                    self.cell(f"{encap.name}, fragments, {stack}")
                    self.assertEqual(self.before.pushed, 3 * 2 * PINGS)
                    self.kernel.switch_off()


class NewHeaders(Cells):
    """Each header that differs takes a number, and gives it back when it has not come for a while."""
    kind = Host

    def begin(self, text):
        self.kernel.rules()
        self.kernel.edges.way(0)
        self.start(text)

    def said(self):
        """New headers a second, as `check` says."""
        proxy = self.kernel.proxy
        told = json.loads(self.lab.run("proxy", proxy.program, "check", "-j", "-c", proxy.config).stdout)
        return [service["new_headers_per_second"] for service in told["services"]]

    def test_beneath_the_rate(self):
        """There are many more headers than numbers, and none is `cache_full`."""
        self.begin(config(capacity=128, encap=encaps.NSH[0]))
        self.assertEqual(self.said(), [512, 512])
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=200, interval=0.01))
        self.cell("new headers, a fifth of the rate")

    def test_above_the_rate(self):
        """32 numbers, each for 12.5 s at least."""
        self.begin(config(stack="true, hold: 10s", capacity=64, encap=encaps.NSH[0]))
        self.assertEqual(self.said(), [2, 2])
        ping = traffic.ping(self.lab, "sender", chain.RECEIVER, count=40)
        self.assertEqual(ping.text.split(" answered")[0], "32 of 40")
        found = self.kernel.tally()
        self.assertEqual((found.service("out", "dropped"), found.wrong, found.bare), ({"cache_full": 8}, 0, 0))


class NshBehindPorts(Nsh):
    """The kernel is another namespace's."""
    kind = Behind
    merging = "SF", ("fw0", "fw1")

    def text(self, encap, stack):
        return kernel_ports_config(self.lab, stack, encap)


for _class in (Nsh, NshBehindPorts):
    for _encap in encaps.NSH:
        setattr(_class, f"test_{_encap.name}", lambda self, encap=_encap: self.go(encap))
    for _encap in (encaps.NSH[0], encaps.NSH[2], encaps.NSH[3], encaps.NSH[-1]):
        setattr(_class, f"test_{_encap.name}_merged", lambda self, encap=_encap: self.merge(encap))
del _class  # or unittest would take it for one more

if __name__ == "__main__":
    unittest.main()
