#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# User CPU and memory of whole processes on the same recordings, wmsdr beside the peers on PATH. CSV on standard output.
#
#   bench/throughput.sh -b build/release -s 20 -r 3
#
# -b FOLDER   the build (build/release)      -s SECONDS  length of each recording (20)
# -r RUNS     runs of each, taken in turn; the least CPU time counts, the others are what else the machine did (3)
#
# core_percent is the share of a core that the receiver takes in real time, user and system; wall_s the least time that passed, which
# says something only on a machine with nothing else to do: wmsdr_2 is --threads 2, to be compared with wmsdr's. Wide captures are shorter: as many bytes
# as at 3.2 MS/s, half a second at least.
#
# cu8 at 868.625 MHz, S, T and C on, output included (JSON; the peers their own) and thrown away. "idle" is noise; in "half full"
# somebody sends half of the time: T, C format A and B, S in turn, Ec/N0 10, 15, 20 and 30 dB. A rate is one line in `airs` below.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=build/release seconds=20 runs=3
while getopts b:s:r: option; do
    case $option in
    b) build=$OPTARG ;;
    s) seconds=$OPTARG ;;
    r) runs=$OPTARG ;;
    *) exit 2 ;;
    esac
done
wmsdr=$build/wmsdr spend=$build/bench/bench_spend
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
samples=$folder/samples

# name | sample rate | centre | type | idle or half
airs='idle      | 1600000 | 868625000 | cu8 | idle
half full | 1600000 | 868625000 | cu8 | half
idle      | 3200000 | 869000000 | cu8 | idle
half full | 3200000 | 869000000 | cu8 | half
idle      | 8000000 | 868000000 | cs8 | idle
half full | 8000000 | 868000000 | cs8 | half
idle      | 10000000 | 867000000 | cs8 | idle
half full | 10000000 | 867000000 | cs8 | half
idle      | 20000000 | 866000000 | cs8 | idle
half full | 20000000 | 866000000 | cs8 | half'

receiver_wmsdr() {
    "$spend" "$samples" "$folder/out" "$wmsdr" rx -q -r - -s "$rate" -f "$centre" --format "$type" -F json
}
receiver_wmsdr_2() {
    "$spend" "$samples" "$folder/out" "$wmsdr" rx -q -r - -s "$rate" -f "$centre" --format "$type" -F json --threads 2
}
receiver_rtl_wmbus() {
    "$spend" "$samples" "$folder/out" rtl_wmbus -s
}
receiver_rtl_433() {
    # protocols 104 and 105: modes C and T; it takes the channel to be in the middle and hears little here, which makes it no slower
    "$spend" /dev/null "$folder/out" rtl_433 -r "cu8:$samples" -s "$rate" -f "$centre" -R 104 -R 105
}

receivers='wmsdr wmsdr_2'
for peer in rtl_wmbus rtl_433; do
    if command -v "$peer" >/dev/null; then
        receivers="$receivers $peer"
    else
        echo "$peer is not on PATH: not measured" >&2
    fi
done
echo air,rate_hz,receiver,user_s,system_s,max_rss_kib,msps,times_slower,lines,core_percent,wall_s
echo "$airs" | tr -d ' ' | while IFS='|' read -r name rate centre type fill; do
    # rtl_433 takes files of its own formats only; wide ones are for wmsdr alone
    heard=$receivers
    length=$(awk "BEGIN { s = $seconds * 3.2e6 / $rate; print (s > $seconds ? $seconds : s < 0.5 ? 0.5 : s) }")
    [ "$rate" -gt 3200000 ] && heard='wmsdr wmsdr_2'
    "$here/air.sh" "$wmsdr" "$samples" "$fill" "$length" "$rate" "$centre" "$type"
    rm -f "$folder"/cost.*
    run=0
    while [ $((run += 1)) -le "$runs" ]; do
        for receiver in $heard; do
            # rtl_wmbus decimates by a whole number to 800 kS/s and has its channels at fixed places: 1.6 MS/s only
            [ "$receiver" = rtl_wmbus ] && [ "$rate" != 1600000 ] && continue
            cost=$("receiver_$receiver" </dev/null) || { echo "$receiver failed" >&2 && continue; }
            echo "$cost $(wc -l <"$folder/out")" >>"$folder/cost.$receiver"
        done
    done
    count=$(($(wc -c <"$samples") / 2))
    for receiver in $heard; do
        [ -s "$folder/cost.$receiver" ] || continue
        sort -n "$folder/cost.$receiver" | awk -v row="$name,$rate,$receiver" -v samples="$count" -v rate="$rate" -v base="$(sort -n "$folder/cost.wmsdr" | sed 's/ .*//;q')" '
            NR == 1 { user = $1; system_s = $2; lines = $5; wall = $3 }
            { wall = $3 < wall ? $3 : wall }
            { rss = $4 > rss ? $4 : rss }
            END { printf "%s,%.4f,%.4f,%d,%.1f,%.2f,%d,%.2f,%.4f\n", row, user, system_s, rss, samples / user / 1e6, user / base, lines, 100 * (user + system_s) * rate / samples, wall }'
    done
done
