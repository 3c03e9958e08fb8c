# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Model of what can stand around the payload of an Ethernet frame, docs/keys.md "The SF side is not trusted"."""
from inner import u16

ETHERNET = 14
ALL_TAGS = (0x8100, 0x88A8, 0x9100, 0x9200)
BACKBONE, PPPOE = 0x88E7, 0x8864
PPP = {0x0021: 0x0800, 0x0057: 0x86DD, 0x0281: 0x8847, 0x0283: 0x8848}
SNAP = b"\xaa\xaa\x03"
MAX_LAYERS = 4
NOTHING = -1    # no EtherType at all


def peel(frame: bytes) -> tuple[int, int, int]:
    """Layers around the payload (at most one more than are allowed), its EtherType, and where it begins."""
    kind, at, layers = u16(frame, 12), ETHERNET, 0
    while layers <= MAX_LAYERS:
        if kind in ALL_TAGS:
            kind, at = u16(frame, at + 2), at + 4
        elif kind == BACKBONE:
            kind, at = u16(frame, at + 16), at + 18
        elif kind == PPPOE:
            kind, at = PPP.get(u16(frame, at + 6), NOTHING), at + 8
        elif kind < 0x0600 and frame[at:at + 3] == SNAP and len(frame) >= at + 8:
            kind, at = u16(frame, at + 6), at + 8
        else:
            break
        layers += 1
        if at > len(frame):
            return layers, NOTHING, len(frame)
    return layers, kind, at


def too_deep(layers: int, kind: int) -> bool:
    """A fifth layer; any LLC counts there."""
    return layers > MAX_LAYERS or layers == MAX_LAYERS and 0 <= kind < 0x0600
