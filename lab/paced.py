# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""UDP datagrams at a steady pace, each with a number: which ones arrived, and when."""
import dataclasses
import struct
import time

from lab.net import wait_for

RECORD = struct.Struct("=Qd")   # number, time of the monotonic clock, which all namespaces share
SEND = """
import socket, struct, sys, time
address, port, rate, size, path = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
start, number = time.monotonic(), 0
with open(path, "wb", buffering=0) as log:
    while True:
        time.sleep(max(0, start + number / rate - time.monotonic()))
        try:
            s.sendto(struct.pack(">Q", number) + bytes(size - 8), (address, port))
        except OSError:     # an ICMP error that came back: this datagram was not sent
            continue
        log.write(struct.pack("=Qd", number, time.monotonic()))
        number += 1
"""
RECEIVE = """
import socket, struct, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
s.bind(("", int(sys.argv[1])))
with open(sys.argv[2], "wb", buffering=0) as log:
    while True:
        data = s.recv(65535)
        log.write(struct.pack("=Qd", struct.unpack_from(">Q", data)[0], time.monotonic()))
"""


@dataclasses.dataclass
class Arrivals:
    sent: dict          # number to time
    received: dict

    @property
    def lost(self):
        """Numbers, in order."""
        return [number for number in self.sent if number not in self.received]

    def silence_after(self, moment):
        """Seconds from `moment` to the end of the last loss behind it: when the application got a datagram again. 0 if
        nothing was lost."""
        lost = [number for number in self.lost if self.sent[number] >= moment - 0.02]
        later = [at for number, at in self.received.items() if lost and number > lost[-1]]
        return (max(0.0, min(later) - moment) if later else float("inf")) if lost else 0.0


class Paced:
    """Runs from its creation on. `rate` is in datagrams a second."""

    def __init__(self, lab, sender, receiver, address, rate=400, size=200, port=7000):
        self.lab = lab
        self.paths = [lab.folder / f"{role}-{port}-{time.monotonic_ns()}" for role in (sender, receiver)]
        self.receiver = lab.start(receiver, "/usr/bin/python3", "-c", RECEIVE, port, self.paths[1])
        wait_for("the receiver", lambda: lab.run(receiver, "ss", "-Hlun", f"sport = :{port}").stdout.strip())
        self.sender = lab.start(sender, "/usr/bin/python3", "-c", SEND, address, port, rate, size, self.paths[0])
        wait_for("the first datagrams", lambda: len(self.so_far().received) > 20)

    def so_far(self):
        return Arrivals(*[dict(_records(path)) for path in self.paths])

    def stop(self, rest=0.3):
        """Ends it, when what is on its way has had time to arrive."""
        self.lab.stop(self.sender)
        time.sleep(rest)
        self.lab.stop(self.receiver)
        return self.so_far()


def _records(path):
    data = path.read_bytes() if path.exists() else b""
    return RECORD.iter_unpack(data[:len(data) // RECORD.size * RECORD.size])
