#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Telegrams a second from hex to JSON on one core, beside another program on the same telegrams in the same run.
# Usage: bench/decode.sh WMSDR [WMBUSMETERS]   (paths of the programs; KEYS="1 1000 1000000" keys loaded)
# Processor time (user and system) is counted; each program's start-up is measured apart and taken off.
set -eu

wmsdr=$(realpath "$1")
other=${2:-}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
# OMS Vol. 2 Annex N.2.1: mode 5, five records
id=12345678
key=0102030405060708090A0B0C0D0E0F11
telegram=2E4493157856341233037A2A0020255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3
n=400000
few=20000

seconds() { # of processor time that a command takes
    { bash -c 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>/dev/null' time "$@"; } 2>&1 | tail -n 1 | awk '{print $1 + $2}'
}

yes "$telegram" | head -n $n >telegrams
yes "telegram=|$telegram|+0" | head -n $few >simulation_few.txt
yes "telegram=|$telegram|+0" | head -n $((3 * few)) >simulation_many.txt
: >none
for count in ${KEYS:-1 1000 1000000}; do
    awk -v n="$count" 'BEGIN { for (i = 1; i < n; i++) printf "%08d = %032X\n", i, i }' >keys
    echo "$id = $key" >>keys
    chmod 600 keys
    start=$(seconds sh -c "'$wmsdr' decode -q -F json --keys keys <none")
    all=$(seconds sh -c "'$wmsdr' decode -q -F json --keys keys <telegrams")
    awk -v n=$n -v a="$all" -v s="$start" -v k="$count" 'BEGIN { printf "wmsdr        %8d keys %10.0f telegrams/s\n", k, n / (a - s) }'
done
if [ -n "$other" ]; then
    start=$(seconds "$other" --silent --format=json --ignoreduplicates=false simulation_few.txt m auto $id $key)
    all=$(seconds "$other" --silent --format=json --ignoreduplicates=false simulation_many.txt m auto $id $key)
    awk -v n=$((2 * few)) -v a="$all" -v s="$start" 'BEGIN { printf "wmbusmeters  %8d key  %10.0f telegrams/s\n", 1, n / (a - s) }'
fi
