# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A table of cells, each of which has one of these outcomes, and no other:
- restored    every packet came back with its own stack
- counted     those that are missing are exactly one reason by name, at one position
- refused     at attach, in one sentence, and nothing was changed
- switched    the program says that it switched an offload until detach, and then every packet came back

In none of them does a packet have a wrong stack, none, or a wrong checksum.
"""
import contextlib
import dataclasses

from kernel_case import BURST, BURSTS, KERNEL, PINGS, KernelCase

from lab import chain, traffic
from lab.net import wait_for
from lab.kernel_mode import WEB_PORT

HAIRPIN = "hairpin of "
BRIEF = ("-n", "1M", "-b", "40M")
LEAST_MBPS = 10
HEADER_OF_CAPTURE = 24
SETTLES = 3
FULL = ("links", "full")
ROW = "  {:44} {:9} {:>6} pushed {:>6} good {:>4} missing  {}{}"


@dataclasses.dataclass
class Counts:
    """Of one cell. `forwarded`: as the SF's rules saw it, where what was merged is one. `lost`: by position and reason."""
    pushed: int
    good: int
    forwarded: int
    bad_checksums: int
    lost: dict

    @classmethod
    def of(cls, found, bad):
        lost = {}
        for side in ("domain_ports", "sf_ports", "services"):
            for name, owner in found.stats["counters"][side].items():
                for kind in ("dropped", "dropped_after_claim"):
                    for reason, counted in owner.get(kind, {}).items():
                        position = (name.split("/")[-1], reason)
                        lost[position] = lost.get(position, 0) + counted["packets"]
        lost = {position: count for position, count in lost.items() if position[1] != "probe"}   # the proxy's own
        lost[FULL] = found.full
        return cls(found.pushed, found.good, found.forwarded, bad, lost)

    def since(self, before):
        lost = {key: count - before.lost.get(key, 0) for key, count in self.lost.items()}
        return Counts(self.pushed - before.pushed, self.good - before.good, self.forwarded - before.forwarded,
                      self.bad_checksums - before.bad_checksums, {key: count for key, count in lost.items() if count})

    def missing(self):
        """"12 miss at p1"."""
        return ", ".join(f"{count} {reason} at {position}" for (position, reason), count in self.lost.items())


class Cells(KernelCase):
    """One attachment may serve many cells: what is counted since the last one is the cell's."""
    before = None

    def start(self, text, *options):
        """Everything is known that has to be, and nothing has been counted."""
        self.kernel.run(text, *options)
        self.before = Counts(0, 0, 0, self.bad_checksums(), {})

    def bad_checksums(self):
        return sum(traffic.bad_checksums(self.lab, role) for role in ("sender", "receiver"))

    def counts(self):
        """Since the start. Something may still have been on its way when the first one of the counters was read."""
        for _ in range(SETTLES):
            found = self.kernel.tally(rest=0.15)
            if (found.pushed, found.good) == (found.kernel["to_kernel"], found.kernel["restored"]):
                break
        self.balanced(found)
        return Counts.of(found, self.bad_checksums())

    def cell(self, name, outcome="restored", positions=(), note="-", merged=False):
        """Judges the traffic since the last cell. `positions`: where packets may be counted `miss`. `merged`: GRO must
        have had a part in it. A full link is nobody's fault, and may have lost control packets as well."""
        now = self.counts()
        found, self.before = now.since(self.before), now
        missing, full = found.pushed - found.good, found.lost.pop(FULL, 0)
        print(ROW.format(name, outcome, found.pushed, found.good, missing, found.missing() or note,
                         f", {full} at full links" if full else ""), flush=True)
        self.assertEqual(found.bad_checksums, 0, "wrong checksums")
        self.assertGreater(found.pushed, 0)
        if merged:
            self.assertGreater(found.pushed - found.forwarded, BURSTS * BURST, "GRO has merged too little")
        self.assertLessEqual(set(found.lost), {(position, "miss") for position in positions})
        self.assertEqual(outcome == "counted", bool(found.lost))
        self.assertLessEqual(sum(found.lost.values()), missing)
        self.assertLessEqual(missing - sum(found.lost.values()), full)
        return full

    def brief(self, least=PINGS):
        """Pings over IPv4 and IPv6 and a small page, of which the content is checked."""
        for address in (chain.RECEIVER, chain.RECEIVER6):
            self.good(traffic.ping(self.lab, "sender", address, count=least, interval=0.005))
        page = traffic.web(self.lab, "sender", chain.RECEIVER, WEB_PORT)
        self.good(page)
        self.assertIn("hello from behind the SF", page.text)

    def pings(self):
        """As many as come back."""
        for address in (chain.RECEIVER, chain.RECEIVER6):
            self.lab.run("sender", "ping", "-qn", "-c", PINGS, "-i", 0.005, "-W", 0.2, address, check=False)

    def tcp(self, address=chain.RECEIVER):
        """Both ways: iperf's bytes get through only with right checksums. Returns the rates in words."""
        rates = [self.rate(address, *way) for way in ((), ("-R",))]
        self.assertGreater(min(rates), LEAST_MBPS)
        return " and ".join(f"{rate:.0f}" for rate in rates) + " Mb/s"

    def rate(self, address, *way):
        """The better one of two where the machine is busy: what breaks TCP breaks both."""
        rates = []
        while len(rates) < 2 and max(rates, default=0) <= LEAST_MBPS:
            result = traffic.iperf(self.lab, "sender", address, *BRIEF, *way, name="TCP")
            self.good(result)
            rates.append(result.mbps)
        return max(rates)

    def refused(self, text, *words, options=(), commands=("attach", "run")):
        for command in commands:
            done = self.kernel.attach(text, *options, command=command)
            self.assertEqual(done.returncode, KERNEL, done.stdout + done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            for word in words:
                self.assertIn(word, done.stderr)
            self.assertFalse(self.kernel.proxy.pin.exists())
            self.assertEqual(self.kernel.hairpins(), [])

    @contextlib.contextmanager
    def sniffer(self, kind, device, role="proxy"):
        """`kind`: "" for none, a type of packet socket, or tcpdump with its options. The sniffer must be seen to work:
        a packet socket says so itself, tcpdump has to have written packets."""
        if not kind:
            yield
        elif kind.startswith("SOCK"):
            tap = self.tap(device, role, kind)
            yield
            self.lab.stop(tap)
        else:
            with self.tcpdump(device, role, *kind.split()[1:]):
                yield

    @contextlib.contextmanager
    def tcpdump(self, device, role, *options):
        path, log = self.lab.folder / "sniffed.pcap", self.lab.folder / "sniffed.log"
        path.unlink(missing_ok=True)
        with open(log, "wb") as out:
            process = self.lab.start(role, "tcpdump", "-Z", "root", "-n", "-U", "-i", device, "-w", path, *options,
                                     stderr=out)
        wait_for(f"tcpdump on {device}", lambda: "listening on" in log.read_text())
        yield
        wait_for("tcpdump to capture", lambda: path.stat().st_size > HEADER_OF_CAPTURE + 1000)
        self.lab.stop(process)

    def hairpin(self, port, end):
        """The name of one end of a port's hairpin."""
        return f"sfc{self.kernel.links()[port]['ifindex']}{end}"
