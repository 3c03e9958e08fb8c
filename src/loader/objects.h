// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sfc_objects.h"

namespace sfc {

#define SFC_AS_ENUM(name, ...) name,
#define SFC_AS_TEXT(name, ...) std::string_view(#name),

/// The programs of the BPF object, by the names that they have there and as pins.
enum class ProgramId : std::uint8_t { SFC_PROGRAMS(SFC_AS_ENUM) };
inline constexpr std::array kProgramNames = {SFC_PROGRAMS(SFC_AS_TEXT)};

/// Its maps.
enum class MapId : std::uint8_t { SFC_MAPS(SFC_AS_ENUM) };
inline constexpr std::array kMapNames = {SFC_MAPS(SFC_AS_TEXT)};

#undef SFC_AS_ENUM
#undef SFC_AS_TEXT

#define SFC_AS_MODE(name, context, kernel_mode, ...) kernel_mode == 1,
/// Whether a program is of use in kernel mode only.
inline constexpr std::array kKernelModeOnly = {SFC_PROGRAMS(SFC_AS_MODE)};
#undef SFC_AS_MODE

[[nodiscard]] constexpr std::string_view name_of(ProgramId id) {
    return kProgramNames[static_cast<std::size_t>(id)];
}

[[nodiscard]] constexpr std::string_view name_of(MapId id) {
    return kMapNames[static_cast<std::size_t>(id)];
}

/// The map of that name; nothing where the proxy has none.
[[nodiscard]] constexpr std::optional<MapId> map_named(std::string_view name) {
    for (std::size_t i = 0; i < kMapNames.size(); i++) {
        if (kMapNames[i] == name) {
            return static_cast<MapId>(i);
        }
    }
    return std::nullopt;
}

} // namespace sfc
