# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Where every packet went: what the edges pushed against what arrived, with a name for each one that did not."""
import dataclasses

from lab.edge import FAMILY_KINDS, KINDS, total


@dataclasses.dataclass
class Account:
    """Packets of both directions. `lost`: how many for each cause. `control_frames`: frames that nobody
    pushed, neighbour discovery for one, on the edges' links and on those of the SF; they share what full links lose."""
    pushed: int
    good: int
    wrong: int
    bare: int
    lost: dict
    balanced: bool
    control_frames: int

    @property
    def missing(self):
        return self.pushed - self.good - self.wrong

    @property
    def closed(self):
        """Every missing packet has a name, and no name stands for a packet that is not missing, but for control packets
        frames among what full links lost: those were never pushed."""
        surplus = sum(self.lost.values()) - self.missing
        full = sum(count for cause, count in self.lost.items() if cause.endswith("link full"))
        return 0 <= surplus <= min(self.control_frames, full)


def control_of_sf(stats):
    """Frames of the links between proxy and SF that did arrive: as many may have been lost there."""
    return ended_at_port(stats, "sf_ports", "passed").get("control", 0)


def reasons(stats, key):
    """packets per reason, over all services: reasons(stats, "dropped")."""
    found = {}
    for service in stats["counters"]["services"].values():
        for reason, count in service.get(key, {}).items():
            found[reason] = found.get(reason, 0) + count["packets"]
    return found


def ended_at_port(stats, side, kind):
    """packets per reason that a port itself passed or dropped: ended_at_port(stats, "sf_ports", "dropped")."""
    found = {}
    for port in stats["counters"][side].values():
        for reason, count in port.get(kind, {}).items():
            found[reason] = found.get(reason, 0) + count["packets"]
    return found


def probes(stats):
    """Packets that the proxy sent itself to see what the SF does to them, and met again: nobody pushed them."""
    return sum(ended_at_port(stats, side, kind).get("probe", 0)
               for side in ("domain_ports", "sf_ports") for kind in ("dropped", "dropped_after_claim"))


def lost_in_sf(stats, firewall, sf_drops):
    """Headers that were never claimed, by what the SF and the proxy say of the packets. The rest, which nobody claims
    to have dropped, is "vanished"."""
    cache = stats["conservation"]["cache"]
    unclaimed = cache["expired"] + cache["evicted"] + cache["flushed"] + cache["live"]
    at_sf_port = ended_at_port(stats, "sf_ports", "dropped")
    causes = {"blocked by the SF's rule": firewall["blocked"], "SF: not allowed": firewall["other"],
              "SF: rest of a torn datagram": firewall.get("torn", 0), "SF: link full": sf_drops,
              "back too late": at_sf_port.get("late", 0), "not recognised": at_sf_port.get("miss", 0),
              "to the SF: link full": after_verdict(stats, "sf_ports")}
    # Multicast listener reports of an SF's own kernel are not recognised either, and nobody's loss.
    surplus = max(0, sum(causes.values()) - unclaimed)
    causes["not recognised"] -= min(surplus, causes["not recognised"])
    # Less than none: what the SF's own kernel or the proxy's probes said was lost at a full link. Account.closed limits it.
    causes["vanished in the SF"] = max(0, unclaimed - sum(causes.values()))
    return causes


def after_verdict(stats, side):
    """Frames that the proxy had sent and the link did not take: on the SF's ports, or ("rest") on the others. A frame
    that was refused before it left its own port had come from the other side."""
    lost = 0
    for port, count in stats["after_verdict"]["ports"].items():
        to_sf = port in stats["counters"]["sf_ports"]
        lost += count["not_sent"] if to_sf == (side == "sf_ports") else count["not_redirected"]
    return lost


def settle(pushed, arrived, edge_errors, stats, firewall, sf_drops):
    """Everything counted, as one Account."""
    lost = lost_in_sf(stats, firewall, sf_drops)
    for reason, count in reasons(stats, "dropped").items():
        lost[f"proxy: {reason}"] = count
    for reason, count in reasons(stats, "dropped_after_claim").items():
        lost[f"proxy, after the SF: {reason}"] = count
    for reason, count in ended_at_port(stats, "domain_ports", "dropped").items():
        lost[f"proxy, port: {reason}"] = count
    lost["proxy: unmatched"] = ended_at_port(stats, "domain_ports", "passed").get("unmatched", 0)
    lost["from the proxy: link full"] = after_verdict(stats, "rest")
    for device, count in edge_errors.items():
        lost[f"classifier {device}: link full"] = count
    return Account(pushed=sum(total(side, "pushed") for side in pushed),
                   good=sum(total(side, "good") for side in arrived),
                   wrong=sum(side["wrong"] for side in arrived),
                   bare=sum(side["bare"] for side in arrived),
                   lost={cause: count for cause, count in lost.items() if count},
                   balanced=stats["conservation"]["balanced"],
                   control_frames=sum(side["link"] for side in pushed) + control_of_sf(stats))


def in_words(account, most=None):
    """"2 lost (2 blocked by the SF's rule)"; `most` causes by name, and the sum of the others."""
    if not account.lost:
        return f"{account.missing} lost"
    causes = sorted(((count, cause) for cause, count in account.lost.items()), reverse=True)
    if others := causes[most:] if most else []:
        causes = causes[:most] + [(sum(count for count, _ in others), "by other causes")]
    return f"{account.missing} lost ({', '.join(f'{count} {cause}' for count, cause in causes)})"


def kinds_table(pushed, arrived, kinds=FAMILY_KINDS):
    """How many of each kind of packet were pushed and arrived with the right stack, as indented lines. Kinds that are
    not in `kinds` have a line only where there were some."""
    lines = [f"  {'':12}{'IPv4 pushed':>14}{'right':>10}{'IPv6 pushed':>16}{'right':>10}"]
    for kind in FAMILY_KINDS:
        sums = [sum(side.get(f"{event}_{kind}{family}", 0) for side in sides)
                for family in ("", "6") for event, sides in (("pushed", pushed), ("good", arrived))]
        if (kind in kinds and kind != "other") or any(sums):
            name = kind if kind in ("fragment", "other") else kind.upper()
            lines.append("  {:12}{:>14}{:>10}{:>16}{:>10}".format(name, *sums))
    return "\n".join(lines)


def kinds_right(arrived):
    """How many of each kind arrived with the right stack, IPv4 and IPv6 together: "TCP 1603510, UDP 12504"."""
    sums = {kind: sum(side.get(f"good_{kind}{family}", 0) for side in arrived for family in ("", "6")) for kind in FAMILY_KINDS}
    return ", ".join(f"{kind if kind in ('fragment', 'other') else kind.upper()} {count}"
                     for kind, count in sums.items() if count)


def silent_kinds(arrived, kinds=KINDS):
    """Kinds of which nothing arrived with the right stack, be it in one direction only; "other" need not be there."""
    return [kind for kind in kinds if not kind.startswith("other") and not all(side[f"good_{kind}"] for side in arrived)]
