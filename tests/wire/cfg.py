# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Configurations as data: the YAML for the program and the facts for the tests come from the same object."""
from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

HOP_MAC = "02:00:00:00:00:99"
SF_LEFT = "veth-fw-a"
SF_RIGHT = "veth-fw-b"
SETTINGS = ("hold", "on_miss", "profile", "ipv4_id", "tcp_timestamps", "payload_digest", "payload_length", "rtp_ports",
            "tunnels")
SIDES = ("left", "right", "both")


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def flow(value) -> str:
    """YAML flow style; anything with a colon is quoted, as MAC and IPv6 addresses must be."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {flow(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    text = str(value)
    return f'"{text}"' if ":" in text or "-" in text[1:] and text[0].isdigit() else text


@dataclass(frozen=True)
class Port:
    """An interface; with mac or ip a routed SF behind it, without both a transparent one."""

    interface: str
    mac: str | None = None
    ip: str | None = None
    mtu: int | None = None

    def value(self):
        rest = {"mac": self.mac, "ip": self.ip, "mtu": self.mtu}
        return {"interface": self.interface, **rest} if any(rest.values()) else self.interface


@dataclass(frozen=True)
class Sf:
    name: str = "fw"
    left: Port | None = Port(SF_LEFT)
    right: Port | None = Port(SF_RIGHT)
    both: Port | None = None
    hold: str | None = None
    on_miss: str | None = None
    profile: str | None = None
    ipv4_id: str | None = None
    tcp_timestamps: str | None = None
    payload_digest: str | None = None
    payload_length: str | None = None
    rtp_ports: tuple | None = None      # ports, and ranges as "1000-2000"
    tunnels: str | None = None

    def port(self, side: str) -> Port:
        return getattr(self, side)

    def ports(self) -> dict[str, Port]:
        sides = {side: self.port(side) for side in SIDES}
        return {side: port for side, port in sides.items() if port}

    def yaml(self) -> str:
        return flow({"name": self.name, "ports": {s: p.value() for s, p in self.ports().items()},
                     **{name: getattr(self, name) for name in SETTINGS}})


@dataclass(frozen=True)
class Service:
    name: str
    label: int
    domain: tuple[Port, ...] = (Port("eth0"),)
    sf: str = "fw"
    enter: str = "left"
    hop: str = HOP_MAC          # a MAC address, an IP address, or the word ingress
    hop_port: str = "eth1"
    hop_mtu: int | None = None
    ttl: str | None = None
    inner: str | None = None
    inner_ttl: str | None = None
    last_label: str | None = None
    quota: int | None = None

    def match(self):
        return {"encapsulation": "mpls", "label": self.label}

    def policies(self):
        """Settings of one encapsulation only, beside those that stand above."""
        return {}

    def next_hop(self):
        if self.hop == "ingress":
            return "ingress"
        return {"interface": self.hop_port, "ip" if self.hop_is_ip() else "mac": self.hop, "mtu": self.hop_mtu}

    def hop_is_ip(self) -> bool:
        try:
            return bool(ipaddress.ip_address(self.hop))
        except ValueError:
            return False

    def yaml(self) -> str:
        domain = [port.value() for port in self.domain]
        return flow({"name": self.name, "match": self.match(), "domain": domain[0] if len(domain) == 1 else domain,
                     "sf": {"name": self.sf, "in": None if self.enter == "both" else self.enter},
                     "next_hop": self.next_hop(), "ttl": self.ttl, "inner": self.inner,
                     "inner_ttl": self.inner_ttl, "last_label": self.last_label, "quota": self.quota,
                     **self.policies()})


@dataclass(frozen=True)
class NshService(Service):
    """A service of docs/nsh.md. tunnel: remote and local address of the next hop, in place of a MAC."""

    label: int = 0
    spi: int = 777
    si: int | str | tuple = 7       # a service index, a tuple of them, or the word any
    forwarder: str | None = None
    oam: str | None = None
    tunnel: tuple[str, str] | None = None

    def match(self):
        return {"encapsulation": "nsh", "spi": self.spi, "si": self.si}

    def policies(self):
        return {"forwarder": self.forwarder, "oam": self.oam}

    def next_hop(self):
        if not self.tunnel:
            return super().next_hop()
        remote, local = self.tunnel
        return {"tunnel": {"remote": remote, "local": local}, "interface": self.hop_port, "mtu": self.hop_mtu}

    def names(self, si: int) -> bool:
        """Whether match.si has this service index."""
        return self.si == "any" or si in (self.si if isinstance(self.si, tuple) else (self.si,))


@dataclass(frozen=True)
class Srv6Service(Service):
    """A service of SRv6. lblen and nflen are for a NEXT-C-SID; source, segments in visiting order and traffic class are of End.AS."""

    label: int = 0
    sid: str = "2001:db8:f::1"      # an address, or a prefix of lblen + nflen bits
    behaviour: str = "ad"
    lblen: int | None = None
    nflen: int | None = None
    source: str | None = None
    segments: tuple[str, ...] | None = None
    traffic_class: int | None = None
    cache: str | None = None

    def match(self):
        return {"encapsulation": "srv6", "sid": self.sid, "behaviour": self.behaviour, "lblen": self.lblen, "nflen": self.nflen}

    def policies(self):
        return {"header": {"source": self.source, "segments": self.segments, "traffic_class": self.traffic_class} if self.source else None,
                "cache": self.cache}

    def prefix(self) -> ipaddress.IPv6Network:
        return ipaddress.IPv6Network(self.sid)


@dataclass(frozen=True)
class Config:
    services: tuple[Service, ...]
    sfs: tuple[Sf, ...] = field(default_factory=lambda: (Sf(),))
    capacity: int | None = None
    unmatched: str | None = None
    gpe_port: int | None = None

    def yaml(self) -> str:
        head = f"cache: {{capacity: {self.capacity}}}\n" if self.capacity else ""
        head += f"unmatched: {self.unmatched}\n" if self.unmatched else ""
        head += f"vxlan_gpe_port: {self.gpe_port}\n" if self.gpe_port else ""
        return (head + "sfs:\n" + "".join(f"  - {sf.yaml()}\n" for sf in self.sfs) +
                "services:\n" + "".join(f"  - {service.yaml()}\n" for service in self.services))

    def match(self, port: str, label: int) -> Service | None:
        for service in self.services:
            if service.label == label and port in [p.interface for p in service.domain]:
                return service
        return None

    def sf(self, name: str) -> Sf:
        return next(sf for sf in self.sfs if sf.name == name)


def one(label: int = 16001, *, sf: Sf | None = None, capacity: int | None = None, **policies) -> Config:
    """The configuration of most tests: one service through one SF."""
    return Config((Service("web-out", label, **policies),), (sf or Sf(),), capacity)
