# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Frames that come in without their checksum or their VLAN tag, because the kernel keeps it beside them where XDP does
not see it: such ports are refused by name, and noticed when they become so."""
import json
import subprocess
import unittest

import ports
from support import open_lab

from lab.net import wait_for
from lab.proxy import Proxy

MAC, OURS = "02:00:00:00:aa:01", "02:00:00:00:bb:01"
# A VM's end of tap0, with vnet headers or without. It returns each UDP packet; with vnet headers it leaves the checksum
# to the host, as a VM does that has offloads.
VM = """
import fcntl, os, struct, sys
vnet = sys.argv[1] == "vnet"
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, 0x400454ca, struct.pack("16sH14x", b"tap0", 0x0002 | 0x1000 | (0x4000 if vnet else 0)))
print("ready", flush=True)
while True:
    frame = bytearray(os.read(tap, 4000)[10 if vnet else 0:])
    if frame[12:14] != b"\\x08\\x00" or frame[23] != 17:
        continue
    frame[:12] = frame[6:12] + frame[:6]
    header = b""
    if vnet:
        pseudo = sum(struct.unpack(">4H", frame[26:34])) + 17 + len(frame) - 34
        pseudo = (pseudo & 0xffff) + (pseudo >> 16)
        frame[40:42] = struct.pack(">H", pseudo)
        header = struct.pack("=BBHHHH", 1, 0, 0, 0, 34, 6)      # VIRTIO_NET_HDR_F_NEEDS_CSUM
    os.write(tap, header + frame)
"""
SEND = """
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("d0", 0))
s.send(bytes.fromhex(sys.argv[1]))
"""


def config(port="tap0", more="", domain="p0"):
    return ports.config(f'ports: {{both: {{interface: {port}, mac: "{MAC}"{more}}}}}').replace("sf: {name: fw, in: left}", "sf: {name: fw}") \
        .replace("domain: p0", f"domain: {domain}")


class WholeFrames(unittest.TestCase):
    vm = None

    @classmethod
    def setUpClass(cls):
        cls.lab = lab = open_lab()
        cls.addClassCleanup(lab.close)
        ports.build(lab)
        lab.run("proxy", "ip", "tuntap", "add", "tap0", "mode", "tap")
        lab.run("proxy", "ip", "link", "set", "tap0", "address", OURS, "up")
        lab.run("proxy", "ip", "link", "add", "link", "f0", "name", "mac0", "type", "macvlan", "mode", "private")
        lab.run("proxy", "ip", "link", "set", "mac0", "up")

    def setUp(self):
        self.addCleanup(self.close_tap)

    def open_tap(self, how):
        """Another program has the tap from now on."""
        self.close_tap()
        self.vm = self.lab.start("proxy", "/usr/bin/python3", "-c", VM, how, stdout=subprocess.PIPE)
        self.assertEqual(self.vm.stdout.readline(), b"ready\n")

    def close_tap(self):
        if self.vm:
            self.lab.stop(self.vm)
            self.vm.stdout.close()
            self.vm = None

    def attach(self, text, *options):
        code, out, err = ports.run(self.lab, "attach", *options, text=text)
        self.assertEqual((code, err), (0, ""), out)
        self.addCleanup(ports.run, self.lab, "detach")

    def refused(self, text, *words, options=()):
        before = ports.picture(self.lab)
        code, out, err = ports.run(self.lab, "attach", *options, text=text)
        self.assertEqual((code, len(err.splitlines())), (4, 1), out + err)
        for word in words:
            self.assertIn(word, err)
        self.assertEqual(ports.picture(self.lab), before)

    def status(self, name="tap0"):
        status = json.loads(ports.run(self.lab, "status", "-j")[1])
        return status["ready"], next(port for port in status["ports"] if port["name"] == name)

    def test_vnet_headers_are_refused(self):
        self.open_tap("vnet")
        for options in ((), ("--generic",)):
            self.refused(config(), "port 'tap0'", "vnet headers", "peer: prepared", options=options)
            self.refused(config("f0", domain="tap0"), "port 'tap0'", "vnet headers", options=options)
        self.attach(config(more=", peer: prepared"))        # somebody says that the VM finishes its checksums
        self.assertEqual((self.status()[0], self.status()[1]["vnet_headers"]), (True, False))

    def test_status_notices_them(self):
        self.open_tap("plain")
        self.attach(config())
        self.assertEqual((self.status()[0], self.status()[1]["vnet_headers"]), (True, False))
        self.open_tap("vnet")
        self.assertEqual((self.status()[0], self.status()[1]["vnet_headers"]), (False, True))
        self.assertIn("VNET HEADERS", ports.run(self.lab, "status")[1])

    def start(self, text):
        proxy = Proxy(self.lab, text, program=ports.PROGRAM)
        proxy.start()
        self.addCleanup(proxy.stop)
        wait_for("the proxy", lambda: proxy.status().get("ready"))
        return proxy

    def send(self, label, stats):
        """One packet; returns what has become of it."""
        from scapy.layers.inet import IP, UDP
        packet = bytes(IP(src="192.0.2.10", dst="198.51.100.10") / UDP(sport=1000, dport=2000) / b"hello")
        mac = json.loads(self.lab.run("proxy", "ip", "-j", "link", "show", "p0").stdout)[0]["address"]
        head = mac.replace(":", "") + MAC.replace(":", "") + "8847"
        frame = head + (16001 << 12 | 60).to_bytes(4, "big").hex() + (label << 12 | 0x13c).to_bytes(4, "big").hex() + packet.hex()
        before = stats()
        self.lab.run("other", "/usr/bin/python3", "-c", SEND, frame)
        return wait_for("the packet", lambda: self.outcome(before, stats()))

    @staticmethod
    def outcome(before, after):
        """The service's counters that have grown, where the packet has ended."""
        def packets(service):
            return {"restored": service["restored"]["packets"],
                    **{reason: cell["packets"] for reason, cell in service["dropped"].items()}}
        old, new = (packets(stats["counters"]["services"]["out"]) for stats in (before, after))
        return [name for name in new if new[name] > old.get(name, 0)]

    def test_run_notices_them(self):
        """No packet is sent any more where its checksum would be spoilt, until the tap is as it was."""
        self.open_tap("plain")
        proxy = self.start(config())
        self.assertEqual(self.send(17001, proxy.stats), ["restored"])
        self.open_tap("vnet")
        wait_for("the message", lambda: "opened tap 'tap0' with vnet headers" in proxy.said())
        self.assertEqual(self.send(17002, proxy.stats), ["no_next_hop"])
        self.assertFalse(proxy.status()["ready"])
        self.open_tap("plain")
        wait_for("the port", lambda: proxy.status()["ready"])
        self.assertEqual(self.send(17003, proxy.stats), ["restored"])

    def test_run_takes_a_domain_port_off(self):
        self.open_tap("plain")
        proxy = self.start(config("f0", domain="tap0"))
        self.open_tap("vnet")
        wait_for("the port", lambda: not next(port for port in proxy.status()["ports"] if port["name"] == "tap0")["attached"])
        self.assertIn("opened tap 'tap0' with vnet headers", proxy.said())
        self.open_tap("plain")
        wait_for("the port", lambda: proxy.status()["ready"])

    def test_tags_beside_frames(self):
        """A macvlan gets a frame without its tag. In native mode it is no port: it has no such mode."""
        for text in (config("mac0"), config("f1", domain="mac0")):
            self.refused(text, "port 'mac0'", "VLAN tags", "macvlan", options=("--generic",))


if __name__ == "__main__":
    unittest.main()
