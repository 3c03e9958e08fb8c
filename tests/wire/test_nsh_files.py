# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""NSH judged by others: captures that they made, and what tshark reads in the files that replay wrote."""
import unittest

import dissect
import frames as f
import nsh_frames as n
import nsh_model
import pcapio
from cfg import HOP_MAC, SF_RIGHT, Config, NshService, Sf, mac
from lib import ROOT, Input
from nsh_rows import NshTest
from test_nsh_gpe import GPE, HOP

CAPTURES = ROOT / "tests" / "wire" / "captures"
NSH = ("nsh.version", "nsh.Obit", "nsh.CBit", "nsh.ttl", "nsh.length", "nsh.mdtype", "nsh.nextproto", "nsh.spi", "nsh.si",
       "nsh.contextheader", "nsh.metadataclass", "nsh.metadatatype", "nsh.metadataunassignedbit", "nsh.metadatalen",
       "nsh.metadata")
TAGS = ("vlan.id", "vlan.priority", "vlan.dei", "ieee8021ad.id", "ieee8021ad.priority", "ieee8021ad.dei")
BEHIND = ("mpls.label", "mpls.exp", "mpls.bottom", "mpls.ttl", "frame.protocols")
OUTER = ("vxlan.flags", "vxlan.vni", "vxlan.next_proto", "vxlan.reserved_16", "vxlan.reserved8", "udp.srcport", "udp.dstport",
         "ip.dsfield", "ip.flags", "ipv6.tclass", "ipv6.flow")
CHANGED = ("ip.src", "ip.dst", "ip.ttl", "ip.id", "ip.hdr_len", "ipv6.src", "ipv6.dst", "ipv6.hlim", "udp.checksum")


def packet(k: int, size: int = 20) -> bytes:
    return f.inner(4 + k % 2 * 2, "udp", k, size=size)


def plain() -> list[bytes]:
    """What tshark knows all of: it does not read IOAM."""
    values = {"spi": 779, "unassigned": 5, "ttl": 17}
    rows = [n.frame(n.nsh(packet(k), si=9 + k, **values), *tags)
            for k in range(4) for tags in ((), ((n.Q, 0x6005),), ((n.AD, 0xB007), (n.Q, 9)), ((n.Q, 3), (n.Q, 4)))]
    rows += [n.frame(n.md2(packet(k), *[n.tlv(size, kind=k, owner=size) for size in sizes], si=1 + k, spi=779, u=k % 2))
             for k, sizes in enumerate(((), (0,), (1,), (2, 3), (4, 0, 5), (127,), (7, 8, 9, 10)))]
    walked = (("nsh",), ("md2",), ("mpls",), ("nsh", "mpls"))
    rows += [n.frame(n.layers(packet(k), *names, spi=779)) for k, names in enumerate(walked)]
    return rows + [n.frame(n.md2(packet(k), n.words(52), spi=779)) for k in (1, 2)]


def tunnelled(spi: int) -> list[bytes]:
    versions = {777: (4, 6), 778: (4,), 779: (6,)}[spi]
    return [n.gpe(n.md2(packet(k, k), n.tlv(k), spi=spi, si=7), v, tunnel={"vni": 5 + k}, udp={"sport": 40000 + k, **udp})
            for v in versions for k in range(1, 9) for udp in (({}, {"chksum": 0}) if v == 4 else ({},))]


class Captures(NshTest):
    def read(self, name: str) -> bytes:
        return pcapio.read(CAPTURES / f"{name}.pcap")[0].data

    def test_the_service_index_is_all_that_changes(self):
        frame = self.read("nsh")
        self.assertEqual(frame[12:22].hex(), "894f" "00060101" "00030907")
        result = self.check([("as it came", frame, "")])
        self.same_bytes("SF", result.sf_bytes()[0], frame[:12] + b"\x08\0" + frame[38:])
        self.same_bytes("out", result.out_bytes()[0], mac(HOP_MAC) + bytes(6) + frame[12:21] + b"\6" + frame[22:])

    def test_to_the_sender_and_as_a_forwarder(self):
        frame = self.read("nsh")
        config = Config((NshService("web-out", hop="ingress", forwarder="true"),))
        result = self.check([("TTL 0 becomes 63", frame, "")], config)
        header = bytes.fromhex("894f" "0fc60101" "00030906")
        self.same_bytes("out", result.out_bytes()[0], frame[6:12] + bytes(6) + header + frame[22:])

    def test_over_vxlan_gpe(self):
        """O is set in it; without O the packet goes through: 127.0.0.1 to itself, last path, index 255."""
        frame = self.read("nsh-over-vxlan-gpe")
        self.assertEqual(frame[42:58].hex(), "0c000004" "ffffff00" "30060201" "ffffffff")
        config = Config((NshService("last", spi=0xFFFFFF, si=255, tunnel=HOP[4]),))
        silent = frame[:40] + bytes(2) + frame[42:50] + b"\x10" + frame[51:]
        result = self.check([("O", frame, "oam"), ("no O", silent, "")], config)
        out = result.out_bytes()[0]
        self.assertEqual(out[26:34], bytes([203, 0, 113, 1, 198, 51, 100, 77]))
        self.same_bytes("from UDP on", out[34:57] + out[58:], silent[34:57] + silent[58:])
        self.assertEqual(out[57], 254)


class Tshark(NshTest):
    def dissect(self, frames: list[bytes]) -> list[dict]:
        rows = dissect.tshark(frames, (*NSH, *TAGS, *BEHIND, *OUTER, *CHANGED))
        self.assertEqual(len(rows), len(frames))
        self.assertEqual({dissect.tshark_complaint(row) for row in rows}, {""})
        return rows

    def compare(self, frames: list[bytes], result, ttl: int = 0) -> list[tuple[dict, dict]]:
        """Each field of each frame as it came, but for the outer index and TTL."""
        came, left = self.dissect(frames), self.dissect(result.out_bytes())
        for row in came:
            row["nsh.si"][0] = str(int(row["nsh.si"][0]) - 1)
            row["nsh.ttl"][0] = f"0x{(int(row['nsh.ttl'][0], 16) - ttl) % 64:04x}"
        for name in (*NSH, *TAGS, *BEHIND, *OUTER):
            self.assertEqual([row[name] for row in left], [row[name] for row in came], name)
        self.assertTrue(any(row["nsh.metadata"] for row in came))
        return list(zip(came, left))

    def test_nsh_and_tags(self):
        frames = plain()
        self.compare(frames, self.check([(f"frame {k}", frame, "") for k, frame in enumerate(frames)]))

    def test_forwarder(self):
        frames = [n.frame(n.md2(packet(ttl), n.tlv(5), spi=780, ttl=ttl)) for ttl in range(64) if ttl != 1]
        self.compare(frames, self.check([("", frame, "") for frame in frames]), ttl=1)

    def test_sf_sees_none(self):
        frames = plain()
        result = self.check([(f"frame {k}", frame, "") for k, frame in enumerate(frames)])
        rows = self.dissect(result.sf_bytes())
        self.assertEqual({row["frame.protocols"][0].split(":udp")[0] for row in rows}, {"eth:ethertype:ip", "eth:ethertype:ipv6"})

    def test_outer_packets(self):
        for spi, hop in ((777, None), (778, HOP[4]), (779, HOP[6])):
            frames = tunnelled(spi)
            result = self.check([(f"{spi}, frame {k}", frame, "") for k, frame in enumerate(frames)], GPE)
            for came, left in self.compare(frames, result):
                over4 = came["frame.protocols"][0].startswith("eth:ethertype:ip:")
                ip, hops = ("ip", "ip.ttl") if over4 else ("ipv6", "ipv6.hlim")
                told = left[f"{ip}.dst"][0], left[f"{ip}.src"][0]
                self.assertEqual(told, hop or (came[f"{ip}.src"][0], came[f"{ip}.dst"][0]))
                self.assertEqual(left[hops][0], "64")
                self.assertEqual(left["udp.checksum"][0] == "0x0000", came["udp.checksum"][0] == "0x0000")
                self.assertTrue(not over4 or left["ip.id"][0] == "0x0000")

    def test_outer_packets_of_other_lengths(self):
        """An SF with a profile that lets it change payloads; tshark knows the lengths and checksums that are due."""
        def packet(k: int, size: int) -> bytes:
            return self.numbered(f.inner(4 + k // 2 % 2 * 2, "udp", 0, size=size), k)
        config = Config(GPE.services, (Sf(profile="transcoder"), GPE.sfs[1]))
        sent = [n.gpe(n.nsh(packet(k, 30)), 4 + k % 2 * 2) for k in range(40)]
        result = self.replay(config, sent, back=Input([f.bare(packet(k, 3 + 7 * k)) for k in range(40)], SF_RIGHT))
        self.dissect(result.out_bytes())
        self.assertEqual(len(result.out), len(sent))

    @staticmethod
    def numbered(inner: bytes, k: int) -> bytes:
        """Another source port, and the checksum mended by hand (RFC 1624)."""
        at = 20 if inner[0] >> 4 == 4 else 40
        total = (nsh_model.u16(inner, at + 6) ^ 0xFFFF) + k
        total = (total & 0xFFFF) + (total >> 16)
        port = nsh_model.u16(inner, at) + k
        return inner[:at] + port.to_bytes(2, "big") + inner[at + 2:at + 6] + (total ^ 0xFFFF).to_bytes(2, "big") + inner[at + 8:]


if __name__ == "__main__":
    unittest.main()
