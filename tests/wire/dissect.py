# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Two dissectors that are not ours: what scapy and tcpdump make of the files that replay wrote."""
from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import frames as _frames  # noqa: F401  (quiets scapy before its layers load)
import pcapio
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import bind_layers

bind_layers(Ether, MPLS, type=0x8848)

HEAD = re.compile(r"^\S+ (?P<src>[0-9a-f:]{17}) > (?P<dst>[0-9a-f:]{17}), ethertype .*?\((?P<type>0x[0-9a-f]{4})\)")
LABEL = re.compile(r"\(label (\d+)(?: \([^)]*\))?, tc (\d), (\[S\], )?ttl (\d+)\)")
WRONG = re.compile(r"incorrect|bad [a-z ]*(?:cksum|sum)|wrong|truncated|\[\|", re.IGNORECASE)


def scapy_labels(frame: bytes) -> list[tuple[int, int, int, int]]:
    """(label, tc, s, ttl) of each entry."""
    layer, rows = Ether(frame).getlayer(MPLS), []
    while isinstance(layer, MPLS):
        rows.append((layer.label, layer.cos, layer.s, layer.ttl))
        layer = layer.payload
    return rows


def scapy_checksums_hold(frame: bytes) -> bool:
    """Every checksum of the innermost packet is what scapy computes for it."""
    packet = Ether(frame)
    ip = packet.getlayer(IP) or packet.getlayer(IPv6)
    fresh = ip.copy()
    for layer, name in ((IP, "chksum"), (TCP, "chksum"), (UDP, "chksum"), (ICMP, "chksum"), (ICMPv6EchoRequest, "cksum")):
        if layer in fresh:
            delattr(fresh[layer], name)
    return bytes(fresh) == bytes(ip)


def tcpdump(frames: list[bytes]) -> list[str]:
    """The text of `tcpdump -e -n -v`, one string a frame."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.pcap"
        path.write_bytes(pcapio.pcap(frames))
        # As root tcpdump would change to a user who may not read the temporary folder.
        done = subprocess.run(["tcpdump", "-Z", "root", "-e", "-n", "-v", "-tttt", "-r", str(path)],
                              capture_output=True, text=True, check=True)
    texts: list[str] = []
    for line in done.stdout.splitlines():
        if re.match(r"^\d{4}-\d\d-\d\d ", line):
            texts.append(line.split(" ", 1)[1])
        else:
            texts[-1] += "\n" + line
    return texts


def tcpdump_labels(text: str) -> list[tuple[int, int, int, int]]:
    return [(int(label), int(tc), int(bool(s)), int(ttl)) for label, tc, s, ttl in LABEL.findall(text)]


def tcpdump_ethernet(text: str) -> tuple[str, str, int]:
    found = HEAD.match(text)
    return found["dst"], found["src"], int(found["type"], 16)


def tcpdump_complaint(text: str) -> str:
    found = WRONG.search(text)
    return found[0] if found else ""
