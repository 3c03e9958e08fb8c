// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "machine.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pkt_cls.h>

#include "base/error.h"

namespace sfc::test {
namespace {

Machine* running = nullptr; // NOLINT: helpers have no other way to it

/// No exception may pass through the programs, which are C.
void require(bool right, const char* what) {
    if (!right) {
        std::cerr << "native: a program did what no verifier lets pass: " << what << '\n';
        std::abort();
    }
}

sfc_config* writable_constants() {
    const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    const auto first = reinterpret_cast<std::uintptr_t>(native_constants);
    const std::uintptr_t start = first & ~(page - 1);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): there is no other way to a page's start
    if (mprotect(reinterpret_cast<void*>(start), first + sizeof(sfc_config) - start, PROT_READ | PROT_WRITE) != 0) {
        throw system_error("cannot make the load-time constants writable", errno);
    }
    return const_cast<sfc_config*>(native_constants); // as the loader does, which writes .rodata before it freezes it
}

void set_constants(const sfc_config& constants) {
    static sfc_config* const memory = writable_constants();
    std::memcpy(memory, &constants, sizeof(constants));
}

} // namespace

Machine& Machine::current() {
    require(running != nullptr, "a helper outside a run");
    return *running;
}

Machine::Machine() {
    for (const native_map& definition : std::span(native_maps, native_map_count)) {
        maps_.push_back({definition.address, NativeMap(definition)});
    }
}

NativeMap& Machine::map(std::string_view name) {
    const auto found = std::ranges::find_if(maps_, [&](const Entry& entry) { return entry.map.name() == name; });
    if (found == maps_.end()) {
        throw std::out_of_range("no such map");
    }
    return found->map;
}

NativeMap& Machine::map_at(const void* address) {
    const auto found = std::ranges::find(maps_, address, &Entry::address);
    require(found != maps_.end(), "a map that bpf_sources.c does not list");
    return found->map;
}

void Machine::begin(std::span<const std::uint8_t> frame) {
    set_constants(constants);
    frame_.load(frame, headroom);
    calls_ = 0;
    redirected_.reset();
    buckets_.clear();
    bucket_lock_ = nullptr;
    running = this;
}

void Machine::end() {
    running = nullptr;
    require(!locked(), "an end with a lock held");
}

int Machine::run(Program program, std::span<const std::uint8_t> frame, std::uint32_t ifindex) {
    begin(frame);
    frame_.context.ingress_ifindex = ifindex;
    const int action = program(&frame_.context);
    end();
    return action;
}

int Machine::run(PacketProgram program, std::span<const std::uint8_t> frame, const Packet& packet) {
    begin(frame);
    frame_.set_metadata(packet.metadata);
    __sk_buff skb{};
    skb.data = frame_.context.data;
    skb.data_end = frame_.context.data_end;
    skb.data_meta = frame_.context.data_meta;
    skb.len = static_cast<std::uint32_t>(frame.size());
    skb.ifindex = packet.ifindex;
    skb.ingress_ifindex = packet.ingress_ifindex;
    skb.gso_segs = packet.segments;
    skb.gso_size = packet.segments > 1 ? 1200 : 0;
    summed_ = packet.summed;
    skb.protocol = htons(packet.ethertype);
    skb.mark = packet.mark;
    skb.vlan_present = packet.vlan ? 1 : 0;
    const int action = program(&skb);
    mark_ = skb.mark;
    end();
    return action;
}

bool Machine::refuses() {
    require(!locked(), "a helper under a lock");
    return fails();
}

bool Machine::fails() const {
    return fault.kind == Fault::Refuse && fault.call == calls_;
}

void Machine::after_call() {
    xdp_md& context = frame_.context;
    if (fault.kind == Fault::Cut && fault.call == calls_) {
        context.data_end = std::min(context.data_end, context.data + fault.left);
    }
    calls_++;
}

void* Machine::lookup(void* map, const void* key) {
    require(locked_ == nullptr, "a lookup under a lock of the kernel");
    void* value = fails() ? nullptr : map_at(map).lookup(key);
    if (value != nullptr && map_at(map).name() == "buckets") {
        buckets_.push_back(value);
    }
    after_call();
    return value;
}

long Machine::redirect(void* map, std::uint64_t key, std::uint64_t flags) {
    const auto index = static_cast<std::uint32_t>(key);
    const void* target = refuses() ? nullptr : map_at(map).lookup(&index);
    after_call();
    if (target == nullptr) {
        return static_cast<long>(flags & 3); // XDP_ABORTED to XDP_TX; the kernel takes no other bits for an action
    }
    std::memcpy(&redirected_.emplace(), target, sizeof(std::uint32_t));
    return XDP_REDIRECT;
}

long Machine::redirect(std::uint32_t ifindex) {
    (void)refuses();
    after_call();
    redirected_ = ifindex;
    return TC_ACT_REDIRECT;
}

long Machine::update(void* map, const void* key, const void* value, std::uint64_t flags) {
    NativeMap& target = map_at(map);
    long error = refuses() ? -ENOMEM : 0;
    if (error == 0 && flags == BPF_NOEXIST && target.lookup(key) != nullptr) {
        error = -EEXIST;
    }
    if (error == 0) {
        target.update(key, value);
    }
    after_call();
    return error;
}

long Machine::erase(void* map, const void* key) {
    NativeMap& target = map_at(map);
    const bool there = !refuses() && target.lookup(key) != nullptr;
    if (there) {
        target.erase(key);
    }
    after_call();
    return there ? 0 : -ENOENT;
}

long Machine::fib_lookup(struct bpf_fib_lookup& asked) {
    const bool refused = refuses();
    after_call();
    if (route) {
        return refused ? -EINVAL : route(asked);
    }
    const auto* address = reinterpret_cast<const std::uint8_t*>(&asked.ipv4_dst);
    const std::uint8_t last = address[asked.family == AF_INET ? 3 : 15];
    return !refused && elsewhere(last) ? BPF_FIB_LKUP_RET_SUCCESS : BPF_FIB_LKUP_RET_NOT_FWDED;
}

long Machine::adjust_meta(int delta) {
    const long error = refuses() ? -ENOTSUP : frame_.adjust_meta(delta);
    after_call();
    return error;
}

long Machine::adjust_head(int delta) {
    const long error = refuses() ? -EINVAL : frame_.adjust_head(delta);
    after_call();
    return error;
}

long Machine::adjust_tail(int delta) {
    const long error = refuses() ? -EINVAL : frame_.adjust_tail(delta);
    after_call();
    return error;
}

long Machine::change_head(__sk_buff& skb, std::uint32_t len) {
    if (before_head) {
        before_head();
    }
    const long error = refuses() ? -ENOMEM : frame_.adjust_head(-static_cast<int>(len));
    skb.data = frame_.context.data;
    skb.data_end = frame_.context.data_end;
    skb.data_meta = frame_.context.data_meta;
    after_call();
    return error;
}

/// The one thing that is read of it.
long Machine::read_kernel(std::span<std::uint8_t> to) {
    const bool refused = refuses();
    after_call();
    std::ranges::fill(to, refused ? 0 : summed_);
    return refused ? -EFAULT : 0;
}

long Machine::load_bytes(std::uint32_t offset, std::span<std::uint8_t> to) {
    require(!to.empty(), "bytes of no length");
    const long error = refuses() ? -EFAULT : frame_.load_bytes(offset, to);
    after_call();
    return error;
}

long Machine::store_bytes(std::uint32_t offset, std::span<const std::uint8_t> from) {
    require(!from.empty(), "bytes of no length");
    const long error = refuses() ? -EFAULT : frame_.store_bytes(offset, from);
    after_call();
    return error;
}

/// These two cannot be refused, but the frame can be cut behind them.
std::uint64_t Machine::length() {
    const std::uint64_t bytes = frame_.size();
    (void)refuses();
    after_call();
    return bytes;
}

std::uint64_t Machine::jiffies() {
    (void)refuses();
    after_call();
    return ticks;
}

void Machine::lock(bpf_spin_lock* lock) {
    require(!locked(), "two locks at once");
    if (const auto hook = before_lock) { // a copy: it may take itself away
        hook();
    }
    locked_ = lock;
}

bool Machine::locked() const {
    return locked_ != nullptr || (bucket_lock_ != nullptr && (*bucket_lock_ & SFC_LOCK_TAKEN) != 0);
}

void Machine::take(const std::uint32_t* lock) {
    require(!locked(), "two locks at once");
    if (const auto hook = before_lock) {
        hook();
    }
    bucket_lock_ = (*lock & SFC_LOCK_TAKEN) == 0 ? lock : nullptr; // or another CPU has it
}

long Machine::loop(std::uint32_t most, long (*turn)(std::uint32_t, void*), void* context) {
    (void)refuses();
    after_call();
    std::uint32_t turns = 0;
    for (bool on = true; on && turns < most; turns++) {
        if (const auto hook = before_turn) {
            hook();
        }
        on = turn(turns, context) == 0;
    }
    return turns;
}

void Machine::atomic(void* at) {
    if (std::ranges::find(buckets_, at) != buckets_.end()) {
        return take(static_cast<const std::uint32_t*>(at));
    }
    if (const auto hook = before_atomic) {
        hook(at);
    }
}

void Machine::unlock(const bpf_spin_lock* lock) {
    require(locked_ == lock, "a lock released that is not held");
    locked_ = nullptr;
}

} // namespace sfc::test
