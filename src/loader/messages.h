// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#include "base/messages.h"

namespace sfc::msg {

#define SFC_LOADER_MESSAGES(M)                                                                                         \
    M(cannot_use_map, "cannot {} entry {} of map {}")                                                                  \
    M(cannot_ask_map, "cannot ask the kernel about a map")                                                             \
    M(cannot_share_map, "cannot share map {}")                                                                         \
    M(cannot_enter_mac, "cannot enter a MAC of this host; at most {} are possible")                                    \
    M(cannot_enter_address, "cannot enter an address of this host")                                                    \
    M(cannot_enter_match, "cannot enter a match of service '{}'")                                                      \
    M(cannot_read_verdict, "cannot read the verdict")                                                                  \
    M(mounted_bpf_fs, "mounted the BPF file system on {}")                                                             \
    M(nothing_can_be_pinned,                                                                                           \
      "'{}' is on no BPF file system; in 'ip netns exec NAME' use 'nsenter --net=/run/netns/NAME', else --pin under "  \
      "/sys/fs/bpf, which 'mount -t bpf bpf /sys/fs/bpf' mounts")                                                      \
    M(pin_taken,                                                                                                       \
      "something is attached already under '{}'; see 'sfcproxy status', end it with 'sfcproxy detach', or name "       \
      "another directory with --pin")                                                                                  \
    M(cannot_make_directory, "cannot make directory '{}'")                                                             \
    M(cannot_open_directory, "cannot open directory '{}'")                                                             \
    M(not_on_bpf_fs, "'{}' is not on a BPF file system")                                                               \
    M(cannot_map, "cannot map the values of '{}'")                                                                     \
    M(pins_went, "another sfcproxy process has just removed '{}'; try again")                                          \
    M(foreign_pin, "'{}' has something that is not of sfcproxy and stays: '{}'")                                       \
    M(at_work, "process {} of sfcproxy is at work on '{}'; stop it first (kill {})")                                   \
    M(no_turn,                                                                                                         \
      "process {} keeps '{}' locked, so interfaces cannot be changed beside it; try again, or stop it (kill {})")      \
    M(cannot_pin, "cannot pin '{}'")                                                                                   \
    M(cannot_remove_directory, "cannot remove directory '{}'")                                                         \
    M(cannot_draw_secrets, "cannot draw random secrets")                                                               \
    M(cannot_size_map, "cannot give map {} {} entries")                                                                \
    M(cannot_size_values, "cannot give the values of map {} {} bytes")                                                 \
    M(cannot_size_keys, "cannot give the keys of map {} {} bytes")                                                     \
    M(cannot_open_programs, "cannot open the BPF programs")                                                            \
    M(verifier_refuses, "this kernel's verifier refuses the BPF programs: {}: {}")                                     \
    M(cannot_load_programs, "cannot load the BPF programs into this kernel")                                           \
    M(cannot_ask_program, "cannot ask the kernel about program {}")                                                    \
    M(cannot_prepare_programs, "cannot prepare the BPF programs")                                                      \
    M(cannot_stay_on_cpu, "cannot stay on CPU {}")                                                                     \
    M(cannot_run_program, "cannot run the program on a frame of {} bytes")                                             \
    M(cannot_ask_tick, "cannot ask the kernel how long its tick is")

SFC_LOADER_MESSAGES(SFC_MESSAGE)

} // namespace sfc::msg
