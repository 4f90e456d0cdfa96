#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Telegrams a second from hex to JSON on one core, with so many keys loaded, beside another program on the same telegrams in the same run.
# Usage: bench/decode.sh WMSDR BENCH_OPEN [WMBUSMETERS]   (paths of the programs; KEYS="1 1000 1000000", ROUNDS=3)
# Processor time (user and system) is counted; each program's start-up (keys included) is measured apart and taken off. Rounds are taken
# in turn, the best of each program counts. The telegrams are of mode 5 with five records, from up to 4096 meters by chance, each with
# a key of its own; the other program gets those of one meter.
set -eu

wmsdr=$(realpath "$1")
bench_open=$(realpath "$2")
other=${3:-}
counts=${KEYS:-1 1000 1000000}
rounds=${ROUNDS:-3}
times=200 # 4096 telegrams so often: 819 200
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
umask 077

seconds() { # of processor time that a command takes
    { bash -c 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>/dev/null' time "$@"; } 2>&1 | tail -n 1 | awk '{print $1 + $2}'
}

for count in $counts; do
    "$bench_open" -w "keys.$count" "few.$count" "$count"
    [ "$("$wmsdr" decode -q -F json -k "keys.$count" <"few.$count" | grep -c '"verdict":"decrypted"')" = 4096 ] || {
        echo 'not all were opened'
        exit 1
    }
    for _ in $(seq $times); do cat "few.$count"; done >"many.$count"
done
if [ -n "$other" ]; then
    [ -e few.1 ] || "$bench_open" -w keys.1 few.1 1
    sed 's/.*/telegram=|&|+0/' few.1 >simulation_few.txt
    for _ in 1 2 3 4 5 6 7 8 9 10; do cat simulation_few.txt; done >simulation_many.txt
    key=$(awk '{print $3}' keys.1)
    "$other" --silent --format=json --ignoreduplicates=false simulation_few.txt m auto 00000000 "$key" >out 2>/dev/null
    [ "$(grep -c '"_":"telegram"' out)" = 4096 ] || {
        echo 'the other program did not open all'
        exit 1
    }
fi
: >rates
for _ in $(seq "$rounds"); do
    for count in $counts; do
        start=$(seconds sh -c "'$wmsdr' decode -q -F json -k keys.$count <few.$count")
        all=$(seconds sh -c "'$wmsdr' decode -q -F json -k keys.$count <many.$count")
        echo "wmsdr $count $(awk -v n=$((4096 * (times - 1))) -v a="$all" -v s="$start" 'BEGIN { print n / (a - s) }')" >>rates
    done
    [ -n "$other" ] || continue
    start=$(seconds "$other" --silent --format=json --ignoreduplicates=false simulation_few.txt m auto 00000000 "$key")
    all=$(seconds "$other" --silent --format=json --ignoreduplicates=false simulation_many.txt m auto 00000000 "$key")
    echo "other 1 $(awk -v n=36864 -v a="$all" -v s="$start" 'BEGIN { print n / (a - s) }')" >>rates
done
awk '{ id = $1 " " $2; if (!(id in best)) order[++n] = id; if ($3 > best[id]) best[id] = $3 }
    END { for (i = 1; i <= n; i++) { split(order[i], f, " ")
        printf "%-6s %8d key%s  %9.0f telegrams/s", f[1], f[2], f[2] == 1 ? " " : "s", best[order[i]]
        if (f[1] == "wmsdr" && best["other 1"]) printf "  %.1f times the other", best[order[i]] / best["other 1"]
        print "" } }' rates
