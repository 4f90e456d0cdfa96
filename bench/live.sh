#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Live reception in real time: the share of a core that the whole process takes (user and system), and how long a telegram takes from the
# driver's buffer with its last sample to its line of JSON. Half-full air through the SoapySDR stand-in, which is part of the process
# and of the figure; rtl_wmbus, when on PATH, beside it from a pipe at the same pace, at the same time.
#
#   bench/live.sh -b build/soak -s 20
#
# -b FOLDER   a build with tests (`make live` makes it)    -s SECONDS of each (20)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=build/soak seconds=20
while getopts b:s: option; do
    case $option in
    b) build=$OPTARG ;;
    s) seconds=$OPTARG ;;
    *) exit 2 ;;
    esac
done
. "$here/../tests/radio/stand_in.sh"
stand_in soapy
spend=$build/bench/bench_spend live=$build/bench/bench_live
command -v rtl_wmbus >/dev/null || echo "rtl_wmbus is not on PATH: not measured" >&2

rtl_wmbus_beside() { # in the background, on the same air
    "$live" pace air.cu8 3200000 "$seconds" | "$spend" /dev/stdin wmbus.out rtl_wmbus -s >wmbus.cost
}

echo rate_hz,receiver,user_s,system_s,core_percent,telegrams,latency_median_ms,latency_99_ms,latency_most_ms
while read -r rate centre length; do
    "$here/half-full.sh" "$wmsdr" "$((length * 8))" >list
    "$wmsdr" synth -t list --gap-ms 0-0 -s "$rate" -f "$centre" --type cu8 --duration "$length" --truth truth -o air.cu8
    # where each telegram ends: chips of a byte behind the sample of the first one
    sent truth | awk -v rate="$rate" '{ print $1, $2 + rate * $4 }' >ends
    other=
    if [ "$rate" = 1600000 ] && command -v rtl_wmbus >/dev/null; then
        rtl_wmbus_beside &
        other=$!
    fi
    rm -f log
    exec_at_fake "file=air.cu8 log=log" \
        "$spend" /dev/null /dev/stdout timeout -s INT --preserve-status "$seconds" \
        "$wmsdr" rx -q -d $device -s "$rate" -f "$centre" -m S,T,C -g 30 --copies -F json | "$live" stamp >lines
    [ -z "$other" ] || wait $other
    # the last line is what it cost
    tail -n 1 lines | cut -d ' ' -f 2- >cost
    sed -n 's/^\([0-9]*\) .*"sample":\([0-9]*\).*"telegram":"\([0-9A-F]*\)".*/\1 \2 \3/p' lines >heard
    # the stand-in gives 16384 samples at a time
    awk -v rate="$rate" -v n=$(($(wc -c <air.cu8) / 2)) '
        FILENAME == "log" && $1 == "first" { first = $2 }
        FILENAME == "ends" { end[$1] = $2 }
        FILENAME == "heard" && $3 in end {
            k = int(($2 - end[$3]) / n + 1)
            e = end[$3] + k * n
            if (e < $2) e += n
            if (e - $2 > n) e -= n
            given = (int(e / 16384) + 1) * 16384
            printf "%.3f\n", ($1 - first) * 1e-6 - given / rate * 1e3
        }' log ends heard | sort -n >latency
    awk -v rate="$rate" -v seconds="$seconds" -v count="$(grep -c . heard)" '
        FILENAME == "cost" { user = $1; system_s = $2; wall = $3 }
        FILENAME == "latency" { ms[++n] = $1 }
        END { printf "%d,wmsdr,%.3f,%.3f,%.1f,%d,%.1f,%.1f,%.1f\n", rate, user, system_s, 100 * (user + system_s) / wall, count, ms[int(n * 0.5) + 1], ms[int(n * 0.99) + 1], ms[n] }' cost latency
    [ -z "$other" ] || awk -v rate="$rate" -v seconds="$seconds" -v count="$(wc -l <wmbus.out)" '
        { printf "%d,rtl_wmbus -s,%.3f,%.3f,%.1f,%d,,,\n", rate, $1, $2, 100 * ($1 + $2) / seconds, count }' wmbus.cost
done <<END
1600000 868612500 11
2400000 868612500 7
20000000 866000000 2
END
