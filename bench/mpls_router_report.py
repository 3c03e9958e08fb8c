# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The section of docs/EVALUATION.md from the raw results of bench/run mpls-router."""
from bench.mpls_router_plan import CURVES, STATIC
from bench.paper_plan import BASE
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
to the SF and to the receiver. This proxy redirects it in XDP, and gives each packet its own stack
back.

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


def machine(router):
    head = router.head
    return table(("", ""), [("guest's kernel", ", ".join(router.kernels)), ("commit", f"`{head['commit']}`"), ("taken", f"{head['started']} UTC"),
                            ("rounds", f"{head['rounds']}; figures are medians"),
                            ("packets", f"frames of {BASE.size} bytes without labels, {BASE.flows} flows, 1 service")], "ll")


def ahead(router, curve):
    """From how many labels on ours needs fewer instructions than that curve."""
    for ours, others in STATIC.items():
        if curve in others:
            won = router.first_won(ours, curve)
            return "nowhere" if won is None else f"from {won} label{'s' if won > 1 else ''} on"
    return "-"


def slopes(router):
    """Beyond those of the least on the same way, which are the sender's and the receiver's own work."""
    rows = [(about.title, f"{router.slope(curve) - router.slope(about.beside):.0f}", ahead(router, curve))
            for curve, about in CURVES.items() if curve != about.beside]
    return table(("", "instructions for a label more", "sfcproxy needs fewer"), rows, "lrl")


def counts(router):
    """All curves, with what is added to the least on the same way."""
    rows = []
    for labels, at in router.along():
        cells = [f"{at[curve]:.0f}" + ("" if curve == about.beside else f" ({at[curve] - at[about.beside]:+.0f})") for curve, about in CURVES.items()]
        rows.append([labels, *cells])
    return table(["labels", *[about.title for about in CURVES.values()]], rows)


def section(router):
    return TEXT.format(machine=machine(router), boots="one boot" if router.boots == 1 else f"{router.boots} boots",
                       spread=router.spread * 100, slopes=slopes(router), table=counts(router), packets=router.total("sent"),
                       wrong=router.total("wrong"), lost=router.total("lost"), unseen=router.unseen())
