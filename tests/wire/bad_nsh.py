# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""As bad_configs.py, for services of NSH."""

NSH_GOOD = """\
vxlan_gpe_port: 4790
sfs:
  - {name: fw, ports: {left: veth-fw-a, right: veth-fw-b}}
services:
  - name: web-out
    match: {encapsulation: nsh, spi: 777, si: 7}
    domain: eth0
    sf: {name: fw, in: left}
    forwarder: true
    next_hop: {interface: eth1, mac: "02:00:00:00:00:99"}
  - name: web-gpe
    match: {encapsulation: nsh, spi: 778, si: [7, 6]}
    domain: eth0
    sf: {name: fw, in: left}
    next_hop: {interface: eth1, tunnel: {remote: 192.0.2.9, local: 192.0.2.1}}
  - {name: any, match: {encapsulation: nsh, spi: 779, si: any}, domain: eth0, sf: {name: fw, in: left}, next_hop: ingress}
  - name: routed
    match: {encapsulation: nsh, spi: 780, si: 7}
    domain: eth0
    sf: {name: fw, in: left}
    next_hop: {fib: [eth1, eth2], tunnel: {remote: 192.0.2.8, local: 192.0.2.1}}
"""

NSH_OF_KERNEL = """\
sfs:
  - {name: nat, stack: true}
services:
  - {name: out, match: {encapsulation: nsh, spi: 777, si: 7}, domain: eth0, sf: {name: nat}, egress: eth1}
"""

NSH_CHANGES = (
    ("port of VXLAN-GPE 0", "4790", "0",
     "1:17: vxlan_gpe_port: '0' is not allowed here; use a whole number from 1 to 65535"),
    ("port of VXLAN-GPE is a name", "4790", "vxlan",
     "1:17: vxlan_gpe_port: 'vxlan' is not allowed here; use a whole number from 1 to 65535"),
    ("path of 25 bits", "777", "16777216",
     "6:38: services[0].match.spi: '16777216' is not allowed here; use a whole number from 0 to 16777215"),
    ("path below 0", "777", "-1",
     "6:38: services[0].match.spi: '-1' is not allowed here; use a whole number from 0 to 16777215"),
    ("path is a name", "777", "web",
     "6:38: services[0].match.spi: 'web' is not allowed here; use a whole number from 0 to 16777215"),
    ("path missing", "spi: 777, ", "",
     "6:12: services[0].match: key 'spi' is missing"),
    ("index missing", ", si: 7}", "}",
     "6:12: services[0].match: key 'si' is missing"),
    ("index 0", "si: 7}", "si: 0}",
     "6:47: services[0].match.si: '0' is not allowed here; use a whole number from 1 to 255"),
    ("index 256", "si: 7}", "si: 256}",
     "6:47: services[0].match.si: '256' is not allowed here; use a whole number from 1 to 255"),
    ("index is another word", "si: any", "si: all",
     "16:59: services[2].match.si: 'all' is not allowed here; use a whole number from 1 to 255, a list of them, or any"),
    ("index 256 in a list", "[7, 6]", "[7, 256]",
     "12:51: services[1].match.si[1]: '256' is not allowed here; use a whole number from 1 to 255"),
    ("index 0 in a list", "[7, 6]", "[7, 0]",
     "12:51: services[1].match.si[1]: '0' is not allowed here; use a whole number from 1 to 255"),
    ("any in a list", "[7, 6]", "[any]",
     "12:48: services[1].match.si[0]: 'any' is not allowed here; use a whole number from 1 to 255"),
    ("no index in a list", "[7, 6]", "[]",
     "12:47: services[1].match.si: needs at least one service index, or 'any'"),
    ("index is a mapping", "si: any", "si: {least: 1}",
     "16:59: services[2].match.si: must be a single value, not a mapping"),
    ("label of NSH", "spi: 777", "label: 777",
     "6:33: services[0].match: unknown key 'label'; allowed are encapsulation, spi, si"),
    ("index of labels", "nsh, spi: 779", "mpls, label: 779",
     "16:58: services[2].match: unknown key 'si'; allowed are encapsulation, label"),
    ("ttl of labels", "forwarder: true", "ttl: pipe",
     "9:5: services[0]: unknown key 'ttl'; allowed are name, match, domain, sf, next_hop, egress, inner, inner_ttl, quota, "
     "forwarder, oam"),
    ("forwarder of labels", "nsh, spi: 777, si: 7", "mpls, label: 777",
     "9:5: services[0]: unknown key 'forwarder'; allowed are name, match, domain, sf, next_hop, egress, inner, inner_ttl, "
     "quota, ttl, last_label"),
    ("forwarder is on", "forwarder: true", "forwarder: on",
     "9:16: services[0].forwarder: 'on' is not allowed here; use true or false"),
    ("OAM packets are on", "forwarder: true", "oam: on",
     "9:10: services[0].oam: 'on' is not allowed here; use drop or forward"),
    ("OAM packets without a next hop", NSH_GOOD, NSH_OF_KERNEL.replace("egress: eth1", "egress: eth1, oam: forward"),
     "4:5: service 'out' has 'oam: forward' and so needs a 'next_hop', because OAM packets do not go through the kernel"),
    ("one index for two services", "spi: 778", "spi: 777",
     "12:38: service path 777 with service index 7 on port 'eth0' is matched by service 'web-out' already; one match selects "
     "one service"),
    ("any index for two services", "spi: 778, si: [7, 6]}", "spi: 779, si: any}",
     "16:50: service path 779 on port 'eth0' is matched by service 'web-gpe' already; one match selects one service"),
    ("an index twice in a list", "[7, 6]", "[7, 7]",
     "12:38: service path 778 with service index 7 on port 'eth0' is matched by service 'web-gpe' already; one match selects "
     "one service"),
    ("tunnel of labels", "nsh, spi: 778, si: [7, 6]", "mpls, label: 777",
     "15:33: services[1].next_hop: unknown key 'tunnel'; allowed are interface, mac, ip, mtu, peer"),
    ("tunnel between two versions", "local: 192.0.2.1", 'local: "2001:db8::1"',
     "15:41: services[1].next_hop.tunnel: the tunnel's ends '192.0.2.9' and '2001:db8::1' must be of one IP version"),
    ("tunnel without its other end", "remote: 192.0.2.9, ", "",
     "15:41: services[1].next_hop.tunnel: key 'remote' is missing"),
    ("tunnel without its own end", ", local: 192.0.2.1", "",
     "15:41: services[1].next_hop.tunnel: key 'local' is missing"),
    ("tunnel to a group", "192.0.2.9", "224.0.0.9",
     "15:50: services[1].next_hop.tunnel.remote: '224.0.0.9' is not the address of one host; multicast, broadcast, loopback "
     "and zero are not allowed"),
    ("tunnel to a name", "192.0.2.9", "gateway",
     "15:50: services[1].next_hop.tunnel.remote: 'gateway' is not an IPv4 or IPv6 address"),
    ("tunnel from a name", "local: 192.0.2.1", "local: here",
     "15:68: services[1].next_hop.tunnel.local: 'here' is not an IPv4 or IPv6 address"),
    ("unknown key of a tunnel", "local: 192.0.2.1", "source: 192.0.2.1",
     "15:61: services[1].next_hop.tunnel: unknown key 'source'; allowed are remote, local"),
    ("tunnel without an interface", "interface: eth1, tunnel", "tunnel",
     "15:15: services[1].next_hop: key 'interface' is missing"),
    ("routes without a tunnel", ", tunnel: {remote: 192.0.2.8, local: 192.0.2.1}", "",
     "21:21: services[3].next_hop.fib: 'fib' needs a 'tunnel' beside it, because nsh behind Ethernet has no IP destination to "
     "ask the kernel for"),
    ("routes of labels", "nsh, spi: 780, si: 7", "mpls, label: 780",
     "21:21: services[3].next_hop.fib: 'fib' asks the kernel for a route, and mpls has no IP destination to ask for; give "
     "'interface' with 'mac' or 'ip'"),
    ("routes by no interface", "[eth1, eth2]", "[]",
     "21:21: services[3].next_hop.fib: needs at least one interface"),
    ("routes by nine interfaces", "[eth1, eth2]", "[a1, a2, a3, a4, a5, a6, a7, a8, a9]",
     "21:21: services[3].next_hop.fib: 9 interfaces are too many; 1 to 8 are possible"),
    ("routes by an interface twice", "[eth1, eth2]", "[eth1, eth1]",
     "21:28: port 'eth1' stands in the fib of service 'routed' twice"),
    ("routes by a port of an SF", "[eth1, eth2]", "[eth1, veth-fw-b]",
     "21:28: port 'veth-fw-b' is a port of SF 'fw'; a port is a domain port or an SF port, never both"),
    ("routes and an address", "[eth1, eth2]", "[{interface: eth1, ip: 192.0.2.7}]",
     "21:22: services[3].next_hop.fib[0]: fib port 'eth1' takes no 'mac' and no 'ip'; the kernel's route and neighbour decide"),
    ("routes and an interface", "fib: [eth1, eth2]", "fib: [eth1, eth2], interface: eth1",
     "21:35: services[3].next_hop: unknown key 'interface'; allowed are fib, tunnel"),
    ("next hop of NSH without an address", ', mac: "02:00:00:00:00:99"', "",
     "10:15: services[0].next_hop: needs the next hop's 'mac', 'ip' or 'tunnel'"),
)
