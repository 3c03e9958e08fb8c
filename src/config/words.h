// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The words of the configuration for the values of enumerations, for those who read it and those who show it.
#pragma once

#include <array>
#include <string_view>

#include "config/config.h"
#include "sfc_encaps.h"

namespace sfc {

/// By value; a value without a word cannot be written.
template <class T> inline constexpr std::array<std::string_view, 0> kWords{};

#define SFC_ENCAP_WORD(name, ...) , std::string_view(#name)
template <>
inline constexpr std::array<std::string_view, SFC_ENCAP_USED> kWords<sfc_encap> = {std::string_view()
                                                                                       SFC_ENCAPS(SFC_ENCAP_WORD)};
#undef SFC_ENCAP_WORD
template <> inline constexpr std::array<std::string_view, 4> kWords<sfc_inner> = {"ip", "ipv4", "ipv6", "ethernet"};
template <> inline constexpr std::array<std::string_view, 2> kWords<sfc_ttl> = {"uniform", "pipe"};
template <> inline constexpr std::array<std::string_view, 2> kWords<sfc_inner_ttl> = {"keep", "decrement"};
template <> inline constexpr std::array<std::string_view, 2> kWords<sfc_last_label> = {"drop", "plain"};
template <> inline constexpr std::array<std::string_view, 2> kWords<sfc_miss> = {"drop", "pass"};
template <> inline constexpr std::array<std::string_view, 3> kWords<sfc_tunnels> = {"keyed", "drop", "pass"};
template <> inline constexpr std::array<std::string_view, 2> kWords<sfc_unmatched> = {"pass", "drop"};
template <> inline constexpr std::array<std::string_view, 2> kWords<sfc_accept> = {"any", "own"};
template <> inline constexpr std::array<std::string_view, 3> kWords<Side> = {"", "left", "right"};

/// Whether the value is an enumerator. Compilers then write its name into the signature, else a cast: "(sfc::Side)3".
template <auto kValue> consteval bool is_enumerator() {
    const std::string_view signature = __PRETTY_FUNCTION__;
    return signature[signature.find("kValue = ") + std::string_view("kValue = ").size()] != '(';
}

/// Whether the first and the last word are for enumerators, and the last one is for the last of them.
template <class T> consteval bool words_are_complete() {
    constexpr auto kCount = kWords<T>.size();
    return kCount > 0 && is_enumerator<T{}>() && is_enumerator<static_cast<T>(kCount - 1)>() &&
           !is_enumerator<static_cast<T>(kCount)>();
}
static_assert(words_are_complete<sfc_inner>() && words_are_complete<sfc_ttl>() && words_are_complete<sfc_inner_ttl>() &&
              words_are_complete<sfc_last_label>() && words_are_complete<sfc_miss>() &&
              words_are_complete<sfc_tunnels>() && words_are_complete<sfc_unmatched>() &&
              words_are_complete<sfc_accept>() && words_are_complete<Side>());

/// `value` as the maps hold it, in a number.
template <class T> [[nodiscard]] constexpr std::string_view word_of(unsigned value) {
    return kWords<T>.at(value);
}

/// Profiles of SFs, and what each leaves alone (enum sfc_key_part).
inline constexpr std::array<std::string_view, 3> kProfiles = {"transparent", "normalizer", "transcoder"};
inline constexpr std::array<unsigned, kProfiles.size()> kProfileParts = {
    SFC_PARTS_ALL, SFC_PARTS_ALL & ~(SFC_PART_IPV4_ID | SFC_PART_TCP_TIMESTAMPS),
    SFC_PARTS_ALL & ~(SFC_PART_DIGEST | SFC_PART_LENGTH)};

} // namespace sfc
