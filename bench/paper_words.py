# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sentences of docs/EVALUATION.md on the bends of its curves, with the figures that were measured."""
import math
import textwrap

from bench import paper_bends as bends
from bench.chain_kernel_lab import STACKS
from bench.paper_loads import LINE
from bench.paper_plan import CURVES, HEADERS, MPLS, UNITS

COLUMNS = 100
NAMES = {curve: about.title for curve, about in CURVES.items()} | {
    "proxy": "sfcproxy", "nocache": "the same without a cache", "paper": "the paper's way"}
OURS = ("user", "kernel", "proxy")
LEAST = ("redirect", "forwarding")
LONGER = (UNITS["labels"], UNITS["segments"])    # along these axes headers get longer
ALONE = {"nsh md1": "NSH", "srv6 3 segments": "SRv6", "srv6 c-sid": "compressed SRv6"}    # rows of bench micro


def filled(text, mark=""):
    """In lines. A figure and its unit stay together, by a space that is none until then."""
    for unit in ("ns", "KiB", "MiB", "%"):
        text = text.replace(f" {unit}", f"\N{NO-BREAK SPACE}{unit}")
    return textwrap.fill(text, COLUMNS, initial_indent=mark, subsequent_indent=" " * len(mark), break_long_words=False,
                         break_on_hyphens=False).replace("\N{NO-BREAK SPACE}", " ")


def whole(ns):
    """Without the sign of a negative zero."""
    return str(round(ns))


def share(part, digits=0):
    return f"{100 * part:.{digits}f} %"


def change(ns):
    return f"{whole(abs(ns))} ns {'more' if ns > 0 else 'less'}"


def size(use):
    return f"{use.kib:.0f} KiB" if use.kib < 10240 else f"{use.kib / 1024:.0f} MiB"


def left_over(ns, least, most):
    """The rest, where loads that must wait explain `least` and all lines of a packet `most`."""
    low, high = sorted((least, most))
    if ns > high:
        return f"{whole(ns - high)} ns are left over."
    if ns >= low:
        return "The measured time is between both."
    return f"That is {whole(low - ns)} ns more than was measured{', so loads overlap' if ns > 0 else ''}."


def by_loads(step, loads):
    """How much of a step the time of loads explains."""
    if not step.uses or step.uses[0] == step.uses[1]:
        return "A packet needs the same memory at both, so loads explain nothing of it."
    before, after = step.uses
    cache, tlb = loads.step(before, after)
    most = after.touched * loads.load(after) - before.touched * loads.load(before)
    end = loads.left_level(before, after)
    text = f"Lines in use go from {size(before)} to {size(after)}, and a load from {loads.load(before):.1f} to {loads.load(after):.1f} ns. "
    if end:
        text += f"They leave the cache level that ends at {end * LINE // 1024} KiB. "
    waits = f"{after.waits} loads of a packet that must wait explain" if after.waits > 1 else "load of a packet that must wait explains"
    return text + (f"The {waits} {whole(cache + tlb)} ns: {whole(cache)} by cache levels, "
                   f"{whole(tlb)} by the TLB. All its {after.touched} lines, one behind the other, would explain {whole(most)} ns. "
                   f"{left_over(step.ns, cache + tlb, most)}")


def bend(step, unit, loads):
    """One bend of a curve, in a list."""
    name = NAMES[step.curve]
    if step.beside:
        moved = f"gets {whole(abs(step.ns))} ns {'farther from' if step.ns > 0 else 'closer to'} {NAMES[step.beside]}"
    else:
        moved = f"takes {change(step.ns)}"
    text = f"From {step.before} to {step.after} {unit} {name} {moved}."
    if step.static is not None and step.static * step.ns > 0:
        text += f" Of it the same without a cache has {whole(step.static)} ns, too."
    if step.curve in OURS or step.uses:
        text += " " + by_loads(step, loads)
    elif step.curve in LEAST:
        text += (" Sender and receiver write and compare each word of a header, with all curves alike." if unit in LONGER else
                 " It does the same work at both, so this is an error of the measurement.")
    if step.missed != (0, 0):
        text += (f" Of the services {share(step.missed[0])} and then {share(step.missed[1])} have no hint of their own. "
                 f"The same services of SR-MPLS take {change(step.as_mpls)}.")
    return filled(text, "- ")


def figure(steps, unit, loads, where=""):
    """All bends of one figure, or that there is none. `where`: what it is of."""
    found = [step for step in steps if step.bends]
    if found:
        count = f"{len(found)} of {len(steps)} steps {'is a bend' if len(found) == 1 else 'are bends'}:"
        return "\n".join([filled(where + count), "", *[bend(step, unit, loads) for step in found]])
    most = max((step for step in steps if step.curve in OURS), key=lambda step: abs(step.ns))
    text = (f"{where or 'Here '}no curve bends. The largest step of this proxy is that from {most.before} to {most.after} {unit}: "
            f"{whole(most.ns)} ns in {NAMES[most.curve]}, where rounds differ by {whole(most.noise)} ns.")
    return filled(text)


def axis(results, name, header=MPLS, where=""):
    text = figure(bends.axis_steps(results, name, header), UNITS[name], results.loads, where)
    return f"{text}\n\n{hints(results, header)}" if name == "services" else text


def besides(results, header):
    """The bends along all axes of another header."""
    return "\n\n".join(axis(results, name, header, f"Along {UNITS[name]}, ") for name in HEADERS[header].axes)


def more_than(most, mean):
    """The share of positions with more than so many others, where chance puts them there (Poisson)."""
    return max(0.0, 1 - sum(math.exp(-mean) * mean ** count / math.factorial(count) for count in range(most + 1)))


def hints(results, header=MPLS):
    """How services share positions of hints."""
    user, kernel = [], []
    for (services, curve), found in results.hints(header).items():
        if curve == "user":
            user.append(f"{found['matches'] - found['match_positions']} of {services}")
        else:
            headers = math.lcm(services, STACKS)
            kernel.append(f"{share(more_than(1, headers / found['number_positions']), 1)} of {headers}")
    text = f"Services without a hint of their own, which the hash map finds: {', '.join(user)}."
    if kernel:
        text += (f" In kernel mode a position has two numbers of headers. Headers that share one with more are to be expected: "
                 f"{', '.join(kernel)}.")
    return filled(text)


def in_flight(results):
    """Of the figure with 5 labels, and then of the other headers."""
    parts = [figure(bends.in_flight_steps(results), "packets", results.loads)]
    parts += [figure(bends.in_flight_steps(results, header), "packets", results.loads, f"With {title}, ")
              for header, title in ALONE.items()]
    return "\n\n".join(parts)


def beyond(packets, buckets, words):
    """Packets whose word is to be expected in an overflow line, by chance: of those in a bucket all beyond so many words."""
    mean = packets / buckets
    return buckets * (mean * more_than(words - 1, mean) - words * more_than(words, mean))


def overflow(results):
    """Whether buckets overflow, of strip and restore alone and of the chain."""
    found = [(packets, row["fill"]) for packets, _, row in results.in_flight()]
    words = results.loads.sizes["words"]
    packets, most = found[-1]
    inserted, evicted = results.inserts()
    return filled(f"{sum(fill['evicted'] for _, fill in found)} of {sum(fill['inserted'] for _, fill in found)} inserts made another "
                  f"packet give way, because both lines for their word were full; in the chain it was {evicted} of {inserted}. With "
                  f"{packets} packets {most['overflow']} words are in overflow lines; {beyond(packets, most['buckets'], words):.0f} "
                  f"were to be expected. The fullest bucket has {most['largest']} words, of which {words} are in its own line.")


def levels(results):
    """The machine's caches and TLB, as the curves show them."""
    loads = results.loads
    last, slowest = loads.packed[-1]
    parts = [f"{ns:.1f} ns up to {lines * LINE // 1024} KiB" for lines, ns in loads.levels() if lines < last]
    pages = [(count, loads.tlb(count)) for count, _ in loads.spread]
    reach = max((count for count, more in pages if more < 1), default=0)
    most = max(pages, key=lambda each: each[1])
    return filled(f"Where the curve is level, a load takes {', '.join(parts)}. With {last * LINE // 1048576} MiB it takes {slowest:.1f} ns. "
                  f"Misses of the TLB add less than 1 ns up to {reach} pages, and {most[1]:.1f} ns with {most[0]}.")
