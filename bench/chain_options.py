# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The command line of bench/run chain."""
import argparse

from bench import against
from bench.chain_lab import CHOICES

USER, KERNEL = "user", "kernel"
FLOWS = {USER: [1, 10000], KERNEL: [64]}


def number(low, high, kind=int):
    """An argparse type."""
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"'{text}' is no number from {low} to {high}")
        return value
    return parse


def numbers(low, high):
    one = number(low, high)
    return lambda text: [one(word) for word in text.split(",")]


def names(known):
    def parse(text):
        words = text.split(",")
        for word in words:
            if word not in known:
                raise argparse.ArgumentTypeError(f"'{word}' is none of {', '.join(known)}")
        return words
    return parse


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def options(description):
    parser = Parser(prog="bench/run chain", description=description, allow_abbrev=False)
    parser.add_argument("--mode", choices=(USER, KERNEL), default=USER,
                        help="what the SF is: something behind two ports, or the kernel of the proxy's own host")
    parser.add_argument("--rounds", type=number(1, 1000), default=25, metavar="N", help="medians are of so many")
    parser.add_argument("--sfc", type=names(CHOICES), default=["mpls"], metavar="NAME,NAME...",
                        help="encapsulations in front of the packets: mpls, nsh, srv6 (segments, and C-SIDs); in kernel mode mpls")
    parser.add_argument("--labels", type=numbers(1, 16), default=[1, 5, 10, 16], metavar="N,N...",
                        help="entries of the stack")
    parser.add_argument("--sizes", type=numbers(64, 1500), default=[64, 1400], metavar="N,N...",
                        help="bytes of the frame without labels")
    parser.add_argument("--flows", type=numbers(1, 1000000), metavar="N,N...",
                        help="source ports and addresses; in user mode every packet has a stack of its own all the same, in kernel mode "
                             "there are 64 stacks")
    parser.add_argument("--capacity", type=number(64, 4194304), default=65536, metavar="N", help="of the proxy's cache")
    parser.add_argument("--seconds", type=number(0.01, 10, float), default=0.07, metavar="S", help="of one probe")
    parser.add_argument("--stages", action="store_true",
                        help="kernel mode: measure the steps between forwarding and the proxy as well, and no TCP")
    parser.add_argument("--against", type=against.built, metavar="TREE",
                        help="another checkout: measure its build beside this one, and nothing else")
    parser.add_argument("-j", "--json", action="store_true", help="print JSON, with every round, before the RESULT line")
    args = parser.parse_args()
    args.flows = args.flows or FLOWS[args.mode]
    if args.sfc != ["mpls"] and args.mode != USER:
        parser.error(f"--sfc {','.join(args.sfc)} is for --mode user")
    args.sfc = [row for name in args.sfc for row in CHOICES[name]]
    if args.stages and args.mode != KERNEL:
        parser.error("--stages is for --mode kernel")
    if args.stages and args.against:
        parser.error("--stages and --against do not go together")
    return args
