# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The sender of a packet that is too big is told which size fits (RFC 1191, RFC 8201). The message has the packet's own
advanced header. Expected bytes are put together here from the RFCs, and judged by tshark."""
import socket
import struct
import subprocess
import unittest

import dissect
import frames as f
import lib
import nsh_frames as n
from cfg import SF_LEFT, Config, NshService, Port, Service, Sf, mac, one
from lib import WireTest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6ND_Redirect, ICMPv6PacketTooBig, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.packet import Raw

OURS = {4: "203.0.113.1", 6: "2001:db8:a::1"}
SOURCES = f'icmp: {{source: [{OURS[4]}, "{OURS[6]}"]}}\n'
TOP = (16001, 0, 40)
MTU = 1300


def words_sum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def message(packet: bytes, mtu: int, most: int | None = None) -> bytes:
    """RFC 1191 4 and RFC 4443 3.2, with as much of the packet as fits (RFC 1812 4.3.2.3, RFC 4443 2.4 c), or `most` bytes."""
    if packet[0] >> 4 == 4:
        quote = packet[:min(most or 576, 576) - 28]
        addresses = socket.inet_pton(socket.AF_INET, OURS[4]) + packet[12:16]
        icmp = struct.pack("!BBHHH", 3, 4, 0, 0, mtu) + quote
        icmp = icmp[:2] + struct.pack("!H", words_sum(icmp)) + icmp[4:]
        head = struct.pack("!BBHHHBBH", 0x45, 0xC0, 28 + len(quote), 0, 0x4000, 64, 1, 0) + addresses
        return head[:10] + struct.pack("!H", words_sum(head)) + head[12:] + icmp
    quote = packet[:min(most or 1280, 1280) - 48]
    addresses = socket.inet_pton(socket.AF_INET6, OURS[6]) + packet[8:24]
    icmp = struct.pack("!BBHI", 2, 0, 0, mtu) + quote
    pseudo = addresses + struct.pack("!II", len(icmp), 58)
    icmp = icmp[:2] + struct.pack("!H", words_sum(pseudo + icmp)) + icmp[4:]
    return struct.pack("!IHBB", 6 << 28, len(icmp), 58, 64) + addresses + icmp


def big(size: int, family: int = 4, number: int = 0, **fields) -> bytes:
    """A packet of so many bytes that must not be fragmented."""
    rest = {"flags": "DF", **fields} if family == 4 else fields
    packet = f.inner(family, "tcp", number, size=size - (40 if family == 4 else 60), **rest)
    assert len(packet) == size
    return packet


def labelled(packet: bytes) -> bytes:
    return f.labelled(packet, TOP, 17)


def returned(packet: bytes) -> bytes:
    """The packet behind the rest of the stack, as it leaves to the next hop; a replay has no source MAC."""
    return f.labelled(packet, (17, 0, 39), dst="02:00:00:00:00:99", src="00:00:00:00:00:00")


class TooBig(WireTest):
    def told(self, config: Config, frames: list, settings: str = SOURCES, **options):
        return self.replay(settings + config.yaml(), frames, **options)

    def check_messages(self, result, wanted: list[bytes], service: str = "web-out", side: str = "domain"):
        """Each frame is dropped all the same, and out_len is the message's."""
        self.same_frames(result.out_bytes(), wanted)
        for entry, frame in zip(result.entries(side), wanted):
            self.check_entry("answered", entry, "dropped", "too_big", service, len(frame))
        for row in dissect.tshark(wanted, ("icmp.checksum.status", "icmpv6.checksum.status", "icmp.mtu", "icmpv6.mtu")):
            status = row["icmp.checksum.status"] + row["icmpv6.checksum.status"]  # of the message first, then of what it quotes
            self.assertEqual(status[:1], ["1"], row)

    def sent(self, result, service: str = "web-out") -> dict:
        counters = result.doc["counters"]["services"][service]
        return {kind: count["packets"] for kind, count in counters["icmp_sent"].items()}

    def test_next_hop(self):
        """The rest of the stack counts."""
        packets = [big(size, family, number) for number, (family, size) in
                   enumerate([(4, MTU - 3), (4, 1400), (6, MTU - 3), (6, 1400), (4, 1401), (6, 1403)])]
        result = self.told(one(hop_mtu=MTU), [labelled(packet) for packet in packets])
        self.check_messages(result, [returned(message(packet, MTU - 4)) for packet in packets])
        self.assertEqual(self.sent(result), {"fragmentation_needed": 3, "packet_too_big": 3})

    def test_link_to_the_sf(self):
        packets = [big(1400), big(1400, 6)]
        for hop, fits in ((None, 1290), (1294, 1290), (1293, 1289)):
            result = self.told(one(sf=Sf(left=Port(SF_LEFT, mtu=1290)), hop_mtu=hop), [labelled(packet) for packet in packets])
            self.check_messages(result, [returned(message(packet, fits)) for packet in packets])

    def test_the_message_fits_as_well(self):
        """It quotes less where the next hop's link is small; of a smaller link to the SF it takes no notice."""
        for hop, sf, fits, most in ((204, None, 200, 200), (1000, None, 996, 996), (None, 200, 200, None), (100, None, 96, 96)):
            packets = [big(1400), big(1400, 6)]
            if most and most < 96:
                packets = packets[:1]
            result = self.told(one(sf=Sf(left=Port(SF_LEFT, mtu=sf)), hop_mtu=hop), [labelled(packet) for packet in packets])
            self.check_messages(result, [returned(message(packet, fits, most)) for packet in packets])

    def test_a_packet_shorter_than_what_may_be_quoted(self):
        packets = [big(300), big(300, 6)]
        result = self.told(one(sf=Sf(left=Port(SF_LEFT, mtu=200))), [labelled(packet) for packet in packets])
        self.check_messages(result, [returned(message(packet, 200)) for packet in packets])

    def test_padding_is_not_quoted(self):
        packet = big(300)
        result = self.told(one(sf=Sf(left=Port(SF_LEFT, mtu=200))), [labelled(packet) + bytes(20)])
        self.check_messages(result, [returned(message(packet, 200))])

    def test_at_restore(self):
        """The SF made it larger than the next hop takes."""
        config = one(sf=Sf(payload_length="off"), hop_mtu=1299)
        sent = [bytes(f.network(family) / UDP(sport=1, dport=2) / Raw(bytes(1200))) for family in (4, 6)]
        sent[0] = bytes(IP(sent[0][:20], chksum=None, flags="DF") / sent[0][20:])
        back = [bytes(f.network(family) / UDP(sport=1, dport=2) / Raw(bytes(1300))) for family in (4, 6)]
        back[0] = bytes(IP(back[0][:20], chksum=None, flags="DF") / back[0][20:])
        result = self.told(config, [labelled(packet) for packet in sent], back=[f.bare(packet) for packet in back])
        self.check_messages(result, [returned(message(packet, 1295)) for packet in back], side="sf")
        self.assertEqual(result.doc["conservation"]["sf"]["dropped_after_claim"], 2)

    def test_long_headers(self):
        """The header may take all the room in front of a frame; the message finds its own in the packet."""
        grown = [bytes(f.network(family) / UDP(sport=1, dport=2) / Raw(bytes(1300))) for family in (4, 6)]
        grown[0] = bytes(IP(grown[0][:20], chksum=None, flags="DF") / grown[0][20:])
        for length in (164, 168, 172, 188, 192, 216):
            context = n.words(length // 4 - 2)
            sent = [bytes(f.network(family) / UDP(sport=1, dport=2) / Raw(bytes(1000))) for family in (4, 6)]
            config = Config((NshService("web-out", hop_mtu=1299),), (Sf(payload_length="off"),))
            result = self.told(config, [n.frame(n.nsh(packet, md=2, context=context)) for packet in sent],
                               back=[f.bare(packet) for packet in grown])
            fits = 1299 - length
            self.check_messages(result, [n.frame(n.nsh(message(packet, fits, fits), md=2, context=context, si=6),
                                                 dst="02:00:00:00:00:99", src="00:00:00:00:00:00") for packet in grown], side="sf")

    def test_without_df(self):
        result = self.told(one(hop_mtu=MTU), [labelled(big(1400, flags=0))])
        self.assertEqual((result.out, self.sent(result)), ([], {}))

    def unanswered(self) -> dict[str, bytes]:
        """Packets that no error may be about: RFC 1122 3.2.2, RFC 1812 4.3.2.7, RFC 4443 2.4 (e)."""
        load = Raw(bytes(1350))
        quoted = IP(src="192.0.2.9", dst="192.0.2.1") / UDP() / load
        found = {f"icmp {kind}": IP(src="192.0.2.1", dst="198.51.100.2", flags="DF") / ICMP(type=kind) / quoted
                 for kind in (3, 4, 5, 11, 12, 40)}
        found |= {f"from {source}": IP(src=source, dst="198.51.100.2", flags="DF") / UDP() / load
                  for source in ("0.0.0.0", "127.0.0.1", "224.0.0.5", "255.255.255.255", "240.0.0.1")}
        found |= {f"to {to}": IP(src="192.0.2.1", dst=to, flags="DF") / UDP() / load for to in ("239.1.2.3", "255.255.255.255")}
        found["later fragment"] = IP(src="192.0.2.1", dst="198.51.100.2", flags="DF", frag=185) / load
        two = {"src": "2001:db8::1", "dst": "2001:db8:1::2"}
        found["icmpv6 error"] = IPv6(**two) / ICMPv6PacketTooBig() / load
        found["icmpv6 error behind options"] = IPv6(**two) / IPv6ExtHdrDestOpt() / ICMPv6PacketTooBig() / load
        found |= {f"from {source}": IPv6(src=source, dst=two["dst"]) / UDP() / load for source in ("::", "::1", "ff02::1")}
        return {name: bytes(packet) for name, packet in found.items()}

    def test_about_what_no_error_may_be(self):
        packets = self.unanswered()
        result = self.told(one(hop_mtu=MTU), [labelled(packet) for packet in packets.values()])
        for name, entry in zip(packets, result.entries("domain")):
            self.check_entry(name, entry, "dropped", "too_big", "web-out", 0)
        self.assertEqual((result.out, self.sent(result)), ([], {}))

    def test_redirects_are_no_packets_of_a_chain(self):
        packet = bytes(IPv6(src="2001:db8::1", dst="2001:db8:1::2") / ICMPv6ND_Redirect() / Raw(bytes(1350)))
        result = self.told(one(hop_mtu=MTU), [labelled(packet)])
        self.assertEqual((result.out, result.entries("domain")[0]["reason"]), ([], "no_key"))

    def test_about_what_an_error_may_be(self):
        """Questions of ICMP, a first fragment, and in IPv6 a packet to many."""
        load, two = Raw(bytes(1350)), {"src": "2001:db8::1", "dst": "2001:db8:1::2"}
        packets = [bytes(packet) for packet in (
            IP(src="192.0.2.1", dst="198.51.100.2", flags="DF") / ICMP(type=8) / load,
            IP(src="192.0.2.1", dst="198.51.100.2", flags="DF+MF") / UDP() / load,
            IPv6(**two) / ICMPv6EchoRequest() / load,
            IPv6(**two) / IPv6ExtHdrDestOpt() / ICMPv6EchoRequest() / load,
            IPv6(**two) / IPv6ExtHdrFragment(offset=9, m=1, nh=17) / load,
            IPv6(src="2001:db8::1", dst="ff1e::1") / UDP() / load)]
        result = self.told(one(hop_mtu=MTU), [labelled(packet) for packet in packets])
        self.check_messages(result, [returned(message(packet, MTU - 4)) for packet in packets])

    def test_nothing_left_of_the_stack(self):
        """`last_label: plain` lets it leave as the packet would have left: as IP, with the label's hops."""
        packet = big(1400)
        config = Config((Service("plain", 16003, last_label="plain", hop_mtu=MTU),))
        result = self.told(config, [f.labelled(packet, (16003, 0, 40))])
        want = IP(message(packet, MTU))
        want.ttl, want.chksum = 39, None
        self.same_frames(result.out_bytes(), [f.bare(bytes(want), dst="02:00:00:00:00:99", src="00:00:00:00:00:00")])

    def test_back_to_the_sender(self):
        packet = big(1400)
        config = Config((Service("web-out", 16001, domain=(Port("eth0", mtu=MTU),), hop="ingress"),))
        result = self.told(config, [labelled(packet)])
        self.check_messages(result, [f.labelled(message(packet, MTU - 4), (17, 0, 39), dst=f.SRC, src="00:00:00:00:00:00")])

    def test_nsh(self):
        packets = [big(1400), big(1400, 6)]
        result = self.told(Config((NshService("web-out", hop_mtu=MTU),)), [n.frame(n.nsh(packet)) for packet in packets])
        self.check_messages(result, [n.frame(n.nsh(message(packet, MTU - 24, MTU - 24), si=6), dst="02:00:00:00:00:99",
                                             src="00:00:00:00:00:00") for packet in packets])

    def test_vxlan_gpe(self):
        """Lengths and checksums of the outer packet are those of the message."""
        packets = [big(1400), big(1400, 6)]
        for family, outer in ((4, 20), (6, 40)):
            config = Config((NshService("web-out", tunnel=(n.REMOTE[family], n.LOCAL[family]), hop_mtu=MTU),))
            result = self.told(config, [n.gpe(n.nsh(packet), family) for packet in packets])
            ip = {"src": n.LOCAL[family], "dst": n.REMOTE[family], ("ttl" if family == 4 else "hlim"): 64}
            ip |= {"id": 0} if family == 4 else {}
            fits = MTU - outer - 40
            self.check_messages(result, [n.gpe(n.nsh(message(packet, fits, fits), si=6), family, ip=ip,
                                               dst="00:00:00:00:00:00", src="00:00:00:00:00:00") for packet in packets])

    def test_frames_are_not_answered(self):
        """Behind `inner: ethernet` the proxy is no router."""
        config = one(hop_mtu=MTU, inner="ethernet")
        result = self.told(config, [f.labelled(f.bare(big(1400)), TOP, 17)])
        self.assertEqual((result.out, self.sent(result)), ([], {}))
        self.assertEqual(result.entries("domain")[0]["reason"], "too_big")

    def test_rate(self):
        """RFC 4443 2.4 (f): ten at once, then one a second; a replay's clock goes on by its tick."""
        packets = [labelled(big(1400, number=number)) for number in range(20)]
        text = f"icmp: {{source: {OURS[4]}, rate: 1}}\n"
        result = self.told(one(hop_mtu=MTU), packets, text)
        self.assertEqual(len(result.out), 10)
        counters = result.doc["counters"]["services"]["web-out"]
        self.assertEqual((self.sent(result), counters["icmp_limited"]["packets"]), ({"fragmentation_needed": 10}, 10))
        self.assertEqual(len(self.told(one(hop_mtu=MTU), packets, text, tick="500ms").out), 19)
        self.assertEqual(len(self.told(one(hop_mtu=MTU), packets, text, tick="1s").out), 20)

    def test_off(self):
        """And where there is no address of the IP version; a replay has none but those of the configuration."""
        packets = [big(1400), big(1400, 6)]
        for text, versions in (("icmp: off\n", ()), ("", ()), (f"icmp: {{source: {OURS[4]}}}\n", (4,)),
                               (f'icmp: {{source: "{OURS[6]}", rate: 5}}\n', (6,))):
            result = self.told(one(hop_mtu=MTU), [labelled(packet) for packet in packets], text)
            self.same_frames(result.out_bytes(), [returned(message(packet, MTU - 4)) for packet in packets
                                                  if packet[0] >> 4 in versions])
            self.assertEqual("icmp_sent" in result.doc["counters"]["services"]["web-out"], versions != ())

    def test_what_check_says(self):
        """Where no domain port has an address, `check` says who is not told. Of a port that is not here it says that."""
        def note(version):
            return (f"note         icmp: off for {version}, because no domain port has a global address of it; "
                    "'icmp: {source: ADDRESS}' gives one")
        config = Config((Service("web-out", 16001, domain=(Port("here"),)),)).yaml()
        for text, lines in (("", ["icmp         source the domain port's address, rate 1000", note("IPv4"), note("IPv6")]),
                            ("icmp: {rate: 7}\n", ["icmp         source the domain port's address, rate 7", note("IPv4"), note("IPv6")]),
                            (f"icmp: {{source: {OURS[4]}}}\n", [f"icmp         source {OURS[4]}, rate 1000", note("IPv6")]),
                            (SOURCES, [f"icmp         source {OURS[4]}, {OURS[6]}, rate 1000"]),
                            ("icmp: off\n", ["icmp         off"])):
            said = self.check_in_namespace(text + config)
            self.assertEqual([line for line in said if line.startswith(("icmp", "note         icmp"))], lines)
            said = self.check_in_namespace(text + config.replace("here", "nosuch0"))
            self.assertEqual([line for line in said if line.startswith(("icmp", "note         icmp"))], lines[:1])

    def test_what_is_not_here(self):
        config = Config((Service("web-out", 16001, domain=(Port("nosuch0"), Port("here"))),)).yaml()
        said = self.check_in_namespace(config)
        self.assertIn("note         port nosuch0: there is no such interface here", said)
        self.assertEqual([line for line in said if line.startswith("note") and "port here" in line], [])
        said = self.check_in_namespace(config.replace("{name: fw, ports", "{name: fw, netns: no-such, ports", 1))
        self.assertIn("note         netns no-such: there is no such network namespace here", said)

    def check_in_namespace(self, text):
        """In a network namespace of its own, where the bridge `here` is all there is."""
        done = subprocess.run(["unshare", "-n", "sh", "-c", 'ip link add here type bridge && exec "$0" check -c -', lib.BINARY],
                              input=text, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()


if __name__ == "__main__":
    unittest.main()
