// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/plan.h"
#include "loader/maps.h"
#include "loader/objects.h"
#include "sfc_abi.h"

struct bpf_program;
struct proxy_bpf;

namespace sfc {

/// The settings that are fixed when the programs are loaded.
struct LoadSettings {
    sfc_clock clock = SFC_CLOCK_KERNEL;
    std::uint32_t header_limit = SFC_HEADER_MAX; ///< bytes, as far as there is room
    bool any_address = false;                    ///< every address counts as one of this host
    bool any_mac = false;                        ///< every MAC counts as the port's own
    /// Seeds the hash secrets, so that a replay is the same each time; without it they are random.
    std::optional<std::uint64_t> seed;
};

/// The constants that the programs are loaded with. Throws Error where no secrets can be drawn.
[[nodiscard]] sfc_config load_constants(const Plan& plan, const LoadSettings& settings);

struct ProgramInfo {
    std::string name;
    std::uint32_t verified_instructions = 0; ///< how many the verifier walked, over all paths
    std::uint32_t instructions = 0;          ///< of the program, when what is off has been taken out
};

/// The programs and their maps, loaded into the kernel and filled from a plan. Interfaces are set afterwards.
class Programs {
public:
    /// Throws Error{Kernel} with the verifier's last words, or Error{Permission}.
    Programs(const Plan& plan, const LoadSettings& settings);
    ~Programs();
    Programs(const Programs&) = delete;
    Programs& operator=(const Programs&) = delete;

    [[nodiscard]] const Maps& maps() const { return *maps_; }
    [[nodiscard]] std::vector<ProgramInfo> info() const;
    /// Kernel mode's own programs are not, where no service needs them.
    [[nodiscard]] bool loaded(ProgramId id) const;
    [[nodiscard]] int fd(ProgramId id) const;

private:
    struct Close {
        void operator()(proxy_bpf* skeleton) const;
    };
    std::unique_ptr<proxy_bpf, Close> skeleton_;
    std::unique_ptr<Maps> maps_;

    [[nodiscard]] bpf_program* program(ProgramId id) const;
    void size_maps(const Plan& plan);
};

} // namespace sfc
