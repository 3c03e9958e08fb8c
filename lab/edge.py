# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The programs of lab/edge.bpf.c, with NSH and SRv6 those of lab/edge_nsh.bpf.c and lab/edge_srv6.bpf.c: load, attach, settings, counters, kept frames."""
import json
import pathlib
import struct

from lab.net import call

OBJECTS = pathlib.Path(__file__).resolve().parent.parent / "build/lab"
FAMILY_KINDS = ("tcp", "udp", "icmp", "sctp", "esp", "gre", "rtp", "fragment", "other")
KINDS = FAMILY_KINDS + tuple(f"{kind}6" for kind in FAMILY_KINDS)
EVENTS = [f"pushed_{kind}" for kind in KINDS] + [f"good_{kind}" for kind in KINDS] + ["wire", "wrong", "bare", "link", "behind"]
EVENT_MAX = 64          # as in lab/edge.h
STEADY, ORDER, BARE = 1, 2, 4      # EDGE_...: one header for a flow; count what is out of order; no headers
MD2, TAG, GPE4, GPE6 = 8, 16, 32, 64    # EDGE_...: of NSH
CSID = 128              # EDGE_...: of SRv6
EVEN, EVEN_TTL = 256, 32    # EDGE_...: of labels, one TTL for all behind the top one
ALTERNATE = ORDER       # each packet has a header of its own, as where no flag is set
KEPT = ("pushed", "checked", "wrong")
MTU_DOMAIN = 1600       # 1500 and the longest header: 16 labels, NSH in VXLAN-GPE over IPv6, or three segments


class Edge:
    """The programs in one namespace. Loaded once for each, because the settings go by ifindex, and those are unique
    only within a namespace."""

    def __init__(self, lab, role, generic=False, programs="edge"):
        self.lab, self.role = lab, role
        self.mode = "xdpgeneric" if generic else "xdpdrv"
        self.pins = lab.bpffs / f"edge-{role}"
        self.pins.mkdir()
        call("bpftool", "prog", "loadall", OBJECTS / f"{programs}.bpf.o", self.pins / "progs", "pinmaps", self.pins / "maps")

    def set(self, device, partner=None, direction=0, after_proxy=True, keep_port=0, flags=0):
        """The settings of the program at `device`."""
        links = json.loads(self.lab.run(self.role, "ip", "-j", "link").stdout)
        index = {link["ifname"]: link["ifindex"] for link in links}
        value = struct.pack("=III", index[partner] if partner else 0, direction, int(after_proxy))
        value += struct.pack(">H", keep_port) + struct.pack("=H", flags)
        call("bpftool", "map", "update", "pinned", self.pins / "maps/edge_ports",
             "key", *_bytes(struct.pack("=I", index[device])), "value", *_bytes(value))

    def attach(self, device, program, **settings):
        """Frames that arrive at `device` go through `program`, and leave at `partner` if it is one that forwards."""
        self.set(device, **settings)
        self.lab.run(self.role, "bpftool", "net", "attach", self.mode, "pinned", self.pins / "progs" / program,
                     "dev", device)

    def detach(self, device):
        self.lab.run(self.role, "bpftool", "net", "detach", self.mode, "dev", device)

    def counters(self, direction):
        """Event to number of packets, since the start."""
        totals = [sum(cpu["value"] for cpu in entry["values"]) for entry in self._dump("edge_counts")]
        return dict(zip(EVENTS, totals[direction * EVENT_MAX:]))

    def kept(self, which):
        """The frame that was kept as "pushed", "checked" or "wrong" (its first 256 bytes); None if there was none."""
        value = self._dump("edge_kept")[KEPT.index(which)]["value"]
        return bytes(value["bytes"][:value["len"]]) if value["taken"] else None

    def _dump(self, name):
        raw = json.loads(call("bpftool", "-j", "map", "dump", "pinned", self.pins / "maps" / name).stdout)
        return [entry["formatted"] for entry in raw]


def _bytes(value):
    return ["hex", *[f"{byte:02x}" for byte in value]]


def _mix(word):
    """As lab/packet.h does it."""
    word = word * 0x9e3779b1 & 0xffffffff
    word = (word ^ word >> 16) * 0x85ebca6b & 0xffffffff
    word = (word ^ word >> 13) * 0xc2b2ae35 & 0xffffffff
    return word ^ word >> 16


def steady_labels(source, dest, direction):
    """All labels of a TCP flow with EDGE_STEADY, by its ports (lab/stack.h)."""
    n = _mix(struct.unpack("=I", struct.pack(">HH", source, dest))[0])
    base = 10000 if direction else 0
    second = [] if n % 3 == 0 else [base + 16100 + n % 50]
    return [16001 + direction, *second, base + 17000 + n % 1000, 100000 + n % 900000]


def total(counters, event):
    """Of all kinds of packets: total(counters, "pushed")."""
    return sum(value for key, value in counters.items() if key.startswith(event + "_"))


def link_errors(lab, role, device):
    """Frames that XDP lost at this end of a veth: could not be redirected, or found the peer's ring full."""
    lost = 0
    for line in lab.run(role, "ethtool", "-S", device).stdout.splitlines():
        key, _, value = line.strip().partition(": ")
        if key.endswith(("_xdp_xmit_errors", "_xdp_redirect_errors", "_xdp_drops", "_drops")):
            lost += int(value)
    return lost


def link_drops(lab, role, device):
    """Frames that the kernel could not send here, because the peer's ring was full."""
    shown = json.loads(lab.run(role, "ip", "-j", "-s", "link", "show", device).stdout)[0]
    return shown["stats64"]["tx"]["dropped"]
