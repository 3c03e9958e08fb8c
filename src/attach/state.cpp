// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach/state.h"

#include <cerrno>
#include <string_view>
#include <utility>

#include <bpf/bpf.h>
#include <nlohmann/json.hpp>

#include "attach/messages.h"
#include "base/error.h"
#include "config/words.h"
#include "sfc_abi.h"

namespace sfc {
namespace {

using nlohmann::json;

constexpr const char* kMapName = "sfc_state";
constexpr std::size_t kSpare = 65536; // for changes that come later, so that the map need not grow often

json shape_json(const Shape& shape) {
    json encapsulations = json::object();
    for (std::size_t encap = SFC_ENCAP_NONE + 1; encap < SFC_ENCAP_USED; encap++) {
        for (const sfc_mask& mask : shape.masks.at(encap)) {
            encapsulations[std::string(word_of<sfc_encap>(encap))].push_back({mask.word[0], mask.word[1]});
        }
    }
    return {{"header_room", shape.header_room},
            {"kernel_mode", shape.kernel_mode},
            {"fib", shape.fib},
            {"icmp", shape.icmp},
            {"masks", encapsulations}};
}

Shape parse_shape(const json& text) {
    Shape shape{.header_room = text.at("header_room"),
                .kernel_mode = text.at("kernel_mode"),
                .fib = text.at("fib"),
                .icmp = text.at("icmp"),
                .masks = {}};
    for (std::size_t encap = SFC_ENCAP_NONE + 1; encap < SFC_ENCAP_USED; encap++) {
        for (const json& mask : text.at("masks").value(std::string(word_of<sfc_encap>(encap)), json::array())) {
            shape.masks.at(encap).push_back({{mask.at(0), mask.at(1)}});
        }
    }
    return shape;
}

json to_json(const State& state) {
    json probes = json::array();
    for (const ProbeRecord& probe : state.probes) {
        probes.push_back(
            {probe.sf, probe.from, probe.to, probe.six, outcome_name(probe.finding.outcome), probe.finding.text});
    }
    json lost = json::object();
    for (const auto& [port, frames] : state.lost_before) {
        lost[port] = {frames.not_redirected, frames.not_sent, frames.unknown};
    }
    return {{"abi", +SFC_ABI_VERSION},           {"file", state.file},      {"config", state.config},
            {"generic", state.generic},          {"netns", state.netns},    {"shape", shape_json(state.shape)},
            {"journal", to_json(state.journal)}, {"lost_before", lost},     {"probes", probes},
            {"processes", state.processes},      {"closing", state.closing}};
}

State from_json(const json& text) {
    State state{text.at("file"),
                text.at("config"),
                text.at("generic"),
                text.at("netns"),
                parse_shape(text.at("shape")),
                parse_journal(text.at("journal")),
                {},
                {},
                text.at("processes"),
                text.at("closing")};
    for (const json& probe : text.at("probes")) {
        const auto outcome = parse_outcome(probe.at(4).get<std::string>()).value_or(ProbeOutcome::Waiting);
        state.probes.push_back({probe.at(0), probe.at(1), probe.at(2), probe.at(3), {outcome, probe.at(5)}});
    }
    for (const auto& [port, frames] : text.at("lost_before").items()) {
        state.lost_before[port] = {frames.at(0), frames.at(1), frames.at(2)};
    }
    return state;
}

std::uint32_t value_size(int fd) {
    bpf_map_info info{};
    __u32 size = sizeof(info);
    const bool ours = bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.name == std::string_view(kMapName);
    return ours ? info.value_size : 0; // somebody else may call a pin of theirs "state" too
}

} // namespace

void State::save(const PinDirectory& pins) const {
    std::string text = to_json(*this).dump(-1, ' ', false, json::error_handler_t::replace);
    Fd map = pins.get(PinDirectory::kState);
    const bool fresh = !map || value_size(map.get()) <= text.size();
    if (fresh) {
        map = Fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, kMapName, sizeof(__u32), text.size() + kSpare, 1, nullptr));
        if (!map) {
            throw system_error(msg::cannot_make_state(), errno);
        }
    }
    text.resize(value_size(map.get()), '\0');
    const __u32 zero = 0;
    if (bpf_map_update_elem(map.get(), &zero, text.data(), BPF_ANY) != 0) {
        throw system_error(msg::cannot_write_state(), errno);
    }
    if (fresh) {
        pins.replace(map.get(), PinDirectory::kState); // with its text in it
    }
}

State State::load(const PinDirectory& pins) {
    const Fd map = pins.get(PinDirectory::kState);
    if (!map) {
        throw system_error(msg::no_state(pins.path()), errno);
    }
    std::string text(value_size(map.get()), '\0');
    const __u32 zero = 0;
    if (text.empty() || bpf_map_lookup_elem(map.get(), &zero, text.data()) != 0) {
        throw system_error(msg::cannot_read_state(), errno);
    }
    text.resize(text.find_last_not_of('\0') + 1);
    const json parsed = json::parse(text, nullptr, false);
    if (parsed.is_discarded() || parsed.value("abi", 0) != SFC_ABI_VERSION) {
        throw Error(ExitCode::Kernel, msg::other_version(pins.path()));
    }
    return from_json(parsed);
}

std::vector<OtherAttachment> other_attachments(const PinDirectory& pins) {
    constexpr int kTries = 3; // the probes of a `run` are written while it is read
    std::vector<OtherAttachment> found;
    for (PinDirectory& other : pins.others()) {
        for (int attempt = 0; attempt < kTries; attempt++) {
            try {
                Journal journal = State::load(other).journal;
                found.push_back({std::move(other), std::move(journal)});
                break;
            } catch (const std::exception&) { // it is gone by now, or is of another version
            }
        }
    }
    return found;
}

} // namespace sfc
