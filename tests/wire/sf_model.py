# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Model of the SF side up to the cache: which frames from an SF have a key at all, and what becomes of the others."""
from __future__ import annotations

import inner as ip_model
from cfg import Config
from inner import u16
from model import ETHERNET, IP_TYPES, MPLS_TYPES

NSH_TYPE = 0x894F


def looks_like_discovery(packet: bytes) -> bool:
    """ND by its type byte, though its lengths do not fit the frame: the specification leaves open which comes first."""
    ip_length = 40 + u16(packet, 4) if len(packet) > 40 else 0
    return ip_length > 40 and packet[0] >> 4 == 6 and packet[6] == ip_model.ICMP6 and packet[40] in ip_model.DISCOVERY


def untagged_type(frame: bytes) -> int:
    """The EtherType behind up to two VLAN tags: a tag does not make SFC harmless."""
    at = 12
    while at < 20 and u16(frame, at) in (0x8100, 0x88A8) and len(frame) >= at + 6:
        at += 4
    return u16(frame, at)


def steered(packet: bytes) -> bool:
    """Segment routing behind any extension headers (RFC 8200 4, RFC 8754 2): their lengths are in units of their own."""
    kind, at = packet[6], 40
    for _ in range(6):
        header = packet[at:at + 3]
        if len(header) < 3 or kind not in (0, 43, 44, 51, 60):
            return False
        if kind == 43 and header[2] == 4:
            return True
        at += {44: 8, 51: (header[1] + 2) * 4}.get(kind, (header[1] + 1) * 8)
        kind = header[0]
    return False


def sf_side(config: Config, interface: str, frame: bytes) -> tuple[str, frozenset[str], tuple | None]:
    """A frame from the SF before the cache is asked: (verdict, reasons, None) or ("", {}, key)."""
    sf, _ = config.sf_port(interface)
    if len(frame) < ETHERNET:
        return "dropped", frozenset({"runt"}), None
    kind = frame[12:14]
    if untagged_type(frame) in MPLS_TYPES + (NSH_TYPE,):
        return "dropped", frozenset({"sfc_from_sf"}), None
    versions = [version for version, name in IP_TYPES.items() if name == kind]
    if not versions:
        return "passed", frozenset({"control"}), None
    faults, ip = ip_model.parse(frame[ETHERNET:], versions)
    faults = faults or ip_model.l4_faults(ip)
    if faults - {"no_key"} and looks_like_discovery(frame[ETHERNET:]):
        return "dropped or passed", frozenset(faults - {"no_key"} | {"control"}), None
    if ip and ip.source_routed():
        return "dropped", frozenset({"sfc_from_sf"} if len(ip.l4) >= 8 else {"sfc_from_sf", "miss"}), None
    if faults == {"no_key"} and frame[ETHERNET] >> 4 == 6 and steered(frame[ETHERNET:]):
        return "dropped", frozenset({"sfc_from_sf"}), None
    if ip and ip.discovery():
        return "passed", frozenset({"control"}), None
    if faults:
        reasons = faults - {"no_key"} | ({"miss"} if "no_key" in faults else set())
        passed = reasons == {"miss"} and sf.on_miss == "pass"
        return "passed" if passed else "dropped", frozenset(reasons), None
    flags = [value != "off" for value in (sf.ipv4_id, sf.tcp_timestamps)]
    return "", frozenset(), (sf.name, interface) + ip_model.key(ip, *flags)
