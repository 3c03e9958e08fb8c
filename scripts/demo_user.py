# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The demo: real traffic through a real firewall behind the proxy, on real interfaces, every packet checked."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from scapy.all import TCP, rdpcap  # noqa: E402  (the path above comes first)

from lab import account, chain, demo, firewall, generators, traffic  # noqa: E402
from lab.demo import (exit_code, part, payload_of, show, show_account, show_frames, show_stats,  # noqa: E402
                      show_tcp, show_udp, switched_off, tell_ready)
from lab.net import Lab  # noqa: E402
from lab.proxy import Proxy  # noqa: E402

WEB = 80
WAIT_FOR_HOLD = 0.5     # the proxy's hold time is 0.1 s; after this nothing may be on its way any more
PICTURE = """
  sender ──▶ classifier ──▶ p0 ┌───────┐ p1 ──▶ classifier ──▶ receiver
             pushes a stack    │ proxy │        (and the same way back)
             of its own on     └┬─────▲┘
             every packet    f0 │     │ f1
                                ▼     │
                              firewall (SF): Linux forwarding, nftables, keeps state;
                              knows nothing of SFC
"""


def start(lab):
    """Everything up to a proxy that is ready. Returns (edges, proxy, labelled frames that the SF has seen so far)."""
    chain.build(lab)
    firewall.build(lab)
    edges = chain.Edges(lab, keep_port=WEB)
    lab.wait_up()
    seen = firewall.prove_mpls_counter(lab)
    traffic.serve(lab, "receiver", WEB, firewall.BLOCKED_PORT)
    proxy = Proxy(lab, chain.CONFIG)
    proxy.start()
    status = proxy.wait_ready()
    edges.mark()
    tell_ready(status)
    return edges, proxy, seen


def send(lab):
    """All traffic of the demo. Returns the results."""
    here = [chain.RECEIVER, chain.RECEIVER6]
    results = [show(traffic.ping(lab, "sender", address)) for address in here]
    for address, reverse in ((here[0], []), (here[0], ["-R"]), (here[1], []), (here[1], ["-R"])):
        results.append(show_tcp(lab, address, *reverse))
    results += [show_udp(lab, address) for address in here]
    sides = [(role, device, (address, address6)) for role, device, address, address6 in
             (("sender", "s0", chain.SENDER, chain.SENDER6), ("receiver", "r0", *here))]
    with firewall.slow(lab):
        results += [show(result) for result in generators.dialogues(lab, *sides)]
    results += [show(result) for address in here for result in generators.fragments(lab, "sender", address)]
    results += [show(traffic.blocked(lab, "sender", address, firewall.BLOCKED_PORT)) for address in here]
    return results


def one_packet(lab, edges):
    """The same HTTP request before, in and behind the SF. Returns whether it really is the same."""
    inside = lab.folder / "inside.pcap"
    tcpdump = traffic.capture(lab, firewall.ROLE, "fw0", inside, f"tcp dst port {WEB}")
    result = show(traffic.web(lab, "sender", chain.RECEIVER, WEB))
    lab.stop(tcpdump)
    before, after = edges.classifier.kept("pushed"), edges.receiver.kept("checked")
    inner = [frame for frame in rdpcap(str(inside)) if len(frame[TCP].payload)]
    if not (before and after and inner):
        print("  BAD the packet was not seen at all three interfaces")
        return False
    show_frames(lab, ("before the SF (into p0)", before), ("in the SF (fw0)", bytes(inner[0])),
                ("behind the SF (as it reaches the receiver)", after))
    return result.good and payload_of(before) == payload_of(after) == bytes(inner[0][TCP])


def count_all(lab, edges, proxy, seen):
    """Waits until nothing is on its way, prints the proxy's counters, and settles the account."""
    time.sleep(WAIT_FOR_HOLD)
    show_stats(proxy)
    rules = firewall.counters(lab)
    pushed, arrived = edges.pushed(), edges.arrived()
    settled = account.settle(pushed, arrived, edges.errors(), proxy.stats(), rules, firewall.drops(lab))
    print(f"\n{account.kinds_table(pushed, arrived)}")
    show_account(settled, edges)
    spoilt = demo.bad_checksums(lab)
    print(f"  the hosts: {spoilt} packets with a wrong checksum; the SF: {rules['mpls'] - seen} frames with labels")
    return settled, rules["mpls"] - seen, {"wrong checksums": spoilt == 0} | {
        f"of {kind} nothing came right, one way or both": False for kind in account.silent_kinds(arrived)}


def verdict(results, settled, headers, others):
    return demo.verdict(results, settled, f"{headers} SFC headers seen by the SF", {
        "SFC headers in the SF": headers == 0,
        "packets vanished": "vanished in the SF" not in settled.lost,
        "the SF blocked nothing": settled.lost.get("blocked by the SF's rule", 0) > 0} | others)


def main():
    with Lab() as lab:
        part("the lab: five network namespaces")
        print(PICTURE)
        edges, proxy, seen = start(lab)
        part("traffic, both ways, IPv4 and IPv6; every stack is checked bit by bit where it arrives")
        results = send(lab)
        part("one packet at three interfaces")
        same = one_packet(lab, edges)
        part("what the proxy counted")
        settled, headers, others = count_all(lab, edges, proxy, seen)
        part("the same with the proxy switched off")
        off = switched_off(lab, edges, proxy)
        return verdict(results, settled, headers, others | {
            "the packet shown is not the same at three interfaces": same, "switched off, it did not stop": off})


if __name__ == "__main__":
    sys.exit(exit_code(main))
