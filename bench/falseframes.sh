#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Telegrams that come out and were not sent. CSV on standard output; the frames themselves on standard error.
#
#   bench/falseframes.sh -w build/release/wmsdr -n 100000     a sweep: so many frames in all, from 2 dB below to 4 dB above the goals
#   bench/falseframes.sh -w build/release/wmsdr -t 3600       noise: so many seconds
set -eu

wmsdr=wmsdr frames=0 noise=0
while getopts w:n:t: option; do
    case $option in
    w) wmsdr=$OPTARG ;;
    n) frames=$OPTARG ;;
    t) noise=$OPTARG ;;
    *) exit 2 ;;
    esac
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

listen() {
    "$wmsdr" rx -q -r - -s 1600000 -f 868625000 --format cu8 -F json 2>/dev/null |
        sed -n 's/.*"sample":\([0-9]*\),.*"grade":"\([a-z]*\)".*"telegram":"\([0-9A-F]*\)".*/\3 \2 \1/p'
}

echo kind,ec_n0_db,sent,right,false_clean,false_repaired
at=0 seed=9000
while [ "$at" -lt "$noise" ]; do # in pieces, each with its own noise
    step=$((noise - at < 300 ? noise - at : 300))
    seed=$((seed + 1)) # not in the pipe: there it would be a copy's
    "$wmsdr" synth -o - -n 0 --duration $step -f 868.625M --seed $seed | listen >>"$folder/noise"
    at=$((at + step))
done
[ "$noise" = 0 ] || awk -v seconds="$noise" '{ n[$2]++; print > "/dev/stderr" }
    END { printf "noise for %d s,,0,0,%d,%d\n", seconds, n["clean"], n["repaired"] }' "$folder/noise"
[ "$frames" -gt 0 ] || exit 0
seed=100000
for kind in 'T A 6.8' 'C A 7.0' 'C B 7.0' 'S A 6.3'; do
    # shellcheck disable=SC2086
    set -- $kind
    for above in -2 -1 0 1 2 4; do
        seed=$((seed + 1))
        point=$(awk -v a="$3" -v b=$above 'BEGIN { print a + b }')
        "$wmsdr" synth -o - --truth "$folder/truth" -m "$1" --format "$2" -n $(((frames + 23) / 24)) --ec-n0 "$point" \
            --seed $seed -f 868.625M --offset-khz 30 --clock-ppm 50 | listen >"$folder/heard"
        sed -n 's/.*"telegram":"\([0-9A-F]*\)".*/\1/p' "$folder/truth" |
            awk -v row="$1 $2,$point" 'NR == FNR { sent[$1]++; total++; next }
                $1 in sent { right += !heard[$1]++; next }
                { wrong[$2]++; print row, $0 > "/dev/stderr" }
                END { printf "%s,%d,%d,%d,%d\n", row, total, right, wrong["clean"], wrong["repaired"] }' - "$folder/heard"
    done
done
