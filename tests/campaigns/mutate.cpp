// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Malformed, changed, forged and late frames through both programs; an oracle says of each what must become of it.
// Besides: every frame is accounted for, and the kernel has nothing to say.
#include "mutate.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "compare.h"
#include "frame_maker.h"
#include "kernel_log.h"
#include "setup.h"
#include "sf_changes.h"

namespace sfc::test {
namespace {

using oracle::Expected;
using oracle::Verdict;

constexpr std::uint64_t kTickNs = 1'000'000; // a hundred frames are one hold time
constexpr std::uint64_t kLongest = 20'000;   // frames until the last packets come back: no entry stays for ever
constexpr std::uint64_t kAllTried = 50'000;  // a campaign of so many frames must have seen everything
constexpr std::uint32_t kReferences = 65'535;

class Mutate {
public:
    Mutate(const MutateOptions& options, const oracle::World& world, const Plan& plan, Runner& runner)
        : options_(options), random_(options.seed), make_(random_, world), world_(world),
          compare_(world, plan, runner, result_), due_(kLongest + 1) {
        for (int port = 0; port < static_cast<int>(world.ports.size()); port++) {
            if (world.ports[port].sf >= 0) {
                sf_ports_.push_back(port);
            }
        }
    }

    MutateResult run() {
        for (std::uint64_t n = 0; n < options_.frames + kLongest + 1; n++) {
            compare_.set_time(n * kTickNs);
            return_due(n);
            if (n < options_.frames) {
                one(n);
            }
        }
        if (options_.frames >= kAllTried) {
            fill_one_entry();
            note_untried();
        }
        compare_.finish();
        return std::move(result_);
    }

private:
    /// A packet in an SF.
    struct InSf {
        int port = 0; ///< that it is to come back on
        Bytes frame;
    };

    MutateOptions options_;
    Random random_;
    FrameMaker make_;
    const oracle::World& world_;
    MutateResult result_;
    Compare compare_;
    std::vector<std::vector<InSf>> due_; ///< by number of frame, in a circle
    std::vector<int> sf_ports_;

    void one(std::uint64_t n) {
        const Bytes frame = make_.domain_frame();
        const Expected expected = compare_.strip(kDomainPorts[random_.one_in(8) ? 1 : 0], frame);
        if (expected.verdict == Verdict::ToSf) {
            in_sf(n, {expected.service->return_port, expected.bytes});
        }
        if (random_.one_in(6)) {
            forge();
        }
    }

    /// How long a packet is in the SF: mostly shorter than the hold time, often about as long, sometimes far longer.
    std::uint64_t delay() {
        const std::uint32_t kind = random_.below(64);
        return kind < 32   ? 0
               : kind < 52 ? random_.below(40)
               : kind < 60 ? 45 + random_.below(60)
               : kind < 63 ? random_.below(400)
                           : kLongest - random_.below(1000);
    }

    void in_sf(std::uint64_t n, InSf packet) {
        const std::uint64_t frames = delay();
        if (frames == 0) {
            give_back(packet);
        } else {
            due_[(n + frames) % due_.size()].push_back(std::move(packet));
        }
    }

    void return_due(std::uint64_t n) {
        std::vector<InSf>& now = due_[n % due_.size()];
        for (const InSf& packet : now) {
            give_back(packet);
        }
        now.clear();
    }

    /// Once as it went, or with changes that do not matter; before that perhaps on another port or as another packet,
    /// perhaps a second time.
    void give_back(const InSf& packet) {
        if (random_.one_in(16)) {
            (void)compare_.restore(any_sf_port(), packet.frame);
        }
        if (random_.one_in(8)) {
            Bytes other = packet.frame;
            if (random_.one_in(2)) {
                change_a_field(other, random_);
            } else {
                make_.damage(other);
            }
            (void)compare_.restore(packet.port, other);
        }
        Bytes back = packet.frame;
        if (random_.one_in(3)) {
            change_as_allowed(back, random_);
        }
        const Expected expected = compare_.restore(packet.port, back);
        const bool claimed = expected.service != nullptr || expected.reason == SFC_REASON_late;
        if (!claimed || random_.one_in(16)) {
            (void)compare_.restore(packet.port, packet.frame);
        }
    }

    int any_sf_port() { return sf_ports_[random_.below(static_cast<std::uint32_t>(sf_ports_.size()))]; }

    void forge() {
        Bytes frame = make_forged(random_);
        (void)compare_.restore(any_sf_port(), frame);
    }

    /// As many equal packets as an entry can count, and one more.
    void fill_one_entry() {
        const Bytes frame = make_.sound(world_.services[0], without_ethernet(plain_udp({})));
        for (std::uint32_t i = 0; i <= kReferences; i++) {
            (void)compare_.strip(kDomainPorts[0], frame);
        }
    }

    void note_untried() {
        std::vector<const char*> outcomes = {
            "to_sf",           "restored",           "passed not_sfc",     "passed miss",
            "passed control",  "dropped truncated",  "dropped bad_inner",  "dropped no_key",
            "dropped too_big", "dropped ambiguous",  "dropped cache_full", "dropped miss",
            "dropped late",    "dropped sfc_from_sf"};
        for (const oracle::Encapsulation which : options_.encaps) {
            const std::vector<const char*> own = encap_of(which).outcomes();
            outcomes.insert(outcomes.end(), own.begin(), own.end());
        }
        for (const char* outcome : outcomes) {
            if (!result_.outcomes.contains(outcome)) {
                result_.untried.emplace_back(outcome);
            }
        }
        for (const std::string& kind : oracle::kinds()) {
            if (!result_.restored.contains(kind)) {
                result_.untried.push_back("restored " + kind);
            }
        }
    }
};

} // namespace

MutateResult run_mutate(const MutateOptions& options) {
    const oracle::World world = campaign_world(options.encaps);
    const Plan plan = make_plan(parse_config(oracle::yaml(world, kCampaignCapacity), "campaign"));
    std::optional<KernelLog> log;
    if (options.build != Build::Native) {
        log.emplace();
    }
    const auto runner = make_runner(plan, options.build);
    runner->set_own_addresses(world.addresses);
    MutateResult result = Mutate(options, world, plan, *runner).run();
    if (log) {
        result.kernel_trouble = log->trouble();
    }
    return result;
}

} // namespace sfc::test
