# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Model of the key, from the tables of docs/keys.md: packets with equal keys cannot be told apart.

A digest is modelled by the bytes that it is of: whoever tells them apart is right, whoever does not is wrong.
"""
from __future__ import annotations

import inner as ip_model
from cfg import Sf
from inner import Ip, u16
from layers import peel, too_deep

DIGEST = 64
FIN_SYN_RST_PSH = 0x0F
IP_VERSIONS = {0x0800: 4, 0x86DD: 6}
SFC_TYPES = (0x8847, 0x8848, 0x894F)
TAGS = (0x8100, 0x88A8)
ARP, ARP_SIZE = 0x0806, 28
ETHERNET, LENGTH_BELOW, LEAST_PAYLOAD = 14, 0x0600, 46


def tcp_timestamps(options: bytes) -> bytes:
    """TSval and TSecr of RFC 7323; zero without them or when the options cannot be walked."""
    at = 0
    while at < len(options) and options[at] != 0:
        if options[at] == 1:
            at += 1
            continue
        size = options[at + 1] if at + 1 < len(options) else 0
        if size < 2 or at + size > len(options):
            break
        if options[at] == 8 and size == 10:
            return options[at + 2:at + 10]
        at += size
    return bytes(8)


def is_rtp(l4: bytes, sf: Sf) -> bool:
    """By port, version 2, and no RTCP (RFC 5761)."""
    among = sf.is_rtp(u16(l4, 0)) or sf.is_rtp(u16(l4, 2))
    return among and len(l4) >= 20 and l4[8] >> 6 == 2 and l4[9] not in range(192, 224)


def gre(l4: bytes) -> tuple[tuple, int]:
    """The fields, and where the payload starts; a checksum is not among the fields."""
    flags, at = u16(l4, 0), 4
    fields = {}
    if ip_model.gre_fields(l4) > 4:
        for flag in (ip_model.GRE_CHECKSUM, ip_model.GRE_KEY, ip_model.GRE_SEQUENCE):
            fields[flag] = l4[at:at + 4] if flags & flag else bytes(4)
            at += 4 if flags & flag else 0
    return (l4[:4], fields.get(ip_model.GRE_KEY, bytes(4)), fields.get(ip_model.GRE_SEQUENCE, bytes(4))), at


def by_kind(ip: Ip, sf: Sf) -> tuple[str, tuple, int, int]:
    """Kind, fields, where the digest starts and where the length counts from."""
    l4 = ip.l4
    if ip.fragment:
        return "fragment", ip.fragment, 0, 0
    if ip.protocol == ip_model.TCP:
        header = (l4[12] >> 4) * 4
        stamps = tcp_timestamps(l4[20:header]) if sf.looks_at("tcp_timestamps") else b""
        return "tcp", (l4[:12], l4[13] & FIN_SYN_RST_PSH, stamps), header, header
    if ip.protocol == ip_model.UDP:
        if is_rtp(l4, sf):
            return "rtp", (l4[:4], l4[10:20]), 20, 8
        return "udp", (l4[:4],), 8, 8
    if ip.is_icmp():
        return "icmp", (l4[:2], l4[4:8]), 8, 8
    if ip.protocol == ip_model.SCTP:
        return "sctp", (l4[:8], l4[12:13] + l4[16:20] if len(l4) >= 20 else b""), 12, 12
    if ip.protocol == ip_model.ESP:
        return "esp", (l4[:8],), 8, 8
    if ip.protocol == ip_model.AH:
        return "ah", (l4[4:12],), 12, 12
    if ip.protocol == ip_model.GRE:
        fields, at = gre(l4)
        return "gre", fields, at, at
    return "other", (), 0, 0


def ip_key(ip: Ip, sf: Sf = Sf()) -> tuple:
    """What an SF leaves alone in a well-formed packet."""
    kind, fields, digest, length = by_kind(ip, sf)
    ipv4_id = ip.ipv4_id if sf.looks_at("ipv4_id") and not ip.fragment else 0
    size = len(ip.l4) - length if kind == "tcp" or sf.looks_at("payload_length") else 0
    covered = ip.l4[digest:digest + DIGEST] if kind != "tcp" and sf.looks_at("payload_digest") else b""
    return kind, ip.version, ip.protocol, ip.addresses, ipv4_id, *fields, size, covered


def behind_tags(frame: bytes) -> tuple[list[int], int, int]:
    """VLAN ids of up to two tags, the EtherType behind them and where its payload begins."""
    ids, at = [], ETHERNET
    while len(ids) < 2 and u16(frame, at - 2) in TAGS and len(frame) >= at + 4:
        ids.append(u16(frame, at) & 0xFFF)
        at += 4
    return ids, u16(frame, at - 2), at


def hidden(frame: bytes) -> set[str]:
    """SFC in layers other than the two tags."""
    layers, kind, at = peel(frame)
    if too_deep(layers, kind) or kind in SFC_TYPES:
        return {"bad_inner"}
    ip = ip_model.parse(frame[at:], (IP_VERSIONS[kind],))[1] if kind in IP_VERSIONS else None
    return {"no_key"} if ip and ip.steered else set()


def judge_ethernet(frame: bytes, sf: Sf) -> tuple[set[str], tuple | None]:
    """The faults of an Ethernet frame that goes to an SF as it is, or its key."""
    if len(frame) < ETHERNET:
        return {"truncated"}, None
    ids, kind, at = behind_tags(frame)
    if len(ids) < 2 and kind in TAGS:  # not said, but a frame that ends in a tag is cut
        return {"truncated"}, None
    start = (frame[:12], *(ids + [0, 0])[:2])
    if kind in SFC_TYPES:
        return {"bad_inner"}, None
    if kind in IP_VERSIONS:
        faults, ip = ip_model.parse(frame[at:], (IP_VERSIONS[kind],))
        faults = faults or ip_model.faults_of(ip, link=True)
        return faults, None if faults else start + ip_key(ip, sf)
    faults = hidden(frame)
    if faults:
        return faults, None
    payload = frame[at:]
    size = max(len(payload), LEAST_PAYLOAD)
    if kind == ARP and len(payload) >= ARP_SIZE:
        size = ARP_SIZE
    if kind < LENGTH_BELOW and len(payload) >= kind:
        size = kind
    covered = payload[:size][:DIGEST].ljust(min(size, DIGEST), b"\0") if sf.looks_at("payload_digest") else b""
    return set(), start + ("frame", kind, size if sf.looks_at("payload_length") else 0, covered)
