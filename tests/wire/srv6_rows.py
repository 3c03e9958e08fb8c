# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Rows of SRv6 frames: a literal says what becomes of each, and which segment, Segments Left and hop limit it leaves with.

The end of a row is "sf", "bypassed", or a reason with the ICMPv6 message that is due, such as "bad_srh 4/0 at 43": type, code,
pointer. Several ends stand in a tuple where the standards leave the choice; the model takes the first.
"""
from __future__ import annotations

from dataclasses import dataclass

import srv6_frames as s
import srv6_model
from cfg import Config, Port, Sf, Srv6Service

BASE = "2001:db8:f::"
NEXT, LAST, FINAL = "2001:db8:1::1", "2001:db8:2::1", "2001:db8:1::2"
STATIC = {"behaviour": "as", "source": "2001:db8:a::100", "segments": (NEXT, LAST)}
IDS = Sf("ids", Port("veth-ids-a"), Port("veth-ids-b"))     # gets Ethernet frames
MASKED = Sf("masked", Port("veth-am-a"), Port("veth-am-b"))   # gets packets with their SRH
SERVICES = (
    Srv6Service("ad", sid=BASE + "1"), Srv6Service("four", sid=BASE + "4", inner="ipv4"),
    Srv6Service("six", sid=BASE + "6", inner="ipv6"), Srv6Service("frames", sid=BASE + "e", sf="ids", inner="ethernet"),
    Srv6Service("back", sid=BASE + "b", hop="ingress"), Srv6Service("keep", sid=BASE + "5", inner_ttl="keep"),
    Srv6Service("mtu", sid=BASE + "1400", hop_mtu=1400),
    Srv6Service("as", sid=BASE + "a", **STATIC), Srv6Service("as-one", sid=BASE + "a1", **{**STATIC, "segments": (NEXT,)}),
    Srv6Service("as-frames", sid=BASE + "ae", sf="ids", inner="ethernet", **{**STATIC, "traffic_class": 0x2E}),
    Srv6Service("am", sid=BASE + "2", sf="masked", behaviour="am"), Srv6Service("am-back", sid=BASE + "2b", sf="masked", behaviour="am", hop="ingress"),
    Srv6Service("csid", sid="2001:db8:100::/48", lblen=32, nflen=16),
    Srv6Service("csid-as", sid="2001:db8:200::/48", lblen=32, nflen=16, **STATIC),
    Srv6Service("csid-frames", sid="2001:db8:300::/48", lblen=32, nflen=16, sf="ids", inner="ethernet"),
    Srv6Service("csid-48", sid="2001:db8:b:100::/64", lblen=48, nflen=16),
    Srv6Service("csid-32", sid="2001:db8:c00:1::/64", lblen=32, nflen=32),
    Srv6Service("csid-one", sid="2001:db8:100:7::"),        # an address inside the prefix of csid
    Srv6Service("am-mtu", sid=BASE + "214", sf="masked", behaviour="am", hop_mtu=1400),
)
CONFIG = Config(SERVICES, (Sf(), IDS, MASKED))
PROTO = {"ad": 4, "four": 4, "six": 41, "frames": 143, "as-frames": 143, "csid-frames": 143}
INNER = {"IPv4": 4, "IPv6": 41, "Ethernet": 143}
WHICH = {4: "ad", 41: "ad", 143: "frames"}
WRONG = {"UDP": s.payload("udp", s.SOURCE, LAST), "ICMPv6": s.payload("icmp", s.SOURCE, LAST), "nothing": s.Part(s.NO_NEXT, b""),
         "ESP": s.Part(s.ESP, bytes(24)), "NSH": s.Part(s.NSH, bytes.fromhex("0fc2020100030907") + s.inner(4).body)}


@dataclass(frozen=True)
class Row:
    """leaves is where the packet goes next, its Segments Left (None without an SRH), and its hop limit."""

    name: str
    service: str | None
    frame: bytes
    end: str | tuple[str, ...] = "sf"
    leaves: tuple[str, int | None, int] | None = None

    def ends(self) -> tuple[str, ...]:
        return (self.end,) if isinstance(self.end, str) else self.end


def told(outcome) -> str:
    """An outcome as rows say it."""
    if isinstance(outcome, srv6_model.Bypass):
        return "bypassed"
    if not isinstance(outcome, srv6_model.Fault):
        return "sf"
    text = "passed " + outcome.reason if outcome.verdict == "passed" else outcome.reason
    if not outcome.icmp:
        return text
    icmp = outcome.icmp
    return f"{text} {icmp.kind}/{icmp.code}" + (f" at {icmp.pointer}" if icmp.kind == 4 else f" of {icmp.pointer}" if icmp.pointer else "")


def sid(name: str) -> str:
    """Its SID; of a NEXT-C-SID with argument 0."""
    return next(service.sid for service in SERVICES if service.name == name).split("/")[0]


def three(name: str, **fields) -> s.Part:
    """An SRH over this service, NEXT and LAST; the service's SID is active."""
    return s.srh(sid(name), NEXT, LAST, **fields)


def to(name: str, *parts: s.Part, **fields) -> bytes:
    """A frame to a service; without parts an SRH of three segments and a packet of the right type."""
    parts = parts or (three(name), s.inner(PROTO.get(name, 4)))
    return s.frame(s.outer(*parts, **{"dst": sid(name), **fields}))


def row(name: str, service: str, *parts: s.Part, end="sf", leaves=(NEXT, 1, 63), **fields) -> Row:
    """A row of a frame to a service. Only of frames that go on leaves counts."""
    goes = end in ("sf", "bypassed")
    return Row(name, service, to(service, *parts, **fields), end, leaves if goes else None)


def of(name: str, extra: tuple[s.Part, ...] = (), **fields) -> tuple[s.Part, ...]:
    """The parts of an ordinary packet: more headers, an SRH with these fields, and a packet of the right type."""
    return (*extra, three(name, **fields), s.inner(PROTO.get(name, 4)))


ALERT = s.options(s.HOP_BY_HOP, s.option(5, b"\0\0"))
# RFC 9486 3: the option of IOAM begins at a multiple of four.
TRACE = s.options(s.HOP_BY_HOP, s.option(1, b""), s.option(0x31, bytes.fromhex("0000" "007b" "1004" "c00000" "00") + bytes(16)))
TARGET = s.options(s.OPTIONS, s.option(0x1E, b"abcdef"))

# End.AD with a packet that is as it should be: all inner types, all forms of the outer header.
DYNAMIC = [
    *[row(f"{name}, SRH", WHICH[proto], three(WHICH[proto]), s.inner(proto)) for name, proto in INNER.items()],
    row("inner: ipv4", "four"), row("inner: ipv6", "six"), row("next hop ingress", "back"), row("inner_ttl: keep", "keep"),
    row("VLAN inside", "frames", three("frames"), s.inner(143, tags=bytes.fromhex("81006005"))),
    row("two tags inside", "frames", three("frames"), s.inner(143, tags=bytes.fromhex("88a80007" "8100e00a"))),
    *[row(f"{name}, reduced SRH", WHICH[proto], three(WHICH[proto], reduced=True), s.inner(proto)) for name, proto in INNER.items()],
    row("reduced SRH of one entry", "ad", s.srh(sid("ad"), NEXT, reduced=True), s.inner(4), leaves=(NEXT, 0, 63)),
    row("the service is the last but one", "ad", s.srh(LAST, sid("ad"), NEXT, left=1), s.inner(41), leaves=(NEXT, 0, 63)),
    row("hop limit 2", "ad", hop=2, leaves=(NEXT, 1, 1)), row("hop limit 255", "ad", hop=255, leaves=(NEXT, 1, 254)),
    row("traffic class and flow label of ones", "ad", tc=0xFF, flow=0xFFFFF), row("traffic class and flow label 0", "ad", tc=0, flow=0),
    row("unused flags and a tag", "ad", *of("ad", flags=0xFF, tag=0xBEEF)),
    row("next segment is the service again", "ad", s.srh(sid("ad"), sid("ad"), LAST), s.inner(4), leaves=(sid("ad"), 1, 63)),
    row("HMAC TLV: an odd Hdr Ext Len", "ad", *of("ad", tlvs=s.hmac())),
    row("HMAC TLV: a wrong digest is not looked at", "ad", *of("ad", tlvs=s.hmac(bytes(32)))),
    row("opaque TLV and PadN", "ad", *of("ad", tlvs=s.tlv(2, b"0123456789abcd") + s.padn(8))),
    row("TLV of an unknown type, mutable", "ad", *of("ad", tlvs=s.tlv(0x9C, b"123456"))),
    row("Pad1 in front of PadN", "ad", *of("ad", tlvs=b"\0" + s.padn(7))),
    row("ten segments and eight Pad1", "ad", s.srh(sid("ad"), NEXT, *[LAST] * 8, tlvs=bytes(8)), s.inner(4), leaves=(NEXT, 8, 63)),
    row("PadN without padding", "ad", *of("ad", tlvs=s.padn(2) + s.padn(6))),
    row("nine segments fill the 216 bytes but 24", "ad", s.srh(sid("ad"), NEXT, *[LAST] * 7), s.inner(4), leaves=(NEXT, 7, 63)),
    row("ten segments", "ad", s.srh(sid("ad"), NEXT, *[LAST] * 8), s.inner(4), leaves=(NEXT, 8, 63)),
    row("ten segments and 8 bytes: 216", "ad", s.srh(sid("ad"), NEXT, *[LAST] * 8, tlvs=s.padn(8)), s.inner(4), leaves=(NEXT, 8, 63)),
    row("Destination Options behind the SRH", "ad", three("ad"), TARGET, s.inner(4)),
    row("an empty SRH behind the SRH", "ad", three("ad"), s.srh(left=0, last=0), s.inner(4)),
    row("an SRH without segments left in front", "ad", s.srh(LAST, left=0), three("ad"), s.inner(4), leaves=(NEXT, 0, 63)),
    row("Hop-by-Hop with a router alert", "ad", *of("ad", (ALERT,))), row("Hop-by-Hop with an IOAM trace", "ad", *of("ad", (TRACE,))),
    row("Hop-by-Hop, Destination Options, Ethernet", "frames", *of("frames", (ALERT, TARGET))),
]

# End.AD: faults that end a packet, one each, and their order where the standard has one.
DYNAMIC_FAULTS = [
    row("Fragment header behind eight others", "ad", three("ad"), *[TARGET] * 7, s.fragment(0, 0), s.inner(4), end="outer_fragment"),
    row("hop limit 1", "ad", hop=1, end="ttl 3/0"), row("hop limit 0", "ad", hop=0, end="ttl 3/0"),
    row("hop limit 1 and Last Entry too big: S05 is first", "ad", *of("ad", last=9), hop=1, end="ttl 3/0"),
    row("hop limit 1 and no segment left: S02 is first", "ad", *of("ad", left=0), hop=1, end="upper_layer 4/4 at 96"),
    row("hop limit 1 and UDP: S05 is before S15", "ad", three("ad"), WRONG["UDP"], hop=1, end="ttl 3/0"),
    row("Segments Left is Last Entry + 2", "ad", *of("ad", left=4), end="bad_srh 4/0 at 43"),
    row("Segments Left 255", "ad", *of("ad", left=255), end="bad_srh 4/0 at 43"),
    row("Last Entry is 1 too big", "ad", *of("ad", last=3), end="bad_srh 4/0 at 43"),
    row("Last Entry is too big, odd Hdr Ext Len", "ad", *of("ad", last=4, tlvs=s.padn(8)), end="bad_srh 4/0 at 43"),
    row("Last Entry 255", "ad", *of("ad", last=255), end="bad_srh 4/0 at 43"),
    row("SRH without a list", "ad", s.srh(left=1, last=0), s.inner(4), end="bad_srh 4/0 at 43"),
    row("SRH with half an entry", "ad", s.srh(left=1, last=0, tlvs=bytes(8)), s.inner(4), end="bad_srh 4/0 at 43"),
    row("behind Hop-by-Hop the pointer is larger", "ad", *of("ad", (ALERT,), left=9), end="bad_srh 4/0 at 51"),
    row("Last Entry too big and UDP: S09 is before S15", "ad", three("ad", last=7), WRONG["UDP"], end="bad_srh 4/0 at 43"),
    *[row(f"routing type {kind} with a segment left", "ad", *of("ad", kind=kind, left=1), end="bad_srh 4/0 at 42") for kind in (0, 2, 3, 5, 255)],
    row("TLV one byte too long", "ad", *of("ad", tlvs=s.tlv(2, bytes(6), 7)), end="bad_tlv 4/0 at 41"),
    row("second TLV much too long", "ad", *of("ad", tlvs=s.padn(6) + b"\x80\xff"), end="bad_tlv 4/0 at 41"),
    row("a type without a length", "ad", *of("ad", tlvs=s.padn(7) + b"\x04"), end="bad_tlv 4/0 at 41"),
    row("a type without a length, and nothing behind", "ad", three("ad", tlvs=s.padn(7) + b"\x04"), WRONG["nothing"], end="bad_tlv 4/0 at 41"),
    row("HMAC TLV without its end", "ad", *of("ad", tlvs=s.hmac()[:32]), end="bad_tlv 4/0 at 41"),
    row("bad TLV behind Destination Options", "ad", *of("ad", (TARGET,), tlvs=b"\x02\xff" + bytes(6)), end="bad_tlv 4/0 at 57"),
    row("Fragment header behind the SRH", "ad", three("ad"), s.fragment(), s.inner(4), end="outer_fragment"),
    row("last fragment", "ad", three("ad"), s.fragment(9, 0), s.inner(4), end="outer_fragment"),
    row("Fragment header in front of the SRH", "ad", *of("ad", (s.fragment(),)), end="outer_fragment"),
    row("behind the Fragment header of a later fragment nothing is an SRH", "ad", *of("ad", (s.fragment(9, 0),), left=9), end="outer_fragment"),
    row("eleven segments", "ad", s.srh(sid("ad"), NEXT, *[LAST] * 9), s.inner(4), end="header_too_long"),
    row("ten segments and a type without a length", "ad", s.srh(sid("ad"), NEXT, *[LAST] * 8, tlvs=s.padn(7) + b"\x04"), s.inner(4), end="bad_tlv 4/0 at 41"),
    row("ten segments and 16 bytes", "ad", s.srh(sid("ad"), NEXT, *[LAST] * 8, tlvs=s.padn(8) * 2), s.inner(4), end="header_too_long"),
    row("ten segments and a frame", "frames", s.srh(sid("frames"), NEXT, *[LAST] * 8), s.inner(143), end="header_too_long"),
    row("IPv6 inside that says it is IPv4", "ad", three("ad"), s.Part(4, s.inner(41).body), end="bad_inner"),
    row("IPv4 inside that says it is IPv6", "ad", three("ad"), s.Part(41, s.inner(4).body + bytes(20)), end="bad_inner"),
    row("IPv4 inside of 16 bytes", "ad", three("ad"), s.Part(4, b"\x44" + s.inner(4).body[1:]), end="bad_inner"),
    row("half an IPv4 header", "ad", three("ad"), s.Part(4, s.inner(4).body[:10]), end=("truncated", "bad_inner")),
    row("nothing inside", "ad", three("ad"), s.Part(4, b""), end=("truncated", "bad_inner")),
    row("a packet inside that is cut", "ad", three("ad"), s.Part(41, s.inner(41).body[:-1]), end=("truncated", "bad_inner")),
    row("half a MAC header", "frames", three("frames"), s.Part(143, bytes(9)), end=("truncated", "bad_inner")),
    row("the payload length cuts the packet inside", "ad", *of("ad"), length=56 + 47, end=("truncated", "bad_inner")),
    row("payload length 0", "ad", *of("ad"), length=0, end=("truncated", "bad_srh")),
    row("the packet inside has no hop left", "ad", three("ad"), s.Part(4, s.inner(4).body[:8] + b"\x01" + s.inner(4).body[9:]), end="ttl"),
    row("the packet inside has no hop left: IPv6", "six", three("six"), s.Part(41, s.inner(41).body[:7] + b"\0" + s.inner(41).body[8:]), end="ttl"),
    row("restored it would be longer than the MTU", "mtu", three("mtu"), s.inner(4, size=1277), end="too_big 2/0 of 1400"),
    row("restored it is as long as the MTU", "mtu", three("mtu"), s.inner(4, size=1276)),
    row("bypassed it would be longer than the MTU", "mtu", three("mtu"), s.Part(s.UDP, bytes(1305)), end="too_big 2/0 of 1400"),
]

# Draft, S15 and S16: the upper layer is not for this SF.
BYPASS = [
    *[row(f"{name} behind the SRH", "ad", three("ad"), part, end="bypassed") for name, part in WRONG.items()],
    *[row(f"IPv{'46'[proto == 41]} to inner: ethernet", "frames", three("frames"), s.inner(proto), end="bypassed") for proto in (4, 41)],
    row("Ethernet to inner: ip", "ad", three("ad"), s.inner(143), end="bypassed"),
    row("IPv6 to inner: ipv4", "four", three("four"), s.inner(41), end="bypassed"),
    row("IPv4 to inner: ipv6", "six", three("six"), s.inner(4), end="bypassed"),
    row("back to ingress", "back", three("back"), WRONG["UDP"], end="bypassed"),
    row("with TLVs and options around", "ad", ALERT, three("ad", tlvs=s.hmac()), TARGET, WRONG["UDP"], end="bypassed"),
    row("a header longer than 216 bytes", "ad", s.srh(sid("ad"), NEXT, *[LAST] * 12), WRONG["UDP"], end="header_too_long"),
    row("reduced SRH", "ad", s.srh(sid("ad"), NEXT, reduced=True), WRONG["NSH"], end="bypassed", leaves=(NEXT, 0, 63)),
    row("End.AS: UDP with a segment left", "as", three("as"), WRONG["UDP"], end="bypassed"),
    row("End.AS: a frame to inner: ip", "as", three("as"), s.inner(143), end="bypassed"),
]
