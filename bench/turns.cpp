// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Preloaded into two `bench micro` (bench/micro.py): each run of programs waits until the other process has done one.
// So the same row of two builds is measured milliseconds apart, and the other build need not know of it. SFC_TURNS
// names the descriptors where a turn comes from and where it goes to.
#include <cstdio>
#include <cstdlib>

#include <bpf/bpf.h>
#include <dlfcn.h>
#include <unistd.h>

extern "C" int bpf_prog_test_run_opts(int program, bpf_test_run_opts* opts) {
    static const auto run =
        reinterpret_cast<decltype(&bpf_prog_test_run_opts)>(dlsym(RTLD_NEXT, "bpf_prog_test_run_opts"));
    int from = -1, to = -1;
    char turn = 0;
    const char* turns = std::getenv("SFC_TURNS");
    if (turns == nullptr || std::sscanf(turns, "%d,%d", &from, &to) != 2 || read(from, &turn, 1) < 0) {
        std::abort();
    }
    const int result = run(program, opts); // at the end of `from` the other one has ended, and all turns are ours
    return write(to, &turn, 1) == 1 ? result : -1;
}
