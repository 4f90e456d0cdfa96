#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What wmsdr writes as rtl_wmbus lines must be to wmbusmeters what the telegrams themselves are: each published telegram goes to it
# both ways, and the readings it prints must be the same, byte for byte but for the time and the receiver's name.
# Usage: test_wmbusmeters.sh WMSDR [CORPUS]     77: skipped (no wmbusmeters, no corpus)
set -eu

wmsdr=$(realpath "$1")
corpus=${2:-$(dirname "$0")/../../../shared/corpora}
meters=${WMBUSMETERS:-wmbusmeters}
floor=100

command -v "$meters" >/dev/null || { echo "wmbusmeters is not on PATH: skipped"; exit 77; }
[ -f "$corpus/telegrams.jsonl" ] || { echo "no corpus at $corpus: skipped"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# One line a telegram that has a driver and at most one key: its hex without CRCs, driver, id, key.
python3 - "$corpus/telegrams.jsonl" >"$dir/list" <<'END'
import json, sys
for line in open(sys.argv[1]):
    t = json.loads(line)
    key = t.get("key")
    if not t.get("expected") or not t.get("meter_driver") or not (key is None or isinstance(key, str)):
        continue
    text = (t.get("hex_no_crc") or t["hex"]).upper()
    if len(text) % 2 or len(text) < 24 or (int(text[:2], 16) + 1) * 2 != len(text):
        continue # bytes behind the telegram are not part of it, and not passed on
    print(text, t["meter_driver"], key or "NOKEY")
END

# The reading of one line on standard input.
reading() { # HEX-OR-LINE-KIND DRIVER KEY
    "$meters" --silent --format=json --ignoreduplicates=false "stdin:$1" Name "$2" ANYID "$3" 2>/dev/null |
        sed -e 's/,"timestamp":"[^"]*"//; s/,"device":"[^"]*"//; s/,"rssi_dbm":-\{0,1\}[0-9]*//'
}

same=0
none=0
different=0
while read -r telegram driver key; do
    printf '%s\n' "$telegram" | "$wmsdr" decode -q -F rtlwmbus >"$dir/line" 2>/dev/null || :
    printf '%s' "$telegram" | reading hex "$driver" "$key" >"$dir/direct" || :
    reading rtlwmbus "$driver" "$key" <"$dir/line" >"$dir/through" || :
    if ! [ -s "$dir/direct" ] && ! [ -s "$dir/through" ]; then
        none=$((none + 1)) # this driver does not read this telegram either way
    elif cmp -s "$dir/direct" "$dir/through"; then
        same=$((same + 1))
    else
        different=$((different + 1))
        echo "different: $telegram"
        cat "$dir/direct" "$dir/through"
    fi
done <"$dir/list"
echo "$same telegrams give the same reading both ways, $different another, $none none"
[ "$same" -ge "$floor" ] && [ "$different" -eq 0 ]
