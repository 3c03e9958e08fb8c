// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach/journal.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace sfc {
namespace {

using nlohmann::json;

struct ToJson {
    json operator()(const OffloadChange& change) const {
        return {{"kind", "offload"},
                {"interface", change.interface},
                {"offload", offload_name(change.offload)},
                {"features", change.features},
                {"on", change.on}};
    }
    json operator()(const HairpinPair& /*pair*/) const { return {{"kind", "hairpin"}}; }
    json operator()(const XdpProgram& xdp) const { return {{"kind", "xdp"}, {"pin", xdp.pin}}; }
    json operator()(const PassProgram& pass) const { return {{"kind", "pass"}, {"pin", pass.pin}}; }
    json operator()(const TcProgram& tc) const {
        return {{"kind", "tc"},          {"pin", tc.pin},       {"ingress", tc.side == TcSide::Ingress},
                {"program", tc.program}, {"clsact", tc.clsact}, {"created_qdisc", tc.created_qdisc}};
    }
};

decltype(Record::what) parse_what(const json& text) {
    const std::string kind = text.at("kind");
    if (kind == "offload") {
        return OffloadChange{text.at("interface"),
                             parse_offload(text.at("offload").get<std::string>()).value_or(Offload::TxChecksum),
                             text.at("features"), text.at("on")};
    }
    if (kind == "hairpin") {
        return HairpinPair{};
    }
    if (kind == "xdp") {
        return XdpProgram{text.at("pin")};
    }
    if (kind == "pass") {
        return PassProgram{text.at("pin")};
    }
    return TcProgram{text.at("pin"), text.at("ingress") ? TcSide::Ingress : TcSide::Egress, text.at("program"),
                     text.at("clsact"), text.at("created_qdisc")};
}

} // namespace

bool Record::same_resource(const Record& other) const {
    if (netns != other.netns || index != other.index || what.index() != other.what.index()) {
        return false;
    }
    if (const auto* change = std::get_if<OffloadChange>(&what)) {
        return change->offload == std::get<OffloadChange>(other.what).offload;
    }
    if (const auto* tc = std::get_if<TcProgram>(&what)) {
        return tc->pin == std::get<TcProgram>(other.what).pin && tc->program == std::get<TcProgram>(other.what).program;
    }
    return true;
}

const Record* find_same(const Journal& journal, const Record& record) {
    const auto found =
        std::find_if(journal.begin(), journal.end(), [&](const Record& one) { return one.same_resource(record); });
    return found == journal.end() ? nullptr : &*found;
}

void write(Journal& journal, Record record) {
    const auto old = std::find_if(journal.begin(), journal.end(), [&](const Record& one) {
        return one.port == record.port && one.same_resource(record);
    });
    if (old != journal.end()) {
        *old = std::move(record);
    } else {
        journal.push_back(std::move(record));
    }
}

json to_json(const Journal& journal) {
    json list = json::array();
    for (const Record& record : journal) {
        json one = std::visit(ToJson(), record.what);
        one.update({{"port", record.port}, {"netns", record.netns}, {"index", record.index}});
        list.push_back(std::move(one));
    }
    return list;
}

Journal parse_journal(const json& text) {
    Journal journal;
    for (const json& one : text) {
        journal.push_back({one.at("port"), one.at("netns"), one.at("index"), parse_what(one)});
    }
    return journal;
}

} // namespace sfc
