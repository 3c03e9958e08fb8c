# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Several ways of lab/srv6.py at once: each packet has a number, and takes the way of that number. Packets of one flow have
different segment lists, and a packet that is sent again has the same list, because the number is made of its own content.

nftables of both routers count the packets that enter the domain and those that come out of it."""
import json

from lab import account
from lab.bench import since
from lab.edge import link_drops
from lab.srv6 import ENDS, NETS, WAYS

MIXED = [WAYS[name] for name in ("encap", "reduced", "hmac", "compressed")]
TABLE = 100     # of the routes of way 0
KINDS = {f"{kind}{'6' * (family == 6)}": f"meta nfproto ipv{family} {match}" for family, icmp in ((4, "icmp"), (6, "icmpv6"))
         for kind, match in (("tcp", "meta l4proto tcp"), ("udp", "meta l4proto udp"),
                             ("icmp", f"{icmp} type {{ echo-request, echo-reply }}"))}
# What differs from packet to packet: the numbers of TCP and ping, and the one that iperf3 writes behind 8 bytes of a datagram.
NUMBERS = {"tcp": "tcp sequence", "tcp6": "tcp sequence", "udp": "@th,128,32", "udp6": "@th,128,32", "icmp": "icmp sequence",
           "icmp6": "icmpv6 sequence"}
COUNT = """
table inet counts {{
    {counters}
    chain entering {{
        type filter hook prerouting priority 0; policy accept;
        iifname "{outside}" meta nfproto ipv4 counter name bare
        iifname "{outside}" ip6 saddr {{ {net}, {other} }} counter name bare
        iifname != "{inside}" accept
        {pushed}
    }}
    chain leaving {{
        type filter hook forward priority 0; policy accept;
        iifname "{outside}" oifname "{inside}" jump arrived
    }}
    chain arrived {{
        {good}
    }}
}}
"""
CHOOSE = """
table inet lists {{
    {counters}
    chain entering {{
        type filter hook prerouting priority mangle; policy accept;
        iifname != "{inside}" accept
        {choose}
        {count}
    }}
}}
"""


def lines(texts):
    return "\n        ".join(texts)


class Lists:
    """Of a Srv6Bench without its proxy; the account begins with `mark`."""

    def __init__(self, bench):
        self.bench, self.lab = bench, bench.lab
        names = [f"{event}_{kind}" for event in ("pushed", "good") for kind in KINDS] + ["bare"]
        for router, inside, outside, *_ in ENDS:
            self.lab.run(router, "nft", "-f", "-", input=COUNT.format(
                counters=lines(f"counter {name} {{}}" for name in names), inside=inside, outside=outside, net=NETS[0][1],
                other=NETS[1][1], pushed=lines(f"{match} counter name pushed_{kind}" for kind, match in KINDS.items()),
                good=lines(f"{match} counter name good_{kind}" for kind, match in KINDS.items())))

    def mix(self):
        """From now on. The outer flow label is always 0. Else equal resets of a closed port, which have flow labels of their own,
        would have headers that differ."""
        for number, (router, inside, outside, *_) in enumerate(ENDS):
            self.lab.run(router, "sysctl", "-qw", f"net.ipv6.conf.{outside}.seg6_require_hmac=0", "net.ipv6.seg6_flowlabel=-1")
            for mark, way in enumerate(MIXED, 1):
                self.bench.route(way, number, "table", TABLE + mark)
                for family in ("-4", "-6"):
                    self.lab.run(router, "ip", family, "rule", "add", "fwmark", mark, "lookup", TABLE + mark)
            self.lab.run(router, "nft", "-f", "-", input=CHOOSE.format(
                inside=inside, counters=lines(f"counter way{mark} {{}}" for mark, _ in enumerate(MIXED, 1)),
                choose=lines(f"{match} meta mark set jhash {NUMBERS[kind]} mod {len(MIXED)} offset 1"
                             for kind, match in KINDS.items()),
                count=lines(f"meta mark {mark} counter name way{mark}" for mark, _ in enumerate(MIXED, 1))))

    def counters(self, router):
        found = json.loads(self.lab.run(router, "nft", "-j", "list", "counters").stdout)["nftables"]
        return {entry["counter"]["name"]: entry["counter"]["packets"] for entry in found if "counter" in entry}

    def taken(self):
        """How many packets have taken each of the mixed ways, by its name, for each direction."""
        both = [self.counters(ends[0]) for ends in ENDS]
        return [{way.name: counts[f"way{mark}"] for mark, way in enumerate(MIXED, 1)} for counts in both]

    def counts(self):
        """The packets of each direction: pushed_KIND, good_KIND, bare."""
        both = [self.counters(ends[0]) for ends in ENDS]
        return [{name: (here if name.startswith("pushed") else there)[name] for name in here if not name.startswith("way")}
                for here, there in (both, both[::-1])]

    def mark(self):
        """Before the proxy is there: the account begins here."""
        sf = self.bench.sf
        self.before = self.counts(), sf.counters(self.lab), sf.drops(self.lab), self.link_drops()

    def link_drops(self):
        return {ends[2]: link_drops(self.lab, ends[0], ends[2]) for ends in ENDS}

    def settle(self, wrong):
        """The account of all since mark(), when nothing is on its way any more. `wrong`: headers, for each direction."""
        stats = self.bench.conservation()
        before, rules, drops, links = self.before
        self.sums = since(before, self.counts())
        arrived = [side | {"wrong": number} for side, number in zip(self.sums, wrong)]
        return account.settle([side | {"link": 0} for side in self.sums], arrived, since([links], [self.link_drops()])[0], stats,
                              *since([rules], [self.bench.sf.counters(self.lab)]), self.bench.sf.drops(self.lab) - drops)
