# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The golden table of messages: a situation, the whole sentence, the exit code. Nothing is printed on standard output,
and no file is touched. Sentences about interfaces stand in the network tests."""
import unittest

import lib
from bad_commands import CAPTURES, COMMANDS, REPLAYS
from bad_configs import CHANGES, GOOD, KERNEL_CHANGES, KERNEL_GOOD
from bad_nsh import NSH_CHANGES, NSH_GOOD
from bad_srv6 import SRV6_CHANGES, SRV6_GOOD
from bad_texts import TEXTS
from test_cli_errors import Case

ROWS_LEAST = 200


class Messages(Case):
    def said(self, sentence, code, **change):
        told = self.refused(code, **change)
        self.assertEqual(told, f"sfcproxy: error: {sentence.replace('DIR', str(self.folder))}\n")

    def test_configurations(self):
        for good, rows in ((GOOD, CHANGES), (GOOD, TEXTS), (KERNEL_GOOD, KERNEL_CHANGES),
                           (NSH_GOOD, NSH_CHANGES), (SRV6_GOOD, SRV6_CHANGES)):
            for situation, old, new, sentence in rows:
                with self.subTest(situation):
                    self.assertIn(old, good)
                    self.write("conf.yaml", good.replace(old, new, 1).encode())
                    self.said(f"DIR/conf.yaml:{sentence}", 2)

    def test_captures(self):
        for situation, data, sentence in CAPTURES:
            with self.subTest(situation):
                self.write("IN.pcap", data)
                self.said(sentence, 3)

    def test_replays(self):
        for situation, change, sentence in REPLAYS:
            with self.subTest(situation):
                self.said(sentence, 2, **change)

    def test_commands(self):
        for situation, words, code, sentence in COMMANDS:
            with self.subTest(situation):
                done = lib.run(*(word.replace("DIR", str(self.folder)) for word in words))
                self.assertEqual((done.returncode, done.stdout), (code, ""))
                self.assertEqual(done.stderr, f"sfcproxy: error: {sentence.replace('DIR', str(self.folder))}\n")

    def test_rows(self):
        tables = (CHANGES, TEXTS, KERNEL_CHANGES, NSH_CHANGES, SRV6_CHANGES, CAPTURES, REPLAYS, COMMANDS)
        self.assertGreaterEqual(sum(len(table) for table in tables), ROWS_LEAST)
        for table in tables:
            situations = sorted(row[0] for row in table)
            self.assertEqual(situations, sorted(set(situations)), "a situation stands once")


if __name__ == "__main__":
    unittest.main()
