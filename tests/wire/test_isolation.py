# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Replay is a dry run: names are labels only, and neither interfaces nor namespaces of the machine are touched."""
import os
import re
import unittest
from pathlib import Path

import frames as f
import lib
import model
from cfg import Config, Port, Service, one
from lib import Input, WireTest

FRAME = f.labelled(f.inner(), 16001, 17)
MANY = 70_000


def of_a_running_test(name: str) -> bool:
    """Whether it belongs to a lab of a process that is still there: network tests come and go meanwhile."""
    found = re.match(r"sfc-(\d+)-", name)
    return bool(found) and Path("/proc", found.group(1)).exists()


def machine() -> dict[str, list[str]]:
    """What a run might leave behind."""
    folders = ["/sys/class/net", "/run/netns", "/sys/fs/bpf"]
    return {folder: sorted(name for name in os.listdir(folder) if not of_a_running_test(name))
            if Path(folder).is_dir() else [] for folder in folders}


class Isolation(WireTest):
    def test_nothing_is_left_behind(self):
        before = machine()
        self.replay(one(), [FRAME])
        self.assertEqual(machine(), before)
        lib.replay("nonsense: 1\n", [FRAME])
        lib.replay(one(), Input(b"no capture"))
        self.assertEqual(machine(), before)

    def test_names_of_real_interfaces_are_labels(self):
        config = Config((Service("web-out", 16001, domain=(Port("lo"),), hop_port="lo"),))
        result = self.replay(config, Input([FRAME], "lo"))
        self.same_frames(result.out_bytes(), [model.trip(config, "lo", FRAME).back()])

    def test_one_run_is_nothing_to_the_next(self):
        """Entries that were left in the SF are gone with their run."""
        left = self.replay(one(), [FRAME], back=[])
        self.assertEqual(left.cache()["live"], 1)
        found = self.replay(one(), [], back=[f.bare(f.inner())])
        self.assertEqual(found.reasons("sf"), [("dropped", "miss")])


class Counting(WireTest):
    def test_references_saturate_and_do_not_wrap(self):
        """Equal packets without end: the count stops somewhere, and what it counted comes back, no more, no less."""
        result = self.replay(one(), [FRAME] * (MANY + 1), window=MANY)
        *reasons, last = result.reasons("domain")
        taken = reasons.count(("to_sf", ""))
        self.assertEqual(reasons, [("to_sf", "")] * taken + [("dropped", "cache_full")] * (MANY - taken))
        self.assertEqual(last, ("to_sf", ""), "when the equal packets have left, the next one is taken again")
        self.assertEqual(result.reasons("sf"), [("restored", "")] * (taken + 1))
        self.assertEqual(result.cache()["live"], 0)


if __name__ == "__main__":
    unittest.main()
