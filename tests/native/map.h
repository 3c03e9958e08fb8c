// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "bpf_sources.h"

namespace sfc::test {

/// A BPF map in user space: what its definition says, and the kernel's rules of what a lookup finds. One CPU.
/// Each value is an allocation of its own, so that AddressSanitizer sees a program that reads or writes beyond it.
class NativeMap {
public:
    explicit NativeMap(const native_map& definition) { define(definition); }

    [[nodiscard]] const std::string& name() const { return name_; }
    /// Gives it another number of entries, all of them zero in an array, none in a hash.
    void resize(std::uint32_t entries);
    /// As the loader does where the configuration says how long keys are; there must be no entries yet.
    void set_key_size(std::uint32_t size) { key_size_ = size; }
    [[nodiscard]] std::uint32_t entries() const { return entries_; }

    /// The value, which a program may change; nullptr where the kernel finds none.
    [[nodiscard]] void* lookup(const void* key);
    /// Throws std::out_of_range where the kernel refuses.
    void update(const void* key, const void* value);
    void erase(const void* key);

    template <class Key, class Value> void set(const Key& key, const Value& value) {
        check_sizes(sizeof(key), sizeof(value));
        update(&key, &value);
    }
    /// The value itself. Throws std::out_of_range where there is none.
    template <class Value> [[nodiscard]] Value& at(std::uint32_t key) {
        check_sizes(sizeof(key), sizeof(Value));
        return *static_cast<Value*>(present(lookup(&key)));
    }

private:
    using Bytes = std::vector<std::uint8_t>;
    std::string name_;
    bool array_ = false; ///< all entries are there, from 0
    std::uint32_t key_size_ = 0, value_size_ = 0, entries_ = 0;
    std::vector<Bytes> values_;           ///< of an array
    std::map<std::string, Bytes> hashed_; ///< of any other

    void define(const native_map& definition);
    void* present(void* value) const;
    void check_sizes(std::size_t key, std::size_t value) const;
    [[nodiscard]] std::string key_bytes(const void* key) const;
};

} // namespace sfc::test
