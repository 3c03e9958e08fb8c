# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What Linux itself has in the proxy's position, in the networks of bench/run chain: mpls_router, and act_mpls of TC. Both take all
labels off, and put one and the same stack on all packets."""
from bench.chain_kernel_lab import KernelChain
from bench.chain_lab import KERNELS_OWN, SFC, Chain

RECEIVER = "198.51.100.10"
TTL = 63                # of an entry below the top one, as chain_entry has it
LABELS_MOST = 16
LABELS_LIMIT = (1 << 20) - 1    # the kernel's own
FROM_LO = 1             # preference of a rule


def labels(count):
    """Those of stack 0, as chain_entry of bench/chain.h makes it."""
    return [SFC["mpls"].first, *[(i * 0x85ebca6b & 0xffffffff) >> 12 | 1 << 19 for i in range(1, count)]]


def mpls_router(lab, pushed, ports):
    """Each label is a route to lo, where the kernel finds the next one; behind the last one it finds IP. Behind ports, what
    comes out of lo goes to the SF."""
    lab.run("proxy", "sysctl", "-qw", f"net.mpls.platform_labels={LABELS_LIMIT}", "net.mpls.conf.p0.input=1",
            "net.mpls.conf.lo.input=1", "net.ipv4.conf.lo.accept_local=1")
    for label in labels(LABELS_MOST):
        lab.run("proxy", "ip", "-f", "mpls", "route", "replace", label, "dev", "lo")
    if ports:
        lab.run("proxy", "ip", "rule", "delete", "pref", FROM_LO, check=False)
        lab.run("proxy", "ip", "rule", "add", "pref", FROM_LO, "iif", "lo", "lookup", "100")
    encap = ["encap", "mpls", "/".join(map(str, pushed)), "ttl", TTL] if pushed else []
    lab.route("proxy", f"{RECEIVER}/32", *encap, "via", RECEIVER, "dev", "p1")


def act_mpls(lab, pushed, _ports):
    """A list of actions for each way: TC takes the entries off at ingress, and puts them on at egress, the last one first."""
    pop = [word for left in range(len(pushed), -1, -1)
           for word in ("action", "mpls", "pop", "protocol", "mpls_uc" if left else "ip", "pipe" if left else "pass")]
    push = [word for label in reversed(pushed)
            for word in ("action", "mpls", "push", "protocol", "mpls_uc", "label", label, "ttl", TTL, "pipe")]
    for device in ("p0", "p1"):
        lab.run("proxy", "tc", "qdisc", "delete", "dev", device, "clsact", check=False)
        lab.run("proxy", "tc", "qdisc", "add", "dev", device, "clsact")
    lab.run("proxy", "tc", "filter", "add", "dev", "p0", "ingress", "protocol", "mpls_uc", "matchall", *pop)
    if push:
        lab.run("proxy", "tc", "filter", "add", "dev", "p1", "egress", "protocol", "ip", "matchall", *push[:-1], "pass")


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
            self.put(variant, labels(cell.labels)[1:])

    def put(self, variant, pushed):
        {"mpls_router": mpls_router, "act_mpls": act_mpls}[variant](self.lab, pushed, len(self.ports) > 1)

    def finds_wrong(self, cell, packets):
        """Whether the receiver finds fault with each packet where the stack is another one by one bit."""
        pushed = labels(cell.labels)[1:]
        self.put(self.variant[0], [*pushed[:-1], pushed[-1] ^ 1])
        outcome = self.send(cell, packets)
        self.put(self.variant[0], pushed)
        return outcome.wrong == outcome.sent


class CountedKernel(Counted, KernelChain):
    ports = ("p0",)
    programs_of = dict.fromkeys(KERNELS_OWN, "forwarding")


class CountedPorts(Counted, Chain):
    ports = ("p0", "f1")
    programs_of = dict.fromkeys(KERNELS_OWN, "seg6")
