# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Capture files: written by hand (formats that scapy does not write), read back by scapy."""
from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from scapy.utils import RawPcapReader

ETHERNET = 1
RAW_IP = 101


@dataclass(frozen=True)
class Packet:
    """One captured frame; wire is its length on the wire, longer than data if snaplen cut it."""

    data: bytes
    sec: int = 0
    frac: int = 0
    wire: int | None = None

    def length(self) -> int:
        return len(self.data) if self.wire is None else self.wire


def packets(frames) -> list[Packet]:
    """Frames given as bytes get timestamps of their own, so that a mixed-up order shows."""
    return [f if isinstance(f, Packet) else Packet(f, 1_000_000 + n, n) for n, f in enumerate(frames)]


def pcap(frames, *, nano: bool = False, order: str = "<", link: int = ETHERNET) -> bytes:
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for p in packets(frames):
        out += [struct.pack(order + "IIII", p.sec, p.frac, len(p.data), p.length()), p.data]
    return b"".join(out)


def block(kind: int, body: bytes, order: str) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def pcapng(frames, *, tsresol: int | None = None, order: str = "<", link: int = ETHERNET) -> bytes:
    """Section header, one interface, enhanced packet blocks; frac counts units of 10^-tsresol (default 6)."""
    options = b""
    if tsresol is not None:
        options = struct.pack(order + "HHB3xHH", 9, 1, tsresol, 0, 0)
    out = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order),
           block(1, struct.pack(order + "HHI", link, 0, 0) + options, order)]
    for p in packets(frames):
        stamp = p.sec * 10 ** (6 if tsresol is None else tsresol) + p.frac
        head = struct.pack(order + "IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(p.data), p.length())
        out.append(block(6, head + p.data, order))
    return b"".join(out)


def is_nano(path: Path) -> bool:
    magic = path.read_bytes()[:4]
    return magic in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")


def read(path: Path) -> list[Packet]:
    """The frames of a pcap file, the format that replay writes."""
    reader = RawPcapReader(str(path))
    try:
        if reader.linktype != ETHERNET:
            raise ValueError(f"{path}: link type {reader.linktype}")
        return [Packet(data, meta.sec, meta.usec, meta.wirelen) for data, meta in reader]
    finally:
        reader.close()
