# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Frames broken at random: every one ends as the model says, nothing stays in the cache, the equations hold.

WIRE_FRAMES sets how many (default 20000 a test), WIRE_SEED repeats a run; both stand in every failure.
"""
import os
import random
import unittest

import frames as f
import kinds
import sf_model
import wrap
from cache_model import Proxy
from cfg import SF_LEFT, Config, Port, Service, Sf
from lib import Input, WireTest

SEED = int(os.environ.get("WIRE_SEED", "20222"))
COUNT = int(os.environ.get("WIRE_FRAMES", "20000"))
BATCH = 20000
CONFIG = Config((Service("uniform", 16001, hop_mtu=400, hop_port="eth9"), Service("pipe", 16002, ttl="pipe"),
                 Service("plain", 16003, last_label="plain"), Service("decrement", 16004, inner_ttl="decrement"),
                 Service("four", 16005, inner="ipv4"), Service("six", 16006, inner="ipv6"),
                 Service("frames", 16007, sf="eth", inner="ethernet"), Service("trusted", 16008, sf="sure"),
                 Service("bridged", 16009, sf="bridge", inner="ethernet")),
                (Sf(left=Port(SF_LEFT, mtu=390), rtp_ports=(kinds.RTP_PORT,)),
                 Sf("eth", Port("veth-eth-a"), Port("veth-eth-b")),
                 Sf("sure", Port("veth-sure-a"), Port("veth-sure-b"), tunnels="pass", on_miss="pass", profile="transcoder"),
                 Sf("bridge", Port("veth-br-a"), Port("veth-br-b"), tunnels="pass", on_miss="pass", payload_digest="off")))
SF_PORTS = ["veth-fw-b", "veth-eth-b", "veth-sure-b", "veth-br-b"]
ETHERNET = (16007, 16009)
STAMP = [("NOP", None), ("NOP", None), ("Timestamp", (1, 2))]
INNERS = [f.inner(family, kind, n, size=size) for n, size in enumerate((0, 5, 64, 100, 360)) for family in (4, 6)
          for kind in ("tcp", "udp", "icmp")] + [f.tcp(options=STAMP), f.inner(4, "udp", options=[b"\x94\x04\0\0"])]
INNERS += [*kinds.packets(4).values(), *kinds.packets(6).values(), *kinds.of_the_link().values(), *kinds.steered().values()]
FORGED = [*wrap.cores().values(), *wrap.tunnel_cores().values(), *((f.ETH[p[0] >> 4], p) for p in INNERS)]


def stack(rng: random.Random, top: int) -> list:
    rows = [(top, 0, rng.randint(2, 255))]
    for _ in range(rng.choice((0, 1, 1, 2, 3, 8, 15, 16))):
        rows += [(7, 0, 0), (rng.randint(16, 99), 0, 0)] if rng.random() < 0.15 else [(rng.randint(16, 1048575), 1, 9)]
    return rows


def mutate(rng: random.Random, frame: bytes, first: int = 12) -> bytes:
    """One to four changes behind the MAC addresses: bits, bytes, boundary values, cuts, gaps and repetitions."""
    data = bytearray(frame)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        kind, at = rng.random(), rng.randrange(first, max(len(data), first + 1))
        if len(data) <= at:
            data += bytes(4)
        elif kind < 0.4:
            data[at] ^= 1 << rng.randrange(8)
        elif kind < 0.6:
            data[at] = rng.choice((0, 1, 0x45, 0x60, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        elif kind < 0.75:
            del data[at:]
        elif kind < 0.85:
            del data[at:at + rng.choice((1, 2, 4, 8))]
        elif kind < 0.95:
            data[at:at] = data[at:at + rng.choice((1, 2, 4, 8))]
        else:
            data += rng.randbytes(rng.randint(1, 64))
    return bytes(data)


def batches(rng: random.Random, make) -> list[list[bytes]]:
    return [[make(rng) for _ in range(min(BATCH, COUNT - at))] for at in range(0, COUNT, BATCH)]


def wrapped(rng: random.Random) -> bytes:
    """A packet of any kind in up to three layers, now and then in six."""
    while True:
        layers = [rng.choice(list(wrap.LAYERS)) for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3, 6)))]
        frame = wrap.wrap(*rng.choice(FORGED), layers)
        if frame:
            return frame


def labelled(rng: random.Random) -> bytes:
    top = 16000 + rng.randint(1, 9)
    if top in ETHERNET:
        return mutate(rng, f.labelled(wrapped(rng), *stack(rng, top)))
    return mutate(rng, f.labelled(rng.choice(INNERS), *stack(rng, top)))


def bare(rng: random.Random) -> bytes:
    return mutate(rng, wrapped(rng) if rng.random() < 0.5 else f.bare(rng.choice(INNERS)))


class Mutations(WireTest):
    def check(self, name: str, frame: bytes, entry: dict, verdict: str, reasons, owner):
        if entry["verdict"] not in verdict.split(" or ") or entry["reason"] not in reasons or entry["service"] not in owner:
            self.fail(f"WIRE_SEED={SEED} {name}: expected {verdict} {sorted(reasons)} of {owner}, got {entry}\n{frame.hex()}")

    def test_domain_side(self):
        """Strip, and at once the return: what gets in comes out."""
        for batch in batches(random.Random(SEED), labelled):
            proxy = Proxy(CONFIG)
            trips = [proxy.round_trip("eth0", frame) for frame in batch]
            result = self.replay(CONFIG, batch)
            for n, ((stripped, _), entry) in enumerate(zip(trips, result.entries("domain"))):
                owner = {stripped.service.name if stripped.service else None}
                if stripped.verdict == "dropped" and stripped.reasons & {"truncated"} and len(stripped.reasons) > 1:
                    owner.add(None)
                self.check(f"frame {n}", batch[n], entry, stripped.verdict, stripped.reasons, owner)
            kept = [(s, r) for s, r in trips if r]
            for (s, r), entry in zip(kept, result.entries("sf")):
                self.check("returned", s.sf_frame, entry, r.verdict, r.reasons, {s.service.name, None})
            self.same_frames(result.sf_bytes(), [s.sf_frame for s, _ in kept])
            out = [r.out for _, r in kept if r.verdict == "restored"]
            self.same_frames(result.out_bytes(), out)
            self.assertEqual((result.cache()["live"], result.cache()["claimed"]), (len(kept) - len(out), len(out)))
            reasons = {entry["reason"] for entry in result.entries("domain")}
            self.assertLessEqual({"truncated", "bad_inner", "ttl", "unmatched", "not_sfc", "no_key", "last_label", "too_big",
                                  "no_bottom", "too_many_labels"}, reasons, "a reason was never met")

    def test_sf_side(self):
        """Nothing is in the SF, so nothing may be restored, whatever the SF sends."""
        for batch in batches(random.Random(SEED), bare):
            parts = {port: batch[n::len(SF_PORTS)] for n, port in enumerate(SF_PORTS)}
            result = self.replay(CONFIG, [], back=[Input(frames, port) for port, frames in parts.items()])
            sent = [(port, frame) for port, frames in parts.items() for frame in frames]
            for (port, frame), entry in zip(sent, result.entries("sf")):
                judged = sf_model.sf_side(CONFIG, port, frame)
                self.check(f"{port} frame {entry['n']}", frame, entry, judged.verdict, judged.reasons, {None})
            self.assertEqual(result.out, [])
            self.assertEqual(set(result.cache().values()), {0})


if __name__ == "__main__":
    unittest.main()
