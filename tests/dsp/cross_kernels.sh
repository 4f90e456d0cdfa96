#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The NEON kernels against the scalar ones, cross-compiled and run under an emulator (Debian: gcc-aarch64-linux-gnu,
# libc6-dev-arm64-cross, qemu-user). Skipped (77) where these are missing. Usage: cross_kernels.sh SOURCE_DIR BUILD_DIR
set -eu
source=$1
build=$2
cc=${AARCH64_CC:-aarch64-linux-gnu-gcc}

for tool in "$cc" qemu-aarch64; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: there is no $tool here to test the NEON kernels with"
        exit 77
    fi
done
mkdir -p "$build"
"$cc" -std=c17 -O3 -Wall -Wextra -Werror -ffp-contract=off -fno-math-errno -fno-trapping-math -static -D_GNU_SOURCE \
    -DWMSDR_HAVE_NEON -I"$source/src" -I"$source/tests/dsp" -o "$build/kernel_compare_neon" "$source/src/dsp/dispatch.c" \
    "$source/src/dsp/kernels_scalar.c" "$source/src/dsp/kernels_neon.c" "$source/tests/dsp/kernel_cases.c" \
    "$source/tests/dsp/kernel_compare.c" -lm
qemu-aarch64 "$build/kernel_compare_neon" neon
