# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A good configuration and the changes that make it bad.

Each row changes one thing in a good configuration. `at` is the text whose line the message must name; the column must
lie on that line, and be that of `at` itself where `exact` is set. `says` must stand in the message. KERNEL_GOOD and KERNEL_CHANGES are the same for an SF that is the kernel of this host.
"""

GOOD = """\
cache: {capacity: 4096}
sfs:
  - name: fw
    ports: {left: veth-fw-a, right: {interface: veth-fw-b, mac: "02:00:00:00:00:0b"}}
    hold: 100ms
    on_miss: drop
  - {name: arm, ports: {both: veth-arm}}
services:
  - name: web-out
    match: {encapsulation: mpls, label: 16001}
    domain: eth0
    sf: {name: fw, in: left}
    next_hop: {interface: eth1, mac: "02:00:00:00:00:99"}
  - name: web-back
    match: {encapsulation: mpls, label: 16002}
    domain: [eth1]
    sf: {name: fw, in: right}
    next_hop: {interface: eth0, ip: 192.0.2.1}
  - {name: one, match: {encapsulation: mpls, label: 16003}, domain: eth0, sf: {name: arm}, next_hop: ingress}
"""

CHANGES = [
    {"name": "unknown key at the top", "old": "cache:", "new": "cash:", "at": "cash", "exact": True},
    {"name": "unknown key of the cache", "old": "{capacity: 4096}", "new": "{capacity: 4096, size: 3}", "at": "size",
     "exact": True},
    {"name": "unknown key of an SF", "old": "on_miss: drop", "new": "on_mis: drop", "at": "on_mis", "exact": True},
    {"name": "unknown key of a port", "old": "right: {interface: veth-fw-b,",
     "new": "right: {interface: veth-fw-b, speed: 9,", "at": "speed", "exact": True},
    {"name": "unknown side of an SF", "old": "left: veth-fw-a", "new": "top: veth-fw-a", "at": "top"},
    {"name": "unknown key of a service", "old": "    domain: eth0", "new": "    domian: eth0", "at": "domian",
     "exact": True},
    {"name": "unknown key of a match", "old": "label: 16001", "new": "labell: 16001", "at": "labell", "exact": True},
    {"name": "unknown key of sf", "old": "in: left", "new": "into: left", "at": "into", "exact": True},
    {"name": "unknown key of the next hop", "old": "{interface: eth1, mac", "new": "{interface: eth1, mak", "at": "mak",
     "exact": True},
    {"name": "capacity too small", "old": "4096", "new": "63", "at": "63", "says": "63"},
    {"name": "capacity too big", "old": "4096", "new": "4194305", "at": "4194305", "says": "4194305"},
    {"name": "quota below the least", "old": "    domain: eth0\n", "new": "    domain: eth0\n    quota: 15\n", "at": "15",
     "says": "15"},
    {"name": "quotas of more than there is", "old": "    domain: eth0\n", "new": "    domain: eth0\n    quota: 4097\n",
     "at": "name: web-out", "says": "4097"},
    {"name": "quota that leaves too little", "old": "    domain: eth0\n", "new": "    domain: eth0\n    quota: 4080\n",
     "at": "name: web-back", "says": "8 slots"},
    {"name": "capacity zero", "old": "4096", "new": "0", "at": "0"},
    {"name": "capacity negative", "old": "4096", "new": "-64", "at": "-64"},
    {"name": "capacity is a word", "old": "4096", "new": "many", "at": "many", "says": "many"},
    {"name": "capacity is a list", "old": "4096", "new": "[4096]", "at": "[4096]"},
    {"name": "capacity is a fraction", "old": "4096", "new": "4096.5", "at": "4096.5"},
    {"name": "capacity over 64 bits", "old": "4096", "new": "18446744073709551680", "at": "18446744073709551680"},
    {"name": "capacity with a unit", "old": "4096", "new": "64k", "at": "64k"},
    {"name": "unmatched is another word", "old": "cache:", "new": "unmatched: punt\ncache:", "at": "unmatched: punt",
     "says": "punt"},
    {"name": "hold below 1ms", "old": "100ms", "new": "999us", "at": "999us", "says": "999us"},
    {"name": "hold above 60s", "old": "100ms", "new": "61s", "at": "61s", "says": "61s"},
    {"name": "hold just above 60s", "old": "100ms", "new": "60001ms", "at": "60001ms"},
    {"name": "hold without a unit", "old": "100ms", "new": "100", "at": "hold"},
    {"name": "hold with a fraction", "old": "100ms", "new": "1.5s", "at": "1.5s", "says": "1.5s"},
    {"name": "hold in minutes", "old": "100ms", "new": "1m", "at": "1m", "says": "1m"},
    {"name": "hold negative", "old": "100ms", "new": "-5ms", "at": "-5ms"},
    {"name": "hold that wraps 64 bits", "old": "100ms", "new": "18446744073709551s", "at": "18446744073709551s"},
    {"name": "on_miss unknown", "old": "on_miss: drop", "new": "on_miss: punt", "at": "punt", "says": "punt"},
    {"name": "ipv4_id unknown", "old": "on_miss: drop", "new": "ipv4_id: maybe", "at": "maybe", "says": "maybe"},
    {"name": "label too big", "old": "16001", "new": "1048576", "at": "1048576", "says": "1048576"},
    {"name": "label negative", "old": "16001", "new": "-1", "at": "-1"},
    {"name": "label is a word", "old": "16001", "new": "blue", "at": "blue", "says": "blue"},
    {"name": "label missing", "old": ", label: 16001", "new": "", "at": "match: {encapsulation: mpls}", "says": "label"},
    {"name": "encapsulation unknown", "old": "encapsulation: mpls, label: 16001", "new": "encapsulation: vlan, label: 16001",
     "at": "vlan", "says": "vlan"},
    {"name": "MAC too short", "old": "02:00:00:00:00:99", "new": "02:00:00:00:99", "at": "02:00:00:00:99",
     "says": "02:00:00:00:99"},
    {"name": "MAC too long", "old": "02:00:00:00:00:0b", "new": "02:00:00:00:00:0b:0c", "at": "02:00:00:00:00:0b:0c"},
    {"name": "MAC with a letter", "old": "02:00:00:00:00:99", "new": "02:00:00:00:00:9g", "at": "02:00:00:00:00:9g"},
    {"name": "IP of the next hop", "old": "192.0.2.1}", "new": "192.0.2.256}", "at": "192.0.2.256", "says": "192.0.2.256"},
    {"name": "next hop missing", "old": ", next_hop: ingress", "new": "", "at": "- {name: one", "says": "next_hop"},
    {"name": "next hop is another word", "old": "ingress", "new": "egress", "at": "egress", "says": "egress"},
    {"name": "next hop without an address", "old": ", mac: \"02:00:00:00:00:99\"", "new": "", "at": "{interface: eth1}"},
    {"name": "next hop without an interface", "old": "interface: eth1, ", "new": "", "at": "{mac:"},
    {"name": "next hop through an SF port", "old": "{interface: eth1, mac", "new": "{interface: veth-arm, mac",
     "at": "{interface: veth-arm", "says": "veth-arm"},
    {"name": "next hop through the service's own SF", "old": "{interface: eth1, mac", "new": "{interface: veth-fw-b, mac",
     "at": "{interface: veth-fw-b, mac: \"02:00:00:00:00:99\"", "says": "veth-fw-b"},
    {"name": "domain port is an SF port", "old": "domain: eth0\n", "new": "domain: veth-fw-a\n", "at": "domain: veth-fw-a",
     "says": "veth-fw-a"},
    {"name": "domain missing", "old": "    domain: eth0\n", "new": "", "at": "- name: web-out", "says": "domain"},
    {"name": "domain list empty", "old": "[eth1]", "new": "[]", "at": "[]"},
    {"name": "domain port twice", "old": "[eth1]", "new": "[eth1, eth1]", "at": "label: 16002", "says": "eth1", "lines": 2},
    {"name": "domain is a number of ports", "old": "[eth1]", "new": "{ports: 3}", "at": "ports: 3"},
    {"name": "SF unknown", "old": "sf: {name: fw, in: left}", "new": "sf: {name: ids, in: left}", "at": "ids",
     "says": "ids"},
    {"name": "in missing", "old": "{name: fw, in: left}", "new": "{name: fw}", "at": "sf: {name: fw}", "says": "in"},
    {"name": "in is no side", "old": "in: left", "new": "in: top", "at": "in: top", "says": "top"},
    {"name": "in for a one-armed SF", "old": "sf: {name: arm}", "new": "sf: {name: arm, in: left}", "at": "{name: arm, in",
     "says": "in"},
    {"name": "in names both", "old": "in: left", "new": "in: both", "at": "in: both", "says": "both"},
    {"name": "two SFs of one name", "old": "name: arm, ports", "new": "name: fw, ports", "at": "- {name: fw, ports",
     "says": "fw"},
    {"name": "two services of one name", "old": "name: web-back", "new": "name: web-out",
     "at": "name: web-out\n    match: {encapsulation: mpls, label: 16002}", "says": "web-out"},
    {"name": "overlapping match", "old": "16003", "new": "16001", "at": "- {name: one", "says": "16001"},
    {"name": "overlapping match through a list", "old": "label: 16002}\n    domain: [eth1]",
     "new": "label: 16001}\n    domain: [eth1, eth0]", "at": "label: 16001}\n    domain: [", "says": "16001", "lines": 2},
    {"name": "one interface for two SFs", "old": "both: veth-arm", "new": "both: veth-fw-a", "at": "both: veth-fw-a",
     "says": "veth-fw-a"},
    {"name": "one interface for both sides", "old": "left: veth-fw-a", "new": "left: veth-fw-b", "at": "left: veth-fw-b",
     "says": "veth-fw-b"},
    {"name": "one side only", "old": "left: veth-fw-a, ", "new": "", "at": "ports: {right"},
    {"name": "both and left", "old": "{both: veth-arm}", "new": "{both: veth-arm, left: veth-b}",
     "at": "{both: veth-arm, left"},
    {"name": "ports missing", "old": ", ports: {both: veth-arm}", "new": "", "at": "- {name: arm}", "says": "ports"},
    {"name": "ttl unknown", "old": "    domain: eth0\n", "new": "    domain: eth0\n    ttl: both\n", "at": "ttl: both",
     "says": "both"},
    {"name": "inner unknown", "old": "    domain: eth0\n", "new": "    domain: eth0\n    inner: ethernet9\n",
     "at": "ethernet9"},
    {"name": "inner_ttl unknown", "old": "    domain: eth0\n", "new": "    domain: eth0\n    inner_ttl: twice\n",
     "at": "twice"},
    {"name": "last_label unknown", "old": "    domain: eth0\n", "new": "    domain: eth0\n    last_label: keep\n",
     "at": "last_label: keep"},
    {"name": "mtu negative", "old": "{interface: eth1, mac", "new": "{interface: eth1, mtu: -1, mac", "at": "mtu: -1"},
    {"name": "mtu is a word", "old": "right: {interface: veth-fw-b,", "new": "right: {interface: veth-fw-b, mtu: big,",
     "at": "mtu: big", "says": "big"},
    {"name": "an SF is a list", "old": "- {name: arm, ports: {both: veth-arm}}", "new": "- [arm, {both: veth-arm}]",
     "at": "[arm"},
    {"name": "a service is a word", "old": "  - {name: one,", "new": "  - word\n  - {name: one,", "at": "- word"},
    {"name": "not YAML", "old": "[eth1]", "new": "[eth1", "at": "[eth1", "lines": 3},
    {"name": "a tab for indentation", "old": "    hold:", "new": "\thold:", "at": "\thold", "lines": 2},
]

KERNEL_GOOD = """\
cache: {capacity: 4096}
sfs:
  - {name: nat, stack: true, hold: 100ms}
  - {name: arm, ports: {both: veth-arm}}
services:
  - name: out
    match: {encapsulation: mpls, label: 16001}
    domain: eth0
    sf: {name: nat}
    egress: [eth1]
  - name: back
    match: {encapsulation: mpls, label: 16002}
    domain: {interface: eth1, mtu: 1500}
    sf: {name: nat}
    egress: {interface: eth0, mtu: 1500}
  - {name: one, match: {encapsulation: mpls, label: 16003}, domain: eth0, sf: {name: arm}, next_hop: ingress}
"""

KERNEL_CHANGES = [
    *({"name": f"stack with {key}", "old": "hold: 100ms", "new": f"{key}: {value}", "at": value, "exact": True,
       "says": f"takes no '{key}'"}
      for key, value in (("on_miss", "pass"), ("tunnels", "keyed"),
                         ("profile", "normalizer"), ("ipv4_id", "off"), ("tcp_timestamps", "off"),
                         ("payload_digest", "off"), ("payload_length", "off"), ("rtp_ports", "[5004]"))),
    {"name": "stack is another word", "old": "stack: true", "new": "stack: yes", "at": "yes", "exact": True},
    {"name": "stack without its hold's unit", "old": "hold: 100ms", "new": "hold: 100", "at": "100}", "says": "'100'"},
    {"name": "no stack and no ports", "old": "stack: true", "new": "stack: false", "at": "- {name: nat", "says": "ports"},
    {"name": "in for a stack", "old": "{name: nat}\n    egress: [eth1]", "new": "{name: nat, in: left}\n    egress: [eth1]",
     "at": "left", "exact": True, "says": "no 'in'"},
    {"name": "a stack's ports without addresses", "old": "hold: 100ms", "new": "ports: {both: veth-x}", "at": "{both", "exact": True,
     "says": "'mac' or 'ip'"},
    {"name": "a stack's netns without ports", "old": "hold: 100ms", "new": "netns: c1", "at": "c1", "exact": True,
     "says": "needs 'ports'"},
    {"name": "next hop of a stack without an address", "old": "    egress: [eth1]\n",
     "new": "    egress: [eth1]\n    next_hop: {interface: eth1}\n", "at": "{interface: eth1}", "exact": True, "says": "'mac' or 'ip'"},
    {"name": "next hop of a stack instead of egress", "old": "    egress: [eth1]\n", "new": "    next_hop: ingress\n",
     "at": "name: out", "exact": True, "says": "needs 'egress'"},
    {"name": "a mark with a gap", "old": "stack: true", "new": "stack: {mark: 0xff00ff00}", "at": "0xff", "exact": True,
     "says": "in a row"},
    {"name": "gro that is neither", "old": "stack: true", "new": "stack: {gro: auto}", "at": "auto", "exact": True},
    {"name": "egress missing", "old": "    egress: [eth1]\n", "new": "", "at": "name: out", "exact": True,
     "says": "needs 'egress'"},
    {"name": "egress empty", "old": "[eth1]", "new": "[]", "at": "[]", "exact": True, "says": "at least one"},
    {"name": "egress of nine", "old": "[eth1]", "new": "[a1, a2, a3, a4, a5, a6, a7, a8, a9]", "at": "[a1", "exact": True,
     "says": "1 to 8"},
    {"name": "egress twice", "old": "[eth1]", "new": "[eth1, eth2, eth1]", "at": "eth1]", "exact": True, "says": "twice"},
    {"name": "egress is an SF port", "old": "[eth1]", "new": "[eth1, veth-arm]", "at": "veth-arm]", "exact": True,
     "says": "port of SF 'arm'"},
    {"name": "egress with a MAC", "old": "[eth1]", "new": "{interface: eth1, mac: \"02:00:00:00:00:0b\"}",
     "at": "{interface: eth1, mac", "exact": True, "says": "'eth1' takes no 'mac'"},
    {"name": "egress with an IP", "old": "[eth1]", "new": "[eth2, {interface: eth1, ip: 192.0.2.1}]",
     "at": "{interface: eth1, ip", "exact": True, "says": "'eth1' takes no 'mac' and no 'ip'"},
    {"name": "egress in a namespace", "old": "[eth1]", "new": "[{interface: eth1, netns: c1}]", "at": "netns", "exact": True},
    {"name": "egress with another mtu", "old": "[eth1]", "new": "[{interface: eth1, mtu: 1400}]",
     "at": "{interface: eth1, mtu: 1500}", "exact": True, "says": "1400"},
    {"name": "egress for an SF with ports", "old": "next_hop: ingress", "new": "egress: eth1, next_hop: ingress",
     "at": "eth1, next_hop", "exact": True, "says": "no 'egress'"},
    {"name": "egress in place of a next hop", "old": "next_hop: ingress", "new": "egress: [eth1]", "at": "[eth1]}",
     "exact": True, "says": "no 'egress'"},
    {"name": "no way out at all", "old": ", next_hop: ingress", "new": "", "at": "{name: one", "exact": True,
     "says": "next_hop"},
    {"name": "Ethernet frames into a kernel", "old": "    egress: [eth1]\n", "new": "    egress: [eth1]\n    inner: ethernet\n",
     "at": "ethernet", "exact": True},
    {"name": "a hop taken off beside the stack", "old": "    egress: [eth1]\n",
     "new": "    egress: [eth1]\n    inner_ttl: decrement\n", "at": "decrement", "exact": True},
    {"name": "quota of a stack", "old": "    egress: [eth1]\n", "new": "    egress: [eth1]\n    quota: 15\n", "at": "15\n",
     "exact": True, "says": "'15'"},
    {"name": "SF unknown, with egress", "old": "{name: nat}\n    egress: [eth1]", "new": "{name: nut}\n    egress: [eth1]",
     "at": "{name: nut}", "exact": True, "says": "'nut'"},
]
