# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The demo of NSH: real traffic through a real firewall behind the proxy, between two Open vSwitches. One pushes the header,
the other one looks at every field of it and takes it off."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from scapy.all import IP, TCP, Ether, wrpcap  # noqa: E402  (the path above comes first)

from lab import account, chain, demo, demo_run, firewall, nsh_flows as flows, nsh_wire, traffic  # noqa: E402
from lab.bench import BY_IP, since  # noqa: E402
from lab.nsh import WEB_PORT, NshBench, frames  # noqa: E402
from lab.ovs import version  # noqa: E402
from lab.service_functions import Routed  # noqa: E402

HEADER = "header"
SHOWN = flows.WAYS["gpe4-md1"]
EQUATIONS = ("domain side", "cache", "SF side")
HINTS = (("SF", "tcpdump -nec 5 -i fw0"), ("sender", f"ping -c 10 -i 0.2 {chain.RECEIVER}"),
         ("sender", f"iperf3 -t 2 -b 20M -l 8K -c {chain.RECEIVER}"), ("SF", "nft list counters"), ("ovs2", "tcpdump -nnec 5 -i b1"))
NOTE = "Each address of the sender is one way: ping -I 192.0.2.24 goes by VXLAN-GPE with a checksum, MD type 1."
PICTURE = """
  sender ─▶ OVS 1 ─▶ a1,p0 ┌───────┐ p1,b1 ─▶ OVS 2 ─▶ receiver
            pushes NSH     │ proxy │          checks it; the same way back
            (c1: ports,    └┬─────▲┘
            c2: TCP flags) f0 ▼   │ f1
                           firewall, the SF: nftables, knows nothing of SFC
"""


def start(lab, tell):
    """Everything up to a proxy that is ready. Returns (bench, frames with NSH that the SF has seen so far)."""
    bench = NshBench(lab, Routed())
    seen = firewall.prove_counter(lab, firewall.NSH)
    demo.tell_ready(tell, bench.run(BY_IP, flows.RIGHT))
    return bench, seen


def request(lab, way):
    """An HTTP request before, in and behind the SF: its result, and the frame at each of the three interfaces."""
    points = (("ovs1", "a1", "outbound"), (firewall.ROLE, "fw0", f"tcp dst port {WEB_PORT}"), ("ovs2", "b1", "inbound"))
    paths = [lab.folder / f"shown-{device}.pcap" for _, device, _ in points]
    running = [traffic.capture(lab, role, device, path, which) for (role, device, which), path in zip(points, paths)]
    result = traffic.web(lab, "sender", chain.RECEIVER, WEB_PORT)
    result.name += f", {way.name}"
    for tcpdump in running:
        lab.stop(tcpdump)
    found = []
    for path in paths:
        inner = [(frame, packet_of(frame)) for frame in frames(path)]
        found.append([frame for frame, packet in inner if packet and packet.haslayer(TCP) and len(packet[TCP].payload)])
    return result, [those[0] if those else None for those in found]


def packet_of(frame):
    """The IPv4 packet behind NSH, or of a frame without it; None for all else."""
    if nsh_wire.is_nsh(frame):
        return IP(nsh_wire.read(frame).packet)
    return IP(frame[14:]) if frame[12:14] == b"\x08\x00" else None


def one_packet(lab, tell, bench):
    """Shows a request. Returns its result, and whether it is the same packet, with the same header but for the index."""
    bench.take(SHOWN)
    result, seen = request(lab, SHOWN)
    tell.result(result)
    if not all(seen):
        tell.bad("the packet was not seen at all three interfaces")
        return result, False
    before, after = nsh_wire.read(seen[0]), nsh_wire.read(seen[2])
    packet = packet_of(seen[1])
    tell.on_screen(f"one packet at 3 points (SPI/SI, c1 to c4): {packet.src} > {packet.dst}")
    for point, device, frame in zip(("before the SF", "in the SF", "behind the SF"), ("a1", "fw0", "b1"), seen):
        path = lab.folder / "shown.pcap"
        wrpcap(str(path), [Ether(frame)])
        tell.detail(f"    {point} ({device}):\n{traffic.spell_out(path)}")
        found = nsh_wire.read(frame) if nsh_wire.is_nsh(frame) else None
        text = " ".join([f"{found.spi}/{found.si}", *(f"{each:08x}" for each in found.contexts())]) if found else "no NSH"
        tell.on_screen(f"  {point:18} {device:4} {text}")
        if found:
            tell.detail(traffic.wrapped(f"in words: {found.outer}; {found.text()}", 6))
    segments = {bytes(packet_of(frame)[TCP]) for frame in seen}
    return result, len(segments) == 1 and not nsh_wire.is_nsh(seen[1]) and [each.header for each in (before, after)] == [
        nsh_wire.expected(before.packet, 0, index) for index in (flows.SI_FIRST, flows.SI_NEXT)]


def transfers(lab, bench):
    """All traffic but the packet that is shown, as (what it is, a function that sends it)."""
    def named(way):
        results = bench.exercise(way)
        for result in results:
            family = 6 if ":" in result.name else 4
            result.name = f"{result.name.split()[0]}, IPv{family} on {way.name}"
        return results

    todo = [(way.name, lambda this=way: named(this)) for way in flows.RIGHT]
    return todo + [(f"what the SF blocks, {address}", lambda to=address: [
        traffic.blocked(lab, "sender", to, firewall.BLOCKED_PORT)]) for address in (chain.RECEIVER, chain.RECEIVER6)]


def count_all(lab, tell, bench, seen):
    """Shows what was counted; returns the account, headers that the SF has seen, and what else must be true."""
    settled = bench.settle()
    demo.show_stats(tell, bench.proxy, EQUATIONS)
    counts, rules = since(bench.before[0], bench.last), firewall.counters(lab)
    tell.detail(f"\n{account.kinds_table(counts, counts, ('tcp', 'udp', 'icmp'))}")
    demo.show_account(tell, settled, header=HEADER)
    spoilt, refused = demo.bad_checksums(lab), bench.tunnel_errors()
    for name, count in refused.items():
        tell.detail(f"  Open vSwitch {version()}: {name} {count}")
    tell.detail(f"  the hosts: {spoilt} packets with a wrong checksum; the SF: {rules['sfc'] - seen} frames with NSH")
    return settled, rules["sfc"] - seen, {"wrong checksums": spoilt == 0, "tunnel packets were refused": not any(
        refused.values())} | {f"of {kind} nothing came right, one way or both": False
                              for kind in account.silent_kinds(counts, flows.KINDS)}


def compared(tell, captured):
    """Open vSwitch reads no context headers of MD type 2, so the frames that tcpdump has seen behind the proxy are compared
    byte for byte. Returns whether all are right."""
    found = [nsh_wire.compare(frames_of, direction) for direction, frames_of in enumerate(captured)]
    wrong = [text for _, each in found for text in each]
    tell.detail(f"  tcpdump: {sum(right for right, _ in found)} headers right to the last byte, {len(wrong)} wrong")
    for text in wrong[:1]:
        tell.bad(text)
    return not wrong and all(right for right, _ in found)


def main(lab, tell):
    tell.part("the lab: six network namespaces")
    demo.begin(tell, PICTURE)
    bench, seen = start(lab, tell)
    tell.part("one packet at three interfaces")
    shown, same = one_packet(lab, tell, bench)
    tell.part("traffic, both ways, IPv4 and IPv6, over each carrier; every header is checked where it arrives")
    done, captured = bench.captured(lambda: demo.transfer(tell, transfers(lab, bench)))
    results = [shown] + done
    arrived = since(bench.before[0], bench.counts())
    demo.show_traffic(tell, results, arrived, HEADER)
    tell.part("what the proxy and the switches counted")
    settled, headers, others = count_all(lab, tell, bench, seen)
    read = compared(tell, captured)
    tell.part("the same with the proxy switched off")
    bench.take(flows.WAYS["ethernet-md1"])
    off = demo.switched_off(tell, lab, bench.proxy, lambda: bench.counts()[0]["pushed_icmp"], "packets with NSH")
    return demo.firewall_verdict(tell, results, settled, headers, others | {
        "a captured header is wrong": read,
        "the packet shown is not the same at three interfaces": same, "switched off, it did not stop": off}, HEADER)


if __name__ == "__main__":
    sys.exit(demo_run.run("`scripts/demo --sfc nsh`", main, HINTS, NOTE))
