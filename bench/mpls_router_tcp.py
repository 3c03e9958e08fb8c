# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TCP in the guest of bench/run mpls-router, in the network of bench/chain_tcp.py: one flow with one stack, checked where it arrives.
A network for each curve; all ports of the proxy's kernel poll, with a program of their own or the proxy's."""
import dataclasses
import subprocess

from bench import chain_tcp
from bench.mpls_router_lab import Way, put
from bench.mpls_router_plan import CURVES
from lab import chain
from lab.bench import since
from lab.edge import BARE, EVEN, EVEN_TTL, STEADY, Edge, steady_labels, total
from lab.net import LabError

PORT, FROM_PORT = 5201, 40004   # with these the stack has 4 labels, both ways
BLOCK = 8 << 20                 # bytes, which the receiver confirms
PYTHON = "/usr/bin/python3"
RECEIVE = """
import socket, sys
port, block = map(int, sys.argv[1:])
server = socket.create_server(("", port))
room = bytearray(1 << 16)
while True:
    flow, _ = server.accept()
    left = block
    try:
        while got := flow.recv_into(room, min(left, len(room))):
            left -= got
            if left == 0:
                flow.sendall(b"!")
                left = block
    except ConnectionResetError:
        pass
"""
# Idle time passes without instructions, so the clock is not the count; the kernel adds idle time up by that clock.
SEND = """
import re, socket, struct, sys, time
address, port, source, block = sys.argv[1], *map(int, sys.argv[2:])
def idle():
    with open("/proc/timer_list") as file:
        return sum(int(ns) for ns in re.findall(r"idle_sleeptime *: (\\d+)", file.read()))
flow = socket.socket()
flow.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
flow.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))     # the ports are free at once
flow.bind(("", source))
flow.settimeout(20)
flow.connect((address, port))
piece = bytes(1 << 16)
for _ in sys.stdin:
    before = idle()
    start = time.monotonic_ns()
    for _ in range(block // len(piece)):
        flow.sendall(piece)
    flow.recv(1)
    took = time.monotonic_ns() - start
    print(took - (idle() - before), flush=True)
"""


@dataclasses.dataclass
class Flow:
    instructions: float     # a segment
    sent: int       # segments
    wrong: int      # of both directions
    lost: int       # and sent again
    forwarded: float    # IP packets of both directions, a segment: fewer where GRO merges


class CountedTcp(chain_tcp.Tcp):
    def __init__(self, lab, curve):
        super().__init__(lab)
        self.curve, self.variant = curve, CURVES[curve].variant
        # All curves have as many acknowledgements: none is left out, as the receiver does while its window is nearly full.
        lab.route("receiver", f"{chain.SENDER}/32", "via", "198.51.100.1", "mtu", 1500, "advmss", 1460, "quickack", 1)
        for role, device in (("sender", "s0"), ("receiver", "r0")):
            lab.run(role, "ethtool", "-K", device, "gro", "off")
        if self.variant == "proxy":
            return
        port = Edge(lab, "proxy")
        for device in ("p0", "p1"):
            port.attach(device, "edge_pass")
        if self.variant != "forwarding":
            out, back = steady_labels(FROM_PORT, PORT, 0), steady_labels(PORT, FROM_PORT, 1)
            put(lab, self.variant, [Way("p0", out, out[1:], chain.RECEIVER, "p1", EVEN_TTL),
                                    Way("p1", back, back[1:], chain.SENDER, "p0", EVEN_TTL)])

    def serve(self):
        self.lab.start("receiver", PYTHON, "-c", RECEIVE, PORT, BLOCK)

    def gro(self, state):
        self.use(self.variant == "proxy", state == "on", BARE if self.variant == "forwarding" else STEADY | EVEN)

    def kernel_counted(self):
        """IP packets that the proxy's kernel has forwarded, and segments that the sender sent again."""
        def read(role, protocol, name):
            names, values = [line.split() for line in self.lab.run(role, "cat", "/proc/net/snmp").stdout.splitlines()
                             if line.startswith(f"{protocol}:")]
            return int(values[names.index(name)])
        return read("proxy", "Ip", "ForwDatagrams"), read("sender", "Tcp", "RetransSegs")

    def block(self, sender):
        """Sends one. Returns the instructions that it took."""
        sender.stdin.write("\n")
        sender.stdin.flush()
        answer = sender.stdout.readline()
        if not answer:
            raise LabError(f"the TCP flow of {self.curve} has ended: {sender.stderr.read()}")
        return int(answer)

    def flow(self):
        """The second block, when its window is open."""
        sender = self.lab.start("sender", PYTHON, "-c", SEND, chain.RECEIVER, PORT, FROM_PORT, BLOCK, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.block(sender)
        before, earlier = self.counted(), self.kernel_counted()
        instructions = self.block(sender)
        _, _, there, here = since(before, self.counted())
        forwarded, lost = [now - old for now, old in zip(self.kernel_counted(), earlier)]
        self.lab.stop(sender)
        wrong = there["wrong"] + here["wrong"]
        if self.variant == "forwarding":
            segments = there["bare"]
        else:
            segments = total(there, "good")
            wrong += there["bare"] + here["bare"]
        return Flow(instructions / segments, segments + lost, wrong, lost, forwarded / segments)
