# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Open vSwitch in a namespace of the lab: database, switch, bridges and flows of its own, in the lab's folder. It needs no
service and no kernel module, because the userspace datapath reads and writes packets through sockets."""
import os
import re

from lab.net import LabError, call, wait_for

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
QUIET = ("-vconsole:warn", "-vsyslog:off")  # the host's log is none of its business
FLOW = re.compile(r"cookie=0x([0-9a-f]+), .*?n_packets=(\d+)")


class OpenVSwitch:
    """One instance. It runs until the lab ends."""

    def __init__(self, lab, role):
        self.lab, self.role = lab, role
        self.folder = lab.folder / f"ovs-{role}"
        self.folder.mkdir()
        self.database = f"unix:{self.folder / 'db.sock'}"
        self.control = self.folder / "control"
        self.log = self.folder / "log"
        self.environment = os.environ | {
            f"OVS_{name}": str(self.folder) for name in ("RUNDIR", "DBDIR", "LOGDIR", "SYSCONFDIR")}

    def start(self):
        if not version():
            raise LabError("there is no Open vSwitch: the Debian package openvswitch-switch has it")
        call("ovsdb-tool", "create", self.folder / "conf.db", SCHEMA)
        with open(self.log, "wb") as log:
            for program, what, file in (
                    ("ovsdb-server", [self.folder / "conf.db", f"--remote=p{self.database}"], "db.sock"),
                    ("ovs-vswitchd", [self.database, f"--unixctl={self.control}"], "control")):
                child = self.lab.start(self.role, program, *what, *QUIET, env=self.environment, stdout=log, stderr=log)
                wait_for(f"{program} in {self.role}", lambda file=file, child=child: self._there(file, child))
        self.configure("init")

    def _there(self, file, child):
        if child.poll() is not None:
            raise LabError(f"Open vSwitch in {self.role} ended:\n{self.log.read_text(errors='replace')}")
        return (self.folder / file).exists()

    def run(self, *command, **options):
        return self.lab.run(self.role, *command, env=self.environment, **options).stdout

    def configure(self, *words):
        """`ovs-vsctl`; several commands are parted by "--"."""
        return self.run("ovs-vsctl", f"--db={self.database}", *words)

    def bridge(self, name):
        """A bridge without flows, which drops everything."""
        self.configure("add-br", name, "--", "set", "bridge", name, "datapath_type=netdev", "fail-mode=secure",
                       "protocols=OpenFlow10,OpenFlow13")

    def port(self, bridge, name, number, *interface):
        """`interface`: more of its settings, as "type=vxlan"."""
        self.configure("add-port", bridge, name, "--", "set", "interface", name, f"ofport_request={number}", *interface)

    def flow(self, *words, **options):
        """`ovs-ofctl`: a command, a bridge, and what the command takes."""
        command, bridge, *more = words
        return self.run("ovs-ofctl", "-O", "OpenFlow13", command, f"unix:{self.folder / bridge}.mgmt", *more, **options)

    def flows(self, bridge, lines):
        """These flows take the place of all others; their counters begin at 0."""
        self.flow("del-flows", bridge)
        self.flow("add-flows", bridge, "-", input="\n".join(lines) + "\n")

    def collect(self):
        """The datapath's counts into those of the flows; takes half a second."""
        self.ask("revalidator/wait")

    def packets(self, bridge):
        """Cookie to packets of its flows, as last collected."""
        found = {}
        for cookie, packets in FLOW.findall(self.flow("dump-flows", bridge)):
            found[int(cookie, 16)] = found.get(int(cookie, 16), 0) + int(packets)
        return found

    def ask(self, *words):
        """`ovs-appctl`"""
        return self.run("ovs-appctl", "-t", self.control, *words)

    def event(self, name):
        """How often one of its own counters (coverage) was hit."""
        return int(self.ask("coverage/read-counter", name))


def version():
    """None where it is not installed."""
    try:
        return re.search(r"[\d.]+$", call("ovs-vswitchd", "--version").stdout.splitlines()[0])[0]
    except FileNotFoundError:
        return None
