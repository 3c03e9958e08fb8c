# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""An SF that forges SFC frames: by every EtherType, in layers that can hide them, in tunnels; nothing gets through."""
import collections
import itertools
import random
import unittest

import frames as f
import wrap
from cfg import Config, Sf, one
from lib import WireTest

SEED = 20223
POLICIES = [{"on_miss": on_miss, "tunnels": tunnels} for on_miss, tunnels in
            (("drop", None), ("pass", "drop"), ("pass", "pass"))]
SFC_TYPES = (0x8847, 0x8848, 0x894F)
SFC = ("dropped", "sfc_from_sf")
PLAIN = {"UDP": (0x0800, f.inner(4, "udp")), "TCP": (0x86DD, f.inner(6, "tcp")), "ARP": (0x0806, bytes(46))}


def config_of(ethernet: bool, **settings) -> Config:
    return one(sf=Sf(**settings), inner="ethernet" if ethernet else None)


class Forged(WireTest):
    def verdicts(self, config: Config, frames: list[bytes]) -> list[tuple[str, str]]:
        """Of frames of which none has gone to the SF: whatever they are, nothing reaches the domain."""
        result = self.replay(config, [], back=frames)
        told = result.reasons("sf")
        self.assertEqual(len(told), len(frames))
        self.assertEqual((result.out, set(result.cache().values())), ([], {0}))
        return told

    def all_sfc(self, config: Config, rows: dict[str, bytes | None]):
        rows = {name: frame for name, frame in rows.items() if frame is not None}
        for (name, frame), told in zip(rows.items(), self.verdicts(config, list(rows.values()))):
            self.assertEqual(told, SFC, f"{name}: {config.sfs[0]}\n{frame.hex()}")

    def all_types(self, payload: bytes, ethernet: bool, on_miss: str, others: set):
        config = config_of(ethernet, on_miss=on_miss)
        told = self.verdicts(config, [f.ether(payload, kind) for kind in range(65536)])
        seen = collections.defaultdict(set)
        for kind, verdict in enumerate(told):
            group = "SFC" if kind in SFC_TYPES else "IP" if kind in (0x0800, 0x86DD) else "other"
            seen[group].add(verdict)
        self.assertEqual(seen["SFC"], {SFC})
        self.assertEqual(seen["IP"], {("dropped", "bad_inner")})
        self.assertEqual(seen["other"], others, [hex(kind) for kind, verdict in enumerate(told) if verdict not in others][:20])

    def test_every_ethertype(self):
        """A label stack or NSH under another EtherType is no SFC by any standard."""
        for payload in (f.stack(16001, 17) + wrap.PACKET, wrap.NSH_HEADER + f.bare(wrap.PACKET)):
            self.all_types(payload, False, "drop", {("passed", "control")})

    def test_every_ethertype_of_an_ethernet_sf(self):
        self.all_types(f.stack(16001, 17) + wrap.PACKET, True, "drop", {("passed", "control")})

    def test_bare_and_in_one_layer(self):
        for ethernet in (False, True):
            for policy in POLICIES:
                rows = {f"{name} in {layers}": wrap.wrap(*core, layers) for name, core in wrap.cores().items()
                        for layers in [(), *((layer,) for layer in wrap.LAYERS)]}
                self.all_sfc(config_of(ethernet, **policy), rows)

    def test_in_two_layers(self):
        pairs = list(itertools.product(wrap.LAYERS, repeat=2))
        rows = {f"{name} in {layers}": wrap.wrap(*core, layers) for name, core in wrap.cores().items() for layers in pairs}
        for ethernet in (False, True):
            self.all_sfc(config_of(ethernet, on_miss="pass", tunnels="pass"), rows)

    def test_in_three_to_six_layers(self):
        rng = random.Random(SEED)
        deep = wrap.stacks(rng, 400, 3, 6)
        rows = {f"{name} in {layers}": wrap.wrap(*core, layers) for layers in deep
                for name, core in rng.sample(list(wrap.cores().items()), 4)}
        for ethernet in (False, True):
            self.all_sfc(config_of(ethernet, on_miss="pass", tunnels="pass"), rows)

    def test_any_length_field_in_front_of_snap(self):
        """The length field of LLC may say anything, also 0; nobody has to believe it."""
        snap = b"\xaa\xaa\3\0\0\0\x88\x47" + f.stack(17) + wrap.PACKET
        rows = {f"{length} in {layers}": wrap.wrap(length, snap, layers) for length in (0, 1, 3, 8, 1500, 1535)
                for layers in ((), ("8100",), ("SNAP",), ("88a8", "88e7"))}
        for ethernet in (False, True):
            self.all_sfc(config_of(ethernet, on_miss="pass", tunnels="pass"), rows)

    def test_nothing_of_sfc_comes_back_from_an_ethernet_sf(self):
        """From the domain, in layers that are no tags: whether it goes to the SF or not, it never leaves again."""
        layers = [("SNAP",), ("PPPoE",), ("88e7",), ("9100",), ("8100", "SNAP"), ("8100", "88a8", "8100"), ("8100",) * 5]
        rows = {f"{name} in {stack}": wrap.wrap(*core, stack) for name, core in wrap.cores().items() for stack in layers}
        rows = {name: frame for name, frame in rows.items() if frame}
        result = self.replay(config_of(True), [f.labelled(frame, 16001, 17) for frame in rows.values()])
        back = result.by_n("sf")
        self.assertEqual([name for n, name in enumerate(rows) if back.get(n, {}).get("verdict") == "restored"], [])

    def test_a_fifth_layer_hides_what_follows(self):
        """All of it counts as SFC, though it may be nothing of the kind."""
        rng = random.Random(SEED + 1)
        rows = {f"{name} in {layers}": wrap.wrap(*core, layers) for layers in wrap.stacks(rng, 300, 5, 6)
                for name, core in PLAIN.items()}
        for ethernet in (False, True):
            self.all_sfc(config_of(ethernet, on_miss="pass", tunnels="pass"), rows)

    def test_up_to_four_layers_around_harmless_packets_are_no_sfc(self):
        rng = random.Random(SEED + 2)
        rows = {f"{name} in {layers}": wrap.wrap(*core, layers) for layers in wrap.stacks(rng, 300, 1, 4)
                for name, core in PLAIN.items()}
        rows = {name: frame for name, frame in rows.items() if frame}
        for ethernet, on_miss in itertools.product((False, True), ("drop", "pass")):
            miss = ("passed" if on_miss == "pass" else "dropped", "miss")
            told = self.verdicts(config_of(ethernet, on_miss=on_miss), list(rows.values()))
            for (name, frame), verdict in zip(rows.items(), told):
                self.assertEqual(verdict, ("passed", "control") if name.startswith("ARP") else miss, f"{name}: {frame.hex()}")

    def test_tunnels(self):
        """None has gone to the SF: keyed and drop know all of them, in layers too; pass leaves them to on_miss."""
        layers = [(), *((layer,) for layer in wrap.LAYERS), ("8100", "88a8"), ("88a8", "8100"), ("88e7", "8100"),
                  ("8100", "PPPoE")]
        rows = {f"{name} in {stack}": wrap.wrap(*core, stack) for name, core in wrap.tunnel_cores().items() for stack in layers}
        bare = [wrap.wrap(*core, ()) for core in wrap.tunnel_cores().values()]
        for ethernet, on_miss in itertools.product((False, True), ("drop", "pass")):
            for tunnels in (None, "keyed", "drop"):
                self.all_sfc(config_of(ethernet, on_miss=on_miss, tunnels=tunnels), rows)
            told = self.verdicts(config_of(ethernet, on_miss=on_miss, tunnels="pass"), bare)
            self.assertEqual(set(told), {("passed" if on_miss == "pass" else "dropped", "miss")})

    def test_frames_cut_anywhere_take_nothing(self):
        """Every prefix of forged frames: no crash, no restore, and what still shows SFC is dropped for it. `campaign mutate` says of
        each such frame by which reason."""
        cuts, shown = [], []
        for (kind, data), layers in itertools.product(wrap.cores().values(), ((), ("8100",), ("88a8", "SNAP"), ("88e7",))):
            frame = wrap.wrap(kind, data, layers)
            sizes = range(14, len(frame), 3)
            cuts += [frame[:size] for size in sizes]
            shown += [kind in SFC_TYPES and size >= len(frame) - len(data) for size in sizes]
        for ethernet in (False, True):
            for frame, told, sfc in zip(cuts, self.verdicts(config_of(ethernet, on_miss="pass"), cuts), shown):
                if sfc:
                    self.assertEqual(told, SFC, frame.hex())


if __name__ == "__main__":
    unittest.main()
