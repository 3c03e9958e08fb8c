# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Shared by the scripts; sourced, never run. Callers have `set -euo pipefail`.

# What the program needs to build and run, and what only the tests need. All from Debian stable.
BUILD_PACKAGES=(g++ clang-14 bpftool cmake ninja-build pkg-config libbpf-dev libcli11-dev libfmt-dev libmnl-dev libpcap-dev
    libyaml-cpp-dev nlohmann-json3-dev linux-libc-dev)
DEMO_PACKAGES=(ethtool iperf3 iproute2 iputils-ping mount nftables procps python3 python3-scapy tcpdump util-linux)
NSH_PACKAGES=(openvswitch-switch) # the demo of NSH; its service is not used
TEST_PACKAGES=("${NSH_PACKAGES[@]}" binutils clang-format-14 clang-tidy-14 git libclang-14-dev libclang-rt-14-dev libgtest-dev llvm-14 llvm-14-dev patch
    podman python3-matplotlib qemu-system-x86 runc shellcheck strace tcpreplay tshark)

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# step TEXT: says what comes now, and how long it has taken up to here. Whoever calls another script counts on.
step() {
    export SFC_STARTED=${SFC_STARTED:-$(date +%s)}
    echo "== $(($(date +%s) - SFC_STARTED)) s: $*"
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

# said_now_and_then: of ninja's lines, one in five seconds, and all that are no step of it.
said_now_and_then() {
    local line last=-5
    while IFS= read -r line; do
        if [[ $line != \[*/*\]* ]]; then
            echo "$line"
        elif ((SECONDS - last >= 5)); then
            echo "   $line"
            last=$SECONDS
        fi
    done
}

# build_tree DIRECTORY CMAKE-ARGUMENT...: configures and builds what changed, and says how far it is. SFC_TARGETS: those of
# ninja; all without it.
build_tree() {
    local tree=$1 targets
    read -ra targets <<<"${SFC_TARGETS:-}"
    shift
    mkdir -p "$tree"
    cmake -S . -B "$tree" -G Ninja "$@" >"$tree/configure.log" 2>&1 || {
        cat "$tree/configure.log"
        die "cmake failed"
    }
    ninja -C "$tree" "${targets[@]}" | said_now_and_then
}
