// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Configurations that are wrong: each gives one sentence with file, line and column.
#include <cstdio>
#include <fstream>

#include <gtest/gtest.h>

#include "base/error.h"
#include "config/config.h"

namespace sfc {
namespace {

const char* const kSfs = "sfs:\n"
                         "  - {name: fw, ports: {left: a, right: b}}\n"
                         "  - {name: one, ports: {both: c}}\n";

std::string service(const std::string& label, const std::string& more) {
    return "  - {name: s" + label + ", match: {encapsulation: mpls, label: " + label + "}, " + more + "}\n";
}

const std::string kGood = "domain: eth0, sf: {name: fw, in: left}, next_hop: ingress";

/// A file that goes when the test ends.
class TempFile {
public:
    explicit TempFile(const std::string& text) : name_(testing::TempDir() + "sfc_config_test.yaml") {
        std::ofstream(name_) << text;
    }
    ~TempFile() { std::remove(name_.c_str()); }
    TempFile(const TempFile&) = delete;
    TempFile& operator=(const TempFile&) = delete;
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    std::string name_;
};

struct Wrong {
    const char* name;
    std::string text;
    const char* position; ///< ":line:column:"
    const char* says;
};

class WrongConfig : public testing::TestWithParam<Wrong> {};

TEST_P(WrongConfig, IsRefusedWithItsPosition) {
    const TempFile file(GetParam().text);
    try {
        (void)load_config(file.name());
        FAIL() << "was accepted";
    } catch (const Error& error) {
        const std::string sentence = error.what();
        EXPECT_EQ(error.code(), ExitCode::Usage);
        EXPECT_NE(sentence.find(file.name() + GetParam().position), std::string::npos) << sentence;
        EXPECT_NE(sentence.find(GetParam().says), std::string::npos) << sentence;
        EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
    }
}

const std::vector<Wrong> kWrong = {
    {"broken_yaml", "sfs: [", ":1:", "is not closed"},
    {"list_at_top", "- 1\n", ":1:1:", "must be a mapping"},
    {"unknown_key", "cash: 1\nsfs: []\nservices: []\n", ":1:1:", "unknown key 'cash'"},
    {"key_twice", "sfs: []\nsfs: []\nservices: []\n", ":2:1:", "twice"},
    {"missing_key", "sfs: []\n", ":1:1:", "'services' is missing"},
    {"capacity_small", "cache: {capacity: 63}\nsfs: []\nservices: []\n", ":1:19:", "from 64 to 4194304"},
    {"capacity_word", "cache: {capacity: many}\nsfs: []\nservices: []\n", ":1:19:", "'many'"},
    {"hold_long", "sfs:\n  - {name: f, ports: {both: a}, hold: 61s}\nservices: []\n", ":2:39:", "'61s'"},
    {"hold_no_unit", "sfs:\n  - {name: f, ports: {both: a}, hold: 5}\nservices: []\n", ":2:39:", "ms or s"},
    {"one_port", "sfs:\n  - {name: f, ports: {left: a}}\nservices: []\n", ":2:22:", "'left' and 'right'"},
    {"port_twice", "sfs:\n  - {name: f, ports: {left: a, right: a}}\nservices: []\n", ":2:39:", "SF 'f' already"},
    {"mac_short", "sfs:\n  - {name: f, ports: {both: {interface: a, mac: 2:3}}}\nservices: []\n", ":2:49:", "MAC"},
    {"long_interface", "sfs:\n  - {name: f, ports: {both: " + std::string(128, 'a') + "}}\nservices: []\n",
     ":2:29:", "127"},
    {"netns_path", "sfs:\n  - {name: f, netns: a/b, ports: {both: x}}\nservices: []\n", ":2:22:", "begins with '/'"},
    {"netns_space", "sfs:\n  - {name: f, netns: '/run/a b', ports: {both: x}}\nservices: []\n", ":2:22:", "'/run/a b'"},
    {"peer_word", "sfs:\n  - {name: f, ports: {both: {interface: a, peer: yes}}}\nservices: []\n",
     ":2:50:", "prepared"},
    {"label_large", std::string(kSfs) + "services:\n" + service("1048576", kGood), ":5:58:", "to 1048575"},
    {"label_null", std::string(kSfs) + "services:\n" + service("3", kGood), ":5:52:", "never on top"},
    {"overlap",
     std::string(kSfs) + "services:\n" + service("16", kGood) +
         "  - {name: x, match: {encapsulation: mpls, label: 16}, " + kGood + "}\n",
     ":6:51:", "matched by service 's16'"},
    {"sf_unknown",
     std::string(kSfs) + "services:\n" + service("16", "domain: eth0, sf: {name: no, in: left}, next_hop: ingress"),
     ":5:", "SF 'no'"},
    {"in_missing", std::string(kSfs) + "services:\n" + service("16", "domain: eth0, sf: {name: fw}, next_hop: ingress"),
     ":5:", "'in: left' or 'in: right'"},
    {"in_one_armed",
     std::string(kSfs) + "services:\n" + service("16", "domain: eth0, sf: {name: one, in: left}, next_hop: ingress"),
     ":5:", "one-armed"},
    {"domain_is_sf", std::string(kSfs) + "services:\n" + service("16", "domain: a, sf: {name: one}, next_hop: ingress"),
     ":5:", "never both"},
    {"hop_is_sf",
     std::string(kSfs) + "services:\n" +
         service("16", "domain: d, sf: {name: one}, next_hop: {interface: b, ip: 192.0.2.1}"),
     ":5:", "never both"},
    {"probe_word", "sfs:\n  - {name: f, ports: {both: a}, probe: maybe}\nservices: []\n", ":2:40:", "on or off"},
    {"stack_probe_word", "sfs:\n  - {name: f, stack: true, probe: 1}\nservices: []\n", ":2:35:", "on or off"},
    {"stack_word", "sfs:\n  - {name: f, stack: yes}\nservices: []\n", ":2:22:", "true or false"},
    {"stack_false", "sfs:\n  - {name: f, stack: false}\nservices: []\n", ":2:5:", "'ports' is missing"},
    {"egress_of_ports", std::string(kSfs) + "services:\n" + service("16", kGood + ", egress: e"),
     ":5:", "'s16' takes no 'egress'"},
    {"hop_no_mac",
     std::string(kSfs) + "services:\n" + service("16", "domain: d, sf: {name: one}, next_hop: {interface: e}"),
     ":5:", "'mac' or 'ip'"},
};

INSTANTIATE_TEST_SUITE_P(Rows, WrongConfig, testing::ValuesIn(kWrong),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Config, DefaultsAreThoseOfTheDesign) {
    const TempFile file(std::string(kSfs) + "services:\n" + service("16", kGood));
    const Config config = load_config(file.name());
    EXPECT_EQ(config.capacity, 65536U);
    EXPECT_EQ(config.unmatched, SFC_UNMATCHED_PASS);
    EXPECT_EQ(config.sfs[0].hold_ns, 100'000'000U);
    EXPECT_EQ(config.sfs[0].on_miss, SFC_MISS_DROP);
    EXPECT_EQ(config.sfs[0].key_parts, +SFC_PARTS_ALL);
    EXPECT_EQ(config.services[0].inner, SFC_INNER_IP);
    EXPECT_EQ(config.services[0].ttl, SFC_TTL_UNIFORM);
    EXPECT_EQ(config.services[0].inner_ttl, SFC_INNER_TTL_KEEP);
    EXPECT_EQ(config.services[0].last_label, SFC_LAST_LABEL_DROP);
}

TEST(Config, ProbesCanBeSwitchedOff) {
    const Config config = parse_config("sfs:\n"
                                       "  - {name: one, ports: {both: a}}\n"
                                       "  - {name: two, ports: {both: b}, probe: off}\n"
                                       "  - {name: three, stack: true, probe: off}\n"
                                       "services: []\n",
                                       "x.yaml");
    EXPECT_TRUE(config.sfs[0].probe);
    EXPECT_FALSE(config.sfs[1].probe);
    EXPECT_FALSE(config.sfs[2].probe);
}

TEST(Config, PortsInANamespaceCarryItsName) {
    const Config config =
        parse_config("sfs:\n"
                     "  - {name: one, netns: c1, ports: {left: eth0, right: eth1}}\n"
                     "  - {name: two, netns: 4711, ports: {both: {interface: eth0, peer: prepared}}}\n"
                     "  - {name: three, netns: /run/netns/c1, ports: {both: eth2}}\n"
                     "services: []\n",
                     "x.yaml");
    EXPECT_EQ(config.sfs[0].left->port_name(), "c1/eth0");
    EXPECT_EQ(config.sfs[0].right->port_name(), "c1/eth1");
    EXPECT_EQ(config.sfs[1].both->port_name(), "4711/eth0");
    EXPECT_EQ(config.sfs[2].both->port_name(), "/run/netns/c1/eth2");
    EXPECT_TRUE(config.sfs[1].both->peer_prepared);
    EXPECT_FALSE(config.sfs[0].left->peer_prepared);
}

TEST(Config, MissingFileIsNamed) {
    try {
        (void)load_config("/nonexistent/sfc.yaml");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::Usage);
        EXPECT_NE(std::string(error.what()).find("/nonexistent/sfc.yaml"), std::string::npos);
    }
}

} // namespace
} // namespace sfc
