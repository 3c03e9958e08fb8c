# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# bpf_skeleton(TARGET SOURCE): compiles SOURCE for the BPF target and makes the header that embeds it.
# TARGET is an interface library; link it to include "<name>.skel.h" where SOURCE is <name>.bpf.c.
find_program(BPF_CLANG NAMES clang-14 clang REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

# bpf_object(SOURCE OBJECT INCLUDES...): compiles SOURCE for the BPF target.
function(bpf_object source object)
    get_filename_component(dir ${object} DIRECTORY)
    file(MAKE_DIRECTORY ${dir})
    list(TRANSFORM ARGN PREPEND -I OUTPUT_VARIABLE includes)
    # -mcpu=v3: 32-bit jumps and atomics that return, in every kernel since 5.12; clang's default is v1.
    add_custom_command(
        OUTPUT ${object}
        COMMAND ${BPF_CLANG} -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror
                ${includes} -isystem /usr/include/${CMAKE_CXX_LIBRARY_ARCHITECTURE}
                -MD -MT ${object} -MF ${object}.d -c ${source} -o ${object}.raw
        # Links one object into one: that drops the DWARF and keeps the BTF.
        COMMAND ${BPFTOOL} gen object ${object} ${object}.raw
        MAIN_DEPENDENCY ${source}
        DEPFILE ${object}.d
        VERBATIM)
endfunction()

function(bpf_skeleton target source)
    get_filename_component(name ${source} NAME_WE)
    set(dir ${CMAKE_CURRENT_BINARY_DIR}/bpf)
    set(object ${dir}/${name}.bpf.o)
    set(skeleton ${dir}/${name}.skel.h)
    # A copy of the sources (tests/campaigns/race) includes its own.
    cmake_path(GET source PARENT_PATH here)
    bpf_object(${source} ${object} ${here} ${CMAKE_SOURCE_DIR}/bpf ${CMAKE_SOURCE_DIR}/include)
    add_custom_command(
        OUTPUT ${skeleton}
        COMMAND ${CMAKE_COMMAND} -E echo "// NOLINTBEGIN: clang-tidy follows calls into it, and knows no bpf_object__destroy_skeleton" > ${skeleton}.new
        COMMAND ${BPFTOOL} gen skeleton ${object} name ${name}_bpf >> ${skeleton}.new
        COMMAND ${CMAKE_COMMAND} -E echo "// NOLINTEND" >> ${skeleton}.new
        COMMAND ${CMAKE_COMMAND} -E rename ${skeleton}.new ${skeleton}
        DEPENDS ${object}
        VERBATIM)
    add_custom_target(${target}_build DEPENDS ${skeleton})
    add_library(${target} INTERFACE)
    add_dependencies(${target} ${target}_build)
    target_include_directories(${target} SYSTEM INTERFACE ${dir})
endfunction()
