# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""middle.py IN OUT MISCHIEF: hands frames with labels on from one interface to the other, and does one thing wrong."""
import socket
import sys

MPLS = 0x8847


def drop_top(frame):
    """As a proxy does: the top label goes, and the next one has its TTL less one."""
    entry = bytearray(frame[18:22])
    entry[3] = frame[17] - 1
    return frame[:14] + bytes(entry) + frame[22:]


def changed(frame, at, bits):
    return frame[:at] + bytes([frame[at] ^ bits]) + frame[at + 1:]


# What becomes of the third frame, and what it should be: the frames that leave.
MISCHIEF = {
    "none": lambda frame: [frame],
    "lose": lambda _frame: [],
    "twice": lambda frame: [frame, frame],
    "label": lambda frame: [changed(frame, 15, 1)],
    "ttl": lambda frame: [changed(frame, 17, 1)],
    "payload": lambda frame: [changed(frame, len(frame) - 1, 1)],
    "address": lambda frame: [changed(frame, 33, 1)],
    "bare": lambda frame: [frame[:12] + b"\x08\x00" + frame[18:]],
}


def main():
    came_by, leaves_by, mischief = sys.argv[1:]
    source, out = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(kind)) for kind in (MPLS, 0))
    source.bind((came_by, MPLS))
    out.bind((leaves_by, 0))
    print("ready", flush=True)
    kept, number = [], 0
    while True:
        frame = drop_top(source.recv(65536))
        number += 1
        if number == 3 and mischief == "overtaken":
            kept = [frame]
            continue
        for each in MISCHIEF.get(mischief, MISCHIEF["none"])(frame) if number == 3 else [frame, *kept]:
            out.send(each)
        kept = []


if __name__ == "__main__":
    main()
