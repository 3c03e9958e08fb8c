# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The section of docs/EVALUATION.md from the raw results of bench/run mpls-router."""
from bench.mpls_router_plan import BESIDE, CURVES, FLOWS, LARGE, LARGE_SIZE, SMALL
from bench.paper_plan import BASE, TCP
from bench.paper_tables import table

TEXT = """
## Beside the kernel's own static proxies
A static proxy has one label stack for all packets. Linux has two of that kind, and
`bench/run mpls-router` measures this proxy beside them, as the paper does. Its raw results are
[evaluation/mpls_router.jsonl](evaluation/mpls_router.jsonl).

- `mpls_router`: a route for each label leads to `lo`, where the kernel finds the next label. The
  route to the receiver has `encap mpls`.
- `act_mpls`: TC takes each label off by an action at ingress, and puts each on by one at egress.

They stand on both ways of a packet. With the SF behind ports the kernel forwards each packet twice,
to the SF and to the receiver. So it does on the paper's way, which strips in XDP and restores at TC
egress. This proxy redirects each packet in XDP. Only these two give each packet its own stack back.

{machine}

**From a guest under emulation.** Kernels of other hosts may lack these modules. So all runs in a
guest with Debian's own kernel, in {boots}, and QEMU counts the instructions that a packet takes
there: in sender, ports, SF and receiver. Rounds of a cell differ by {spread:.2f} % at most, so
slopes, order and crossings can be trusted. An instruction is no time: caches, locks and wrong
predictions cost nothing here. So this says nothing of packets a second, and differences of a few
per cent mean nothing. The guest does not clear the pages that it allocates, which would cost all
curves the same.

![Instructions a packet against the number of labels](evaluation/mpls_router.svg)

Instructions for a label more, from the second to the last, without those of sender and receiver;
and where this proxy needs fewer instructions on the same way:

{slopes}

All instructions of a packet, with those that are added to the least on the same way:

{table}

The receiver checked length and labels of {packets} packets. It found {wrong} wrong ones, and {lost}
were missing. In each cell with a label to put on, both static proxies were also given a stack that
is wrong by one bit. The receiver failed to notice {unseen} of these.
"""

LARGE_TEXT = """
### Larger frames
Frames of {size} bytes take at most {most:.0f} instructions more than those of {small} bytes with as
many labels, and on the way through sfcproxy at most {ours:.0f}. In brackets the difference:

{table}
"""

TCP_TEXT = """
### TCP in the guest
One flow through the kernel, as fast as it goes, with one stack of four labels on each way. Each
stack is checked where it arrives. Idle time, in which no instruction runs, is left out. Counted are
all instructions of a segment and of its acknowledgement, in both hosts too. The receiver puts no
acknowledgement off, because else their number differs from flow to flow. GRO is that of the proxy's
ports; in the hosts it is off. In brackets what is added to plain forwarding:

{table}

Rounds of a cell differ by {spread:.2f} % at most.{repeats}

Of {sent} segments {wrong} were wrong, and {lost} were sent again. Where GRO merges, the kernel
forwards fewer packets for a segment; but merging and taking apart need instructions as well. Linux
merges no frames with labels.
"""
REPEATS = """ Such counts do not repeat as those of
packets do, because some rounds have fewer acknowledgements still."""
REPEATS_MOST = 0.01


def machine(router):
    head = router.head
    return table(("", ""), [("guest's kernel", ", ".join(router.kernels)), ("commit", f"`{head['commit']}`"), ("taken", f"{head['started']} UTC"),
                            ("rounds", f"{head['rounds']}; figures are medians"),
                            ("packets", f"frames of {BASE.size} bytes without labels, {BASE.flows} flows, 1 service")], "ll")


def ahead(router, curve):
    """From how many labels on ours needs fewer instructions than that curve."""
    for ours, others in BESIDE.items():
        if curve in others:
            won = router.first_won(ours, curve)
            return "nowhere" if won is None else f"from {won} label{'s' if won > 1 else ''} on"
    return "-"


def slopes(router):
    """Beyond those of the least on the same way, which are the sender's and the receiver's own work."""
    rows = [(about.title, f"{router.slope(curve) - router.slope(about.beside):.0f}", ahead(router, curve))
            for curve, about in CURVES.items() if curve != about.beside]
    return table(("", "instructions for a label more", "sfcproxy needs fewer"), rows, "lrl")


def titles():
    return ["labels", *[about.title for about in CURVES.values()]]


def counts(router):
    """All curves, with what is added to the least on the same way."""
    rows = []
    for labels, at in router.along():
        cells = [f"{at[curve]:.0f}" + ("" if curve == about.beside else f" ({at[curve] - at[about.beside]:+.0f})") for curve, about in CURVES.items()]
        rows.append([labels, *cells])
    return table(titles(), rows)


def large(router):
    """All curves, with what they take more than for small frames."""
    if not router.labels(LARGE):
        return ""
    rows = [[labels, *[f"{at[curve]:.0f} ({round(at[curve] - router.instructions(curve, labels)):+d})" for curve in CURVES]]
            for labels, at in router.along(LARGE)]
    return LARGE_TEXT.format(size=LARGE_SIZE, small=BASE.size, most=max(router.grown(curve) for curve in CURVES),
                             ours=max(router.grown(curve) for curve in BESIDE), table=table(titles(), rows))


def tcp(router):
    if not router.labels(TCP):
        return ""
    rows = []
    for curve in FLOWS:
        cells = []
        for gro in router.labels(TCP):
            at, least = (router.instructions(name, gro, TCP) for name in (curve, CURVES[curve].beside))
            added = "" if curve == CURVES[curve].beside else f" ({at - least:+.0f})"
            cells += [f"{at:.0f}{added}", f"{router.forwarded(curve, gro):.2f}"]
        rows.append([CURVES[curve].title, *cells])
    head = ["", *[word.format(gro) for gro in router.labels(TCP)
                  for word in ("GRO {}: instructions a segment", "packets forwarded a segment")]]
    spread = router.spread(TCP)
    return TCP_TEXT.format(table=table(head, rows), spread=spread * 100, sent=router.total("sent", TCP),
                           wrong=router.total("wrong", TCP), lost=router.total("lost", TCP),
                           repeats=REPEATS if spread > REPEATS_MOST else "")


def section(router):
    text = TEXT.format(machine=machine(router), boots="one boot" if router.boots == 1 else f"{router.boots} boots",
                       spread=router.spread(SMALL, LARGE) * 100, slopes=slopes(router), table=counts(router),
                       packets=router.total("sent", SMALL, LARGE), wrong=router.total("wrong", SMALL, LARGE),
                       lost=router.total("lost", SMALL, LARGE), unseen=router.unseen())
    return text + large(router) + tcp(router)
