# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Independent model of SR-MPLS strip and restore, frame by frame, from RFC 3032, 3443 and 6790.

It shares no code with the programs under test and knows nothing of how they work: a domain frame and the
configuration give the verdict, the frame the SF gets and the frame that leaves after the SF.
"""
from __future__ import annotations

from dataclasses import dataclass

import inner as ip_model
import key_model
from cfg import OTHER, Config, Service, Sf, mac
from inner import u16

ETHERNET = 14
MPLS_TYPES = (0x8847, 0x8848)
IP_TYPES = {4: b"\x08\x00", 6: b"\x86\xdd"}
MAX_LABELS = 16
ELI = 7
NO_MAC = bytes(6)


@dataclass(frozen=True)
class Stripped:
    """What became of a domain frame. header is the EtherType and the labels as they will leave."""

    verdict: str
    reasons: frozenset[str] = frozenset({""})
    service: Service | None = None
    port: str = ""
    sf_frame: bytes = b""
    header: bytes = b""
    source: bytes = NO_MAC

    def returns_on(self, config: Config) -> str:
        return config.sf(self.service.sf).port(OTHER[self.service.enter]).interface

    def identity(self) -> tuple:
        """Two packets with equal identities may have each other's header."""
        where = (self.port, self.source) if self.service.hop == "ingress" else ()
        return self.service.name, self.header, where


@dataclass(frozen=True)
class Restored:
    verdict: str
    reasons: frozenset[str] = frozenset({""})
    out: bytes = b""


def dropped(reasons, service: Service | None = None) -> Stripped:
    names = {reasons} if isinstance(reasons, str) else reasons
    return Stripped("dropped", frozenset(names), service)


def entries(data: bytes) -> tuple[list[bytes], str]:
    """The label stack down to its S bit, and the fault if it has none (RFC 3032 2.1)."""
    rows = []
    while len(rows) < MAX_LABELS and len(data) >= 4:
        rows.append(data[:4])
        if data[2] & 1:
            return rows, ""
        data = data[4:]
    if 0 < len(data) < 4:
        return rows, "truncated"
    return rows, "too_many_labels" if data else "no_bottom"


def label(entry: bytes) -> int:
    return int.from_bytes(entry, "big") >> 12


def expose(rows: list[bytes]) -> list[bytes] | None:
    """What is left when the top is popped: an exposed ELI leaves with its EL (RFC 6790 4.2); None if it has none."""
    rest = rows[1:]
    while rest and label(rest[0]) == ELI:
        if len(rest) < 2:
            return None
        rest = rest[2:]
    return rest


def advance(rest: list[bytes], old_ttl: int, uniform: bool) -> list[bytes]:
    """The stack as it leaves: RFC 3443, but a TTL never grows; pipe leaves the exposed label alone."""
    if not rest or not uniform:
        return rest
    return [rest[0][:3] + bytes([min(rest[0][3], old_ttl - 1)])] + rest[1:]


def judge_inner(data: bytes, service: Service, sf: Sf) -> set[str]:
    if service.inner == "ethernet":
        return key_model.judge_ethernet(data, sf)[0]
    faults, ip = ip_model.parse(data, ip_model.VERSIONS[service.inner or "ip"])
    if faults:
        return faults
    faults = ip_model.faults_of(ip)
    if service.inner_ttl == "decrement" and ip.hops <= 1 and faults != {"bad_inner"}:
        return {"ttl"}
    return faults


def to_sf(frame: bytes, inner: bytes, service: Service, sf: Sf) -> bytes:
    """A transparent port keeps the MACs, a routed one is addressed (zero when its IP is not resolved)."""
    if service.inner == "ethernet":
        return inner
    port = sf.port(service.enter)
    macs = frame[:12]
    if port.mac or port.ip:
        macs = (mac(port.mac) if port.mac else NO_MAC) + NO_MAC
    return macs + IP_TYPES[inner[0] >> 4] + inner


def exceeds(size: int, mtu: int | None) -> bool:
    return mtu is not None and size > mtu


def out_mtu(service: Service, port: str) -> int | None:
    if service.hop != "ingress":
        return service.hop_mtu
    return next(p.mtu for p in service.domain if p.interface == port)


def strip(config: Config, port: str, frame: bytes) -> Stripped:
    """The verdict on a domain frame, in the order of the specification."""
    if len(frame) < ETHERNET:
        return dropped("runt")
    if u16(frame, 12) == 0x894F:  # NSH: SFC, but nothing can match it
        return Stripped("dropped" if config.unmatched == "drop" else "passed", frozenset({"unmatched"}))
    if u16(frame, 12) not in MPLS_TYPES:
        return Stripped("passed", frozenset({"not_sfc"}))
    rows, fault = entries(frame[ETHERNET:])
    if not rows:
        return dropped("truncated")
    service = config.match(port, label(rows[0]))
    if not service:
        return Stripped("dropped" if config.unmatched == "drop" else "passed", frozenset({"unmatched"}))
    old_ttl = rows[0][3]
    if old_ttl <= 1:
        return dropped("ttl", service)
    if fault:
        return dropped(fault, None if fault == "truncated" else service)
    rest = expose(rows)
    if rest is None:
        return dropped("truncated")
    if not rest and service.last_label != "plain":
        return dropped("last_label", service)
    inner = frame[ETHERNET + 4 * len(rows):]
    sf = config.sf(service.sf)
    faults = judge_inner(inner, service, sf)
    if faults:
        return dropped(faults, service)
    labels = b"".join(advance(rest, old_ttl, service.ttl != "pipe"))
    to_sf_size = len(inner) - (ETHERNET if service.inner == "ethernet" else 0)
    if exceeds(to_sf_size, sf.port(service.enter).mtu) or exceeds(len(labels) + len(inner), out_mtu(service, port)):
        return dropped("too_big", service)
    header = (frame[12:14] if labels else IP_TYPES[inner[0] >> 4]) + labels
    return Stripped("to_sf", service=service, port=port, sf_frame=to_sf(frame, inner, service, sf), header=header,
                    source=frame[6:12])


def next_hop(stripped: Stripped) -> bytes:
    service = stripped.service
    if service.hop == "ingress":
        return stripped.source
    return NO_MAC if service.hop_is_ip() else mac(service.hop)


def restore(stripped: Stripped, frame: bytes) -> Restored:
    """The returned frame with the header of the stripped one, once the cache has said that they belong together."""
    service = stripped.service
    packet = frame if service.inner == "ethernet" else frame[ETHERNET:]
    if service.inner_ttl == "decrement":
        if ip_model.parse(packet)[1].hops <= 1:
            return Restored("dropped", frozenset({"ttl"}))
        packet = ip_model.decrement(packet)
    if exceeds(len(stripped.header) - 2 + len(packet), out_mtu(service, stripped.port)):
        return Restored("dropped", frozenset({"too_big"}))
    return Restored("restored", out=next_hop(stripped) + NO_MAC + stripped.header + packet)


def round_trip(config: Config, port: str, frame: bytes) -> tuple[Stripped, Restored | None]:
    """The default of replay: the SF returns the frame as it is."""
    stripped = strip(config, port, frame)
    return stripped, restore(stripped, stripped.sf_frame) if stripped.verdict == "to_sf" else None
