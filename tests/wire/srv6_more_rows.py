# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Rows of SRv6 frames, continued: the last segment, End.AS, End.AM, C-SIDs, the corners of Linux, and the messages of ICMPv6."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import srv6_frames as s
from srv6_rows import ALERT, BYPASS, DYNAMIC, DYNAMIC_FAULTS, FINAL, INNER, LAST, NEXT, TARGET, WRONG, Row, of, row, sid, three, to

# RFC 8986 4.1.1: SL is 0, or there is no SRH. The pointer is that of the upper layer.
LAST_SEGMENT = [
    *[row(f"End.AD, SL 0: {name}", "ad", three("ad", left=0), part, end="upper_layer 4/4 at 96") for name, part in WRONG.items() if name != "ICMPv6"],
    *[row(f"{service}: SL 0, {name}", service, three(service, left=0), s.inner(proto), end="upper_layer 4/4 at 96")
      for name, proto in INNER.items() for service in ("ad", "frames")],
    *[row(f"End.AD, no SRH: {name}", "ad", s.inner(proto), end="upper_layer 4/4 at 40") for name, proto in INNER.items()],
    row("End.AD, no SRH: UDP", "ad", WRONG["UDP"], end="upper_layer 4/4 at 40"),
    row("End.AD, no SRH: ping", "ad", WRONG["ICMPv6"], end="upper_layer 4/4 at 40"),
    row("End.AD, no SRH but options", "ad", ALERT, TARGET, s.inner(4), end="upper_layer 4/4 at 64"),
    row("End.AD, only a routing header of type 0 without a segment left", "ad", s.srh(LAST, kind=0, left=0), s.inner(4), end="upper_layer 4/4 at 64"),
    row("SL 0: Last Entry does not matter", "ad", three("ad", left=0, last=99), s.inner(4), end="upper_layer 4/4 at 96"),
    row("SL 0: TLVs do not matter", "ad", three("ad", left=0, tlvs=b"\x02\xff" + bytes(6)), s.inner(4), end="upper_layer 4/4 at 104"),
    row("SL 0: fragment", "ad", three("ad", left=0), s.fragment(), s.inner(4), end="outer_fragment"),
    row("End.AS, SL 0: UDP", "as", three("as", left=0), WRONG["UDP"], end="upper_layer 4/4 at 96"),
    row("End.AS, SL 0: a frame to inner: ip", "as", three("as", left=0), s.inner(143), end="upper_layer 4/4 at 96"),
    row("End.AS, no SRH: ping", "as", WRONG["ICMPv6"], end="upper_layer 4/4 at 40"),
    row("End.AM, SL 0: UDP", "am", s.srh(FINAL, left=0), s.payload(), end="upper_layer 4/4 at 64"),
    row("End.AM, no SRH: IPv4", "am", s.inner(4), end="upper_layer 4/4 at 40"),
]

# End.AS: whatever came is taken off, and the header of the configuration goes on.
AS = {"leaves": (NEXT, 1, 64)}
STATIC = [
    row("End.AS: IPv4", "as", three("as"), s.inner(4), **AS), row("End.AS: IPv6", "as", three("as"), s.inner(41), **AS),
    row("End.AS: Ethernet", "as-frames", three("as-frames"), s.inner(143), **AS),
    row("End.AS: reduced SRH", "as", three("as", reduced=True), s.inner(4), **AS),
    row("End.AS: SL 0", "as", three("as", left=0), s.inner(41), **AS),
    row("End.AS: SL 0, hop limit 1", "as", three("as", left=0), s.inner(4), hop=1, **AS),
    row("End.AS: no SRH", "as", s.inner(4), **AS), row("End.AS: no SRH, Ethernet", "as-frames", s.inner(143), **AS),
    row("End.AS: options, TLVs", "as", ALERT, three("as", tlvs=s.hmac()), TARGET, s.inner(41), **AS),
    row("End.AS: one segment needs no SRH", "as-one", three("as-one"), s.inner(4), leaves=(NEXT, None, 64)),
    row("End.AS: one segment, IPv6", "as-one", s.inner(41), leaves=(NEXT, None, 64)),
    row("End.AS: hop limit 1 with a segment left", "as", hop=1, end="ttl 3/0"),
    row("End.AS: Segments Left too big", "as", three("as", left=4), s.inner(4), end="bad_srh 4/0 at 43"),
    row("End.AS: bad TLV", "as", three("as", tlvs=b"\x02\xff" + bytes(6)), s.inner(4), end="bad_tlv 4/0 at 41"),
    row("End.AS: no SRH, cut inside", "as", s.Part(4, s.inner(4).body[:-1]), end=("truncated", "bad_inner")),
]


def inline(name: str, part: s.Part, *extra: s.Part, **fields) -> tuple[s.Part, ...]:
    """A packet with an inserted SRH over the service and NEXT to FINAL."""
    return (*extra, s.srh(sid(name), NEXT, FINAL, **fields), part)


# End.AM: hop limit 64 is 63 at the SF and 62 when it leaves. Checksums are for the last segment, as the SF sees it.
MASKED, SENDER = {"leaves": (NEXT, 1, 62)}, {"src": "2001:db8::1"}
MASQUERADING = [
    *[row(f"End.AM: {kind}", "am", *inline("am", s.payload(kind)), **MASKED, **SENDER) for kind in ("udp", "tcp", "icmp")],
    row("End.AM: next hop ingress", "am-back", *inline("am-back", s.payload()), **MASKED, **SENDER),
    row("End.AM: an encapsulated packet is none of its business", "am", *inline("am", s.inner(4)), **MASKED),
    row("End.AM: reduced SRH", "am", *inline("am", s.payload(), reduced=True), **MASKED, **SENDER),
    row("End.AM: the next segment is the last", "am", s.srh(sid("am"), FINAL), s.payload(), leaves=(FINAL, 0, 62), **SENDER),
    row("End.AM: TLVs, tag and flags", "am", *inline("am", s.payload(), tlvs=s.hmac(), tag=7, flags=8), **MASKED, **SENDER),
    row("End.AM: options in front", "am", *inline("am", s.payload("tcp"), ALERT), **MASKED, **SENDER),
    row("End.AM: hop limit 3", "am", *inline("am", s.payload()), hop=3, leaves=(NEXT, 1, 1), **SENDER),
    row("End.AM: hop limit 1", "am", *inline("am", s.payload()), hop=1, end="ttl 3/0", **SENDER),
    row("End.AM: Segments Left too big", "am", *inline("am", s.payload(), left=4), end="bad_srh 4/0 at 43", **SENDER),
    row("End.AM: Last Entry too big", "am", *inline("am", s.payload(), last=3), end="bad_srh 4/0 at 43", **SENDER),
    row("End.AM: bad TLV", "am", *inline("am", s.payload(), tlvs=b"\x02\xff" + bytes(6)), end="bad_tlv 4/0 at 41", **SENDER),
    row("End.AM: it would be longer than the MTU", "am-mtu", *inline("am-mtu", s.inner(4, size=1277)), end="too_big 2/0 of 1400", **SENDER),
    row("End.AM: longer than the MTU, a reduced SRH", "am-mtu", *inline("am-mtu", s.inner(4, size=1300), reduced=True),
        end="too_big 2/0 of 1400", **SENDER),
    row("End.AM: routing type 2", "am", *inline("am", s.payload(), kind=2), end="bad_srh 4/0 at 42", **SENDER),
]


def carrier(name: str, target: str, *parts: s.Part, end="sf", leaves, title: str, **fields) -> Row:
    return row(title, name, *(parts or (s.inner(4),)), end=end, leaves=leaves, dst=target, **fields)


def box(*sids: int) -> str:
    return s.container("2001:db8::", *sids)


# RFC 9800 4.1.1: a C-SID behind the service's own. Each shift costs one hop, and Segments Left stays.
COMPRESSED = [
    *[carrier("csid-frames" if proto == 143 else "csid", box(0x300 if proto == 143 else 0x100, 0x401, 0x402), s.inner(proto),
              leaves=("2001:db8:401:402::", None, 63), title=f"C-SID, no SRH: {name}") for name, proto in INNER.items()],
    carrier("csid", box(0x100, 1, 2, 3, 4, 5), leaves=("2001:db8:1:2:3:4:5:0", None, 63), title="six C-SIDs"),
    carrier("csid", "2001:db8:100:0:0:0:0:1", leaves=("2001:db8::1:0", None, 63), title="only the last bit of the argument"),
    carrier("csid", "2001:db8:100:8000::", leaves=("2001:db8:8000::", None, 63), title="only the first bit of the argument"),
    carrier("csid", box(0x100, 0x401), three("csid"), s.inner(4), leaves=("2001:db8:401::", 2, 63), title="C-SID in front of an SRH: SL stays"),
    carrier("csid", box(0x100, 0x401), three("csid", left=0), s.inner(4), leaves=("2001:db8:401::", 0, 63), title="C-SID, SL 0"),
    carrier("csid", box(0x100, 0x401), ALERT, TARGET, s.inner(41), leaves=("2001:db8:401::", None, 63), title="C-SID behind options"),
    carrier("csid", box(0x100, 0x401), hop=2, leaves=("2001:db8:401::", None, 1), title="C-SID, hop limit 2"),
    carrier("csid", box(0x100, 0x401), hop=1, end="ttl 3/0", leaves=None, title="C-SID, hop limit 1"),
    carrier("csid", box(0x100, 0x401), WRONG["NSH"], end="bypassed", leaves=("2001:db8:401::", None, 63), title="C-SID, NSH"),
    carrier("csid", box(0x100, 0x401), three("csid"), s.inner(143), end="bypassed", leaves=("2001:db8:401::", 2, 63),
            title="C-SID, a frame to inner: ip"),
    carrier("csid", box(0x100, 0x401), three("csid", last=99), s.inner(4), leaves=("2001:db8:401::", 2, 63),
            title="C-SID: Last Entry is not looked at (N01 is before S02)"),
    carrier("csid", box(0x100, 0x401), s.fragment(), s.inner(4), end="outer_fragment", leaves=None, title="C-SID, fragment"),
    # Argument 0: the SRH counts as with any SID.
    carrier("csid", "2001:db8:100::", three("csid-as"), s.inner(4), leaves=(NEXT, 1, 63), title="argument 0, SRH"),
    carrier("csid", "2001:db8:100::", s.srh("2001:db8:100::", box(0x100, 0x401), LAST), s.inner(4), leaves=("2001:db8:100:401::", 1, 63),
            title="the next entry is a container of the service: one visit at a time"),
    carrier("csid", "2001:db8:100::", end="upper_layer 4/4 at 40", leaves=None, title="argument 0, no SRH"),
    carrier("csid", "2001:db8:100::", three("csid", left=0), s.inner(4), end="upper_layer 4/4 at 96", leaves=None, title="argument 0, SL 0"),
    carrier("csid", "2001:db8:100::", three("csid", left=4), s.inner(4), end="bad_srh 4/0 at 43", leaves=None, title="argument 0, SL too big"),
    # The own C-SID again: shifted as often as it stands there, each time with a look at the hop limit.
    carrier("csid", box(0x100, 0x100, 0x401), leaves=("2001:db8:401::", None, 62), title="own C-SID twice"),
    carrier("csid", box(0x100, 0x100, 0x100, 0x100, 0x100, 0x401), leaves=("2001:db8:401::", None, 59), title="own C-SID five times"),
    carrier("csid", box(0x100, 0x100, 0x401), hop=2, end="ttl 3/0", leaves=None, title="own C-SID twice, hop limit 2"),
    carrier("csid", box(0x100, 0x100, 0x401), hop=3, leaves=("2001:db8:401::", None, 1), title="own C-SID twice, hop limit 3"),
    carrier("csid", box(0x100, 0x100), three("csid"), s.inner(4), leaves=(NEXT, 1, 62), title="own C-SID twice, then the SRH"),
    carrier("csid", box(0x100, 0x100), end="upper_layer 4/4 at 40", leaves=None, title="own C-SID twice, then nothing"),
    carrier("csid", box(0x100, 0x200, 0x401), leaves=("2001:db8:200:401::", None, 63), title="another service's C-SID is next"),
    # End.AS with C-SIDs serves with nothing left, too.
    carrier("csid-as", box(0x200, 0x401), leaves=(NEXT, 1, 64), title="End.AS, C-SID"),
    carrier("csid-as", "2001:db8:200::", leaves=(NEXT, 1, 64), title="End.AS, argument 0, no SRH"),
    carrier("csid-as", box(0x200, 0x401), WRONG["NSH"], end="bypassed", leaves=("2001:db8:401::", None, 63), title="End.AS, C-SID, NSH"),
    # Other lengths of Locator-Block and C-SID.
    carrier("csid-48", "2001:db8:b:100:401:402:403:404", leaves=("2001:db8:b:401:402:403:404:0", None, 63), title="block of 48 bits"),
    carrier("csid-32", "2001:db8:c00:1:401:2:402:2", leaves=("2001:db8:401:2:402:2::", None, 63), title="C-SID of 32 bits"),
    carrier("csid-one", "2001:db8:100:7::", three("csid-one"), s.inner(4), leaves=(NEXT, 1, 63), title="an address wins over a prefix"),
]

# The corners that were tried at Linux (docs/srv6.md has its answers), to End.AD.
CORNERS = [
    row("SL 1, hop limit 1", "ad", *of("ad", left=1), hop=1, end="ttl 3/0"),
    row("SL 0 with IPv6", "ad", three("ad", left=0), s.inner(41), end="upper_layer 4/4 at 96"),
    row("SL 0 with UDP", "ad", three("ad", left=0), WRONG["UDP"], end="upper_layer 4/4 at 96"),
    row("SL 0 with no next header", "ad", three("ad", left=0), WRONG["nothing"], end="upper_layer 4/4 at 96"),
    row("SL = LE + 1", "ad", *of("ad", reduced=True)),
    row("SL > LE + 1", "ad", *of("ad", left=4), end="bad_srh 4/0 at 43"),
    row("Last Entry too big", "ad", *of("ad", last=3), end="bad_srh 4/0 at 43"),
    row("header past the end", "ad", s.srh(NEXT, length=200), s.inner(4), end=("truncated", "header_too_long")),
    row("TLV overrun", "ad", *of("ad", tlvs=b"\x02\xff" + bytes(6)), end="bad_tlv 4/0 at 41"),
    row("routing type 0, SL 1", "ad", *of("ad", kind=0, left=1), end="bad_srh 4/0 at 42"),
    row("routing type 5, SL 1", "ad", *of("ad", kind=5, left=1), end="bad_srh 4/0 at 42"),
    row("Pad1 x 8", "ad", *of("ad", tlvs=bytes(8))),
    row("TLVs that end in Pad1", "ad", *of("ad", tlvs=s.padn(7) + b"\0")),
    row("no SRH: ping", "ad", WRONG["ICMPv6"], end="upper_layer 4/4 at 40"),
    row("no SRH: IPv6", "ad", s.inner(41), end="upper_layer 4/4 at 40"),
    row("no SRH: UDP", "ad", WRONG["UDP"], end="upper_layer 4/4 at 40"),
    row("Hop-by-Hop in front", "ad", *of("ad", (ALERT,))),
    row("Destination Options in front", "ad", *of("ad", (TARGET,))),
    row("Fragment header in front", "ad", *of("ad", (s.fragment(0, 0),)), end="outer_fragment"),
    row("two SRHs: only the first is touched", "ad", three("ad"), s.srh("2001:db8:3::1", "2001:db8:4::1"), s.inner(4)),
]

# RFC 4443 2.4 (e): errors that get no answer.
ERROR = s.Part(s.ICMPV6, bytes.fromhex("0100000000000000") + s.outer(s.payload(), dst=NEXT))
SILENT = [
    row("an ICMPv6 error", "ad", three("ad", left=0), ERROR, end="upper_layer"),
    row("an ICMPv6 error without hops", "ad", three("ad"), ERROR, hop=1, end="ttl"),
    row("a redirect", "ad", s.Part(s.ICMPV6, bytes([137]) + bytes(39)), end="upper_layer"),
    row("an echo request gets one", "ad", three("ad", left=0), WRONG["ICMPv6"], end="upper_layer 4/4 at 96"),
    row("an ICMPv6 error inside IPv6 does not count", "ad", three("ad", left=0), s.Part(41, s.outer(ERROR, dst=NEXT)), end="upper_layer 4/4 at 96"),
    row("from the unspecified address", "ad", *of("ad", left=9), src="::", end="bad_srh"),
    row("from a multicast address", "ad", *of("ad", left=9), src="ff02::1", end="bad_srh"),
    Row("to a group's link address", "ad", s.frame(s.outer(*of("ad", left=9), dst=sid("ad")), dst="33:33:00:00:00:01"), "bad_srh"),
]

# Not to a SID: the kernel has it, with its own answers.
PASSED = [
    Row("no SID of ours", None, s.frame(s.outer(*of("ad"), dst="2001:db8:f::ffff")), "passed not_sfc"),
    Row("our SID only in the list", None, s.frame(s.outer(three("ad"), s.inner(4), dst=NEXT)), "passed not_sfc"),
    Row("outside the prefix of a C-SID", None, s.frame(s.outer(s.inner(4), dst="2001:db8:101:401::")), "passed not_sfc"),
    Row("an SRH at an address of the host", None, s.frame(s.outer(s.srh("2001:db8:f::ff", NEXT), s.inner(4), dst="2001:db8:f::ff")), "passed not_sfc"),
    Row("IP version 5", None, s.frame(s.outer(*of("ad"), dst=sid("ad"), version=5)), ("passed not_sfc", "passed control")),
    Row("half an IPv6 header", None, to("ad")[:14 + 39], ("passed not_sfc", "truncated")),
]

# The frame ends too early.
TRUNCATED = [
    Row("an IPv6 header alone", "ad", to("ad")[:14 + 40], "truncated"), Row("half an SRH", "ad", to("ad")[:14 + 60], "truncated"),
    Row("all but the last byte", "ad", to("ad")[:-1], "truncated"), Row("all but the last byte of a frame", "frames", to("frames")[:-1], "truncated"),
    Row("all but the last byte, not for the SF", "ad", to("ad", three("ad"), WRONG["UDP"])[:-1], "truncated"),
    Row("all but the last byte, no hop left", "ad", to("ad", hop=1)[:-1], "truncated"),
    Row("all but the last byte, a Fragment header", "ad", to("ad", *of("ad", (s.fragment(0, 0),)))[:-1], "truncated"),
    row("the payload length ends in the SRH", "ad", *of("ad"), length=48, end="truncated"),
    row("the payload length ends in the SRH, not for the SF", "ad", three("ad"), WRONG["UDP"], length=48, end="truncated"),
    row("the payload length ends in a routing header of type 5", "ad", *of("ad", kind=5, left=1), length=48, end="truncated"),
]

# Bytes behind the outer packet belong to the link; a frame inside keeps them, as padding. Behind a tag is another network.
LINK = [
    Row("padding behind a packet with a frame inside", "frames", s.frame(s.outer(*of("frames"), dst=sid("frames")), tail=bytes(9)), "sf", (NEXT, 1, 63)),
    Row("one tag", None, s.frame(s.outer(*of("ad"), dst=sid("ad")), (0x8100, 0x6005)), "passed not_sfc"),
    Row("two tags, a frame inside", None, s.frame(s.outer(*of("frames"), dst=sid("frames")), (0x88A8, 7), (0x8100, 0xE00A)), "passed not_sfc"),
]
ROWS = [*DYNAMIC, *DYNAMIC_FAULTS, *BYPASS, *LAST_SEGMENT, *STATIC, *MASQUERADING, *COMPRESSED, *CORNERS, *SILENT, *PASSED, *TRUNCATED, *LINK]


@dataclass(frozen=True)
class Return:
    """A frame to a service, and what the SF makes of the one that it gets. leaves is as in Row; size is the payload length."""

    name: str
    frame: bytes
    change: Callable[[bytes], bytes]
    end: str | tuple[str, ...] = "sf"
    leaves: tuple[str, int | None, int] | None = (NEXT, 1, 63)
    size: int | None = None


def put(at: int, *values: int) -> Callable[[bytes], bytes]:
    return lambda frame: frame[:at] + bytes(values) + frame[at + len(values):]


def resized(size: int) -> Callable[[bytes], bytes]:
    return lambda frame: frame[:14] + s.inner(4, size=size).body


MASK = to("am", *inline("am", s.payload("tcp"), tlvs=s.hmac()), **SENDER)
RETURNS = [
    Return("unchanged", to("ad"), lambda frame: frame, size=56 + 48),
    Return("a longer packet", to("ad"), resized(40), size=56 + 68), Return("a shorter packet", to("ad"), resized(0), size=56 + 28),
    Return("padding behind a packet", to("ad"), lambda frame: frame + bytes(7), size=56 + 48),
    Return("a longer frame", to("frames"), lambda frame: frame + bytes(7), size=56 + 14 + 60 + 7),
    Return("no hop left behind the SF", to("six"), put(14 + 7, 1), "ttl"),
    Return("one hop left behind the SF: kept", to("keep"), put(14 + 8, 1, 17), size=56 + 48),
    Return("a frame with TTL 1 inside", to("frames"), put(14 + 8, 1), size=56 + 14 + 60),
    Return("End.AS: a longer packet", to("as", s.inner(4)), resized(40), leaves=(NEXT, 1, 64), size=40 + 68),
    Return("End.AM: unchanged", MASK, lambda frame: frame, leaves=(NEXT, 1, 62)),
    Return("End.AM: a hop less", MASK, put(14 + 7, 62), leaves=(NEXT, 1, 61)),
    Return("End.AM: hop limit 1 behind the SF", MASK, put(14 + 7, 1), "ttl 3/0"), Return("End.AM: hop limit 0 behind the SF", MASK, put(14 + 7, 0), "ttl 3/0"),
    Return("End.AM: another destination", MASK, put(14 + 39, 3), ("miss", "sfc_from_sf")),
    Return("End.AM: Segments Left 0", MASK, put(14 + 43, 0), "sfc_from_sf"),
    Return("End.AM: another segment", MASK, put(14 + 79, 9), "sfc_from_sf"),
    Return("End.AM: another tag", MASK, put(14 + 46, 9, 9), "sfc_from_sf"),
    Return("End.AM: another byte in the HMAC", MASK, put(14 + 110, 9), "sfc_from_sf"),
    Return("End.AM: the SRH is gone", MASK,
           lambda frame: frame[:14 + 6] + bytes([s.TCP]) + frame[14 + 7:54] + frame[54 + 96:], ("sfc_from_sf", "truncated")),
]
NEIGHBOUR = s.Part(s.ICMPV6, bytes([136]) + bytes(23))      # RFC 4861 4.4; no chain carries it
# From an SF, without a header in the cache: the reason, and the frame.
STRAYS = [
    ("miss", s.frame(s.outer(s.payload(), dst=FINAL))),
    ("sfc_from_sf", to("ad")), ("sfc_from_sf", MASK), ("sfc_from_sf", s.frame(s.outer(s.srh(FINAL, left=0), s.payload(), dst=FINAL))),
    ("sfc_from_sf", s.frame(s.outer(s.srh(FINAL, left=0), NEIGHBOUR, dst=FINAL))),
]
