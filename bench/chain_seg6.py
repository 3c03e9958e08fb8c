# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Linux in the place of an SRv6 proxy. It has none of the proxy behaviours, so it decapsulates packets whose last segment is
here (End.DX4), and puts the same header on all that come back (H.Encaps)."""
from bench.chain_lab import Chain, mac

LAST_SEGMENT = 3        # enum chain_sfc
FIRST, SECOND, HERE, SOURCE = (f"2001:db8:{node}::1" for node in ("1", "2", "f", "a"))


class Seg6Chain(Chain):
    def __init__(self, lab, cpu, batch, args):
        super().__init__(lab, cpu, batch, args)

        def ip(*words):
            lab.run("proxy", "ip", *words)
        # No addresses of its own, and reports of multicast groups at once, or the receiver would count them as wrong.
        quiet = [f"net.ipv6.conf.{port}.{setting}=1" for port in ("p0", "p1", "f0", "f1")
                 for setting in ("addr_gen_mode", "mldv2_unsolicited_report_interval")]
        lab.run("proxy", "sysctl", "-qw", *quiet, "net.ipv6.conf.all.disable_ipv6=0", "net.ipv6.conf.all.seg6_enabled=1",
                "net.ipv6.conf.p0.seg6_enabled=1", "net.ipv6.conf.all.forwarding=1")
        ip("sr", "tunsrc", "set", SOURCE)
        ip("-6", "neighbour", "add", FIRST, "lladdr", mac(lab, "receiver", "r0"), "dev", "p1", "nud", "permanent")
        ip("neighbour", "add", "198.51.100.10", "lladdr", mac(lab, "proxy", "f1"), "dev", "f0", "nud", "permanent")
        ip("-6", "route", "add", FIRST, "dev", "p1")
        ip("-6", "route", "add", HERE, "encap", "seg6local", "action", "End.DX4", "nh4", "10.0.1.2", "dev", "p0")
        ip("route", "replace", "198.51.100.0/24", "encap", "seg6", "mode", "encap", "segs", f"{FIRST},{SECOND}", "dev", "p1")

    def send(self, cell, packets, rate=0.0, **how):
        return self.send_stacks(cell.labels, cell.labels, cell, 0, packets, rate, number=LAST_SEGMENT, **how)
