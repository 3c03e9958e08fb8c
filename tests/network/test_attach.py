# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""attach, detach, status: what they leave, what they refuse and in which words, and that a refusal changes nothing."""
import json
import os
import pathlib
import signal
import subprocess
import stat
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

import ports  # noqa: E402  (the path above comes first)
from kill_points import LOOKS, Tracer  # noqa: E402
from lab.net import Lab, wait_for  # noqa: E402

READY, NOT_READY, NOTHING = 0, 1, 7     # exit codes of status
ONE_SENTENCE = 1  # line on standard error


class AttachTest(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(Lab())
        ports.build(self.lab)
        self.before = ports.picture(self.lab)

    def refused(self, code, *words, pin="pin", **options):
        """The command must fail with `code`, say one sentence that has all words in it, and change nothing."""
        before = ports.picture(self.lab)
        got, out, err = ports.run(self.lab, "attach", pin=pin, **options)
        self.assertEqual(got, code, out + err)
        self.assertEqual(len(err.splitlines()), ONE_SENTENCE, err)
        for word in words:
            self.assertIn(word, err)
        self.assertEqual(ports.picture(self.lab), before)

    def attach(self, text, *options):
        code, out, err = ports.run(self.lab, "attach", *options, text=text)
        self.assertEqual((code, err), (0, ""), out)
        return out

    def detach(self):
        code, out, err = ports.run(self.lab, "detach")
        self.assertEqual((code, err), (0, ""), out)
        self.assertEqual(ports.picture(self.lab), self.before)

    def status(self):
        """The exit code says the same."""
        code, out, _ = ports.run(self.lab, "status", "-j")
        status = json.loads(out)
        self.assertEqual(code, READY if status["ready"] else NOT_READY if status["attached"] else NOTHING)
        return status

    def test_leaves_nothing(self):
        for generic in ((), ("--generic",)):
            with self.subTest(generic=generic):
                self.attach(ports.config(), *generic)
                self.assertNotEqual(ports.picture(self.lab), self.before, "the picture does not show an attachment")
                directory = self.lab.bpffs / "pin"
                self.assertEqual(stat.S_IMODE(directory.stat().st_mode), 0o700)
                self.detach()

    def test_status_is_the_kernels(self):
        self.assertEqual(self.status(), {"version": 1, "attached": False, "pin": str(self.lab.bpffs / "pin"),
                                         "ready": False})
        self.attach(ports.config())
        status = self.status()
        self.assertTrue(status["ready"])
        self.assertIsNone(status["process"])
        shown = {port["name"]: (port["role"], port["mode"]) for port in status["ports"]}
        self.assertEqual(shown, {"f0": ("sf", "native"), "f1": ("sf", "native"), "p0": ("domain", "native")})
        link = json.loads(self.lab.run("proxy", "ip", "-j", "link", "show", "f0").stdout)[0]
        self.assertEqual(link["xdp"]["prog"]["id"], status["ports"][0]["program_id"])
        # Somebody takes an interface away: what is remembered would still say "attached".
        self.lab.run("proxy", "ip", "link", "del", "f1")
        after = {port["name"]: port["attached"] for port in self.status()["ports"]}
        self.assertEqual(after, {"f0": True, "f1": False, "p0": True})
        self.assertFalse(self.status()["ready"])
        self.assertEqual(ports.run(self.lab, "detach")[0], 0)

    def test_generic_is_shown(self):
        self.attach(ports.config(), "--generic")
        self.assertEqual({port["mode"] for port in self.status()["ports"]}, {"generic"})
        link = json.loads(self.lab.run("proxy", "ip", "-j", "link", "show", "p0").stdout)[0]
        self.assertEqual(link["xdp"]["mode"], 2)  # XDP_ATTACHED_SKB
        self.detach()

    def test_from_another_namespace(self):
        self.attach(ports.config())
        code, out, _ = ports.run(self.lab, "status", "-j", role="other")
        self.assertEqual((code, json.loads(out)["ready"]), (0, True))
        self.assertEqual(ports.run(self.lab, "stats", role="other")[0], 0)
        self.assertEqual(ports.run(self.lab, "detach", role="other")[0], 0)
        self.assertEqual(ports.picture(self.lab), self.before)

    def test_twice(self):
        self.attach(ports.config())
        self.refused(4, "attached already", str(self.lab.bpffs / "pin"), text=ports.config())
        self.refused(4, "another sfcproxy", "'f0'", text=ports.config(), pin="other")
        self.detach()
        code, _, err = ports.run(self.lab, "detach")
        self.assertEqual((code, err), (4, f"sfcproxy: error: nothing is attached under '{self.lab.bpffs / 'pin'}'\n"))

    def test_left_by_a_process_that_was_killed(self):
        """Before it attached anything, or behind the last step of detach: each command says or does what is right."""
        pin = self.lab.bpffs / "pin"
        for make in ("empty directory", "some pins"):
            pin.mkdir()
            if make == "some pins":
                self.lab.run("proxy", "bpftool", "map", "create", pin / "headers", "type", "array", "key", 4, "value", 4,
                             "entries", 1, "name", "x")
            for command in ("status", "stats"):
                code, _, err = ports.run(self.lab, command)
                self.assertEqual(code, 4)
                self.assertIn("has pins of a process that was killed; 'sfcproxy detach' removes them", err)
            if make == "empty directory":
                self.attach(ports.config())
                self.detach()
            else:
                code, out, _ = ports.run(self.lab, "detach")
                self.assertEqual(code, 0)
                self.assertIn("pins of a process that was killed are removed", out)
            self.assertFalse(pin.exists())

    def test_what_others_pin_stays(self):
        self.attach(ports.config())
        pin = self.lab.bpffs / "pin"
        self.lab.run("proxy", "bpftool", "map", "create", pin / "theirs", "type", "array", "key", 4, "value", 4, "entries", 1,
                     "name", "x")
        code, _, err = ports.run(self.lab, "detach")
        self.assertEqual(code, 4)
        self.assertIn("'theirs'", err)
        self.assertEqual([path.name for path in pin.iterdir()], ["theirs"])
        (pin / "theirs").unlink()
        pin.rmdir()
        self.assertEqual(ports.picture(self.lab), self.before)

    def test_status_meanwhile(self):
        """While another process attaches and detaches, `status` says what is there, and never that it cannot read it."""
        (self.lab.folder / "proxy.yaml").write_text(ports.config())
        options = ("-c", self.lab.folder / "proxy.yaml", "--pin", self.lab.bpffs / "pin")
        seen = set()
        for _ in range(6):
            for command in (("attach", *options), ("detach", *options[2:])):
                process = self.lab.start("proxy", ports.PROGRAM, *command, stdout=subprocess.DEVNULL)
                while process.poll() is None:
                    code, out, err = ports.run(self.lab, "status", "-j")
                    self.assertEqual((code in (READY, NOT_READY, NOTHING), err), (True, ""))
                    seen.add(json.loads(out)["attached"])
                self.assertEqual(process.returncode, 0)
        self.assertEqual(seen, {True, False})

    def test_detached_between_two_calls_of_status(self):
        """`status` never says that it cannot read things, because they may be gone since it looked at others."""
        pin = self.lab.bpffs / "pin"
        tracer = Tracer(self.lab, LOOKS, "STOP")
        looking = ("status", "-j", "--pin", pin)
        self.attach(ports.config())
        tracer.command(None, *looking)
        points = tracer.naming(pin)
        self.assertGreater(len(points), 20)
        for point in points[:3] + points[3::10]:
            tracer.log.write_text("")
            process = self.lab.start("proxy", *tracer.prefix(point), ports.PROGRAM, *looking, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
            wait_for(f"a stop at {point}", tracer.stopped)
            self.detach()
            process.send_signal(signal.SIGCONT)
            out, err = process.communicate(timeout=30)
            self.assertEqual(err, b"", point)
            self.assertIs(json.loads(out)["attached"], process.returncode in (READY, NOT_READY), point)
            self.attach(ports.config())

    def test_foreign_program(self):
        program = self.lab.bpffs / "foreign"
        edge = pathlib.Path(ports.PROGRAM).resolve().parent
        edge = next(path for path in (edge / "lab/edge.bpf.o", edge.parent / "lab/edge.bpf.o") if path.exists())
        self.lab.run("proxy", "bpftool", "prog", "loadall", edge, program)
        self.lab.run("proxy", "bpftool", "net", "attach", "xdpdrv", "pinned", program / "edge_pass", "dev", "f1")
        self.refused(4, "'f1'", "edge_pass", "ip link set dev f1 xdp off", text=ports.config())

    def test_missing_interface(self):
        self.refused(4, "'nope'", text=ports.config("ports: {left: f0, right: nope}"))

    def test_unfit_interfaces(self):
        self.refused(4, "'lo'", "Ethernet", text=ports.config("ports: {left: f0, right: lo}"))
        self.refused(4, "9000", "1500", text=ports.config("ports: {left: f0, right: {interface: f1, mtu: 9000}}"))
        self.lab.run("proxy", "ip", "link", "add", "br0", "type", "bridge")
        self.lab.run("proxy", "ip", "link", "add", "d0", "up", "type", "veth", "peer", "d1")
        self.lab.run("proxy", "ip", "link", "set", "d1", "up")
        self.lab.run("proxy", "ip", "link", "set", "d0", "master", "br0")      # a bridge has the carrier of its ports
        self.lab.run("proxy", "ip", "link", "set", "br0", "up")
        hop = '{interface: br0, mac: "02:00:00:00:00:99"}'
        self.refused(4, "port 'br0': the driver of 'br0' (bridge) cannot send frames that an XDP program redirects; name a "
                        "member of the bridge, such as 'd0'\n", text=ports.config(hop=hop))

    def test_above_another(self):
        """Its driver has no native XDP, which is found only when all else is prepared: all of that must be taken back."""
        self.lab.run("proxy", "ip", "link", "add", "link", "p0", "name", "mac0", "type", "macvlan")
        self.lab.run("proxy", "ip", "link", "set", "mac0", "up")
        hop = '{interface: p0, mac: "02:00:00:00:00:99"}'
        self.refused(4, "cannot attach to interface 'mac0': a macvlan has no native XDP here, and '--generic' is refused "
                        "there; name the interface below it, 'p0': ",
                     text=ports.config(hop=hop).replace("domain: p0", "domain: mac0"))
        self.refused(4, "port 'mac0': the driver of 'mac0' (macvlan) cannot send", "; name the interface below it, 'p0'\n",
                     text=ports.config().replace("domain: p0", "domain: mac0"))

    def test_one_interface_twice(self):
        name = self.lab.name("other")
        text = ports.config(f"netns: {name}, ports: {{left: fw0, right: fw1}}", '{interface: f1, mac: "02:00:00:00:00:99"}')
        self.refused(4, "same interface", "f1", text=text)

    def test_namespaces(self):
        name = self.lab.name("other")
        holder = self.lab.start("other", "sleep", "60")
        for netns in (name, f"/run/netns/{name}", holder.pid, f"/proc/{holder.pid}/ns/net"):
            with self.subTest(netns=netns):
                self.attach(ports.config(f"netns: {netns}, ports: {{left: fw0, right: fw1}}"))
                shown = {port["name"]: port["interface"] for port in self.status()["ports"]}
                self.assertEqual(shown, {f"{netns}/fw0": "f0", f"{netns}/fw1": "f1", "p0": "p0"})
                self.detach()
        fifo = self.lab.folder / "fifo"
        os.mkfifo(fifo)
        # Not there, not a file to wait for, not a namespace, and one of another kind.
        for netns in ("no-such", "/run/netns/no-such", fifo, "/etc/passwd", f"/proc/{holder.pid}/ns/mnt"):
            with self.subTest(netns=netns):
                self.refused(4, f"'{netns}'", "network namespace",
                             text=ports.config(f"netns: {netns}, ports: {{left: fw0, right: fw1}}"))
        self.refused(4, "'nope'", name, text=ports.config(f"netns: {name}, ports: {{left: fw0, right: nope}}"))

    def test_addresses_need_run(self):
        self.refused(2, "'out'", "192.0.2.9", "run", text=ports.config(hop="{interface: p0, ip: 192.0.2.9}"))
        self.refused(2, "'f0'", "10.0.0.2", "run",
                     text=ports.config("ports: {left: {interface: f0, ip: 10.0.0.2}, right: f1}"))

    def test_privileges(self):
        self.refused(5, "CAP_NET_ADMIN", "CAP_BPF", text=ports.config(),
                     before=("setpriv", "--bounding-set", "-net_admin,-bpf,-sys_admin"))
        self.refused(5, "CAP_NET_ADMIN", text=ports.config(), before=("setpriv", "--bounding-set", "-net_admin"))
        self.refused(5, "lacks CAP_NET_RAW;", text=ports.config(), before=("setpriv", "--bounding-set", "-net_raw"))

    def test_no_bpf_file_system(self):
        code, _, err = ports.run(self.lab, "attach", text=ports.config(), pin="../nowhere/x")
        self.assertEqual(code, 4)
        self.assertIn("is on no BPF file system", err)
        self.assertIn("'mount -t bpf bpf /sys/fs/bpf'", err)     # never over a directory that has files

    def test_peer_out_of_reach(self):
        with ports.HiddenNamespace() as hidden:
            hidden.take(self.lab, "other", "fw1")
            hidden.hide()
            self.refused(4, "'f1'", "cannot be found or entered", "ethtool -K IF gro on tx off", "peer: prepared",
                         text=ports.config())
            prepared = ports.config("ports: {left: f0, right: {interface: f1, peer: prepared}}")
            self.refused(4, "'f1'", "does not poll", text=prepared)  # a promise that the kernel knows to be untrue
            hidden.run("ethtool", "-K", "fw1", "gro", "on", "tx", "off")
            self.attach(prepared)
            self.assertEqual(ports.run(self.lab, "detach")[0], 0)


if __name__ == "__main__":
    unittest.main()
