// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The packets of bench/chain.py, which made the namespaces: chain_packets PREFIX. Reads one request a line and answers
// each with a line: "variant NAME LABELS CONFIG"; "wire ROLE FROM TO", to redirect what comes in at one interface of a
// namespace out of another one; "send SFC BEGUN HOPS LABELS EXPECTED ENTRIES BARE_LEN FLOWS SERVICES STACKS BATCH
// PACKETS RATE TIMED"; or "delays", of the last packets that were timed, as NANOSECONDS:PACKETS.
#include <iostream>
#include <sstream>

#include "chain_traffic.h"

namespace {

using namespace sfc::bench;

void serve(const std::string& prefix) {
    const auto netns = [&](const char* role) { return sfc::Netns::open(prefix + role); };
    const sfc::Netns sender = netns("sender"), proxy = netns("proxy"), receiver = netns("receiver");
    std::unique_ptr<Wire> function;
    Traffic traffic(sender, proxy, receiver);
    std::unique_ptr<Variant> variant;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string request, name, from, to, config;
        std::uint32_t labels = 0;
        Stream stream;
        words >> request;
        if (request == "variant" && words >> name >> labels >> config) {
            variant.reset(); // the ports must be free
            variant = make_variant(name, proxy, labels, config);
            std::cout << name << std::endl;
        } else if (request == "wire" && words >> name >> from >> to) {
            function = std::make_unique<Wire>(netns(name.c_str()), from, to);
            std::cout << from << std::endl;
        } else if (request == "send" && words >> stream.sfc >> stream.begun >> stream.hops >> stream.labels >>
                                            stream.expected >> stream.entries >> stream.bare_len >> stream.flows >>
                                            stream.services >> stream.stacks >> stream.batch >> stream.packets >>
                                            stream.rate >> stream.timed) {
            const Outcome outcome = traffic.send(stream);
            std::cout << fmt::format("{} {} {} {:.0f}", outcome.sent, outcome.right, outcome.wrong, outcome.rate)
                      << std::endl;
        } else if (request == "delays") {
            for (const auto& [ns, packets] : traffic.delays()) {
                std::cout << fmt::format("{}:{} ", ns, packets);
            }
            std::cout << std::endl;
        } else {
            throw sfc::Error(sfc::ExitCode::Usage, fmt::format("'{}' is no request", line));
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    try {
        if (argc != 2) {
            throw sfc::Error(sfc::ExitCode::Usage, "one argument is needed: what the namespaces' names begin with");
        }
        serve(argv[1]);
        return 0;
    } catch (const sfc::Error& error) {
        std::cerr << "chain_packets: error: " << error.what() << '\n';
        return static_cast<int>(error.code());
    }
}
