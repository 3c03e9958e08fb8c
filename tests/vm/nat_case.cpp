// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The kernel that tests/vm boots as the SF: it forwards and masquerades packets with label stacks, both ways, over IPv4
// and IPv6. What its own mpls_iptunnel has pushed must arrive as the proxy must have changed it, and nothing else may.
// nat_case SFCPROXY: exit code 0 only if no packet was wrong, bare or lost, and the proxy's account says the same.
#include <chrono>
#include <fstream>
#include <iostream>
#include <thread>

#include <fmt/format.h>
#include <net/if.h>
#include <nlohmann/json.hpp>
#include <sys/utsname.h>

#include "base/error.h"
#include "nat_frames.h"
#include "nat_lab.h"
#include "nat_traffic.h"

namespace sfc::vm {
namespace {

using Json = nlohmann::json;

constexpr int kPatienceMs = 10000; // with an emulated processor, on a machine that has other work

/// The hosts' taps, what each direction expects, and whether all was as it must be.
class Case {
public:
    explicit Case(std::string program) : program_(std::move(program)) {}

    /// Ordinary packets of the sender's kernel, all kinds of them, `exchanges` of each. `merged`: whether GRO is at
    /// work.
    void nat(int exchanges, bool merged);
    /// A raw socket on the proxy's port makes the kernel clear metadata: what lost its ticket is dropped and counted.
    void cleared();
    /// The same as frames that XDP has redirected into the port's veth.
    void redirected();
    /// Detached, the proxy leaves neither interfaces nor qdiscs.
    void leavings();
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] std::uint64_t packets() const { return packets_; }

private:
    void check(bool so, const std::string& what);
    void show(const Exchange& exchange, bool all_answered = true);
    Json stats() { return Json::parse(run({program_, "stats", "-j"})); }
    void collect();
    Way::Tally tally(const char* name, Way& way);
    void account(std::uint64_t missed);

    std::string program_;
    bool good_ = true;
    const std::uint64_t forwarded_before_ = forwarded();
    std::uint64_t packets_ = 0, lost_ = 0; ///< of both directions, so far
    Tap sender_{kSender, "s0"}, receiver_{kReceiver, "r0"};
    Way forth_{Direction::Forth, mac_of("p1"), receiver_.mac()};
    Way back_{Direction::Back, mac_of("p0"), sender_.mac()};
};

void say(const std::string& line) {
    std::cout << line << std::endl; // at once: it is worth most where the machine stops later on
}

void Case::check(bool so, const std::string& what) {
    good_ = good_ && so;
    if (!so) {
        say("BAD " + what);
    }
}

void Case::show(const Exchange& exchange, bool all_answered) {
    say(fmt::format("{}: {} sent, {} answered", exchange.what, exchange.sent, exchange.answered));
    check(!all_answered || (exchange.sent > 0 && exchange.answered == exchange.sent), exchange.what);
    collect();
}

/// What has passed the taps, until nothing is on its way any more.
void Case::collect() {
    for (bool quiet = false; !quiet;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(150));
        const Tap::Frames here = sender_.drain(), there = receiver_.drain();
        quiet = here.sent.empty() && here.received.empty() && there.sent.empty() && there.received.empty();
        forth_.sent(here.sent);
        forth_.received(there.received);
        back_.sent(there.sent);
        back_.received(here.received);
    }
}

/// Since the last time. None may be wrong or bare, whatever has happened.
Way::Tally Case::tally(const char* name, Way& way) {
    Way::Tally found = way.tally();
    std::string kinds;
    for (const auto& [kind, count] : found.kinds) {
        kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", count, kind);
    }
    say(fmt::format("{}: {} pushed with {} different headers; {} good ({}), {} wrong, {} bare, {} lost", name,
                    found.pushed, found.headers, found.good, kinds, found.wrong, found.bare, found.lost));
    check(found.wrong == 0 && found.bare == 0, fmt::format("{}: {}", name, way.example()));
    packets_ += found.pushed;
    lost_ += found.lost;
    way.clear();
    return found;
}

/// What the proxy has counted since it was attached is what the hosts' interfaces have seen.
void Case::account(std::uint64_t missed) {
    const Json found = stats()["conservation"];
    const Json& stack = found["stack"];
    const std::uint64_t to_stack = stack["to_stack"], restored = stack["restored"], dropped = stack["dropped"],
                        not_returned = stack["not_returned"];
    say(fmt::format("sfcproxy: {} to the stack = {} restored + {} dropped + {} not returned", to_stack, restored,
                    dropped, not_returned));
    check(to_stack == packets_ && to_stack == restored + dropped + not_returned && found["balanced"] == true,
          "the proxy's account");
    check(dropped == 0 && not_returned == missed && lost_ == missed, fmt::format("{} packets are lost", lost_));
}

void Case::nat(int exchanges, bool merged) {
    for (const Family family : kFamilies) {
        for (const auto& exchange : {ping, datagrams}) {
            if (good_) {
                show(exchange(family, exchanges, kPatienceMs));
            }
        }
        if (good_) {
            show(streams(family, exchanges / 4, 4 * kPatienceMs));
        }
    }
    const Way::Tally forth = tally("forth", forth_), back = tally("back", back_);
    check(forth.kinds.size() == 6 && back.kinds.size() == 6, "not all kinds of packets came through");
    const auto least = static_cast<std::size_t>(2) * exchanges;
    check(forth.headers >= least && back.headers >= least, "headers differ too little");
    account(0);
    const std::uint64_t seen = forwarded() - forwarded_before_;
    say(fmt::format("nftables: {} forwarded, so GRO has merged {} into others", seen, packets_ - seen));
    check(seen > 0 && (merged ? seen < packets_ : seen == packets_), "not forwarded, or GRO was not as it must be");
}

void Case::redirected() {
    redirect_wire();
    for (const Family family : kFamilies) {
        show(ping(family, 80, kPatienceMs));
        show(datagrams(family, 80, kPatienceMs));
    }
    const Way::Tally forth = tally("redirected", forth_);
    tally("answers to them", back_);
    check(redirected_frames() >= forth.pushed, "the frames were not redirected");
    account(0);
}

void Case::cleared() {
    const auto missed = [this] {
        return stats()["counters"]["domain_ports"]["p1"]["dropped_after_claim"].value("/miss/packets"_json_pointer, 0U);
    };
    check(missed() == 0, "tickets are lost without a raw socket");
    {
        const Tap at_the_port("", "p0");
        for (const Family family : kFamilies) {
            show(ping(family, 16, 500), false);
        }
    }
    const Way::Tally forth = tally("without metadata", forth_);
    tally("answers to them", back_);
    check(missed() > 0 && forth.lost == missed(), "what lost its ticket is not what was dropped");
    account(missed());
}

void Case::leavings() {
    const auto has = [](const std::string& name, const std::vector<std::string>& command) {
        return run(command).find(name) != std::string::npos;
    };
    const std::vector<std::string> links{tool("ip"), "link"}, qdiscs{tool("tc"), "qdisc"};
    check(has("sfc", links) && has("clsact", qdiscs), "no relay or no clsact while it is attached");
    say(run({program_, "detach"}));
    check(!has("sfc", links) && !has("clsact", qdiscs), "a relay or a clsact is left");
}

/// Returns what it said.
std::string attach(const std::string& program, bool gro) {
    std::ofstream("/tmp/proxy.yaml") << proxy_config(gro);
    std::string said = run({program, "attach", "-c", "/tmp/proxy.yaml"});
    say(said);
    return said;
}

/// Single frames, which get their header at TC egress. Returns whether all was right, and adds to `packets`.
bool single(const std::string& program, std::uint64_t& packets) {
    attach(program, false);
    Case subject(program);
    subject.nat(80, false);
    subject.leavings();
    packets += subject.packets();
    return subject.good();
}

/// Merged ones, which take the relay; and frames that XDP has redirected; and a raw socket.
bool merged(const std::string& program, std::uint64_t& packets) {
    const std::string said = attach(program, true); // the neighbours are known by now
    if (said.find("SF 'nat' from 'p0' to 'p1' (IPv4 and IPv6): the ticket survives in the metadata") ==
        std::string::npos) {
        say("BAD the probes have not come out with their tickets");
        return false;
    }
    Case subject(program);
    subject.nat(400, true);
    if (subject.good()) {
        subject.redirected();
        subject.cleared();
    }
    subject.leavings();
    packets += subject.packets();
    return subject.good();
}

int nat_case(const std::string& program) {
    build_lab();
    std::uint64_t packets = 0;
    const bool good = single(program, packets) && merged(program, packets);
    utsname kernel{};
    uname(&kernel);
    say(fmt::format("RESULT {} packets={} kernel={}", good ? "pass" : "fail", packets, kernel.release));
    return good ? 0 : 1;
}

} // namespace
} // namespace sfc::vm

int main(int argc, char** argv) {
    try {
        if (argc != 2) {
            throw sfc::Error(sfc::ExitCode::Usage, "usage: nat_case SFCPROXY");
        }
        return sfc::vm::nat_case(argv[1]);
    } catch (const std::exception& error) {
        std::cout << error.what() << "\nRESULT fail" << std::endl;
        return 1;
    }
}
