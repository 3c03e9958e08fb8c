# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A routed service function that keeps state: Linux forwarding with nftables. It knows nothing of SFC."""
import contextlib
import json

from lab.edge import link_drops
from lab.net import LabError, wait_for

ROLE = "SF"
BLOCKED_PORT = 9999
# Connection tracking puts fragments together, and what leaves is cut again: of IPv4 into the same pieces, of IPv6 into
# pieces with another identification, which nobody can tell to be the same. So those of IPv6 pass it untracked.
RULES = """
table inet sf {
    counter blocked {}
    counter other {}
    chain raw {
        type filter hook prerouting priority -450; policy accept;
        exthdr frag exists notrack
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        tcp dport %d counter name blocked drop
        tcp dport { 80, 5201 } ct state new accept
        udp dport { 9, 5004, 5201, 7000, 7001 } ct state new accept
        sctp dport 5000 ct state new accept
        meta l4proto { esp, gre } ct state new accept
        exthdr frag exists ct state untracked accept
        icmp type echo-request accept
        icmpv6 type echo-request accept
        counter name other drop
    }
}
table netdev lab {
    counter sfc {}
    chain arriving {
        type filter hook ingress devices = { fw0, fw1 } priority filter; policy accept;
        ether type { 0x8847, 0x8848, 0x894f } counter name sfc
        ip6 nexthdr { 4, 41, 43 } counter name sfc
    }
}
""" % BLOCKED_PORT

# Behind the MACs of a frame with an SFC header. Of SRv6: IPv6, and a routing header is next.
MPLS, NSH, SRV6 = "884703e81140", "894f03e81140", "86dd6000000000082b40"
# Such a frame, from the proxy's namespace to the SF, around the proxy.
SEND_WITH_HEADER = """
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("f0", 0))
s.send(b"\\xff" * 6 + b"\\x02" + bytes(5) + bytes.fromhex(sys.argv[1]) + bytes(60))
"""


def build(lab, mtu=1500):
    """fw0 is towards f0 and the sender, fw1 towards f1 and the receiver."""
    lab.namespace(ROLE, net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
    lab.link(("proxy", "f0"), (ROLE, "fw0"), mtu)
    lab.link(("proxy", "f1"), (ROLE, "fw1"), mtu)
    lab.address("proxy", "f0", "10.0.1.1/30", "fd00:1::1/64")
    lab.address("proxy", "f1", "10.0.2.1/30", "fd00:2::1/64")
    lab.address(ROLE, "fw0", "10.0.1.2/30", "fd00:1::2/64")
    lab.address(ROLE, "fw1", "10.0.2.2/30", "fd00:2::2/64")
    lab.route(ROLE, "192.0.2.0/24", "via", "10.0.1.1")
    lab.route(ROLE, "198.51.100.0/24", "via", "10.0.2.1")
    lab.route(ROLE, "2001:db8:1::/64", "via", "fd00:1::1")
    lab.route(ROLE, "2001:db8:2::/64", "via", "fd00:2::1")
    lab.run(ROLE, "nft", "-f", "-", input=RULES)


def counters(lab):
    """Packets by the name of the nftables counter: blocked, other, sfc; and torn()."""
    objects = json.loads(lab.run(ROLE, "nft", "-j", "list", "counters").stdout)["nftables"]
    found = {entry["counter"]["name"]: entry["counter"]["packets"] for entry in objects if "counter" in entry}
    return found | {"torn": torn(lab)}


def torn(lab):
    """IPv4 fragments that went into the SF and no further, as others of their datagram are missing. (Of datagrams that
    a rule drops there is one count in `blocked` or `other`, and not one for each fragment.)"""
    names, values = [line.split() for line in lab.run(ROLE, "cat", "/proc/net/snmp").stdout.splitlines()[:2]]
    ip = dict(zip(names[1:], map(int, values[1:])))
    return ip["ReasmReqds"] - ip["FragCreates"]


def drops(lab):
    """Frames that the SF forwarded and its links did not take."""
    return link_drops(lab, ROLE, "fw0") + link_drops(lab, ROLE, "fw1")


@contextlib.contextmanager
def slow(lab):
    """Meanwhile packets wait for each other in the SF, so that several of a kind are in it at once and only their keys
    tell them apart; else each is through before the next one comes. A packet is to fit into the burst."""
    for device in ("fw0", "fw1"):
        lab.run(ROLE, "tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", "8mbit", "burst", 400,
                "limit", 100000)
    yield
    for device in ("fw0", "fw1"):
        lab.run(ROLE, "tc", "qdisc", "delete", "dev", device, "root")


def prove_counter(lab, header=MPLS):
    """The counter `sfc` must see a frame with an SFC header; else that it stays at zero would prove nothing."""
    before = counters(lab)["sfc"]
    lab.run("proxy", "/usr/bin/python3", "-c", SEND_WITH_HEADER, header)
    try:
        wait_for("one frame with an SFC header in the SF", lambda: counters(lab)["sfc"] == before + 1)
    except LabError as error:
        raise LabError(f"the SF's counter of SFC headers does not work: {error}") from error
    return before + 1
