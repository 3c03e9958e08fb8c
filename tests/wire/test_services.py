# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ports, directions and MAC addresses: which service a frame belongs to, where it goes and whose names it carries."""
import unittest

import frames as f
import model
from cfg import HOP_MAC, SF_LEFT, SF_RIGHT, Config, Port, Service, Sf
from lib import Input, WireTest

BACK_MAC = "02:00:00:00:00:77"
SF_MAC = "02:00:00:00:00:0b"
ZERO = "00:00:00:00:00:00"
ETH0, ETH1, ETH2 = Port("eth0"), Port("eth1"), Port("eth2")
OUT = Service("web-out", 16001)
BACK = Service("web-back", 16002, domain=(ETH1,), enter="right", hop=BACK_MAC, hop_port="eth0")


def macs(frame: bytes) -> tuple[str, str]:
    return frame[:6].hex(":"), frame[6:12].hex(":")


class Services(WireTest):
    def check(self, config: Config, sent: list[tuple[str, bytes]], **options):
        """Frames by port, one --in a run of equal ports; bytes and owners are the model's."""
        ports = list(dict.fromkeys(port for port, _ in sent))
        ordered = [(port, frame) for name in ports for port, frame in sent if port == name]
        result = self.replay(config, [Input([x for p, x in ordered if p == port], port) for port in ports], **options)
        owners = [model.match(config, port, frame) for port, frame in ordered]
        trips = [model.trip(config, *sent) for sent, owner in zip(ordered, owners) if owner]
        self.assertEqual([entry["service"] for entry in result.entries("domain")], [o.name if o else None for o in owners])
        self.same_frames(result.sf_bytes(), [trip.sf_frame for trip in trips])
        self.same_frames(result.out_bytes(), [trip.back() for trip in trips])
        return result

    def test_two_directions_through_one_sf(self):
        sent = [(port, f.labelled(f.inner(4, "tcp", n), label, 17))
                for n, (port, label) in enumerate([("eth0", 16001), ("eth1", 16002)] * 3)]
        result = self.check(Config((OUT, BACK)), sent)
        self.assertEqual([macs(p)[0] for p in result.out_bytes()], [HOP_MAC] * 3 + [BACK_MAC] * 3)

    def test_equal_packets_in_opposite_directions_do_not_mix(self):
        """The return port is part of the key: the same packet may be in the SF in both directions at once."""
        packet = f.inner(4, "tcp")
        config = Config((OUT, BACK))
        sent = [Input([f.labelled(packet, 16001, 17)], "eth0"), Input([f.labelled(packet, 16002, 18)], "eth1")]
        back = [Input([f.bare(packet)], SF_LEFT), Input([f.bare(packet)], SF_RIGHT)]
        result = self.replay(config, sent, back=back)
        self.assertEqual([e["service"] for e in result.entries("sf")], ["web-back", "web-out"])
        self.same_frames([x[14:18] for x in result.out_bytes()], [f.stack((18, 0, 63)), f.stack((17, 0, 63))])

    def test_label_belongs_to_a_service_only_on_its_own_port(self):
        config = Config((OUT, BACK, Service("other", 16001, domain=(ETH1,), hop=BACK_MAC)))
        sent = [(port, f.labelled(f.inner(4, "tcp", n), label, 17))
                for n, (port, label) in enumerate([("eth0", 16001), ("eth0", 16002), ("eth1", 16001), ("eth1", 16002),
                                                   ("eth0", 16000), ("eth0", 0), ("eth1", 1048575)])]
        result = self.check(config, sent)
        verdicts = [("to_sf", ""), ("passed", "unmatched"), ("passed", "unmatched"), ("passed", "unmatched"),
                    ("to_sf", ""), ("to_sf", ""), ("passed", "unmatched")]
        self.assertEqual(result.reasons("domain"), verdicts)

    def test_unmatched_labels_are_dropped_if_told(self):
        """Only what is SFC and unknown: everything else still passes."""
        for unmatched, verdict in (("drop", "dropped"), ("pass", "passed"), (None, "passed")):
            config = Config((OUT,), unmatched=unmatched)
            sent = [f.labelled(f.inner(), 99, 17), f.labelled(f.inner(), 99), f.bare(f.inner()), f.labelled(f.inner(), 16001, 17)]
            result = self.check(config, [("eth0", frame) for frame in sent])
            self.assertEqual(result.reasons("domain"), [(verdict, "unmatched")] * 2 + [("passed", "not_sfc"), ("to_sf", "")])

    def test_several_services_on_one_port(self):
        services = tuple(Service(f"s{n}", 16000 + n, hop=f"02:00:00:00:01:{n:02x}",
                                 ttl="pipe" if n % 2 else None) for n in range(40))
        sent = [("eth0", f.labelled(f.inner(4, "tcp", n), (16000 + n % 40, 0, 9), (17, 0, 200))) for n in range(80)]
        result = self.check(Config(services), sent)
        self.assertEqual([macs(p)[0][-2:] for p in result.out_bytes()], [f"{n % 40:02x}" for n in range(80)])

    def test_one_armed_sf(self):
        sf = Sf("arm", None, None, Port("veth-arm"))
        config = Config((Service("one", 16001, sf="arm", enter="both"),), (sf,))
        self.check(config, [("eth0", f.labelled(f.inner(6, "udp", n), 16001, 17)) for n in range(4)])
        packet = f.inner(4, "tcp")
        result = self.replay(config, [f.labelled(packet, 16001, 17)], back=Input([f.bare(packet)], "veth-arm"))
        self.assertEqual(result.reasons("sf"), [("restored", "")])
        result = self.replay(config, [f.labelled(packet, 16001, 17)], back=[f.bare(packet)])
        self.assertEqual(result.reasons("sf"), [("restored", "")], "the only return port need not be named")

    def test_two_sfs_do_not_mix(self):
        other = Sf("nat", Port("veth-nat-a"), Port("veth-nat-b"))
        config = Config((OUT, Service("through-nat", 16002, sf="nat")), (Sf(), other))
        packet = f.inner(4, "udp")
        sent = [f.labelled(packet, 16001, 17), f.labelled(packet, 16002, 18)]
        result = self.replay(config, sent, window=2)
        self.assertEqual([e["service"] for e in result.entries("sf")], ["web-out", "through-nat"])
        self.same_frames([x[14:18] for x in result.out_bytes()], [f.stack((17, 0, 63)), f.stack((18, 0, 63))])
        back = [Input([f.bare(packet)] * 2, "veth-nat-b")]
        result = self.replay(config, sent[:1], back=back)
        self.assertEqual(result.reasons("sf"), [("dropped", "miss")] * 2, "another SF's port finds nothing")

    def test_next_hop_ingress_answers_the_sender(self):
        config = Config((Service("web-out", 16001, domain=(ETH0, ETH1), hop="ingress"),))
        sent = [(port, f.labelled(f.inner(4, "tcp", n), 16001, 17, src=f"02:00:00:00:09:{n:02x}"))
                for n, port in enumerate(["eth0", "eth1", "eth0", "eth1"])]
        result = self.check(config, sent)
        self.assertEqual([macs(p) for p in result.out_bytes()], [(f"02:00:00:00:09:0{n}", ZERO) for n in (0, 2, 1, 3)])

    def test_next_hop_ingress_uses_the_mac_of_the_domain_frame_not_the_sf_s(self):
        config = Config((Service("web-out", 16001, hop="ingress"),))
        packet = f.inner(4, "tcp")
        result = self.replay(config, [f.labelled(packet, 16001, 17, src="02:00:00:00:09:01")],
                             back=[f.bare(packet, src="02:00:00:00:0f:0f", dst="02:00:00:00:0e:0e")])
        self.assertEqual([macs(p) for p in result.out_bytes()], [("02:00:00:00:09:01", ZERO)])

    def test_next_hop_by_unresolved_ip_leaves_to_the_zero_mac(self):
        for address in ("192.0.2.9", "2001:db8::9"):
            result = self.check(Config((Service("web-out", 16001, hop=address),)),
                                [("eth0", f.labelled(f.inner(), 16001, 17))])
            self.assertEqual([macs(p) for p in result.out_bytes()], [(ZERO, ZERO)])

    def test_routed_sf_is_addressed_and_a_transparent_one_is_not(self):
        config = Config((OUT, BACK), (Sf(right=Port(SF_RIGHT, mac=SF_MAC)),))
        sent = [("eth0", f.labelled(f.inner(4, "tcp", 1), 16001, 17)),
                ("eth1", f.labelled(f.inner(6, "tcp", 2), 16002, 17))]
        result = self.check(config, sent)
        self.assertEqual([macs(p) for p in result.sf_bytes()], [(f.DST, f.SRC), (SF_MAC, ZERO)])

    def test_routed_sf_by_unresolved_ip(self):
        config = Config((OUT,), (Sf(left=Port(SF_LEFT, ip="192.0.2.77")),))
        result = self.check(config, [("eth0", f.labelled(f.inner(), 16001, 17))])
        self.assertEqual([macs(p) for p in result.sf_bytes()], [(ZERO, ZERO)])

    def test_domain_list_takes_each_of_its_ports(self):
        config = Config((Service("web-out", 16001, domain=(ETH0, ETH1, ETH2), hop_port="eth3"),))
        sent = [(f"eth{n % 3}", f.labelled(f.inner(4, "tcp", n), 16001, 17)) for n in range(6)]
        result = self.check(config, sent)
        self.assertEqual(len(result.out), 6)
        self.assertEqual(sorted(result.doc["counters"]["domain_ports"]), ["eth0", "eth1", "eth2"])

    def test_frames_without_labels_pass(self):
        packet = f.inner()
        frames = {"IPv4": f.bare(packet), "802.1Q": f.ether(b"\0\1\x08\0" + packet, 0x8100),
                  "MPLS in 802.1Q": f.ether(b"\0\1\x88\x47" + f.stack(16001, 17) + packet, 0x8100),
                  "ARP": f.ether(bytes(46), 0x0806), "14 bytes": f.ether(b"", 0x0800),
                  "length field": f.ether(bytes(46), 46), "8846": f.ether(f.stack(16001, 17) + packet, 0x8846),
                  "8849": f.ether(f.stack(16001, 17) + packet, 0x8849)}
        result = self.check(Config((OUT,)), [("eth0", frame) for frame in frames.values()])
        self.assertEqual(result.reasons("domain"), [("passed", "not_sfc")] * len(frames))
        self.assertEqual(result.entries("sf"), [], "what passed is not returned by the SF")

    def test_nsh_is_sfc_that_nothing_matches(self):
        for unmatched, verdict in (("pass", "passed"), ("drop", "dropped")):
            result = self.check(Config((OUT,), unmatched=unmatched), [("eth0", f.ether(bytes(46), 0x894F))])
            self.assertEqual(result.reasons("domain"), [(verdict, "unmatched")])


if __name__ == "__main__":
    unittest.main()
