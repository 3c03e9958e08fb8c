# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a demo says: details if they are wanted, a line of progress while it works, and one screen at the end."""
import os
import sys
import time

from lab import traffic

SAY_AGAIN = 5           # seconds, where each line of progress is one more and none takes the place of another
SCREEN_WIDTH = 79


class Teller:
    """Details and the screen go to standard output, progress to standard error."""

    def __init__(self, verbose=False, keep=False):
        self.verbose, self.keep = verbose, keep     # `keep`: the lab stands on when the demo has ended
        self.details, self.screen = [], []      # all lines so far, printed or not
        self.started = float(os.environ.get("SFC_STARTED") or time.time())
        self.step, self.said_at = None, 0.0

    def detail(self, text=""):
        self.details += text.split("\n")
        if self.verbose:
            self.clear()
            print(text, flush=True)

    def part(self, title):
        self.detail(f"\n── {title} " + "─" * max(2, 94 - len(title)))

    def result(self, result):
        """Of one transfer; one that went wrong is on the screen as well."""
        rate = f"{result.mbps:8.1f} Mb/s" if result.mbps is not None else " " * 13
        line = f"  {'ok ' if result.good else 'BAD'} {result.name:32} {rate}  {result.text}"[:99]
        self.detail(line)
        if not result.good:
            self.screen.append(line)
        return result

    def bad(self, text):
        """For something that is wrong: in the details and on the screen."""
        self.detail(f"  BAD {text}")
        self.screen.append(f"  BAD {text}")

    def on_screen(self, text, indent=0):
        self.screen += traffic.wrapped(text, indent, SCREEN_WIDTH).split("\n")

    def progress(self, step, what=""):
        """On a terminal one line that changes; else a line for each step, and one now and then."""
        text = f"== {time.time() - self.started:.0f} s: {step}" + (f": {what}" if what else "")
        if sys.stderr.isatty():
            print(f"\r\033[K{text[:SCREEN_WIDTH]}", end="", file=sys.stderr, flush=True)
        elif step != self.step or time.time() - self.said_at >= SAY_AGAIN:
            print(text, file=sys.stderr, flush=True)
            self.said_at = time.time()
        self.step = step

    def clear(self):
        """Takes the line of progress off a terminal."""
        if self.step and sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def show_screen(self):
        self.clear()
        print("\n".join([""] * self.verbose + self.screen), flush=True)
