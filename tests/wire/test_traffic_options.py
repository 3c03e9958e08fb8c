# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Command lines of `send` and `sink` that are refused: one sentence, which names the option and the value, and exit code 2."""
import unittest

import lib

SEND = ["send", "-i", "no-such-if", "--labels", "16001,16003"]
# The words behind SEND, and what the sentence must have. A second --labels is one word too many, so it takes its place.
REFUSED = [
    ("--labels x", ["--labels", "'x'"]),
    ("--labels 16001,", ["--labels", "''"]),
    ("--labels 1048576,1", ["'1048576'", "1048575"]),
    ("--labels 3,16001", ["'3'", "label 3"]),
    ("--labels 16001:8,1", ["'16001:8'"]),
    ("--labels 16001:0:256,1", ["'16001:0:256'", "255"]),
    ("--labels 16001:0:1:1,1", ["'16001:0:1:1'"]),
    ("--labels " + ",".join(["16001"] * 17), ["17 labels", "16"]),
    ("--labels 16001", ["'16001'", "leaves no header", "two labels", "--allow-bare"]),
    ("--labels 16001,7,99", ["'16001,7,99'", "leaves no header"]),
    ("--inner udp", ["--inner 'udp'", "udp4", "tcp4", "udp6", "tcp6"]),
    ("--count 0", ["--count '0'", "from 1 to 100000000"]),
    ("--count -1", ["--count '-1'"]),
    ("--count 100000001", ["--count '100000001'"]),
    ("--count 5x", ["--count '5x'"]),
    ("--rate 0", ["--rate '0'", "from 1 to"]),
    ("--rate fast", ["--rate 'fast'"]),
    ("--size 40", ["--size '40'", "from 82 to 9000"]),
    ("--size 9001", ["--size '9001'"]),
    ("--size 1.5", ["--size '1.5'"]),
    ("--inner udp6 --size 101", ["--size '101'", "from 102 to"]),
    ("--source 192.0.2", ["--source '192.0.2'", "IPv4"]),
    ("--destination 2001:db8::1", ["--destination '2001:db8::1'", "IPv4"]),
    ("--inner tcp6 --source 192.0.2.1", ["--source '192.0.2.1'", "IPv6"]),
    ("--source-port 65536", ["--source-port '65536'", "65535"]),
    ("--destination-port http", ["--destination-port 'http'"]),
    ("--mac 02:00", ["--mac '02:00'", "hex"]),
    ("--via proxy", ["--via 'proxy'", "IPv4 or IPv6"]),
    ("--via 192.0.2.1 --mac 02:00:00:00:00:01", ["192.0.2.1", "02:00:00:00:00:01", "exclude"]),
]
SINK = ["sink", "-i", "no-such-if"]
SINK_REFUSED = [
    ("--expect-labels x", ["--expect-labels 'x'"]),
    ("--expect-labels 16003:0:999", ["--expect-labels '16003:0:999'"]),
    ("--count 0", ["--count '0'"]),
    ("--timeout 0", ["--timeout '0'", "from 1 to"]),
    ("--timeout soon", ["--timeout 'soon'"]),
]


class TrafficOptions(unittest.TestCase):
    def refused(self, words, code, parts):
        done = lib.run(*words)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, r"\Asfcproxy: error: [^\n]+\n\Z")
        self.assertEqual(done.stdout, "")
        for part in parts:
            self.assertIn(part, done.stderr)

    def test_send(self):
        for words, parts in REFUSED:
            with self.subTest(words):
                start = SEND[:3] if words.startswith("--labels") else SEND
                self.refused([*start, *words.split()], 2, parts)

    def test_sink(self):
        for words, parts in SINK_REFUSED:
            with self.subTest(words):
                self.refused([*SINK, *words.split()], 2, parts)

    def test_what_is_missing(self):
        self.refused(["send", "--labels", "1,2"], 2, ["-i NAME"])
        self.refused(["send", "-i", "no-such-if"], 2, ["--labels LABEL[:TC[:TTL]]"])
        self.refused(["sink"], 2, ["-i NAME"])

    def test_no_interface(self):
        for words in (SEND, SINK):
            self.refused(words, 4, ["'no-such-if'"])

    def test_loopback(self):
        """Not Ethernet: frames of our own would not be what they are meant to be."""
        for words in (["send", "-i", "lo", "--labels", "1,2"], ["sink", "-i", "lo"]):
            self.refused(words, 4, ["'lo'"])

    def test_good_values_are_only_stopped_by_the_interface(self):
        for words in ("--size 82", "--labels 16001 --allow-bare", "--mac 02:00:00:00:00:01", "--via 2001:db8::1",
                      "--inner udp6 --source 2001:db8::1", "--labels 0:7:255,1048575::0", "--count 100000000"):
            with self.subTest(words):
                start = SEND[:3] if words.startswith("--labels") else SEND
                self.refused([*start, *words.split()], 4, ["'no-such-if'"])


if __name__ == "__main__":
    unittest.main()
