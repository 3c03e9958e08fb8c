# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Traffic between two hosts of the lab, and what became of it. Each function returns a Result."""
import dataclasses
import json
import re
import textwrap
import time

from lab.net import LabError, call, wait_for

GET = """
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=1).read().decode().strip())
"""


SERVER_BUSY_SECONDS = 5
CAPTURE_KIB = 32768     # so that tcpdump loses nothing of what goes by at once


@dataclasses.dataclass
class Result:
    """`good`: it went as it should. `mbps`: None where a rate makes no sense."""
    name: str
    good: bool
    text: str
    mbps: float | None = None


def ping(lab, role, address, count=20, interval=0.02, size=56, hops=64):
    done = lab.run(role, "ping", "-q", "-n", "-c", count, "-i", interval, "-W", "1", "-s", size, "-t", hops, address, check=False)
    found = re.search(r"(\d+) received", done.stdout)
    answered = int(found.group(1)) if found else 0
    times = re.search(r"= [\d.]+/([\d.]+)/", done.stdout)
    average = f", {times.group(1)} ms on average" if times else ""
    return Result(f"ping {address}", answered == count, f"{answered} of {count} answered{average}")


def serve(lab, role, *web_ports, addresses=()):
    """iperf3 on 5201 and a small web server on each port, both families. `addresses`: one iperf3 for each of them, so that
    tests can run side by side."""
    for address in addresses or [None]:
        lab.start(role, "iperf3", "-s", "-p", "5201", *(["-B", address] if address else []))
    web = lab.folder / "web"
    web.mkdir()
    (web / "index.html").write_text("hello from behind the SF\n")
    for port in web_ports:
        lab.start(role, "/usr/bin/python3", "-m", "http.server", "--bind", "::", "--directory", web, port)
    for port in (5201, *web_ports):
        least = len(addresses) if port == 5201 else 0
        wait_for(f"port {port}", lambda at=port, least=least: len(
            lab.run(role, "ss", "-Hltn", f"sport = :{at}").stdout.splitlines()) >= max(1, least))


def iperf_report(lab, role, command, timeout):
    """What the client says. A server that has not yet noticed the end of the test before is asked again."""
    until = time.monotonic() + SERVER_BUSY_SECONDS
    while True:
        done = lab.run(role, *command, check=False, timeout=timeout)
        report = json.loads(done.stdout) if done.stdout.startswith("{") else {"error": done.stderr.strip()}
        not_yet = any(word in report.get("error", "") for word in ("busy", "reset by peer"))
        if not not_yet or time.monotonic() > until:
            return report
        time.sleep(0.1)


def iperf(lab, role, address, *options, seconds=2, name=""):
    """TCP, or UDP with -u and -b. Reports what the receiver got. With -n the number of bytes ends it, not the time."""
    limit = [] if "-n" in options else ["-t", seconds]
    title = f"{name} to {address}" if "-R" not in options else f"{name} from {address}"
    command = ("iperf3", "-J", "-c", address, "-p", "5201", *limit, "--connect-timeout", "1000", *options)
    try:
        report = iperf_report(lab, role, command, seconds + (20 if "-n" in options else 3))
    except LabError:
        return Result(title, False, "did not come to an end", 0.0)
    if "error" in report:
        return Result(title, False, report["error"], 0.0)
    end = report["end"]
    if "-u" in options:
        sums = end["sum_received"]
        text = f"{sums['packets']} datagrams, {sums['lost_packets']} lost"
        return Result(title, sums["packets"] > 0, text, sums["bits_per_second"] / 1e6)
    mbps = end["sum_received"]["bits_per_second"] / 1e6
    return Result(title, mbps > 0, f"{end['sum_sent']['retransmits']} retransmitted", mbps)


def web(lab, role, address, port):
    """A small page over HTTP."""
    host = f"[{address}]" if ":" in address else address
    done = lab.run(role, "/usr/bin/python3", "-c", GET, f"http://{host}:{port}/", check=False)
    last = (done.stdout + done.stderr).strip().splitlines()[-1:]
    return Result(f"http {host}:{port}", done.returncode == 0, f'"{last[0]}"' if last else "nothing")


def blocked(lab, role, address, port):
    """The server is there and listens; only the SF is between. Good is that nothing gets through."""
    result = web(lab, role, address, port)
    silent = not result.good and "timed out" in result.text
    return Result(result.name, silent, "no answer, as the SF's rules want it" if silent else f"got {result.text}")


def bad_checksums(lab, role):
    """Packets that a host's kernel refused for the checksum of their TCP, UDP or ICMP, since its namespace was made."""
    tables = lab.run(role, "cat", "/proc/net/snmp").stdout.splitlines()
    found = 0
    for names, values in zip(tables[::2], tables[1::2]):
        found += sum(int(value) for name, value in zip(names.split(), values.split()) if name == "InCsumErrors")
    for line in lab.run(role, "cat", "/proc/net/snmp6").stdout.splitlines():
        name, value = line.split()
        found += int(value) if name.endswith("InCsumErrors") else 0
    return found


def capture(lab, role, device, path, expression):
    """tcpdump in the background, returned when it listens."""
    log = lab.folder / f"tcpdump-{device}.log"
    with open(log, "wb") as out:
        process = lab.start(role, "tcpdump", "-Z", "root", "-U", "--immediate-mode", "-B", CAPTURE_KIB, "-i", device, "-w",
                            path, *expression.split(), stderr=out)
    wait_for(f"tcpdump on {device}", lambda: "listening on" in log.read_text())
    return process


def end_captures(lab, running, paths):
    """When nothing new has come for a while: tcpdump forgets what it has not read yet."""
    sizes = None
    while sizes != (sizes := [path.stat().st_size for path in paths]):
        time.sleep(0.3)
    for process in running:
        lab.stop(process)


def spell_out(path):
    """The headers of the first packet of a capture file as tcpdump reads them, as indented lines."""
    text = call("tcpdump", "-nnetv", "-c", "1", "-r", path).stdout
    for before, after in ((", ethertype", ",\nethertype"), (": MPLS (", ":\nMPLS ("), (": (tos", ":\n(tos"),
                          (": Flags", ":\nFlags")):
        text = text.replace(before, after)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    headers = [index for index, line in enumerate(lines) if "Flags" in line]
    lines = lines[:headers[0] + 2] if headers else lines  # of the payload, one line is enough
    return "\n".join(wrapped(line, 6) for line in lines)


def wrapped(line, indent, width=98):
    """One line as several, the later ones further in."""
    return "\n".join(textwrap.wrap(line, width, initial_indent=" " * indent, subsequent_indent=" " * (indent + 8)))
