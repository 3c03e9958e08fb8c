# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the demos have in common: their steps, the packet that they show, and how they end."""
import struct

from scapy.all import IP, IPv6, TCP, Ether, wrpcap

from lab import chain, traffic
from lab.account import in_words, kinds_right
from lab.edge import Edge, total

LEAST_MBPS = 50
LAB, TRAFFIC = "3 of 4: the lab", "4 of 4: the traffic"
MOST_CAUSES = 2         # on the screen


def begin(tell, picture):
    """Where the screen begins."""
    tell.progress(LAB)
    tell.detail(picture)
    tell.screen += picture.strip("\n").split("\n") + [""]


def tell_ready(tell, status):
    tell.detail("  sfcproxy run: ready; " + ", ".join(f"{port['name']} {port['role']} ({port['mode']})"
                                                      for port in status["ports"]))


def transfer(tell, todo):
    """`todo` has (what it is, a function that returns Results), one after the other. Returns all of them."""
    results = []
    for number, (what, work) in enumerate(todo, 1):
        tell.progress(TRAFFIC, f"{number} of {len(todo)}, {what}")
        results += [tell.result(result) for result in work()]
    return results


def tcp(lab, address, *options, **more):
    """TCP as fast as it goes, which is not to be slow."""
    result = traffic.iperf(lab, "sender", address, *options, name="TCP", **more)
    result.good = result.good and result.mbps > LEAST_MBPS
    return [result]


def udp(lab, address, **more):
    return [traffic.iperf(lab, "sender", address, "-u", "-b", "30M", "-l", "1200", name="UDP", **more)]


def show_packet(tell, lab, *frames):
    """One packet at several points, each as (point, interface, frame): the labels on the screen, all in the details."""
    ways = [f"{packet.src} > {packet.dst}" for packet in (packet_of(frame) for _, _, frame in frames)]
    becomes = f", becomes {ways[-1]}" if ways[-1] != ways[0] else ""
    tell.on_screen(f"one packet at {len(frames)} points (label/TTL): {ways[0]}{becomes}")
    for point, device, frame in frames:
        path = lab.folder / "shown.pcap"
        wrpcap(str(path), [Ether(frame)])
        tell.detail(f"    {point} ({device}):\n{traffic.spell_out(path)}")
        tell.on_screen(f"  {point:18} {device:4} {labels_text(frame)}")


def labelled(frame):
    return frame[12:14] == b"\x88\x47"


def stack_of(frame):
    """The entries of a frame's label stack, as numbers."""
    found = []
    while labelled(frame) and not (found and found[-1] & 0x100):
        found.append(struct.unpack_from(">I", frame, 14 + 4 * len(found))[0])
    return found


def labels_of(frame):
    """The label stack without the TTLs: the first label hands its own on."""
    return [entry >> 8 for entry in stack_of(frame)]


def labels_text(frame):
    """Label and TTL of each entry."""
    return " ".join(f"{entry >> 12}/{entry & 255}" for entry in stack_of(frame)) or "no label"


def packet_of(frame):
    """The packet behind the labels of a frame, or of one without."""
    inner = frame[14 + 4 * len(stack_of(frame)):]
    return IPv6(inner) if inner[0] >> 4 == 6 else IP(inner)


def payload_of(frame):
    """The TCP segment behind the labels of a frame."""
    return bytes(packet_of(frame)[TCP])


def show_stats(tell, proxy, equations):
    """All counters in the details; on the screen the equations with these names."""
    text = proxy.stats_text().rstrip()
    tell.screen.append(f"counters of the proxy: {'balanced' if proxy.stats()['conservation']['balanced'] else 'BAD'}")
    for line in text.splitlines():
        tell.detail(traffic.wrapped(line, 2))
        if line.startswith(equations):
            tell.on_screen(line, 2)


def show_account(tell, settled, edges=None, header="stack"):
    tell.detail(f"\n  the edges: {settled.pushed} pushed, {settled.good} arrived with the right {header}, {settled.wrong} with "
                f"a wrong one,\n" + traffic.wrapped(f"{settled.bare} without; missing: {in_words(settled)}", 2))
    if not settled.closed:
        tell.bad(f"{settled.missing} are missing, {sum(settled.lost.values())} have a name")
    for edge in (edges.receiver, edges.sender) if edges else ():
        if edge.kept("wrong"):
            tell.bad(f"first wrong frame at the {edge.role}: {edge.kept('wrong').hex()}")


def show_traffic(tell, results, arrived, header="stack", more=""):
    """On the screen, after those that went wrong. `more` follows what was right."""
    good, mbps = sum(result.good for result in results), rates(results)
    tell.on_screen(f"traffic, IPv4 and IPv6: {good} of {len(results)} transfers went well, TCP at {mbps}")
    tell.on_screen(f"right {header}s: {kinds_right(arrived)}{more}", 2)


def rates(results):
    mbps = [result.mbps for result in results if result.name.startswith("TCP")]
    return f"{min(mbps):.0f} to {max(mbps):.0f} Mb/s"


def bad_checksums(lab):
    """Of both hosts."""
    return traffic.bad_checksums(lab, "sender") + traffic.bad_checksums(lab, "receiver")


def switched_off(tell, lab, proxy, pushed, what, ports=()):
    """The frames go on to arrive at p0; the kernel behind it has no use for them. `pushed` counts them, and they are `what`.
    `ports`: those that get frames by XDP, which a veth takes only where it has a program. In a lab that is kept the proxy is
    started once more."""
    tell.progress(TRAFFIC, "the proxy switched off")
    code = proxy.stop()
    tell.detail(f"  sfcproxy ended by SIGTERM, exit code {code}")
    wire = Edge(lab, "proxy") if ports else None
    for port in ports:
        wire.attach(port, "edge_pass")
    before = pushed()
    result = traffic.ping(lab, "sender", chain.RECEIVER, count=5)
    sent = pushed() - before
    for port in ports:
        wire.detach(port)
    tell.detail(f"  ping: {result.text}; {sent} {what} were sent to p0 and nobody strips them")
    tell.on_screen(f"proxy switched off: ping, {result.text}")
    if tell.keep:
        proxy.start()
        proxy.wait_ready()
    return code == 0 and result.text.startswith("0 of") and sent == 5


def labels_off(tell, lab, edges, proxy):
    return switched_off(tell, lab, proxy, lambda: total(edges.pushed()[0], "pushed"), "labelled packets", ("p0", "p1"))


def firewall_verdict(tell, results, settled, headers, checks, header="stack"):
    """Of a demo whose SF is lab/firewall.py. `headers`: SFC headers that it has seen."""
    return verdict(tell, results, settled, f"{headers} SFC headers seen by the SF", {
        "SFC headers in the SF": headers == 0,
        "packets vanished": "vanished in the SF" not in settled.lost,
        "the SF blocked nothing": settled.lost.get("blocked by the SF's rule", 0) > 0} | checks, header)


def verdict(tell, results, settled, said, checks, header="stack"):
    """The last lines of the screen. `said` is what this demo has to say of itself, `checks` what else must be true of
    it, by what is the matter if not. Returns the exit code."""
    checks = {"a transfer failed": all(result.good for result in results),
              f"wrong {header}s": settled.wrong == 0,
              f"packets without a {header}": settled.bare == 0,
              "the proxy's counters are not balanced": settled.balanced,
              "the sums do not agree": settled.closed} | checks
    bad = [what for what, good in checks.items() if not good]
    tell.on_screen(f"{'FAIL' if bad else 'PASS'}: {settled.pushed} packets, {in_words(settled, MOST_CAUSES)}, "
                   f"{settled.wrong} with a wrong {header}, {said}, {rates(results)}")
    tell.screen += [f"  {what}" for what in bad]
    return 1 if bad else 0
