# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Shared by the scripts; sourced, never run. Callers have `set -euo pipefail`.

# What the program needs to build and run, and what only the tests need. All from Debian stable.
BUILD_PACKAGES=(g++ clang-14 bpftool cmake ninja-build pkg-config libbpf-dev libcli11-dev libfmt-dev libmnl-dev libpcap-dev
    libyaml-cpp-dev nlohmann-json3-dev linux-libc-dev)
DEMO_PACKAGES=(ethtool iperf3 iproute2 iputils-ping mount nftables procps python3 python3-scapy tcpdump util-linux)
TEST_PACKAGES=(binutils clang-format-14 clang-tidy-14 git libclang-14-dev libclang-rt-14-dev libgtest-dev llvm-14 llvm-14-dev patch
    qemu-system-x86 shellcheck tcpreplay)

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# part_of N: of the lines of its input every Nth, from one on that the commit decides: what is too long for every landing has its
# turn with one of the next. Says on standard error how many are left out.
part_of() {
    local turn
    turn=$((16#$(git rev-parse --short=7 HEAD) % $1))
    awk -v turn="$turn" -v parts="$1" '
        NR % parts == turn { print; next }
        { left++ }
        END { print "this commit has part " turn + 1 " of " parts ": " NR - left " of " NR ", and " left + 0 " not run" > "/dev/stderr" }'
}

# install_missing PACKAGE...: installs what is not there, and asks the network for nothing if all is.
install_missing() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    [ "$(id -u)" -eq 0 ] || die "not root, so these packages cannot be installed: ${missing[*]}"
    echo "installing: ${missing[*]}"
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# build_tree DIRECTORY CMAKE-ARGUMENT...: configures and builds what changed; quiet unless something is wrong.
build_tree() {
    local tree=$1
    shift
    mkdir -p "$tree"
    cmake -S . -B "$tree" -G Ninja "$@" >"$tree/configure.log" 2>&1 || {
        cat "$tree/configure.log"
        die "cmake failed"
    }
    ninja -C "$tree" --quiet
}
