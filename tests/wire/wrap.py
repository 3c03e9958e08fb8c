# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Layers around a payload that can hide SFC from who looks at the first EtherType only."""
from __future__ import annotations

import random
import struct

import frames as f
import kinds

NSH = 0x894F
NSH_HEADER = bytes.fromhex("0fc6010300030907") + bytes(16)
PPP = {0x0800: 0x0021, 0x86DD: 0x0057, 0x8847: 0x0281, 0x8848: 0x0283}
PACKET = f.inner(4, "tcp")


def vlan(tag: int):
    def layer(kind: int, data: bytes) -> tuple[int, bytes]:
        return tag, struct.pack("!HH", 0x2005, kind) + data
    return layer


def snap(kind: int, data: bytes) -> tuple[int, bytes]:
    return 8 + len(data), b"\xaa\xaa\x03\0\0\0" + struct.pack("!H", kind) + data


def pppoe(kind: int, data: bytes) -> tuple[int, bytes] | None:
    """RFC 2516 and the protocol numbers of PPP: IP and MPLS, nothing else of Ethernet."""
    if kind not in PPP:
        return None
    return 0x8864, struct.pack("!BBHHH", 0x11, 0, 1, 2 + len(data), PPP[kind]) + data


def backbone(kind: int, data: bytes) -> tuple[int, bytes]:
    """The I-TAG of 802.1ah: its TCI and the customer's MACs."""
    return 0x88E7, bytes.fromhex("00001234" "020000000101" "020000000202") + struct.pack("!H", kind) + data


LAYERS = {"8100": vlan(0x8100), "88a8": vlan(0x88A8), "9100": vlan(0x9100), "9200": vlan(0x9200), "SNAP": snap, "PPPoE": pppoe,
          "88e7": backbone}


def wrap(kind: int, data: bytes, layers) -> bytes | None:
    """layers: names from the outermost to the innermost; None where they cannot be nested."""
    for name in reversed(layers):
        wrapped = LAYERS[name](kind, data)
        if not wrapped:
            return None
        kind, data = wrapped
    return f.ether(data, kind)


def stacks(rng: random.Random, count: int, least: int, most: int) -> list[tuple[str, ...]]:
    return [tuple(rng.choice(list(LAYERS)) for _ in range(rng.randint(least, most))) for _ in range(count)]


def cores() -> dict[str, tuple[int, bytes]]:
    """Packets that are SFC wherever they are found."""
    rows = {"MPLS": (0x8847, f.stack(16001, 17) + PACKET), "MPLS multicast": (0x8848, f.stack(17) + PACKET),
            "MPLS, nothing behind": (0x8847, b""), "NSH": (NSH, NSH_HEADER + f.bare(PACKET)), "NSH, nothing behind": (NSH, b"")}
    return rows | {name: (0x86DD, packet) for name, packet in kinds.steered().items()}


def tunnel_cores() -> dict[str, tuple[int, bytes]]:
    """Tunnels that carry SFC in truth."""
    mpls, srh = f.stack(17) + PACKET, kinds.steered()["SRH"]
    inside = {4: PACKET, 41: srh, 47: b"\0\0\x88\x47" + mpls, 97: b"\x30\0" + f.labelled(PACKET, 17),
              115: bytes(8) + f.labelled(PACKET, 17),
              137: mpls}
    ports = {4789: b"\x08\0\0\0\0\0\1\0" + f.labelled(PACKET, 17), 4790: b"\x0c\0\0\4\0\0\1\0" + NSH_HEADER,
             6080: b"\0\x89\0\0" + mpls, 6081: b"\0\0\x65\x58\0\0\1\0" + f.labelled(PACKET, 17), 6635: mpls, 6636: mpls}
    rows = {}
    for family, kind in f.ETH.items():
        rows |= {f"IPv{family} protocol {p}": (kind, kinds.ip(family, kinds.Raw(data), p)) for p, data in inside.items()}
        rows |= {f"IPv{family} port {port}": (kind, kinds.ip(family, kinds.UDP(sport=9, dport=port) / kinds.Raw(data)))
                 for port, data in ports.items()}
        rows |= {f"IPv{family} later fragment of {p}": (kind, kinds.fragment(family, 9, 1, 0, b"12345678", p)) for p in inside}
    return rows
