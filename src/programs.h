// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "maps.h"
#include "plan.h"
#include "sfc_abi.h"

struct proxy_bpf;

namespace sfc {

/// What is fixed when the programs are loaded.
struct LoadSettings {
    sfc_clock clock = SFC_CLOCK_KERNEL;
    std::uint32_t header_limit = SFC_HEADER_MAX; ///< bytes
    /// Seeds the hash secrets, so that a replay is the same each time; without it they are random.
    std::optional<std::uint64_t> seed;
};

/// The constants that the programs are loaded with. Throws Error where no secrets can be drawn.
[[nodiscard]] sfc_config load_constants(const Plan& plan, const LoadSettings& settings);

struct ProgramInfo {
    std::string name;
    std::uint32_t verified_instructions = 0; ///< how many the verifier walked, over all paths
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
    [[nodiscard]] int strip_fd() const;
    [[nodiscard]] int restore_fd() const;
    /// For TC ingress of domain ports, where tickets go through the stack in the mark.
    [[nodiscard]] int mark_fd() const;
    /// For TC egress of ports that the stack sends through.
    [[nodiscard]] int catch_fd() const;
    /// For the far end of a relay.
    [[nodiscard]] int return_fd() const;
    /// For TC egress at the far ends of ports whose SF is the stack there, and for those ports.
    [[nodiscard]] int tag_fd() const;
    [[nodiscard]] int readmit_fd() const;
    /// Sends probes; on no interface.
    [[nodiscard]] int probe_fd() const;
    /// For the far end of a veth that we redirect into.
    [[nodiscard]] int peer_fd() const;

private:
    struct Close {
        void operator()(proxy_bpf* skeleton) const;
    };
    std::unique_ptr<proxy_bpf, Close> skeleton_;
    std::unique_ptr<Maps> maps_;

    void size_maps(const Plan& plan);
};

} // namespace sfc
