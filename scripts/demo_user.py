# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The demo: real traffic through a real firewall behind the proxy, on real interfaces, every packet checked."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from scapy.all import TCP, rdpcap  # noqa: E402  (the path above comes first)

from lab import account, chain, demo, demo_run, firewall, generators, traffic  # noqa: E402
from lab.proxy import Proxy  # noqa: E402

WEB = 80
WAIT_FOR_HOLD = 0.5     # the proxy's hold time is 0.1 s; after this nothing may be on its way any more
EQUATIONS = ("domain side", "cache", "SF side")
HINTS = (("SF", "tcpdump -nec 5 -i fw0"), ("sender", f"ping -c 10 -i 0.2 {chain.RECEIVER}"),
         ("sender", f"iperf3 -t 2 -c {chain.RECEIVER}"), ("SF", "nft list counters"))
PICTURE = """
  sender ─▶ classifier ─▶ p0 ┌───────┐ p1 ─▶ classifier ─▶ receiver
            pushes labels    │ proxy │       checks them; the same way back
            onto packets     └┬─────▲┘
                           f0 ▼     │ f1
                           firewall, the SF: nftables, knows nothing of SFC
"""


def start(lab, tell):
    """Everything up to a proxy that is ready. Returns (edges, proxy, labelled frames that the SF has seen so far)."""
    chain.build(lab)
    firewall.build(lab)
    edges = chain.Edges(lab, keep_port=WEB)
    lab.wait_up()
    seen = firewall.prove_counter(lab)
    traffic.serve(lab, "receiver", WEB, firewall.BLOCKED_PORT)
    proxy = Proxy(lab, chain.CONFIG)
    proxy.start()
    status = proxy.wait_ready()
    edges.mark()
    demo.tell_ready(tell, status)
    return edges, proxy, seen


def transfers(lab):
    """All traffic of the demo but the packet that is shown, as (what it is, a function that sends it)."""
    here = [chain.RECEIVER, chain.RECEIVER6]
    todo = [(f"ping {address}", lambda to=address: [traffic.ping(lab, "sender", to)]) for address in here]
    todo += [(f"TCP with {address}", lambda to=address, way=way: demo.tcp(lab, to, *way))
             for address in here for way in ([], ["-R"])]
    todo += [(f"UDP to {address}", lambda to=address: demo.udp(lab, to)) for address in here]
    todo.append(("SCTP, ESP, GRE and RTP", lambda: dialogues(lab, here)))
    todo += [(f"fragments to {address}", lambda to=address: generators.fragments(lab, "sender", to)) for address in here]
    return todo + [(f"what the SF blocks, {address}", lambda to=address: [
        traffic.blocked(lab, "sender", to, firewall.BLOCKED_PORT)]) for address in here]


def dialogues(lab, here):
    sides = [(role, device, (address, address6)) for role, device, address, address6 in
             (("sender", "s0", chain.SENDER, chain.SENDER6), ("receiver", "r0", *here))]
    with firewall.slow(lab):
        return generators.dialogues(lab, *sides)


def one_packet(lab, tell, edges):
    """An HTTP request before, in and behind the SF. Returns its result, and whether it really is the same packet."""
    inside = lab.folder / "inside.pcap"
    tcpdump = traffic.capture(lab, firewall.ROLE, "fw0", inside, f"tcp dst port {WEB}")
    result = tell.result(traffic.web(lab, "sender", chain.RECEIVER, WEB))
    lab.stop(tcpdump)
    before, after = edges.classifier.kept("pushed"), edges.receiver.kept("checked")
    inner = [bytes(frame) for frame in rdpcap(str(inside)) if len(frame[TCP].payload)]
    if not (before and after and inner):
        tell.bad("the packet was not seen at all three interfaces")
        return result, False
    demo.show_packet(tell, lab, ("before the SF", "p0", before), ("in the SF", "fw0", inner[0]),
                     ("behind the SF", "r0", after))
    return result, demo.payload_of(before) == demo.payload_of(after) == demo.payload_of(inner[0])


def count_all(lab, tell, edges, proxy, seen):
    """Waits until nothing is on its way, shows the proxy's counters, and settles the account."""
    time.sleep(WAIT_FOR_HOLD)
    demo.show_stats(tell, proxy, EQUATIONS)
    rules = firewall.counters(lab)
    pushed, arrived = edges.pushed(), edges.arrived()
    settled = account.settle(pushed, arrived, edges.errors(), proxy.stats(), rules, firewall.drops(lab))
    tell.detail(f"\n{account.kinds_table(pushed, arrived)}")
    demo.show_account(tell, settled, edges)
    spoilt = demo.bad_checksums(lab)
    tell.detail(f"  the hosts: {spoilt} packets with a wrong checksum; the SF: {rules['sfc'] - seen} frames with labels")
    return settled, rules["sfc"] - seen, {"wrong checksums": spoilt == 0} | {
        f"of {kind} nothing came right, one way or both": False for kind in account.silent_kinds(arrived)}


def main(lab, tell):
    tell.part("the lab: five network namespaces")
    demo.begin(tell, PICTURE)
    edges, proxy, seen = start(lab, tell)
    tell.part("one packet at three interfaces")
    shown, same = one_packet(lab, tell, edges)
    tell.part("traffic, both ways, IPv4 and IPv6; every stack is checked bit by bit where it arrives")
    results = [shown] + demo.transfer(tell, transfers(lab))
    demo.show_traffic(tell, results, edges.arrived())
    tell.part("what the proxy counted")
    settled, headers, others = count_all(lab, tell, edges, proxy, seen)
    tell.part("the same with the proxy switched off")
    off = demo.labels_off(tell, lab, edges, proxy)
    return demo.firewall_verdict(tell, results, settled, headers, others | {
        "the packet shown is not the same at three interfaces": same, "switched off, it did not stop": off})


if __name__ == "__main__":
    sys.exit(demo_run.run("`scripts/demo`", main, HINTS))
