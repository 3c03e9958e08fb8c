# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Runs a demo from its options to its exit code, whatever ends it."""
import argparse
import pathlib
import re

from lab.kept import KeptLab
from lab.net import Lab, LabError
from lab.proxy import PROGRAM
from lab.teller import Teller

LABELS = "XDP programs at the edges push and check the labels, so tcpdump sees packets in the SF, and without labels."
DOCUMENT = pathlib.Path(__file__).resolve().parent.parent / "docs/demo.md"


def options(arguments=None):
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-v", dest="verbose", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--write-docs", action="store_true")
    return parser.parse_args(arguments)


def run(heading, main, hints, note=LABELS):
    """`main` takes the lab and the teller, builds and checks everything, and returns the exit code. `heading` is that of
    the demo in docs/demo.md; `hints` are commands to try in a lab that is kept, as (role, command),
    and `note` says what is to be known of it."""
    chosen = options()
    tell = Teller(chosen.verbose, chosen.keep)
    try:
        with (KeptLab if chosen.keep else Lab)() as lab:
            code = main(lab, tell)
            tell.show_screen()
            if chosen.keep:
                print(looking_around(lab, hints, note), flush=True)
                lab.leave()
    except LabError as problem:
        tell.clear()
        print(f"FAIL: {problem}")
        return 1
    except KeyboardInterrupt:
        tell.clear()
        print("interrupted; all of the lab is removed")
        return 130
    if chosen.write_docs and code == 0:
        write_docs(heading, tell)
    return code


def looking_around(lab, hints, note):
    """Lines for a shell: two that make the others short, the commands, and the one that takes the lab away."""
    commands = [f"{PROGRAM} {command} $P" for command in ("status", "stats")]
    commands += [f"nsenter --net=${{N}}{role} {command}" for role, command in hints]
    return "\n".join([
        "", f"The lab stands, with the proxy started once more. Its namespaces: {', '.join(lab.roles)}. To look around:",
        f"  N=/run/netns/{lab.prefix} P='--pin {lab.bpffs / 'sfcproxy'}'",
        *[f"  {command}" for command in commands],
        note,
        "To take it away, with all that runs in it:", f"  scripts/demo --clean {lab.title}"])


def write_docs(heading, tell):
    """The first code block below the heading is the screen, the second one the details."""
    before, rest = DOCUMENT.read_text().split(f"## {heading}\n")
    section, *after = rest.split("\n## ", 1)
    texts = iter(("\n".join(tell.screen), "\n".join(tell.details).strip("\n")))
    section = re.sub(r"```\n.*?```", lambda _: f"```\n{next(texts)}\n```", section, count=2, flags=re.DOTALL)
    DOCUMENT.write_text("\n## ".join([f"{before}## {heading}\n{section}", *after]))
