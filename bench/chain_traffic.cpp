// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain_traffic.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <span>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include "chain.skel.h"

namespace sfc::bench {
namespace {

constexpr auto kQuiet = std::chrono::milliseconds(3); // no frame needs as long for its way
constexpr int kPatience = 100;                        // times kQuiet

struct Headers {
    iphdr ip{};
    tcphdr tcp{};
};
static_assert(sizeof(Headers) == sizeof(chain_settings::header));

/// Of 16-bit words, as for an Internet checksum; `payload` bytes of CHAIN_PAYLOAD follow.
std::uint32_t sum(std::span<const std::uint8_t> bytes, std::size_t payload = 0) {
    std::uint32_t total = CHAIN_PAYLOAD * ((payload + 1) / 2 * 0x100 + payload / 2);
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        total += bytes[i] << 8 | bytes[i + 1];
    }
    return total;
}

/// The constant part of the headers and of their checksums: an acknowledgement with a payload, to port 80, between
/// documentation addresses.
void set_headers(chain_settings& settings) {
    const std::uint32_t ip_len = settings.bare_len - sizeof(ethhdr), tcp_len = ip_len - sizeof(iphdr);
    Headers headers;
    headers.ip.version = 4;
    headers.ip.ihl = sizeof(iphdr) / 4;
    headers.ip.tot_len = htons(static_cast<std::uint16_t>(ip_len));
    headers.ip.frag_off = htons(0x4000); // do not fragment
    headers.ip.ttl = 64;
    headers.ip.protocol = IPPROTO_TCP;
    headers.ip.saddr = inet_addr("192.0.2.10");
    headers.ip.daddr = inet_addr("198.51.100.10");
    headers.tcp.dest = htons(80);
    headers.tcp.doff = sizeof(tcphdr) / 4;
    headers.tcp.ack = 1;
    headers.tcp.ack_seq = htonl(1);
    headers.tcp.window = htons(256);
    std::memcpy(settings.header, &headers, sizeof(headers));
    const std::span bytes(settings.header);
    settings.ip_sum = sum(bytes.first(sizeof(iphdr)));
    settings.tcp_sum = IPPROTO_TCP + tcp_len + sum(bytes.subspan(offsetof(iphdr, saddr)), tcp_len - sizeof(tcphdr));
}

template <class T> void write_only(const bpf_map* map, const T& value) {
    const std::uint32_t zero = 0;
    if (bpf_map_update_elem(bpf_map__fd(map), &zero, &value, BPF_ANY) != 0) {
        throw system_error(fmt::format("cannot write map {}", bpf_map__name(map)), errno);
    }
}

template <class T> void read_only(const bpf_map* map, T* value) {
    const std::uint32_t zero = 0;
    if (bpf_map_lookup_elem(bpf_map__fd(map), &zero, value) != 0) {
        throw system_error(fmt::format("cannot read map {}", bpf_map__name(map)), errno);
    }
}

} // namespace

Traffic::Traffic(const Netns& sender, const Netns& proxy, const Netns& receiver)
    : sender_(sender), skeleton_(load<chain_bpf>("chain.bpf.c")),
      sink_(attach_in(receiver, "r0", bpf_program__fd(skeleton_->progs.chain_sink))) {
    const Link from = find_in(sender, "s0"), to = find_in(proxy, "p0");
    port_ = from.index;
    std::copy(to.mac.begin(), to.mac.end(), settings_.macs);
    std::copy(from.mac.begin(), from.mac.end(), settings_.macs + to.mac.size());
}

Traffic::~Traffic() = default;

chain_arrived Traffic::arrived() const {
    std::vector<chain_arrived> cpus(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    read_only(skeleton_->maps.arrived, cpus.data());
    chain_arrived total{};
    for (const chain_arrived& cpu : cpus) {
        total.right += cpu.right;
        total.wrong += cpu.wrong;
    }
    return total;
}

void Traffic::forget_delays() {
    const std::uint64_t none = 0;
    for (std::uint32_t bucket = 0; bucket < CHAIN_DELAYS; bucket++) {
        bpf_map_update_elem(bpf_map__fd(skeleton_->maps.delays), &bucket, &none, BPF_ANY);
    }
}

std::map<std::uint64_t, std::uint64_t> Traffic::delays() const {
    std::map<std::uint64_t, std::uint64_t> found;
    for (std::uint32_t bucket = 0; bucket < CHAIN_DELAYS; bucket++) {
        std::uint64_t packets = 0;
        bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.delays), &bucket, &packets);
        if (packets != 0) {
            found[bucket < 64 ? bucket : static_cast<std::uint64_t>(32 + bucket % 32) << (bucket / 32 - 1)] = packets;
        }
    }
    return found;
}

/// Each call takes some 20 ms to set up, so all packets go in one.
void Traffic::run(const Stream& stream, std::uint64_t packets) {
    std::vector<std::uint8_t> frame(stream.bare_len + 4 * stream.labels, CHAIN_PAYLOAD);
    xdp_md context{};
    context.data_end = static_cast<std::uint32_t>(frame.size());
    context.ingress_ifindex = port_;
    bpf_test_run_opts opts{};
    opts.sz = sizeof(opts);
    opts.data_in = frame.data();
    opts.data_size_in = context.data_end;
    opts.ctx_in = &context;
    opts.ctx_size_in = sizeof(context);
    opts.repeat = static_cast<int>(packets);
    opts.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    opts.batch_size = stream.batch;
    const InNetns inside(sender_);
    if (bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.chain_generate), &opts) != 0) {
        throw system_error("cannot run the generator", errno);
    }
}

Outcome Traffic::send(const Stream& stream) {
    chain_progress progress{};
    read_only(skeleton_->maps.progress, &progress);
    progress = {.number = progress.number};
    write_only(skeleton_->maps.progress, progress);
    settings_.sfc = stream.sfc;
    settings_.begun = stream.begun;
    settings_.hops = stream.hops;
    settings_.labels = stream.labels;
    settings_.expected = stream.expected;
    settings_.entries = stream.entries;
    settings_.bare_len = stream.bare_len;
    settings_.flows = stream.flows;
    settings_.services = stream.services;
    settings_.timed = stream.timed;
    settings_.batch = stream.batch;
    settings_.stack_mask = stream.stacks - 1;
    settings_.slot_ns = stream.rate > 0 ? static_cast<std::uint32_t>(std::lround(1e9 * stream.batch / stream.rate)) : 0;
    set_headers(settings_);
    write_only(skeleton_->maps.settings, settings_);

    // Whole batches, and two of them at least: a rate needs two points in time.
    const std::uint64_t packets = std::max<std::uint64_t>(2, stream.packets / stream.batch) * stream.batch;
    if (stream.timed != 0) {
        forget_delays();
    }
    const chain_arrived before = arrived();
    run(stream, packets);
    chain_arrived last, now = arrived();
    int waits = 0;
    do {
        last = now;
        std::this_thread::sleep_for(kQuiet);
        now = arrived();
    } while (now.right + now.wrong != last.right + last.wrong && ++waits < kPatience);
    read_only(skeleton_->maps.progress, &progress);
    return {.sent = packets,
            .right = now.right - before.right,
            .wrong = now.wrong - before.wrong,
            .rate = 1e9 * static_cast<double>(packets - stream.batch) /
                    static_cast<double>(progress.last - progress.first)};
}

} // namespace sfc::bench
