#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the fuzz harnesses with clang and runs each for a few seconds. Usage: fuzz_short.sh SOURCE_DIR BUILD_DIR
# Ends with 77 (skipped) where there is no clang with libFuzzer.
set -eu

source_dir=$1
build_dir=$2
if ! command -v clang >/dev/null || ! echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
    clang -x c -fsanitize=fuzzer -o /dev/null - 2>/dev/null; then
    echo 'skipped: clang with libFuzzer is not installed (Debian: apt install clang libclang-rt-14-dev)'
    exit 77
fi
cmake -S "$source_dir" -B "$build_dir" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DWMSDR_FUZZ=ON \
    -DWMSDR_SANITIZE=address,undefined -DWMSDR_BENCH=OFF >/dev/null
cmake --build "$build_dir" --target fuzz_seeds fuzz_deframe fuzz_ell fuzz_afl fuzz_tpl fuzz_open fuzz_keyfile fuzz_content >/dev/null
ctest --test-dir "$build_dir" -R '^fuzz_' --output-on-failure
