// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/options_traffic.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include <arpa/inet.h>
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/number.h"
#include "traffic/messages.h"

namespace sfc {
namespace {

constexpr std::size_t kSizeUsual = 128;
constexpr std::uint64_t kTimeoutMost = 86400, kPortMost = 65535;

/// What `--inner` says, with addresses for documentation (RFC 5737, RFC 3849).
struct InnerKind {
    std::string_view name;
    std::uint8_t protocol;
    int family;
    const char *version, *source, *destination;
};
constexpr InnerKind kInnerKinds[] = {
    {"udp4", IPPROTO_UDP, AF_INET, "IPv4", "192.0.2.10", "198.51.100.10"},
    {"tcp4", IPPROTO_TCP, AF_INET, "IPv4", "192.0.2.10", "198.51.100.10"},
    {"udp6", IPPROTO_UDP, AF_INET6, "IPv6", "2001:db8:1::10", "2001:db8:2::10"},
    {"tcp6", IPPROTO_TCP, AF_INET6, "IPv6", "2001:db8:1::10", "2001:db8:2::10"},
};

/// Options as they were written, by their names.
struct Words {
    std::map<std::string, std::string> given;

    [[nodiscard]] bool has(const std::string& option) const { return !given.at(option).empty(); }
    [[nodiscard]] const std::string& of(const std::string& option) const { return given.at(option); }
};

CLI::Option* add_word(CLI::App& command, Words& words, const std::string& option, const std::string& help) {
    return command.add_option(option, words.given[option], help);
}

std::uint64_t number(const Words& words, const std::string& option, std::uint64_t least, std::uint64_t most) {
    const auto value = parse_number(words.of(option), least, most);
    if (!value) {
        throw Error(ExitCode::Usage, msg::bad_traffic_number(option, words.of(option), least, most));
    }
    return *value;
}

const InnerKind& inner_kind(const std::string& name) {
    std::string names;
    for (const InnerKind& kind : kInnerKinds) {
        if (kind.name == name) {
            return kind;
        }
        names += fmt::format("{}{}", names.empty() ? "" : ", ", kind.name);
    }
    throw Error(ExitCode::Usage, msg::bad_inner(name, names));
}

void check_address(const std::string& option, const std::string& text, int family, const char* versions) {
    std::array<std::uint8_t, 16> bytes{};
    if (inet_pton(family, text.c_str(), bytes.data()) != 1) {
        throw Error(ExitCode::Usage, msg::bad_traffic_address(option, text, versions));
    }
}

IpBytes address(const Words& words, const std::string& option, const InnerKind& kind, const char* usual) {
    const std::string text = words.has(option) ? words.of(option) : usual;
    check_address(option, text, kind.family, kind.version);
    return parse_ip(text);
}

void read_header(const Words& words, bool allow_bare, SendOptions& send) {
    std::string options;
    for (const HeaderKind* kind : header_kinds()) {
        options += fmt::format("{}{} {}", options.empty() ? "" : ", ", kind->send_option, kind->type_name);
        if (!words.has(kind->send_option)) {
            continue;
        }
        if (send.kind != nullptr) {
            throw Error(ExitCode::Usage, msg::one_header_option(options));
        }
        send.kind = kind;
        send.header = kind->parse(words.of(kind->send_option));
    }
    if (send.kind == nullptr) {
        throw Error(ExitCode::Usage, msg::one_header_option(options));
    }
    if (!allow_bare && send.kind->advance(send.header).empty()) {
        throw Error(ExitCode::Usage, msg::nothing_left(send.kind->send_option, words.of(send.kind->send_option)));
    }
}

void read_inner(const Words& words, SendOptions& send) {
    const InnerKind& kind = inner_kind(words.of("--inner"));
    Inner& inner = send.inner;
    inner.protocol = kind.protocol;
    inner.source = address(words, "--source", kind, kind.source);
    inner.destination = address(words, "--destination", kind, kind.destination);
    inner.source_port = number(words, "--source-port", 0, kPortMost);
    inner.destination_port = number(words, "--destination-port", 0, kPortMost);
    const std::size_t least = inner_headers(inner) + stamp_room(send.header.size());
    inner.size = words.has("--size") ? number(words, "--size", least, kTrafficSizeMost) : std::max(kSizeUsual, least);
}

void read_next(const Words& words, SendOptions& send) {
    const std::string &mac = words.of("--mac"), &via = words.of("--via");
    if (words.has("--mac") && words.has("--via")) {
        throw Error(ExitCode::Usage, msg::mac_and_via(mac, via));
    }
    send.mac = parse_mac(mac);
    if (words.has("--mac") && !send.mac) {
        throw Error(ExitCode::Usage, msg::bad_traffic_mac(mac));
    }
    if (words.has("--via")) {
        check_address("--via", via, via.find(':') == std::string::npos ? AF_INET : AF_INET6, "IPv4 or IPv6");
    }
    send.via = via;
}

struct RawSend {
    Words words;
    bool allow_bare = false;
};

void add_send(CLI::App& app, Options& options) {
    auto* send = app.add_subcommand("send", "Send labelled packets that 'sink' recognises, to try a proxy out");
    const auto raw = std::make_shared<RawSend>();
    Words& words = raw->words;
    words.given = {{"--inner", "udp4"},
                   {"--count", "10"},
                   {"--rate", "1000"},
                   {"--source-port", "4000"},
                   {"--destination-port", "9"}};
    send->add_option("-i,--interface", options.send.interface, "Interface that leads to the proxy")
        ->required()
        ->type_name("NAME");
    for (const HeaderKind* kind : header_kinds()) {
        add_word(*send, words, kind->send_option, kind->send_help)->type_name(kind->type_name);
    }
    add_word(*send, words, "--inner", "Packets behind the header: udp4, tcp4, udp6 or tcp6")->capture_default_str();
    add_word(*send, words, "--count", "How many")->type_name("N")->capture_default_str();
    add_word(*send, words, "--rate", "How many a second")->type_name("N")->capture_default_str();
    add_word(*send, words, "--size", "Bytes of the inner IP packet (default 128)")->type_name("BYTES");
    add_word(*send, words, "--via", "Address of the proxy's port on this link")->type_name("ADDRESS");
    add_word(*send, words, "--mac", "MAC of the proxy's port (default: of a veth its peer's)")->type_name("MAC");
    add_word(*send, words, "--source", "Inner source address (default 192.0.2.10 or 2001:db8:1::10)");
    add_word(*send, words, "--destination", "Inner destination address (default 198.51.100.10 or 2001:db8:2::10)");
    add_word(*send, words, "--source-port", "Inner source port")->type_name("N")->capture_default_str();
    add_word(*send, words, "--destination-port", "Inner destination port")->type_name("N")->capture_default_str();
    send->add_flag("--allow-bare", raw->allow_bare, "Send although no header is left behind the proxy");
    send->callback([&options, raw] {
        options.command = Command::Send;
        read_header(raw->words, raw->allow_bare, options.send);
        read_inner(raw->words, options.send);
        read_next(raw->words, options.send);
        options.send.count = number(raw->words, "--count", 1, kTrafficCountMost);
        options.send.rate = number(raw->words, "--rate", 1, kTrafficRateMost);
    });
}

void add_sink(CLI::App& app, Options& options) {
    auto* sink = app.add_subcommand("sink", "Receive packets of 'send', and check them end to end");
    const auto words = std::make_shared<Words>();
    words->given = {{"--timeout", "10"}};
    sink->add_option("-i,--interface", options.sink.interface, "Interface that the packets arrive on")
        ->required()
        ->type_name("NAME");
    for (const HeaderKind* kind : header_kinds()) {
        add_word(*sink, *words, kind->sink_option, kind->sink_help)->type_name(kind->type_name);
    }
    add_word(*sink, *words, "--count", "How many should come at least (default: as many as were sent)")->type_name("N");
    add_word(*sink, *words, "--timeout", "End after SECONDS without a packet")
        ->type_name("SECONDS")
        ->capture_default_str();
    sink->callback([&options, words] {
        options.command = Command::Sink;
        for (const HeaderKind* kind : header_kinds()) {
            if (words->has(kind->sink_option)) {
                options.sink.expected = kind->parse_pattern(words->of(kind->sink_option));
            }
        }
        if (words->has("--count")) {
            options.sink.count = number(*words, "--count", 1, kTrafficCountMost);
        }
        options.sink.timeout_s = number(*words, "--timeout", 1, kTimeoutMost);
    });
}

} // namespace

void add_traffic_commands(CLI::App& app, Options& options) {
    add_send(app, options);
    add_sink(app, options);
}

} // namespace sfc
