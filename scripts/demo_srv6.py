# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The demo of SRv6: real traffic through a real firewall behind the proxy, between two routers with the kernel's own segment
routing. One puts the segments on, the other one goes through them and takes the header off."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from scapy.all import IP, TCP, Ether, wrpcap  # noqa: E402  (the path above comes first)

from lab import account, chain, demo, demo_run, firewall, srv6_wire, traffic  # noqa: E402
from lab.bench import BY_IP  # noqa: E402
from lab.service_functions import Routed  # noqa: E402
from lab.srv6 import WEB_PORT, Srv6Bench  # noqa: E402
from lab.srv6_lists import MIXED, Lists  # noqa: E402

HEADER = "header"
KINDS = ("tcp", "udp", "icmp", "tcp6", "udp6", "icmp6")
EQUATIONS = ("domain side", "cache", "SF side")
POINTS = (("before the SF", "ingress", "a1", "-Q out ip6"), ("in the SF", firewall.ROLE, "fw0", f"tcp dst port {WEB_PORT}"),
          ("behind the SF", "egress", "b1", "-Q in ip6"))
HINTS = (("SF", "tcpdump -nec 5 -i fw0"), ("sender", f"ping -c 10 -i 0.2 {chain.RECEIVER}"),
         ("sender", f"iperf3 -t 2 -b 20M -c {chain.RECEIVER}"), ("SF", "nft list counters"), ("egress", "ip -s -6 route show"))
NOTE = "Packets take four kinds of segment lists by turns; ip netns exec NAME ip route show table 101 has the first."
PICTURE = """
  sender ─▶ ingress ─▶ a1,p0 ┌───────┐ p1,b1 ─▶ egress ─▶ receiver
            encap seg6       │ proxy │          seg6local: End, End.DX4, End.DX6
            puts segments on └┬─────▲┘          the same way back
                           f0 ▼     │ f1
                           firewall, the SF: nftables, knows nothing of SFC
"""


def start(lab, tell):
    """Everything up to a proxy that is ready. Returns (bench, lists, frames with SRv6 that the SF has seen so far)."""
    bench = Srv6Bench(lab, Routed())
    lists = Lists(bench)
    seen = firewall.prove_counter(lab, firewall.SRV6)
    lists.mark()
    demo.tell_ready(tell, bench.run(BY_IP, MIXED))
    return bench, lists, seen


def packet_of(frame):
    """(SRv6 header or nothing, IPv4 packet) of a frame; None for all else."""
    if frame[12:14] == b"\x08\x00":
        return b"", IP(frame[srv6_wire.ETHERNET:])
    try:
        header, packet = srv6_wire.split(frame)
    except srv6_wire.Wrong:
        return None
    return (header, IP(packet)) if packet[0] >> 4 == 4 else None


def request(lab, way):
    """An HTTP request at POINTS: its result, and (frame, header, packet) at each of them, None where it was not seen."""
    paths = [lab.folder / f"shown-{device}.pcap" for _, _, device, _ in POINTS]
    running = [traffic.capture(lab, role, device, path, which) for (_, role, device, which), path in zip(POINTS, paths)]
    result = traffic.web(lab, "sender", chain.RECEIVER, WEB_PORT)
    result.name += f", {way.name}"
    for tcpdump in running:
        lab.stop(tcpdump)
    found = []
    for path in paths:
        those = [(frame, *parts) for frame in srv6_wire.frames(path) if (parts := packet_of(frame))]
        found.append(next((each for each in those if each[2].haslayer(TCP) and len(each[2][TCP].payload)), None))
    return result, found


def one_packet(lab, tell, bench, way, on_screen):
    """Shows a request on that way. Returns its result, and whether it is the same packet, with its own header, advanced."""
    bench.take(way)
    result, seen = request(lab, way)
    tell.result(result)
    if not all(seen):
        tell.bad(f"{way.name}: the packet was not seen at all three interfaces")
        return result, False
    if on_screen:
        tell.on_screen(f"one packet at 3 points: {seen[0][2].src} > {seen[0][2].dst}; it goes to the one in [ ]")
    for (point, _, device, _), (frame, header, _) in zip(POINTS, seen):
        path = lab.folder / "shown.pcap"
        wrpcap(str(path), [Ether(frame)])
        tell.detail(f"    {point} ({device}):\n{traffic.spell_out(path)}")
        spelt = srv6_wire.path(header) if header else "no SRv6"
        tell.detail(traffic.wrapped(f"in words: {spelt}", 6))
        if on_screen:
            tell.on_screen(f"  {point:14} {device:4} {spelt}")
    (_, before, _), (_, inside, _), (_, after, _) = seen
    return result, not inside and after == srv6_wire.advanced(before) and len({bytes(each[2][TCP]) for each in seen}) == 1


def show_packets(lab, tell, bench):
    """One for each kind of list, the first one on the screen. Returns the results, and whether all were right."""
    shown = [one_packet(lab, tell, bench, way, number == 0) for number, way in enumerate(MIXED)]
    return [result for result, _ in shown], all(same for _, same in shown)


def transfers(lab, bench):
    """All traffic but the packets that are shown, as (what it is, a function that sends it)."""
    here = [chain.RECEIVER, chain.RECEIVER6]
    return [(f"ping, web, TCP and UDP with {address}", lambda to=address: bench.exchange(to)) for address in here] + [
        (f"what the SF blocks, {address}", lambda to=address: [traffic.blocked(lab, "sender", to, firewall.BLOCKED_PORT)])
        for address in here]


def compared(tell, captured):
    """The headers that tcpdump has seen, byte for byte. Returns how many were wrong in each direction, and whether some were
    right in both."""
    found = [srv6_wire.compare(*both) for both in captured]
    for right, wrong in found:
        tell.detail(f"  tcpdump: {right} headers right to the last byte, {len(wrong)} wrong")
        for text in wrong[:1]:
            tell.bad(text)
    return [len(wrong) for _, wrong in found], all(right for right, _ in found)


def count_all(lab, tell, bench, lists, seen, captured):
    """Shows what was counted; returns the account, headers that the SF has seen, and what else must be true."""
    wrong, read = compared(tell, captured)
    settled = lists.settle(wrong)
    demo.show_stats(tell, bench.proxy, EQUATIONS)
    tell.detail(f"\n{account.kinds_table(lists.sums, lists.sums, ('tcp', 'udp', 'icmp'))}")
    demo.show_account(tell, settled, header=HEADER)
    spoilt, rules, (packets, errors) = demo.bad_checksums(lab), firewall.counters(lab), bench.segment_counts()
    tell.detail(f"  the hosts: {spoilt} packets with a wrong checksum; the SF: {rules['sfc'] - seen} frames with SRv6")
    tell.detail(f"  the kernel's segments (seg6local): {packets} packets, errors {errors}")
    return settled, rules["sfc"] - seen, {
        "wrong checksums": spoilt == 0, "no captured header was right, one way or both": read,
        "segments of the kernel refused packets": errors == 0 < packets} | {
        f"of {kind} nothing came right, one way or both": False for kind in account.silent_kinds(lists.sums, KINDS)}


def show_lists(tell, lists):
    """Returns whether packets of each direction have taken each way."""
    both = lists.taken()
    tell.on_screen("lists: " + ", ".join(f"{name} {sum(side[name] for side in both)}" for name in both[0]), 2)
    return all(all(side.values()) for side in both)


def main(lab, tell):
    tell.part("the lab: six network namespaces")
    demo.begin(tell, PICTURE)
    bench, lists, seen = start(lab, tell)
    tell.part("one packet of each kind of segment list at three interfaces")
    shown, same = show_packets(lab, tell, bench)
    tell.part("traffic, both ways, IPv4 and IPv6, lists from packet to packet; every header is checked")
    lists.mix()
    done, captured = bench.captured(lambda: demo.transfer(tell, transfers(lab, bench)))
    results = shown + done
    demo.show_traffic(tell, results, lists.counts(), HEADER, f"; the kernel's seg6local errors {bench.segment_counts()[1]}")
    mixed = show_lists(tell, lists)
    tell.part("what the proxy and the routers counted")
    settled, headers, others = count_all(lab, tell, bench, lists, seen, captured)
    tell.part("the same with the proxy switched off")
    off = demo.switched_off(tell, lab, bench.proxy, lambda: lists.counts()[0]["pushed_icmp"], "packets with SRv6")
    return demo.firewall_verdict(tell, results, settled, headers, others | {
        "not all lists were taken, both ways": mixed,
        "a packet shown is not the same at three interfaces": same, "switched off, it did not stop": off}, HEADER)


if __name__ == "__main__":
    sys.exit(demo_run.run("`scripts/demo --sfc srv6`", main, HINTS, NOTE))
