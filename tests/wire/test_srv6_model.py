# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The model of SRv6 against bytes by hand, illustrations of the RFCs, and the rows: a wrong model would make its tests worthless."""
import re
import unittest

import srv6_frames as s
import srv6_model
import srv6_more_rows as more
import srv6_rows as rows
from cfg import Config, Sf, Srv6Service
from lib import ROOT
from srv6_rows import told
from test_model import MACS, UDP4, UDP4_63

BACK = "020000000099" "000000000000"
ADDRESSES = {name: f"20010db8{'0' * 20}{name.encode().hex()}" for name in ("A1", "A2", "A3", "A8", "A9", "S4", "S7")}
CSIDS = "".join(f"10{n}0" for n in range(1, 6))     # five of them, RFC 9800 figure 2

DOCUMENT = (ROOT / "docs" / "srv6.md").read_text()


def section(title: str) -> list[list[str]]:
    """The cells of the table in this section of docs/srv6.md, without its head."""
    text = DOCUMENT.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.split("\n") if line.startswith("| ")][1:]


def hex_of(text: str) -> bytes:
    """Hexadecimal digits, and names of the illustrations as addresses."""
    return bytes.fromhex("".join(ADDRESSES.get(word, word) for word in text.split()))


def of(text: str) -> str:
    """An address of the illustrations, as a configuration has it."""
    digits = ADDRESSES[text]
    return ":".join(digits[n:n + 4] for n in range(0, 32, 4))


def config(**fields) -> Config:
    return Config((Srv6Service("node", **{"sid": of("S7"), **fields}),), (Sf(),))


# RFC 8754 6.3 and 6.5 with UDP4 as the packet of hosts 1 and 2: what came, and what leaves. 28 bytes are 001c.
P4 = ("6b800001 0044 2b 40 A3 S7" "  04 04 04 01 01 00 0000  S4 S7", "6b800001 0044 2b 3f A3 S4" "  04 04 04 00 01 00 0000  S4 S7")
P6 = ("60000000 0034 2b 02 A3 S7" "  04 02 04 01 00 00 0000  S4", "60000000 0034 2b 01 A3 S4" "  04 02 04 00 00 00 0000  S4")
TAGGED = ("60000000 004c 2b 40 A3 S7" "  04 05 04 01 01 80 beef  S4 S7  05 02 abcd 04 02 0000",
          "60000000 004c 2b 3f A3 S4" "  04 05 04 00 01 80 beef  S4 S7  05 02 abcd 04 02 0000")
# P5 has no SRH, so it ends at S4; 28 octets behind IPv6.
P5 = "60000000 001c 04 40 A3 S4"
# P1 is not encapsulated: host 8 to host 9, UDP of 8 bytes.
P1 = "60000000 0030 2b 40 A8 S7" "  11 04 04 01 01 00 0000  A9 S7  0001 0002 0008 0000"
P7 = "60000000 0030 2b 3f A8 A9" "  11 04 04 00 01 00 0000  A9 S7  0001 0002 0008 0000"


class Vectors(unittest.TestCase):
    def judge(self, text: str, packet: bytes = b"", **fields):
        return srv6_model.judge(config(**fields), "eth0", bytes.fromhex(MACS + "86dd") + hex_of(text) + packet)

    def test_illustrations_of_an_encapsulated_packet(self):
        for name, (came, leaves) in {"P4": P4, "P6, reduced": P6, "odd Hdr Ext Len": TAGGED}.items():
            with self.subTest(name):
                trip = self.judge(came, UDP4)
                self.assertEqual(trip.sf_frame.hex(), MACS + "0800" + UDP4.hex())
                self.assertEqual(trip.back().hex(), BACK + "86dd" + hex_of(leaves).hex() + UDP4_63.hex())

    def test_the_last_segment(self):
        fault = self.judge(P5, UDP4, sid=of("S4"))
        self.assertEqual(told(fault), "upper_layer 4/4 at 40")
        self.assertEqual(told(self.judge(P4[1].replace("3f", "40"), UDP4, sid=of("S4"))), "upper_layer 4/4 at 80")

    def test_illustration_of_an_inline_packet(self):
        """P1 goes through node 7 and becomes the P7 of section 6.5. End.AM shows the SF host 9 as the destination, a hop earlier."""
        bypass = self.judge(P1)
        self.assertEqual(bypass.frame.hex(), BACK + "86dd" + hex_of(P7).hex())
        masked = self.judge(P1, behaviour="am")
        self.assertEqual(masked.sf_frame.hex(), MACS + "86dd" + hex_of(P7).hex())
        self.assertEqual(masked.back().hex(), BACK + "86dd" + hex_of(P7.replace("3f", "3e", 1)).hex())

    def test_masquerading_of_three_segments(self):
        """Draft 6.4: the SF sees list[0] with one segment less left; list[SL] is the destination when it leaves."""
        came = "60000000 0040 2b 40 A8 S7" "  11 06 04 02 02 00 0000  A9 S4 S7  0001 0002 0008 0000"
        masked = self.judge(came, behaviour="am")
        at_sf = came.replace("40 A8 S7", "3f A8 A9").replace("04 02 02", "04 01 02")
        self.assertEqual(masked.sf_frame.hex(), MACS + "86dd" + hex_of(at_sf).hex())
        leaves = at_sf.replace("3f A8 A9", "3e A8 S4")
        self.assertEqual(masked.back().hex(), BACK + "86dd" + hex_of(leaves).hex())

    def test_figure_2_of_next_csid(self):
        """RFC 9800: 48 bits of Locator-Block, C-SIDs of 16 bits. The second one moves up, and zeros follow the last."""
        fields = {"sid": "2001:db8:b:1010::/64", "lblen": 48, "nflen": 16}
        trip = self.judge(f"60000000 001c 04 40 A3 20010db8000b {CSIDS}", UDP4, **fields)
        self.assertEqual(trip.back().hex(), BACK + "86dd" + hex_of(f"60000000 001c 04 3f A3 20010db8000b {CSIDS[4:]}0000").hex() + UDP4_63.hex())
        second = "20010db8000b 1060 1070 1080 00000000"
        came = f"60000000 0034 2b 40 A3 20010db8000b 1010 0000000000000000  04 02 04 01 00 00 0000 {second}"
        leaves = f"60000000 0034 2b 3f A3 {second}  04 02 04 00 00 00 0000 {second}"
        self.assertEqual(self.judge(came, UDP4, **fields).back().hex(), BACK + "86dd" + hex_of(leaves).hex() + UDP4_63.hex())

    def test_static_header(self):
        """Draft 6.1.2: SL and Last Entry are the number of segments less one, the list is reversed, the hop limit is the node's."""
        static = {"behaviour": "as", "source": of("A3"), "segments": (of("S4"), of("A9")), "traffic_class": 0xB8}
        trip = self.judge(P4[0], UDP4, **static)
        want = "6b80abcd 0044 2b 40 A3 S4" "  04 04 04 01 01 00 0000  A9 S4"
        like = trip.back()[:15] + b"\x80\xab\xcd"
        self.assertEqual(trip.back(like=like).hex(), BACK + "86dd" + hex_of(want).hex() + UDP4_63.hex())
        self.assertEqual(trip.back()[14:18].hex(), "6b800000")
        trip = self.judge(P5.replace("S4", "S7"), UDP4, **{**static, "segments": (of("S4"),)})
        self.assertEqual(trip.back().hex(), BACK + "86dd" + hex_of("6b800000 001c 04 40 A3 S4").hex() + UDP4_63.hex())

    def test_a_frame_inside(self):
        came = "60000000 0066 2b 40 A3 S7" "  8f 06 04 02 02 00 0000  A9 S4 S7"
        leaves = "60000000 0066 2b 3f A3 S4" "  8f 06 04 01 02 00 0000  A9 S4 S7"
        inside = bytes.fromhex("02000000000b" "02000000000a" "0806") + bytes(32)
        trip = self.judge(came, inside, inner="ethernet")
        self.assertEqual(trip.sf_frame, inside)
        self.assertEqual(trip.back().hex(), BACK + "86dd" + hex_of(leaves).hex() + inside.hex())


class Rows(unittest.TestCase):
    def test_ends(self):
        """Each row by its literal; together they have all ends."""
        seen = set()
        for row in more.ROWS:
            with self.subTest(row.name):
                outcome = srv6_model.judge(rows.CONFIG, "eth0", row.frame)
                self.assertEqual(told(outcome), row.ends()[0])
                owner = outcome.service if isinstance(outcome, srv6_model.Fault) else outcome.service.name
                self.assertEqual(owner, row.service)
                seen.add(row.ends()[0].split(" ")[0])
        self.assertEqual(seen, {"sf", "bypassed", "passed", "ttl", "bad_srh", "upper_layer", "bad_tlv", "truncated", "outer_fragment",
                                "header_too_long", "bad_inner", "too_big"})

    def test_another_port_has_none_of_these_services(self):
        self.assertEqual(told(srv6_model.judge(rows.CONFIG, "eth7", rows.to("ad"))), "passed not_sfc")

    def test_only_what_the_standards_change_is_changed(self):
        """Between arrival and departure, End.AD and bypass: MACs, hop limit, destination, Segments Left, and the inner hop count."""
        for row in more.ROWS:
            outcome = srv6_model.judge(rows.CONFIG, "eth0", row.frame)
            if told(outcome) not in ("sf", "bypassed") or outcome.service.behaviour != "ad":
                continue
            with self.subTest(row.name):
                trip = isinstance(outcome, srv6_model.Trip)
                out = outcome.back() if trip else outcome.frame
                at = srv6_model.link_end(row.frame)
                end = len(outcome.head) if trip else len(out)
                routing = [at + n + 3 for proto, n in srv6_model.headers(row.frame[at:]) if proto == s.ROUTING]
                allowed = {*range(12), at + 7, *range(at + 24, at + 40), *routing}
                allowed |= {end + 7, end + 8, end + 10, end + 11} if trip and outcome.service.inner != "ethernet" else set()
                padded = len(row.frame) > at + 40 + int.from_bytes(row.frame[at + 4:at + 6], "big")
                allowed |= {at + 4, at + 5} if padded else set()
                self.assertLessEqual({n for n, (a, b) in enumerate(zip(row.frame, out)) if a != b}, allowed)
                self.assertLessEqual(sum(row.frame[n] != out[n] for n in routing), 1)

    def test_leaves(self):
        """The next segment, Segments Left and hop limit that the rows say, at the offsets of RFC 8200 and 8754."""
        for row in more.ROWS:
            if not row.leaves:
                continue
            with self.subTest(row.name):
                outcome = srv6_model.judge(rows.CONFIG, "eth0", row.frame)
                out = outcome.frame if told(outcome) == "bypassed" else outcome.back()
                ip = out[srv6_model.link_end(out):]
                lefts = [ip[at + 3] for proto, at in srv6_model.headers(ip) if proto == s.ROUTING]
                self.assertEqual((ip[24:40], ip[7]), (s.address(row.leaves[0]), row.leaves[2]))
                self.assertIn(row.leaves[1], lefts or [None])

    def test_names(self):
        """One row, one name: a failure must say which row it is."""
        names = [row.name for row in (*more.ROWS, *more.RETURNS)]
        self.assertEqual(sorted(name for name in set(names) if names.count(name) > 1), [])

    def test_returns(self):
        for row in more.RETURNS:
            with self.subTest(row.name):
                trip = srv6_model.judge(rows.CONFIG, "eth0", row.frame)
                out = trip.back(row.change(trip.sf_frame))
                end = (row.end,) if isinstance(row.end, str) else row.end
                if not isinstance(out, bytes):
                    self.assertEqual(told(out), end[0])
                    continue
                self.assertEqual(end[0], "sf")
                self.assertEqual((out[38:54], out[57], out[21]), (s.address(row.leaves[0]), row.leaves[1], row.leaves[2]))
                self.assertEqual(int.from_bytes(out[18:20], "big"), row.size or len(out) - 54)

    def test_strays(self):
        self.assertEqual([srv6_model.stray(frame) for _, frame in more.STRAYS], [reason for reason, _ in more.STRAYS])

    def test_the_manual_has_these_corners(self):
        self.assertEqual([(name, end.strip("`")) for name, _, end, _ in section("Corners")], [(row.name, row.ends()[0]) for row in more.CORNERS])

    def test_the_manual_has_these_messages_and_reasons(self):
        ends = [row.ends()[0] for row in more.ROWS]
        self.assertEqual({cells[0] for cells in section("ICMPv6 messages")}, {found for end in ends for found in re.findall(r"\d/\d", end)})
        told_of = {word for cells in section("Order of checks") for word in re.findall(r"`(\w+)`", cells[2])}
        self.assertEqual(told_of, {end.split(" ")[0] for end in ends if end != "sf"} - {"passed"} | {"not_sfc"})

    def test_service_prints_the_configuration_of_the_manual(self):
        self.assertEqual(rows.SERVICES[12].yaml(),
                         "{name: csid, match: {encapsulation: srv6, sid: \"2001:db8:100::/48\", behaviour: ad, lblen: 32, nflen: 16}, "
                         "domain: eth0, sf: {name: fw, in: left}, next_hop: {interface: eth1, mac: \"02:00:00:00:00:99\"}}")
        self.assertIn("header: {source: \"2001:db8:a::100\", segments: [\"2001:db8:1::1\", \"2001:db8:2::1\"], traffic_class: 46}",
                      rows.SERVICES[9].yaml())


if __name__ == "__main__":
    unittest.main()
