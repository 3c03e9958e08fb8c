// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "attach/location.h"
#include "attach/state.h"
#include "config/plan.h"
#include "loader/maps.h"
#include "loader/pins.h"
#include "net/tc_hook.h"

namespace sfc {

struct AttachOptions {
    std::string config;
    std::string pin = PinDirectory::kDefault;
    bool generic = false;
};

/// Gets sentences about what was changed on the way.
using Say = std::function<void(const std::string&)>;

/// The programs on the interfaces of this network namespace, pinned: they outlive this object and the process.
class Attachment {
public:
    /// Attaches everything, or throws and leaves nothing behind. `plan` and `state` come from options.config.
    [[nodiscard]] static Attachment create(Plan plan, State state, const std::string& pin, const Say& say);
    /// To look at it, while another process may be at work on it; or to change it, with its lock.
    enum class Access : std::uint8_t { Look, Change };
    /// The attachment that a process has made before, if there is one. Where a process was killed before it attached
    /// anything, or after it had taken everything off, its pins are removed (Change). Throws Error{Kernel} where
    /// another process has the lock (Change), or is not done yet (Look).
    [[nodiscard]] static std::optional<Attachment> open(const std::string& pin, Access access);

    /// The end of packets that were in their SFs when strip was closed. `returned` got their headers back; the
    /// headers of the `left` ones are gone. A kernel does not say how many packets are left in it: they are in neither.
    struct Drained {
        std::uint64_t returned = 0, left = 0;
    };
    /// Waits so long, or until somebody wants no more waiting, and returns whether that is so.
    using StopWithin = std::function<bool(std::chrono::milliseconds)>;
    /// Strips nothing any more, and waits for packets that are in their SFs: until all have returned, or for the
    /// longest hold time, or for 5 s, whichever is the shortest. Throws Error.
    Drained drain(const StopWithin& stop_within);
    /// Strips again where a process died while it drained. Throws Error.
    void reopen();
    /// Takes everything off again and undoes what was changed. Goes on over what fails and says so.
    void detach(const Say& say);

    /// Where the port's interface is by its name. Throws Error where `netns:` is a process that is in another network
    /// namespace than at first: a container that ends gives its id to another one, whose traffic this is not.
    [[nodiscard]] std::optional<Location> locate_port(std::uint16_t id) const;
    /// Finds the port's interface, prepares it and its peer, and attaches. Throws Error; the port is then as before.
    void attach_port(std::uint16_t id, const Say& say);
    /// Switches what must be off or on at the port and its peer, also where somebody has switched it back since: nobody
    /// tells us what happens at a peer. Says in one line what is new. Throws Error.
    void keep_offloads(std::uint16_t id, const Location& location, const Say& say);
    /// Whether frames that are sent to the port may need a peer that polls.
    [[nodiscard]] bool needs_polling(std::uint16_t id) const;
    /// Whether frames that are sent to the port arrive, as far as the kernel says.
    [[nodiscard]] bool polls(std::uint16_t id, const Location& location) const;
    /// Puts a program on the peer (again), unless it has one or the port is prepared by hand. Returns whether it polls.
    /// Throws Error.
    bool keep_polling(std::uint16_t id, const Location& location, const Say& say);
    /// Tells the programs which addresses are this host's: where an encapsulation is sent to them, and in kernel mode,
    /// for errors and resets. Throws Error.
    void keep_addresses() const;
    /// Puts sfc_restore_tc on every interface that packets must not leave by, new ones too. Throws Error.
    void keep_leak_guards(const Say& say);
    /// Frames that the kernel lost behind the programs' verdicts at the port, since it was attached first.
    [[nodiscard]] LostFrames lost(std::uint16_t id) const;
    /// Notes lost() of all ports that have an interface, so that it is known when one has gone with its counters.
    void note_losses();
    /// Writes down what probes have found, for `status` and for the next process.
    void keep_probes(std::vector<ProbeRecord> probes);
    /// Whether somebody has switched it back.
    [[nodiscard]] static bool undone(const Record& record);
    /// Whether packets that leave the kernel by the port get back into XDP. True also where no hairpin is needed.
    [[nodiscard]] bool hairpin_works(std::uint16_t id) const;
    /// The port's interface has gone or must go: nothing is accepted from it or sent to it.
    void release_port(std::uint16_t id, const Say& say);
    /// The interface that the kernel says the port's program is on; 0 where it is on none.
    [[nodiscard]] std::uint32_t attached_to(std::uint16_t id) const;

    [[nodiscard]] const Plan& plan() const { return plan_; }
    [[nodiscard]] const Maps& maps() const { return *maps_; }
    [[nodiscard]] const State& state() const { return state_; }
    [[nodiscard]] PinDirectory& pins() { return pins_; }
    [[nodiscard]] const PinDirectory& pins() const { return pins_; }

private:
    Attachment(PinDirectory pins, State state, Plan plan);

    PinDirectory pins_;
    State state_;
    Plan plan_;
    std::unique_ptr<Maps> maps_;
    /// When losses were looked at last.
    struct Noted {
        LostFrames lost;
        std::uint64_t sent = 0; ///< sent_to() by then
    };
    std::map<std::string, Noted> noted_; ///< per port
    [[nodiscard]] std::uint64_t sent_to(std::uint16_t id) const;
    [[nodiscard]] std::optional<Link> counting(std::uint16_t id) const;
    void note_losses(std::uint16_t id);
    /// Before the port is released: what is lost there from now on is not of this interface.
    void settle_losses(std::uint16_t id);
    /// The port has a new interface, whose counters begin at whatever they are.
    void begin_losses(std::uint16_t id, const Link& link);

    /// One process at a time changes interfaces, and knows meanwhile what the others have changed.
    struct Turn {
        Fd mine;
        std::vector<OtherAttachment> others;
    };
    std::weak_ptr<const Turn> turn_;
    /// The one that this object has already, or the next one. Throws Error.
    [[nodiscard]] std::shared_ptr<const Turn> take_turn();
    /// Writes it into the journal. To be called before the act, in a turn.
    void note(Record record);
    /// Walks the journal backwards, takes back what `which` says, and says what stays.
    void undo(const std::function<bool(const Record&)>& which, const Say& say);
    /// The other attachment that has a record of the resource; null for none.
    [[nodiscard]] static const OtherAttachment* other_holder(const Turn& turn, const Record& record);
    /// Attach a program in this thread's network namespace for a port's sake, and pin it.
    void hook_xdp(const std::string& port, ProgramId program, const std::string& pin, const Link& link, bool generic);
    void hook_tc(const std::string& port, ProgramId program, const std::string& pin, const Link& link, TcSide side);

    static void check_all(const Plan& plan, bool generic);
    void attach_all(const Say& say);
    void close();
    void prepare(std::uint16_t id, const Location& location, const Say& say);
    /// Whether a program of ours is to make the peer poll.
    [[nodiscard]] bool makes_poll(std::uint16_t id, const Location& location) const;
    /// Puts it there, or shares that of another attachment. Returns whether frames arrive.
    bool make_poll(std::uint16_t id, const Location& location, const Say& say);
    void switch_offloads(std::uint16_t id, const Location& location, const Say& say);
    void switch_off(std::uint16_t id, const Link& link, const Netns& netns, Offload offload, const Say& say);
    void switch_offload(std::uint16_t id, const Link& link, const Netns& netns, Offload offload, bool on,
                        const Say& say);
    /// For a port that packets leave the kernel through. The hairpin comes first, and then the program that sends
    /// packets there.
    void attach_hairpin(std::uint16_t id, const Location& location, const Say& say);
    /// Throws Error{Kernel} where another attachment has one there.
    void check_hairpin(const Turn& turn, std::uint16_t id, const Location& location) const;
    [[nodiscard]] std::set<std::uint32_t> ways_out() const;
    [[nodiscard]] std::set<std::uint32_t> unguarded(const std::vector<Link>& links) const;
    /// The record of the interface's leak guard; the end where it has none.
    [[nodiscard]] Journal::const_iterator leak_guard(std::uint32_t index) const;
    bool adopt_leak_guard(const Link& link, const std::string& port);
    /// Whether the program of the record is at work there.
    [[nodiscard]] bool watches(const Link& link, const TcProgram& tc) const;
    /// For a port of an SF that is the kernel of another namespace: programs at its peer, in that namespace.
    static void check_peer(const Plan& plan, std::uint16_t id, const Location& location);
    void attach_peer(std::uint16_t id, const Location& location, const Say& say);
    void follow_moved_peer(std::uint16_t id, const Say& say);
};

/// Frames for this port are redirected into its interface.
[[nodiscard]] bool is_target(const Plan& plan, std::uint16_t id);

} // namespace sfc
