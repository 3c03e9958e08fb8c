# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""inner: ethernet. The payload of the stack is an Ethernet frame; it goes to the SF as it is and comes back under labels."""
import unittest

import frames as f
import kinds
import lib
import model
from cfg import HOP_MAC, Config, Port, Service, Sf, mac, one
from changes import flip, put, resized, with_extension, with_options
from lib import WireTest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, LLC, SNAP, STP, Dot1AD, Dot1Q, Dot3, Ether
from scapy.packet import Raw

TOP = (16001, 0, 40)
A, B = "02:00:00:00:05:01", "02:00:00:00:05:02"
UDP4 = IP(src="192.0.2.1", dst="192.0.2.2", id=7) / UDP(sport=1, dport=2) / Raw(kinds.BODY)
REQUEST = bytes(Ether(src=A, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=A, psrc="192.0.2.1", pdst="192.0.2.2"))
BPDU = bytes(Dot3(src=A, dst="01:80:c2:00:00:00", len=38) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP())
LLDP = bytes(Ether(src=A, dst="01:80:c2:00:00:0e", type=0x88CC) / Raw(bytes(range(2, 40))))


def ether(payload, **fields) -> bytes:
    return bytes(Ether(src=A, dst=B, **fields) / payload)


def of_ip(packet: bytes, *vids: int) -> bytes:
    """An IP packet in an Ethernet frame behind tags of 802.1Q; the outer one of two is of 802.1ad."""
    kind = f.ETH[packet[0] >> 4].to_bytes(2, "big")
    tags = [t + vid.to_bytes(2, "big") for t, vid in zip((b"\x88\xa8", b"\x81\0")[2 - len(vids):], vids)]
    return mac(B) + mac(A) + b"".join(tags) + kind + packet


# Frames that are not IP, or are tagged; each has a key.
FRAMES = {
    "ARP": REQUEST, "ARP, padded": REQUEST.ljust(60, b"\0"),
    "ARP in 802.1Q": ether(Dot1Q(vlan=5) / ARP(psrc="192.0.2.9")),
    "short ARP": ether(Raw(bytes(20)), type=0x0806), "BPDU": BPDU,
    "SNAP": bytes(Dot3(src=A, dst=B) / LLC() / SNAP(OUI=12, code=0x2000) / Raw(b"cdp")),
    "LLDP": LLDP, "EAPOL": ether(Raw(b"\1\1\0\0"), type=0x888E), "header alone": ether(b"", type=0x88B5),
    "802.1Q": ether(Dot1Q(vlan=5, prio=3) / UDP4), "802.1ad": ether(Dot1AD(vlan=7) / Dot1Q(vlan=5) / UDP4),
    "802.1Q twice": ether(Dot1Q(vlan=6) / Dot1Q(vlan=5) / UDP4), "large": ether(Raw(bytes(range(256)) * 5), type=0x88B5),
    "length beyond the frame": mac(B) + mac(A) + b"\1\0" + b"\x42\x42\3" + bytes(40),
    "ECTP": ether(Raw(kinds.BODY), type=0x9000),
}
BROKEN = {
    "MPLS": (f.labelled(bytes(UDP4), 17), "bad_inner"),
    "MPLS multicast": (f.labelled(bytes(UDP4), 17, ethertype=0x8848), "bad_inner"),
    "NSH": (ether(Raw(bytes(30)), type=0x894F), "bad_inner"),
    "MPLS in 802.1Q": (ether(Dot1Q(vlan=5, type=0x8847) / Raw(bytes(30))), "bad_inner"),
    "NSH in two tags": (ether(Dot1AD(vlan=5) / Dot1Q(vlan=5, type=0x894F) / Raw(bytes(30))), "bad_inner"),
    "SRH": (of_ip(kinds.steered()["SRH"]), "no_key"), "SRH in a tag": (of_ip(kinds.steered()["SRH"], 5), "no_key"),
    "SRH in two tags": (of_ip(kinds.steered()["SRH eighth"], 5, 6), "no_key"),
    "nine headers": (of_ip(kinds.steered()["nine"]), "no_key"),
    "IPv4 cut": (of_ip(bytes(UDP4)[:-1]), "truncated"), "IPv4 cut in a tag": (of_ip(bytes(UDP4)[:30], 5), "truncated"),
    "IPv6 under 0x0800": (ether(Raw(f.inner(6)), type=0x0800), "bad_inner"),
    "IHL 4": (ether(Raw(b"\x44" + bytes(UDP4)[1:]), type=0x0800), "bad_inner"),
    "13 bytes": (b"1234567890abc", "truncated"), "short UDP": (of_ip(kinds.ip(4, Raw(bytes(7)), 17)), "bad_inner"),
    "no header for IPv4": (ether(b"", type=0x0800), "truncated"),
    "short discovery": (of_ip(kinds.ip(6, Raw(b"\x87" + bytes(6)), 58)), "bad_inner"),
}


def changes() -> list[tuple[str, bytes, bytes, bool]]:
    """A frame that was sent, one that came back, and whether they are the same packet."""
    udp, tagged = of_ip(bytes(UDP4)), of_ip(f.inner(6, "udp", size=90), 7, 5)
    rows = [("TTL", udp, put(udp, 22, b"\1"), True), ("DSCP", udp, put(udp, 15, b"\xb8"), True),
            ("destination MAC", udp, flip(udp, 5), False),
            ("source MAC", udp, flip(udp, 6, 2), False), ("payload", udp, flip(udp, 50), False),
            ("checksum", udp, flip(udp, 40), True),
            ("IPv4 options", udp, udp[:14] + with_options(udp[14:]), True), ("id", udp, flip(udp, 19), False),
            ("length", udp, udp[:14] + resized(udp[14:] + b"x"), False), ("padding", udp, udp + b"padding", True),
            ("tag added", udp, of_ip(bytes(UDP4), 5), False), ("tag gone", of_ip(bytes(UDP4), 5), udp, False),
            ("hop limit", tagged, put(tagged, 29, b"\1"), True), ("outer id", tagged, flip(tagged, 15), False),
            ("inner id", tagged, flip(tagged, 19), False), ("priority", tagged, flip(tagged, 18, 0xE0), True),
            ("DEI", tagged, flip(tagged, 14, 0x10), True), ("high bit of the id", tagged, flip(tagged, 14, 8), False),
            ("address", tagged, flip(tagged, 61), False), ("source", tagged, flip(tagged, 30), False),
            ("hop by hop", tagged, tagged[:22] + with_extension(tagged[22:]), True),
            ("outer tag gone", tagged, tagged[:12] + tagged[16:], False),
            ("ARP padding", REQUEST, REQUEST.ljust(60, b"\0"), True),
            ("ARP padding, not zero", REQUEST, REQUEST + b"\x55" * 18, True),
            ("ARP padding cut", REQUEST.ljust(60, b"\0"), REQUEST, True), ("BPDU padding", BPDU, BPDU.ljust(60, b"\x55"), True),
            ("BPDU padding cut", BPDU.ljust(60, b"\0"), BPDU, True), ("LLDP padding", LLDP, LLDP.ljust(60, b"\0"), True),
            ("LLDP padding, not zero", LLDP, LLDP + b"\x55", False), ("LLDP beyond 60", LLDP, LLDP.ljust(61, b"\0"), False),
            ("EtherType", LLDP, put(LLDP, 12, b"\x88\xcd"), False), ("LLDP MAC", LLDP, flip(LLDP, 0), False)]
    rows += [(f"ARP byte {at}", REQUEST, flip(REQUEST, at), False) for at in range(14, 42)]
    rows += [(f"BPDU byte {at}", BPDU, flip(BPDU, at), False) for at in range(14, 52)]
    large = FRAMES["large"]
    return rows + [(f"large, byte {at}", large, flip(large, 14 + at), at >= 64) for at in (0, 31, 63, 64, 1000)]


def without_entry(frame: bytes) -> tuple[str, str]:
    """A frame that carries IP is a miss, any other goes to the kernel."""
    at = 12
    while frame[at:at + 2] in (b"\x81\0", b"\x88\xa8"):
        at += 4
    return ("dropped", "miss") if frame[at:at + 2] in (b"\x08\0", b"\x86\xdd") else ("passed", "control")


class Ethernet(WireTest):
    CONFIG = one(inner="ethernet")

    def restored(self, frames: dict[str, bytes], sf: Sf = Sf(), **options):
        config = one(sf=sf, inner="ethernet")
        sent = [f.labelled(frame, TOP, (1000 + n, 0, 9)) for n, frame in enumerate(frames.values())]
        result = self.replay(config, sent, **options)
        self.assertEqual(dict(zip(frames, result.reasons("domain"))), {name: ("to_sf", "") for name in frames})
        self.same_frames(result.sf_bytes(), list(frames.values()), list(frames))
        want = [mac(HOP_MAC) + bytes(6) + b"\x88\x47" + f.stack((1000 + n, 0, 9)) + frame for n,
                frame in enumerate(frames.values())]
        self.same_frames(result.out_bytes(), want, list(frames))
        self.same_frames(want, [model.trip(config, "eth0", frame).back() for frame in sent], list(frames))

    def check(self, rows, sf: Sf = Sf()):
        """All in one replay; the row's number in the source MAC keeps them apart."""
        config = one(sf=sf, inner="ethernet")
        rows = [(name, *(put(frame, 8, n.to_bytes(2, "big")) for frame in pair), kept)
                for n, (name, *pair, kept) in enumerate(rows)]
        sent = [f.labelled(frame, TOP, 17) for _, frame, _, _ in rows]
        result = self.replay(config, sent, back=[back for _, _, back, _ in rows])
        told = result.reasons("sf")
        out = dict(zip((n for n, e in result.by_n("sf").items() if e["verdict"] == "restored"), result.out_bytes()))
        for n, (name, _, back, kept) in enumerate(rows):
            with self.subTest(name):
                self.assertEqual(told[n], ("restored", "") if kept else without_entry(back))
                if kept:
                    self.same_bytes(name, out[n], model.trip(config, "eth0", sent[n]).back(back))

    def test_every_kind_of_frame(self):
        for settings in ({}, {"profile": "normalizer"}, {"profile": "transcoder"}, {"tunnels": "pass"}):
            self.restored(FRAMES, Sf(**settings))
        unlike = {name: frame for name, frame in FRAMES.items() if name != "ARP, padded"}
        self.restored(unlike, window=len(unlike))

    def test_every_kind_of_packet(self):
        for family in (4, 6):
            for vids in ((), (5,), (7, 5)):
                packets = kinds.packets(family)
                self.restored({name: of_ip(packet, *vids) for name, packet in packets.items()}, window=len(packets))

    def test_what_belongs_to_a_link_belongs_to_the_chain_here(self):
        rows = {name: of_ip(packet, 5) for name, packet in kinds.of_the_link().items() if "byte" not in name}
        self.restored(rows)

    def test_broken_frames(self):
        result = self.replay(self.CONFIG, [f.labelled(frame, TOP, 17) for frame, _ in BROKEN.values()])
        for (name, (frame, reason)), entry in zip(BROKEN.items(), result.entries("domain")):
            with self.subTest(name):
                self.check_entry(f"{name}: {frame.hex()}", entry, "dropped", reason, "web-out", 0)

    def test_changes(self):
        self.check(changes())

    def test_settings(self):
        udp, large = of_ip(bytes(UDP4), 5), FRAMES["large"]
        self.check([("digest off", large, flip(large, 20), True), ("digest off, IP", udp, flip(udp, 60), True),
                    ("MAC", large, flip(large, 1), False), ("length", large, large + b"x", False)], Sf(payload_digest="off"))
        self.check([("length off", large, large + b"x", True), ("content", large, flip(large, 20), False)],
                   Sf(payload_length="off"))
        self.check([("id off", udp, flip(udp, 22), True)], Sf(ipv4_id="off"))

    def test_frames_alike(self):
        sent = [f.labelled(REQUEST + bytes(pad), TOP, label) for pad, label in ((0, 17), (18, 17), (18, 18))]
        result = self.replay(self.CONFIG, sent, back=[REQUEST] * 3)
        self.assertEqual(result.reasons("domain"), [("to_sf", ""), ("to_sf", ""), ("dropped", "ambiguous")])
        self.assertEqual(result.reasons("sf"), [("restored", "")] * 2 + [("passed", "control")])

    def test_beside_an_sf_of_packets(self):
        """Of two SFs one gets frames; the other one's packets keep the labelled frame's MACs."""
        plain = Sf("ids", Port("veth-ids-a"), Port("veth-ids-b"))
        config = Config((Service("frames", 16001, inner="ethernet"), Service("packets", 16002, sf="ids")), (Sf(), plain))
        packet = bytes(UDP4)
        result = self.replay(config, [f.labelled(of_ip(packet), TOP, 17), f.labelled(packet, (16002, 0, 40), 17)])
        self.same_frames(result.sf_bytes(), [of_ip(packet), f.bare(packet)])
        self.assertEqual(result.reasons("sf"), [("restored", "")] * 2)

    def test_control_word_is_not_known(self):
        """RFC 4448: a control word begins with a nibble of zero; so do MAC addresses that are never seen."""
        result = self.replay(self.CONFIG, [f.labelled(bytes(4) + REQUEST, TOP, 17)])
        self.same_frames(result.sf_bytes(), [bytes(4) + REQUEST])


# A configuration that is refused: what is changed in a good one, the lines that may be named, and who is wrong.
GOOD = """\
sfs:
  - {name: fw, ports: {left: veth-fw-a, right: veth-fw-b}, profile: normalizer, tunnels: drop, rtp_ports: [5004, "16384-32767"]}
services:
  - {name: web-out, match: {encapsulation: mpls, label: 16001}, domain: eth0, next_hop: ingress,
     sf: {name: fw, in: left}, inner: ethernet}
  - {name: web-back, match: {encapsulation: mpls, label: 16002}, domain: eth1, next_hop: ingress,
     sf: {name: fw, in: right}, inner: ethernet}
"""
REFUSED = {
    "Ethernet and IP at one SF": ("in: right}, inner: ethernet", "in: right}", (6, 7), ("web-back", "fw")),
    "Ethernet and IPv4 at one SF": ("in: right}, inner: ethernet", "in: right}, inner: ipv4", (6, 7), ("web-back", "fw")),
    "routed by MAC": ("left: veth-fw-a", "left: {interface: veth-fw-a, mac: \"02:00:00:00:00:0a\"}", (2, 4, 5, 6, 7),
                      ("web-out", "web-back", "fw")),
    "routed by IP": ("right: veth-fw-b", "right: {interface: veth-fw-b, ip: 10.0.0.1}", (2, 4, 5, 6, 7),
                     ("web-out", "web-back", "fw")),
    "last_label": ("in: right}, inner: ethernet", "in: right}, inner: ethernet, last_label: plain", (6, 7), ("web-back",)),
    "inner_ttl": ("in: right}, inner: ethernet", "in: right}, inner: ethernet, inner_ttl: decrement", (6, 7), ("web-back",)),
    "profile": ("normalizer", "fast", (2,), ("fast",)), "tunnels": ("tunnels: drop", "tunnels: deny", (2,), ("deny",)),
    "payload_digest": ("tunnels: drop", "payload_digest: half", (2,), ("half",)),
    "port 65536": ("5004", "65536", (2,), ("65536",)),
    "payload_length": ("tunnels: drop", "payload_length: 64", (2,), ("64",)),
    "range": ("16384-32767", "32767-16384", (2,), ("32767-16384",)),
    "range without an end": ("16384-32767", "16384-", (2,), ("16384-",)), "no port": ("5004", "sip", (2,), ("sip",)),
    "five ranges": ("[5004,", "[1, 2, 3, 4,", (2,), ("rtp_ports", "4")),
}
ALLOWED = [("", ""), ("5004", "65535"), ("[5004, \"16384-32767\"]", "[1, 2, \"3-4\", \"5-5\"]"),
           ("[5004, \"16384-32767\"]", "[16384-32767]"), ("normalizer", "transcoder, payload_digest: on, payload_length: off"),
           ("inner: ethernet", "inner: ethernet, last_label: drop, inner_ttl: keep"),
           ("tunnels: drop", "tunnels: keyed")]


class Configurations(unittest.TestCase):
    def test_refused_with_position_and_name(self):
        for name, (old, new, lines, names) in REFUSED.items():
            with self.subTest(name):
                self.assertIn(old, GOOD)
                lib.check_refused(self, GOOD.replace(old, new, 1), lines, names)

    def test_allowed(self):
        for old, new in ALLOWED:
            with self.subTest(new):
                done = lib.told(GOOD.replace(old, new, 1))
                self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
