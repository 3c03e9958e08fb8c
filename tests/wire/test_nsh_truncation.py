# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""An NSH frame cut anywhere is dropped for the reason that fits, leaves no trace, and is not completed by an older one."""
import unittest

import frames as f
import nsh_frames as n
import nsh_model
from cfg import SF_RIGHT
from lib import Input
from nsh_rows import CONFIG, PACKET, NshTest, to
from test_ethernet import of_ip

P4, P6 = PACKET[4], PACKET[6]
PATH = 8        # bytes of base and service path header
TLVS = [n.tlv(5), n.tlv(0), n.tlv(33)]


def ends(at: int) -> list:
    """NSH begins at `at`: without its first 8 bytes nobody knows the service."""
    return [(at, "passed not_sfc"), (at + PATH, "port truncated"), (2000, "truncated")]


def gpe_ends(frame: bytes, udp: int, behind: int) -> list:
    """Until the next protocol is there it is no NSH, and while the rest of VXLAN-GPE is missing it may be called either. From
    where the NSH ends, the outer header is found to be broken."""
    nsh = udp + 16
    return [(udp + 12, "passed not_sfc"), (nsh, ("passed not_sfc", "port truncated")), (nsh + PATH, "port truncated"),
            (len(frame) - behind, "truncated"), (2000, "bad_outer")]


# A frame, and how it ends if it has fewer bytes than the number says.
FRAMES = {
    "MD type 1": (to("web-out", P4), ends(14)), "MD type 1, IPv6": (to("web-out", P6), ends(14)),
    "MD type 2": (to("any", P4, md=2, context=b"".join(TLVS)), ends(14)),
    "a tag": (to("any", P6, [(n.Q, 5)]), ends(18)), "two tags": (to("any", P4, [(n.AD, 5), (n.Q, 6)]), ends(22)),
    "nested": (to("any", n.md2(P4, *TLVS), proto=n.NESTED), ends(14)),
    "IOAM": (to("any", n.ioam(P6, length=5), proto=n.IOAM), ends(14)),
    "labels": (to("any", f.stack(17, 18, 19) + P6, proto=n.MPLS), ends(14)),
    "16 labels": (to("any", f.stack(*range(16, 32)) + P4, proto=n.MPLS), ends(14)),
    "all of them": (n.frame(n.layers(P4, "nsh", "ioam", "md2", "empty", "mpls", spi=779)), ends(14)),
    "inner frame": (to("frames", of_ip(P4), proto=n.ETHERNET), ends(14)),
    "inner frame with tags": (to("frames", of_ip(P6, 5, 6), [(n.Q, 5)], proto=n.ETHERNET), ends(18)),
    "forwarder": (to("forward", P4, ttl=0), ends(14)),
}
GPE = {"IPv4": (n.gpe(n.nsh(P4, spi=785)), 34, P4), "IPv6": (n.gpe(n.md2(P6, *TLVS, spi=785), 6), 54, P6),
       "no checksum": (n.gpe(n.nsh(P6, spi=785), udp={"chksum": 0}), 34, P6),
       }
FRAMES |= {f"VXLAN-GPE, {name}": (frame, gpe_ends(frame, udp, len(behind))) for name, (frame, udp, behind) in GPE.items()}


class Truncation(NshTest):
    def rows(self, name: str):
        frame, segments = FRAMES[name]
        for size in range(14, len(frame)):
            yield f"{name}, {size} of {len(frame)} bytes", frame[:size], next(end for limit, end in segments if size < limit)

    def test_every_length(self):
        for name in FRAMES:
            result = self.check(list(self.rows(name)))
            self.assertEqual((result.sf, result.out, set(result.cache().values())), ([], [], {0}), name)

    def test_every_length_behind_a_good_frame(self):
        """Bytes of an earlier, longer frame must not complete a cut one."""
        for name in ("MD type 2", "all of them", "VXLAN-GPE, IPv4", "VXLAN-GPE, IPv6"):
            whole = FRAMES[name][0]
            self.check([row for cut in self.rows(name) for row in ((name, whole, ""), cut)])

    def test_runts(self):
        frame = FRAMES["MD type 1"][0]
        result = self.replay(CONFIG, [frame[:size] for size in range(14)])
        self.assertEqual(result.reasons("domain"), [("dropped", "runt")] * 14)

    def test_every_length_from_the_sf(self):
        for name in ("MD type 1", "labels", "VXLAN-GPE, IPv6"):
            frame = FRAMES[name][0]
            trip = nsh_model.judge(CONFIG, "eth0", frame)
            back = [trip.sf_frame[:size] for size in range(14, len(trip.sf_frame) + 1)]
            result = self.replay(CONFIG, [frame], back=Input(back, SF_RIGHT))
            self.assertEqual(result.reasons("sf"), [("dropped", "truncated")] * (len(back) - 1) + [("restored", "")])
            self.same_frames(result.out_bytes(), [trip.back()])


if __name__ == "__main__":
    unittest.main()
