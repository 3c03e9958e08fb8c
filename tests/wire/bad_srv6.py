# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""As bad_configs.py, for services of SRv6."""

SRV6_GOOD = """\
sfs:
  - {name: fw, ports: {left: veth-fw-a, right: veth-fw-b}}
  - {name: nat, ports: {left: veth-nat-a, right: veth-nat-b}}
services:
  - name: web-out
    match: {encapsulation: srv6, sid: "2001:db8:100::/48", lblen: 32, nflen: 16}
    domain: eth0
    sf: {name: fw, in: left}
    inner: ip
    next_hop: {interface: eth1, mac: "02:00:00:00:00:99"}
  - name: web-static
    match: {encapsulation: srv6, sid: "2001:db8:f::a", behaviour: as}
    domain: eth0
    sf: {name: fw, in: left}
    header: {source: "2001:db8::1", segments: ["2001:db8:1::1", "2001:db8:2::1"], traffic_class: 46}
    next_hop: ingress
  - name: web-masked
    match: {encapsulation: srv6, sid: "2001:db8:f::2", behaviour: am}
    domain: eth0
    sf: {name: nat, in: left}
    next_hop: ingress
"""
_HEADER = "    header: {source: \"2001:db8::1\", segments: [\"2001:db8:1::1\", \"2001:db8:2::1\"], traffic_class: 46}\n"

SRV6_CHANGES = (
    ("SID missing", "sid: \"2001:db8:f::2\", ", "",
     "18:12: services[2].match: key 'sid' is missing"),
    ("SID is a name", "\"2001:db8:f::2\"", "end",
     "18:39: services[2].match.sid: 'end' is not a SID; write an IPv6 address, or a prefix of 1 to 128 bits as in "
     "\"2001:db8:100::/48\""),
    ("SID of IPv4", "\"2001:db8:f::2\"", "192.0.2.1",
     "18:39: services[2].match.sid: '192.0.2.1' is not a SID; write an IPv6 address, or a prefix of 1 to 128 bits as"
     " in \"2001:db8:100::/48\""),
    ("SID is a multicast address", "\"2001:db8:f::2\"", "\"ff02::1\"",
     "18:39: services[2].match.sid: 'ff02::1' is not a SID; write an IPv6 address, or a prefix of 1 to 128 bits as "
     "in \"2001:db8:100::/48\""),
    ("SID with a prefix of 0", "\"2001:db8:f::2\"", "\"::/0\"",
     "18:39: services[2].match.sid: '::/0' is not a SID; write an IPv6 address, or a prefix of 1 to 128 bits as in "
     "\"2001:db8:100::/48\""),
    ("SID with a prefix of 129", "\"2001:db8:f::2\"", "\"2001:db8:f::2/129\"",
     "18:39: services[2].match.sid: '2001:db8:f::2/129' is not a SID; write an IPv6 address, or a prefix of 1 to 128"
     " bits as in \"2001:db8:100::/48\""),
    ("SID with bits behind its prefix", "2001:db8:100::/48", "2001:db8:100:1::/48",
     "6:39: services[0].match.sid: '2001:db8:100:1::/48' has bits behind its prefix of 48 bits; leave them zero"),
    ("behaviour in capitals", "behaviour: am", "behaviour: AM",
     "18:67: services[2].match.behaviour: 'AM' is not allowed here; use ad or as or am"),
    ("lblen is no multiple of 8", "lblen: 32", "lblen: 33",
     "6:67: services[0].match.lblen: '33' is not allowed here; use a multiple of 8 from 8 to 120"),
    ("lblen 0", "lblen: 32", "lblen: 0",
     "6:67: services[0].match.lblen: '0' is not allowed here; use a multiple of 8 from 8 to 120"),
    ("lengths do not make the prefix", "nflen: 16", "nflen: 24",
     "6:67: services[0].match.lblen: lblen and nflen must be multiples of 8 that make the SID's prefix of 48 bits, "
     "below 128"),
    ("a compressed SID without an argument", "2001:db8:100::/48\", lblen: 32, nflen: 16", "2001:db8:100::/128\", lblen: 32",
     "6:68: services[0].match.lblen: lblen and nflen must be multiples of 8 that make the SID's prefix of 128 bits, "
     "below 128"),
    ("End.AM with a compressed SID", "lblen: 32, nflen: 16", "lblen: 32, behaviour: am",
     "6:67: services[0].match.lblen: behaviour 'am' takes no compressed SID, because the last segment is the "
     "packet's destination"),
    ("End.AS without a header", _HEADER, "",
     "11:5: services[1]: service 'web-static' needs 'header', with 'source' and 'segments', because its behaviour is"
     " 'as'"),
    ("a header for End.AD", "    inner: ip\n", _HEADER,
     "9:13: services[0].header: service 'web-out' takes no 'header': its behaviour is 'ad', and only 'as' has one of"
     " its own"),
    ("source of IPv4", "source: \"2001:db8::1\"", "source: 192.0.2.1",
     "15:22: services[1].header.source: '192.0.2.1' is not an IPv6 address"),
    ("source is a multicast address", "source: \"2001:db8::1\"", "source: \"ff02::1\"",
     "15:22: services[1].header.source: 'ff02::1' is not the address of one host; multicast, broadcast, loopback and"
     " zero are not allowed"),
    ("no segments", "[\"2001:db8:1::1\", \"2001:db8:2::1\"]", "[]",
     "15:47: services[1].header.segments: 0 segments are not possible; give 1 to 10"),
    ("eleven segments", "[\"2001:db8:1::1\", \"2001:db8:2::1\"]", "[" + ", ".join(["\"2001:db8:1::1\""] * 11) + "]",
     "15:47: services[1].header.segments: 11 segments are not possible; give 1 to 10"),
    ("segments are no list", "[\"2001:db8:1::1\", \"2001:db8:2::1\"]", "\"2001:db8:1::1\"",
     "15:47: services[1].header.segments: must be a list, not a single value"),
    ("traffic class of 9 bits", "traffic_class: 46", "traffic_class: 256",
     "15:98: services[1].header.traffic_class: '256' is not allowed here; use a whole number from 0 to 255"),
    ("a key for HMAC", "traffic_class: 46", "hmac: secret",
     "15:83: services[1].header: unknown key 'hmac'; allowed are source, segments, traffic_class"),
    ("hmac of a service", "    inner: ip\n", "    hmac: secret\n",
     "9:5: services[0]: unknown key 'hmac'; allowed are name, match, domain, sf, next_hop, egress, inner, inner_ttl,"
     " quota, header, cache"),
    ("inner of End.AM", "name: nat, in: left}", "name: nat, in: left}\n    inner: ipv6",
     "21:12: services[2].inner: service 'web-masked' has 'behaviour: am' and so takes no 'inner'"),
    ("inner_ttl of End.AM", "name: nat, in: left}", "name: nat, in: left}\n    inner_ttl: keep",
     "21:16: services[2].inner_ttl: service 'web-masked' has 'behaviour: am' and so takes no 'inner_ttl'"),
    ("End.AM beside another behaviour", "name: nat, in: left", "name: fw, in: left",
     "17:5: SF 'fw' would get segment routing headers from service 'web-masked' and none from 'web-out'; it gets one"
     " kind"),
    ("one SID for two services", "2001:db8:f::2", "2001:db8:f::a",
     "18:39: SID 2001:db8:f::a on port 'eth0' is matched by service 'web-static' already; one match selects one "
     "service"),
    ("cache of End.AM", "name: nat, in: left}", "name: nat, in: left}\n    cache: last",
     "21:12: services[2].cache: service 'web-masked' takes no 'cache: last': its behaviour is 'am', and it is for "
     "'ad'"),
    ("cache is another word", "    inner: ip\n", "    cache: flow\n",
     "9:12: services[0].cache: 'flow' is not allowed here; use each or last"),
    ("two services keep a last header for one port", "next_hop: ingress\n  - name: web-masked",
     "next_hop: ingress\n  - {name: one, match: {encapsulation: srv6, sid: \"2001:db8:f::3\"}, domain: eth0, cache: last, "
     "sf: {name: fw, in: left}, next_hop: ingress}\n  - {name: two, match: {encapsulation: srv6, sid: \"2001:db8:f::4\"}, "
     "domain: eth0, cache: last, sf: {name: fw, in: left}, next_hop: ingress}\n  - name: web-masked",
     "18:90: service 'two' would also keep its last header for port 'veth-fw-b', as service 'one' does; one can"),
    ("label of SRv6", "sid: \"2001:db8:f::2\"", "label: 16001",
     "18:34: services[2].match: unknown key 'label'; allowed are encapsulation, sid, behaviour, lblen, nflen"),
    ("End.AM in kernel mode", "{name: nat, ports: {left: veth-nat-a, right: veth-nat-b}}",
     "{name: nat, stack: true, netns: x, ports: {left: {interface: a, ip: 192.0.2.1}, right: {interface: b, ip: 192.0.2.2}}}",
     "18:12: services[2].match: service 'web-masked' takes no behaviour 'am': SF 'nat' is in kernel mode, and End.AM"
     " is for an SF in user mode"),
)
