# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The encapsulations that the edges of lab/edge.py know, and what a configuration says of each."""
import dataclasses

from lab import edge

# Per direction: the interface of the next hop, the tunnel's other end and its own, of IPv4 and IPv6.
TUNNELS = {4: (("p1", "198.51.100.10", "198.51.100.1"), ("p0", "192.0.2.10", "192.0.2.1")),
           6: (("p1", "2001:db8:2::10", "2001:db8:2::1"), ("p0", "2001:db8:1::10", "2001:db8:1::1"))}


@dataclasses.dataclass(frozen=True)
class Encap:
    """`out` and `back`: the matches of both directions. `flags`: of the edges. `outer`: the IP version of VXLAN-GPE."""
    name: str
    out: str
    back: str
    flags: int = 0
    outer: int = 0

    def tunnel(self, direction):
        """The next hop that the carrier needs, "" where it needs none."""
        if not self.outer:
            return ""
        interface, remote, local = TUNNELS[self.outer][direction]
        return f'next_hop: {{interface: {interface}, tunnel: {{remote: "{remote}", local: "{local}"}}}}'


def _nsh(name, flags, outer=0):
    matches = [f"encapsulation: nsh, spi: {path}, si: 255" for path in (777, 778)]
    return Encap(name, *matches, flags, outer)


def _srv6(name, *sids, compressed="", flags=0):
    return Encap(name, *[f'encapsulation: srv6, sid: "{sid}"{compressed}' for sid in sids], flags)


MPLS = Encap("mpls", *[f"encapsulation: mpls, label: {label}" for label in (16001, 16002)])
NSH = [_nsh("ethernet_md1", 0), _nsh("ethernet_md2", edge.MD2), _nsh("tag_md2", edge.TAG | edge.MD2),
       _nsh("gpe4_md1", edge.GPE4, 4), _nsh("gpe4_md2", edge.GPE4 | edge.MD2, 4), _nsh("gpe6_md1", edge.GPE6, 6),
       _nsh("gpe6_md2", edge.GPE6 | edge.MD2, 6)]
SRV6 = [_srv6("segments", "2001:db8:f0::a1", "2001:db8:f0::a2"),
        _srv6("compressed", "2001:db8:100::/48", "2001:db8:200::/48", compressed=", lblen: 32, nflen: 16", flags=edge.CSID)]
