# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--against TREE: the build of another checkout, of this or an older version, measured beside this one. Its time a packet
divides ours in each round, where the two stand next to each other; a row's ratio is the median of these."""
import argparse
import os
import pathlib
import statistics
import subprocess

BUILD = pathlib.Path("build")
PROGRAMS = (BUILD / "sfcproxy", BUILD / "bench/bench")
MOST = 1.02     # of the other's time


def built(text):
    """An argparse type: the checkout, with all that is measured built in it."""
    tree = pathlib.Path(os.environ.get("BENCH_FROM", "."), text).resolve()

    def bad(why):
        return argparse.ArgumentTypeError(f"'{text}' {why}")
    if not tree.is_dir():
        raise bad("is no directory")
    if not (tree / "scripts/build").is_file() or not (tree / "bench").is_dir():
        raise bad("is no checkout of sfcproxy: it has no scripts/build or no bench/")
    done = subprocess.run([tree / "scripts/build", "-DSFC_TESTS=ON"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False)
    if done.returncode or not all((tree / program).is_file() for program in PROGRAMS):
        raise bad("does not build; scripts/build -DSFC_TESTS=ON there says why")
    return tree


def row_ratio(ours, theirs):
    """Of the times of one row, those of one round at the same position."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs))


def report(ratios, words, good=True, disturbed=()):
    """Prints a line for each row, and the last one with `words` behind the figures. `ratios`: by the row's name; those of
    `disturbed` rows decide nothing. Returns whether there are others, none is slower than it may be and all else is `good`."""
    for name, ratio in ratios.items():
        print(f"ratio_{name}={ratio:.3f}{' disturbed, not judged' if name in disturbed else ''}")
    judged = {name: ratio for name, ratio in ratios.items() if name not in disturbed}
    good = good and bool(judged) and max(judged.values()) <= MOST
    shown = judged or ratios
    worst = max(shown, key=shown.get)
    print(f"RESULT {'pass' if good else 'fail'} ratio_median={statistics.median(shown.values()):.3f}"
          f" ratio_worst={shown[worst]:.3f} worst={worst} judged={len(judged)} {words}")
    return good
