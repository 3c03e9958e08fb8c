// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "ethtool.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "error.h"

namespace sfc {
namespace {

/// The single-feature commands: older than the feature lists, and enough here.
struct Row {
    Offload offload;
    std::string_view name;
    std::uint32_t get, set;
    std::uint32_t flag; ///< with ETHTOOL_GFLAGS: which bit; 0 = the value is a bool
};
constexpr std::array kRows = {
    Row{Offload::TxChecksum, "tx", ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM, 0},
    Row{Offload::Tso, "tso", ETHTOOL_GTSO, ETHTOOL_STSO, 0},
    Row{Offload::Gso, "gso", ETHTOOL_GGSO, ETHTOOL_SGSO, 0},
    Row{Offload::Gro, "gro", ETHTOOL_GGRO, ETHTOOL_SGRO, 0},
    Row{Offload::TxVlan, "txvlan", ETHTOOL_GFLAGS, ETHTOOL_SFLAGS, ETH_FLAG_TXVLAN},
};

const Row& row_of(Offload offload) {
    return *std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return row.offload == offload; });
}

/// Returns 0 or errno.
int command(int socket, const std::string& interface, void* data) {
    ifreq request{};
    interface.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = static_cast<char*>(data);
    return ioctl(socket, SIOCETHTOOL, &request) == 0 ? 0 : errno;
}

std::uint32_t read_value(int socket, const std::string& interface, const Row& row) {
    ethtool_value value{row.get, 0};
    if (const int error = command(socket, interface, &value)) {
        throw system_error(fmt::format("cannot read offload '{}' of interface '{}'", row.name, interface), error);
    }
    return value.data;
}

std::uint32_t statistics_count(int socket, const std::string& interface) {
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    return command(socket, interface, &info) == 0 ? info.n_stats : 0;
}

} // namespace

std::string_view offload_name(Offload offload) {
    return row_of(offload).name;
}

std::optional<Offload> parse_offload(std::string_view name) {
    const auto* row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& one) { return one.name == name; });
    return row == kRows.end() ? std::nullopt : std::optional(row->offload);
}

Ethtool::Ethtool() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (!socket_) {
        throw system_error("cannot open a socket for interface settings", errno);
    }
}

bool Ethtool::get(const std::string& interface, Offload offload) const {
    const Row& row = row_of(offload);
    const std::uint32_t value = read_value(socket_.get(), interface, row);
    return row.flag != 0 ? (value & row.flag) != 0 : value != 0;
}

void Ethtool::set(const std::string& interface, Offload offload, bool on) const {
    const Row& row = row_of(offload);
    std::uint32_t wanted = on ? 1 : 0;
    if (row.flag != 0) {
        const std::uint32_t before = read_value(socket_.get(), interface, row);
        wanted = on ? before | row.flag : before & ~row.flag;
    }
    ethtool_value value{row.set, wanted};
    if (const int error = command(socket_.get(), interface, &value)) {
        throw system_error(
            fmt::format("cannot switch offload '{}' of interface '{}' {}", row.name, interface, on ? "on" : "off"),
            error);
    }
}

std::vector<std::pair<std::string, std::uint64_t>> Ethtool::statistics(const std::string& interface) const {
    const std::uint32_t count = statistics_count(socket_.get(), interface);
    std::vector<char> names(sizeof(ethtool_gstrings) + std::size_t{count} * ETH_GSTRING_LEN);
    std::vector<std::uint64_t> values(1 + count); // ethtool_stats is two 32-bit words, then the figures
    const ethtool_gstrings ask_names{ETHTOOL_GSTRINGS, ETH_SS_STATS, count};
    const std::array<std::uint32_t, 2> ask_values = {ETHTOOL_GSTATS, count};
    std::memcpy(names.data(), &ask_names, sizeof(ask_names));
    std::memcpy(values.data(), ask_values.data(), sizeof(ask_values));
    std::vector<std::pair<std::string, std::uint64_t>> result;
    if (count == 0 || command(socket_.get(), interface, names.data()) != 0 ||
        command(socket_.get(), interface, values.data()) != 0) {
        return result;
    }
    for (std::uint32_t i = 0; i < count; i++) {
        const char* name = names.data() + sizeof(ethtool_gstrings) + std::size_t{i} * ETH_GSTRING_LEN;
        result.emplace_back(std::string(name, strnlen(name, ETH_GSTRING_LEN)), values[1 + i]);
    }
    return result;
}

} // namespace sfc
