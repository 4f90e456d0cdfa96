#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Telegrams that come out and were not sent. CSV on standard output; the frames themselves on standard error.
#
#   bench/falseframes.sh -w build/release/wmsdr -n 125000     a sweep: so many frames in all, from 2 dB below to 4 dB above the goals
#   bench/falseframes.sh -w build/release/wmsdr -t 3600       noise: so many seconds
#
# -j N  so many pieces at a time (2): the same output for any. The band round 868.9 MHz holds the channels of all modes, and all are on.
set -eu

wmsdr=wmsdr frames=0 noise=0 jobs=2 piece='' centre=868900000
while getopts w:n:t:j:p: option; do
    case $option in
    w) wmsdr=$OPTARG ;;
    n) frames=$OPTARG ;;
    t) noise=$OPTARG ;;
    j) jobs=$OPTARG ;;
    p) piece=$OPTARG ;; # one of those below, for this script's own use: noise SECONDS SEED, or sweep MODE FORMAT POINT FRAMES SEED
    *) exit 2 ;;
    esac
done
"$wmsdr" --version >/dev/null 2>&1 || {
    echo "$wmsdr: does not run; -w names the wmsdr program" >&2
    exit 2
}

listen() { # the pieces' output: telegram, grade, sample
    "$wmsdr" rx -q -r - -s 1600000 -f $centre --format cu8 -F json 2>/dev/null |
        sed -n 's/.*"sample":\([0-9]*\),.*"grade":"\([a-z]*\)".*"telegram":"\([0-9A-F]*\)".*/\3 \2 \1/p'
}
noise_piece() { # SECONDS SEED
    "$wmsdr" synth -o - -n 0 --duration "$1" -f $centre --seed "$2" | listen |
        awk -v row="noise,,$1,$2" '{ n[$2]++; print row, $0 > "/dev/stderr" }
            END { printf "%s,%d,%d\n", row, n["clean"], n["repaired"] }'
}
sweep_piece() { # MODE FORMAT POINT FRAMES SEED
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    "$wmsdr" synth -o - --truth "$folder/truth" -m "$1" --format "$2" -n "$4" --ec-n0 "$3" --seed "$5" -f $centre --offset-khz 30 \
        --clock-ppm 50 | listen >"$folder/heard"
    sed -n 's/.*"telegram":"\([0-9A-F]*\)".*/\1/p' "$folder/truth" |
        awk -v row="$1 $2,$3" 'NR == FNR { sent[$1]++; total++; next }
            $1 in sent { right += !heard[$1]++; next }
            { wrong[$2]++; print row, $0 > "/dev/stderr" }
            END { printf "%s,%d,%d,%d,%d\n", row, total, right, wrong["clean"], wrong["repaired"] }' - "$folder/heard"
}
if [ -n "$piece" ]; then
    # shellcheck disable=SC2086
    set -- $piece
    "$1_piece" "$2" "$3" "${4-}" "${5-}" "${6-}"
    exit
fi

pieces() {
    awk -v script="$0" -v wmsdr="$wmsdr" "$@" 'function line(text) { printf "\"%s\" -w \"%s\" -p \"%s\"\n", script, wmsdr, text }
        BEGIN {
            for (at = 0; at < noise; at += 300) # each with its own noise
                line(sprintf("noise %d %d", noise - at < 300 ? noise - at : 300, 9001 + at / 300))
            n = split("T A 6.8,C A 7.0,C B 7.0,S A 6.3,C-down A 10.0", kind, ",")
            m = split("-2 -1 0 1 2 4", above, " ")
            for (i = 1; frames && i <= n; i++)
                for (k = 1; k <= m; k++) {
                    split(kind[i], part, " ")
                    line(sprintf("sweep %s %s %g %d %d", part[1], part[2], part[3] + above[k], (frames + n * m - 1) / (n * m),
                                 100000 + (i - 1) * m + k))
                }
        }'
}
echo kind,ec_n0_db,sent,right,false_clean,false_repaired
[ "$noise" = 0 ] || pieces -v noise="$noise" | "$(dirname "$0")/together.sh" -j "$jobs" |
    awk -F, '{ seconds += $3; clean += $5; repaired += $6 } END { printf "noise for %d s,,0,0,%d,%d\n", seconds, clean, repaired }'
[ "$frames" = 0 ] || pieces -v frames="$frames" | "$(dirname "$0")/together.sh" -j "$jobs"
