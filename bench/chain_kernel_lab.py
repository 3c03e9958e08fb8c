# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The network of `bench/run chain --mode kernel`, where the SF is the kernel of the proxy's own host.

    sender s0 -- p0 [proxy, kernel, proxy] p1 -- r0 receiver

Packets are made and counted by build/bench/chain_packets.
"""
from bench.chain_lab import KERNELS_OWN, MTU, SILENT, Packets, config, mac

VARIANTS = ("forwarding", "proxy", "ceiling")
# Between those: what a packet costs as it is taken one step further, and the way of merged ones (bench/ceiling.h).
STAGES = ("pop", "ticket", "tc", "hairpin")
BARE = ("forwarding", "pop", "ticket", "tc")     # nothing puts a header on
ONE_STACK = ("ceiling", "hairpin", *KERNELS_OWN)    # what they put on is a constant
STACKS = 64
THROUGH_KERNEL = """    sf: {name: nat}
    egress: [p1]
"""


def build(lab):
    """The settings are those with which the kernel forwards fastest, for all variants alike: accept_local spares it a
    lookup of the source address, and without early demux it looks for no socket."""
    for role in ("sender", "proxy", "receiver"):
        lab.namespace(role, **SILENT)
    lab.link(("sender", "s0"), ("proxy", "p0"), MTU)
    lab.link(("proxy", "p1"), ("receiver", "r0"), MTU)
    lab.address("proxy", "p0", "192.0.2.1/24")
    lab.address("proxy", "p1", "198.51.100.1/24")
    lab.run("proxy", "ip", "neighbour", "add", "198.51.100.10", "lladdr", mac(lab, "receiver", "r0"), "dev", "p1",
            "nud", "permanent")
    lab.run("proxy", "sysctl", "-qw", "net.ipv4.conf.p0.accept_local=1", "net.ipv4.ip_early_demux=0",
            "net.ipv4.ip_forward=1")
    lab.wait_up()


class KernelChain(Packets):
    """The network, and one variant at a time in it."""

    def __init__(self, lab, cpu, batch, args):
        build(lab)
        super().__init__(lab, cpu, batch, lambda cell: config("{name: nat, stack: true}", THROUGH_KERNEL, args.capacity, cell),
                         args.against)

    def send(self, cell, packets, rate=0.0, **how):
        variant = self.variant[0]
        return self.send_stacks(0 if variant == "forwarding" else cell.labels,
                                0 if variant in BARE else cell.labels - 1, cell,
                                1 if variant in ONE_STACK else STACKS, packets, rate, **how)
