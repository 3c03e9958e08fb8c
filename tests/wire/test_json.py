# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The shape of `replay -j`: keys, order of entries, and counters that add up to the conservation equations."""
import json
import tempfile
import unittest
from pathlib import Path

import frames as f
import lib
import model
import pcapio
from cfg import SF_LEFT, SF_RIGHT, Config, Port, Service, one
from lib import Input, WireTest

ENTRY = {"n": int, "side": str, "service": (str, type(None)), "verdict": str, "reason": str, "out_len": int}
SIDES = {"domain": {"to_sf", "passed", "dropped"}, "sf": {"restored", "passed", "dropped"}}
REASONS = {"", "runt", "snapped", "truncated", "no_bottom", "too_many_labels", "ttl", "last_label", "bad_inner", "no_key",
           "too_big", "header_too_long", "ambiguous", "cache_full", "no_next_hop", "unmatched", "not_sfc", "miss", "late",
           "sfc_from_sf", "no_room", "control"}
EVENTS = {"received", "to_sf", "claimed", "restored", "expired", "evicted", "flushed"}
BY_REASON = {"passed", "dropped", "dropped_after_claim"}
CONSERVATION = {
    "domain": {"received", "passed", "dropped", "to_sf"},
    "cache": {"to_sf", "claimed", "expired", "evicted", "flushed", "live", "stale"},
    "sf": {"received", "claimed", "passed", "dropped", "restored", "dropped_after_claim"},
}
CONFIG = Config((Service("web-out", 16001, inner_ttl="decrement"),
                 Service("web-back", 16002, domain=(Port("eth1"),), enter="right", hop_port="eth0"),
                 Service("tight", 16003, hop_mtu=100)))
TOP = (16001, 0, 40)


def domain_frames() -> list[bytes]:
    """One frame or more of every verdict of the domain side."""
    packet = f.inner(4, "tcp")
    return [f.labelled(packet, TOP, 17), f.labelled(packet, TOP, 17), f.labelled(packet, TOP, 18),
            f.labelled(f.inner(4, "udp"), TOP, 17), f.bare(packet), f.labelled(packet, 99), b"runt", f.labelled(packet, TOP),
            f.labelled(packet, TOP, 17)[:40], f.labelled(b"\0" * 40, TOP, 17), f.labelled(packet, (16003, 0, 9), 17),
            f.labelled(f.inner(4, size=500), (16003, 0, 9), 17), f.ether(f.lse(16001), f.MPLS),
            f.labelled(packet, (16001, 0, 1), 17), f.labelled(packet, *[TOP] * 17)]


def sf_frames() -> list[bytes]:
    packet, spent = f.inner(4, "tcp"), f.inner(4, "udp")
    spent = spent[:8] + b"\1" + spent[9:]
    return [f.bare(packet), f.bare(spent), f.bare(f.inner(6)), f.labelled(packet, 17), f.ether(bytes(46), 0x0806), b"runt",
            f.bare(packet)[:40], f.bare(packet), f.bare(packet)]


class Json(WireTest):
    def mixed(self):
        ins = [Input(domain_frames(), "eth0"), Input([f.labelled(f.inner(4, "tcp"), 16002, 17)], "eth1")]
        back = [Input(sf_frames(), SF_RIGHT), Input([f.bare(f.inner(4, "tcp"))] * 2, SF_LEFT)]
        return self.replay(CONFIG, ins, back=back)

    def test_top_level(self):
        doc = self.mixed().doc
        self.assertEqual(set(doc), {"version", "frames", "counters", "conservation"})
        self.assertEqual(doc["version"], 1)

    def test_entries(self):
        for entry in self.mixed().doc["frames"]:
            self.assertEqual(set(entry), set(ENTRY), entry)
            for key, kind in ENTRY.items():
                self.assertIsInstance(entry[key], kind, entry)
            self.assertIn(entry["verdict"], SIDES[entry["side"]], entry)
            self.assertIn(entry["reason"], REASONS, entry)
            self.assertEqual(entry["reason"] == "", entry["verdict"] in ("to_sf", "restored"), entry)

    def test_stdout_is_one_json_document(self):
        result = self.mixed()
        self.assertEqual(json.loads(result.stdout), result.doc)
        self.assertEqual(result.stderr, "")

    def test_without_j_the_equations_are_printed_as_text(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "conf.yaml").write_text(one().yaml())
            (folder / "IN.pcap").write_bytes(pcapio.pcap([f.labelled(f.inner(), TOP, 17)]))
            done = lib.run("replay", "-c", folder / "conf.yaml", "--in", folder / "IN.pcap", "--to-sf", folder / "SF.pcap",
                           "--out", folder / "OUT.pcap")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for word in ("web-out", "restored", "received", "claimed", "live", "balanced"):
            self.assertIn(word, done.stdout)
        self.assertNotIn("{", done.stdout)

    def test_order_of_a_default_run(self):
        """A frame and its return follow each other, under the number of the domain frame."""
        sent = [f.labelled(f.inner(4, "tcp", 0), TOP, 17), f.bare(f.inner()), f.labelled(f.inner(4, "tcp", 2), TOP, 17),
                f.labelled(f.inner(), TOP), f.labelled(f.inner(4, "tcp", 4), TOP, 17)]
        result = self.replay(CONFIG, Input(sent, "eth0"))
        order = [(entry["n"], entry["side"]) for entry in result.doc["frames"]]
        self.assertEqual(order, [(0, "domain"), (0, "sf"), (1, "domain"), (2, "domain"), (2, "sf"), (3, "domain"),
                                 (4, "domain"), (4, "sf")])

    def test_order_and_numbers_with_several_files(self):
        """Each input file counts from 0; all of IN comes before all of BACK, in the order of the options."""
        result = self.mixed()
        order = [(entry["side"], entry["n"]) for entry in result.doc["frames"]]
        sizes = [("domain", len(domain_frames())), ("domain", 1), ("sf", len(sf_frames())), ("sf", 2)]
        self.assertEqual(order, [(side, n) for side, count in sizes for n in range(count)])

    def test_out_len_is_the_length_of_what_left(self):
        sent = [f.labelled(f.inner(family, kind, n, size=n), TOP, *range(17, 18 + n)) + bytes(n)
                for n, (family, kind) in enumerate((a, b) for a in (4, 6) for b in ("tcp", "udp", "icmp"))]
        result = self.replay(one(), sent)
        self.assertEqual([e["out_len"] for e in result.entries("domain")], [len(p) for p in result.sf_bytes()])
        self.assertEqual([e["out_len"] for e in result.entries("sf")], [len(p) for p in result.out_bytes()])
        self.assertEqual([e["out_len"] for e in result.entries("sf")],
                         [len(model.trip(one(), "eth0", frame).back()) for frame in sent])

    def test_reasons_of_the_mixed_run(self):
        result = self.mixed()
        self.assertEqual([e["reason"] for e in result.entries("domain")],
                         ["", "", "ambiguous", "", "not_sfc", "unmatched", "runt", "last_label", "truncated", "bad_inner",
                          "ambiguous", "too_big", "no_bottom", "ttl", "too_many_labels", ""])
        self.assertEqual([e["reason"] for e in result.entries("sf")],
                         ["", "ttl", "miss", "sfc_from_sf", "control", "runt", "truncated", "", "miss", "", "miss"])

    def test_conservation_keys(self):
        told = self.mixed().doc["conservation"]
        self.assertEqual(set(told), {*CONSERVATION, "balanced"})
        for part, keys in CONSERVATION.items():
            self.assertEqual(set(told[part]), keys)

    def test_counters_shape(self):
        counters = self.mixed().doc["counters"]
        self.assertEqual(set(counters), {"domain_ports", "services", "sf_ports"})
        self.assertEqual(set(counters["domain_ports"]), {"eth0", "eth1"})
        self.assertEqual(set(counters["services"]), {"web-out", "web-back", "tight"})
        self.assertEqual(len(counters["sf_ports"]), 2)
        for group in counters.values():
            for owner in group.values():
                self.assertEqual(set(owner) - EVENTS - BY_REASON, set(), "unknown counters")
                for name, value in owner.items():
                    for count in value.values() if name in BY_REASON else [value]:
                        self.assertEqual(set(count), {"packets", "bytes"})
                if BY_REASON & set(owner):
                    names = {reason for name in BY_REASON & set(owner) for reason in owner[name]}
                    self.assertEqual(names - REASONS, set())

    def reasons_of(self, result, side: str, verdict: str, owned: bool) -> dict[str, int]:
        names = [e["reason"] for e in result.entries(side) if e["verdict"] == verdict and (e["service"] is not None) == owned]
        return {name: names.count(name) for name in names}

    def counted(self, group: dict, name: str) -> dict[str, int]:
        """Packets by reason over all owners of a group, zeros left out."""
        total: dict[str, int] = {}
        for owner in group.values():
            for reason, count in owner.get(name, {}).items():
                total[reason] = total.get(reason, 0) + count["packets"]
        return {reason: count for reason, count in total.items() if count}

    def test_counters_are_the_frames_by_owner_and_reason(self):
        result = self.mixed()
        counters = result.doc["counters"]
        ports, services, sf_ports = counters["domain_ports"], counters["services"], counters["sf_ports"]
        self.assertEqual(self.counted(ports, "passed"), self.reasons_of(result, "domain", "passed", False))
        self.assertEqual(self.counted(ports, "dropped"), self.reasons_of(result, "domain", "dropped", False))
        self.assertEqual(self.counted(services, "dropped"), self.reasons_of(result, "domain", "dropped", True))
        self.assertEqual(self.counted(services, "dropped_after_claim"), self.reasons_of(result, "sf", "dropped", True))
        self.assertEqual(self.counted(sf_ports, "passed"), self.reasons_of(result, "sf", "passed", False))
        self.assertEqual(self.counted(sf_ports, "dropped"), self.reasons_of(result, "sf", "dropped", False))

    def test_counters_add_up_to_the_equations(self):
        result = self.mixed()
        counters, told = result.doc["counters"], result.doc["conservation"]

        def total(group, name):
            return sum(owner.get(name, {"packets": 0})["packets"] for owner in counters[group].values())

        self.assertEqual(total("domain_ports", "received"), told["domain"]["received"])
        self.assertEqual(total("sf_ports", "received"), told["sf"]["received"])
        for name in ("to_sf", "claimed", "expired", "evicted", "flushed"):
            self.assertEqual(total("services", name), told["cache"][name], name)
        self.assertEqual(total("services", "restored"), told["sf"]["restored"])

    def test_bytes_of_received_frames(self):
        ins = [f.labelled(f.inner(4, "tcp", n, size=n), TOP, 17) for n in range(50)]
        result = self.replay(one(), ins)
        counters = result.doc["counters"]
        self.assertEqual(counters["domain_ports"]["eth0"]["received"], {"packets": 50, "bytes": sum(map(len, ins))})

    def test_nothing_in_nothing_out(self):
        result = self.replay(one(), [])
        self.assertEqual(result.doc["frames"], [])
        self.assertEqual({n for part in CONSERVATION for n in result.doc["conservation"][part].values()}, {0})


if __name__ == "__main__":
    unittest.main()
