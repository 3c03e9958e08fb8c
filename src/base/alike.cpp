// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/alike.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace sfc {
namespace {

/// Letters to change, add or leave out (Levenshtein), row by row.
std::size_t distance(std::string_view one, std::string_view other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 0; i < one.size(); i++) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t k = 0; k < other.size(); k++) {
            const std::size_t changed = diagonal + (one[i] == other[k] ? 0 : 1);
            diagonal = row[k + 1];
            row[k + 1] = std::min({changed, row[k] + 1, diagonal + 1});
        }
    }
    return row.back();
}

} // namespace

std::string_view most_alike(std::string_view given, std::span<const std::string_view> words) {
    std::string_view best;
    std::size_t fewest = given.size() / 3 + 1; // "stat" is like "stats", "-x" is like nothing
    for (const std::string_view word : words) {
        const std::size_t changes = distance(given, word);
        if (changes < fewest && changes < word.size() && changes < given.size()) {
            fewest = changes;
            best = word;
        }
    }
    return best;
}

} // namespace sfc
