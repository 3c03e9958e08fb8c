// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "attach/attachment.h"
#include "net/neighbours.h"
#include "net/netlink.h"

namespace sfc {

/// Keeps an attachment true while the world changes: interfaces go, come back, change MAC or MTU, and neighbours that
/// are named by IP change. Packets do not need it; such changes do.
class Reconciler {
public:
    Reconciler(Attachment& attachment, Say say);

    /// Descriptor to wait on for events of links and neighbours.
    [[nodiscard]] int events_fd() const { return events_.fd(); }
    void handle_events();
    /// To be called every kWatchMs: a veth whose peer goes down sends nothing any more, and nobody tells so in time.
    void watch();
    static constexpr int kWatchMs = 100;
    /// To be called every kTickMs: asks neighbours, retries ports that are missing.
    void tick();
    static constexpr int kTickMs = 400; // one answer lost, and the next one still comes within a second

private:
    using Clock = std::chrono::steady_clock;
    /// To attach to an interface changes the interface, and the kernel tells us so: without a pause that grows, each
    /// try would wake the next one.
    struct Retry {
        std::uint32_t ifindex = 0; ///< of the interface that the last try failed at
        std::chrono::milliseconds pause{0};
        Clock::time_point at{};
    };
    /// The interface of a port, as last seen.
    struct PortState {
        std::uint32_t ifindex = 0; ///< 0: not there
        bool usable = false;
        Mac mac{};
        std::optional<std::vector<Mac>> macs; ///< other own ones, where they count; nothing: not known yet
        std::uint32_t mtu = 0;
        bool polls = true;    ///< its peer, or it need not
        std::string why;      ///< it does not, where there is an error
        std::string trouble;  ///< said already, so that a retry is silent
        std::string stopped;  ///< why nothing is sent there
        std::string followed; ///< of an interface that is not found by its name any more: said already, too
        Retry retry;
        std::uint32_t peer_mtu = UINT32_MAX; ///< of a veth's peer, where that is known
        std::uint32_t asks_at = 0; ///< interface that the kernel knows its neighbours by: the bridge of a bridge port
        Mac asks_from{};           ///< its MAC
    };
    /// A MAC that is asked for by IP: of a service's next hop, or of a routed SF port.
    struct Target {
        std::uint16_t port = SFC_NONE;
        std::uint16_t service = SFC_NONE; ///< SFC_NONE: the SF port's own
        IpBytes ip;                       ///< empty while no route leads to `remote`
        std::string text;                 ///< the address, for messages
        std::optional<Mac> mac;
        bool fixed = false; ///< by an entry of the administrator's
        IpBytes remote{};   ///< the other end of a tunnel: the kernel's route to it says which neighbour is asked for
    };

    Attachment& attachment_;
    Say say_;
    Netlink events_;
    Netlink requests_;
    NeighbourPing probe_;
    std::vector<PortState> ports_; ///< by port id
    std::vector<Link> links_;      ///< all of this network namespace, where a port accepts own MACs alone
    std::string leak_guard_trouble_, address_trouble_, links_trouble_, watch_trouble_;
    std::vector<Target> targets_;
    int ticks_ = 0;
    bool tried_ = false; ///< to attach a port, in vain

    void keep(std::string& trouble, const std::function<void()>& what);
    void find_targets();
    void take_stock();
    void watch_carriers();
    void follow_ports();
    void follow_port(std::uint16_t id);
    void forget_pauses(const std::set<std::uint32_t>& touched);
    void swallow_own_events();
    [[nodiscard]] std::optional<Location> find(std::uint16_t id, std::string& why);
    [[nodiscard]] std::optional<Location> find_again(std::uint16_t id, const std::string& why);
    void attach(std::uint16_t id, const Location& location);
    void keep_polling(std::uint16_t id, const Location& location);
    void read_links();
    void keep_macs(std::uint16_t id);
    void send_or_stop(std::uint16_t id, const Link& link);
    void release(std::uint16_t id, const std::string& why);
    void update(std::uint16_t id, const Link& link);
    void new_epoch(std::uint16_t id);
    void learn(const Neighbour& neighbour);
    void apply(Target& target, const std::optional<Mac>& mac);
    void follow_routes();
    void follow_route(Target& target);
    void read_neighbours();
    void resolve(const Target& target);
};

} // namespace sfc
