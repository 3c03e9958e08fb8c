# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Network namespaces, links and processes of a test, and that none of them is left over."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

# Without these a new link takes seconds until it may send, and sends packets of its own that nobody asked for.
SYSCTLS = {"net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.default.rp_filter": 0,
           "net.ipv6.conf.default.accept_dad": 0, "net.ipv6.conf.default.dad_transmits": 0,
           "net.ipv6.conf.default.accept_ra": 0, "net.ipv6.conf.default.router_solicitations": 0}
PATIENCE = float(os.environ.get("SFC_PATIENCE", "30"))  # seconds, for what mostly comes at once
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class LabError(Exception):
    """Something of the lab, not of the program under test, did not work."""


def call(*command, check=True, timeout=30, **options):
    """Runs a command to its end and returns it with its output; one that fails or takes longer than `timeout` seconds
    is a LabError."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=timeout, check=False, **options)
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{' '.join(words)}: no end after {timeout:g} s") from error
    if check and done.returncode:
        raise LabError(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}".rstrip())
    return done


def wait_for(what, condition, seconds=PATIENCE, step=0.05):
    """Returns the first true value of condition(); a LabError if it takes longer than `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"waited {seconds:g} s for {what}")
        time.sleep(step)


def _terminate(_signal, _frame):
    raise KeyboardInterrupt  # what unittest lets through; a SystemExit would only fail one test and go on


class Lab:
    """Namespaces are called by their role ("sender"); in the system their names carry the process id. Use with `with`:
    everything is removed when the block ends, by whatever way."""

    tied = ("setpriv", "--pdeathsig", "KILL")  # how a process starts that is not to outlive this one

    def __init__(self):
        self.prefix = f"sfc-{os.getpid()}-"
        self.roles = []
        self.children = []
        self.folder = None
        self.bpffs = None
        self.old_handlers = {}

    def __enter__(self):
        for number in (signal.SIGTERM, signal.SIGHUP):  # an exception, so that the block ends as usual
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup wants it so
                self.old_handlers[number] = signal.signal(number, _terminate)
        try:
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sfc-lab-"))
            self.bpffs = self.folder / "bpf"  # first, as in namespace()
            self.bpffs.mkdir()
            call("mount", "-t", "bpf", "none", self.bpffs)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_exception):
        self.close()

    def close(self):
        """Removes everything; a second call finds nothing to do. An impatient second Ctrl-C must not leave a half."""
        old = {number: signal.signal(number, signal.SIG_IGN) for number in ENDS}
        for child in list(self.children):
            self.stop(child, grace=0.5)
        for role in self.roles:
            call("ip", "netns", "delete", self.name(role), check=False)
        self.roles.clear()
        if self.bpffs:
            call("umount", "--lazy", self.bpffs, check=False)
            self.bpffs = None
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None
        for number, handler in (old | self.old_handlers).items():
            signal.signal(number, handler)
        self.old_handlers = {}

    def name(self, role):
        return self.prefix + role

    def inside(self, role, command):
        """The command line that runs `command` in a namespace. Not `ip netns exec`: it mounts a new /sys, in which
        pinned maps are not to be seen."""
        return ["nsenter", f"--net=/run/netns/{self.name(role)}", *[str(word) for word in command]]

    def namespace(self, role, **sysctls):
        """A new namespace; sysctls are given with `__` for each dot: net__ipv4__ip_forward=1."""
        self.roles.append(role)  # first: an interrupt may come while it is being made
        call("ip", "netns", "add", self.name(role))
        values = SYSCTLS | {key.replace("__", "."): value for key, value in sysctls.items()}
        self.run(role, "sysctl", "-qw", *[f"{key}={value}" for key, value in values.items()])
        self.run(role, "ip", "link", "set", "lo", "up")

    def run(self, role, *command, **options):
        return call(*self.inside(role, command), **options)

    def start(self, role, *command, **options):
        """A process in the background, ended with the lab. Its output goes to the lab's folder unless redirected."""
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        # A group of its own: Ctrl-C is for us, and we end our children in order. The kernel does if we are killed.
        command = [*self.tied, *self.inside(role, command)]
        child = subprocess.Popen(command, start_new_session=True, **options)
        self.children.append(child)
        return child

    def stop(self, child, number=signal.SIGTERM, grace=5.0):
        """Ends a process, by force after `grace` seconds. Returns its exit code, None if force was needed."""
        if child in self.children:
            self.children.remove(child)
        if child.poll() is None:
            child.send_signal(number)
        try:
            return child.wait(grace)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return None

    def link(self, left, right, mtu=1500):
        """A veth pair between two (role, interface), up on both sides."""
        (role, device), (other_role, other_device) = left, right
        call("ip", "link", "add", device, "netns", self.name(role), "mtu", mtu, "type", "veth",
             "peer", "name", other_device, "netns", self.name(other_role), "mtu", mtu)
        for at, port in (left, right):
            self.run(at, "ip", "link", "set", port, "up")

    def address(self, role, device, *addresses):
        for address in addresses:
            self.run(role, "ip", "address", "add", address, "dev", device, *(["nodad"] if ":" in address else []))

    def route(self, role, target, *how):
        self.run(role, "ip", "route", "replace", target, *how)

    def wait_up(self):
        """Until every interface has a carrier and no IPv6 address is still tentative."""
        for role in self.roles:
            wait_for(f"the links of {role}", lambda at=role: self._is_up(at))

    def _is_up(self, role):
        links = self.run(role, "ip", "-br", "link").stdout.splitlines()
        tentative = self.run(role, "ip", "-6", "address", "show", "tentative").stdout
        return not tentative and all(line.split()[1] == "UP" for line in links if not line.startswith("lo "))
