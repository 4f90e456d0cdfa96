#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A file of samples to measure cost with: noise ("idle"), or air in which somebody sends half of the time ("half", see half-full.sh).
#
#   bench/air.sh build/release/wmsdr OUT idle|half SECONDS RATE_HZ CENTRE_HZ TYPE
set -eu

here=$(cd "$(dirname "$0")" && pwd)
wmsdr=$1 out=$2 fill=$3 seconds=$4 rate=$5 centre=$6 type=$7
if [ "$fill" = idle ]; then
    exec "$wmsdr" synth -o "$out" -n 0 --duration "$seconds" -s "$rate" -f "$centre" --type "$type"
fi
list=$(mktemp)
trap 'rm -f "$list"' EXIT
"$here/half-full.sh" "$wmsdr" "$(awk "BEGIN { print int($seconds * 9 + 0.5) }")" >"$list"
"$wmsdr" synth -o "$out" -t "$list" --gap-ms 0-0 -s "$rate" -f "$centre" --type "$type" 2>/dev/null
