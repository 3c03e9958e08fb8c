# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Frames with SRv6 as they are in a capture, and the header that one must leave the proxy with. By RFC 8754, 8986 and 9800; the
proxy's code is not used."""
import ipaddress
import struct

PCAP_HEADER, RECORD_HEADER = 24, 16
ETHERNET, HEADER = 14, 40
ROUTING, INNER = 43, {4: "IPv4", 41: "IPv6"}
BLOCK, FUNCTION = 4, 2      # bytes of a compressed SID
COMPRESSED = (bytes.fromhex("20010db80100"), bytes.fromhex("20010db80200"))     # those of lab/srv6.py
HMAC = 5    # RFC 8754 2.1.2


class Wrong(Exception):
    """A frame is not as it must be."""


def frames(path):
    """The frames of a capture file, without what tcpdump has not yet written of the last one."""
    data, at, found = path.read_bytes(), PCAP_HEADER, []
    while at + RECORD_HEADER <= len(data):
        size, = struct.unpack_from("=I", data, at + 8)
        found.append(data[at + RECORD_HEADER:at + RECORD_HEADER + size])
        at += RECORD_HEADER + size
    return [frame for frame in found if len(frame) >= ETHERNET + HEADER]


def split(frame):
    """(outer header with its segment routing header, the packet inside). Wrong where there is none inside."""
    packet = frame[ETHERNET:]
    packet = packet[:HEADER + struct.unpack_from(">H", packet, 4)[0]]
    proto, end = packet[6], HEADER
    if proto == ROUTING:
        proto, end = packet[HEADER], HEADER + 8 + 8 * packet[HEADER + 1]
    if proto not in INNER:
        raise Wrong(f"protocol {proto} behind the header")
    return packet[:end], packet[end:]


def name(packet):
    """All of a packet but what each hop changes."""
    if packet[0] >> 4 == 6:
        return packet[:7] + b"\0" + packet[8:]
    return packet[:8] + b"\0" + packet[9:10] + b"\0\0" + packet[12:]


def advanced(header):
    """The header with its next segment: RFC 8986 4.1, or RFC 9800 4.1 where the destination is a compressed SID."""
    out = bytearray(header)
    out[7] -= 1
    if header[24:24 + BLOCK + FUNCTION] in COMPRESSED:
        out[24 + BLOCK:40] = header[24 + BLOCK + FUNCTION:40] + bytes(FUNCTION)
        return bytes(out)
    out[HEADER + 3] -= 1
    at = HEADER + 8 + 16 * out[HEADER + 3]
    out[24:40] = out[at:at + 16]
    return bytes(out)


def one_hop_more(header):
    return header[:7] + bytes([header[7] + 1]) + header[8:]


def compare(entered, left, by_kernel=False):
    """How many frames have left with the header with which their packet entered, advanced, and what is wrong with others.
    Either capture may lack some. `by_kernel`: a kernel may have sent it, as one more hop."""
    headers = {}
    for frame in entered:
        header, packet = split(frame)
        headers.setdefault(name(packet), set()).add(advanced(header))
    right, wrong = 0, []
    for frame in left:
        try:
            header, packet = split(frame)
            due = headers.get(name(packet))
            if due and header not in due and not (by_kernel and one_hop_more(header) in due):
                raise Wrong(f"header {header.hex()}, and not {[one.hex() for one in due]}")
            right += due is not None
        except Wrong as problem:
            wrong.append(f"{problem} in {frame[:160].hex()}")
    return right, wrong


def text(header):
    """Of a header, what is a path, for a person."""
    to = ipaddress.IPv6Address(header[24:40])
    left = f", segments left {header[HEADER + 3]}" if header[6] == ROUTING else ""
    return f"to {to}{left}, hop limit {header[7]}"


def path(header):
    """The segments in the order in which they are visited, those that the header has; in brackets the one that it goes to."""
    to = str(ipaddress.IPv6Address(header[24:40]))
    if header[6] != ROUTING:
        return f"[{to}]"
    last, left = header[HEADER + 4], header[HEADER + 3]
    at = [HEADER + 8 + 16 * number for number in range(last, -1, -1)]
    listed = [str(ipaddress.IPv6Address(header[start:start + 16])) for start in at]
    if left > last:     # a reduced list lacks the first segment, RFC 8754 4.1.1
        listed.insert(0, to)
    here = len(listed) - 1 - left
    signed = header[at[0] + 16:at[0] + 17] == bytes([HMAC])
    return " ".join(f"[{each}]" if number == here else each for number, each in enumerate(listed)) + ", HMAC" * signed
