# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A good configuration, the changes that make it bad, and the sentence for each: situation, old text, new text, and
where and what `check` says (exit code 2). The same for an SF that is a kernel."""

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

TWO_SERVICES_AT_ETH0 = GOOD[GOOD.index("domain: eth0"):GOOD.index(", sf: {name: arm}")]

CHANGES = (
    ("unknown key at the top", "cache:", "cash:",
     "1:1: unknown key 'cash'; allowed are cache, unmatched, icmp, sfs, services, vxlan_gpe_port"),
    ("unknown key of the cache", "{capacity: 4096}", "{capacity: 4096, size: 3}",
     "1:25: cache: unknown key 'size'; allowed are capacity, remember, header_max, kernel_mode"),
    ("unknown key of an SF", "on_miss: drop", "on_mis: drop",
     "6:5: sfs[0]: unknown key 'on_mis'; did you mean 'on_miss'? allowed are name, stack, netns, ports, hold, "
     "on_miss, tunnels, profile, ipv4_id, tcp_timestamps, payload_digest, payload_length, rtp_ports, probe"),
    ("unknown key of a port", "right: {interface: veth-fw-b,", "right: {interface: veth-fw-b, speed: 9,",
     "4:60: sfs[0].ports.right: unknown key 'speed'; allowed are interface, mac, ip, mtu, peer, accept"),
    ("unknown side of an SF", "left: veth-fw-a", "top: veth-fw-a",
     "4:13: sfs[0].ports: unknown key 'top'; allowed are left, right, both"),
    ("unknown key of a service", "    domain: eth0", "    domian: eth0",
     "11:5: services[0]: unknown key 'domian'; did you mean 'domain'? allowed are name, match, domain, sf, "
     "next_hop, egress, inner, inner_ttl, quota, ttl, last_label"),
    ("unknown key of a match", "label: 16001", "labell: 16001",
     "10:34: services[0].match: unknown key 'labell'; did you mean 'label'? allowed are encapsulation, label"),
    ("unknown key of sf", "in: left", "into: left",
     "12:20: services[0].sf: unknown key 'into'; allowed are name, in"),
    ("unknown key of the next hop", "{interface: eth1, mac", "{interface: eth1, mak",
     "13:33: services[0].next_hop: unknown key 'mak'; did you mean 'mac'? allowed are interface, mac, ip, mtu, peer"),
    ("capacity too small", "4096", "63",
     "1:19: cache.capacity: '63' is not allowed here; use a whole number from 64 to 4194304"),
    ("capacity too big", "4096", "4194305",
     "1:19: cache.capacity: '4194305' is not allowed here; use a whole number from 64 to 4194304"),
    ("quota below the least", "    domain: eth0\n", "    domain: eth0\n    quota: 15\n",
     "12:12: services[0].quota: '15' is not allowed here; use a whole number from 16 to 4194304"),
    ("quotas of more than there is", "    domain: eth0\n", "    domain: eth0\n    quota: 4097\n",
     "9:5: with service 'web-out' the quotas are 4097 slots; the cache's capacity is 4096"),
    ("quota that leaves too little", "    domain: eth0\n", "    domain: eth0\n    quota: 4080\n",
     "15:5: 8 slots are left for service 'web-back'; raise the cache's capacity of 4096, so that each service has "
     "16 or more"),
    ("capacity zero", "4096", "0",
     "1:19: cache.capacity: '0' is not allowed here; use a whole number from 64 to 4194304"),
    ("capacity negative", "4096", "-64",
     "1:19: cache.capacity: '-64' is not allowed here; use a whole number from 64 to 4194304"),
    ("capacity is a word", "4096", "many",
     "1:19: cache.capacity: 'many' is not allowed here; use a whole number from 64 to 4194304"),
    ("capacity is a list", "4096", "[4096]",
     "1:19: cache.capacity: must be a single value, not a list"),
    ("capacity is a fraction", "4096", "4096.5",
     "1:19: cache.capacity: '4096.5' is not allowed here; use a whole number from 64 to 4194304"),
    ("capacity over 64 bits", "4096", "18446744073709551680",
     "1:19: cache.capacity: '18446744073709551680' is not allowed here; use a whole number from 64 to 4194304"),
    ("capacity with a unit", "4096", "64k",
     "1:19: cache.capacity: '64k' is not allowed here; use a whole number from 64 to 4194304"),
    ("icmp is another word", "cache:", "icmp: maybe\ncache:",
     "1:7: icmp: 'maybe' is not allowed here; use on or off"),
    ("unknown key of icmp", "cache:", "icmp: {from: 192.0.2.1}\ncache:",
     "1:8: icmp: unknown key 'from'; allowed are source, rate"),
    ("two sources of one version", "cache:", "icmp: {source: [192.0.2.1, 192.0.2.2]}\ncache:",
     "1:28: icmp.source[1]: '192.0.2.1' and '192.0.2.2' are of one IP version; give one address of each"),
    ("source that is no address", "cache:", "icmp: {source: eth0}\ncache:",
     "1:16: icmp.source: 'eth0' is not an IPv4 or IPv6 address"),
    ("source of many", "cache:", "icmp: {source: 224.0.0.5}\ncache:",
     "1:16: icmp.source: '224.0.0.5' is not the address of one host; multicast, broadcast, loopback and zero are not allowed"),
    ("rate 0", "cache:", "icmp: {rate: 0}\ncache:",
     "1:14: icmp.rate: '0' is not allowed here; use a whole number from 1 to 1000000"),
    ("unmatched is another word", "cache:", "unmatched: punt\ncache:",
     "1:12: unmatched: 'punt' is not allowed here; use pass or drop"),
    ("hold below 1ms", "100ms", "999us",
     "5:11: sfs[0].hold: '999us' is not allowed here; use a whole number with us, ms or s, from 1ms to 60s"),
    ("hold above 60s", "100ms", "61s",
     "5:11: sfs[0].hold: '61s' is not allowed here; use a whole number with us, ms or s, from 1ms to 60s"),
    ("hold just above 60s", "100ms", "60001ms",
     "5:11: sfs[0].hold: '60001ms' is not allowed here; use a whole number with us, ms or s, from 1ms to 60s"),
    ("hold without a unit", "100ms", "100",
     "5:11: sfs[0].hold: '100' is not allowed here; use a whole number with us, ms or s, from 1ms to 60s"),
    ("hold with a fraction", "100ms", "1.5s",
     "5:11: sfs[0].hold: '1.5s' is not allowed here; use a whole number with us, ms or s, from 1ms to 60s"),
    ("hold in minutes", "100ms", "1m",
     "5:11: sfs[0].hold: '1m' is not allowed here; use a whole number with us, ms or s, from 1ms to 60s"),
    ("hold negative", "100ms", "-5ms",
     "5:11: sfs[0].hold: '-5ms' is not allowed here; use a whole number with us, ms or s, from 1ms to 60s"),
    ("hold that wraps 64 bits", "100ms", "18446744073709551s",
     "5:11: sfs[0].hold: '18446744073709551s' is not allowed here; use a whole number with us, ms or s, from 1ms to 60s"),
    ("on_miss unknown", "on_miss: drop", "on_miss: punt",
     "6:14: sfs[0].on_miss: 'punt' is not allowed here; use drop or pass"),
    ("ipv4_id unknown", "on_miss: drop", "ipv4_id: maybe",
     "6:14: sfs[0].ipv4_id: 'maybe' is not allowed here; use on or off"),
    ("label too big", "16001", "1048576",
     "10:41: services[0].match.label: '1048576' is not allowed here; use a whole number from 0 to 1048575"),
    ("label negative", "16001", "-1",
     "10:41: services[0].match.label: '-1' is not allowed here; use a whole number from 0 to 1048575"),
    ("label is a word", "16001", "blue",
     "10:41: services[0].match.label: 'blue' is not allowed here; use a whole number from 0 to 1048575"),
    ("label missing", ", label: 16001", "",
     "10:12: services[0].match: key 'label' is missing"),
    ("encapsulation unknown", "encapsulation: mpls, label: 16001", "encapsulation: vlan, label: 16001",
     "10:28: services[0].match.encapsulation: 'vlan' is not allowed here; use mpls or nsh or srv6"),
    ("MAC too short", "02:00:00:00:00:99", "02:00:00:00:99",
     "13:38: services[0].next_hop.mac: '02:00:00:00:99' is not a MAC address; write six pairs of hex digits, as in "
     '"02:00:00:00:00:0b"'),
    ("MAC too long", "02:00:00:00:00:0b", "02:00:00:00:00:0b:0c",
     "4:65: sfs[0].ports.right.mac: '02:00:00:00:00:0b:0c' is not a MAC address; write six pairs of hex digits, as "
     'in "02:00:00:00:00:0b"'),
    ("MAC with a letter", "02:00:00:00:00:99", "02:00:00:00:00:9g",
     "13:38: services[0].next_hop.mac: '02:00:00:00:00:9g' is not a MAC address; write six pairs of hex digits, as "
     'in "02:00:00:00:00:0b"'),
    ("IP of the next hop", "192.0.2.1}", "192.0.2.256}",
     "18:37: services[1].next_hop.ip: '192.0.2.256' is not an IPv4 or IPv6 address"),
    ("next hop missing", ", next_hop: ingress", "",
     "19:5: services[2]: key 'next_hop' is missing"),
    ("next hop is another word", "ingress", "egress",
     "19:102: services[2].next_hop: 'egress' is not allowed here; use ingress or a mapping, as in {interface: p1, ip: 192.0.2.9}"),
    ("next hop without an address", ', mac: "02:00:00:00:00:99"', "",
     "13:15: services[0].next_hop: needs the next hop's 'mac' or 'ip'"),
    ("next hop without an interface", "interface: eth1, ", "",
     "13:15: services[0].next_hop: key 'interface' is missing"),
    ("next hop through an SF port", "{interface: eth1, mac", "{interface: veth-arm, mac",
     "13:15: port 'veth-arm' is a port of SF 'arm'; a port is a domain port or an SF port, never both"),
    ("next hop through the service's own SF", "{interface: eth1, mac", "{interface: veth-fw-b, mac",
     "13:15: port 'veth-fw-b' is a port of SF 'fw'; a port is a domain port or an SF port, never both"),
    ("domain port is an SF port", "domain: eth0\n", "domain: veth-fw-a\n",
     "11:13: port 'veth-fw-a' is a port of SF 'fw'; a port is a domain port or an SF port, never both"),
    ("domain missing", "    domain: eth0\n", "",
     "9:5: services[0]: key 'domain' is missing"),
    ("domain list empty", "[eth1]", "[]",
     "16:13: services[1].domain: needs at least one interface"),
    ("domain port twice", "[eth1]", "[eth1, eth1]",
     "16:20: port 'eth1' stands in the domain of service 'web-back' twice"),
    ("domain is a number of ports", "[eth1]", "{ports: 3}",
     "16:14: services[1].domain: unknown key 'ports'; allowed are interface, mac, ip, mtu, peer, accept"),
    ("accept unknown", "[eth1]", "[{interface: eth1, accept: mine}]",
     "16:40: services[1].domain[0].accept: 'mine' is not allowed here; use any or own"),
    ("accept differs", TWO_SERVICES_AT_ETH0, TWO_SERVICES_AT_ETH0.replace("eth0\n", "{interface: eth0, accept: own}\n", 1)
     .replace("domain: eth0", "domain: {interface: eth0, accept: any}"),
     "19:69: port 'eth0' has accept any here and own at service 'web-out'; give one value"),
    ("accept own at a transparent SF", "both: veth-arm", "both: {interface: veth-arm, accept: own}",
     "7:31: port 'veth-arm' takes no 'accept: own': SF 'arm' is transparent, and its packets come back with the MACs "
     "that they had in the SFC domain"),
    ("accept at a next hop", "{interface: eth1, mac", "{interface: eth1, accept: any, mac",
     "13:33: services[0].next_hop: unknown key 'accept'; allowed are interface, mac, ip, mtu, peer"),
    ("SF unknown", "sf: {name: fw, in: left}", "sf: {name: ids, in: left}",
     "12:9: service 'web-out' names SF 'ids', which is not among the sfs"),
    ("in missing", "{name: fw, in: left}", "{name: fw}",
     "12:9: service 'web-out' must say 'in: left' or 'in: right' for SF 'fw'"),
    ("in is no side", "in: left", "in: top",
     "12:24: services[0].sf.in: 'top' is not allowed here; use left or right"),
    ("in for a one-armed SF", "sf: {name: arm}", "sf: {name: arm, in: left}",
     "19:79: SF 'arm' is one-armed, so service 'one' takes no 'in'"),
    ("in names both", "in: left", "in: both",
     "12:24: services[0].sf.in: 'both' is not allowed here; use left or right"),
    ("two SFs of one name", "name: arm, ports", "name: fw, ports",
     "7:5: SF name 'fw' stands here twice"),
    ("two services of one name", "name: web-back", "name: web-out",
     "14:5: service name 'web-out' stands here twice"),
    ("overlapping match", "16003", "16001",
     "19:53: label 16001 on port 'eth0' is matched by service 'web-out' already; one match selects one service"),
    ("overlapping match through a list", "label: 16002}\n    domain: [eth1]", "label: 16001}\n    domain: [eth1, eth0]",
     "15:41: label 16001 on port 'eth0' is matched by service 'web-out' already; one match selects one service"),
    ("one interface for two SFs", "both: veth-arm", "both: veth-fw-a",
     "7:31: port 'veth-fw-a' belongs to SF 'fw' already; every SF has its own ports"),
    ("one interface for both sides", "left: veth-fw-a", "left: veth-fw-b",
     "4:37: port 'veth-fw-b' belongs to SF 'fw' already; every SF has its own ports"),
    ("one side only", "left: veth-fw-a, ", "",
     "4:12: sfs[0].ports: an SF has 'left' and 'right', or 'both' alone for a one-armed SF"),
    ("both and left", "{both: veth-arm}", "{both: veth-arm, left: veth-b}",
     "7:24: sfs[1].ports: an SF has 'left' and 'right', or 'both' alone for a one-armed SF"),
    ("ports missing", ", ports: {both: veth-arm}", "",
     "7:5: sfs[1]: key 'ports' is missing"),
    ("ttl unknown", "    domain: eth0\n", "    domain: eth0\n    ttl: both\n",
     "12:10: services[0].ttl: 'both' is not allowed here; use uniform or pipe"),
    ("inner unknown", "    domain: eth0\n", "    domain: eth0\n    inner: ethernet9\n",
     "12:12: services[0].inner: 'ethernet9' is not allowed here; use ip or ipv4 or ipv6 or ethernet"),
    ("inner_ttl unknown", "    domain: eth0\n", "    domain: eth0\n    inner_ttl: twice\n",
     "12:16: services[0].inner_ttl: 'twice' is not allowed here; use keep or decrement"),
    ("last_label unknown", "    domain: eth0\n", "    domain: eth0\n    last_label: keep\n",
     "12:17: services[0].last_label: 'keep' is not allowed here; use drop or plain"),
    ("mtu negative", "{interface: eth1, mac", "{interface: eth1, mtu: -1, mac",
     "13:38: services[0].next_hop.mtu: '-1' is not allowed here; use a whole number from 68 to 65535"),
    ("mtu is a word", "right: {interface: veth-fw-b,", "right: {interface: veth-fw-b, mtu: big,",
     "4:65: sfs[0].ports.right.mtu: 'big' is not allowed here; use a whole number from 68 to 65535"),
    ("an SF is a list", "- {name: arm, ports: {both: veth-arm}}", "- [arm, {both: veth-arm}]",
     "7:5: sfs[1]: must be a mapping, not a list"),
    ("a service is a word", "  - {name: one,", "  - word\n  - {name: one,",
     "19:5: services[2]: must be a mapping, not a single value"),
    ("port's MTU too small", "{interface: eth1, mac", "{interface: eth1, mtu: 67, mac",
     "13:38: services[0].next_hop.mtu: '67' is not allowed here; use a whole number from 68 to 65535"),
    ("interface name too long", "left: veth-fw-a", "left: " + "v" * 128,
     f"4:19: sfs[0].ports.left: '{'v' * 128}' is not an interface name; allowed are 1 to 127 characters "
     "without space, '/' and ':'"),
    ("interface name with a slash", "left: veth-fw-a", "left: veth/a",
     "4:19: sfs[0].ports.left: 'veth/a' is not an interface name; allowed are 1 to 127 characters without space, '/' "
     "and ':'"),
    ("peer that is not prepared", "right: {interface: veth-fw-b,", "right: {interface: veth-fw-b, peer: ready,",
     "4:66: sfs[0].ports.right.peer: 'ready' is not allowed here; use prepared"),
    ("MAC and IP of one port", 'mac: "02:00:00:00:00:0b"', 'mac: "02:00:00:00:00:0b", ip: 192.0.2.2',
     "4:90: sfs[0].ports.right.ip: 'mac' and 'ip' exclude each other; give one of them"),
    ("namespace with a slash", "    hold: 100ms", "    netns: run/c1",
     "5:12: sfs[0].netns: 'run/c1' is not a network namespace; allowed are a name of 'ip netns list', "
     "a path that begins with '/', and a process id"),
    ("profile unknown", "on_miss: drop", "profile: fast",
     "6:14: sfs[0].profile: 'fast' is not allowed here; use transparent or normalizer or transcoder"),
    ("RTP ports backwards", "on_miss: drop", 'rtp_ports: ["9-5"]',
     "6:17: sfs[0].rtp_ports[0]: '9-5' is not allowed here; use a number from 1 to 65535, or a range as in \"1-65535\""),
    ("RTP port 0", "on_miss: drop", "rtp_ports: [0]",
     "6:17: sfs[0].rtp_ports[0]: '0' is not allowed here; use a number from 1 to 65535, or a range as in \"1-65535\""),
    ("five RTP ports", "on_miss: drop", "rtp_ports: [1, 2, 3, 4, 5]",
     "6:16: sfs[0].rtp_ports: at most 4 ports and ranges are possible"),
    ("RTP ports are no list", "on_miss: drop", "rtp_ports: 5004",
     "6:16: sfs[0].rtp_ports: must be a list, not a single value"),
    ("probe is a number", "on_miss: drop", "probe: 1",
     "6:12: sfs[0].probe: '1' is not allowed here; use on or off"),
    ("tunnels unknown", "on_miss: drop", "tunnels: open",
     "6:14: sfs[0].tunnels: 'open' is not allowed here; use keyed or drop or pass"),
    ("label that is never on top", "16001", "3",
     "10:41: services[0].match.label: label 3 is never on top of a label stack (3 is the implicit null label, 7 the "
     "entropy label indicator)"),
    ("entropy label indicator", "16001", "7",
     "10:41: services[0].match.label: label 7 is never on top of a label stack (3 is the implicit null label, 7 the "
     "entropy label indicator)"),
    ("multicast MAC", "02:00:00:00:00:99", "01:00:5e:00:00:01",
     "13:38: services[0].next_hop.mac: '01:00:5e:00:00:01' is not the address of one station; multicast and zero "
     "are not allowed"),
    ("broadcast MAC", "02:00:00:00:00:99", "ff:ff:ff:ff:ff:ff",
     "13:38: services[0].next_hop.mac: 'ff:ff:ff:ff:ff:ff' is not the address of one station; multicast and zero "
     "are not allowed"),
    ("MAC of zeros", "02:00:00:00:00:0b", "00:00:00:00:00:00",
     "4:65: sfs[0].ports.right.mac: '00:00:00:00:00:00' is not the address of one station; multicast and zero are "
     "not allowed"),
    ("multicast IPv4", "192.0.2.1}", "224.0.0.1}",
     "18:37: services[1].next_hop.ip: '224.0.0.1' is not the address of one host; multicast, broadcast, loopback "
     "and zero are not allowed"),
    ("last multicast IPv4", "192.0.2.1}", "239.255.255.255}",
     "18:37: services[1].next_hop.ip: '239.255.255.255' is not the address of one host; multicast, broadcast, "
     "loopback and zero are not allowed"),
    ("broadcast IPv4", "192.0.2.1}", "255.255.255.255}",
     "18:37: services[1].next_hop.ip: '255.255.255.255' is not the address of one host; multicast, broadcast, "
     "loopback and zero are not allowed"),
    ("loopback IPv4", "192.0.2.1}", "127.0.0.1}",
     "18:37: services[1].next_hop.ip: '127.0.0.1' is not the address of one host; multicast, broadcast, loopback "
     "and zero are not allowed"),
    ("IPv4 of this network", "192.0.2.1}", "0.0.0.0}",
     "18:37: services[1].next_hop.ip: '0.0.0.0' is not the address of one host; multicast, broadcast, loopback and "
     "zero are not allowed"),
    ("multicast IPv6", "ip: 192.0.2.1}", 'ip: "ff02::1"}',
     "18:37: services[1].next_hop.ip: 'ff02::1' is not the address of one host; multicast, broadcast, loopback and "
     "zero are not allowed"),
    ("IPv6 of zeros", "ip: 192.0.2.1}", 'ip: "::"}',
     "18:37: services[1].next_hop.ip: '::' is not the address of one host; multicast, broadcast, loopback and zero "
     "are not allowed"),
    ("loopback IPv6", "ip: 192.0.2.1}", 'ip: "::1"}',
     "18:37: services[1].next_hop.ip: '::1' is not the address of one host; multicast, broadcast, loopback and zero "
     "are not allowed"),
    ("Ethernet frames and IP packets for one SF", "    domain: eth0\n", "    domain: eth0\n    inner: ethernet\n",
     "4:37: port 'veth-fw-b' of SF 'fw' takes no 'mac' and no 'ip': the SF gets the Ethernet frames of service "
     "'web-out' as they are"),
)

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

KERNEL_CHANGES = (
    ("stack with routes", "    match: {encapsulation: mpls, label: 16001}\n",
     "    match: {encapsulation: nsh, spi: 777, si: 7}\n"
     "    next_hop: {fib: [eth1], tunnel: {remote: 192.0.2.9, local: 192.0.2.1}}\n",
     "8:15: services[0].next_hop: SF 'nat' is the kernel of this host, whose routes choose among 'egress', so service 'out' "
     "takes no 'fib'"),
    ("stack with on_miss", "hold: 100ms", "on_miss: pass",
     "3:39: sfs[0].on_miss: SF 'nat' is in kernel mode and takes no 'on_miss'; allowed are name, stack, hold, "
     "probe, ports and netns"),
    ("stack with tunnels", "hold: 100ms", "tunnels: keyed",
     "3:39: sfs[0].tunnels: SF 'nat' is in kernel mode and takes no 'tunnels'; allowed are name, stack, hold, "
     "probe, ports and netns"),
    ("stack with profile", "hold: 100ms", "profile: normalizer",
     "3:39: sfs[0].profile: SF 'nat' is in kernel mode and takes no 'profile'; allowed are name, stack, hold, "
     "probe, ports and netns"),
    ("stack with ipv4_id", "hold: 100ms", "ipv4_id: off",
     "3:39: sfs[0].ipv4_id: SF 'nat' is in kernel mode and takes no 'ipv4_id'; allowed are name, stack, hold, "
     "probe, ports and netns"),
    ("stack with tcp_timestamps", "hold: 100ms", "tcp_timestamps: off",
     "3:46: sfs[0].tcp_timestamps: SF 'nat' is in kernel mode and takes no 'tcp_timestamps'; allowed are name, "
     "stack, hold, probe, ports and netns"),
    ("stack with payload_digest", "hold: 100ms", "payload_digest: off",
     "3:46: sfs[0].payload_digest: SF 'nat' is in kernel mode and takes no 'payload_digest'; allowed are name, "
     "stack, hold, probe, ports and netns"),
    ("stack with payload_length", "hold: 100ms", "payload_length: off",
     "3:46: sfs[0].payload_length: SF 'nat' is in kernel mode and takes no 'payload_length'; allowed are name, "
     "stack, hold, probe, ports and netns"),
    ("stack with rtp_ports", "hold: 100ms", "rtp_ports: [5004]",
     "3:41: sfs[0].rtp_ports: SF 'nat' is in kernel mode and takes no 'rtp_ports'; allowed are name, stack, hold, "
     "probe, ports and netns"),
    ("stack is another word", "stack: true", "stack: yes",
     "3:24: sfs[0].stack: 'yes' is not allowed here; use true or false"),
    ("stack without its hold's unit", "hold: 100ms", "hold: 100",
     "3:36: sfs[0].hold: '100' is not allowed here; use a whole number with us, ms or s, from 1ms to 60s"),
    ("no stack and no ports", "stack: true", "stack: false",
     "3:5: sfs[0]: key 'ports' is missing"),
    ("in for a stack", "{name: nat}\n    egress: [eth1]", "{name: nat, in: left}\n    egress: [eth1]",
     "9:25: services[0].sf.in: SF 'nat' is the kernel of this host, so service 'out' takes no 'in'"),
    ("a stack's ports without addresses", "hold: 100ms", "ports: {both: veth-x}",
     "3:37: sfs[0].ports: port 'veth-x' needs 'mac' or 'ip': SF 'nat' is in kernel mode, and a kernel forwards only "
     "what is addressed to it"),
    ("accept at a stack's port", "hold: 100ms", 'ports: {both: {interface: veth-x, mac: "02:00:00:00:00:0b", accept: any}}',
     "3:90: sfs[0].ports.both: unknown key 'accept'; allowed are interface, mac, ip, mtu, peer"),
    ("a stack's netns without ports", "hold: 100ms", "netns: c1",
     "3:37: sfs[0].netns: SF 'nat' is in kernel mode and has a 'netns', so it needs 'ports' in it; without both it "
     "is the kernel of this host"),
    ("next hop of a stack without an address", "    egress: [eth1]\n", "    egress: [eth1]\n    next_hop: {interface: eth1}\n",
     "11:15: services[0].next_hop: needs the next hop's 'mac' or 'ip'"),
    ("next hop of a stack instead of egress", "    egress: [eth1]\n", "    next_hop: ingress\n",
     "6:5: services[0]: service 'out' needs 'egress': SF 'nat' is the kernel of this host; give 1 to 8 interfaces "
     "that its packets may leave through"),
    ("a mark with a gap", "stack: true", "stack: {mark: 0xff00ff00}",
     "3:31: sfs[0].stack.mark: '0xff00ff00' is not allowed here; give bits of the packet's mark in a row, as in 0xffffff00"),
    ("gro that is neither", "stack: true", "stack: {gro: auto}",
     "3:30: sfs[0].stack.gro: 'auto' is not allowed here; use on or off"),
    ("egress missing", "    egress: [eth1]\n", "",
     "6:5: services[0]: service 'out' needs 'egress': SF 'nat' is the kernel of this host; give 1 to 8 interfaces "
     "that its packets may leave through"),
    ("egress empty", "[eth1]", "[]",
     "10:13: services[0].egress: needs at least one interface"),
    ("egress of nine", "[eth1]", "[a1, a2, a3, a4, a5, a6, a7, a8, a9]",
     "10:13: services[0].egress: 9 interfaces are too many; 1 to 8 are possible"),
    ("egress twice", "[eth1]", "[eth1, eth2, eth1]",
     "10:26: port 'eth1' stands in the egress of service 'out' twice"),
    ("egress is an SF port", "[eth1]", "[eth1, veth-arm]",
     "10:20: port 'veth-arm' is a port of SF 'arm'; a port is a domain port or an SF port, never both"),
    ("egress with a MAC", "[eth1]", '{interface: eth1, mac: "02:00:00:00:00:0b"}',
     "10:13: services[0].egress: egress port 'eth1' takes no 'mac' and no 'ip'; the kernel's route and neighbour decide"),
    ("egress with an IP", "[eth1]", "[eth2, {interface: eth1, ip: 192.0.2.1}]",
     "10:20: services[0].egress[1]: egress port 'eth1' takes no 'mac' and no 'ip'; the kernel's route and neighbour decide"),
    ("egress in a namespace", "[eth1]", "[{interface: eth1, netns: c1}]",
     "10:32: services[0].egress[0]: unknown key 'netns'; allowed are interface, mac, ip, mtu, peer"),
    ("egress with another mtu", "[eth1]", "[{interface: eth1, mtu: 1400}]",
     "13:13: port 'eth1' has mtu 1500 here and 1400 at service 'out'; give one value"),
    ("egress for an SF with ports", "next_hop: ingress", "egress: eth1, next_hop: ingress",
     "16:100: services[2].egress: service 'one' takes no 'egress': SF 'arm' is not the kernel of this host; its "
     "packets leave by 'next_hop'"),
    ("egress in place of a next hop", "next_hop: ingress", "egress: [eth1]",
     "16:100: services[2].egress: service 'one' takes no 'egress': SF 'arm' is not the kernel of this host; its "
     "packets leave by 'next_hop'"),
    ("no way out at all", ", next_hop: ingress", "",
     "16:5: services[2]: key 'next_hop' is missing"),
    ("Ethernet frames into a kernel", "    egress: [eth1]\n", "    egress: [eth1]\n    inner: ethernet\n",
     "11:12: services[0].inner: service 'out' takes no 'ethernet': SF 'nat' is in kernel mode; use ip or ipv4 or ipv6"),
    ("a hop taken off beside the stack", "    egress: [eth1]\n", "    egress: [eth1]\n    inner_ttl: decrement\n",
     "11:16: services[0].inner_ttl: service 'out' takes no 'decrement': SF 'nat' is in kernel mode, which does so "
     "itself; use keep"),
    ("quota of a stack", "    egress: [eth1]\n", "    egress: [eth1]\n    quota: 15\n",
     "11:12: services[0].quota: '15' is not allowed here; use a whole number from 16 to 4194304"),
    ("SF unknown, with egress", "{name: nat}\n    egress: [eth1]", "{name: nut}\n    egress: [eth1]",
     "9:9: service 'out' names SF 'nut', which is not among the sfs"),
    ("a mark that is too small", "stack: true", "stack: {mark: 0xff00}",
     "3:31: 0x0000ff00 has 8 bits; for a cache of 4096 headers it takes 25: 13 for their numbers, 4 for the "
     "generation and 8 for a check"),
)
