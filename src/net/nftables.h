// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What nftables answers: attributes in attributes, and numbers in network order.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "net/netlink.h"

namespace sfc::nft {

/// Attributes of one level by their type.
using Attributes = std::map<std::uint16_t, const nlattr*>;

/// Null has none.
[[nodiscard]] Attributes nested(const nlattr* outer);
/// The attribute itself, null where it is not there.
[[nodiscard]] const nlattr* find(const Attributes& from, std::uint16_t type);
[[nodiscard]] std::string text(const Attributes& from, std::uint16_t type);
[[nodiscard]] std::uint32_t number(const Attributes& from, std::uint16_t type);

/// Visits all objects of this thread's network namespace that `message` asks for (NFT_MSG_GETRULE ...), with their
/// family; none where the kernel has no nftables. Throws Error.
void each_object(std::uint16_t message, const std::function<void(const Attributes&, unsigned char family)>& visit);

/// The name, the attributes of the data, of each expression of a rule in their order.
void each_expression(const Attributes& rule, const std::function<void(const std::string&, const Attributes&)>& visit);

} // namespace sfc::nft
