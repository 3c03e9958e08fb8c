// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "config/yaml_reader.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <set>

#include <arpa/inet.h>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/alike.h"
#include "base/units.h"
#include "config/messages.h"
#include "config/yaml_fault.h"

namespace sfc {
namespace {

constexpr std::size_t kNameMax = 64; // bytes; wider ones would break the columns of `status` and `stats`
constexpr std::uint64_t kHoldLeastNs = 1'000'000;
constexpr std::uint64_t kHoldMostNs = 60'000'000'000;
constexpr std::size_t kInterfaceNameMax = 127; // of an alternative name: ALTIFNAMSIZ less the terminating zero

/// Digits only and nothing else: yaml-cpp would take "-1" for an unsigned number, and "0x10" for 16.
std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

/// Characters that show nothing, or turn the order of what is shown (Unicode 15, 23.2): U+00AD, U+200B to U+200F,
/// U+2028 to U+202E, U+2060 to U+206F, U+FEFF.
bool has_invisible(std::string_view text) {
    for (std::size_t i = 0; i + 1 < text.size(); i++) {
        const auto at = [&](std::size_t n) { return n < text.size() ? static_cast<unsigned char>(text[n]) : 0U; };
        const unsigned last = at(i + 2);
        const bool general =
            at(i) == 0xe2 && at(i + 1) == 0x80 && ((last >= 0x8b && last <= 0x8f) || (last >= 0xa8 && last <= 0xae));
        const bool more = at(i) == 0xe2 && at(i + 1) == 0x81 && last >= 0xa0 && last <= 0xaf;
        if (general || more || (at(i) == 0xc2 && at(i + 1) == 0xad) || text.substr(i, 3) == "\xef\xbb\xbf") {
            return true;
        }
    }
    return false;
}

/// Neither all hosts, nor many, nor this one, nor none (RFC 1122 3.2.1.3, RFC 4291 2.4).
bool is_one_host(std::span<const unsigned char> ip) {
    if (ip.size() == sizeof(in_addr)) {
        const bool broadcast = std::all_of(ip.begin(), ip.end(), [](unsigned char byte) { return byte == 0xff; });
        return ip[0] != 0 && ip[0] != 127 && (ip[0] & 0xf0) != 0xe0 && !broadcast;
    }
    const bool zero = std::all_of(ip.begin(), ip.end() - 1, [](unsigned char byte) { return byte == 0; });
    return ip[0] != 0xff && !(zero && ip.back() <= 1);
}

std::string_view kind_of(const YAML::Node& node) {
    return node.IsMap() ? "a mapping" : node.IsSequence() ? "a list" : node.IsNull() ? "left empty" : "a single value";
}

std::string unknown_key(const std::string& name, const std::vector<std::string_view>& keys) {
    if (name == "<<") {
        return msg::anchor();
    }
    if (space_is_missing(name)) {
        return msg::space_missing(name);
    }
    const std::string_view meant = most_alike(name, keys);
    return meant.empty() ? msg::unknown_key(name, fmt::join(keys, ", "))
                         : msg::unknown_key_like(name, meant, fmt::join(keys, ", "));
}

} // namespace

Error config_error(const std::string& file, Position at, const std::string& sentence) {
    return {ExitCode::Usage, fmt::format("{}:{}:{}: {}", file, at.line, at.column, sentence)};
}

YamlValue::YamlValue(const YAML::Node& node, std::string file, std::string path)
    : node_(std::make_shared<YAML::Node>(node)), file_(std::move(file)), path_(std::move(path)) {}

YamlValue YamlValue::parse(const std::string& text, const std::string& file) {
    try {
        check_one_plain_document(text, file);
        return {YAML::Load(text), file, ""};
    } catch (const YAML::Exception& error) {
        throw yaml_fault(text, file, error);
    }
}

Position YamlValue::at() const {
    const YAML::Mark mark = node_->Mark();
    return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1}; // an empty document has no mark
}

bool YamlValue::is_map() const {
    return node_->IsMap();
}

bool YamlValue::is_list() const {
    return node_->IsSequence();
}

Error YamlValue::error(const std::string& sentence) const {
    return config_error(file_, at(), path_.empty() ? sentence : path_ + ": " + sentence);
}

std::string YamlValue::text() const {
    if (!node_->IsScalar()) {
        throw error(msg::not_single(kind_of(*node_)));
    }
    // An escape such as "\n" would forge lines of `status`, or steer a terminal.
    char before = ' ';
    for (const char byte : node_->Scalar()) {
        const bool c1 = before == '\xc2' && static_cast<unsigned char>(byte) < 0xa0;
        before = byte;
        if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f || c1) {
            throw error(msg::control_character(static_cast<unsigned char>(byte)));
        }
    }
    return node_->Scalar();
}

std::string YamlValue::name() const {
    std::string name = text();
    if (name.size() > kNameMax) {
        throw error(msg::name_too_long(name.size(), kNameMax));
    }
    if (has_invisible(name)) {
        throw error(msg::invisible_name());
    }
    if (name.empty() || name.front() == ' ' || name.back() == ' ') {
        throw error(msg::bad_name(name, kNameMax));
    }
    return name;
}

std::string YamlValue::interface() const {
    std::string name = text();
    if (name.empty() || name.size() > kInterfaceNameMax || name.find_first_of(" /:\t\n") != std::string::npos ||
        name == "." || name == "..") {
        throw error(msg::bad_interface_name(name, kInterfaceNameMax));
    }
    return name;
}

std::string YamlValue::netns() const {
    std::string name = text();
    const char* never = name.starts_with('/') ? " \t\n" : "/ \t\n";
    if (name.empty() || name.find_first_of(never) != std::string::npos || name == "." || name == "..") {
        throw error(msg::bad_netns_name(name));
    }
    return name;
}

std::uint64_t YamlValue::number(std::uint64_t least, std::uint64_t most) const {
    const std::string given = text();
    const auto value = parse_number(given);
    if (!value || *value < least || *value > most) {
        throw error(msg::bad_number(given, least, most));
    }
    return *value;
}

std::pair<std::uint64_t, std::uint64_t> YamlValue::range(std::uint64_t least, std::uint64_t most) const {
    const std::string given = text();
    const std::size_t dash = given.find('-');
    const auto first = parse_number(given.substr(0, dash));
    const auto last = dash == std::string::npos ? first : parse_number(given.substr(dash + 1));
    if (!first || !last || *first < least || *last > most || *first > *last) {
        throw error(msg::bad_range(given, least, most, least, most));
    }
    return {*first, *last};
}

std::uint32_t YamlValue::mark_mask() const {
    const std::string given = text();
    std::uint32_t mask = 0;
    const std::size_t digits = given.starts_with("0x") ? 2 : 0;
    const auto [end, fault] =
        std::from_chars(given.data() + digits, given.data() + given.size(), mask, digits != 0 ? 16 : 10);
    const bool whole = fault == std::errc{} && end == given.data() + given.size();
    if (!whole || mask == 0 || !std::has_single_bit((std::uint64_t{mask} >> std::countr_zero(mask)) + 1)) {
        throw error(msg::bad_mark(given, 0xffffff00U));
    }
    return mask;
}

std::uint64_t YamlValue::duration_ns() const {
    const std::string given = text();
    const auto ns = parse_duration(given);
    if (!ns || *ns < kHoldLeastNs || *ns > kHoldMostNs) {
        throw error(msg::bad_duration(given));
    }
    return *ns;
}

Mac YamlValue::mac() const {
    const std::string given = text();
    const auto mac = parse_mac(given);
    if (!mac) {
        throw error(msg::bad_mac(given));
    }
    if (((*mac)[0] & 1) != 0 || *mac == Mac{}) {
        throw error(msg::not_one_station(given));
    }
    return *mac;
}

std::string YamlValue::ip() const {
    std::string given = text();
    std::array<unsigned char, sizeof(in6_addr)> address{};
    const bool four = inet_pton(AF_INET, given.c_str(), address.data()) == 1;
    if (!four && inet_pton(AF_INET6, given.c_str(), address.data()) != 1) {
        throw error(msg::bad_ip(given));
    }
    if (!is_one_host(std::span(address).first(four ? sizeof(in_addr) : sizeof(in6_addr)))) {
        throw error(msg::not_one_host(given));
    }
    return given;
}

std::size_t YamlValue::choice(std::span<const std::string_view> words) const {
    const std::string given = text();
    std::string allowed;
    for (std::size_t n = 0; n < words.size(); n++) {
        if (words[n].empty()) {
            continue;
        }
        if (given == words[n]) {
            return n;
        }
        allowed += (allowed.empty() ? "" : " or ") + std::string(words[n]);
    }
    throw error(msg::bad_word(given, allowed));
}

bool YamlValue::on_off() const {
    return choice({"on", "off"}) == 0;
}

std::vector<YamlValue> YamlValue::items() const {
    if (!node_->IsSequence()) {
        throw error(msg::not_list(kind_of(*node_)));
    }
    std::vector<YamlValue> values;
    for (std::size_t i = 0; i < node_->size(); i++) {
        values.emplace_back((*node_)[i], file_, fmt::format("{}[{}]", path_, i));
    }
    return values;
}

std::optional<YamlValue> YamlValue::member(const std::string& key) const {
    if (!node_->IsMap()) {
        return std::nullopt;
    }
    const YAML::Node child = (*node_)[key];
    if (!child.IsDefined()) {
        return std::nullopt;
    }
    return YamlValue(child, file_, path_.empty() ? key : path_ + "." + key);
}

YamlMap::YamlMap(const YamlValue& value, const std::vector<std::string_view>& keys) : YamlValue(value) {
    if (!node_->IsMap()) {
        const bool space = node_->IsScalar() && space_is_missing(node_->Scalar());
        throw error(space ? msg::space_missing(node_->Scalar()) : msg::not_mapping(kind_of(*node_)));
    }
    std::set<std::string> seen;
    for (const auto& entry : *node_) {
        const YamlValue key(entry.first, file_, path_);
        const std::string name = key.text();
        if (std::find(keys.begin(), keys.end(), name) == keys.end()) {
            throw key.error(unknown_key(name, keys));
        }
        if (!seen.insert(name).second) {
            throw key.error(msg::key_twice(name));
        }
    }
}

YamlValue YamlMap::required(const std::string& key) const {
    auto value = optional(key);
    if (!value) {
        throw error(msg::key_missing(key));
    }
    return *value;
}

std::optional<YamlValue> YamlMap::optional(const std::string& key) const {
    return member(key);
}

} // namespace sfc
