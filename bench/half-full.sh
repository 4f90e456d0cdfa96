#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A list of telegrams for `wmsdr synth -t LIST --gap-ms 0-0`: half-full air. T, C format A, C format B and S in turn, each followed by a pause
# as long as itself, Ec/N0 10, 15, 20 and 30 dB by turns. A round of four, pauses included, takes 0.12 s.
#
#   bench/half-full.sh build/release/wmsdr ROUNDS >LIST
set -eu

wmsdr=$1 rounds=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
seed=9
for kind in T.A C.A C.B S.A; do # telegrams of their own: a second one with the same bytes would be taken for a copy
    "$wmsdr" synth -o "$folder/nothing" --noise-lsb 1 --gap-ms 0-0 -m "${kind%.*}" --format "${kind#*.}" -n "$rounds" \
        --truth "$folder/$kind" --seed $((seed += 1))
done
# Chips: preamble and sync word, then 12, 8 or 16 a byte.
paste -d '\n' "$folder/T.A" "$folder/C.A" "$folder/C.B" "$folder/S.A" | sed 's/[^,]*":"\([0-9A-F]*\)","mode":"\(.\)","format":"\(.\)".*/\2 \3 \1/' |
    awk '{
        bytes = length($3) / 2
        air = bytes + ($2 == "B" ? 2 : 2 * (1 + int((bytes - 10 + 15) / 16)))
        ms = $1 == "T" ? (48 + 12 * air) / 100 : $1 == "C" ? (64 + 8 * air) / 100 : (48 + 16 * air) / 32.768
        level = substr("10152030", 2 * (int((NR - 1) / 4) % 4) + 1, 2)
        printf "%s ec-n0=%s gap-ms=%.3f\n", $0, level, last
        last = ms
    }'
