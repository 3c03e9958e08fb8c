// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach/missing_here.h"

#include <algorithm>
#include <optional>

#include "attach/messages.h"
#include "base/error.h"
#include "net/link.h"
#include "net/netlink.h"
#include "net/netns.h"

namespace sfc {
namespace {

/// Says that the interface or its namespace is missing; empty where it is there.
std::string missing(const Plan::Port& port) {
    std::optional<InNetns> inside;
    if (!port.netns.empty()) {
        std::optional<Netns> netns;
        try {
            netns = Netns::open(port.netns);
        } catch (const Error& error) {
            if (error.code() == ExitCode::Permission) {
                throw;
            }
            return msg::no_netns_here(port.netns);
        }
        inside.emplace(*netns);
    }
    Netlink netlink;
    return find_link(netlink, port.interface) ? "" : msg::no_port_here(port.name);
}

} // namespace

std::vector<std::string> missing_here(const Plan& plan) {
    std::vector<std::string> notes;
    for (std::size_t id = 1; id < plan.ports.size(); id++) {
        try {
            const std::string note = missing(plan.ports[id]);
            if (!note.empty() && std::find(notes.begin(), notes.end(), note) == notes.end()) {
                notes.push_back(note);
            }
        } catch (const Error&) { // this process may not look
        }
    }
    return notes;
}

} // namespace sfc
