// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "probe/probe_judge.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "probe/messages.h"
#include "probe/probe_frame.h"

namespace sfc {
namespace {

/// The fields of the key that an SF has changed, by what can be done about each.
struct Changes {
    std::vector<std::string> fields; ///< all of them
    bool flow = false;               ///< addresses or ports: what NAT changes
    bool ipv4_id = false;
    bool payload = false; ///< or its length
};

Changes compare(const ProbeFields& sent, const ProbeFields& came, unsigned parts) {
    Changes changes;
    const auto note = [&](bool differs, const char* name, bool& kind) {
        if (differs) {
            changes.fields.emplace_back(name);
            kind = true;
        }
    };
    const auto in_key = [&](sfc_key_part part) { return (parts & part) != 0; };
    note(sent.source != came.source, "source address", changes.flow);
    note(sent.destination != came.destination, "destination address", changes.flow);
    note(sent.source_port != came.source_port, "source port", changes.flow);
    note(sent.destination_port != came.destination_port, "destination port", changes.flow);
    note(in_key(SFC_PART_IPV4_ID) && sent.ipv4_id != came.ipv4_id, "IPv4 identification", changes.ipv4_id);
    note(in_key(SFC_PART_LENGTH) && sent.length != came.length, "payload's length", changes.payload);
    note(in_key(SFC_PART_DIGEST) && sent.payload != came.payload, "payload", changes.payload);
    return changes;
}

/// "the source address, the source port and the payload".
std::string listed(const std::vector<std::string>& fields) {
    std::string text;
    for (std::size_t n = 0; n < fields.size(); n++) {
        text += n == 0 ? "the " : n + 1 == fields.size() ? " and the " : ", the ";
        text += fields[n];
    }
    return text;
}

/// Settings that take what was changed out of the key, or that need none.
std::string advice(const Changes& changes, const std::string& tun) {
    if (changes.flow) {
        return tun.empty() ? msg::advise_kernel() : msg::advise_none(tun);
    }
    if (changes.ipv4_id && changes.payload) {
        return msg::advise_both();
    }
    return changes.payload ? msg::advise_transcoder() : msg::advise_ipv4_id();
}

ProbeFinding judge_fields(const ProbeQuestion& question, const ProbeSight& sight) {
    const auto sent = read_probe(question.sent), came = read_probe(sight.frame);
    if (!sent || !came) {
        return {ProbeOutcome::Changed, msg::another_kind()};
    }
    Mac to{};
    std::copy_n(sight.frame.begin(), to.size(), to.begin());
    if (!question.own.empty() && std::find(question.own.begin(), question.own.end(), to) == question.own.end()) {
        return {ProbeOutcome::Elsewhere, msg::came_to_other_mac(format_mac(to), question.to)};
    }
    const Changes changes = compare(*sent, *came, question.key_parts);
    if (changes.fields.empty()) {
        return {ProbeOutcome::Fits, msg::user_mode_fits()};
    }
    return {ProbeOutcome::Changed, msg::sf_changes(listed(changes.fields), advice(changes, question.tun))};
}

ProbeFinding judge_ticket(const ProbeQuestion& question, const ProbeSight& sight) {
    if (sight.ticket) {
        return {ProbeOutcome::Survives, msg::ticket_survives(question.mark ? "mark" : "metadata")};
    }
    const std::string way = msg::on_the_way(question.from, question.to);
    if (!question.tun.empty()) {
        return {ProbeOutcome::Cleared, msg::lost_in_process(way, question.tun)};
    }
    if (question.mark) {
        return {ProbeOutcome::Cleared,
                question.mark_user.empty() ? msg::mark_lost(way) : msg::mark_lost_by_rule(way, question.mark_user)};
    }
    const std::string where =
        question.kind == ProbeKind::HostKernel ? fmt::format("'{}'", question.from) : msg::peer_of(question.from);
    return {ProbeOutcome::Cleared, msg::metadata_cleared(way, where)};
}

/// Where it should not be; nothing where that is right.
std::optional<std::string> wrong_way_out(const ProbeQuestion& question, const std::string& at) {
    if (question.kind != ProbeKind::HostKernel) {
        return at == question.to ? std::nullopt : std::optional(msg::came_another_way(at, question.to));
    }
    if (std::find(question.egress.begin(), question.egress.end(), at) != question.egress.end()) {
        return std::nullopt;
    }
    return msg::came_out_elsewhere(at, fmt::join(question.egress, ", "));
}

std::string why_lost(const ProbeQuestion& question) {
    if (question.kind == ProbeKind::HostKernel) {
        return msg::did_not_come_out();
    }
    if (!question.stop.empty()) {
        return msg::did_not_come_back_in(question.netns, question.stop);
    }
    return question.sf_mac ? msg::did_not_come_back_to_mac(question.from, format_mac(*question.sf_mac))
                           : msg::did_not_come_back();
}

} // namespace

ProbeFinding judge_probe(const ProbeQuestion& question, const std::optional<ProbeSight>& sight) {
    if (!sight) {
        return {ProbeOutcome::Lost, why_lost(question)};
    }
    if (const auto wrong = wrong_way_out(question, sight->at)) {
        return {ProbeOutcome::Elsewhere, *wrong};
    }
    return question.kind == ProbeKind::Ports ? judge_fields(question, *sight) : judge_ticket(question, *sight);
}

} // namespace sfc
