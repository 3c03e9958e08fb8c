# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Capture files in and out: formats, time resolution, cut frames, nothing, and frames of any size."""
import unittest

import frames as f
import model
import pcapio
from cfg import Config, Port, Service, one
from lib import Input, WireTest
from pcapio import Packet

TOP = (16001, 0, 40)
STAMPS = [(0, 0), (1, 999_999), (1_700_000_000, 123_456), (1_700_000_001, 1), (2_147_483_647, 500_000)]


def stamped(unit: int = 1) -> list[Packet]:
    """Frames with timestamps that are kept only if no one computes with them; unit: fractions a microsecond."""
    extra = 789 if unit == 1000 else 0
    return [Packet(f.labelled(f.inner(4, "tcp", n), TOP, 17), sec, micro * unit + extra)
            for n, (sec, micro) in enumerate(STAMPS)]


# Files of the same five frames; scale is the factor from the file's fraction to that of the output.
FORMATS = [
    {"name": "pcap us", "file": pcapio.pcap(stamped()), "nano": False, "scale": 1, "unit": 1},
    {"name": "pcap us, big endian", "file": pcapio.pcap(stamped(), order=">"), "nano": False, "scale": 1, "unit": 1},
    {"name": "pcap ns", "file": pcapio.pcap(stamped(1000), nano=True), "nano": True, "scale": 1, "unit": 1000},
    {"name": "pcap ns, big endian", "file": pcapio.pcap(stamped(1000), nano=True, order=">"), "nano": True, "scale": 1,
     "unit": 1000},
    {"name": "pcapng, default resolution", "file": pcapio.pcapng(stamped()), "nano": True, "scale": 1000, "unit": 1},
    {"name": "pcapng us", "file": pcapio.pcapng(stamped(), tsresol=6), "nano": True, "scale": 1000, "unit": 1},
    {"name": "pcapng ns", "file": pcapio.pcapng(stamped(1000), tsresol=9), "nano": True, "scale": 1, "unit": 1000},
    {"name": "pcapng ns, big endian", "file": pcapio.pcapng(stamped(1000), tsresol=9, order=">"), "nano": True, "scale": 1,
     "unit": 1000},
]


class Formats(WireTest):
    def times(self, packets):
        return [(p.sec, p.frac) for p in packets]

    def test_each_format_keeps_frames_and_timestamps(self):
        for row in FORMATS:
            with self.subTest(row["name"]):
                sent = stamped(row["unit"])
                result = self.replay(one(), Input(row["file"]))
                self.assertEqual(result.nano, (row["nano"], row["nano"]), "resolution of the output files")
                want = [(p.sec, p.frac * row["scale"]) for p in sent]
                self.assertEqual(self.times(result.sf), want)
                self.assertEqual(self.times(result.out), want)
                trips = [model.trip(one(), "eth0", p.data) for p in sent]
                self.same_frames(result.sf_bytes(), [trip.sf_frame for trip in trips])
                self.same_frames(result.out_bytes(), [trip.back() for trip in trips])

    def test_seconds_are_unsigned(self):
        """The second of a pcap file has 32 bits and no sign: the file format ends in 2106, not in 2038."""
        sent = [Packet(f.labelled(f.inner(4, "tcp", n), TOP, 17), sec, n)
                for n, sec in enumerate((2_147_483_648, 3_000_000_000, 4_294_967_295))]
        for name, data in (("little endian", pcapio.pcap(sent)), ("big endian", pcapio.pcap(sent, order=">")),
                           ("ns", pcapio.pcap(sent, nano=True)), ("pcapng", pcapio.pcapng(sent))):
            with self.subTest(name):
                result = self.replay(one(), Input(data))
                self.assertEqual([p.sec for p in result.out], [p.sec for p in sent])

    def test_one_fine_input_makes_all_outputs_fine(self):
        config = Config((Service("web-out", 16001, domain=(Port("eth0"), Port("eth2"))),))
        coarse, fine = stamped()[:2], stamped(1000)[2:]
        ins = [Input(pcapio.pcap(coarse), "eth0"), Input(pcapio.pcap(fine, nano=True), "eth2")]
        result = self.replay(config, ins)
        self.assertEqual(result.nano, (True, True))
        want = [(p.sec, p.frac * 1000) for p in coarse] + [(p.sec, p.frac) for p in fine]
        self.assertEqual(self.times(result.out), want)

    def test_returned_frames_keep_their_own_timestamps(self):
        sent = stamped()
        back = [Packet(f.bare(p.data[22:]), 77 + n, n) for n, p in enumerate(sent)][::-1]
        result = self.replay(one(), sent, back=back)
        self.assertEqual(self.times(result.sf), self.times(sent))
        self.assertEqual(self.times(result.out), self.times(back))
        fine = self.replay(one(), sent, back=Input(pcapio.pcap(back, nano=True)))
        self.assertEqual(fine.nano, (True, True))
        self.assertEqual(self.times(fine.out), self.times(back))
        self.assertEqual(self.times(fine.sf), [(p.sec, p.frac * 1000) for p in sent])

    def test_order_is_kept_when_timestamps_run_backwards(self):
        sent = stamped()[::-1]
        for window in (None, 2, 5):
            result = self.replay(one(), sent, window=window)
            self.assertEqual(self.times(result.sf), self.times(sent))
            self.assertEqual(self.times(result.out), self.times(sent))

    def test_output_lengths_are_whole(self):
        result = self.replay(one(), stamped())
        for packet in result.sf + result.out:
            self.assertEqual(packet.wire, len(packet.data))

    def test_cut_by_snaplen_is_snapped(self):
        whole = f.labelled(f.inner(4, "tcp", 1, size=200), TOP, 17)
        cuts = [Packet(whole[:n], n, 0, len(whole)) for n in (14, 18, 40, 60, len(whole) - 1)]
        control = Packet(whole[:60], 0, 0, 1514)
        for name, make in (("pcap", pcapio.pcap), ("pcapng", pcapio.pcapng)):
            with self.subTest(name):
                result = self.replay(one(), Input(make([*cuts, control, Packet(whole)])))
                self.assertEqual(result.reasons("domain"), [("dropped", "snapped")] * 6 + [("to_sf", "")])
                self.assertEqual({e["service"] for e in result.entries("domain")[:6]}, {None})
                self.assertEqual({e["out_len"] for e in result.entries("domain")[:6]}, {0})

    def test_snapped_even_without_labels(self):
        """Cut frames of any EtherType: what they were is not known for certain."""
        packet = f.bare(f.inner(4, "tcp"))
        result = self.replay(one(), [Packet(packet[:40], 0, 0, len(packet))])
        self.assertEqual(result.reasons("domain"), [("dropped", "snapped")])

    def test_snapped_from_the_sf_claims_nothing(self):
        packet = f.inner(4, "tcp", 1, size=200)
        back = [Packet(f.bare(packet)[:100], 0, 0, len(packet) + 14), f.bare(packet)]
        result = self.replay(one(), [f.labelled(packet, TOP, 17)], back=[back[0], Packet(back[1], 1, 0)])
        self.assertEqual(result.reasons("sf"), [("dropped", "snapped"), ("restored", "")])
        self.assertIsNone(result.entries("sf")[0]["service"])

    def test_empty_inputs_give_empty_files(self):
        for name, data in (("pcap", pcapio.pcap([])), ("pcapng", pcapio.pcapng([])), ("pcap ns", pcapio.pcap([], nano=True))):
            with self.subTest(name):
                result = self.replay(one(), Input(data), back=Input(data))
                self.assertEqual((result.sf, result.out, result.doc["frames"]), ([], [], []))
                self.assertEqual(result.nano, (name != "pcap",) * 2)

    def test_files_are_written_when_nothing_is_for_them(self):
        result = self.replay(one(), [f.bare(f.inner())])
        self.assertEqual((result.sf, result.out), ([], []))

    def test_frames_of_any_size(self):
        """Up to jumbo frames and beyond, over the border of a page, where a driver would use several buffers."""
        sizes = [46, 1500, 1501, 3400, 3506, 3600, 4000, 4096, 4200, 8000, 8192, 9000, 16000, 32768, 60000]
        sent = [f.labelled(f.inner(4 if n % 2 else 6, kind, n, size=size - 80), TOP, *range(17, 17 + n))
                for n, size in enumerate(sizes, 1) for kind in ("tcp", "udp") if size > 80]
        trips = [model.trip(one(), "eth0", frame) for frame in sent]
        result = self.replay(one(), sent)
        self.assertEqual(set(result.reasons("domain")), {("to_sf", "")}, result.reasons("domain"))
        self.same_frames(result.sf_bytes(), [trip.sf_frame for trip in trips])
        self.same_frames(result.out_bytes(), [trip.back() for trip in trips])

    def test_frame_of_a_jumbo_domain_port(self):
        frame = f.labelled(f.inner(4, "tcp", 1, size=8960 - 4), TOP, *range(17, 32))
        result = self.replay(one(), [frame])
        self.same_frames(result.out_bytes(), [model.trip(one(), "eth0", frame).back()])


if __name__ == "__main__":
    unittest.main()
