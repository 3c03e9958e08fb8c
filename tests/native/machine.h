// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "config/plan.h"
#include "frame.h"
#include "map.h"

namespace sfc::test {

/// One thing that goes wrong in a run, at one of its helper calls, counted from 0.
struct Fault {
    enum Kind : std::uint8_t {
        None,
        Refuse, ///< the helper does nothing and says so, as if the map's entry, the room or the bytes were not there
        Cut,    ///< behind the call the frame has `left` bytes: no kernel does that, but no program may rely on it
    };
    Kind kind = None;
    std::uint32_t call = 0;
    std::uint32_t left = 0;
};

/// The kernel as far as the programs see it: maps, a frame, a clock, and the helpers. One frame at a time.
class Machine {
public:
    Machine();

    /// The map of that name. Throws std::out_of_range.
    [[nodiscard]] NativeMap& map(std::string_view name);
    /// The constants live in read-only memory of the process, so there is one set of them for all machines: each run
    /// sets its machine's own.
    sfc_config constants{};
    std::uint64_t ticks = 0; ///< what the kernel's clock says, not SFC_CLOCK_MAP
    std::size_t headroom = kXdpHeadroom;
    Fault fault;
    /// Whether the last byte of an address says that it is another host's: what the routing table knows.
    std::function<void()> before_head; ///< what another CPU does before a frame gets room in front
    std::function<bool(std::uint8_t)> elsewhere = [](std::uint8_t) { return false; };
    /// The whole answer of the routing table to an XDP program, where a test gives one: it fills what was asked.
    std::function<long(struct bpf_fib_lookup&)> route;

    using Program = int (*)(xdp_md*);
    /// Runs the program on a frame of the interface. Returns its XDP action.
    int run(Program program, std::span<const std::uint8_t> frame, std::uint32_t ifindex);
    /// What the stack knows of a packet besides its bytes.
    struct Packet {
        std::uint32_t ifindex = 0; ///< where it leaves
        std::uint32_t ingress_ifindex = 0;
        std::uint32_t segments = 0;       ///< more than one: merged
        std::uint16_t ethertype = 0x0800; ///< what the kernel takes it for
        std::vector<std::uint8_t> metadata{};
        std::uint8_t summed = 0; ///< the byte that has skb->ip_summed
        std::uint32_t mark = 0;
        bool vlan = false; ///< its tag stands beside it
    };
    using PacketProgram = int (*)(__sk_buff*);
    /// Runs a program of the kernel. Returns its TC action.
    int run(PacketProgram program, std::span<const std::uint8_t> frame, const Packet& packet);
    [[nodiscard]] std::vector<std::uint8_t> frame_bytes() const { return frame_.bytes(); }
    [[nodiscard]] std::vector<std::uint8_t> metadata() const { return frame_.metadata(); }
    [[nodiscard]] std::uint32_t mark() const { return mark_; } ///< of the packet, behind the last program of the kernel
    [[nodiscard]] std::uint32_t calls() const { return calls_; } ///< of helpers, in the last run
    /// The interface that the last run redirected its frame to.
    [[nodiscard]] std::optional<std::uint32_t> redirected() const { return redirected_; }

    // The helpers. What no verifier would let pass ends the process.
    void* lookup(void* map, const void* key);
    long redirect(void* map, std::uint64_t key, std::uint64_t flags);
    long redirect(std::uint32_t ifindex);
    long update(void* map, const void* key, const void* value, std::uint64_t flags);
    long erase(void* map, const void* key);
    long fib_lookup(struct bpf_fib_lookup& asked);
    long adjust_head(int delta);
    long adjust_tail(int delta);
    long adjust_meta(int delta);
    long change_head(__sk_buff& skb, std::uint32_t len);
    long read_kernel(std::span<std::uint8_t> to);
    long load_bytes(std::uint32_t offset, std::span<std::uint8_t> to);
    long store_bytes(std::uint32_t offset, std::span<const std::uint8_t> from);
    std::uint64_t length();
    std::uint64_t jiffies();
    void lock(bpf_spin_lock* lock);
    void unlock(const bpf_spin_lock* lock);
    void atomic(void* at);
    /// As the kernel's: until the function returns another value than 0. Returns how often it ran.
    long loop(std::uint32_t most, long (*turn)(std::uint32_t, void*), void* context);

    /// Acts as another CPU right before a lock is taken, before each turn of a loop, and before a compare-and-swap of
    /// what is at this address, which is no lock.
    std::function<void()> before_lock;
    std::function<void()> before_turn;
    std::function<void(void*)> before_atomic;

    /// The machine whose program is running: a helper gets no pointer to it.
    static Machine& current();

private:
    struct Entry {
        void* address;
        NativeMap map;
    };
    std::vector<Entry> maps_;
    NativeFrame frame_;
    std::uint32_t calls_ = 0;
    std::optional<std::uint32_t> redirected_;
    std::uint8_t summed_ = 0;
    std::uint32_t mark_ = 0;
    const bpf_spin_lock* locked_ = nullptr;
    std::vector<void*> buckets_;                 ///< that the last run has looked up: each begins with its lock
    const std::uint32_t* bucket_lock_ = nullptr; ///< that it took last

    void begin(std::span<const std::uint8_t> frame);
    void end();
    [[nodiscard]] NativeMap& map_at(const void* address);
    [[nodiscard]] bool refuses();
    [[nodiscard]] bool fails() const;
    [[nodiscard]] bool locked() const;
    void take(const std::uint32_t* lock);
    void after_call();
};

} // namespace sfc::test
