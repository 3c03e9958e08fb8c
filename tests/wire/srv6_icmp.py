# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Whether a frame is the ICMPv6 message that RFC 4443 wants in answer to another one."""
from __future__ import annotations

from model import ETHERNET, u16
from nsh_model import checksum
from srv6_model import HEADER, ICMPV6, Icmp, link_end

LEAST_MTU = 1280


def answer_fault(answer: bytes, frame: bytes, icmp: Icmp, source: bytes | None = None) -> str:
    """Empty if the answer goes to the sender of the frame, by this type, code and pointer, and quotes all of the frame that fits
    into 1280 bytes (RFC 4443 2.4 c). source is the address that must send it; without one any but the frame's destination may."""
    asked, told = frame[link_end(frame):], answer[ETHERNET:]
    if link_end(answer) != ETHERNET or told[6] != ICMPV6:
        return "no ICMPv6"
    end, message = HEADER + u16(told, 4), told[HEADER:]
    quoted = asked[:min(HEADER + u16(asked, 4), LEAST_MTU - HEADER - 8)]
    pseudo = told[8:40] + len(message).to_bytes(4, "big") + bytes([0, 0, 0, ICMPV6])
    wrong = {
        "link address of the sender": answer[:6] != frame[6:12],
        "address of the sender": told[24:40] != asked[8:24],
        "source": told[8:24] != source if source else told[8:24] == asked[24:40] or told[8] == 0xFF or not any(told[8:24]),
        "payload length": end != len(told),
        "hop limit": told[7] == 0,
        "checksum": checksum(pseudo + message) != 0,
        "type and code": tuple(message[:2]) != (icmp.kind, icmp.code),
        "pointer": int.from_bytes(message[4:8], "big") != icmp.pointer,
        "quoted packet": message[8:] != quoted,
    }
    return ", ".join(name for name, is_wrong in wrong.items() if is_wrong)
