# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The demo: real traffic through a real firewall behind the proxy, on live interfaces, every packet checked."""
import pathlib
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from scapy.all import IP, IPv6, TCP, Ether, rdpcap, wrpcap  # noqa: E402  (the path above comes first)

from lab import account, chain, firewall, generators, traffic  # noqa: E402
from lab.edge import Edge, total  # noqa: E402
from lab.net import Lab, LabError  # noqa: E402
from lab.proxy import Proxy  # noqa: E402

WEB = 80
LEAST_MBPS = 50
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


def part(title):
    print(f"\n── {title} " + "─" * max(2, 94 - len(title)), flush=True)


def show(result):
    rate = f"{result.mbps:8.1f} Mb/s" if result.mbps is not None else " " * 13
    print(f"  {'ok ' if result.good else 'BAD'} {result.name:32} {rate}  {result.text}"[:99], flush=True)
    return result


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
    print("  sfcproxy run: ready; " + ", ".join(f"{port['name']} {port['role']} ({port['mode']})"
                                                for port in status["ports"]))
    return edges, proxy, seen


def send(lab):
    """All traffic of the demo. Returns the results."""
    here = [chain.RECEIVER, chain.RECEIVER6]
    results = [show(traffic.ping(lab, "sender", address)) for address in here]
    for address, reverse in ((here[0], []), (here[0], ["-R"]), (here[1], []), (here[1], ["-R"])):
        result = traffic.iperf(lab, "sender", address, *reverse, name="TCP")
        result.good = result.good and result.mbps > LEAST_MBPS
        results.append(show(result))
    for address in here:
        results.append(show(traffic.iperf(lab, "sender", address, "-u", "-b", "30M", "-l", "1200", name="UDP")))
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
        print("  BAD the packet was not seen at all three places")
        return False
    for title, frame in (("before the SF (into p0)", before), ("in the SF (fw0)", bytes(inner[0])),
                         ("behind the SF (as it reaches the receiver)", after)):
        path = lab.folder / "shown.pcap"
        wrpcap(str(path), [Ether(frame)])
        print(f"    {title}:\n{traffic.spell_out(path)}")
    return result.good and payload_of(before) == payload_of(after) == bytes(inner[0][TCP])


def payload_of(labelled):
    """The TCP segment behind the labels of a frame."""
    at = 14
    while not struct.unpack_from(">I", labelled, at)[0] & 0x100:
        at += 4
    inner = labelled[at + 4:]
    packet = IPv6(inner) if inner[0] >> 4 == 6 else IP(inner)
    return bytes(packet[TCP])


def count_all(lab, edges, proxy, seen):
    """Waits until nothing is on its way, prints the proxy's counters, and settles the account."""
    time.sleep(WAIT_FOR_HOLD)
    for line in proxy.stats_text().rstrip().splitlines():
        print(traffic.wrapped(line, 2))
    rules = firewall.counters(lab)
    pushed, arrived = edges.pushed(), edges.arrived()
    settled = account.settle(pushed, arrived, edges.errors(), proxy.stats(), rules, firewall.drops(lab))
    print(f"\n{account.kinds_table(pushed, arrived)}")
    print(f"\n  the edges: {settled.pushed} pushed, {settled.good} arrived with the right stack, {settled.wrong} with "
          f"a wrong one,\n" + traffic.wrapped(f"{settled.bare} without; missing: {account.in_words(settled)}", 2))
    if not settled.closed:
        print(f"  BAD {settled.missing} are missing, {sum(settled.lost.values())} have a name")
    for edge in (edges.receiver, edges.sender):
        if edge.kept("wrong"):
            print(f"  BAD first wrong frame at the {edge.role}: {edge.kept('wrong').hex()}")
    spoilt = traffic.bad_checksums(lab, "sender") + traffic.bad_checksums(lab, "receiver")
    print(f"  the hosts: {spoilt} packets with a wrong checksum; the SF: {rules['mpls'] - seen} frames with labels")
    return settled, rules["mpls"] - seen, {"wrong checksums": spoilt == 0} | {
        f"of {kind} nothing came right, one way or both": False for kind in account.silent_kinds(arrived)}


def switched_off(lab, edges, proxy):
    """The labelled frames go on to arrive at p0; the kernel behind it has no use for them."""
    code = proxy.stop()
    print(f"  sfcproxy ended by SIGTERM, exit code {code}")
    wire = Edge(lab, "proxy")
    for port in ("p0", "p1"):
        wire.attach(port, "edge_pass")
    before = total(edges.pushed()[0], "pushed")
    result = traffic.ping(lab, "sender", chain.RECEIVER, count=5)
    sent = total(edges.pushed()[0], "pushed") - before
    print(f"  ping: {result.text}; {sent} labelled packets were sent to p0 and nobody strips them")
    return code == 0 and result.text.startswith("0 of") and sent == 5


def verdict(results, settled, headers, others):
    tcp = [result.mbps for result in results if result.name.startswith("TCP")]
    checks = {"a transfer failed": all(result.good for result in results),
              "wrong stacks": settled.wrong == 0,
              "packets without a stack": settled.bare == 0,
              "SFC headers in the SF": headers == 0,
              "the proxy's counters are not balanced": settled.balanced,
              "the sums do not agree": settled.closed,
              "packets vanished": "vanished in the SF" not in settled.lost,
              "the SF blocked nothing": settled.lost.get("blocked by the SF's rule", 0) > 0} | others
    bad = [what for what, good in checks.items() if not good]
    print("\n" + traffic.wrapped(
        f"{'FAIL' if bad else 'PASS'}: {settled.pushed} packets, {account.in_words(settled)}, "
        f"{settled.wrong} with a wrong stack, {headers} SFC headers seen by the SF, "
        f"{min(tcp):.0f} to {max(tcp):.0f} Mb/s", 0) + "".join(f"\n  {what}" for what in bad))
    return 1 if bad else 0


def main():
    with Lab() as lab:
        part("the lab: five network namespaces")
        print(PICTURE)
        edges, proxy, seen = start(lab)
        part("traffic, both ways, IPv4 and IPv6; every stack is checked bit by bit where it arrives")
        results = send(lab)
        part("one packet at three places")
        same = one_packet(lab, edges)
        part("what the proxy counted")
        settled, headers, others = count_all(lab, edges, proxy, seen)
        part("the same with the proxy switched off")
        off = switched_off(lab, edges, proxy)
        return verdict(results, settled, headers, others | {
            "the packet shown is not the same at three places": same, "switched off, it did not stop": off})


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as problem:
        print(f"\nFAIL: {problem}")
        sys.exit(1)
    except KeyboardInterrupt:
        print("\ninterrupted; all of the lab is removed")
        sys.exit(130)
