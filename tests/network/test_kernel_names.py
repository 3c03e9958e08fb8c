# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ways out of this host's kernel whose names change or mean another interface, and tries to attach that do not end well:
they come less and less often, and none wakes the next one."""
import ctypes
import os
import struct
import time
import unittest

from kernel_case import KernelCase

from lab import chain, traffic
from lab.net import wait_for
from lab.kernel_mode import config

BPF, OBJ_GET, LINK_CREATE, TCX_EGRESS = 321, 7, 28, 47
OTHER = "enp3s0f1np1-to-the-domain"     # longer than a first name may be


def bpf(command, attributes):
    """bpf(2); returns a descriptor."""
    found = ctypes.CDLL(None, use_errno=True).syscall(BPF, command, attributes, len(attributes))
    if found < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return found


class KernelNames(KernelCase):
    def rename(self, old, new):
        self.lab.run("proxy", "ip", "link", "set", old, "name", new)
        self.addCleanup(self.lab.run, "proxy", "ip", "link", "set", new, "name", old, check=False)

    def pair(self, name):
        """An interface that leads nowhere."""
        self.lab.run("proxy", "ip", "link", "add", name, "mtu", 1600, "type", "veth", "peer", name + "-peer")
        self.addCleanup(self.lab.run, "proxy", "ip", "link", "delete", name + "-peer", check=False)
        for end in (name, name + "-peer"):
            self.lab.run("proxy", "ip", "link", "set", end, "up")

    def said(self, text):
        return self.kernel.proxy.said().count(text)

    def ping(self):
        self.good(traffic.ping(self.lab, "sender", chain.RECEIVER, count=5))

    def test_alternative_name(self):
        self.lab.run("proxy", "ip", "link", "property", "add", "dev", "p1", "altname", OTHER)
        self.addCleanup(self.lab.run, "proxy", "ip", "link", "property", "del", "dev", "p1", "altname", OTHER)
        self.kernel.run(config(out=OTHER).replace("domain: p1", f"domain: {OTHER}"))
        self.assertEqual(self.said("interface 'p1': leak guard"), 0)
        self.ping()
        self.assertEqual(self.tally().bare, 0)

    def test_way_out_is_renamed(self):
        """It stays a way out, and nobody takes it for an interface that is none."""
        self.kernel.run(config())
        self.rename("p1", "lan1")
        wait_for("the new name", lambda: self.said("its interface is called 'lan1' by now"))
        time.sleep(1)                       # a whole look at all interfaces
        self.assertEqual(self.said("'lan1': leak guard") + self.said("cannot"), 0)
        self.ping()
        self.assertEqual(self.tally().bare, 0)

    def test_other_interface_becomes_a_way_out(self):
        """As container runtimes do: it is made by one name and gets the one of the port later. Its program stays."""
        self.kernel.run(config())
        self.rename("p1", "made0")
        self.pair("p1")
        wait_for("the other interface", lambda: self.said("port 'p1': attached again"))
        wait_for("the leak guard", lambda: self.said("interface 'made0': leak guard"))
        self.lab.run("proxy", "ip", "link", "delete", "p1")
        wait_for("the port gone", lambda: self.said("'p1' in this network namespace; what is meant for it"))
        self.lab.run("proxy", "ip", "link", "set", "made0", "name", "p1")
        wait_for("the port again", lambda: self.said("port 'p1': attached again") == 2)
        self.kernel.proxy.wait_ready()
        self.assertEqual(self.said("cannot"), 0)
        self.ping()
        self.assertEqual(self.tally().bare, 0)
        self.assertEqual(len(self.kernel.hairpins()), 4)

    def test_tries_do_not_wake_themselves(self):
        """Somebody has put our program on the interface that is to be the port: the try fails at the last step, and what it
        made before, it makes and takes away again."""
        self.kernel.run(config(), "--keep")
        self.assertEqual(self.kernel.proxy.stop(), 0)
        self.pair("new0")
        path = ctypes.create_string_buffer(os.fsencode(self.kernel.proxy.pin / "sfc_restore_tc"))
        program = bpf(OBJ_GET, struct.pack("QII", ctypes.addressof(path), 0, 0))
        hook = self.attach_foreign(program, "new0")
        self.rename("p1", "lan1")
        self.rename("new0", "p1")
        self.kernel.proxy.start("--keep")
        wait_for("the first try", lambda: self.said("until it comes back") and
                 self.said("cannot attach a TC program to the egress of interface 'p1'"))
        begin, first = time.monotonic(), self.new_number()
        time.sleep(4.5)
        made, lines = self.new_number() - first, len(self.kernel.proxy.said().splitlines())
        print(f"  {made} new interface numbers in {time.monotonic() - begin:.1f} s, {lines} lines", flush=True)
        self.assertLess(made, 11)           # a try makes a pair, and so do we
        self.assertEqual(self.said("port 'p1': what leaves the kernel there"), 0)
        self.assertLess(lines, 20)
        os.close(hook)                      # what is in the way goes, and then somebody touches the interface
        begin = time.monotonic()
        wait_for("the port", lambda: self.touch("p1") or self.said("port 'p1': attached again"), seconds=4, step=0.3)
        print(f"  attached after {time.monotonic() - begin:.1f} s", flush=True)

    def touch(self, device):
        """An event of somebody else's; one that comes in the middle of a try is taken for the try's own."""
        self.lab.run("proxy", "ip", "link", "set", device, "alias", f"touched at {time.monotonic()}")

    def attach_foreign(self, program, device):
        index = self.index(device)
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.lab.name('proxy')}", os.O_RDONLY)
        libc = ctypes.CDLL(None)
        libc.setns(there, 0)
        try:
            return bpf(LINK_CREATE, struct.pack("IIIIQQQQ", program, index, TCX_EGRESS, 0, 0, 0, 0, 0))
        finally:
            libc.setns(home, 0)
            os.close(home)
            os.close(there)
            os.close(program)

    def index(self, device):
        return self.kernel.links()[device]["ifindex"]

    def new_number(self):
        """The number that a new interface gets: how many have been made so far."""
        self.lab.run("proxy", "ip", "link", "add", "count0", "type", "veth", "peer", "count1")
        number = self.index("count0")
        self.lab.run("proxy", "ip", "link", "delete", "count0")
        return number


if __name__ == "__main__":
    unittest.main()
