# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The demo of the kernel as the SF: real traffic through the proxy's own host, which forwards it and translates
addresses both ways by nftables, on real interfaces, every packet checked."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from scapy.all import TCP, rdpcap  # noqa: E402  (the path above comes first)

from lab import chain, demo, demo_run, traffic  # noqa: E402
from lab.account import Account, after_verdict, ended_at_port, kinds_table, reasons, silent_kinds  # noqa: E402
from lab.kernel_mode import BLOCKED_PORT, REMOTE, MASQUERADE, OWN, OWN6, WEB_PORT, HostKernel, config  # noqa: E402

# Nearly every packet has a header that no other has, and each stays for the hold time of 0.1 s.
CAPACITY = 262144
KINDS = ("tcp", "udp", "icmp")
BLOCKED, HAIRPIN_FULL = "blocked by nftables", "hairpin: link full"
EQUATIONS = ("domain side", "kernel")
HINTS = (("proxy", "tcpdump -nec 5 -i p0 icmp"), ("sender", f"ping -c 10 -i 0.2 {chain.RECEIVER}"),
         ("sender", f"iperf3 -t 2 -c {OWN}"), ("proxy", "nft list ruleset"))
PICTURE = f"""
  sender ─▶ classifier ─▶ p0 ┌──────────────────┐ p1 ─▶ classifier ─▶ receiver
            pushes labels    │proxy▶kernel▶proxy│       checks them;
            onto packets     └──────────────────┘       the same way back
  The SF is the kernel of the proxy's own namespace. Its nftables masquerade
  on p1, and {OWN} stands for the receiver.
"""


def start(lab, tell):
    """Everything up to a proxy that is ready."""
    kernel = HostKernel(lab)
    kernel.rules(MASQUERADE)
    demo.tell_ready(tell, kernel.run(config(capacity=CAPACITY)))
    return kernel


def transfers(lab):
    """All traffic of the demo but the packet that is shown, as (what it is, a function that sends it): to the receiver's
    addresses, where the kernel changes the source, and to the proxy's, where it changes both."""
    here, hidden = (chain.RECEIVER, chain.RECEIVER6), (OWN, OWN6)
    todo = [(f"http {address}", lambda to=address: [traffic.web(lab, "sender", to, WEB_PORT)]) for address in (OWN6, *here)]
    todo += [(f"ping {address}", lambda to=address, size=size: [ping(lab, to, size)])
             for address in here for size in (56, 1400)]
    for addresses, seconds in ((here, 2), (hidden, 1)):
        for address in addresses:
            todo += [(f"TCP with {address}", lambda to=address, way=way, time=seconds: demo.tcp(lab, to, *way, seconds=time))
                     for way in ([], ["-R"])]
            todo.append((f"UDP to {address}", lambda to=address, time=seconds: demo.udp(lab, to, seconds=time)))
    return todo + [(f"what the SF blocks, {address}", lambda to=address: [
        traffic.blocked(lab, "sender", to, BLOCKED_PORT)]) for address in here]


def ping(lab, address, size):
    result = traffic.ping(lab, "sender", address, size=size)
    result.name += f", {size} bytes"
    return result


def one_packet(lab, tell, edges):
    """An HTTP request before, in and behind the kernel. Returns its result, and whether the addresses alone have changed,
    as the rules want it, and the stack by its first label, as it must."""
    inside = lab.folder / "inside.pcap"
    tcpdump = traffic.capture(lab, "proxy", "p0", inside, f"tcp dst port {WEB_PORT}")
    result = tell.result(traffic.web(lab, "sender", OWN, WEB_PORT))
    lab.stop(tcpdump)
    before, after = edges.classifier.kept("pushed"), edges.receiver.kept("checked")
    inner = [bytes(frame) for frame in rdpcap(str(inside)) if len(frame[TCP].payload)]
    if not (before and after and inner):
        tell.bad("the packet was not seen at all three points")
        return result, False
    demo.show_packet(tell, lab, ("before the kernel", "p0", before), ("in the kernel", "p0", inner[0]),
                     ("behind the kernel", "r0", after))
    old, new = demo.packet_of(before), demo.packet_of(after)
    return result, ((old.src, old.dst, new.src, new.dst) == (chain.SENDER, OWN, REMOTE, chain.RECEIVER)
                    and (old.id, old.ttl - 1, old[TCP].seq) == (new.id, new.ttl, new[TCP].seq)
                    and bytes(old[TCP].payload) == bytes(new[TCP].payload)
                    and demo.payload_of(before) == demo.payload_of(inner[0])
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


def count_all(lab, tell, kernel):
    """When nothing is on its way any more: shows what was counted, and returns the account and what must be true."""
    tally = kernel.tally()
    demo.show_stats(tell, kernel.proxy, EQUATIONS)
    pushed, arrived = kernel.counted()
    settled = settle(kernel, tally)
    tell.detail(f"\n{kinds_table(pushed, arrived, KINDS)}")
    demo.show_account(tell, settled, kernel.edges)
    hairpins, spoilt = settled.lost.get(HAIRPIN_FULL, 0), demo.bad_checksums(lab)
    for line in (f"nftables: {tally.forwarded} forwarded, {tally.blocked} of them dropped; {tally.taken} for the host "
                 f"itself, {tally.sent} from it; {tally.probes} probes of the proxy besides",
                 f"not returned: {tally.kernel['not_returned']}, of which nftables dropped {tally.blocked} and full hairpins "
                 f"{hairpins}", f"the hosts: {spoilt} packets with a wrong checksum"):
        tell.detail(traffic.wrapped(line, 2))
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


def main(lab, tell):
    tell.part("the lab: four network namespaces; the SF is the kernel of the proxy's own")
    demo.begin(tell, PICTURE)
    kernel = start(lab, tell)
    tell.part("one packet before, in and behind the kernel")
    shown, same = one_packet(lab, tell, kernel.edges)
    tell.part("traffic, both ways, IPv4 and IPv6; every stack is checked bit by bit where it arrives")
    results = [shown] + demo.transfer(tell, transfers(lab))
    demo.show_traffic(tell, results, kernel.edges.arrived())
    tell.part("what the proxy and nftables counted")
    settled, tally, others = count_all(lab, tell, kernel)
    tell.part("the same with the proxy switched off")
    off = demo.labels_off(tell, lab, kernel.edges, kernel.proxy)
    return demo.verdict(tell, results, settled, f"{tally.kernel['not_returned']} not returned by the kernel", others | {
        "more than addresses and the first label changed": same, "switched off, it did not stop": off})


if __name__ == "__main__":
    sys.exit(demo_run.run("`scripts/demo --mode kernel`", main, HINTS))
