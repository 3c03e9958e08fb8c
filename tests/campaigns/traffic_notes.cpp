// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic_notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sfc::test::traffic {
namespace {

constexpr std::size_t kExamplesMost = 20;

bool may_never_occur(Class is, const oracle::World& world) {
    switch (is) {
    case Class::AfterEviction:
    case Class::LimitEvicted:
    case Class::LimitClaimed:
        return world.remember != 0; // then they are wrong
    case Class::Changed:
        return !world.uses(oracle::Encapsulation::Srv6);
    case Class::LimitEpoch: // the rarest way to the limit: it needs an equal key right behind the end of the epoch
    case Class::Wrong:
        return true;
    default:
        return false;
    }
}

} // namespace

void Notes::wrong(const std::string& what, const std::string& example) {
    wrong_++;
    if (++differences_[what] <= 2 && examples_.size() < kExamplesMost) {
        examples_.push_back(what + "\n    " + example);
    }
}

void Notes::wrong(const std::string& what, const Location& position, std::span<const std::uint8_t> frame) {
    wrong(what, fmt::format("event {} at {} us on {}: {:02x}", position.event, position.time_ns / 1000, position.port,
                            fmt::join(frame, "")));
}

void Notes::into(TrafficResult& result, bool all_tried, const oracle::World& world) const {
    for (std::size_t is = 0; is < kClasses; is++) {
        const auto name = static_cast<Class>(is);
        result.classes[class_name(name)] = classes_[is];
        if (name >= Class::LimitExpired && name <= Class::LimitEpoch) {
            result.limit += classes_[is];
        }
        if (all_tried && classes_[is] == 0 && !may_never_occur(name, world)) {
            result.untried.emplace_back(class_name(name));
        }
    }
    for (const char* counter : {"expired", "evicted"}) {
        if (all_tried && result.counters[counter] == 0) {
            result.untried.emplace_back(counter);
        }
    }
    result.differences = differences_;
    result.examples = examples_;
    result.wrong = wrong_;
}

} // namespace sfc::test::traffic
