// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/attach_common.h"
#include "cli/commands.h"
#include "cli/messages.h"
#include "config/words.h"
#include "net/netlink.h"
#include "probe/prober.h"
#include "report/messages.h"
#include "report/readiness.h"
#include "report/stats.h"

namespace sfc {
namespace {

constexpr std::array<std::string_view, 4> kRoles = {"", "domain", "sf", "egress"};

Json port_json(const Attachment& attachment, Netlink& netlink, std::uint16_t id) {
    const Plan::Port& port = attachment.plan().ports[id];
    const PortLook look = look_at_port(attachment, netlink, id);
    const sfc_port entry = attachment.maps().port(id);
    const bool program = look.attached && look.runs;
    Json json{{"name", port.name}, {"role", kRoles.at(port.entry.role)}, {"attached", look.attached}};
    json["interface"] = look.link ? Json(look.link->name) : Json(nullptr);
    json["ifindex"] = look.ifindex;
    json["mode"] = program ? Json(xdp_mode_name(look.link->xdp)) : Json(nullptr);
    json["program_id"] = program ? Json(look.link->xdp_program) : Json(nullptr);
    json["up"] = look.up;
    json["vnet_headers"] = look.vnet_headers;
    json["polls"] = look.polls;
    json["receives"] = look.receives;
    json["mtu"] = entry.mtu;
    json["mac"] = format_mac(to_mac(entry.mac));
    if (attachment.plan().takes_accept(id)) {
        json["accept"] = word_of<sfc_accept>(entry.accept);
        json["other_own_macs"] = Json::array();
        for (const Mac& mac : attachment.maps().own_macs(id)) {
            json["other_own_macs"].push_back(format_mac(mac));
        }
    }
    if (port.entry.role == SFC_ROLE_SF) {
        json["sf"] = attachment.plan().sfs[port.entry.sf].name;
        json["sf_mac"] = entry.routed != 0 && look.answered ? Json(format_mac(to_mac(entry.sf_mac))) : Json(nullptr);
        json["ready"] = look.answered;
    }
    return json;
}

Json next_hop_json(const Plan& plan, const Plan::Service& service, const sfc_service& entry) {
    if (plan.through_host_kernel(service) && entry.egress_port == SFC_NONE) {
        return {{"egress", plan.egress_names(service)}, {"ready", true}}; // the kernel looks after its own neighbours
    }
    if (Plan::by_routes(service)) { // for each packet, and the kernel asks for neighbours when it gets the first
        return {{"fib", plan.egress_names(service)}, {"ready", true}};
    }
    if (entry.egress_port == SFC_PORT_INGRESS) {
        return {{"ingress", true}, {"ready", true}};
    }
    Json hop{{"interface", plan.ports[entry.egress_port].name}};
    if (service.next_hop_ip) {
        hop[service.routed ? "remote" : "ip"] = *service.next_hop_ip;
    }
    hop["mac"] = entry.next_hop_ready != 0 ? Json(format_mac(to_mac(entry.next_hop_mac))) : Json(nullptr);
    hop["ready"] = entry.next_hop_ready != 0;
    return hop;
}

Json service_json(const Attachment& attachment, std::uint16_t id, const SilentServices& silent) {
    const Plan& plan = attachment.plan();
    const std::string& name = plan.services[id].name;
    const sfc_service entry = attachment.maps().service(id);
    const auto found = silent.find(name);
    return {{"name", name},
            {"sf", plan.sfs[entry.sf].name},
            {"next_hop", next_hop_json(plan, plan.services[id], entry)},
            {"silent", found != silent.end()},
            {"silence", found == silent.end() ? Json(nullptr) : Json(found->second.text)},
            {"unrecognised", found != silent.end() && found->second.answers}};
}

Json status_json(const Attachment& attachment, const Readiness& readiness) {
    Netlink netlink;
    const SteadySnapshot steady = take_steady_snapshot(attachment);
    const auto silent = silent_services(attachment, steady.snapshot);
    const pid_t holder = attachment.pins().holder();
    Json json{{"version", 1},
              {"attached", true},
              {"pin", attachment.pins().path()},
              {"config", attachment.state().file},
              {"process", holder == 0 ? Json(nullptr) : Json(holder)},
              {"ports", Json::array()},
              {"services", Json::array()},
              {"changes", Json::array()},
              {"probes", Json::array()}};
    for (std::size_t id = 1; id < attachment.plan().ports.size(); id++) {
        json["ports"].push_back(port_json(attachment, netlink, id));
    }
    for (std::size_t id = 1; id < attachment.plan().services.size(); id++) {
        json["services"].push_back(service_json(attachment, id, silent));
    }
    for (const Record& record : attachment.state().journal) {
        if (const auto* change = std::get_if<OffloadChange>(&record.what)) {
            json["changes"].push_back({{"port", record.port},
                                       {"interface", change->interface},
                                       {"offload", offload_name(change->offload)},
                                       {"on", change->on},
                                       {"changed_back", Attachment::undone(record)}});
        }
    }
    for (const ProbeRecord& probe : attachment.state().probes) {
        json["probes"].push_back({{"sf", probe.sf},
                                  {"from", probe.from},
                                  {"to", probe.to},
                                  {"ip", probe.six ? 6 : 4},
                                  {"outcome", outcome_name(probe.finding.outcome)},
                                  {"warning", is_warning(probe.finding.outcome)},
                                  {"text", probe.finding.text}});
    }
    json["closing"] = attachment.state().closing;
    json["ready"] = readiness.ready();
    json["not_ready_because"] = readiness.missing;
    json["suspects"] = readiness.suspects;
    return json;
}

std::string text_of(const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.is_null() ? "-" : value.dump();
}

void print_port(const Json& port) {
    std::string state = !port["polls"].get<bool>()         ? "ITS PEER DOES NOT POLL"
                        : !port["attached"].get<bool>()    ? "NOT ATTACHED"
                        : !port["up"].get<bool>()          ? "down"
                        : port["vnet_headers"].get<bool>() ? msg::vnet_headers_on()
                        : !port["receives"].get<bool>()    ? "nothing is sent to it"
                        : !port.value("ready", true)       ? "SF's MAC not known"
                                                           : "ok";
    std::cout << fmt::format("  {:<16} {:<7} {:<16} {:<8} mtu {:<6} {} accept {:<3} {}\n", text_of(port["name"]),
                             text_of(port["role"]), text_of(port["interface"]), text_of(port["mode"]),
                             port["mtu"].get<unsigned>(), text_of(port["mac"]), port.value("accept", "-"), state);
}

std::string way_out(const Json& hop) {
    for (const char* routed : {"egress", "fib"}) {
        if (hop.contains(routed)) {
            return msg::out_by_routes(fmt::join(hop[routed].get<std::vector<std::string>>(), " or "));
        }
    }
    if (hop.value("ingress", false)) {
        return msg::out_by_ingress();
    }
    return fmt::format("to {} by {}{}", text_of(hop["mac"]), text_of(hop["interface"]),
                       hop["ready"].get<bool>() ? "" : "  NEXT HOP NOT KNOWN");
}

std::string change_text(const Json& change) {
    const bool on = change["on"].get<bool>(), undone = change["changed_back"].get<bool>();
    if (on) { // only GRO is ever switched on
        return undone ? msg::off_again() : "on";
    }
    return undone ? msg::changed_back() : "off";
}

void print_probes(const std::vector<ProbeRecord>& records) {
    if (!records.empty()) {
        std::cout << msg::what_probes_found() << '\n';
    }
    for (const ProbeLine& line : probe_lines(records)) {
        std::cout << fmt::format("  {:<16} {}: {}{}\n", line.sf, line.way, line.warning ? "WARNING: " : "", line.text);
    }
}

/// Attach has said them, so only those that somebody has undone are named again.
void print_changes(const Json& changes, bool verbose) {
    std::size_t unsaid = 0;
    for (const Json& change : changes) {
        if (!verbose && !change["changed_back"].get<bool>()) {
            unsaid++;
            continue;
        }
        std::cout << fmt::format("changed until detach: offload '{}' of '{}' is {}, for port {}\n",
                                 text_of(change["offload"]), text_of(change["interface"]), change_text(change),
                                 text_of(change["port"]));
    }
    if (unsaid != 0) {
        std::cout << msg::offloads_unsaid(unsaid) << '\n';
    }
}

void print_text(const Json& json, const std::vector<ProbeRecord>& probes, bool verbose) {
    std::cout << fmt::format("{} attached under {}\n", text_of(json["config"]), text_of(json["pin"]));
    std::cout << (json["process"].is_null() ? msg::nobody_keeps() : msg::process_keeps(json["process"].get<int>()))
              << '\n';
    std::cout << "ports\n";
    for (const Json& port : json["ports"]) {
        print_port(port);
    }
    std::cout << "services\n";
    for (const Json& service : json["services"]) {
        std::cout << fmt::format("  {:<16} through {:<12} {}\n", text_of(service["name"]), text_of(service["sf"]),
                                 way_out(service["next_hop"]));
        if (service["silent"].get<bool>()) {
            const Silence silence{service["unrecognised"].get<bool>(), text_of(service["silence"])};
            std::cout << fmt::format("    {} {}\n", silence.title(), silence.text);
        }
    }
    print_changes(json["changes"], verbose);
    print_probes(probes);
}

void print_readiness(const Readiness& readiness) {
    for (const std::string& suspect : readiness.suspects) {
        std::cout << msg::suspected(suspect) << '\n';
    }
    for (const std::string& line : readiness_lines(readiness)) {
        std::cout << line << '\n';
    }
}

} // namespace

ExitCode command_status(const Options& options) {
    const auto attachment = Attachment::open(options.attach.pin, Attachment::Access::Look);
    if (!attachment) {
        const Json nothing{{"version", 1}, {"attached", false}, {"pin", options.attach.pin}, {"ready", false}};
        std::cout << (options.json ? nothing.dump() : fmt::format("nothing is attached under {}", options.attach.pin))
                  << '\n';
        return ExitCode::Nothing;
    }
    enter_home(*attachment);
    const Readiness readiness = look_at_readiness(*attachment);
    const Json json = status_json(*attachment, readiness);
    if (options.json) {
        std::cout << json.dump() << '\n';
    } else {
        print_text(json, attachment->state().probes, options.verbose);
        print_readiness(readiness);
    }
    return readiness.ready() ? ExitCode::Ok : ExitCode::Failed;
}

} // namespace sfc
