// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <unordered_map>
#include <vector>

#include "traffic_packet.h"

namespace sfc::test::traffic {

/// What became of a frame, as the model sees it. The first group is of the domain side, the rest of the SF side.
enum class Class : std::uint8_t {
    New,           ///< to the SF, nothing with an equal key was there
    Shared,        ///< to the SF, as one more of an equal packet with an equal header
    AfterStale,    ///< to the SF, in the place of an equal key past its hold time
    AfterEviction, ///< to the SF although another header should be there: that entry must have been evicted
    Ambiguous,
    Right,        ///< restored with the packet's own header
    LimitExpired, ///< restored with that of a live packet of equal key, as its own was past hold,
    LimitEvicted, ///< or evicted,
    LimitClaimed, ///< or used up by a twin or a second return,
    LimitEpoch,   ///< or of an older epoch
    Late,
    Changed,     ///< claimed, and dropped: the segment routing header is another one (End.AM)
    MissReaped,  ///< past hold, and the stale entry has made room
    MissEvicted, ///< in time: its entry must have been evicted
    MissClaimed, ///< in time, but its reference was used up by a twin or a second return
    MissEpoch,
    MissPort, ///< came back on a port where nothing of that key is expected
    MissKey,  ///< the SF changed a field of the key, or made the packet itself
    Wrong
};
constexpr std::size_t kClasses = static_cast<std::size_t>(Class::Wrong) + 1;
[[nodiscard]] const char* class_name(Class of);

struct Judgement {
    Class is = Class::Wrong;
    const char* wrong = nullptr;     ///< what is wrong with it
    int evicted_of = -1;             ///< the service whose references must have been evicted for this to be right,
    std::uint64_t evicted_least = 0; ///< which must have been counted for it up to now
};

/// One packet's claim on the truth.
struct Reference {
    Header header;
    std::uint64_t deadline_ns = 0; ///< its own: an equal packet behind it may have lengthened it
    std::uint32_t generation = 0;  ///< of the entry that it refers to
    std::uint16_t epoch = 0;
};

/// The references of one service. Each of `to_sf` is in one of the six that follow, or still in the model.
struct Account {
    std::uint64_t to_sf = 0;
    std::uint64_t restored = 0;
    std::uint64_t changed = 0; ///< claimed, for a packet that came back with another header
    std::uint64_t late = 0;    ///< expired
    std::uint64_t gone = 0;    ///< not there any more, past hold: expired or evicted
    std::uint64_t evicted = 0; ///< not there any more, in time
    std::uint64_t left = 0;    ///< past hold and of no more interest: expired, evicted or still there

    std::uint64_t evictions_seen = 0; ///< what the cache's counter said of `evicted` when the caller last read it

    std::uint64_t ambiguous = 0;
    std::uint64_t stale = 0;     ///< in the model, past hold
    std::uint32_t in_flight = 0; ///< entries within hold: what takes a slot of the service's quota
    std::uint32_t in_flight_most = 0;

    [[nodiscard]] std::uint64_t model() const { return to_sf - restored - changed - late - gone - evicted - left; }
};

/// The model of the cache: the header of each packet in an SF, one entry a key. It is exact but for evictions, which it
/// learns of when something is missing that should be there. The caller tells it what a program did, and it says what
/// that means. It knows keys by name only.
class Truth {
public:
    /// `hold_ns` of each service. No packet may come back when more than `memory` other ones have got an entry since.
    /// `remember`: a key is not given another header while its hold time lasts, wherever its packet is.
    Truth(std::vector<std::uint64_t> hold_ns, std::size_t memory, bool remember);

    /// The name of a key where a packet is expected, or comes back.
    [[nodiscard]] static std::uint64_t name(std::uint32_t number, int return_port, std::uint16_t epoch) {
        return std::uint64_t{number} << 20 | static_cast<std::uint64_t>(return_port) << 16 | epoch;
    }

    /// Time only goes on. No packet may come back when it is three hold times past its deadline.
    void set_time(std::uint64_t ns);

    /// Went to the SF. Fills in what `reference` lacks but for header and epoch.
    Judgement stripped(std::uint64_t name, Reference& reference);
    Judgement refused(std::uint64_t name, const Header& header);

    /// Came back: `reference` as stripped() left it, nullptr where the SF made another packet of it. `missing` is what
    /// a miss is where no entry is expected, Class::Wrong to find out. `frame` is as it went in, `out` as it left.
    Judgement restored(std::uint64_t name, const Reference* reference, std::span<const std::uint8_t> frame,
                       std::span<const std::uint8_t> out);
    Judgement late(std::uint64_t name);
    /// Claimed, and dropped because of the header in `frame`.
    Judgement changed(std::uint64_t name, std::span<const std::uint8_t> frame);
    Judgement missed(std::uint64_t name, const Reference* reference, std::uint16_t epoch, Class missing);

    [[nodiscard]] std::vector<Account>& accounts() { return accounts_; } ///< by service

private:
    struct Entry {
        Header header;
        std::uint64_t name = 0;
        std::uint64_t deadline_ns = 0;
        std::uint64_t evictions_before = 0; ///< of its service, when it was made
        std::uint32_t references = 0;
        std::uint32_t generation = 0; ///< 0: not in use
        bool stale = false;
    };
    /// An entry to look at when its time has come; not the same one any more if generation or deadline differ.
    struct Due {
        std::uint64_t at_ns;
        std::uint64_t deadline_ns;
        std::uint32_t entry;
        std::uint32_t generation;
    };
    enum class End : std::uint8_t { None, Claimed, Evicted, Expired };
    struct Remembered {
        Header header;
        std::uint64_t deadline_ns = 0;
    };

    std::vector<std::uint64_t> hold_ns_;
    std::vector<Account> accounts_;
    std::unordered_map<std::uint64_t, std::uint32_t> entries_; ///< by name
    std::vector<Entry> pool_;
    std::vector<std::uint32_t> free_;
    std::map<std::uint64_t, std::deque<Due>> expiring_, leaving_; ///< by hold time, so each is in order
    std::vector<End> ends_;                                       ///< of generations, in a circle
    std::unordered_map<std::uint64_t, Remembered> remembered_;    ///< by name; those past their deadline may be there
    std::size_t remembered_most_ = 1024;                          ///< when they are looked for
    std::uint64_t now_ns_ = 0;
    std::uint32_t generation_ = 0;
    bool remember_;

    [[nodiscard]] Entry* find(std::uint64_t name);
    [[nodiscard]] bool remembered_otherwise(std::uint64_t name, const Header& header) const;
    void remember(std::uint64_t name, const Reference& reference);
    [[nodiscard]] Entry* due(const Due& due);
    Account& account(const Header& header) { return accounts_[header.service]; }
    std::uint32_t add(std::uint64_t name, const Header& header);
    void refresh(std::uint32_t index);
    void expire(Entry& entry);
    [[nodiscard]] Judgement evicted(Entry& entry, Class is);
    void end(Entry& entry, End how);
    void take_one(Entry& entry);
    [[nodiscard]] End end_of(const Reference& reference) const {
        return ends_[reference.generation & (ends_.size() - 1)];
    }
    [[nodiscard]] Class limit(const Reference& reference, const Entry& entry) const;
    [[nodiscard]] Judgement nothing_there(const Reference& reference, std::uint16_t epoch) const;
};

} // namespace sfc::test::traffic
