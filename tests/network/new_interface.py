# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""new_interface.py PIN NETNS ROUNDS: makes an interface over and over, with its peer in the other namespace. Prints of
each when a packet could leave by it first, and when its leak guard was there, in seconds of the monotonic clock. The kernel
tells both: by the interface's first route, and by the pin in the directory PIN."""
import ctypes
import os
import select
import socket
import struct
import subprocess
import sys
import time

NAME, PEER, ADDRESS = "new0", "new1", "203.0.113.129/25"
PATIENCE = 20
RTMGRP_IPV4_ROUTE, RTM_NEWROUTE, RTA_OIF = 0x40, 24, 4
IN_CREATE, IN_DELETE = 0x100, 0x200
NLMSGHDR, RTMSG, RTATTR, EVENT = (struct.Struct(text) for text in ("=IHHII", "=8BI", "=HH", "=iIII"))
NAME_BYTES = 16384


def padded(length):
    return -(-length // 4) * 4


def routes_by(data):
    """The interfaces of the new routes that messages of rtnetlink tell of."""
    while len(data) >= NLMSGHDR.size:
        length, kind = NLMSGHDR.unpack_from(data)[:2]
        attributes = data[NLMSGHDR.size + RTMSG.size:length]
        while kind == RTM_NEWROUTE and len(attributes) >= RTATTR.size:
            size, what = RTATTR.unpack_from(attributes)
            if what == RTA_OIF:
                yield struct.unpack_from("=I", attributes, RTATTR.size)[0]
            attributes = attributes[padded(size):]
        data = data[padded(length):]


def names_of(data, wanted):
    """The files that came or went."""
    while data:
        _, mask, _, length = EVENT.unpack_from(data)
        if mask & wanted:
            yield data[EVENT.size:EVENT.size + length].rstrip(b"\0").decode()
        data = data[EVENT.size + length:]


class Kernel:
    """Tells of routes and of pins."""

    def __init__(self, pin):
        self.routes = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self.routes.bind((0, RTMGRP_IPV4_ROUTE))
        self.routes.setblocking(False)
        libc = ctypes.CDLL(None, use_errno=True)
        self.pins = libc.inotify_init1(os.O_CLOEXEC)
        if libc.inotify_add_watch(self.pins, os.fsencode(pin), IN_CREATE | IN_DELETE) < 0:
            raise OSError(ctypes.get_errno(), "inotify_add_watch", pin)

    def new_routes(self):
        """All that are waiting to be read."""
        found = []
        try:
            while True:
                found += routes_by(self.routes.recv(1 << 16))
        except BlockingIOError:
            return found

    def leak_guards(self, mask):
        names = names_of(os.read(self.pins, NAME_BYTES), mask)
        return [name for name in names if name.startswith("leak_guard_")]

    def added(self):
        """When the interface got its first route, and when its leak guard came."""
        routed = leak_guard = None
        end = time.monotonic() + PATIENCE
        while routed is None or leak_guard is None:
            ready = select.select([self.routes, self.pins], [], [], max(0, end - time.monotonic()))[0]
            now = time.monotonic()
            if not ready:
                sys.exit(f"no {'leak guard' if leak_guard is None else 'route'} in {PATIENCE} s")
            if self.routes in ready and self.new_routes() and routed is None:
                routed = now
            if self.pins in ready and self.leak_guards(IN_CREATE):
                leak_guard = now
        return routed, leak_guard

    def gone(self):
        """When the leak guard has gone, with all that was told until then."""
        while select.select([self.pins], [], [], PATIENCE)[0]:
            if self.leak_guards(IN_DELETE):
                self.new_routes()
                return
        sys.exit(f"the leak guard is there {PATIENCE} s after its interface")


def main():
    pin, netns, rounds = sys.argv[1:]
    kernel = Kernel(pin)
    # The peer is up first, so that the interface can send as soon as it has a route.
    batch = f"link add name {PEER} netns {netns} up type veth peer name {NAME}\nlink set {NAME} up\n" \
            f"address add {ADDRESS} dev {NAME}\n"
    for _ in range(int(rounds)):
        with subprocess.Popen(["ip", "-batch", "-"], stdin=subprocess.PIPE) as maker:
            maker.stdin.write(batch.encode())
            maker.stdin.close()
            print(*kernel.added(), flush=True)
        subprocess.run(["ip", "link", "delete", NAME], check=True)
        kernel.gone()


if __name__ == "__main__":
    main()
