# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The demo of the kernel as the SF: real traffic through the proxy's own host, which forwards it and translates
addresses both ways by nftables, on real interfaces, every packet checked."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from scapy.all import TCP  # noqa: E402  (the path above comes first)

from lab import chain, demo, traffic  # noqa: E402
from lab.account import Account, after_verdict, ended_at_port, kinds_table, reasons, silent_kinds  # noqa: E402
from lab.demo import exit_code, part, show, show_tcp, show_udp  # noqa: E402
from lab.net import Lab  # noqa: E402
from lab.kernel_mode import BLOCKED_PORT, REMOTE, MASQUERADE, OWN, OWN6, WEB_PORT, HostKernel, config  # noqa: E402

# Nearly every packet has a header that no other has, and each stays for the hold time of 0.1 s.
CAPACITY = 262144
KINDS = ("tcp", "udp", "icmp")
BLOCKED, HAIRPIN_FULL = "blocked by nftables", "hairpin: link full"
PICTURE = f"""
  sender ──▶ classifier ──▶ p0 ┌─────────────────────────┐ p1 ──▶ classifier ──▶ receiver
             pushes a stack    │ proxy ─▶ kernel ─▶ proxy │        (and the same way back)
             of its own on     └─────────────────────────┘
             every packet       the SF: routes and nftables of the proxy's own namespace;
                                masquerade on p1, and {OWN} stands for the receiver
"""


def start(lab):
    """Everything up to a proxy that is ready."""
    kernel = HostKernel(lab)
    kernel.rules(MASQUERADE)
    demo.tell_ready(kernel.run(config(capacity=CAPACITY)))
    return kernel


def send(lab):
    """All traffic of the demo: to the receiver's addresses, where the kernel changes the source, and to the proxy's,
    where it changes both. Returns the results. The first HTTP request is the packet that is shown."""
    here, hidden = (chain.RECEIVER, chain.RECEIVER6), (OWN, OWN6)
    results = [show(traffic.web(lab, "sender", address, WEB_PORT)) for address in (*hidden, *here)]
    for address, size in ((address, size) for address in here for size in (56, 1400)):
        result = traffic.ping(lab, "sender", address, size=size)
        result.name += f", {size} bytes"
        results.append(show(result))
    for addresses, seconds in ((here, 2), (hidden, 1)):
        for address in addresses:
            results += [show_tcp(lab, address, seconds=seconds), show_tcp(lab, address, "-R", seconds=seconds),
                        show_udp(lab, address, seconds=seconds)]
    results += [show(traffic.blocked(lab, "sender", address, BLOCKED_PORT)) for address in here]
    return results


def one_packet(lab, edges):
    """The same HTTP request before and behind the kernel. Returns whether the addresses alone have changed, as the rules
    want it, and the stack by its first label, as it must."""
    before, after = edges.classifier.kept("pushed"), edges.receiver.kept("checked")
    if not (before and after):
        print("  BAD the packet was not seen at both interfaces")
        return False
    demo.show_frames(lab, ("before the kernel (into p0)", before),
                     ("behind the kernel (as it reaches the receiver)", after))
    old, new = demo.packet_of(before), demo.packet_of(after)
    return ((old.src, old.dst, new.src, new.dst) == (chain.SENDER, OWN, REMOTE, chain.RECEIVER)
            and (old.id, old.ttl - 1, old[TCP].seq) == (new.id, new.ttl, new[TCP].seq)
            and bytes(old[TCP].payload) == bytes(new[TCP].payload)
            and demo.labels_of(before)[1:] == demo.labels_of(after))


def settle(kernel, tally):
    """The tally as an account, with a name for each packet that did not arrive."""
    stats, hairpins = tally.stats, kernel.hairpin_drops()
    lost = {BLOCKED: tally.blocked, HAIRPIN_FULL: hairpins, "from the proxy: link full": after_verdict(stats, "rest")}
    for kind, what in (("dropped", "proxy"), ("dropped_after_claim", "proxy, behind the kernel")):
        lost |= {f"{what}: {reason}": count for reason, count in reasons(stats, kind).items()}
    lost |= {f"proxy, port: {reason}": count
             for reason, count in ended_at_port(stats, "domain_ports", "dropped").items()}
    lost |= {f"classifier {device}: link full": count for device, count in kernel.edges.errors().items()}
    sums = tally.kernel
    balanced = sums["to_kernel"] == sums["restored"] + sums["dropped"] + sums["not_returned"]
    return Account(pushed=tally.pushed, good=tally.good, wrong=tally.wrong, bare=tally.bare,
                   lost={cause: count for cause, count in lost.items() if count},
                   balanced=balanced and stats["conservation"]["balanced"], control_frames=tally.control_frames)


def count_all(lab, kernel):
    """When nothing is on its way any more: prints what was counted, and returns the account and what must be true."""
    tally = kernel.tally()
    demo.show_stats(kernel.proxy)
    pushed, arrived = kernel.counted()
    settled = settle(kernel, tally)
    print(f"\n{kinds_table(pushed, arrived, KINDS)}")
    demo.show_account(settled, kernel.edges)
    hairpins, spoilt = settled.lost.get(HAIRPIN_FULL, 0), demo.bad_checksums(lab)
    for line in (f"nftables: {tally.forwarded} forwarded, {tally.blocked} of them dropped; {tally.taken} for the host "
                 f"itself, {tally.sent} from it; {tally.probes} probes of the proxy besides",
                 f"not returned: {tally.kernel['not_returned']}, of which nftables dropped {tally.blocked} and full hairpins "
                 f"{hairpins}", f"the hosts: {spoilt} packets with a wrong checksum"):
        print(traffic.wrapped(line, 2))
    return settled, tally, {
        "not returned is not what nftables dropped": tally.kernel["not_returned"] == tally.blocked + hairpins,
        "the kernel did not forward what it got": tally.forwarded == tally.kernel["to_kernel"],
        "the host took packets or sent some": tally.taken == tally.sent == 0,
        "more was lost than by the rule and at full links": all(
            cause == BLOCKED or cause.endswith("link full") for cause in settled.lost),
        "nftables dropped nothing": tally.blocked > 0,
        "wrong checksums": spoilt == 0} | {
        f"of {kind} nothing came right, one way or both": False
        for kind in silent_kinds(arrived, [kind + family for kind in KINDS for family in ("", "6")])}


def main():
    with Lab() as lab:
        part("the lab: four network namespaces; the SF is the kernel of the proxy's own")
        print(PICTURE)
        kernel = start(lab)
        part("traffic, both ways, IPv4 and IPv6; every stack is checked bit by bit where it arrives")
        results = send(lab)
        part("one packet before and behind the kernel")
        same = one_packet(lab, kernel.edges)
        part("what the proxy and nftables counted")
        settled, tally, others = count_all(lab, kernel)
        part("the same with the proxy switched off")
        off = demo.switched_off(lab, kernel.edges, kernel.proxy)
        return demo.verdict(results, settled, f"{tally.kernel['not_returned']} not returned by the kernel", others | {
            "more than addresses and the first label changed": same, "switched off, it did not stop": off})


if __name__ == "__main__":
    sys.exit(exit_code(main))
