# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""docs/EVALUATION.md from the raw results of bench/run paper, and of bench/run mpls-router."""
import pathlib

from bench import mpls_router_report, paper_plots, paper_tables as tables, paper_words as words
from bench.paper_bends import NOISE, SHARE
from bench.paper_plan import AXES, BASE, CURVES, HEADERS, PROXIES
from bench.paper_results import Results, least

TEXT = """# Evaluation

How fast a caching SFC proxy is, beside what could stand in its place. `bench/run paper` measures
this, and writes this page and its figures from [its raw results](evaluation/raw.jsonl).
`bench/run paper --report docs/evaluation/raw.jsonl` writes them again, byte for byte.

{machine}
{busy}
## The chain
```
user mode     sender -- p0 [proxy] f0 -- [SF] -- f1 [proxy] p1 -- receiver
kernel mode   sender -- p0 [proxy, kernel, proxy] p1 -- receiver
```
Each part is a network namespace, and each `--` a veth pair. There is no network card. The SF of
user mode is an XDP program that redirects every frame. The SF of kernel mode is the kernel that
forwards. So the two modes have different ways, and each is compared with the least that can be done
on its own way.

| curve | way | |
|---|---|---|
| bare redirects | user mode | XDP redirects every frame between the same ports, and changes nothing |
| sfcproxy without a cache | user mode | the programs of this proxy, but for key and cache (`bench/nocache.bpf.c`): the header of the last packet is kept, and put on the next one that comes back |
| sfcproxy, user mode | user mode | this proxy, SF behind two ports |
| the paper's way | user mode | Haeberle et al., "A Caching SFC Proxy Based on eBPF", NetSoft 2022, as written here (`bench/paper.bpf.c`): strip in XDP, kernel forwarding, restore at TC egress, an LRU hash |
| plain forwarding | kernel mode | the kernel forwards bare packets |
| sfcproxy, kernel mode | kernel mode | this proxy around the same kernel |

Packets are IPv4 and TCP, made by an XDP program, and checked by another one where they arrive. In
user mode each packet has a label stack of its own. Without a cache it could get that of another
packet, so there all have the same. In kernel mode there are 64 stacks. One axis changes at a time.
The base point has {base.labels} labels, frames of {base.size} bytes without labels, {base.flows} flows and
{base.services} services.
The receiver checks length and labels of every packet, and all bytes of one in 64. It found {wrong}
wrong ones.

**Rate without loss**: the highest rate at which no packet is lost. Sender, proxy, SF and receiver
share one CPU that never waits. So the CPU time a packet is one divided by that rate, with sender
and receiver in it. They take the same time with all curves, so differences are those of the proxy.

**Latency**: from the moment when the sender writes a packet to the moment when the receiver has it,
by one clock, at 100 000 packets a second, one at a time. It sees the path and what interrupts it.
It sees no queue, as none fills up, and no network card. Times are exact to 3 %.

## At the base point
{base_table}

`added` is in comparison with the least on the same way. Latencies in brackets are such, too.
{loses}

{musts_table}

![Latency at the base point](evaluation/latency.svg)

## Bends
A bend is a step from one point of a curve to the next. It is more than {share:g} % of a packet's
time, and more than {noise} times what rounds differ by. Where the least on the same way was
measured at both points, its own step is taken off. The machine's speed changes from one minute to
the next. So each round also measures bare redirects at the base point, and times are corrected by
that.

The CPU has no counters here that would tell misses. So `bench loads` measures how long a load takes
whose address is what the load before it found. It does so in the kernel, in a map of the same kind
as those of the cache, and in a random order: once with all lines of each page in use, and once with
one line of each page. As many lines miss the same caches, but the latter need 64 times as many
pages. So the difference is what the TLB costs.

The structures of the cache say how much memory packets need. Some loads must wait, because their
address is what a hash or another load found. They times the difference of their time is the least
that memory explains. All lines of a packet, one behind the other, are the most.

![Nanoseconds of a load against the memory in use](evaluation/loads.svg)

{levels}

## Labels
{labels_text}

![Rate and latency against the number of labels](evaluation/labels.svg)

{labels_table}

{labels_bends}

## Packet size
The way of a packet copies no payload, so its size should hardly matter.

![Rate and latency against the packet size](evaluation/size.svg)

{size_table}

{size_bends}

## Flows
A caching proxy keeps a header for each packet, not for each flow.

![Rate and latency against the number of flows](evaluation/flows.svg)

{flows_table}

{flows_bends}

## Services
Each packet is for the next service. Redirects and forwarding know no services. They are here
because the speed of the machine may change.

![Rate and latency against the number of services](evaluation/services.svg)

{services_table}

{services_bends}

## Packets in the SF at once
On one CPU the chain never has more than {batch} packets in the SF. So here strip and restore run
alone in the kernel (`bench/run micro`): so many packets are stripped before the first of them is
restored. The paper's way has XDP on both sides here.

![Nanoseconds against packets in flight](evaluation/in_flight.svg)

{in_flight_table}

{in_flight_headers_table}

{in_flight_bends}

{memory_table}

{overflow}

## Other headers
NSH and SRv6 in the chain, at the base point but for their single service. The paper's way knows
SR-MPLS only. Linux has no SRv6 proxy. The nearest to it is End.DX4 in front of the SF and H.Encaps
behind it. So all packets get the same header, and their last segment must be here.

{chain_headers_table}

Along the axes, one of them at a time. The kernel's own way knows no services, and needs three
segments at least. Each service of SRv6 has a locator of its own.

{along_headers}

Strip and restore alone, with 100 packets in flight:

{headers_table}

## TCP
One flow of iperf3 through kernel mode. With GRO and equal label stacks it stands beside plain
forwarding with GRO. iperf3 is no real-time process, so here other work takes turns from it. Medians
of {tcp_rounds} runs:

{tcp_table}
"""


def busy(results):
    """One paragraph, where it is so."""
    head = results.head
    if results.load <= head["cpus"]:
        return ""
    return (f"\n**The machine was busy**: {results.load:.0f} processes wanted its {head['cpus']} CPUs (median). The sender is a real-time\n"
            "process, so others take no turns from it; but they take caches and memory bandwidth.\n"
            "Rates are lower than on a quiet machine. Curves of one figure were taken in turns, and can be\ncompared.")


def machine(results):
    head = results.head
    rows = [("CPU", f"{head['cpus']} of {head['cpu']}"), ("kernel", head["kernel"]), ("commit", f"`{head['commit']}`"),
            ("taken", f"{head['started']} UTC"), ("rounds", f"{head['rounds']}; figures are medians")]
    again = ", ".join(f"{point['axis']} {point['value']}".strip() for point in results.points if point.get("again"))
    if again:
        rows.append(("measured again", f"{again}: the machine was slower the first time"))
    return tables.table(("", ""), rows, "ll")


def loses(results):
    """Our own ratios, the bad ones too."""
    found = results.base
    parts = [f"{CURVES[curve].title} reaches {found[curve].ratio(found[least(curve)]):.2f} of {CURVES[least(curve)].title}"
             for curve in PROXIES]
    return (f"{parts[0]}, and {found['user'].ratio(found['static']):.2f} of the same without a cache.\n"
            f"It is {found['user'].ratio(found['paper']):.2f} times as fast as the paper's way.\n{parts[1]}.")


def labels_text(results):
    along = results.along("labels")
    (few, first), (many, last) = along[0], along[-1]

    def kept(curve):
        return last[curve].rate / first[curve].rate
    return (f"The more labels, the more bytes are cached and put back. From {few} to {many} labels,\n"
            f"user mode keeps {kept('user'):.2f} of its rate, kernel mode {kept('kernel'):.2f}, the paper's way {kept('paper'):.2f}"
            f"\nand bare redirects {kept('redirect'):.2f}.")


def along_headers(results):
    """A part for each of the other headers."""
    parts = []
    for header, about in HEADERS.items():
        shown = f"![{about.title}: rate and latency](evaluation/{header}.svg)\n\n" if len(about.axes) > 1 else ""
        parts.append(f"### {about.title}\n{shown}{tables.along_header(results, header)}\n\n{words.besides(results, header)}")
    return "\n\n".join(parts)


def document(results, router):
    axes = ({f"{axis}_table": tables.along(results, axis) for axis in AXES}
            | {f"{axis}_bends": words.axis(results, axis) for axis in AXES})
    wrong, _ = results.totals()
    text = TEXT.format(wrong=wrong, machine=machine(results), busy=busy(results), base=BASE, batch=tables.BATCH, loses=loses(results), musts_table=musts_table(results),
                       labels_text=labels_text(results), base_table=tables.base(results),
                       in_flight_table=tables.in_flight(results), in_flight_headers_table=tables.in_flight_headers(results),
                       in_flight_bends=words.in_flight(results), memory_table=tables.memory(results),
                       overflow=words.overflow(results), levels=words.levels(results), share=100 * SHARE, noise=NOISE,
                       along_headers=along_headers(results), chain_headers_table=tables.chain_headers(results),
                       headers_table=tables.headers(results), tcp_table=tables.tcp(results),
                       tcp_rounds=len(results.tcp[0]["runs"]), **axes)
    return text + (mpls_router_report.section(router) if router else "")


# What must be: rates beside those of other curves at the base point, (curve, other curve, least ratio).
MUSTS = {"vs_redirect": ("user", "redirect", 0.54), "vs_ceiling": ("user", "static", 0.70), "vs_paper": ("user", "paper", 4.0)}


def ratios(results):
    return {name: results.base[curve].ratio(results.base[other]) for name, (curve, other, _) in MUSTS.items()}


def musts_table(results):
    rows = [(f"`{name}`", f"{CURVES[MUSTS[name][0]].title} / {CURVES[MUSTS[name][1]].title}", f"{ratio:.2f}", f"{MUSTS[name][2]:.2f}",
             "met" if ratio >= MUSTS[name][2] else "**missed**") for name, ratio in ratios(results).items()]
    return tables.table(("limit", "rates", "measured", "at least", ""), rows, "llrrl")


def write(head, points, out, router=None):
    """EVALUATION.md and the folder `evaluation` in `out`; `router`: what bench/run mpls-router found, which has a section of its own.
    Returns whether all is as it must be, and the figures for the RESULT line."""
    results = Results(head, points)
    paper_plots.draw(results, pathlib.Path(out) / "evaluation", router)
    (pathlib.Path(out) / "EVALUATION.md").write_text(document(results, router), encoding="utf-8")
    found, reached = results.base, ratios(results)
    wrong, lost = results.totals()
    return (wrong == lost == 0 and all(reached[name] >= must for name, (_, _, must) in MUSTS.items()),
            " ".join(f"{name}={ratio:.2f}" for name, ratio in reached.items())
            + f" vs_forwarding={found['kernel'].ratio(found['forwarding']):.2f}"
            f" wrong={wrong} lost={lost} points={len(points)} rounds={head['rounds']}")
