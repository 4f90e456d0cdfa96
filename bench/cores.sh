#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a second core buys: wall clock of one thread, of --threads 2, and, as what the machine can give at most, of two processes of one
# thread at once, each on the whole file. CSV on standard output.
#
#   bench/cores.sh -b build/release -r 10 [-s 1]
#
# -b FOLDER  the build (build/release)     -r RUNS  of each, in turn; the least wall clock counts, the others are what else the
# -s SCALE   of the recordings' lengths    machine did (10)
#
# Start and end, some 20 ms, are one thread's, so recordings that last less than half a second say more of these. The longest fills
# 1.6 GB of TMPDIR.
#
# times is one thread's wall clock over that of two threads; of_machine the same for the two processes, who do twice the work: 2 is
# two whole cores. Standard input and output are files. On a machine with other work run it as `chrt -f 10 bench/cores.sh …`.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=build/release runs=10 scale=1
while getopts b:r:s: option; do
    case $option in
    b) build=$OPTARG ;;
    r) runs=$OPTARG ;;
    s) scale=$OPTARG ;;
    *) exit 2 ;;
    esac
done
spend=$build/bench/bench_spend
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# fill | seconds | sample rate | centre | type
airs='half | 66 | 1600000 | 868625000 | cu8
idle | 100 | 1600000 | 868625000 | cu8
half | 66 | 3200000 | 869000000 | cu8
half | 66 | 1600000 | 868625000 | cf32
idle | 30 | 20000000 | 866000000 | cs8
half | 30 | 20000000 | 866000000 | cs8
half | 20 | 20000000 | 866000000 | cs16'

receive() { # OUT [THREADS]
    "$spend" "$folder/samples" "$folder/$1" "$build/wmsdr" rx -q -r - -s "$rate" -f "$centre" --format "$type" -F json ${2:+--threads "$2"}
}
echo fill,rate_hz,type,seconds,one_s,two_s,times,of_machine,cpu_one_s,cpu_two_s,max_rss_kib
echo "$airs" | tr -d ' ' | while IFS='|' read -r fill seconds rate centre type; do
    seconds=$(awk "BEGIN { print $seconds * $scale }")
    "$here/air.sh" "$build/wmsdr" "$folder/samples" "$fill" "$seconds" "$rate" "$centre" "$type"
    rm -f "$folder"/cost.*
    run=0
    while [ $((run += 1)) -le "$runs" ]; do
        receive one </dev/null >>"$folder/cost.one"
        receive two 2 </dev/null >>"$folder/cost.two"
        cmp "$folder/one" "$folder/two" >&2
        receive first </dev/null >"$folder/first.cost" &
        receive second </dev/null >"$folder/second.cost"
        wait
        sort -k 3 -n "$folder/first.cost" "$folder/second.cost" | tail -1 >>"$folder/cost.both"
    done
    for way in one two both; do
        sort -k 3 -n "$folder/cost.$way" | sed "s/^/$way /;q"
    done | awk -v row="$fill,$rate,$type,$seconds" '
        { wall[$1] = $4; cpu[$1] = $2 + $3; rss[$1] = $5 }
        END { printf "%s,%.3f,%.3f,%.2f,%.2f,%.3f,%.3f,%d\n", row, wall["one"], wall["two"], wall["one"] / wall["two"],
                  2 * wall["one"] / wall["both"], cpu["one"], cpu["two"], rss["two"] }'
done
