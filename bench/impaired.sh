#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What impairments.sh measured, as a table and pictures: frames lost, per cent, at the highest Ec/N0 measured, and where the curve
# crosses 10 % lost, interpolated on a logarithmic scale, where it was measured on both sides.
#
#   bench/impaired.sh -b build/release -o build/bench     reads impairments.csv and ideal.csv there, writes impaired.csv and impairments_*.svg
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=build/release results=.
while getopts b:o: option; do
    case $option in
    b) build=$OPTARG ;;
    o) results=$OPTARG ;;
    *) exit 2 ;;
    esac
done

awk -F, '
    BEGIN { n = split("T A,C A,C B,S A,C-down A", kind, ",") }
    NR > 1 {
        key = $1 "," $3 " " $4; y = $8 > 0 ? $8 : 0.3 / $6
        if (!($1 in seen)) { seen[$1] = 1; row[++rows] = $1 }
        if (key in last && last[key] > 0.1 && y <= 0.1)
            crossed[key] = at[key] + ($5 - at[key]) * log(last[key] / 0.1) / log(last[key] / y)
        last[key] = y; at[key] = $5; lost[key] = 100 * $8
    }
    END {
        printf "impairment"
        for (i = 1; i <= n; i++) printf ",%s lost %%,10 %% at dB", kind[i]
        print ""
        for (r = 1; r <= rows; r++) {
            printf "%s", row[r]
            for (i = 1; i <= n; i++) {
                key = row[r] "," kind[i]
                printf ",%s,%s", key in lost ? sprintf("%.1f", lost[key]) : "", key in crossed ? sprintf("%.2f", crossed[key]) : ""
            }
            print ""
        }
    }' "$results/impairments.csv" | tee "$results/impaired.csv"

# A picture of each group and kind of frame. What has one point far above the others is in the table only. Ideal detectors of other
# deviations and shapes belong to that group.
grep '^\[' "$here/impairments.txt" | tr -d '[]' | while read -r group; do
    for kind in T,A C,A C,B S,A C-down,A; do
        mode=${kind%,*}
        awk -F'|' -v group="[$group]" '/^\[/ { inside = $0 == group; next } inside && !/^#/ { gsub(/ *$/, "", $1); print $1 }' "$here/impairments.txt" |
            awk -F, -v kind="$kind" 'NR == FNR { member[$0]; next }
                ($1 == "none" || $1 in member) && $3 "," $4 == kind && $5 < 30 { print $1 "," $5 "," $8 }' - "$results/impairments.csv" >"$results/points"
        [ -s "$results/points" ] || continue
        other=.
        [ "$group" = 'deviation and shaping' ] || other='^ideal [^,:]*,' # without "...: deviation"
        grep "^ideal $mode " "$results/ideal.csv" | grep -e "$other" >>"$results/points" || true
        "$build/bench/bench_plot" "Mode $mode, format ${kind#*,}: $group" 'Ec/N0, dB' 'share of frames lost' <"$results/points" \
            >"$results/impairments_$mode${kind#*,}_$(echo "$group" | tr ' ' _).svg"
    done
done
rm -f "$results/points"
