# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What Linux itself has in the proxy's position, in the networks of bench/run chain: mpls_router, and act_mpls of TC. Both take all
labels off, and put one and the same stack on all packets."""
import dataclasses

from bench.chain_kernel_lab import KernelChain
from bench.chain_lab import KERNELS_OWN, SFC, Chain

RECEIVER = "198.51.100.10"
TTL = 63                # of an entry below the top one, as chain_entry has it
LABELS_LIMIT = (1 << 20) - 1    # the kernel's own
FROM_LO = 1             # preference of a rule


def labels(count):
    """Those of stack 0, as chain_entry of bench/chain.h makes it."""
    return [SFC["mpls"].first, *[(i * 0x85ebca6b & 0xffffffff) >> 12 | 1 << 19 for i in range(1, count)]]


@dataclasses.dataclass
class Way:
    """Of packets through a static proxy, from one domain port to another one."""
    arrives: str    # at that port
    popped: list    # labels
    pushed: list
    to: str         # the address of the next hop, who is the receiver too
    leaves: str
    ttl: int        # of each entry that is pushed


def mpls_router(lab, way):
    """Each label is a route to lo, where the kernel finds the next one; behind the last one it finds IP."""
    lab.run("proxy", "sysctl", "-qw", f"net.mpls.platform_labels={LABELS_LIMIT}", f"net.mpls.conf.{way.arrives}.input=1",
            "net.mpls.conf.lo.input=1", "net.ipv4.conf.lo.accept_local=1")
    for label in way.popped:
        lab.run("proxy", "ip", "-f", "mpls", "route", "replace", label, "dev", "lo")
    encap = ["encap", "mpls", "/".join(map(str, way.pushed)), "ttl", way.ttl] if way.pushed else []
    lab.route("proxy", f"{way.to}/32", *encap, "via", way.to, "dev", way.leaves)


def act_mpls(lab, way):
    """A list of actions for each end: TC takes the entries off at ingress, and puts them on at egress, the last one first."""
    pop = [word for left in range(len(way.popped) - 1, -1, -1)
           for word in ("action", "mpls", "pop", "protocol", "mpls_uc" if left else "ip", "pipe" if left else "pass")]
    push = [word for label in reversed(way.pushed)
            for word in ("action", "mpls", "push", "protocol", "mpls_uc", "label", label, "ttl", way.ttl, "pipe")]
    lab.run("proxy", "tc", "filter", "add", "dev", way.arrives, "ingress", "protocol", "mpls_uc", "matchall", *pop)
    if push:
        lab.run("proxy", "tc", "filter", "add", "dev", way.leaves, "egress", "protocol", "ip", "matchall", *push[:-1], "pass")


def put(lab, variant, ways):
    """One of KERNELS_OWN in place of what it was."""
    if variant == "act_mpls":
        for device in ("p0", "p1"):
            lab.run("proxy", "tc", "qdisc", "delete", "dev", device, "clsact", check=False)
            lab.run("proxy", "tc", "qdisc", "add", "dev", device, "clsact")
    for way in ways:
        {"mpls_router": mpls_router, "act_mpls": act_mpls}[variant](lab, way)


class Counted:
    """On a clock that counts instructions. The sender has the lowest priority. So all work is done before it sends more, and no
    packet is lost."""

    scheduling = ("-i", "0")
    ports = ()      # where the kernel gets packets

    def use(self, variant, cell):
        before = self.variant
        super().use(variant, cell)
        if self.variant == before or variant in self.programs:
            return
        for port in self.ports:     # 6.1 switches it on where XDP is attached
            self.lab.run("proxy", "ethtool", "-K", port, "gro", "off")
        if variant in KERNELS_OWN:
            self.put(variant, labels(cell.labels))

    def put(self, variant, popped, wrong=0):
        """`wrong`: bits that the last label pushed has and should not have, or the reverse."""
        pushed = popped[1:]
        if wrong:
            pushed[-1] ^= wrong
        if variant == "mpls_router" and len(self.ports) > 1:    # what comes out of lo goes to the SF
            self.lab.run("proxy", "ip", "rule", "delete", "pref", FROM_LO, check=False)
            self.lab.run("proxy", "ip", "rule", "add", "pref", FROM_LO, "iif", "lo", "lookup", "100")
        put(self.lab, variant, [Way("p0", popped, pushed, RECEIVER, "p1", TTL)])

    def finds_wrong(self, cell, packets):
        """Whether the receiver finds fault with each packet where the stack is another one by one bit."""
        self.put(self.variant[0], labels(cell.labels), wrong=1)
        outcome = self.send(cell, packets)
        self.put(self.variant[0], labels(cell.labels))
        return outcome.wrong == outcome.sent


class CountedKernel(Counted, KernelChain):
    ports = ("p0",)
    programs_of = dict.fromkeys(KERNELS_OWN, "forwarding")


class CountedPorts(Counted, Chain):
    ports = ("p0", "f1")
    programs_of = dict.fromkeys(KERNELS_OWN, "seg6")
