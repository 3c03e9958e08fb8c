# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Model of the SF side up to the cache, docs/keys.md: which frames from an SF have a key, and what becomes of the others.

Judged.key set: the cache decides; verdict and reasons are then what a frame without an entry gets.
"""
from __future__ import annotations

from dataclasses import dataclass

import inner as ip_model
import key_model
from cfg import Config, Sf
from inner import u16
from key_model import IP_VERSIONS, SFC_TYPES
from layers import peel, too_deep
from model import ETHERNET

TUNNEL_PROTOCOLS = (4, 41, 47, 97, 115, 137, 143, 145)
TUNNEL_PORTS = (4754, 4755, 4789, 4790, 6080, 6081, 6635, 6636, 8472)


@dataclass(frozen=True)
class Judged:
    verdict: str
    reasons: frozenset[str]
    key: tuple | None = None


def dropped(*reasons: str) -> Judged:
    return Judged("dropped", frozenset(reasons))


def is_tunnel(ip: ip_model.Ip) -> bool:
    """By protocol, behind AH and the extension headers; by UDP port where there are ports: not in a later fragment."""
    protocol, at = ip.end or (ip.protocol, 0)
    if protocol in TUNNEL_PROTOCOLS:
        return True
    return bool(ip.end) and protocol == ip_model.UDP and len(ip.data) >= at + 4 and u16(ip.data, at + 2) in TUNNEL_PORTS


def without_entry(sf: Sf, *reasons: str) -> Judged:
    return Judged("passed" if sf.on_miss == "pass" else "dropped", frozenset(reasons or {"miss"}))


def key_of(config: Config, interface: str, frame: bytes) -> tuple | None:
    """The key of a frame as it is built on both sides, with what stands in every key."""
    sf, _ = config.sf_port(interface)
    if config.ethernet(sf):
        key = key_model.judge_ethernet(frame, sf)[1]
    else:
        faults, ip = ip_model.parse(frame[ETHERNET:], (IP_VERSIONS[u16(frame, 12)],))
        faults = faults or ip_model.faults_of(ip)
        key = None if faults else key_model.ip_key(ip, sf)
    return key and (sf.name, interface) + key


def judge_ip(config: Config, interface: str, frame: bytes, kind: int, at: int) -> Judged:
    """IP, bare or in layers. In layers only Ethernet frames have an entry: as IP behind tags, else as any frame."""
    sf, _ = config.sf_port(interface)
    ethernet = config.ethernet(sf)
    as_ip = at == ETHERNET or ethernet and key_model.behind_tags(frame)[2] == at
    key = key_of(config, interface, frame) if as_ip or ethernet else None
    faults, ip = ip_model.parse(frame[at:], (IP_VERSIONS[kind],))
    if ip and ip.steered:
        return dropped("sfc_from_sf")
    faults = faults or ip_model.faults_of(ip, ethernet)
    tunnel = ip and is_tunnel(ip) and sf.tunnels != "pass"
    link = ip and ip.of_the_link()
    if tunnel and sf.tunnels == "drop":
        return dropped("sfc_from_sf", *faults)
    missed = dropped("sfc_from_sf") if tunnel else Judged("passed", frozenset({"control"})) if link else without_entry(sf)
    if link and not (ethernet and as_ip):
        return Judged("passed", frozenset({"control"}), None if as_ip else key)
    if faults and not key:
        return dropped(*faults, *(["sfc_from_sf"] if tunnel else []))
    if faults:  # a frame that holds broken IP in its layers: which of the two it is without an entry is not said
        return Judged("dropped or passed", missed.reasons | faults, key)
    return Judged(missed.verdict, missed.reasons, key)


def sf_side(config: Config, interface: str, frame: bytes) -> Judged:
    """A frame from the SF before the cache is asked."""
    sf, _ = config.sf_port(interface)
    if len(frame) < ETHERNET:
        return dropped("runt")
    layers, kind, at = peel(frame)
    if too_deep(layers, kind) or kind in SFC_TYPES:
        return dropped("sfc_from_sf")
    if kind in IP_VERSIONS:
        return judge_ip(config, interface, frame, kind, at)
    if not config.ethernet(sf):
        return Judged("passed", frozenset({"control"}))
    faults = key_model.judge_ethernet(frame, sf)[0]
    if faults:
        return dropped(*faults)
    return Judged("passed", frozenset({"control"}), key_of(config, interface, frame))
