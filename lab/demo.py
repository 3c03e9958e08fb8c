# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the demos have in common: how they print, the packet that they show, and how they end."""
import struct

from scapy.all import IP, IPv6, TCP, Ether, wrpcap

from lab import chain, traffic
from lab.account import in_words
from lab.edge import Edge, total
from lab.net import LabError

LEAST_MBPS = 50


def part(title):
    print(f"\n── {title} " + "─" * max(2, 94 - len(title)), flush=True)


def show(result):
    rate = f"{result.mbps:8.1f} Mb/s" if result.mbps is not None else " " * 13
    print(f"  {'ok ' if result.good else 'BAD'} {result.name:32} {rate}  {result.text}"[:99], flush=True)
    return result


def tell_ready(status):
    print("  sfcproxy run: ready; " + ", ".join(f"{port['name']} {port['role']} ({port['mode']})"
                                                for port in status["ports"]))


def show_tcp(lab, address, *options, **more):
    """TCP as fast as it goes, which is not to be slow."""
    result = traffic.iperf(lab, "sender", address, *options, name="TCP", **more)
    result.good = result.good and result.mbps > LEAST_MBPS
    return show(result)


def show_udp(lab, address, **more):
    return show(traffic.iperf(lab, "sender", address, "-u", "-b", "30M", "-l", "1200", name="UDP", **more))


def show_frames(lab, *frames):
    """Each as (title, frame), spelled out."""
    for title, frame in frames:
        path = lab.folder / "shown.pcap"
        wrpcap(str(path), [Ether(frame)])
        print(f"    {title}:\n{traffic.spell_out(path)}")


def labels_of(labelled):
    """The label stack of a frame, entry by entry, without the TTLs: the first label hands its own on."""
    found = []
    while not found or not found[-1] & 1:
        found.append(struct.unpack_from(">I", labelled, 14 + 4 * len(found))[0] >> 8)
    return found


def packet_of(labelled):
    """The packet behind the labels of a frame."""
    inner = labelled[14 + 4 * len(labels_of(labelled)):]
    return IPv6(inner) if inner[0] >> 4 == 6 else IP(inner)


def payload_of(labelled):
    """The TCP segment behind the labels of a frame."""
    return bytes(packet_of(labelled)[TCP])


def show_stats(proxy):
    for line in proxy.stats_text().rstrip().splitlines():
        print(traffic.wrapped(line, 2))


def show_account(settled, edges):
    print(f"\n  the edges: {settled.pushed} pushed, {settled.good} arrived with the right stack, {settled.wrong} with "
          f"a wrong one,\n" + traffic.wrapped(f"{settled.bare} without; missing: {in_words(settled)}", 2))
    if not settled.closed:
        print(f"  BAD {settled.missing} are missing, {sum(settled.lost.values())} have a name")
    for edge in (edges.receiver, edges.sender):
        if edge.kept("wrong"):
            print(f"  BAD first wrong frame at the {edge.role}: {edge.kept('wrong').hex()}")


def bad_checksums(lab):
    """Of both hosts."""
    return traffic.bad_checksums(lab, "sender") + traffic.bad_checksums(lab, "receiver")


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


def verdict(results, settled, said, checks):
    """Prints the last lines. `said` is what this demo has to say of itself, `checks` what else must be true of it, by
    what is the matter if not. Returns the exit code."""
    tcp = [result.mbps for result in results if result.name.startswith("TCP")]
    checks = {"a transfer failed": all(result.good for result in results),
              "wrong stacks": settled.wrong == 0,
              "packets without a stack": settled.bare == 0,
              "the proxy's counters are not balanced": settled.balanced,
              "the sums do not agree": settled.closed} | checks
    bad = [what for what, good in checks.items() if not good]
    print("\n" + traffic.wrapped(
        f"{'FAIL' if bad else 'PASS'}: {settled.pushed} packets, {in_words(settled)}, {settled.wrong} with a wrong stack, "
        f"{said}, {min(tcp):.0f} to {max(tcp):.0f} Mb/s", 0) + "".join(f"\n  {what}" for what in bad))
    return 1 if bad else 0


def exit_code(main):
    """Of a demo that is run to its end, whatever ends it."""
    try:
        return main()
    except LabError as problem:
        print(f"\nFAIL: {problem}")
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; all of the lab is removed")
        return 130
