# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What an SF may change without losing its header, and what makes another packet of it.

Every row sends one packet and returns a changed one. A restored frame is the changed packet to the last byte: the
proxy gives back the header, not the packet.
"""
import unittest

import frames as f
import model
from cfg import Sf, one
from changes import ChangeTest, flip
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.packet import Raw

STAMP = ("Timestamp", (111, 222))
NOP = ("NOP", None)
LINUX = [NOP, NOP, STAMP]
SYN = [("MSS", 1460), ("SAckOK", b""), STAMP, NOP, ("WScale", 7)]
BODY = bytes(range(200))


def ip4(payload, **fields) -> bytes:
    return bytes(IP(**{"src": "192.0.2.1", "dst": "198.51.100.2", "id": 77, "ttl": 64, **fields}) / payload)


def ip6(payload, **fields) -> bytes:
    return bytes(IPv6(**{"src": "2001:db8::1", "dst": "2001:db8:1::2", "hlim": 64, **fields}) / payload)


def tcp(options=LINUX, body=BODY, **fields):
    values = {"sport": 40000, "dport": 80, "seq": 1000, "ack": 5000, "flags": "PA", "window": 512, **fields}
    return TCP(options=list(options), **values) / Raw(body)


def udp(body=BODY, **fields):
    return UDP(**{"sport": 40000, "dport": 9999, **fields}) / Raw(body)


def echo(body=BODY, **fields):
    return ICMP(**{"type": 8, "id": 7, "seq": 9, **fields}) / Raw(body)


def echo6(body=BODY, **fields):
    return ICMPv6EchoRequest(**{"id": 7, "seq": 9, **fields}) / Raw(body)


def l4_rows(name: str, kept: list[tuple[str, bytes]], lost: list[tuple[str, bytes]], sent: bytes) -> list[dict]:
    return [{"name": f"{name}: {what}", "sent": sent, "back": back, "restored": restored}
            for rows, restored in ((kept, True), (lost, False)) for what, back in rows]


def tcp_rows(ip, name: str) -> list[dict]:
    kept = [("window", tcp(window=1)), ("checksum", tcp(chksum=0x1234)), ("urgent pointer", tcp(urgptr=9)),
            ("ECE and CWR", tcp(flags="PAEC")), ("URG", tcp(flags="PAU")), ("reserved bits", tcp(reserved=7)),
            ("MSS option added", tcp([("MSS", 1400)] + LINUX)), ("timestamps moved", tcp([STAMP, NOP, NOP])),
            ("no padding", tcp([STAMP])), ("payload, same length", tcp(body=BODY[::-1])),
            ("ACK alone", tcp(flags="P"))]
    lost = [("source port", tcp(sport=40001)), ("destination port", tcp(dport=81)), ("seq", tcp(seq=1001)),
            ("high seq bit", tcp(seq=1000 | 1 << 31)), ("ack", tcp(ack=5001)), ("FIN", tcp(flags="FPA")),
            ("SYN", tcp(flags="SPA")), ("RST", tcp(flags="RPA")), ("PSH", tcp(flags="A")),
            ("payload longer", tcp(body=BODY + b"\0")), ("payload shorter", tcp(body=BODY[:-1])),
            ("payload gone", tcp(body=b"")), ("TSval", tcp([NOP, NOP, ("Timestamp", (112, 222))])),
            ("TSecr", tcp([NOP, NOP, ("Timestamp", (111, 223))])), ("timestamps gone", tcp([])),
            ("timestamps behind the end of options", tcp([("EOL", None), NOP, STAMP]))]
    return l4_rows(name, [(w, ip(p)) for w, p in kept], [(w, ip(p)) for w, p in lost], ip(tcp()))


def udp_rows(ip, name: str) -> list[dict]:
    kept = [("checksum", udp(chksum=0x1234)), ("no checksum", udp(chksum=0)), ("byte 64", udp(flip(BODY, 64))),
            ("last byte", udp(flip(BODY, 199)))]
    lost = [("source port", udp(sport=40001)), ("destination port", udp(dport=9998)), ("one byte longer", udp(BODY + b"\0")),
            ("one byte shorter", udp(BODY[:-1]))] + [(f"byte {at}", udp(flip(BODY, at))) for at in (0, 1, 31, 62, 63)]
    return l4_rows(name, [(w, ip(p)) for w, p in kept], [(w, ip(p)) for w, p in lost], ip(udp()))


def icmp_rows(ip, make, name: str) -> list[dict]:
    kind = {"type": 0} if make is echo else {"type": 129}
    kept = [("checksum", {"chksum" if make is echo else "cksum": 0x1234}), ("byte 64", {"body": flip(BODY, 64)})]
    lost = [("type", kind), ("code", {"code": 1}), ("id", {"id": 8}), ("seq", {"seq": 10}),
            ("longer", {"body": BODY + b"\0"})] + [(f"byte {at}", {"body": flip(BODY, at)}) for at in (0, 32, 63)]
    return l4_rows(name, [(w, ip(make(**c))) for w, c in kept], [(w, ip(make(**c))) for w, c in lost], ip(make()))


def ip_rows() -> list[dict]:
    four = {"TTL": ({"ttl": 1}, True), "DSCP": ({"tos": 0xB8}, True), "ECN": ({"tos": 3}, True),
            "header checksum": ({"chksum": 0x1234}, True), "don't fragment": ({"flags": "DF"}, True),
            "options added": ({"options": [b"\x94\x04\0\0"]}, True), "40 bytes of options": ({"options": [b"\1" * 40]}, True),
            "source": ({"src": "192.0.2.3"}, False), "destination": ({"dst": "198.51.100.3"}, False),
            "id": ({"id": 78}, False), "id set to 0": ({"id": 0}, False), "fragmented": ({"flags": "MF"}, False),
            "offset": ({"frag": 1}, False), "protocol": ({"proto": 132}, False)}
    six = {"hop limit": ({"hlim": 1}, True), "traffic class": ({"tc": 0xB8}, True), "flow label": ({"fl": 0xABCDE}, True),
           "source": ({"src": "2001:db8::2"}, False), "destination": ({"dst": "2001:db8:1::3"}, False),
           "next header": ({"nh": 132}, False)}
    rows = []
    for make, table, name in ((ip4, four, "IPv4"), (ip6, six, "IPv6")):
        for kind in (tcp, udp, echo if make is ip4 else echo6):
            rows += [{"name": f"{name} {kind.__name__}: {what}", "sent": make(kind()), "back": make(kind(), **change),
                      "restored": restored} for what, (change, restored) in table.items()]
    return rows


class SfChanges(ChangeTest):
    def test_tcp_over_ipv4(self):
        self.check(tcp_rows(ip4, "TCP"))

    def test_tcp_over_ipv6(self):
        self.check(tcp_rows(ip6, "TCP"))

    def test_udp(self):
        self.check(udp_rows(ip4, "UDP") + udp_rows(ip6, "UDP"))

    def test_short_payloads_of_udp(self):
        """Below 64 bytes the digest covers what is there and no padding behind it."""
        rows = []
        for size in (0, 1, 7, 63, 64, 65):
            body = BODY[:size]
            rows.append({"name": f"{size} bytes", "sent": ip4(udp(body)), "back": ip4(udp(body)) + b"pad", "restored": True})
            if size:
                back = ip4(udp(flip(body, size - 1)))
                rows.append({"name": f"last of {size}", "sent": ip4(udp(body)), "back": back, "restored": size > 64})
        self.check(rows)

    def test_icmp(self):
        self.check(icmp_rows(ip4, echo, "ICMP") + icmp_rows(ip6, echo6, "ICMPv6"))

    def test_ip_header(self):
        self.check(ip_rows())

    def test_syn_options(self):
        def syn(options):
            return ip4(tcp(options, body=b"", flags="S"))
        clamped = [("MSS", 536)] + SYN[1:]
        self.check([{"name": "MSS clamped", "sent": syn(SYN), "back": syn(clamped), "restored": True},
                    {"name": "window scale gone", "sent": syn(SYN), "back": syn(SYN[:3]), "restored": True},
                    {"name": "timestamps gone", "sent": syn(SYN), "back": syn(SYN[:2]), "restored": False},
                    {"name": "timestamps at the very end", "sent": syn([NOP] * 30 + [STAMP]), "back": syn([STAMP]),
                     "restored": True}])

    def test_mac_addresses(self):
        packet = f.inner()
        for n, macs in enumerate([{"dst": "ff:ff:ff:ff:ff:ff"}, {"src": "02:00:00:00:0f:0f"}]):
            result = self.replay(one(), [f.labelled(packet, 16001, 17)], back=[f.bare(packet, **macs)])
            self.assertEqual(result.reasons("sf"), [("restored", "")], str(n))

    def test_padding_added_and_cut(self):
        packet = f.inner(4, "udp", size=1)
        for ahead, behind in ((b"", bytes(17)), (bytes(17), b""), (b"abc", b"wxyz")):
            sent, back = f.labelled(packet, 16001, 17) + ahead, f.bare(packet) + behind
            result = self.replay(one(), [sent], back=[back])
            self.same_frames(result.out_bytes(), [model.trip(one(), "eth0", sent).back(back)])

    def test_ipv4_id_off(self):
        rows = [{"name": f"{kind.__name__} {a}->{b}", "sent": ip4(kind(), id=a), "back": ip4(kind(), id=b), "restored": True}
                for kind in (tcp, udp, echo) for a, b in ((77, 78), (77, 0), (0, 78))]
        self.check(rows, Sf(ipv4_id="off"))

    def test_ipv4_id_on_is_the_default(self):
        rows = [{"name": f"{a}->{b}", "sent": ip4(udp(), id=a), "back": ip4(udp(), id=b), "restored": a == b}
                for a, b in ((77, 78), (77, 0), (0, 78), (0, 0), (0xFF00, 0xFF00), (1, 256))]
        self.check(rows)
        self.check(rows, Sf(ipv4_id="on"))

    def test_tcp_timestamps_off(self):
        changes = {"TSval": [NOP, NOP, ("Timestamp", (112, 222))], "gone": [], "same": LINUX}
        rows = [{"name": name, "sent": ip(tcp()), "back": ip(tcp(options)), "restored": True}
                for ip in (ip4, ip6) for name, options in changes.items()]
        self.check(rows, Sf(tcp_timestamps="off"))


if __name__ == "__main__":
    unittest.main()
