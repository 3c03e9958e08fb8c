# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Traffic that is neither plain TCP nor plain UDP: the dialogues of lab/dialogue.py, and packets in fragments."""
import json
import pathlib

from lab import traffic
from lab.net import LabError, wait_for

PROGRAM = pathlib.Path(__file__).resolve().parent / "dialogue.py"
ALMOST_ALL = 0.99       # of the answers: a full link may lose some, and the account then names it

# The hosts' own stacks see none of these packets: they would answer with errors, of one kind if a module for the
# protocol is loaded and of another if not. lab/dialogue.py reads them before they come here.
HOST_RULES = """
table inet host {
    chain input {
        type filter hook input priority filter; policy accept;
        meta l4proto { sctp, esp, gre } drop
        udp dport 5004 drop
    }
}
"""


def dialogues(lab, asker, answerer):
    """SCTP, ESP, GRE and RTP between two hosts, each given as (role, device, addresses). Returns a Result for each
    protocol and address."""
    sides = []
    for one, other in ((asker, answerer), (answerer, asker)):
        role, device, own = one
        lab.run(role, "nft", "-f", "-", input=HOST_RULES)
        sides.append((device, *[address for pair in zip(own, other[2]) for address in pair]))
    log = lab.folder / "dialogue.log"
    with open(log, "wb") as out:
        background = lab.start(answerer[0], "/usr/bin/python3", PROGRAM, "answer", *sides[1], stdout=out, stderr=out)
    wait_for("the answering host", lambda: "ready" in log.read_text())
    try:
        done = lab.run(asker[0], "/usr/bin/python3", PROGRAM, "ask", *sides[0], check=False)
    finally:
        lab.stop(background)
    if done.returncode:
        raise LabError(f"the asking host: {done.stderr.strip()}")
    return [traffic.Result(f"{name} with {address}", answered >= ALMOST_ALL * due, f"{asked} packets, {answered} of "
                           f"{due} answered") for name, address, asked, due, answered in json.loads(done.stdout)]


def fragments(lab, role, address):
    """Ping and UDP, 4000 bytes at once: three fragments each."""
    ping = traffic.ping(lab, role, address, count=100, interval=0.005, size=4000)
    udp = traffic.iperf(lab, role, address, "-u", "-b", "20M", "-l", "4000", seconds=1, name="UDP")
    for result in (ping, udp):
        result.name += ", fragments"
    return [ping, udp]
