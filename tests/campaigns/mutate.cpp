// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Malformed frames through both programs. What must hold for every frame, whatever is in it:
// a passed frame is untouched; what the SF gets is bare IP and the input's own bytes; what leaves is the input's own
// bytes but for the top label's TTL; every frame is accounted for; the kernel has nothing to say.
#include "mutate.h"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "frame_maker.h"
#include "kernel_log.h"
#include "names.h"
#include "proxy.h"

namespace sfc::test {
namespace {

constexpr std::size_t kEthernet = 14;
constexpr std::size_t kTtlByte = kEthernet + 3; // of the label that is on top after restore
constexpr std::uint64_t kTickNs = 1'000'000;    // a hundred frames are one hold time: some come back late

/// Whether `part` is how `whole` ends, byte for byte.
bool ends_with(std::span<const std::uint8_t> whole, std::span<const std::uint8_t> part) {
    return part.size() <= whole.size() && std::equal(part.rbegin(), part.rend(), whole.rbegin());
}

bool is_ip(std::span<const std::uint8_t> frame) {
    const unsigned type = frame[12] << 8 | frame[13];
    return type == 0x0800 || type == 0x86dd;
}

class Mutate {
public:
    explicit Mutate(const MutateOptions& options) : options_(options), make_(options.seed) {}

    MutateResult run() {
        for (std::uint64_t n = 0; n < options_.frames; n++) {
            proxy_.programs.maps().set_time(n * kTickNs);
            one(n);
        }
        result_.balanced = proxy_.conservation(options_.frames * kTickNs).balanced();
        result_.kernel_trouble = log_.trouble();
        return result_;
    }

private:
    MutateOptions options_;
    FrameMaker make_;
    KernelLog log_;
    Proxy proxy_;
    MutateResult result_;

    void wrong(std::uint64_t n, const char* what, const Bytes& frame) {
        result_.wrong++;
        if (result_.examples.size() < 5) {
            result_.examples.push_back(fmt::format("frame {}: {}: {:02x}", n, what, fmt::join(frame, "")));
        }
    }

    void one(std::uint64_t n) {
        Bytes frame = make_.labelled();
        make_.damage(frame);
        const auto stripped = proxy_.strip(frame);
        note(stripped.result);
        if (stripped.result.verdict == SFC_VERDICT_PASSED && !std::ranges::equal(stripped.bytes, frame)) {
            wrong(n, "passed, but changed", frame);
        }
        if (stripped.result.verdict != SFC_VERDICT_TO_SF) {
            return;
        }
        const Bytes in_sf(stripped.bytes.begin(), stripped.bytes.end());
        if (!is_ip(in_sf) || in_sf.size() >= frame.size() || !ends_with(frame, without_ethernet(in_sf))) {
            wrong(n, "the SF got something else than the inner packet", frame);
        }
        give_back(n, frame, in_sf);
    }

    /// Most packets come back as they went; some damaged, some twice, some never.
    void give_back(std::uint64_t n, const Bytes& frame, Bytes in_sf) {
        const bool damaged = make_.one_in(4);
        if (damaged) {
            make_.damage(in_sf);
        }
        for (std::uint32_t times = make_.one_in(8) ? make_.below(3) : 1; times > 0; times--) {
            const auto restored = proxy_.restore(in_sf);
            note(restored.result);
            if (restored.result.verdict == SFC_VERDICT_RESTORED && !damaged) {
                check_restored(n, frame, restored.bytes);
            }
        }
    }

    void check_restored(std::uint64_t n, const Bytes& frame, std::span<const std::uint8_t> out) {
        Bytes bytes = without_ethernet(out);
        Bytes input = frame;
        const std::size_t gone = frame.size() - out.size(); // the top label, and entropy pairs
        if (gone >= 4 && gone < frame.size() - kTtlByte) {
            input[kTtlByte + gone] = bytes[kTtlByte - kEthernet];
        }
        if (gone < 4 || gone % 4 != 0 || !ends_with(input, bytes)) {
            wrong(n, "restored something else than its own header", frame);
        }
    }

    void note(const sfc_result& result) {
        result_.outcomes[fmt::format("{}{}{}", verdict_name(result.verdict), result.reason != 0 ? " " : "",
                                     reason_name(result.reason))]++;
    }
};

} // namespace

MutateResult run_mutate(const MutateOptions& options) {
    return Mutate(options).run();
}

} // namespace sfc::test
