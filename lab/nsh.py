# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A lab with NSH: two hosts, an Open vSwitch before each that classifies and forwards, the proxy with its SF between them.

    sender s0 -- a0 [ovs1] a1 -- p0 [proxy] p1 -- b1 [ovs2] b0 -- r0 receiver

What one switch encapsulates, the other one looks at and decapsulates, each way on a path of its own."""
import concurrent.futures
import json
import struct
import time

from lab import account, chain, nsh_flows as flows, nsh_wire, traffic
from lab.bench import since
from lab.edge import link_drops
from lab.firewall import BLOCKED_PORT
from lab.ovs import OpenVSwitch
from lab.proxy import Proxy

MTU_DOMAIN = 1700           # 1500 and the longest header: IPv6, UDP, VXLAN-GPE, NSH with context headers
TUNNEL = {"4": ("203.0.113.1", "203.0.113.2", "203.0.113.5", "203.0.113.6", 30),  # proxy, ovs1, proxy, ovs2
          "6": ("2001:db8:a1::1", "2001:db8:a1::2", "2001:db8:a2::1", "2001:db8:a2::2", 64)}
GATEWAYS = {"sender": ("192.0.2.1", "2001:db8:1::1"), "receiver": ("198.51.100.1", "2001:db8:2::1")}
GATEWAY = "02:00:00:00:00:fe"
TUNNEL_ERRORS = ("datapath_drop_tunnel_pop_error", "datapath_drop_tunnel_push_error")
# The sockets of the switches have room for some 48 frames, which is what comes in 30 ms of this.
PACED = ("-n", "500K", "-l", "8K", "-b", "20M", "--fq-rate", "20M")
UDP = ("-u", "-n", "120K", "-b", "6M", "-l", "1200")
PATIENT = ("--connect-timeout", "4000")     # one SYN may be lost
PCAP_HEADER, RECORD_HEADER = 24, 16
EVENTS = [f"{event}_{kind}" for event in ("pushed", "good") for kind in flows.KINDS]
# The switch's socket sees a frame before these rules do, so they count what it should have read.
ARRIVING = """
table netdev lab {
    counter nsh {}
    chain arriving {
        type filter hook ingress device %s priority filter; policy accept;
        ether type 0x894f counter name nsh
        udp dport 4790 counter name nsh
    }
}
"""
EVENTS += ["wrong", "wrong_header", "wrong_context", "bare", "unread", "refused", "link"]
WEB_PORT = 80
# switch, its port to the host, in the domain, the host and its interface, the proxy's port
ENDS = (("ovs1", "a0", "a1", "sender", "s0", "p0"), ("ovs2", "b0", "b1", "receiver", "r0", "p1"))


def config(lab, sf_ports, ways):
    """Of an SF with the two ports `left` and `right`: each way has a path out and one back."""
    text = f"sfs:\n  - {{name: fn, hold: 300ms, ports: {{left: {sf_ports[0]}, right: {sf_ports[1]}}}}}\nservices:\n"
    for way in ways:
        for direction, name in ((0, "out"), (1, "back")):
            here, there = ENDS[direction], ENDS[1 - direction]
            hop = f'mac: "{mac(lab, there[0], there[2])}"'
            if way.carrier != "ethernet":
                addresses = TUNNEL[way.carrier[3]][2:4] if direction == 0 else TUNNEL[way.carrier[3]][:2]
                hop = 'tunnel: {{remote: "{1}", local: "{0}"}}'.format(*addresses)
            text += (f"  - name: {way.name}-{name}\n    match: {{encapsulation: nsh, spi: {way.path(direction)}, "
                     f"si: {flows.SI_FIRST}}}\n    domain: {here[5]}\n    sf: {{name: fn, in: {('left', 'right')[direction]}}}\n"
                     f"    next_hop: {{interface: {there[5]}, {hop}}}\n" + "    inner: ethernet\n" * way.frames)
    return text


def mac(lab, role, device):
    return json.loads(lab.run(role, "ip", "-j", "link", "show", device).stdout)[0]["address"]


def build(lab):
    """Namespaces, links and addresses; the switches come when the links are up."""
    for role in ("sender", "ovs1", "proxy", "ovs2", "receiver"):
        lab.namespace(role)
    for switch, inside, outside, host, device, port in ENDS:
        lab.link((host, device), (switch, inside))
        lab.link((switch, outside), ("proxy", port), MTU_DOMAIN)
        for its in (inside, outside):   # The kernel would answer ARP for the switch's address, with another MAC.
            lab.run(switch, "sysctl", "-qw", f"net.ipv6.conf.{its}.disable_ipv6=1", f"net.ipv4.conf.{its}.arp_ignore=8")
        lab.run(switch, "nft", "-f", "-", input=ARRIVING % outside)
    for number, (_, _, _, _, _, port) in enumerate(ENDS):
        lab.address("proxy", port, *[f"{ends[2 * number]}/{ends[4]}" for ends in TUNNEL.values()])
    for host, device, own, own6 in (("sender", "s0", chain.SENDER, chain.SENDER6),
                                    ("receiver", "r0", chain.RECEIVER, chain.RECEIVER6)):
        gateway, gateway6 = GATEWAYS[host]
        chain.host(lab, host, device, own, own6, gateway, gateway6, 1500)
        for address in (gateway, gateway6):
            lab.run(host, "ip", "neighbour", "replace", address, "lladdr", GATEWAY, "dev", device, "nud", "permanent")
    for way in flows.WAYS.values():
        lab.address("sender", "s0", f"{way.addresses[0]}/24", f"{way.addresses[1]}/64")


def switch_up(lab, number):
    """One Open vSwitch: the bridge `int` for the host and for NSH, `phy` for the domain."""
    role, inside, outside, host, device, port = ENDS[number]
    switch = OpenVSwitch(lab, role)
    switch.start()
    for bridge in ("int", "phy"):
        switch.bridge(bridge)
    switch.port("phy", outside, 1)
    switch.port("int", inside, flows.HOST)
    switch.port("int", "to-phy", flows.WIRE, "type=patch", "options:peer=to-int")
    switch.port("phy", "to-int", 2, "type=patch", "options:peer=to-phy")
    lab.run(role, "ip", "link", "set", "phy", "mtu", MTU_DOMAIN, "up")
    for name, key, more in ((flows.TUNNEL4, nsh_wire.VNI, ()), (flows.TUNNEL6, nsh_wire.VNI, ()),
                            (flows.TUNNEL4_SUM, nsh_wire.VNI + 1, ["options:csum=true"])):
        ends = TUNNEL["6" if name == flows.TUNNEL6 else "4"]
        switch.port("int", f"gpe{name}", name, "type=vxlan", f"options:remote_ip={ends[2 * number]}", "options:exts=gpe",
                    "options:packet_type=ptap", f"options:key={key}", f"options:dst_port={flows.GPE_PORT}", *more)
    for ends in TUNNEL.values():
        lab.address(role, "phy", f"{ends[2 * number + 1]}/{ends[4]}")
        # Else it would ask for the proxy's MAC when the first packet is there, and drop the packet.
        switch.ask("tnl/arp/set", "phy", ends[2 * number], mac(lab, "proxy", port))
    switch.flows("phy", flows.of_wire())
    side = flows.Side(number, mac(lab, host, device), GATEWAY, mac(lab, role, outside), mac(lab, "proxy", port))
    switch.flows("int", flows.of_chain(side))
    return switch


class NshBench:
    """The lab with one SF of lab/service_functions.py, and the proxy."""

    def __init__(self, lab, sf):
        self.lab, self.sf = lab, sf
        build(lab)
        sf.build(lab)
        lab.wait_up()
        self.switches = [switch_up(lab, number) for number in (0, 1)]
        traffic.serve(lab, "receiver", WEB_PORT, BLOCKED_PORT, addresses=(chain.RECEIVER, chain.RECEIVER6))
        self.proxy = None

    def run(self, sf_ports, ways):
        """`sfcproxy run`, ready. Returns its status. The account begins here."""
        self.proxy = Proxy(self.lab, config(self.lab, sf_ports, ways))
        self.proxy.start()
        status = self.proxy.wait_ready()
        self.sf.start(self.lab)
        self.last = self.counts()
        self.before = self.last, self.sf.counters(self.lab), self.sf.drops(self.lab)
        return status

    def counts(self):
        """The packets of each direction, by EVENTS."""
        at_once([switch.collect for switch in self.switches])
        found = [dict.fromkeys(EVENTS, 0) for _ in ENDS]
        for number, (switch, ends) in enumerate(zip(self.switches, ENDS)):
            here, there = found[number], found[1 - number]
            cookies, wire = switch.packets("int"), switch.packets("phy")
            for at, kind in enumerate(flows.KINDS):
                here[f"pushed_{kind}"] = cookies[flows.PUSHED + at]
                there[f"good_{kind}"] = cookies[flows.GOOD + at]
            there |= {"wrong_header": cookies[flows.WRONG_HEADER], "wrong_context": cookies[flows.WRONG_CONTEXT],
                      "bare": cookies[flows.BARE]}
            there["wrong"] = there["wrong_header"] + there["wrong_context"]
            there["unread"] = arrived_frames(self.lab, ends) - wire[flows.FROM_WIRE]
            here["refused"] = link_drops(self.lab, ends[0], ends[2])
        return found

    def tunnel_errors(self):
        """What both switches say of tunnel packets that they could not open or make."""
        return {name: sum(switch.event(name) for switch in self.switches) for name in TUNNEL_ERRORS}

    def settle(self, rest=0.4):
        """The account of all since run(), when nothing is on its way any more: `rest` is longer than the hold time. `last` has
        the counts that it is made of."""
        time.sleep(rest)
        counts, rules, drops = self.before
        self.last = self.counts()
        sums, now = since(counts, self.last), self.sf.counters(self.lab)
        lost = {ends[2]: sums[number]["refused"] + sums[1 - number]["unread"] for number, ends in enumerate(ENDS)}
        return account.settle(sums, sums, lost, self.proxy.stats(), *since([rules], [now]), self.sf.drops(self.lab) - drops)

    def take(self, way):
        """All that the sender begins goes this way from now on."""
        for family, gateway, address in zip(("-4", "-6"), GATEWAYS["sender"], way.addresses):
            self.lab.run("sender", "ip", family, "route", "change", "default", "via", gateway, "dev", "s0", "src", address)

    def exercise(self, way):
        """Ping, TCP with its data one way and UDP, of both families side by side: of IPv4 TCP goes to the receiver, of IPv6
        to the sender."""
        def family(address, *options):
            ping = traffic.ping(self.lab, "sender", address, count=10)
            # Where the machine is busy, a switch's socket is full now and then. The account has a name for that.
            ping.good = int(ping.text.split()[0]) >= 5
            return [ping,
                    traffic.iperf(self.lab, "sender", address, *PACED, *PATIENT, *options, name="TCP"),
                    traffic.iperf(self.lab, "sender", address, *UDP, *PATIENT, name="UDP")]

        self.take(way)
        here, there = at_once([lambda: family(chain.RECEIVER), lambda: family(chain.RECEIVER6, "-R")])
        return here + there

    def captured(self, work):
        """Does `work`; returns its result, and for each direction the frames that came out of the domain meanwhile."""
        paths = [self.lab.folder / f"{ends[2]}.pcap" for ends in reversed(ENDS)]
        running = [traffic.capture(self.lab, ends[0], ends[2], path, "inbound") for ends, path in zip(reversed(ENDS), paths)]
        done = work()
        traffic.end_captures(self.lab, running, paths)
        return done, [frames(path) for path in paths]


def at_once(works):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return [future.result() for future in [pool.submit(work) for work in works]]


def arrived_frames(lab, ends):
    listed = json.loads(lab.run(ends[0], "nft", "-j", "list", "counters").stdout)["nftables"]
    return [entry["counter"]["packets"] for entry in listed if "counter" in entry][0]


def frames(path):
    """Of a capture file that tcpdump has written."""
    data, at, found = path.read_bytes(), PCAP_HEADER, []
    while at < len(data):
        length, = struct.unpack_from("=8xI", data, at)
        found.append(data[at + RECORD_HEADER:at + RECORD_HEADER + length])
        at += RECORD_HEADER + length
    return found
