# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Model of the cache without a capacity: one entry a key, references, hold, and of whole replays on top of it.

Expiry in the program is lazy and may reap an entry early or late within its rights, so an expired entry is answered
by `late` or `miss`; the tests that pin down one of the two say so themselves.
"""
from __future__ import annotations

from dataclasses import dataclass

import model
import sf_model
from cfg import Config
from model import Restored, Stripped

EXPIRED = frozenset({"late", "miss"})


@dataclass
class Entry:
    stripped: Stripped
    refs: int
    seen: int


class Cache:
    def __init__(self, hold: int):
        self.hold = hold
        self.entries: dict[tuple, Entry] = {}

    def insert(self, key: tuple, stripped: Stripped, now: int) -> bool:
        """False: a live entry has this key and another header, the newcomer is ambiguous."""
        entry = self.entries.get(key)
        if not entry or not entry.refs or now - entry.seen > self.hold:
            self.entries[key] = Entry(stripped, 1, now)
            return True
        if entry.stripped.identity() != stripped.identity():
            return False
        entry.refs += 1
        entry.seen = now
        return True

    def claim(self, key: tuple, now: int) -> tuple[frozenset[str], Stripped | None]:
        entry = self.entries.get(key)
        if not entry or not entry.refs:
            return frozenset({"miss"}), None
        entry.refs -= 1
        if now - entry.seen > self.hold:
            return EXPIRED, None
        return frozenset(), entry.stripped


class Proxy:
    """Strips and restores in the order of replay; every program run advances the clock by one tick."""

    def __init__(self, config: Config, hold: int = 100_000_000, tick: int = 0):
        self.config, self.tick, self.runs = config, tick, 0
        self.cache = Cache(hold)

    def now(self) -> int:
        self.runs += 1
        return (self.runs - 1) * self.tick

    def strip(self, port: str, frame: bytes) -> Stripped:
        now = self.now()
        stripped = model.strip(self.config, port, frame)
        if stripped.verdict != "to_sf":
            return stripped
        back = stripped.returns_on(self.config)
        key = sf_model.key_of(self.config, back, stripped.sf_frame)
        assert key, "a packet that was stripped has a key"
        if self.cache.insert(key, stripped, now):
            return stripped
        return model.dropped("ambiguous", stripped.service)

    def restore(self, interface: str, frame: bytes) -> Restored:
        now = self.now()
        judged = sf_model.sf_side(self.config, interface, frame)
        if not judged.key:
            return Restored(judged.verdict, judged.reasons)
        reasons, stripped = self.cache.claim(judged.key, now)
        if stripped:
            return model.restore(stripped, frame)
        if reasons == {"miss"}:
            return Restored(judged.verdict, judged.reasons)
        either = "dropped" if judged.verdict == "dropped" else "dropped or passed"
        return Restored(either, reasons - {"miss"} | judged.reasons)

    def round_trip(self, port: str, frame: bytes) -> tuple[Stripped, Restored | None]:
        """The default of replay: the SF returns the frame as it is, at once."""
        stripped = self.strip(port, frame)
        if stripped.verdict != "to_sf":
            return stripped, None
        return stripped, self.restore(stripped.returns_on(self.config), stripped.sf_frame)
