// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An event is one run of a program: a packet is stripped, or something comes back from an SF.
#include "traffic.h"

#include <optional>

#include "kernel_log.h"
#include "traffic_changes.h"
#include "traffic_load.h"
#include "traffic_runs.h"
#include "traffic_world.h"

namespace sfc::test {
namespace traffic {
namespace {

constexpr std::uint32_t kOdd = 48; // one return in so many has something odd before it, of each kind

class Traffic {
public:
    Traffic(const TrafficOptions& options, const oracle::World& world, const Plan& plan, Runner& runner)
        : options_(options), world_(world), random_(options.seed), maker_(world, random_),
          load_(world, plan.capacity, random_), sf_(random_), runs_(world, plan, runner, maker_) {
        for (int port = 0; port < static_cast<int>(world.ports.size()); port++) {
            if (world.ports[port].sf >= 0) {
                sf_ports_.push_back(port);
            }
        }
    }

    TrafficResult run() {
        while (runs_.events() < options_.events) {
            if (load_.new_phase(runs_.events())) {
                sf_.behave(load_.behaviour());
            }
            if (load_.new_epoch(runs_.events())) {
                runs_.raise_epoch(random_.below(static_cast<std::uint32_t>(world_.sfs.size())));
            }
            tick(load_.packets_of_tick());
        }
        while (sf_.to_come() > 0) {
            tick(0);
        }
        return runs_.finish(options_.events >= load_.all_tried());
    }

private:
    const TrafficOptions& options_;
    const oracle::World& world_;
    Random random_;
    PacketMaker maker_;
    Load load_;
    SimulatedSf sf_;
    Runs runs_;
    std::vector<int> sf_ports_;
    std::uint64_t tick_ = 0;
    Frame frame_;

    /// Runs one tick: packets come and return, in any order.
    void tick(std::uint32_t packets) {
        runs_.set_time(++tick_ * kTickNs);
        std::vector<std::uint32_t>& due = sf_.due(tick_);
        while (!due.empty() || packets > 0) {
            const auto returns = static_cast<std::uint32_t>(due.size());
            const std::uint32_t which = random_.below(returns + packets);
            if (which < returns) {
                const std::uint32_t index = due[which];
                due[which] = due.back();
                due.pop_back();
                give_back(sf_.packet(index));
                sf_.returned(index);
            } else {
                packets--;
                strip(load_.packet(maker_));
            }
        }
    }

    void strip(const Packet& packet) {
        if (const InSf* in_sf = runs_.strip(packet)) {
            const std::uint64_t hold_ns = world_.sfs[world_.services[packet.service].sf].hold_ns;
            if (sf_.take(tick_, hold_ns / kTickNs, *in_sf)) {
                load_.watch(packet);
            }
        }
    }

    /// Once as the SF may return it; before that, perhaps, what must not be restored.
    void give_back(const InSf& packet) {
        if (!crosses(packet.number) && random_.one_in(kOdd)) {
            const int port = sf_ports_[random_.below(static_cast<std::uint32_t>(sf_ports_.size()))];
            if (port != packet.return_port) {
                runs_.restore_nothing(port, packet.frame, packet.number, packet.masked);
                if (random_.one_in(2)) {
                    return; // and never on the right one
                }
            }
        }
        if (random_.one_in(kOdd)) {
            frame_ = packet.frame;
            change_key(frame_, packet, random_);
            runs_.restore_nothing(packet.return_port, frame_, 0, packet.masked);
        }
        if (random_.one_in(kOdd)) {
            own_packet(packet);
        }
        frame_ = packet.frame;
        if (packet.masked && random_.one_in(kOdd)) {
            change_header(frame_, packet, random_);
            runs_.restore(frame_, packet);
            return; // that was its header
        }
        if (random_.one_in(2)) {
            change_as_allowed(frame_, packet, random_);
        }
        runs_.restore(frame_, packet);
    }

    /// One that the SF has made itself.
    void own_packet(const InSf& beside) {
        const std::uint32_t number = maker_.new_number();
        frame_.clear();
        frame_.append(beside.frame.view().first(kEthernet));
        frame_.set16(kEthernet - 2, layout_of(number, false).ipv6 ? 0x86dd : 0x0800);
        append_inner(frame_, number, false, 0, random_);
        runs_.restore_nothing(beside.return_port, frame_, 0, false);
    }
};

} // namespace
} // namespace traffic

TrafficResult run_traffic(const TrafficOptions& options) {
    oracle::World world = traffic::oracle_world(options.encaps);
    world.remember = options.remember;
    const Plan plan = make_plan(parse_config(oracle::yaml(world, options.capacity), "campaign"));
    std::optional<KernelLog> log;
    if (options.build != Build::Native) {
        log.emplace();
    }
    const auto runner = make_runner(plan, options.build);
    runner->set_own_addresses(world.addresses);
    TrafficResult result = traffic::Traffic(options, world, plan, *runner).run();
    if (log) {
        result.kernel_trouble = log->trouble();
    }
    return result;
}

std::vector<std::string> traffic_interfaces(const TrafficOptions& options) {
    return oracle::interface_names(traffic::oracle_world(options.encaps));
}

} // namespace sfc::test
