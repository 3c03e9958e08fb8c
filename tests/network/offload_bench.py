# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A lab in which the offloads of every interface can be set, and one proxy after the other be tried."""
import atexit
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from lab import account, chain, firewall, traffic  # noqa: E402  (the path above comes first)
from lab.net import Lab, LabError, wait_for  # noqa: E402
from lab.proxy import Proxy  # noqa: E402
from offload_outcome import Outcome, driver_errors, link_drops  # noqa: E402

PROGRAM = pathlib.Path(os.environ.get("SFCPROXY", ROOT / "build/sfcproxy")).resolve()
HOLD = 0.1  # the proxy's default hold time
ROLES = {"p0": "proxy", "p1": "proxy", "f0": "proxy", "f1": "proxy", "fw0": "SF", "fw1": "SF", "c1": "classifier",
          "c2": "classifier"}
PORTS = (5201, 80)  # that the SF lets through
CUT = "----"
CLASSIFIER = {"c0": "edge_push", "c1": "edge_wire", "c2": "edge_wire", "c3": "edge_push"}


class Bench:
    """One lab for one mode. Generic XDP sees no frames that a native program redirects to a port which does not poll,
    so the classifier there is generic as well."""

    def __init__(self, generic):
        self.generic, self.lab, self.servers = generic, Lab(), []
        self.checksums = 0

    def __enter__(self):
        self.lab.__enter__()
        # unittest takes SystemExit for one more failure and goes on; KeyboardInterrupt ends it, without cleaning up.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        atexit.register(self.lab.close)
        try:
            chain.build(self.lab)
            for role in ("sender", "receiver"):  # what TCP learned in a bad cell would make the next ones slow
                self.lab.run(role, "sysctl", "-qw", "net.ipv4.tcp_no_metrics_save=1")
            firewall.build(self.lab)
            self.edges = chain.Edges(self.lab)
            if self.generic:
                self._reattach_classifier()
            self.lab.wait_up()
            self._serve()
            self.proxy = Proxy(self.lab, chain.CONFIG, program=PROGRAM)
        except BaseException:
            self.lab.close()
            raise
        return self

    def __exit__(self, *_exception):
        self.lab.close()

    def _reattach_classifier(self):
        for device, program in CLASSIFIER.items():
            self.edges.classifier.detach(device)
            self.lab.run("classifier", "bpftool", "net", "attach", "xdpgeneric", "pinned",
                         self.edges.classifier.pins / "progs" / program, "dev", device)

    def _serve(self):
        for server in self.servers:
            self.lab.stop(server, grace=0.5)
        self.servers = [self.lab.start("receiver", "iperf3", "-s", "-p", port) for port in PORTS]
        for port in PORTS:
            wait_for("iperf3", lambda at=port: self.lab.run("receiver", "ss", "-Hltn", f"sport = :{at}").stdout.strip())

    def set(self, devices, gro, tso, tx):
        """The kernel remembers a setting that cannot be (TSO without checksums) as requested; ethtool calls that an
        error."""
        words = {True: "on", False: "off"}
        for role in {ROLES[device] for device in devices}:
            wanted = f"gro {words[gro]} tso {words[tso]} gso {words[tso]} tx {words[tx]} || true"
            self._script(role, *[f"ethtool -K {device} {wanted}" for device in devices if ROLES[device] == role])

    def features(self):
        """Interface to the lines of `ethtool -k`, "[requested on]" included."""
        found = {}
        for role in ("proxy", "SF", "classifier"):
            devices = [device for device, at in ROLES.items() if at == role]
            found |= zip(devices, map(str.splitlines, self._script(role, *[f"ethtool -k {at}" for at in devices])))
        return found

    def _script(self, role, *commands):
        """The output of each command; all in one shell, as a process costs more than what it does here."""
        done = self.lab.run(role, "sh", "-ec", f"; echo {CUT}; ".join(commands))
        return done.stdout.split(CUT + "\n")

    def cell(self, versions=(4,), while_running=None, tcp_seconds=1):
        """One proxy from start to detach, with traffic. `while_running` is called between attach and traffic."""
        outcome, features = Outcome(), self.features()
        self.proxy.start(*(["--generic"] if self.generic else []))
        try:
            self.proxy.wait_ready()
        except LabError as error:
            code = self.proxy.stop()
            if code != 4:
                raise LabError(f"exit code {code}: {error}") from error
            outcome.refused = self.proxy.said()
        else:
            before = self._counters()  # without a proxy, ARP is lost, and nobody has to explain that
            if while_running:
                while_running()
            self._traffic(outcome, versions, tcp_seconds)
            time.sleep(2 * HOLD)
            self._settle(outcome, before)
            if outcome.problems():
                outcome.bad_checksums = self._bad_checksums()
            if self.proxy.stop() != 0:
                outcome.restored.append("the proxy did not end well")
        outcome.said = self.proxy.said()
        if not while_running:
            outcome.restored += difference(features, self.features())
        return outcome

    def _traffic(self, outcome, versions, seconds):
        targets = {4: chain.RECEIVER, 6: chain.RECEIVER6}
        outcome.pings = all(traffic.ping(self.lab, "sender", targets[version], count=5, interval=0.01).good
                            for version in versions)
        for version in versions:
            outcome.rates += self.tcp(targets[version], seconds)

    def tcp(self, address, seconds):
        """Both directions at once: Mb/s to `address` and from it; zeros if nothing gets through. Not by --bidir, with
        which one process does everything, and on a busy machine starves one of the two."""
        command = ["iperf3", "-J", "-c", address, "-t", seconds, "--connect-timeout", "1500", "-p"]
        clients = [self.lab.start("sender", *command, *options, stdout=subprocess.PIPE, text=True)
                   for options in ((PORTS[0],), (PORTS[1], "-R"))]
        rates = [self._rate(client, seconds + 3) for client in clients]
        if min(rates) == 0:
            self._serve()  # it would go on to wait for the rest
            for role in ("sender", "receiver"):  # nothing of this cell may be sent again in the next one
                self.lab.run(role, "ss", "-K", "state", "all", check=False)
        return rates

    def _rate(self, client, patience):
        try:
            text = client.communicate(timeout=patience)[0]
            return json.loads(text)["end"]["sum_received"]["bits_per_second"] / 1e6
        except (subprocess.TimeoutExpired, ValueError, KeyError):
            return 0.0
        finally:
            self.lab.stop(client, grace=0.5)

    def _counters(self):
        """Everything that counts packets outside of the proxy."""
        links, *drivers = self._script("classifier", "ip -j -s link", *[f"ethtool -S {at}" for at in CLASSIFIER])
        errors = {device: driver_errors(text) for device, text in zip(CLASSIFIER, drivers)}
        drops = {"classifier": link_drops(links)}
        if self.generic:  # a generic program's redirect that fails is to be found only among the link's drops
            errors = {device: drops["classifier"][device + " tx"] for device in CLASSIFIER}
        links, rules = self._script(firewall.ROLE, "ip -j -s link", "nft -j list counters")
        drops |= {"SF": link_drops(links), "proxy": link_drops(*self._script("proxy", "ip -j -s link"))}
        rules = {entry["counter"]["name"]: entry["counter"]["packets"] for entry in json.loads(rules)["nftables"]
                 if "counter" in entry}
        return {"pushed": self.edges.pushed(), "arrived": self.edges.arrived(), "errors": errors, "rules": rules,
                "drops": drops}

    def _settle(self, outcome, before):
        since = subtract(self._counters(), before)
        outcome.drops = {device: count for at in since["drops"].values() for device, count in at.items() if count}
        sf_drops = since["drops"]["SF"]["fw0 tx"] + since["drops"]["SF"]["fw1 tx"]
        outcome.settled = account.settle(since["pushed"], since["arrived"], since["errors"], self.proxy.stats(),
                                         since["rules"], sf_drops)

    def _bad_checksums(self):
        """That the hosts have found since the last time: what arrived and was thrown away without a word."""
        found = [self.lab.run(role, "nstat", "-asz", "TcpInCsumErrors").stdout for role in ("sender", "receiver")]
        now = sum(int(re.search(r"TcpInCsumErrors +(\d+)", text).group(1)) for text in found)
        new, self.checksums = now - self.checksums, now
        return new


def subtract(now, before):
    """now - before, of numbers and of lists and dicts of them."""
    if isinstance(now, dict):
        return {key: subtract(value, before[key]) for key, value in now.items()}
    if isinstance(now, list):
        return [subtract(*pair) for pair in zip(now, before)]
    return now - before


def difference(before, after):
    """"fw0 tx-checksumming: on, was off" for each setting that is another one."""
    return [f"{device} {now.strip()} (was{was.partition(':')[2]})" for device, lines in before.items()
            for was, now in zip(lines, after[device]) if was != now]
