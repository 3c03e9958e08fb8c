# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Two hosts that talk SCTP, ESP, GRE and RTP without sockets for these, as few kernels have all of them: packets made by
hand, sent through raw sockets. Both ends know the whole dialogue beforehand, and only a packet that arrives as it was
sent, to the last byte behind its IP header, gets its answer. lab/generators.py runs this file in the hosts' namespaces:

    dialogue.py ask|answer DEVICE OWN-ADDRESS PEER-ADDRESS [OWN-ADDRESS PEER-ADDRESS]
"""
import json
import select
import socket
import struct
import sys
import time

PROTOCOLS = {"SCTP": 132, "ESP": 50, "GRE": 47, "RTP": 17}
RTP_PORT = 5004         # as in lab/packet.h
SCTP_PORT = 5000
SCTP_DATA, SCTP_INIT, SCTP_INIT_ACK, SCTP_SACK, SCTP_SHUTDOWN, SCTP_SHUTDOWN_ACK = 0, 1, 2, 3, 7, 8
SCTP_COOKIE_ECHO, SCTP_COOKIE_ACK, SCTP_SHUTDOWN_COMPLETE = 10, 11, 14
WHOLE = 3               # flags of DATA: first and last piece of a message
COUNT, BURST = 300, 10  # questions of each protocol, and how many of them are asked at once
PATIENCE = 0.3          # seconds for a burst's answers
FAILED_MAX = 4          # bursts that lack an answer, before it gives up: more than ALMOST_ALL in lab/generators.py allows
SILENCE = b"\xff" * 160     # 20 ms of G.711: a payload that tells no packet from another, as all payloads here


def internet_checksum(data):
    total = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def crc32c(data):
    """Of SCTP (RFC 9260, appendix A)."""
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def put(data, at, form, value):
    """`data` with `value` at `at`: a checksum, which is of bytes that must be there first."""
    return data[:at] + struct.pack(form, value) + data[at + struct.calcsize(form):]


def bursts(pairs):
    """The first one goes alone: of several that are all new to connection tracking, on more than one CPU, it may let
    only one through."""
    return [pairs[:1], *[pairs[at:at + BURST] for at in range(1, len(pairs), BURST)]]


def sctp(_asker, _answerer):
    """A whole association (RFC 9260), as firewalls follow its states: set up, data and acknowledgements, shut down."""
    def packet(ports, tag, kind, value=b"", flags=0):
        data = struct.pack(">HHIIBBH", *ports, tag, 0, kind, flags, 4 + len(value)) + value
        return put(data, 8, "<I", crc32c(data))

    def question(*chunk, tag=0x22222222):
        return packet((SCTP_PORT + 1, SCTP_PORT), tag, *chunk)

    def reply(*chunk):
        return packet((SCTP_PORT, SCTP_PORT + 1), 0x11111111, *chunk)

    cookie, window, first = b"the state of it!", 1 << 20, 1000
    setup = struct.pack(">IHHI", window, 1, 1, first)
    data = [(question(SCTP_DATA, struct.pack(">IHHI", tsn, 0, tsn - first, 0) + SILENCE, WHOLE),
             reply(SCTP_SACK, struct.pack(">IIHH", tsn, window, 0, 0))) for tsn in range(first, first + COUNT)]
    return [[(question(SCTP_INIT, struct.pack(">I", 0x11111111) + setup, tag=0),
              reply(SCTP_INIT_ACK, struct.pack(">I", 0x22222222) + setup + struct.pack(">HH", 7, 20) + cookie))],
            [(question(SCTP_COOKIE_ECHO, cookie), reply(SCTP_COOKIE_ACK))],
            *bursts(data),
            [(question(SCTP_SHUTDOWN, struct.pack(">I", first - 1)), reply(SCTP_SHUTDOWN_ACK))],
            [(question(SCTP_SHUTDOWN_COMPLETE), None)]]


def esp(_asker, _answerer):
    """Only SPI and sequence number differ; the rest stands for what is encrypted."""
    return bursts([tuple(struct.pack(">II", spi, number) + SILENCE for spi in (0x1001, 0x2002))
                   for number in range(1, COUNT + 1)])


def gre(_asker, _answerer):
    """Ping through a tunnel (RFC 2784, RFC 2890), every second packet with the tunnel's key and sequence number."""
    def packet(kind, source, target, number):
        icmp = struct.pack(">BBHHH", kind, 0, 0, 9, number) + SILENCE[:56]
        head = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(icmp), number, 0, 64, 1, 0, source, target)
        inner = put(head, 10, ">H", internet_checksum(head)) + put(icmp, 2, ">H", internet_checksum(icmp))
        numbered = struct.pack(">II", 7, number) if number % 2 else b""
        return struct.pack(">HH", 0x3000 if numbered else 0, 0x800) + numbered + inner

    left, right = 0x0a090001, 0x0a090002
    return bursts([(packet(8, left, right, number), packet(0, right, left, number)) for number in range(1, COUNT + 1)])


def rtp(asker, answerer):
    """A call without a word (RFC 3550): only sequence number and timestamp differ."""
    def packet(source, number):
        data = struct.pack(">HHHHBBHII", RTP_PORT, RTP_PORT, 20 + len(SILENCE), 0, 0x80, 0, number, 160 * number,
                           source) + SILENCE
        # The pseudo header's sum is the same in either direction, and as if this one were of either IP version.
        pseudo = asker + answerer + struct.pack(">II", len(data), PROTOCOLS["RTP"])
        return put(data, 6, ">H", internet_checksum(pseudo + data) or 0xffff)

    return bursts([(packet(0xaaaa, number), packet(0xbbbb, number)) for number in range(1, COUNT + 1)])


def listen(device, address):
    """Where tcpdump would: lab/generators.py keeps these packets from the host's own kernel, which would answer with
    errors if it knew the protocol or if it did not."""
    heard = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
    heard.bind((device, 0x86dd if ":" in address else 0x800))
    return heard


def receive(heard):
    """The next packet: (protocol, source address, bytes behind the IP header)."""
    packet = heard.recv(65535)
    if packet[0] >> 4 == 6:
        return packet[6], packet[8:24], packet[40:40 + struct.unpack_from(">H", packet, 4)[0]]
    return packet[9], packet[12:16], packet[(packet[0] & 15) * 4:struct.unpack_from(">H", packet, 2)[0]]


class Line:
    """One protocol to one peer."""

    def __init__(self, protocol, peer):
        self.peer = peer
        family = socket.AF_INET6 if ":" in peer else socket.AF_INET
        self.out = socket.socket(family, socket.SOCK_RAW, protocol)
        if family == socket.AF_INET:    # DF makes the identification 0: one thing less to tell packets apart
            self.out.setsockopt(socket.IPPROTO_IP, 10, 2)   # IP_MTU_DISCOVER, IP_PMTUDISC_DO
        self.name = protocol, socket.inet_pton(family, peer)

    def send(self, message):
        self.out.sendto(message, (self.peer, 0))


def ask(device, line, talk):
    """Returns (questions asked, answers that are due to them, answers that came)."""
    asked = due = answered = failed = 0
    heard = listen(device, line.peer)
    for burst in talk:
        expected = {(*line.name, reply) for _, reply in burst if reply}
        for question, _ in burst:
            line.send(question)
        asked, due, missing = asked + len(burst), due + len(expected), set(expected)
        end = time.monotonic() + PATIENCE
        while missing and select.select([heard], [], [], max(0, end - time.monotonic()))[0]:
            missing.discard(receive(heard))
        answered += len(expected) - len(missing)
        failed += bool(missing)
        if failed == FAILED_MAX:
            break
    heard.close()
    return asked, due, answered


def answer(device, lines):
    """`lines`: (line, its dialogue). Does not come to an end."""
    replies = {(*line.name, question): (line, reply) for line, talk in lines for burst in talk
               for question, reply in burst if reply}
    sockets = [listen(device, address) for address in {":" in line.peer: line.peer for line, _ in lines}.values()]
    print("ready", flush=True)
    while True:
        for heard in select.select(sockets, [], [])[0]:
            line, reply = replies.get(receive(heard), (None, None))
            if line:
                line.send(reply)


def main():
    role, device, *addresses = sys.argv[1:]
    lines = {}
    for own, peer in zip(addresses[::2], addresses[1::2]):
        asker, answerer = (own, peer) if role == "ask" else (peer, own)
        ends = [socket.inet_pton(socket.AF_INET6 if ":" in own else socket.AF_INET, each) for each in (asker, answerer)]
        for name, talk in (("SCTP", sctp), ("ESP", esp), ("GRE", gre), ("RTP", rtp)):
            lines[name, peer] = Line(PROTOCOLS[name], peer), talk(*ends)
    if role == "answer":
        answer(device, list(lines.values()))
    print(json.dumps([[*name, *ask(device, *line)] for name, line in lines.items()]))


if __name__ == "__main__":
    main()
