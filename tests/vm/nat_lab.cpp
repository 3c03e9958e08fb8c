// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "nat_lab.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "net/ethtool.h"
#include "net/netns.h"
#include "wire.skel.h"

namespace sfc::vm {
namespace {

constexpr const char* kMtu = "1564"; // 1500 and 16 labels

/// The first label is the proxy's, the others differ from address to address, family and direction.
std::vector<unsigned> stack_of(Family family, unsigned direction, unsigned number) {
    std::vector<unsigned> stack{16001 + direction};
    for (unsigned i = 0; i <= number; i++) {
        stack.push_back(17000 + 1000 * direction + (family == Family::V6 ? 500 : 0) + 16 * number + i);
    }
    return stack;
}

void set_file(const std::string& path, const std::string& value) {
    std::ofstream file(path);
    if (!(file << value << std::flush)) {
        throw system_error(fmt::format("cannot set '{}'", path), errno);
    }
}

void set(const std::string& name, const std::string& value) {
    set_file("/proc/sys/net/" + name, value);
}

/// Routes with labels to what the host `netns` reaches behind the proxy, and those that take off the labels of what
/// comes back: each sends the packet through `lo` for the next one.
void host_routes(const std::string& netns, Family family) {
    const bool sends = netns == kSender;
    const char* ip = family == Family::V4 ? "-4" : "-6";
    const std::string via = family == Family::V4 ? "inet" : "inet6";
    std::string lines;
    for (unsigned number = 0; number < kAddresses; number++) {
        const std::string labels = fmt::to_string(fmt::join(stack_of(family, sends ? 0 : 1, number), "/"));
        const std::string receiver = receiver_address(family, number);
        if (sends) {
            const std::string gateway = family == Family::V4 ? "192.0.2.1" : "2001:db8:1::1";
            lines +=
                fmt::format("route add {} encap mpls {} via {} {} dev s0 mtu 1500\n", receiver, labels, via, gateway);
        } else { // to one address all of it: what the packet comes from tells the stack
            const std::string far = far_address(family);
            lines += fmt::format("rule add from {} lookup {}\n", receiver, 100 + number);
            lines += fmt::format("route add {} encap mpls {} via {} {} dev r0 mtu 1500 table {}\n", far, labels, via,
                                 far, 100 + number);
        }
    }
    run({tool("ip"), ip, "-batch", "-"}, lines);
    lines.clear();
    for (unsigned number = 0; number < kAddresses; number++) {
        const std::vector<unsigned> stack = stack_of(family, sends ? 1 : 0, number);
        for (std::size_t i = 1; i < stack.size(); i++) {
            lines += fmt::format("route add {} dev lo\n", stack[i]);
        }
    }
    run({tool("ip"), "-f", "mpls", "-batch", "-"}, lines);
}

/// XDP cannot hand on a checksum that is still to be made, labels on several segments in one would be lost, and the
/// end of a veth gets redirected frames only where it polls: GRO makes it do so.
void set_offloads(const std::string& device) {
    const Ethtool ethtool;
    for (const Offload offload : {Offload::TxChecksum, Offload::Tso, Offload::Gso}) {
        ethtool.set(device, ethtool.wanted(device, offload), false);
    }
    ethtool.set(device, {"rx-gro"}, true);
}

void build_host(const std::string& netns, const std::string& device) {
    const InNetns inside(Netns::open(netns));
    set("mpls/platform_labels", "20000");
    set("mpls/conf/lo/input", "1");
    set(fmt::format("mpls/conf/{}/input", device), "1");
    set_offloads(device);
    std::string lines = "link set lo up\n";
    if (netns == kSender) {
        lines += fmt::format("addr add {}/24 dev s0\naddr add {}/64 dev s0 nodad\n", sender_address(Family::V4),
                             sender_address(Family::V6));
    } else {
        for (unsigned number = 0; number < kAddresses; number++) {
            lines += fmt::format("addr add {}/24 dev r0\naddr add {}/64 dev r0 nodad\n",
                                 receiver_address(Family::V4, number), receiver_address(Family::V6, number));
        }
    }
    // Segments one by one: TCP would build larger ones whatever the device can do.
    run({tool("ip"), "-batch", "-"}, fmt::format("link set {} up mtu {} gso_max_segs 1\n", device, kMtu) + lines);
    for (const Family family : kFamilies) {
        host_routes(netns, family);
    }
}

void build_wire() {
    const InNetns inside(Netns::open(kWire));
    run({tool("ip"), "-batch", "-"}, fmt::format("link add br0 type bridge mcast_snooping 0\n"
                                                 "link set c0 mtu {0} master br0 up\n"
                                                 "link set c1 mtu {0} master br0 up\n"
                                                 "link set br0 up\n",
                                                 kMtu));
    set_offloads("c0");
    set_offloads("c1");
}

void build_proxy_side() {
    set("ipv4/ip_forward", "1");
    set("ipv6/conf/all/forwarding", "1");
    set("ipv4/conf/all/send_redirects", "0");
    run({tool("ip"), "-batch", "-"}, fmt::format("link set p0 mtu {0} up\n"
                                                 "link set p1 mtu {0} up\n"
                                                 "addr add 192.0.2.1/24 dev p0\n"
                                                 "addr add 2001:db8:1::1/64 dev p0 nodad\n"
                                                 "addr add {1}/24 dev p1\n"
                                                 "addr add {2}/64 dev p1 nodad\n",
                                                 kMtu, far_address(Family::V4), far_address(Family::V6)));
    for (const char* port : {"p0", "p1"}) { // GRO waits for more: the emulated kernel polls after each packet
        Ethtool().set(port, {"rx-gro"}, true);
        set_file(fmt::format("/sys/class/net/{}/gro_flush_timeout", port), "1000000");
    }
    run({tool("nft"), "-f", "-"}, fmt::format("table inet nat {{\n"
                                              "    chain through {{\n"
                                              "        type filter hook forward priority filter;\n"
                                              "        counter\n"
                                              "    }}\n"
                                              "    chain from {{\n"
                                              "        type nat hook postrouting priority srcnat;\n"
                                              "        oif p1 meta l4proto {{ tcp, udp }} masquerade to :{}-{}\n"
                                              "        oif p1 masquerade\n"
                                              "    }}\n"
                                              "}}\n",
                                              kFirstPort, kLastPort));
}

/// In a child process: never returns.
[[noreturn]] void execute(const std::vector<std::string>& command, int in, int out) {
    std::vector<char*> arguments(command.size() + 1);
    std::transform(command.begin(), command.end(), arguments.begin(),
                   [](const std::string& argument) { return const_cast<char*>(argument.c_str()); });
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    execv(arguments[0], arguments.data());
    _exit(127);
}

} // namespace

std::string sender_address(Family family) {
    return family == Family::V4 ? "192.0.2.10" : "2001:db8:1::10";
}

std::string far_address(Family family) {
    return family == Family::V4 ? "198.51.100.1" : "2001:db8:2::1";
}

std::string receiver_address(Family family, unsigned number) {
    return fmt::format("{}{}", family == Family::V4 ? "198.51.100." : "2001:db8:2::", 11 + number);
}

std::string run(const std::vector<std::string>& command, const std::string& input) {
    std::string path = "/tmp/inputXXXXXX"; // a file: a pipe might be full before anybody reads it
    const Fd in(mkstemp(path.data()));
    std::array<int, 2> out{};
    unlink(path.c_str());
    if (!in || write(in.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size()) ||
        lseek(in.get(), 0, SEEK_SET) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) {
        throw system_error("cannot prepare a command", errno);
    }
    const pid_t child = fork();
    if (child == 0) {
        execute(command, in.get(), out[1]);
    }
    close(out[1]);
    const Fd reader(out[0]);
    std::string said;
    std::array<char, 4096> part{};
    for (ssize_t size = 0; (size = read(reader.get(), part.data(), part.size())) > 0;) {
        said.append(part.data(), static_cast<std::size_t>(size));
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0) {
        throw Error(ExitCode::Failed,
                    fmt::format("'{}' ended with status {:#x}\n{}", fmt::join(command, " "), status, said));
    }
    return said;
}

void build_lab() {
    if (access("/init", F_OK) != 0 || if_nametoindex("p0") != 0) {
        throw Error(ExitCode::Usage, "this changes addresses, routes and rules of the machine: only for tests/vm/run");
    }
    std::string lines;
    for (const char* netns : {kSender, kWire, kReceiver}) {
        lines += fmt::format("netns add {}\n", netns);
    }
    lines += fmt::format("link add s0 netns {} type veth peer name c0 netns {}\n"
                         "link add p0 type veth peer name c1 netns {}\n"
                         "link add p1 type veth peer name r0 netns {}\n",
                         kSender, kWire, kWire, kReceiver);
    run({tool("ip"), "-batch", "-"}, lines);
    build_wire();
    build_proxy_side();
    build_host(kSender, "s0");
    build_host(kReceiver, "r0");
}

std::string proxy_config(bool gro) {
    return std::string("sfs:\n") + "  - {name: nat, stack: {gro: " + (gro ? "on" : "off") +
           "}}\n"
           "services:\n"
           "  - name: out\n"
           "    match: {encapsulation: mpls, label: 16001}\n"
           "    domain: p0\n"
           "    sf: {name: nat}\n"
           "    egress: p1\n"
           "  - name: back\n"
           "    match: {encapsulation: mpls, label: 16002}\n"
           "    domain: p1\n"
           "    sf: {name: nat}\n"
           "    egress: p0\n";
}

std::string tool(const std::string& name) {
    return (name == "ip" ? "/usr/bin/" : "/usr/sbin/") + name;
}

std::uint64_t forwarded() {
    const std::string chain = run({tool("nft"), "list", "chain", "inet", "nat", "through"});
    const std::string before = "counter packets ";
    const std::size_t at = chain.find(before);
    return at == std::string::npos ? 0 : std::stoull(chain.substr(at + before.size()));
}

void redirect_wire() {
    const InNetns inside(Netns::open(kWire));
    wire_bpf* programs = wire_bpf::open_and_load();
    const unsigned key = 0, out = if_nametoindex("c1");
    if (programs == nullptr || bpf_map_update_elem(bpf_map__fd(programs->maps.way_out), &key, &out, BPF_ANY) != 0 ||
        bpf_xdp_attach(static_cast<int>(if_nametoindex("c0")), bpf_program__fd(programs->progs.wire_redirect),
                       XDP_FLAGS_DRV_MODE, nullptr) != 0) {
        throw Error(ExitCode::Kernel, "cannot redirect from 'c0' to 'c1'");
    }
    wire_bpf::destroy(programs); // what is attached stays
}

std::uint64_t redirected_frames() {
    const InNetns inside(Netns::open(kWire));
    std::uint64_t frames = 0;
    for (const auto& [name, value] : Ethtool().statistics("c0")) {
        frames += name.ends_with("_xdp_redirect") ? value : 0;
    }
    return frames;
}

} // namespace sfc::vm
