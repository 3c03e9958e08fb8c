// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "config/config.h"
#include "config/words.h"

namespace YAML {
class Node;
}

namespace sfc {

[[nodiscard]] Error config_error(const std::string& file, Position at, const std::string& sentence);

/// A value in the configuration together with the path of names that leads to it, for messages.
class YamlValue {
public:
    YamlValue(const YAML::Node& node, std::string file, std::string path);
    /// All of a text. Throws Error{Usage} at the position where it is no YAML.
    [[nodiscard]] static YamlValue parse(const std::string& text, const std::string& file);

    [[nodiscard]] Position at() const;
    [[nodiscard]] bool is_map() const;
    [[nodiscard]] bool is_list() const;
    /// The value under the key, whatever else the mapping has; nothing where there is no such key, or no mapping.
    [[nodiscard]] std::optional<YamlValue> member(const std::string& key) const;
    [[nodiscard]] Error error(const std::string& sentence) const;

    [[nodiscard]] std::string text() const;
    /// The name of an SF or a service: 1 to 64 bytes that can be seen.
    [[nodiscard]] std::string name() const;
    /// A network interface's name: 1 to 15 bytes without space or slash, as the kernel demands.
    [[nodiscard]] std::string interface() const;
    /// A network namespace: the name under which `ip netns` knows it, its path, or the id of a process in it.
    [[nodiscard]] std::string netns() const;
    [[nodiscard]] std::uint64_t number(std::uint64_t least, std::uint64_t most) const;
    /// "5004" or "16384-32767": first and last of a range.
    [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> range(std::uint64_t least, std::uint64_t most) const;
    /// Bits of skb->mark in a row, as "0xffffff00".
    [[nodiscard]] std::uint32_t mark_mask() const;
    /// A hold time: "500us", "100ms" or "2s", from 1 ms to 60 s.
    [[nodiscard]] std::uint64_t duration_ns() const;
    [[nodiscard]] Mac mac() const;
    /// The address of one host.
    [[nodiscard]] std::string ip() const;
    [[nodiscard]] bool on_off() const;

    /// Which of a few words it is; the message lists them all. An empty one cannot be written.
    [[nodiscard]] std::size_t choice(std::span<const std::string_view> words) const;
    [[nodiscard]] std::size_t choice(std::initializer_list<std::string_view> words) const {
        return choice(std::span(words.begin(), words.size()));
    }
    /// The enumerator of that word.
    template <class T> [[nodiscard]] T word() const { return static_cast<T>(choice(kWords<T>)); }

    [[nodiscard]] std::vector<YamlValue> items() const;

protected:
    std::shared_ptr<const YAML::Node> node_; ///< so that only yaml_reader.cpp has to read the library's headers
    std::string file_;
    std::string path_;
};

/// A mapping with a fixed set of keys: unknown and repeated keys are errors.
class YamlMap : public YamlValue {
public:
    YamlMap(const YamlValue& value, const std::vector<std::string_view>& keys);
    [[nodiscard]] YamlValue required(const std::string& key) const;
    [[nodiscard]] std::optional<YamlValue> optional(const std::string& key) const;
};

} // namespace sfc
