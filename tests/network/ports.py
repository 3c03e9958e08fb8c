# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A proxy's namespace with three ports, whose peers are in a second one, and what can be said of them."""
import json
import os
import pathlib
import re
import subprocess

PROGRAM = os.environ.get("SFCPROXY", str(pathlib.Path(__file__).resolve().parents[2] / "build/sfcproxy"))
PAIRS = (("f0", "fw0"), ("f1", "fw1"), ("p0", "d0"))
CONFIG = """
sfs:
  - {{name: fw, probe: off, {sf}}}
services:
  - {{name: out, match: {{encapsulation: mpls, label: 16001}}, domain: p0, sf: {{name: fw, in: left}}, next_hop: {hop}}}
"""


def config(sf="ports: {left: f0, right: f1}", hop="ingress"):
    return CONFIG.format(sf=sf, hop=hop)


def build(lab):
    lab.namespace("proxy")
    lab.namespace("other")
    for port, peer in PAIRS:
        lab.link(("proxy", port), ("other", peer))
    lab.wait_up()


def run(lab, *words, text=None, role="proxy", pin="pin", before=()):
    """Runs sfcproxy to its end in a namespace; returns (exit code, stdout, stderr). `text` is the configuration."""
    command = [*before, PROGRAM, words[0]]
    if text is not None:
        path = lab.folder / "proxy.yaml"
        path.write_text(text)
        command += ["-c", path]
    command += ["--pin", lab.bpffs / pin, *words[1:]]
    done = lab.run(role, *command, check=False)
    return done.returncode, done.stdout, done.stderr


def picture(lab, roles=("proxy", "other")):
    """Everything that attach may change, as the kernel's own tools show it: offloads, XDP programs, pins."""
    seen = {}
    for role in roles:
        for link in json.loads(lab.run(role, "ip", "-j", "-d", "link").stdout):
            name = link["ifname"]
            if name == "lo":
                continue
            features = lab.run(role, "ethtool", "-k", name).stdout
            seen[role, name] = (re.sub(r"(?m)^Features.*\n", "", features), link.get("xdp"))
    seen["pins"] = sorted(path.name for path in lab.bpffs.iterdir() if not path.name.endswith(".debug"))
    return seen


class HiddenNamespace:
    """A network namespace that is held by a descriptor alone: under no name and in no process that could be found."""

    def __enter__(self):
        self.process = subprocess.Popen(["unshare", "--net", "sleep", "60"])
        path = f"/proc/{self.process.pid}/ns/net"
        while os.stat(path).st_ino == os.stat("/proc/self/ns/net").st_ino:
            pass
        self.descriptor = os.open(path, os.O_RDONLY)
        return self

    def take(self, lab, role, device):
        lab.run(role, "ip", "link", "set", device, "netns", self.process.pid)
        self.run("ip", "link", "set", device, "up")

    def hide(self):
        self.process.kill()
        self.process.wait()

    def run(self, *command):
        where = f"/proc/{os.getpid()}/fd/{self.descriptor}"
        subprocess.run(["nsenter", f"--net={where}", *command], check=True, stdout=subprocess.DEVNULL)

    def __exit__(self, *_exception):
        self.hide()
        os.close(self.descriptor)
