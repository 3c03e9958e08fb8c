# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A podman container as the SF: a process in it bridges fw0 and fw1. Its root file system is made here, of this host's
own programs, so nothing is downloaded. Enter namespaces with nsenter: `ip netns exec` hides the cgroups."""
import atexit
import os
import pathlib
import shutil

from lab.net import LabError, call, wait_for
from lab.service_functions import ROLE, TcpBridge, two_links

CGROUPS, MOUNTS = pathlib.Path("/sys/fs/cgroup"), pathlib.Path("/proc/mounts")
# By default its locks are a file of shared memory for the whole host, which stays.
PODMAN_SETTINGS = '[engine]\nlock_type = "file"\n'
PROGRAMS = ("/bin/sh", "/bin/sleep", "/usr/bin/tcpbridge")
# The links of a namespace of its own come after the container.
BRIDGE = 'until read state </sys/class/net/fw1/operstate && [ "$state" = up ]; do sleep 0.05; done; ' \
         "exec tcpbridge -i fw0 -I fw1"


class Container(TcpBridge):
    """It joins a namespace that the host has made, which stays when the container ends."""

    def build(self, lab, mtu=1500):
        super().build(lab, mtu)
        self.begin(lab, f"ns:/run/netns/{lab.name(ROLE)}")

    def settings(self, lab):
        return f"netns: /run/netns/{lab.name(ROLE)}"

    def start(self, lab):
        self.wait(lab)
        self.before = self._kept_back(lab)

    def restart(self, lab):
        self.podman(lab, "restart", "--time", 0)
        self.wait(lab)

    def begin(self, lab, network):
        atexit.register(self.remove, lab)   # before the lab goes, also where a test is interrupted
        self.root_file_system(lab)
        self.podman(lab, "run", "--network", network)

    def remove(self, lab):
        """With its cgroups; a second call finds nothing to do."""
        atexit.unregister(self.remove)
        if lab.folder:
            self.podman(lab, "rm", "--force", "--ignore", "--time", 0)
        for group in self.cgroups(lab):
            wait_for(f"podman's monitor in {group}", lambda at=group: not (at / "cgroup.procs").read_text())
            group.rmdir()
        left = [line for line in MOUNTS.read_text().splitlines() if f"{lab.folder}/podman" in line]
        if left:
            raise LabError(f"podman has left mounts: {left}")

    @staticmethod
    def cgroups(lab):
        """Of both versions, the inner ones first."""
        parents = [parent for pattern in ("", "*/") for parent in CGROUPS.glob(f"{pattern}{lab.prefix}podman")]
        return [group for parent in parents for group in sorted(parent.glob("**/"), reverse=True)]

    def podman(self, lab, command, *options):
        """About the one container. All that podman keeps is in the lab's folder. The limits of this process are those of
        the container, which else would need the right to raise them."""
        here = lab.folder / "podman"
        start = ["--detach", "--name", "sf", "--cap-add", "NET_RAW", "--cgroup-parent", f"/{lab.prefix}podman",
                 "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--rootfs", here / "root", "/bin/sh", "-c", BRIDGE]
        environment = os.environ | {"CONTAINERS_CONF": str(here / "containers.conf")}
        return call("podman", "--root", here / "storage", "--runroot", here / "run", "--tmpdir", here / "tmp",
                    "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--events-backend", "none", "--runtime",
                    "runc", command, *options, *(start if command == "run" else ["sf"]), env=environment).stdout

    @staticmethod
    def root_file_system(lab):
        root = lab.folder / "podman/root"
        root.mkdir(parents=True)
        (root.parent / "containers.conf").write_text(PODMAN_SETTINGS)
        for name in ("dev", "etc", "proc", "run", "sys", "tmp"):
            (root / name).mkdir()
        for program in PROGRAMS:
            libraries = [word for word in call("ldd", program).stdout.split() if word.startswith("/")]
            for path in (program, *libraries):
                to = root / path.lstrip("/")
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(pathlib.Path(path).resolve(), to)


class OwnNamespace(Container):
    """Its namespace is new with each start; `ip netns attach` gives each one the same name."""

    def build(self, lab, mtu=1500):
        self.begin(lab, "none")
        lab.roles.append(ROLE)
        self.plug_in(lab, mtu)

    def settings(self, lab):
        return f"netns: {lab.name(ROLE)}"

    def restart(self, lab):
        call("ip", "netns", "delete", lab.name(ROLE))
        self.podman(lab, "restart", "--time", 0)
        self.plug_in(lab)
        self.wait(lab)

    def plug_in(self, lab, mtu=1500):
        process = self.podman(lab, "inspect", "--format", "{{.State.Pid}}").strip()
        call("ip", "netns", "attach", lab.name(ROLE), process)
        lab.run(ROLE, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        two_links(lab, mtu)
        for device in self.devices:
            lab.run(ROLE, "ethtool", "-K", device, "gro", "off")
