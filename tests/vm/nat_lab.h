// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The machine of tests/vm as a small network: two hosts in namespaces of their own, whose kernels push and pop labels,
// and the proxy between them, in the machine's first namespace.
//
//   snd s0 -- c0 [bridge] c1 -- p0 [proxy, forwarding, masquerade on p1] p1 -- r0 rcv
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace sfc::vm {

enum class Family { V4, V6 };
inline constexpr std::array kFamilies{Family::V4, Family::V6};

/// Packets to and from each of the receiver's addresses have a stack of their own, 2 to 9 labels deep.
inline constexpr unsigned kAddresses = 8;
inline constexpr const char *kSender = "snd", *kReceiver = "rcv", *kWire = "wire"; // namespaces
/// Where masquerade takes TCP and UDP ports from. No socket gets one of these from the kernel.
inline constexpr unsigned kFirstPort = 61000, kLastPort = 65000;

/// Of the sender, of the proxy on the receiver's side, and of the receiver.
[[nodiscard]] std::string sender_address(Family family);
[[nodiscard]] std::string far_address(Family family);
[[nodiscard]] std::string receiver_address(Family family, unsigned number);

/// The path of a program of iproute2 or nftables: PATH would lead to busybox.
[[nodiscard]] std::string tool(const std::string& name);
/// Runs a program with `input` as its standard input, in the namespace of this thread. Returns what it said on standard
/// output. Throws Error where its exit code is not 0.
std::string run(const std::vector<std::string>& command, const std::string& input = {});

/// Makes all of it, without the proxy. Throws Error where this is not a machine of its own.
void build_lab();

/// The proxy's configuration.
[[nodiscard]] std::string proxy_config(bool gro);

/// What nftables has counted in `forward`: where GRO merged packets, they count as one.
[[nodiscard]] std::uint64_t forwarded();

/// From here on an XDP program redirects what the sender sends, past the bridge. Throws Error.
void redirect_wire();
/// How many it has redirected.
[[nodiscard]] std::uint64_t redirected_frames();

} // namespace sfc::vm
