# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The main job on real traffic: scapy wraps labels around a capture, `sfcproxy replay` runs the BPF programs on it in the
kernel, tcpdump shows one packet at three places, and every packet is compared with what the standard asks for."""
import json
import pathlib
import subprocess
import sys
import tempfile

from scapy.all import Ether, IP, rdpcap, wrpcap
from scapy.contrib.mpls import MPLS

ROOT = pathlib.Path(__file__).resolve().parent.parent
CAPTURE = ROOT / "tests/wire/captures/mpls-mixed-vlan.pcap"
SHOWN = 4  # the packet that is spelled out: the first that carries HTTP
CONFIG = """
sfs:
  - {name: fw, ports: {left: veth-fw-a, right: veth-fw-b}}
services:
  - name: web-out
    match: {encapsulation: mpls, label: 16001}
    domain: eth0
    sf: {name: fw, in: left}
    next_hop: {interface: eth1, mac: "02:00:00:00:00:99"}
"""


def stack_for(number):
    """The chain of packet `number`: the proxy's SF, then hops of its own. Every third packet skips the second hop."""
    hops = [16002, 16003, 17000 + number] if number % 3 else [16003, 17000 + number]
    return [16001] + hops


def wrap(number, frame):
    """The frame with its stack between Ethernet and IP; hop counts differ so that the TTL rule can be seen."""
    labels = stack_for(number)
    shim = b"".join(bytes(MPLS(label=label, s=int(i == len(labels) - 1), ttl=64 if i == 0 else 255))
                    for i, label in enumerate(labels))
    ethernet = Ether(src=frame.src, dst="02:00:00:00:00:01", type=0x8847)
    return Ether(bytes(ethernet) + shim + bytes(frame[IP]))


def expected(wrapped):
    """RFC 3032 and 3443: the top entry is gone, the next one's hop count is min(its own, old top - 1), the rest is as it was."""
    raw = bytearray(bytes(wrapped)[14:])
    top_ttl, rest = raw[3], raw[4:]
    rest[3] = min(rest[3], top_ttl - 1)
    return bytes(rest)


def tcpdump(path, packet):
    """What an independent dissector says of one packet of a capture."""
    text = subprocess.run(["tcpdump", "-nnetv", "-r", path], capture_output=True, text=True, check=True).stdout
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if line and not line.startswith(("\t", " "))]
    end = starts[packet + 1] if packet + 1 < len(starts) else len(lines)
    headers = [line for line in lines[starts[packet]:end] if "label" in line or "ethertype" in line or "Flags" in line]
    return "\n".join("    " + line.strip()[:118] for line in headers)


def show(folder):
    for title, name in (("before the SF", "in.pcap"), ("in the SF", "sf.pcap"), ("after the SF", "out.pcap")):
        print(f"  {title}:\n{tcpdump(str(folder / name), SHOWN)}")


def replay(folder):
    """Twelve packets are in the SF at once, so the cache has to tell them apart."""
    command = [ROOT / "build/sfcproxy", "replay", "-c", folder / "demo.yaml", "--in", f"eth0={folder / 'in.pcap'}",
               "--to-sf", folder / "sf.pcap", "--out", folder / "out.pcap", "--window", "12", "-j"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def run(folder):
    plain = [frame for frame in rdpcap(str(CAPTURE)) if frame.type == 0x0800]
    wrapped = [wrap(number, frame) for number, frame in enumerate(plain)]
    wrpcap(str(folder / "in.pcap"), wrapped)
    (folder / "demo.yaml").write_text(CONFIG)
    report = replay(folder)
    in_sf, out = rdpcap(str(folder / "sf.pcap")), rdpcap(str(folder / "out.pcap"))

    print(f"{len(plain)} packets of a real HTTP connection, each with a label stack of its own; packet {SHOWN}:\n")
    show(folder)
    lost = len(wrapped) - len(out)
    wrong = sum(bytes(got)[14:] != expected(sent) for got, sent in zip(out, wrapped))
    changed = sum(bytes(got)[14:] != bytes(frame[IP]) for got, frame in zip(in_sf, plain))
    headers = sum(MPLS in frame or frame.type == 0x8847 for frame in in_sf)
    balanced = report["conservation"]["balanced"]
    print("\nconservation:", json.dumps(report["conservation"]))
    good = plain and len(in_sf) == len(plain) and not (lost or wrong or changed or headers) and balanced
    print(f"\n{'PASS' if good else 'FAIL'}: {len(wrapped)} packets, {lost} lost, {wrong} with a wrong stack, "
          f"{headers} SFC headers seen by the SF, {changed} changed before the SF")
    return 0 if good else 1


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        sys.exit(run(pathlib.Path(name)))
