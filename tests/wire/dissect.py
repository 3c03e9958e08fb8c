# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Three dissectors that are not ours: what scapy, tcpdump and tshark make of the files that replay wrote."""
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
FAULTS = ("_ws.malformed", "_ws.expert.severity", "_ws.expert.message")
WARNING = 0x600000      # of tshark's levels
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


def tshark(frames: list[bytes], fields: tuple[str, ...]) -> list[dict[str, list[str]]]:
    """The values of these fields in each frame, the outermost first. All checksums are verified."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.pcap"
        path.write_bytes(pcapio.pcap(frames))
        checks = [part for name in ("ip", "udp", "tcp") for part in ("-o", f"{name}.check_checksum:TRUE")]
        wanted = [part for name in (*fields, *FAULTS) for part in ("-e", name)]
        done = subprocess.run(["tshark", "-n", "-r", str(path), *checks, "-T", "fields", "-E", "occurrence=a",
                               "-E", "aggregator=|", *wanted], capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.split("\n")[:-1]]
    return [{name: value.split("|") if value else [] for name, value in zip((*fields, *FAULTS), row)} for row in rows]


def tshark_complaint(row: dict[str, list[str]]) -> str:
    """Complaints about malformed packets, and of the level of a warning."""
    warnings = [level for level in row["_ws.expert.severity"] if int(level) >= WARNING]
    return " ".join(row["_ws.malformed"] + (row["_ws.expert.message"] if warnings else []))
