// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <span>
#include <string>

#include "traffic.h"
#include "traffic_truth.h"

namespace sfc::test::traffic {

/// The observations of a campaign: how often each class, and what was wrong.
class Notes {
public:
    struct Location {
        std::uint64_t event;
        std::uint64_t time_ns;
        std::string port;
    };
    void count(Class is) { classes_[static_cast<std::size_t>(is)]++; }
    void wrong(const std::string& what, const Location& position, std::span<const std::uint8_t> frame);
    void wrong(const std::string& what, const std::string& example);
    /// Counters of the cache must be in the result. With `all_tried` it tells what never occurred.
    void into(TrafficResult& result, bool all_tried, const oracle::World& world) const;

private:
    std::array<std::uint64_t, kClasses> classes_{};
    std::map<std::string, std::uint64_t> differences_;
    std::vector<std::string> examples_;
    std::uint64_t wrong_ = 0;
};

} // namespace sfc::test::traffic
