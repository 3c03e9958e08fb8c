# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Packets that look alike by nature: duplicate ACKs, keepalives, what is sent again. Never stuck, never the other's header.

Time passes by one tick a frame, strips and restores counted together; fillers are frames that touch no state.
"""
import unittest

import changes
import frames as f
import kinds
import model
from cfg import Config, Service, Sf, one
from lib import WireTest
from scapy.layers.inet import IP, TCP, UDP
from scapy.packet import Raw

FILLER = f.ether(bytes(46), 0x0806)
RESTORED, MISS, AMBIGUOUS = ("restored", ""), ("dropped", "miss"), ("dropped", "ambiguous")


def segment(ident: int = 0, payload: bytes = b"", options=(), **fields) -> bytes:
    values = {"sport": 80, "dport": 40000, "seq": 7000, "ack": 9000, "flags": "A", "window": 501, **fields}
    return bytes(IP(src="198.51.100.2", dst="192.0.2.1", id=ident) / TCP(options=list(options), **values) / Raw(payload))


def stamps(value: int) -> list:
    return [("NOP", None), ("NOP", None), ("Timestamp", (value, 1))]


# Packets of equal key, whose free fields may differ; a stack each, the same one.
ALIKE = {
    "duplicate ACKs": [segment()] * 4, "duplicate ACKs, IPv6": [f.tcp(1, 0, family=6, flags="A")] * 4,
    "duplicate ACKs of equal timestamps": [segment(options=stamps(5))] * 3,
    "window updates": [segment(window=w) for w in (501, 400, 300)],
    "SACK blocks grow": [segment(options=[("NOP", None), ("NOP", None), ("SAck", (8000, 8000 + n))]) for n in (1, 2, 3)],
    "keepalives": [segment(payload=b"\0", seq=6999)] * 3,
    "SYN-ACK again, IPv4 id 0": [segment(flags="SA", options=[("MSS", 1460)])] * 3,
    "RST again": [segment(flags="R", ack=0)] * 2,
    "one datagram twice": [bytes(IP(src="192.0.2.1", dst="192.0.2.2", id=0) / UDP(sport=1, dport=53) / Raw(b"query"))] * 2,
    "the same fragment twice": [kinds.fragment(6, 5, 3, 1)] * 2,
    "OSPF hello": [kinds.ip(6, Raw(b"\x03\x01\0\x2c" + bytes(40)), 89)] * 3,
}
# Alike at a glance, but another key: in the SF together under different headers, no doubt about any.
UNLIKE = {
    "ACKs with another id": [segment(n) for n in (0, 1, 2)], "ACKs with timestamps": [segment(options=stamps(n))
                                                                                      for n in (1, 2, 3)],
    "ACK and keepalive": [segment(), segment(seq=6999)], "ACK and FIN": [segment(), segment(flags="FA")],
    "fragments of one packet": [kinds.fragment(4, 5, n, 1) for n in (0, 12, 24)],
    "fragments of two packets": [kinds.fragment(6, n, 12, 1) for n in (1, 2)],
    "pings": [kinds.packets(4, n)["echo"] for n in (1, 2, 3)], "ESP": [kinds.packets(6, n)["ESP"] for n in (1, 2, 3)],
}


def labelled(packets: list[bytes], first: int, step: int = 0) -> list[bytes]:
    return [f.labelled(packet, (16001, 0, 40), (first + n * step, 0, 9)) for n, packet in enumerate(packets)]


class EqualKeys(WireTest):
    @staticmethod
    def rows(table: dict = ALIKE) -> dict[str, list[bytes]]:
        """Each row with an address of its own, so that they share a replay."""
        return {name: [changes.ChangeTest.position(packet, n + 1) for packet in packets]
                for n, (name, packets) in enumerate(table.items())}

    def test_equal_headers_are_all_restored_in_any_order(self):
        rows = self.rows().values()
        for order in (lambda p: p, lambda p: p[::-1], lambda p: p[1:] + p[:1]):
            sent = [frame for packets in rows for frame in labelled(packets, 17)]
            back = [[f.bare(p) for p in order(packets)] for packets in rows]
            result = self.replay(one(), sent, back=[frame for frames in back for frame in frames + frames[:1]])
            self.assertEqual(set(result.reasons("domain")), {("to_sf", "")})
            want = [told for frames in back for told in [RESTORED] * len(frames) + [MISS]]
            self.assertEqual(result.reasons("sf"), want)
            self.same_frames(result.out_bytes(), [model.trip(one(), "eth0", sent[0]).back(frame)
                                                  for frames in back for frame in frames])

    def test_another_header_is_ambiguous_while_the_first_is_in_the_sf(self):
        rows = self.rows()
        sent = [frame for packets in rows.values() for frame in labelled(packets, 17, 1)]
        result = self.replay(one(), sent, back=[f.bare(p) for packets in rows.values() for p in packets])
        told, returned = iter(result.reasons("domain")), iter(result.reasons("sf"))
        for name, packets in rows.items():
            self.assertEqual([next(told) for _ in packets], [("to_sf", "")] + [AMBIGUOUS] * (len(packets) - 1), name)
            self.assertEqual([next(returned) for _ in packets], [RESTORED] + [MISS] * (len(packets) - 1), name)
        self.assertEqual({frame[14:17] for frame in result.out_bytes()}, {f.stack(17)[:3]})

    def test_another_header_after_the_first_has_returned(self):
        """One in the SF at a time: each has the header that it came with."""
        sent = [frame for packets in ALIKE.values() for frame in labelled(packets, 17, 1)]
        result = self.replay(one(), sent)
        self.same_frames(result.out_bytes(), [model.trip(one(), "eth0", frame).back() for frame in sent])

    def test_another_key_is_never_in_doubt(self):
        rows = self.rows(UNLIKE).values()
        sent = [frame for packets in rows for frame in labelled(packets, 17, 1)]
        result = self.replay(one(), sent, back=[f.bare(p) for packets in rows for p in packets][::-1])
        self.assertEqual(result.reasons("domain"), [("to_sf", "")] * len(sent))
        self.same_frames(result.out_bytes()[::-1], [model.trip(one(), "eth0", frame).back() for frame in sent])

    def test_never_stuck(self):
        """The SF swallowed the first; retries under another header are dropped for one hold time, and refresh nothing."""
        packets = [packets[0] for packets in self.rows().values()]
        first, again = labelled(packets, 17), labelled(packets, 18)
        rest = [FILLER] * (20 - len(packets))                           # hold is 100 ms; one of each every 20 ms
        result = self.replay(one(), first + rest + (again + rest) * 8, back=[f.bare(p) for p in packets], tick="1ms")
        told = result.reasons("domain")
        for n, name in enumerate(ALIKE):
            self.assertEqual(told[n::20], [("to_sf", "")] + [AMBIGUOUS] * 5 + [("to_sf", "")] * 3, name)
        self.assertEqual(result.reasons("sf"), [RESTORED] * len(packets))
        self.assertEqual({frame[14:17] for frame in result.out_bytes()}, {f.stack(18)[:3]})

    def test_retries_under_the_same_header_are_never_stopped(self):
        packet = ALIKE["SYN-ACK again, IPv4 id 0"][0]
        sent = labelled([packet] * 30, 17)
        result = self.replay(one(), sent, back=[f.bare(packet)], tick="30ms")
        self.assertEqual(result.reasons("domain"), [("to_sf", "")] * 30)
        self.assertEqual(result.reasons("sf"), [RESTORED])

    def test_settings_that_make_more_packets_alike(self):
        """Where the digest is off, datagrams of one flow are alike: with one header they pass, with two they wait."""
        for kind, sf in (("UDP", Sf(profile="transcoder", ipv4_id="off")), ("OSPF", Sf(payload_digest="off")),
                         ("UDP", Sf(payload_digest="off", ipv4_id="off"))):
            packets = [kinds.packets(4 if kind == "UDP" else 6, n)[kind] for n in (1, 2, 3)]
            back = [f.bare(p) for p in packets[::-1]]
            same = self.replay(one(sf=sf), labelled(packets, 17), back=back)
            self.assertEqual(same.reasons("sf"), [RESTORED] * 3)
            other = self.replay(one(sf=sf), labelled(packets, 17, 1), back=back)
            self.assertEqual(other.reasons("domain"), [("to_sf", ""), AMBIGUOUS, AMBIGUOUS])
            self.assertEqual(len(other.out), 1)
            self.assertEqual(len(self.replay(one(), labelled(packets, 17, 1), back=back).out), 3)

    def test_rtp_needs_no_digest(self):
        packets = [kinds.packets(6, n)["RTP"] for n in (1, 2, 3)]
        sf = Sf(profile="transcoder", rtp_ports=(kinds.RTP_PORT,))
        sent = labelled(packets, 17, 1)
        result = self.replay(one(sf=sf), sent, back=[f.bare(p) for p in packets[::-1]])
        self.same_frames(result.out_bytes()[::-1], [model.trip(one(sf=sf), "eth0", frame).back() for frame in sent])

    def test_two_services_of_one_sf_do_not_share_a_header(self):
        config = Config((Service("web-out", 16001), Service("web-alt", 16002)))
        packet = segment()
        sent = [f.labelled(packet, (label, 0, 40), 17) for label in (16001, 16002, 16001)]
        result = self.replay(config, sent, back=[f.bare(packet)] * 3)
        self.assertEqual(result.reasons("domain"), [("to_sf", ""), AMBIGUOUS, ("to_sf", "")])
        self.assertEqual(result.reasons("sf"), [RESTORED, RESTORED, MISS])


if __name__ == "__main__":
    unittest.main()
