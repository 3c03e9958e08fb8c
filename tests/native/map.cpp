// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "map.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace sfc::test {

void NativeMap::define(const native_map& definition) {
    name_ = definition.name;
    key_size_ = definition.key_size;
    value_size_ = definition.value_size;
    switch (definition.type) {
    case BPF_MAP_TYPE_ARRAY:
    case BPF_MAP_TYPE_PERCPU_ARRAY:
        array_ = true;
        break;
    case BPF_MAP_TYPE_HASH:
    case BPF_MAP_TYPE_CPUMAP:
    case BPF_MAP_TYPE_DEVMAP: // an array of which entries can be absent
        break;
    default:
        throw std::logic_error("map " + name_ + " is of a type that the harness does not know");
    }
    resize(definition.max_entries);
}

void NativeMap::resize(std::uint32_t entries) {
    entries_ = entries;
    hashed_.clear();
    values_.clear();
    if (array_) {
        values_.assign(entries, Bytes(value_size_));
    }
}

void NativeMap::check_sizes(std::size_t key, std::size_t value) const {
    if (key != key_size_ || value != value_size_) {
        throw std::logic_error("key or value of another size than those of map " + name_);
    }
}

void* NativeMap::present(void* value) const {
    if (value == nullptr) {
        throw std::out_of_range("no such entry in map " + name_);
    }
    return value;
}

std::string NativeMap::key_bytes(const void* key) const {
    const auto* first = static_cast<const char*>(key);
    return {first, first + key_size_};
}

void* NativeMap::lookup(const void* key) {
    if (array_) {
        std::uint32_t index = 0;
        std::memcpy(&index, key, sizeof(index));
        return index < entries_ ? values_[index].data() : nullptr;
    }
    const auto found = hashed_.find(key_bytes(key));
    return found == hashed_.end() ? nullptr : found->second.data();
}

void NativeMap::update(const void* key, const void* value) {
    auto* at = static_cast<std::uint8_t*>(lookup(key));
    if (at == nullptr) {
        if (array_ || hashed_.size() >= entries_) {
            throw std::out_of_range("no room in map " + name_);
        }
        at = hashed_.emplace(key_bytes(key), Bytes(value_size_)).first->second.data();
    }
    std::copy_n(static_cast<const std::uint8_t*>(value), value_size_, at);
}

void NativeMap::erase(const void* key) {
    hashed_.erase(key_bytes(key));
}

} // namespace sfc::test
