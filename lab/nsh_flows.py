# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The flows of an Open vSwitch that is classifier and forwarder of NSH: it encapsulates what its host sends, and decapsulates
what comes out of the domain, after a look at every field of the header.

Each address of the sender has a way of its own: a carrier, an MD type, and a service path in each direction.

Of MD type 1, context 1 is both ports of the packet and context 2 its TCP flags, so contexts differ within a flow, too.
The receiving switch compares them with the ports and flags of the packet that it finds behind the header. Of MD type 2
it cannot read the context headers; lab/nsh_wire.py does."""
import dataclasses

KINDS = ("tcp", "udp", "icmp", "tcp6", "udp6", "icmp6")
HOST, WIRE, TUNNEL4, TUNNEL4_SUM, TUNNEL6 = range(1, 6)    # ports of the bridge `int`
CARRIERS = {"ethernet": WIRE, "gpe4": TUNNEL4, "gpe4-sum": TUNNEL4_SUM, "gpe6": TUNNEL6}
NSH, GPE_PORT = 0x894F, 4790
SI_FIRST, SI_NEXT = 255, 254
CONTEXT2, CONTEXT3, CONTEXT4 = 0x5FC00000, 0xC3C3C3C3, (0x04040404, 0xE4E4E4E4)    # the last one by direction
PSH = 8
SI_SAME, SWAPPED = "si-same", "swapped"     # wrong on purpose: the receiver's switch wants SI 255, the sender's swaps contexts

# Cookies: what the counter of a flow says. Those of kinds have the kind's position added.
PUSHED, GOOD, WRONG_HEADER, WRONG_CONTEXT, BARE, CONTROL, FROM_WIRE, DECAPSULATED = range(0x100, 0x900, 0x100)

# Tables: the kind of packet is looked at, its fields are compared four bits at a time, and it leaves.
READ, COMPARE, LEAVE = 10, 20, 60
PIECES = [(register, bit) for register, bits in ((0, 32), (1, 12)) for bit in range(0, bits, 4)]


@dataclasses.dataclass(frozen=True)
class Way:
    """`addresses` are the sender's, IPv4 and IPv6. `fault` is on the way to the receiver only. `frames`: whole Ethernet frames
    are behind the header, and not IP packets."""
    number: int
    carrier: str
    md_type: int
    fault: str = ""
    frames: bool = False

    @property
    def name(self):
        return self.fault or f"{self.carrier}-md{self.md_type}" + "-frames" * self.frames

    @property
    def addresses(self):
        return f"192.0.2.{20 + self.number}", f"2001:db8:1::{20 + self.number:x}"

    def path(self, direction):
        """Service path identifier."""
        return 0x300 + 2 * self.number + direction


_ALL = [(carrier, md_type) for carrier in CARRIERS for md_type in (1, 2)]
_ALL += [("ethernet", 1, SI_SAME), ("ethernet", 1, SWAPPED), ("ethernet", 1, "", True), ("gpe6", 2, "", True)]
WAYS = {way.name: way for way in (Way(number, *each) for number, each in enumerate(_ALL))}
RIGHT = [way for way in WAYS.values() if not way.fault and not way.frames]
FRAMES = [way for way in WAYS.values() if way.frames]


@dataclasses.dataclass
class Side:
    """One end of the chain: `gateway` is the MAC that its host sends to, `host` that of the host. `direction` is that of
    the packets that its host sends."""
    direction: int
    host: str
    gateway: str
    switch: str         # MAC of the switch's port in the domain
    proxy: str          # and of the proxy's


def tlvs(kind, push, low):
    """The context headers of MD type 2 as (class, type, value): of a kind of packet, of one with the flag PSH or without,
    and by the last two bits of the client's port. Lengths differ, so headers of one flow do as well."""
    if kind.startswith("icmp"):
        return []
    if kind.startswith("udp"):
        return [(0x1000, low, bytes([0xB0 + low]) * (low + 1))]
    return [(0x1000, 10, b"\x124Vx"), (0x2000, 20, bytes.fromhex("fedcba9876543210")),
            (0x3000, low, bytes.fromhex("1122334455"))] if push else [(0x2000, 30 + low, bytes([low]))]


def _field(kind):
    """A kind of packet as a match."""
    return {"icmp": "ip,nw_proto=1", "icmp6": "ipv6,nw_proto=58"}.get(kind, kind)


def _md2(kind, direction):
    """(more of the match, encap's argument) for each list of context headers."""
    name, ways = "tp_src" if direction == 0 else "tp_dst", [("", False, 0)]
    if kind.startswith("udp"):
        ways = [(f",{name}={low}/3", False, low) for low in range(4)]
    elif kind.startswith("tcp"):
        ways = [(f",{name}={low}/3,tcp_flags={'+' if push else '-'}psh", push, low)
                for low in range(4) for push in (True, False)]
    for match, push, low in ways:
        values = "".join(f",tlv({number:#x},{kind_of},0x{value.hex()})" for number, kind_of, value in tlvs(kind, push, low))
        yield match, f"nsh(md_type=2{values})"


def _md1(kind, swapped):
    """(actions before the header is pushed, actions after that)."""
    read, contexts = _registers(kind, 0, 1), ["move:NXM_NX_REG0[]->nsh_c1", "move:NXM_NX_REG1[]->nsh_c2"]
    if swapped:
        contexts = ["move:NXM_NX_REG1[]->nsh_c1", "move:NXM_NX_REG0[]->nsh_c2"]
    return [f"load:{CONTEXT2:#x}->NXM_NX_REG1[]", *read], contexts


def _registers(kind, ports, flags):
    """Actions that read a packet: both ports into one register, TCP flags into another one; of ICMP the type."""
    at = f"->NXM_NX_REG{ports}"
    if kind.startswith("icmp"):
        source = "NXM_OF_ICMP_TYPE[]" if kind == "icmp" else "NXM_NX_ICMPV6_TYPE[]"
        return [f"load:0{at}[]", f"move:{source}{at}[0..7]"]
    name = kind[:3].upper()
    found = [f"move:NXM_OF_{name}_SRC[]{at}[16..31]", f"move:NXM_OF_{name}_DST[]{at}[0..15]"]
    return found + ([f"move:NXM_NX_TCP_FLAGS[]->NXM_NX_REG{flags}[0..11]"] if name == "TCP" else [])


def _between(way, kind, direction):
    """A kind of packet on one way, in one direction."""
    field = ("ipv6" if kind.endswith("6") else "nw") + ("_src" if direction == 0 else "_dst")
    return f"{_field(kind)},{field}={way.addresses[kind.endswith('6')]}"


def _push(side, way):
    """Of packets that come from the host."""
    out = CARRIERS[way.carrier]
    frame = []
    if out == WIRE:
        frame = ["encap(ethernet)", f"set_field:{side.switch}->eth_src", f"set_field:{side.proxy}->eth_dst"]
    for number, kind in enumerate(KINDS):
        before, contexts, headers = [], [], list(_md2(kind, side.direction))
        if way.md_type == 1:
            before, contexts = _md1(kind, way.fault == SWAPPED and side.direction == 0)
            contexts += [f"set_field:{CONTEXT3:#x}->nsh_c3", f"set_field:{CONTEXT4[side.direction]:#x}->nsh_c4"]
            headers = [("", "nsh(md_type=1)")]
        for match, header in headers:
            actions = [*before, *["decap()"] * (not way.frames), f"encap({header})", f"set_field:{way.path(side.direction):#x}->nsh_spi",
                       f"set_field:{SI_FIRST}->nsh_si", *contexts, *frame, f"output:{out}"]
            yield (f"cookie={PUSHED + number:#x},priority=10,in_port={HOST},dl_dst={side.gateway},"
                   f"{_between(way, kind, side.direction)}{match},actions={','.join(actions)}")


def _nsh(port):
    return f"in_port={port}," + (f"dl_type={NSH:#x}" if port == WIRE else f"packet_type=(1,{NSH:#x})")


def _pop(side, way):
    """Of frames that come out of the domain with the right header."""
    port, direction = CARRIERS[way.carrier], 1 - side.direction
    index = SI_FIRST if way.fault == SI_SAME and direction == 0 else SI_NEXT
    match = f"nsh_mdtype={way.md_type},nsh_spi={way.path(direction):#x},nsh_si={index},nsh_ttl=63"
    keep = [f"load:{way.number}->NXM_NX_REG5[]"]
    if way.md_type == 1:
        match += f",nsh_c3={CONTEXT3:#x},nsh_c4={CONTEXT4[direction]:#x}"
        keep += ["move:nsh_c1[]->NXM_NX_REG0[]", "move:nsh_c2[]->NXM_NX_REG1[]"]
    opened = ["decap()"] * (1 + (port == WIRE)) + ["encap(ethernet)"] * (not way.frames)
    actions = [*keep, *opened, f"resubmit(,{READ if way.md_type == 1 else LEAVE})"]
    yield f"cookie={DECAPSULATED:#x},priority=10,{_nsh(port)},{match},actions={','.join(actions)}"
    # The header must be that of this very packet's way.
    for number, kind in enumerate(KINDS):
        yield (f"cookie={GOOD + number:#x},table={LEAVE},priority=10,reg5={way.number},"
               f"{_between(way, kind, direction)},actions=set_field:{side.gateway}->eth_src,"
               f"set_field:{side.host}->eth_dst,output:{HOST}")


def _rest():
    """All that matches nothing else is counted, and ends."""
    yield f"cookie={CONTROL:#x},priority=1,in_port={HOST},actions=drop"
    for port in CARRIERS.values():
        yield f"cookie={WRONG_HEADER:#x},priority=2,{_nsh(port)},actions=drop"
        yield f"cookie={BARE:#x},priority=1,in_port={port},actions=drop"
    yield f"cookie={WRONG_HEADER:#x},table={LEAVE},priority=0,actions=drop"


def _compare():
    """Context 1 against ports, context 2 against flags: registers 0 and 1 against 2 and 3."""
    for kind in KINDS:
        actions = [f"load:{CONTEXT2:#x}->NXM_NX_REG3[]", *_registers(kind, 2, 3), f"resubmit(,{COMPARE})"]
        yield f"table={READ},priority=10,{_field(kind)},reg1={CONTEXT2:#x}/0xfffff000,actions={','.join(actions)}"
    yield f"cookie={WRONG_CONTEXT:#x},table={READ},priority=0,actions=drop"
    for number, (register, bit) in enumerate(PIECES):
        table, mask = COMPARE + number, 15 << bit
        then = table + 1 if number + 1 < len(PIECES) else LEAVE
        for value in range(0, 1 << bit + 4, 1 << bit):
            yield (f"table={table},priority=10,reg{register}={value:#x}/{mask:#x},reg{register + 2}={value:#x}/{mask:#x},"
                   f"actions=resubmit(,{then})")
        yield f"cookie={WRONG_CONTEXT:#x},table={table},priority=0,actions=drop"


def of_chain(side):
    """The flows of the bridge `int`."""
    return [flow for way in WAYS.values() for made in (_push, _pop) for flow in made(side, way)] + [*_rest(), *_compare()]


def of_wire():
    """The flows of the bridge `phy`, whose port 1 is in the domain and port 2 leads to `int`. Its own port has the
    addresses of tunnels; the switch opens a tunnel's packet where it would go there."""
    return [f"cookie={FROM_WIRE:#x},priority=10,in_port=1,dl_type={NSH:#x},actions=output:2",
            *[f"cookie={FROM_WIRE:#x},priority=10,in_port=1,{kind},tp_dst={GPE_PORT},actions=LOCAL" for kind in ("udp", "udp6")],
            "priority=1,in_port=1,actions=LOCAL", "priority=1,in_port=2,actions=output:1", "priority=1,in_port=LOCAL,actions=output:1"]
