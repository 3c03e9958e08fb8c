// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "base/messages.h"

namespace sfc::msg {

#define SFC_CLI_MESSAGES(M)                                                                                            \
    M(lacks_privileges,                                                                                                \
      "this process lacks {}; run it as root, or with CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF and, to enter the "          \
      "namespaces of SFs, CAP_SYS_ADMIN")                                                                              \
    M(nothing_attached, "nothing is attached under '{}'")                                                              \
    M(home_netns_gone,                                                                                                 \
      "the network namespace that '{}' is attached in cannot be found; if it is gone, remove the directory")           \
    M(attached, "attached {} ports ({} XDP) and {} services of '{}', pinned under '{}'")                               \
    M(sf_ip_needs_run,                                                                                                 \
      "SF port '{}' is given by ip {}, which only 'sfcproxy run' can keep resolved; give its mac, or use "             \
      "'sfcproxy run'")                                                                                                \
    M(next_hop_ip_needs_run,                                                                                           \
      "the next hop of service '{}' is given by ip {}, which only 'sfcproxy run' can keep resolved; give its "         \
      "mac, or use 'sfcproxy run'")                                                                                    \
    M(tunnel_needs_run,                                                                                                \
      "the next hop of service '{}' is on the route to {}, which only 'sfcproxy run' can follow; give its mac, or "    \
      "use 'sfcproxy run'")                                                                                            \
    M(attach_port_down,                                                                                                \
      "port '{}': interface '{}' is down, or its peer is; set both up, or use 'sfcproxy run', which waits for it")     \
    M(hangup, "SIGHUP: this version cannot read its configuration anew, and goes on")                                  \
    M(lines_lost, "{} lines were lost here, because nobody read them")                                                 \
    M(detached_meanwhile, "what was attached under '{}' has been detached meanwhile")                                  \
    M(removed_leftover, "nothing was attached; pins of a process that was killed are removed from '{}'")               \
    M(port_address, "the domain port's address")                                                                       \
    M(tickets_in_metadata, "metadata")                                                                                 \
    M(tickets_in_mark, "bits 0x{:08x} of the mark, where a guess passes with 1 in {}")                                 \
    M(mark_odds, "tickets go in bits 0x{:08x} of the mark, where a guess passes with 1 in {}")                         \
    M(detached, "detached; nothing is left under '{}'; drained={} dropped={}")                                         \
    M(detached_at_end, "detached; drained={} dropped={}")                                                              \
    M(replay_has_no_kernel, "SF '{}' is in kernel mode; replay has no kernel to send packets through")                 \
    M(cannot_wait_signals, "cannot wait for signals")                                                                  \
    M(cannot_start_timer, "cannot start a timer")                                                                      \
    M(runs_already, "attached already under '{}': process {} runs '{}'; 'sfcproxy status' shows it")                   \
    M(attached_already, "attached already under '{}', and '{}' says the same; 'sfcproxy status' shows it")             \
    M(runs_another,                                                                                                    \
      "attached already under '{}': process {} runs '{}', which is another configuration: {}; 'kill {}' ends it")      \
    M(attached_another,                                                                                                \
      "attached already under '{}': '{}' is another configuration: {}; 'sfcproxy detach --pin {}' ends it")            \
    M(named_port, "port '{}'")                                                                                         \
    M(only_attached, "{} is attached, and not in the configuration")                                                   \
    M(not_attached_yet, "{} is in the configuration, and not attached")                                                \
    M(differs, "{} is {} there and {} here")                                                                           \
    M(and_others, "{}, and {} more")                                                                                   \
    M(going_on, "going on with what is attached under '{}'")                                                           \
    M(cannot_wait_events, "cannot wait for events")                                                                    \
    M(stays_attached, "stays attached under '{}'; next hops are as they are now")                                      \
    M(moved_meanwhile, "packets moved while this was read; the equations are exact only when they rest")               \
    M(not_redirected, "not redirected: the target was down, or its MTU too small")                                     \
    M(unknown_lost, "more, unknown: sent just before an interface vanished")                                           \
    M(not_sent, "not sent: the peer was down, its queue full, or it did not poll")                                     \
    M(out_by_routes, "by this host's routes through {}")                                                               \
    M(out_by_ingress, "back to where packets come from")                                                               \
    M(nobody_keeps, "no process looks after it: next hops stay as they are")                                           \
    M(process_keeps, "process {} keeps next hops and ports current")                                                   \
    M(what_probes_found, "what probes found when they were sent")                                                      \
    M(offloads_unsaid, "offloads changed until detach: {}; 'status -v' lists them")                                    \
    M(off_again, "OFF AGAIN: SWITCH IT ON, OR THE SF WILL BE SLOW")                                                    \
    M(changed_back, "ON AGAIN: SWITCH IT OFF, OR TCP WILL BREAK")                                                      \
    M(vnet_headers_on, "VNET HEADERS: CHECKSUMS MAY BE WRONG")                                                         \
    M(cannot_write_output, "cannot write to standard output")                                                          \
    M(bad_tick, "--tick '{}' is not allowed; use a whole number with us, ms or s, up to 3600s")                        \
    M(bad_window, "--window '{}' is not allowed; use a whole number from 1 to {}")                                     \
    M(bad_watch, "--watch '{}' is not allowed; use seconds from {} to {}")                                             \
    M(window_and_from_sf, "--window and --from-sf exclude each other: with --from-sf all of --in comes first")         \
    M(same_file_twice, "--to-sf and --out both name '{}'; give two files")                                             \
    M(output_is_input, "{} '{}' is the same file as the input '{}'; give another one")                                 \
    M(port_not_possible, "{} {}: '{}' is not one of the ports that are possible here: {}")                             \
    M(say_which_port, "{} {}: say which port with PORT=FILE; possible are {}")                                         \
    M(see_help, "{}; see 'sfcproxy --help'")                                                                           \
    M(did_you_mean, "did you mean '{}'?")                                                                              \
    M(commands_are, "commands are {}")                                                                                 \
    M(see_command_help, "see 'sfcproxy help{}'")                                                                       \
    M(command_missing, "a command is missing; give one of {}")                                                         \
    M(unknown_command, "unknown command '{}'; {}")                                                                     \
    M(unknown_option, "unknown option '{}' of '{}'; {}")                                                               \
    M(option_too_early, "option '{}' belongs behind its command, '{}'")                                                \
    M(word_too_many, "'{}' is a word too many for '{}'; {}")                                                           \
    M(value_missing, "option '{}' of '{}' needs a value behind it")                                                    \
    M(option_twice, "option '{}' of '{}' stands here more than once")                                                  \
    M(option_missing, "'{}' needs the option '{} {}'")

SFC_CLI_MESSAGES(SFC_MESSAGE)

} // namespace sfc::msg
