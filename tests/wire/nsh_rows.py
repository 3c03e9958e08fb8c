# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Rows of NSH frames in one replay: a literal says what becomes of each, the model says the bytes, the program must agree."""
from __future__ import annotations

import frames as f
import nsh_frames as n
import nsh_model
from cfg import Config, NshService, Port, Sf
from lib import Input, WireTest
from nsh_model import Trip

IDS = Sf("ids", Port("veth-ids-a"), Port("veth-ids-b"))     # gets Ethernet frames
# By SPI. 777 is the one of docs/nsh.md.
CONFIG = Config((
    NshService("web-out", spi=777), NshService("list", spi=778, si=(7, 6, 255)), NshService("any", spi=779, si="any"),
    NshService("forward", spi=780, si="any", forwarder="true"), NshService("four", spi=781, inner="ipv4"),
    NshService("six", spi=782, inner="ipv6"), NshService("frames", spi=783, sf="ids", inner="ethernet"),
    NshService("zero", spi=0, si=1), NshService("last", spi=0xFFFFFF, si=255), NshService("first", spi=784, si=1),
    NshService("back", spi=785, hop="ingress"), NshService("hops", spi=786, inner_ttl="decrement"),
), (Sf(), IDS))
PACKET = {4: f.inner(4, "udp", 1), 6: f.inner(6, "tcp", 2)}
ARP = f.ether(bytes(28), 0x0806)


def told(fault: nsh_model.Fault) -> str:
    """As rows say it: "ttl" for a drop of the service, "port truncated", "passed not_sfc"."""
    owner = "" if fault.service else "port "
    return "passed " + fault.reason if fault.verdict == "passed" else owner + fault.reason


class NshTest(WireTest):
    def check(self, rows, config: Config = CONFIG, *, port: str = "eth0", back=None, window=None, agree: bool = True):
        """Rows of name, frame and end: "" for a frame that goes through, or one or several that the specification allows.
        back is what the SF sends for the frames that went in, all of one SF: a function of its frame and the row's number."""
        judged = [nsh_model.judge(config, port, frame) for _, frame, _ in rows]
        trips = [(k, trip) for k, trip in enumerate(judged) if isinstance(trip, Trip)]
        returned = [trip.sf_frame if back is None else back(trip.sf_frame, k) for k, trip in trips]
        if agree:
            self.check_model(rows, judged)
        way_back = {config.sf(trip.service.sf).right.interface for _, trip in trips}
        result = self.replay(config, Input([frame for _, frame, _ in rows], port), window=window,
                             back=None if back is None else Input(returned, *way_back))
        for (name, frame, end), entry, judge in zip(rows, result.entries("domain"), judged):
            with self.subTest(name):
                self.check_end(f"{name}: {frame.hex()}", entry, end, judge)
        names = [rows[k][0] for k, _ in trips]
        self.same_frames(result.sf_bytes(), [trip.sf_frame for _, trip in trips], names)
        want = [trip.back(frame, got) for (_, trip), frame, got in zip(trips, returned, result.out_bytes())]
        self.same_frames(result.out_bytes(), want, names)
        self.assertEqual(result.reasons("sf"), [("restored", "")] * len(trips))
        self.assertEqual(result.cache()["live"], 0)
        return result

    def check_model(self, rows, judged):
        for (name, frame, end), judge in zip(rows, judged):
            allowed = (end,) if isinstance(end, str) else end
            self.assertIn("" if isinstance(judge, Trip) else told(judge), allowed, f"row against model, {name}: {frame.hex()}")

    def check_end(self, name: str, entry: dict, end, judge):
        if isinstance(judge, Trip):
            self.check_entry(name, entry, "to_sf", "", judge.service.name, len(judge.sf_frame))
            return
        said = nsh_model.Fault(entry["reason"], entry["service"], entry["verdict"])
        self.assertIn(told(said), (end,) if isinstance(end, str) else end, name)
        self.assertIn(entry["service"], (None, judge.service) if isinstance(end, tuple) else (judge.service,), name)


def to(service: str, header, tags=(), **fields) -> bytes:
    """A frame to a service by its name; header is a builder of nsh_frames or a packet."""
    row = next(s for s in CONFIG.services if s.name == service)
    si = row.si if isinstance(row.si, int) else 7
    return n.frame(n.nsh(header, **{"spi": row.spi, "si": si, **fields}), *tags)
