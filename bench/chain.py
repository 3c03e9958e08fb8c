# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bench/run chain: the whole chain over veth, in network namespaces. It finds the highest rate without loss of the
proxy and of the variants in its position. All run in one go and in turns, because the machine's speed changes from one
minute to the next. In kernel mode also TCP, with GRO and with stacks that alternate."""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from bench import chain_kernel, chain_options, chain_user  # noqa: E402  (the path above comes first)
from lab.net import LabError  # noqa: E402


def main():
    args = chain_options.options(__doc__)
    mode = chain_kernel if args.mode == chain_options.KERNEL else chain_user
    cpu = max(os.sched_getaffinity(0))
    try:
        found = mode.run(args, cpu)
    except LabError as error:
        print(f"bench/run chain: error: {error}", file=sys.stderr)
        print("RESULT fail")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0 if mode.report(found, args, cpu) else 1


if __name__ == "__main__":
    sys.exit(main())
