# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""OAM packets of NSH with `oam: forward` (RFC 8300 2.2): past the SF to the next hop. Nothing of them changes but what
leads them there: the service index, a forwarder's TTL, the MACs, and the outer packet's addresses, hop count and
checksums. Expected outer packets are made by scapy."""
import unittest

import frames as f
import nsh_frames as n
from cfg import Config, NshService, Sf
from lib import WireTest
from nsh_rows import IDS, PACKET

P4, P6 = PACKET[4], PACKET[6]
HOP = {4: ("198.51.100.77", "203.0.113.1"), 6: ("2001:db8:b::77", "2001:db8:a::1")}
NEXT, NOBODY = "02:00:00:00:00:99", "00:00:00:00:00:00"
HOPS = {4: "ttl", 6: "hlim"}
SERVICES = (NshService("ether", spi=777, si="any", oam="forward"),
            NshService("sff", spi=778, oam="forward", forwarder="true"),
            NshService("back", spi=779, oam="forward", hop="ingress"),
            NshService("four", spi=780, oam="forward", tunnel=HOP[4]), NshService("six", spi=781, oam="forward", tunnel=HOP[6]),
            NshService("off", spi=782, oam="drop"), NshService("frames", spi=783, sf="ids", inner="ethernet", oam="forward"),
            NshService("small", spi=784, oam="forward", hop_port="eth2", hop_mtu=100))
CONFIG = Config(SERVICES, (Sf(), IDS))
TAGS = ((), ((n.Q, 0x6005),), ((n.AD, 7), (n.Q, 8)))
# What may stand in an OAM packet: contents that no packet for an SF may have are nobody's business here.
CONTENTS = {"a packet": {}, "active OAM (RFC 9516)": {"proto": 7}, "none": {"proto": 0}, "an experiment": {"proto": 0xFE},
            "nested": {"proto": 4}, "MD type 0": {"md": 0}, "MD type 15": {"md": 15}, "length 0": {"length": 0},
            "length 63": {"length": 63}, "bad context": {"md": 2, "context": n.tlv(0, length=9)},
            "MD type 2": {"md": 2, "context": n.tlv(5) + n.tlv(0)}, "unassigned bits": {"u": 1, "unassigned": 15},
            "TTL 0": {"ttl": 0}, "TTL 1": {"ttl": 1}}


def oam(packet=P4, proto=None, **fields):
    return n.nsh(packet, proto, **{"oam": 1, **fields})


class Oam(WireTest):
    def goes(self, rows, config=CONFIG):
        """Rows of name, service, frame, and the frame that leaves."""
        result = self.replay(config, [frame for _, _, frame, _ in rows])
        self.assertEqual(result.sf, [])
        self.same_frames(result.out_bytes(), [want for _, _, _, want in rows], [name for name, _, _, _ in rows])
        for (name, service, _, want), entry in zip(rows, result.entries("domain")):
            self.check_entry(name, entry, "bypassed", "oam", service, len(want))
        counted = {name: service["bypassed"]["packets"] for name, service in result.doc["counters"]["services"].items()
                   if service.get("bypassed", {}).get("packets")}
        services = [service for _, service, _, _ in rows]
        self.assertEqual(counted, {service: services.count(service) for service in services})
        self.assertEqual(result.doc["conservation"]["domain"]["bypassed"], len(rows))
        return result

    def ends(self, rows, config=CONFIG):
        """Rows of name, service, frame, and reason."""
        result = self.replay(config, [frame for _, _, frame, _ in rows])
        self.assertEqual((result.sf, result.out), ([], []))
        for (name, service, _, reason), entry in zip(rows, result.entries("domain")):
            self.check_entry(name, entry, "dropped", reason, service, 0)

    def test_contents(self):
        self.goes([(f"{name}, {len(tags)} tags", "ether", n.frame(oam(**fields), *tags),
                    n.frame(oam(si=6, **fields), *tags, dst=NEXT, src=NOBODY))
                   for name, fields in CONTENTS.items() for tags in TAGS])

    def test_lengths(self):
        """From a header without anything to a full frame; padding stays."""
        self.goes([(f"{size} bytes", "ether", n.frame(oam(bytes(range(size % 256)) + bytes(size - size % 256), 7, context=b"")),
                    n.frame(oam(bytes(range(size % 256)) + bytes(size - size % 256), 7, context=b"", si=6), dst=NEXT, src=NOBODY))
                   for size in (0, 1, 2, 3, 7, 38, 600, 1450)])

    def test_index_and_hops(self):
        self.goes([(f"index {si}", "ether", n.frame(oam(si=si)), n.frame(oam(si=si - 1), dst=NEXT, src=NOBODY))
                   for si in (1, 2, 128, 255)])
        self.goes([(f"TTL {ttl}", "sff", n.frame(oam(spi=778, ttl=ttl)),
                    n.frame(oam(spi=778, si=6, ttl=(ttl - 1) % 64), dst=NEXT, src=NOBODY)) for ttl in (0, 2, 3, 63)])

    def test_services(self):
        self.goes([("back to the sender", "back", n.frame(oam(spi=779)), n.frame(oam(spi=779, si=6), dst=f.SRC, src=NOBODY)),
                   ("an SF of frames", "frames", n.frame(oam(spi=783)), n.frame(oam(spi=783, si=6), dst=NEXT, src=NOBODY))])

    def outer(self, family, local, remote, macs, spi, fields, **more):
        """A frame that comes in VXLAN-GPE, and the one that leaves."""
        came = n.gpe(oam(spi=spi, **fields), family, **more)
        ip = {**more.pop("ip", {}), "src": local, "dst": remote, HOPS[family]: 64}
        return came, n.gpe(oam(spi=spi, **{**fields, "si": 6}), family, ip=ip, **macs, **more)

    def test_gpe(self):
        rows = []
        for family in (4, 6):
            for name, fields in CONTENTS.items():
                for more in ({}, {"udp": {"chksum": 0}}, {"tail": b"\xee" * 5}):
                    back = self.outer(family, n.LOCAL[family], n.REMOTE[family], {"dst": f.SRC, "src": NOBODY}, 779, fields, **more)
                    rows.append((f"back, IPv{family}, {name}, {more}", "back", *back))
                    service, spi = {4: ("four", 780), 6: ("six", 781)}[family]
                    on = self.outer(family, HOP[family][1], HOP[family][0], {"dst": NOBODY, "src": NOBODY}, spi, fields, **more)
                    rows.append((f"tunnel, IPv{family}, {name}, {more}", service, *on))
        rows += [(f"identification {k}", "back", *self.outer(4, n.LOCAL[4], n.REMOTE[4], {"dst": f.SRC, "src": NOBODY}, 779, {},
                                                             ip={"id": k, "flags": 0})) for k in (0, 5)]
        self.goes(rows)

    def test_a_checksum_that_comes_out_as_zero(self):
        """It is written as ffff (RFC 768). One more for the source port is one less for the checksum."""
        for family, at in ((4, 40), (6, 60)):
            _, want = self.outer(family, n.LOCAL[family], n.REMOTE[family], {"dst": f.SRC, "src": NOBODY}, 779, {})
            port = 50001 + int.from_bytes(want[at:at + 2], "big")
            ported = {"sport": (port & 0xFFFF) + (port >> 16)}
            row = self.outer(family, n.LOCAL[family], n.REMOTE[family], {"dst": f.SRC, "src": NOBODY}, 779, {}, udp=ported)
            result = self.goes([(f"IPv{family}", "back", *row)])
            self.assertEqual(result.out_bytes()[0][at:at + 2], b"\xff\xff")

    def test_faults(self):
        self.ends([("not wanted", "off", n.frame(oam(spi=782)), "oam"), ("index 0", "ether", n.frame(oam(si=0)), "service_index"),
                   ("TTL 1", "sff", n.frame(oam(spi=778, ttl=1)), "ttl"),
                   ("no tunnel", "four", n.frame(oam(spi=780)), "no_next_hop"),
                   ("no Ethernet", "ether", n.gpe(oam()), "no_next_hop"),
                   ("another IP version", "six", n.gpe(oam(spi=781)), "no_next_hop"),
                   ("UDP checksum", "back", n.gpe(oam(spi=779), udp={"chksum": 5}), "bad_outer"),
                   ("IP checksum", "back", n.gpe(oam(spi=779), ip={"chksum": 5}), "bad_outer"),
                   ("UDP length", "back", n.gpe(oam(spi=779), udp={"len": 20, "chksum": 0}), "bad_outer"),
                   ("IPv6 checksum", "back", n.gpe(oam(spi=779), 6, udp={"chksum": 5}), "bad_outer"),
                   ("MTU", "small", n.frame(oam(bytes(77), 7, spi=784)), "too_big")])
        self.goes([("MTU fits", "small", n.frame(oam(bytes(76), 7, spi=784)), n.frame(oam(bytes(76), 7, spi=784, si=6), dst=NEXT, src=NOBODY))])

    def test_others_go_to_the_sf(self):
        """Packets without the O bit, of the same services."""
        result = self.replay(CONFIG, [n.frame(n.nsh(P4)), n.frame(oam()), n.frame(n.nsh(P6))])
        self.assertEqual(result.reasons("domain"), [("to_sf", ""), ("bypassed", "oam"), ("to_sf", "")])
        self.assertEqual((len(result.sf), len(result.out)), (2, 3))


if __name__ == "__main__":
    unittest.main()
