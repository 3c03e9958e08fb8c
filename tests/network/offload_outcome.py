# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What became of one cell of the matrix of offloads, what of it is a problem, and how it is shown."""
import dataclasses
import json
import re

from lab import account

LEAST_MBPS = 50
SLOW = f"below {LEAST_MBPS} Mb/s"
HEAD = f"""G GRO, T TSO and GSO, X tx checksums; Mb/s to the receiver and back, all versions of IP
{'cell':40} {'Mb/s':24} {'mended by the proxy':66} verdict"""


@dataclasses.dataclass
class Outcome:
    """What became of one cell. `rates`: Mb/s to the receiver and back, for each IP version that was tried."""
    pings: bool = False
    rates: list = dataclasses.field(default_factory=list)
    settled: account.Account | None = None
    refused: str = ""
    said: str = ""
    restored: list = dataclasses.field(default_factory=list)
    bad_checksums: int = 0
    drops: dict = dataclasses.field(default_factory=dict)

    def problems(self):
        """Everything that is not as it must be, in words; empty is good."""
        if self.refused:
            last = self.refused.splitlines()[-1]  # with its reason, but here every peer can be reached and mended
            return [f"refused: {last}" if "port '" in last else f"refused without a name: {last}"]
        checks = {"ping": self.pings, SLOW: min(self.rates, default=0) > LEAST_MBPS}
        return [what for what, good in checks.items() if not good] + self.unsound()

    def unsound(self):
        """The part that must hold even where nothing can get through."""
        checks = {f"not restored: {', '.join(self.restored)}": not self.restored}
        if (settled := self.settled) is not None:
            checks |= {f"{settled.wrong} wrong": settled.wrong == 0, f"{settled.bare} bare": settled.bare == 0,
                       f"account not closed: {account.in_words(settled)}": settled.closed,
                       "vanished": "vanished in the SF" not in settled.lost, "not balanced": settled.balanced}
        return [what for what, good in checks.items() if not good]


def letters(settings):
    """(True, False, True) is "G-X": GRO, TSO, tx checksums."""
    return "".join(letter if on else "-" for letter, on in zip("GTX", settings))


def mended(said):
    """What the proxy says it changed, in short: "fw0 tx"."""
    found = [f"{device}-{offload}" for line in re.findall(r"switched until detach: (.*)", said)
             for offloads, device in re.findall(r"((?:'\w+' and )*'\w+') of '(\w+)'", line)
             for offload in re.findall(r"'(\w+)'", offloads)]
    return " ".join(found + [f"{device}+prog" for device in re.findall(r"on its peer '(\w+)'", said)])


def row(name, outcome, problems):
    """One line of the table."""
    verdict = "RED: " + "; ".join(problems) if problems else "ok"
    if outcome.settled and outcome.settled.lost:
        verdict += f" [{account.in_words(outcome.settled)}]"
    if outcome.bad_checksums:
        verdict += f" [{outcome.bad_checksums} wrong TCP checksums at the hosts]"
    if outcome.drops and problems:
        verdict += f" [kernel: {outcome.drops}]"
    rates = " ".join(f"{rate:5.0f}" for rate in outcome.rates)
    return f"{name:40} {rates:24} {mended(outcome.said):66} {verdict}"


def driver_errors(text):
    """As lab.edge.link_errors, from the text of `ethtool -S`."""
    kinds = r"(?:_xdp_xmit_errors|_xdp_redirect_errors|_drops): (\d+)"
    return sum(int(count) for count in re.findall(kinds, text))


def link_drops(text):
    """"c0 tx": frames dropped there, from the text of `ip -j -s link`."""
    return {f"{link['ifname']} {way}": link["stats64"][way]["dropped"] for link in json.loads(text)
            for way in ("rx", "tx")}
