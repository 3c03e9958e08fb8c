# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The model of SRv6 against Linux: seg6local's End does to a packet what End.AD does before it takes the header off. So the
header that the model restores must be the kernel's to the last byte, and so must a packet that bypasses the SF."""
import pathlib
import sys
import unittest

from support import open_lab

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "wire"))

import frames as f  # noqa: E402  (the path above comes first)
import srv6_model  # noqa: E402
import srv6_more_rows as more  # noqa: E402
import srv6_rows as rows  # noqa: E402
from cfg import HOP_MAC  # noqa: E402

# Linux takes no hop for its own C-SID again, and goes on with its own SID; a Pad1 has two bytes there (docs/srv6.md).
OTHERWISE = {"next segment is the service again", "the next entry is a container of the service: one visit at a time", "own C-SID twice",
             "own C-SID five times", "own C-SID twice, hop limit 3", "own C-SID twice, then the SRH", "TLVs that end in Pad1"}
# Sends each frame, and prints the one that leaves for the next hop; a line that stays empty is one that never did.
EXCHANGE = """
import socket, sys, time
def link(name):
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    made.bind((name, 0))
    return made
def heard(end):
    while time.monotonic() < end:
        there.settimeout(max(end - time.monotonic(), 0.001))
        try:
            frame = there.recv(65535)
        except TimeoutError:
            break
        if frame[:6] == bytes.fromhex(sys.argv[1]):
            return frame.hex()
    return ""
here, there = link("a0"), link("b0")
for line in sys.stdin:
    here.send(bytes.fromhex(line))
    print(heard(time.monotonic() + 10), flush=True)
"""


def build(lab):
    """Frames go in by a0, and leave for the next hop by b0."""
    lab.namespace("host")
    lab.namespace("node", net__ipv6__conf__all__forwarding=1, net__ipv6__conf__all__seg6_enabled=1,
                  net__ipv6__conf__default__seg6_enabled=1)
    lab.link(("host", "a0"), ("node", "in"))
    lab.link(("node", "out"), ("host", "b0"))
    lab.run("node", "ip", "link", "set", "dev", "in", "address", f.DST)
    lab.address("node", "out", "2001:db8:e::1/64")
    lab.run("node", "ip", "-6", "neigh", "add", "2001:db8:e::9", "lladdr", HOP_MAC, "dev", "out", "nud", "permanent")
    lab.route("node", "default", "via", "2001:db8:e::9", "dev", "out")
    for service in rows.SERVICES:
        if service.behaviour == "ad":
            flavor = ["flavors", "next-csid", "lblen", service.lblen, "nflen", service.nflen] if service.nflen else []
            lab.run("node", "ip", "-6", "route", "add", str(service.prefix()), "encap", "seg6local", "action", "End", *flavor, "dev", "out")
    lab.wait_up()


def cases():
    """Row, and the packet as the model advances it."""
    for row in more.ROWS:
        outcome = srv6_model.judge(rows.CONFIG, "eth0", row.frame)
        if row.name in OTHERWISE or row.frame[12:14] != b"\x86\xdd" or isinstance(outcome, srv6_model.Fault):
            continue
        if outcome.service.behaviour == "ad":
            end = 14 + 40 + int.from_bytes(row.frame[18:20], "big")
            head = outcome.frame if isinstance(outcome, srv6_model.Bypass) else outcome.head
            yield row.name, row.frame, head[14:] + row.frame[len(head):end]


class Linux(unittest.TestCase):
    def test_end_of_seg6local(self):
        lab = open_lab()
        self.addCleanup(lab.close)
        build(lab)
        tried = list(cases())
        self.assertGreater(len(tried), 60)
        said = lab.run("host", sys.executable, "-c", EXCHANGE, HOP_MAC.replace(":", ""), input="".join(frame.hex() + "\n" for _, frame, _ in tried),
                       timeout=250)
        for (name, _, want), got in zip(tried, said.stdout.split("\n")[:-1], strict=True):
            with self.subTest(name):
                self.assertEqual(got[28:], want.hex())
        print(f"  {len(tried)} packets as Linux", flush=True)


if __name__ == "__main__":
    unittest.main()
