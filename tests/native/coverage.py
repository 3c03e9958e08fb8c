#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""coverage.py EXPORT ROOT LEAST: reads the JSON of `llvm-cov export`, prints what of ROOT/bpf is covered, each branch that
is not, and RESULT pass|fail; fails where fewer than LEAST percent of the branches were taken."""
import json
import os
import sys


def percent(summary):
    """Covered of all, in percent; a file without any has all of them."""
    return 100.0 * summary["covered"] / summary["count"] if summary["count"] else 100.0


def outcomes(file, lines):
    """Yields for each outcome of a branch: its line, the outcome, its source, and how often it came up."""
    for start_line, start_column, end_line, end_column, taken, not_taken, *_ in file["branches"]:
        if start_line == end_line:
            text = lines[start_line - 1][start_column - 1 : end_column - 1]
        else:
            text = lines[start_line - 1][start_column - 1 :].rstrip() + " ..."
        for count, outcome in ((taken, "true"), (not_taken, "false")):
            yield start_line, outcome, text, count


def total(files, what):
    """The sum of all files' summaries of this kind."""
    return {key: sum(file["summary"][what][key] for file in files) for key in ("count", "covered")}


def unreached(root):
    """What tests/native/unreached.txt leaves out: pairs of a file and a part of a branch's source."""
    with open(os.path.join(root, "tests/native/unreached.txt"), encoding="utf-8") as stream:
        return [tuple(line.strip().split(": ", 1)) for line in stream if line.strip() and not line.startswith("#")]


def main():
    """Returns the exit code."""
    export, root, least = sys.argv[1], os.path.realpath(sys.argv[2]), float(sys.argv[3])
    with open(export, encoding="utf-8") as stream:
        data = json.load(stream)["data"][0]
    sources = os.path.join(root, "bpf", "")
    files = [file for file in data["files"] if os.path.realpath(file["filename"]).startswith(sources)]
    print(f"{'file':<20} {'branches':>9} {'missed':>7} {'%':>7} {'lines':>7} {'missed':>7} {'%':>7}")
    for file in files:
        branches, lines = file["summary"]["branches"], file["summary"]["lines"]
        print(f"{os.path.relpath(os.path.realpath(file['filename']), root):<20}"
              f" {branches['count']:>9} {branches['count'] - branches['covered']:>7} {percent(branches):>7.2f}"
              f" {lines['count']:>7} {lines['count'] - lines['covered']:>7} {percent(lines):>7.2f}")
    exempt = {pair: 0 for pair in unreached(root)}
    taken = counted = 0
    for file in files:
        name = os.path.relpath(os.path.realpath(file["filename"]), root)
        with open(file["filename"], encoding="utf-8") as stream:
            text = stream.read().split("\n")
        for line, outcome, source, count in outcomes(file, text):
            pairs = [pair for pair in exempt if pair[0] == name and pair[1] in source]
            if not pairs:
                counted += 1
                taken += count > 0
            if count == 0:
                print(f"{name}:{line}: never {outcome}: {source}{' (left out)' if pairs else ''}")
            exempt.update({pair: exempt[pair] + 1 for pair in pairs if count == 0})
    stale = [f"{file}: {text}" for (file, text), never in exempt.items() if never == 0]
    if stale:
        print("left out, but nothing of it is missed any more: " + "; ".join(stale))
    branches, lines = 100 * taken / max(1, counted), percent(total(files, "lines"))
    # Without branches nothing was measured, and that is no pass.
    good = counted > 0 and branches >= least and not stale
    print(f"RESULT {'pass' if good else 'fail'} branches={branches:.2f} lines={lines:.2f}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
