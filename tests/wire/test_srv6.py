# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""SRv6: the rows of srv6_rows.py and srv6_more_rows.py, and what an SF may do with their packets, against the model."""
import json
import unittest

import frames as f
import srv6_frames as s
import srv6_model
import srv6_more_rows as more
from cfg import Config, Port, Sf, Srv6Service
from lib import Input, WireTest, difference, run
from srv6_icmp import answer_fault
from srv6_model import Bypass, Fault
from srv6_rows import CONFIG, FINAL, LAST, NEXT, of, sid, three, to, told

NEXT_HOPS = (NEXT, LAST, "2001:db8:3::1", "2001:db8:4::1")


def reason(end: str) -> str:
    """Of a row's end, what the program counts: the message of ICMPv6 is another matter."""
    return end if end.startswith("passed") else end.split(" ")[0]


class Srv6Test(WireTest):
    def judged(self, frames, config=CONFIG):
        return [srv6_model.judge(config, "eth0", frame) for frame in frames]

    def leaves(self, name: str, trip, got: bytes, frame: bytes | None = None):
        """A frame leaves as the model says. End.AS computes a flow label, which only must not be 0."""
        want = trip.back(frame, got)
        if got != want:
            self.fail(difference(name, got, want))
        if trip.service.behaviour == "as":
            self.assertNotEqual(int.from_bytes(got[15:18], "big") & 0xFFFFF, 0, name)

    def check(self, names, frames, allowed, config=CONFIG, window=None):
        """Each frame ends as one of `allowed` says, and has the model's bytes at the SF and behind it."""
        outcomes = self.judged(frames, config)
        result = self.replay(config, Input(frames, "eth0"), window=window)
        to_sf, out = [], []
        for name, entry, outcome, ends in zip(names, result.entries("domain"), outcomes, allowed):
            with self.subTest(name):
                said = {"to_sf": "sf", "passed": f"passed {entry['reason']}"}.get(entry["verdict"], entry["reason"])
                self.assertIn(said, [reason(end) for end in ends])
                owner = outcome.service if isinstance(outcome, Fault) else outcome.service.name
                self.assertEqual(entry["service"], owner)
            if isinstance(outcome, Fault):
                continue        # the program says so as well, or the row has failed
            if entry["verdict"] == "to_sf" and not isinstance(outcome, Bypass):
                to_sf.append((name, outcome))
                out.append((name, outcome))
            elif entry["verdict"] == "bypassed":
                out.append((name, outcome))
        self.same_frames(result.sf_bytes(), [trip.sf_frame for _, trip in to_sf], [name for name, _ in to_sf])
        self.assertEqual(len(result.out_bytes()), len(out))
        if window is None:      # else those that bypass the SF are ahead
            for (name, trip), got in zip(out, result.out_bytes()):
                if isinstance(trip, Bypass):
                    self.same_bytes(name, got, trip.frame)
                else:
                    self.leaves(name, trip, got)
        return result


class Rows(Srv6Test):
    def test_rows(self):
        self.check([row.name for row in more.ROWS], [row.frame for row in more.ROWS], [row.ends() for row in more.ROWS])

    def test_each_alone(self):
        """The program keeps nothing of one frame for the next: the rows the other way round end alike."""
        rows = more.ROWS[::-1]
        self.check([row.name for row in rows], [row.frame for row in rows], [row.ends() for row in rows])


class Limit(Srv6Test):
    def test_check_says_it(self):
        """The rows have headers of this length, and longer ones: a frame goes behind a header of its own."""
        done = run("check", "-j", "-c", "-", input=CONFIG.yaml())
        said = {service["name"]: service["header_bytes"] for service in json.loads(done.stdout)["services"]}
        self.assertEqual(said, {service.name: 202 if service.inner == "ethernet" else 216 for service in CONFIG.services})


class Icmp(Srv6Test):
    """The messages to the sender of an outer packet (RFC 8754 4.3, RFC 8986 4), frame by frame as the model says."""

    OURS = "2001:db8:a::99"

    def answers(self, frames, config=CONFIG, rate=1000000):
        text = f'icmp: {{source: "{self.OURS}", rate: {rate}}}\n' + config.yaml()
        result = self.replay(text, Input(frames, "eth0"))
        return result, iter(result.out_bytes())

    def test_each_row(self):
        rows = [row for row in more.ROWS if not told(srv6_model.judge(CONFIG, "eth0", row.frame)).startswith(("sf", "bypassed"))]
        outcomes = self.judged([row.frame for row in rows])
        result, out = self.answers([row.frame for row in rows])
        told_of = {}
        for row, outcome, entry in zip(rows, outcomes, result.entries("domain")):
            with self.subTest(row.name):
                allowed = [end for end in row.ends() if reason(end) == entry["reason"]]
                due = outcome.icmp if any(" " in end and not end.startswith("passed") for end in allowed) else None
                self.assertEqual(entry["out_len"] > 0, due is not None, entry)
                if due:
                    self.assertEqual(answer_fault(next(out), row.frame, due, s.address(self.OURS)), "")
                    told_of[due.kind] = told_of.get(due.kind, 0) + 1
        self.assertEqual(list(out), [])
        sent = {}
        for service in result.doc["counters"]["services"].values():
            for name, cell in service["icmp_sent"].items():
                sent[name] = sent.get(name, 0) + cell["packets"]
        names = {2: "packet_too_big", 3: "time_exceeded", 4: "parameter_problem"}
        self.assertEqual(sent, {names[kind]: count for kind, count in told_of.items()})
        self.assertEqual(set(told_of), {2, 3, 4})

    def test_rate(self):
        """Time stands still, so what the bucket has is all that there is."""
        result, out = self.answers([to("ad", hop=1)] * 400, rate=10)
        limited = result.doc["counters"]["services"]["ad"]["icmp_limited"]["packets"]
        self.assertEqual(len(list(out)) + limited, 400)
        self.assertGreater(limited, 300)

    def test_sf_link_is_smaller(self):
        """The size that is told leaves room for the outer header, which does not go to the SF."""
        config = Config((Srv6Service("ad", sid=sid("ad")),), (Sf(left=Port("veth-fw-a", mtu=1280)),))
        frame = to("ad", three("ad"), s.inner(41, size=1400))
        _, out = self.answers([frame], config)
        self.assertEqual(answer_fault(next(out), frame, srv6_model.Icmp(2, 0, 1280 + 40 + 56), s.address(self.OURS)), "")

    def test_behind_the_sf(self):
        """End.AM: no hop is left when the packet comes back. The next hop is a router, and routes the message."""
        for row in more.RETURNS:
            trip, = self.judged([row.frame])
            returned = row.change(trip.sf_frame)
            due = getattr(trip.back(returned), "icmp", None)
            if not due:
                continue
            text = f'icmp: {{source: "{self.OURS}"}}\n' + CONFIG.yaml()
            result = self.replay(text, Input([row.frame], "eth0"), back=Input([returned], CONFIG.sf(trip.service.sf).right.interface))
            answer, = result.out_bytes()
            asked = returned[:6] + trip.macs[:6] + returned[12:]    # as if the next hop had sent it
            self.assertEqual(answer_fault(answer, asked, due, s.address(self.OURS)), "", row.name)
            self.assertEqual(result.doc["counters"]["services"]["am"]["icmp_sent"]["time_exceeded"]["packets"], 1)

    def test_off(self):
        result = self.replay("icmp: off\n" + CONFIG.yaml(), Input([to("ad", hop=1)], "eth0"))
        self.assertEqual((result.reasons("domain"), result.out_bytes()), ([("dropped", "ttl")], []))


class Returns(Srv6Test):
    def test_changed_by_the_sf(self):
        """The packet that comes back decides: lengths, hops, and End.AM's header, which must be the one that went in."""
        for row in more.RETURNS:
            with self.subTest(row.name):
                trip, = self.judged([row.frame])
                returned = row.change(trip.sf_frame)
                port = CONFIG.sf(trip.service.sf).right.interface
                result = self.replay(CONFIG, Input([row.frame], "eth0"), back=Input([returned], port))
                entry, = result.entries("sf")
                ends = (row.end,) if isinstance(row.end, str) else row.end
                if isinstance(trip.back(returned), bytes):
                    # A key that the SF has changed is another packet's.
                    self.assertIn((entry["verdict"], entry["reason"]), (("restored", ""), ("dropped", "miss")))
                    if entry["verdict"] == "restored":
                        self.leaves(row.name, trip, result.out_bytes()[0], returned)
                    continue
                self.assertEqual(entry["verdict"], "dropped")
                self.assertIn(entry["reason"], [reason(end) for end in ends])

    def test_strays(self):
        for want, frame in more.STRAYS:
            for name in ("fw", "masked"):
                with self.subTest(f"{want} at {name}"):
                    port = CONFIG.sf(name).right.interface
                    result = self.replay(CONFIG, Input([], "eth0"), back=Input([frame], port))
                    self.assertEqual(result.reasons("sf"), [("dropped", want)])


class Static(Srv6Test):
    def test_flow_labels(self):
        """RFC 6437 3: all packets of a flow have the same flow label, and other flows have other ones."""
        flows = [s.Part(proto, f.tcp(n, family=family, sport=port)) for family, proto in ((4, 4), (6, 41))
                 for port in (1000, 1001, 1002) for n in (1, 2)]
        result = self.replay(CONFIG, Input([to("as", part) for part in flows], "eth0"))
        labels = [int.from_bytes(out[15:18], "big") & 0xFFFFF for out in result.out_bytes()]
        self.assertEqual(labels[::2], labels[1::2])
        self.assertGreater(len(set(labels)), 4)     # two may be equal by chance


class Originated(Srv6Test):
    """`cache: last`: packets that the SF sends on its own get the last header of the service."""

    config = Config((Srv6Service("ad", sid=sid("ad"), cache="last"), Srv6Service("keep", sid=sid("keep"), enter="right")), (Sf(),))
    own = s.frame(s.outer(s.payload(), dst=FINAL), src="02:00:00:00:00:0b")   # of IPv6, as no row's packet inside

    def restored(self, frames, back):
        result = self.replay(self.config, Input(frames, "eth0"), back=Input(back, "veth-fw-b"))
        return result, result.doc["conservation"]["sf"]["originated"]

    def test_gets_the_last_header(self):
        frames = [to("ad", s.srh(sid("ad"), hop), s.inner(41, n), flow=n) for n, hop in enumerate((NEXT, LAST))]
        trips = self.judged(frames, self.config)
        result, originated = self.restored(frames, [trips[0].sf_frame, self.own, trips[1].sf_frame, self.own])
        self.assertEqual((result.reasons("sf"), originated), ([("restored", "")] * 4, 2))
        for trip, frame, got in zip((trips[0], trips[1], trips[1], trips[1]), (None, self.own, None, self.own), result.out_bytes()):
            self.leaves("", trip, got, frame)

    def test_none_yet(self):
        result, originated = self.restored([], [self.own])
        self.assertEqual((result.reasons("sf"), originated), ([("dropped", "miss")], 0))

    def test_late(self):
        """A packet that the SF was given never gets another one's header."""
        config = Config(self.config.services, (Sf(hold="50ms"),))
        frames = [to("ad", s.srh(sid("ad"), hop), s.inner(41, n)) for n, hop in enumerate((NEXT, LAST))]
        trips = self.judged(frames, config)
        result = self.replay(config, Input(frames, "eth0"), back=Input([trip.sf_frame for trip in trips], "veth-fw-b"), tick="60s")
        self.assertEqual(result.reasons("sf"), [("dropped", "late")] * 2)
        self.assertEqual(result.doc["conservation"]["sf"]["originated"], 0)

    def test_another_ip_version(self):
        """The header says which version it carries."""
        result, _ = self.restored([to("ad", three("ad"), s.inner(4))], [self.own])
        self.assertEqual(result.reasons("sf"), [("dropped", "miss")])

    def test_another_port(self):
        result = self.replay(self.config, Input([to("ad", three("ad"), s.inner(41))], "eth0"), back=Input([self.own], "veth-fw-a"))
        self.assertEqual(result.reasons("sf"), [("dropped", "miss")])

    def test_sfc_stays_out(self):
        result, originated = self.restored([to("ad", three("ad"), s.inner(41))], [to("ad")])
        self.assertEqual((result.reasons("sf"), originated), ([("dropped", "sfc_from_sf")], 0))

    def test_behind_a_tag(self):
        """A header is put on an IP packet, and not on what stands in front of it."""
        tagged = self.own[:12] + bytes.fromhex("81000005") + self.own[12:]
        result, originated = self.restored([to("ad", three("ad"), s.inner(41))], [tagged])
        self.assertEqual((result.reasons("sf"), originated), ([("dropped", "miss")], 0))

    def test_a_hop_less(self):
        """As of every packet that comes back, one hop goes; without one left it is dropped behind the claim."""
        last = self.own[:14 + 7] + b"\1" + self.own[14 + 8:]
        result, originated = self.restored([to("ad", three("ad"), s.inner(41))], [last])
        self.assertEqual((result.reasons("sf"), originated), ([("dropped", "ttl")], 1))


class KnownFaults(Srv6Test):
    """Of other proxies, which keep one header a SID or an interface."""

    def interleaved(self, frames, config=CONFIG):
        """All are in the SF at once, and each comes back with its own header."""
        self.check([str(n) for n in range(len(frames))], frames, [("sf",)] * len(frames), config)
        outcomes = self.judged(frames, config)
        result = self.replay(config, Input(frames, "eth0"), window=len(frames))
        for n, (trip, got) in enumerate(zip(outcomes, result.out_bytes())):
            self.leaves(f"frame {n}", trip, got)

    def test_short_behind_long(self):
        long = s.srh(sid("ad"), NEXT, *[LAST] * 8)
        self.interleaved([to("ad", long if n % 2 else s.srh(sid("ad"), NEXT), s.inner(4, n)) for n in range(40)])

    def test_odd_length(self):
        """A segment routing header whose length is odd, as with an HMAC, does not spoil anything for the packets behind it."""
        self.interleaved([to("ad", three("ad", tlvs=s.hmac() if n % 3 == 0 else b""), s.inner(4, n)) for n in range(40)])

    def test_traffic_class_and_flow_label_change(self):
        self.interleaved([to("ad", three("ad"), s.inner(4, n), tc=n, flow=n * 77) for n in range(64)])

    def test_two_sids_and_different_lists(self):
        """Packet by packet another SID of the same SF, and another list."""
        lists = [(sid(name), *NEXT_HOPS[k:], FINAL) for name in ("ad", "keep") for k in range(3)]
        frames = [to(("ad", "keep")[n % 6 // 3], s.srh(*lists[n % 6]), s.inner(4, n)) for n in range(60)]
        self.interleaved(frames)

    def test_equal_packets_with_different_headers(self):
        """Two that cannot be told apart: the second one is never given to the SF."""
        frames = [to("ad", s.srh(sid("ad"), hop), s.inner(4, 1)) for hop in (NEXT, LAST)]
        result = self.replay(CONFIG, Input(frames, "eth0"), window=2)
        self.assertEqual(result.reasons("domain"), [("to_sf", ""), ("dropped", "ambiguous")])

    def test_longer_than_the_payload_length(self):
        frames = [to("ad", *of("ad"), length=size) for size in range(0, 104)]
        for entry in self.replay(CONFIG, Input(frames, "eth0")).entries("domain"):
            self.assertEqual(entry["verdict"], "dropped")
            self.assertIn(entry["reason"], ("truncated", "bad_inner"))

    def test_forged_destination(self):
        """A packet that comes back to End.AM with another destination is not led to the next segment."""
        config = Config((Srv6Service("am", sid="2001:db8:f::2", behaviour="am"),), (Sf(),))
        frame = to("am", *more.inline("am", s.payload()), **more.SENDER)
        trip, = self.judged([frame], config)
        for target in (NEXT, LAST, "2001:db8:f::2", "::"):
            forged = trip.sf_frame[:38] + s.address(target) + trip.sf_frame[54:]
            result = self.replay(config, Input([frame], "eth0"), back=Input([forged], "veth-fw-b"))
            self.assertEqual(result.reasons("sf"), [("dropped", "sfc_from_sf")])
            self.assertEqual(result.out_bytes(), [])


if __name__ == "__main__":
    unittest.main()
