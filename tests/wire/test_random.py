# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Random traffic through the program and through the model of the cache, compared frame by frame.

Few packets, few stacks, many repetitions: equal keys with equal and different headers meet, expire and return again.
WIRE_SEED repeats a run; the seed stands in every failure.
"""
import os
import random
import unittest

import frames as f
import kinds
from cache_model import Proxy
from cfg import SF_LEFT, SF_RIGHT, Config, Port, Service, Sf
from changes import flip
from lib import Input, WireTest

SEED = int(os.environ.get("WIRE_SEED", "20221"))
ETH0, ETH1 = Port("eth0"), Port("eth1")
CONFIG = Config((
    Service("uniform", 16001, domain=(ETH0, ETH1)), Service("pipe", 16002, domain=(ETH0, ETH1), ttl="pipe", hop="ingress"),
    Service("plain", 16003, last_label="plain"), Service("back", 16001 + 3, domain=(ETH1,), enter="right"),
    Service("nat", 16005, sf="nat", inner_ttl="decrement"), Service("arm", 16006, sf="arm", enter="both", inner="ipv4"),
    Service("frames", 16007, sf="eth", inner="ethernet"), Service("code", 16008, sf="code"),
), (Sf(rtp_ports=(kinds.RTP_PORT,)), Sf("nat", Port("veth-nat-a"), Port("veth-nat-b"), ipv4_id="off", tunnels="drop"),
    Sf("arm", None, None, Port("veth-arm"), on_miss="pass", tunnels="pass"), Sf("eth", Port("veth-eth-a"), Port("veth-eth-b")),
    Sf("code", Port("veth-code-a"), Port("veth-code-b"), profile="transcoder", ipv4_id="off", rtp_ports=("5000-5010",))))
SF_PORTS = [SF_LEFT, SF_RIGHT, "veth-nat-a", "veth-nat-b", "veth-arm", "veth-eth-b", "veth-code-b"]
KINDS = ["RTP", "SCTP DATA", "ESP", "GRE", "OSPF", "IP-in-IP", "first fragment", "last fragment", "hop by hop"]
PACKETS = [f.inner(family, kind, n, size=30 + n) for family in (4, 6) for kind in ("tcp", "udp", "icmp") for n in (1, 2)]
PACKETS += [kinds.packets(6 if kind == "hop by hop" or k % 2 else 4, n)[kind] for k, kind in enumerate(KINDS) for n in (1, 2)]
MACS = [f.SRC, "02:00:00:00:09:09"]
ARP = f.ether(bytes(28), 0x0806)
FRAMES = [ARP, ARP + bytes(18), f.ether(b"\x42\x42\3abc", 6), f.ether(b"\x20\5\x08\0" + PACKETS[0], 0x8100)]
FRAMES += [f.bare(packet) for packet in PACKETS[::3]]
TICKS = [0, 100_000, 1_000_000, 10_000_000]


def stack(rng: random.Random) -> list:
    """A stack of few variants, so that equal ones are common."""
    top = (16000 + rng.choice((1, 1, 2, 2, 3, 4, 5, 6, 7, 8)), rng.randint(0, 1), rng.choice((64, 65)))
    return rng.choice([[top], [top, (17, 0, 9)], [top, (17, 0, 9)], [top, (17, 0, 99)], [top, (18, 0, 9)],
                       [top, 7, rng.randint(1000, 1001), (17, 0, 9)], [top, *range(17, 32)]])


def domain_frame(rng: random.Random, port: str | None = None) -> tuple[str, bytes]:
    ethertype = f.MPLS if rng.random() < 0.9 else f.MPLS_MULTI
    rows = stack(rng)
    inner = rng.choice(FRAMES if (rows[0][0] == 16007) != (rng.random() < 0.05) else PACKETS)
    frame = f.labelled(inner, *rows, ethertype=ethertype, src=rng.choice(MACS))
    return port or rng.choice(("eth0", "eth0", "eth1")), frame + bytes(rng.choice((0, 0, 0, 5)))


def returned_frame(rng: random.Random, port: str | None = None) -> tuple[str, bytes]:
    """From any SF port, often changed: the hop count (never to 1 or 0), a byte anywhere, padding, the MACs."""
    packet = bytearray(rng.choice(PACKETS))
    change = rng.random()
    if change < 0.2:
        packet[8 if packet[0] >> 4 == 4 else 7] = rng.randint(2, 255)
    elif change < 0.3:
        at = rng.randrange(len(packet))
        packet[at] ^= 1 << rng.randrange(8)
    port = port or rng.choice(SF_PORTS)
    if port == "veth-eth-b" and rng.random() < 0.8:
        frame = rng.choice(FRAMES)
        return port, flip(frame, rng.randrange(len(frame))) if change < 0.2 else frame + bytes(rng.choice((0, 0, 7)))
    ethertype = 0x0800 if len(packet) and packet[0] >> 4 == 4 else 0x86DD
    return port, f.ether(bytes(packet) + bytes(rng.choice((0, 0, 7))), ethertype, src=rng.choice(MACS))


def grouped(frames: list[tuple[str, bytes]]) -> list[Input]:
    """One input a run of frames of one port, in order."""
    groups: list[Input] = []
    for port, frame in frames:
        if groups and groups[-1].port == port:
            groups[-1].frames.append(frame)
        else:
            groups.append(Input([frame], port))
    return groups


class Random(WireTest):
    def compare(self, seed: str, want: list, entries: list[dict]):
        """want: what the model says, in the order of the runs; returns the frames of SF.pcap and OUT.pcap."""
        self.assertEqual(len(entries), len(want), seed)
        for k, (told, entry) in enumerate(zip(want, entries)):
            name = f"{seed}, run {k}, model {told}"
            self.assertIn(entry["verdict"], told.verdict.split(" or "), f"{name}\n{entry}")
            self.assertIn(entry["reason"], told.reasons, f"{name}\n{entry}")

    def frames_in_runs(self, rng: random.Random, count: int, make) -> list[tuple[str, bytes]]:
        """Few changes of port, for every group of frames is a file of its own."""
        frames: list[tuple[str, bytes]] = []
        while len(frames) < count:
            port, _ = make(rng)
            for _ in range(rng.randint(5, 40)):
                frames.append(make(rng, port))
        return frames[:count]

    def test_all_in_then_all_back(self):
        for round_ in range(6):
            rng = random.Random(SEED + round_)
            tick = rng.choice(TICKS)
            seed = f"WIRE_SEED={SEED + round_} tick {tick}"
            ins = self.frames_in_runs(rng, 500, domain_frame)
            back = self.frames_in_runs(rng, 1000, returned_frame)
            proxy = Proxy(CONFIG, tick=tick)
            stripped = [proxy.strip(port, frame) for port, frame in ins]
            restored = [proxy.restore(port, frame) for port, frame in back]
            result = self.replay(CONFIG, grouped(ins), back=grouped(back), tick=f"{tick // 1000}us" if tick else None)
            with self.subTest(seed):
                self.compare(seed, stripped + restored, result.doc["frames"])
                self.same_frames(result.sf_bytes(), [s.sf_frame for s in stripped if s.verdict == "to_sf"])
                self.same_frames(result.out_bytes(), [r.out for r in restored if r.verdict == "restored"])
                self.assertEqual(result.cache()["evicted"], 0)

    def test_windows(self):
        for round_, window in enumerate((1, 2, 3, 10, 100, 1000)):
            rng = random.Random(SEED + round_)
            tick = rng.choice(TICKS)
            seed = f"WIRE_SEED={SEED + round_} window {window} tick {tick}"
            ins = [domain_frame(rng)[1] for _ in range(600)]
            proxy, want, sf, out = Proxy(CONFIG, tick=tick), [], [], []
            for at in range(0, len(ins), window):
                stripped = [proxy.strip("eth0", frame) for frame in ins[at:at + window]]
                kept = [s for s in stripped if s.verdict == "to_sf"]
                restored = [proxy.restore(s.returns_on(CONFIG), s.sf_frame) for s in kept]
                want += stripped + restored
                sf += [s.sf_frame for s in kept]
                out += [r.out for r in restored if r.verdict == "restored"]
            result = self.replay(CONFIG, Input(ins, "eth0"), window=window, tick=f"{tick // 1000}us" if tick else None)
            with self.subTest(seed):
                self.compare(seed, want, result.doc["frames"])
                self.same_frames(result.sf_bytes(), sf)
                self.same_frames(result.out_bytes(), out)


if __name__ == "__main__":
    unittest.main()
