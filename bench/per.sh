#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Packet error rate over Ec/N0: for each point a fresh random recording goes through each receiver. CSV on standard output.
#
#   bench/per.sh -w build/release/wmsdr -m T -e "6 6.5 7" -n 1000 -r "wmsdr rtl_wmbus" -- --offset-khz 30 --clock-ppm 50
#
# -w PROGRAM  wmsdr                        -n N       frames a point (1000)
# -m MODE     T, C, S or C-down (T)   -s SEED    of the first point; each point has its own (1)
# -F FORMAT   A or B (A)                   -r LIST    receivers: wmsdr, and rtl_wmbus from PATH (wmsdr)
# -e LIST     Ec/N0 in dB ("10")           -a ARGS    more arguments for the receivers
# -R RATE     sample rate (1600000)        -c CENTRE  of the band; default: the mode's channel
# -y TYPE     sample format (cu8)          -H         no header line
# -l LABEL    a first column with this     -L         the shortest telegrams, L = 9 to 14 (they are drawn by this script)
# -D          what a gateway sends         -P         in pairs: every other telegram follows without a gap
# Behind --: more options of `wmsdr synth`. wmsdr receives all modes that the band holds, as it does by default. A frame is lost when
# its exact telegram does not come out; "false" are telegrams, said to be right by the receiver, that were not sent; "se" is the
# standard error of the rate; -s with "seed" gives the row again.
set -eu

wmsdr=wmsdr mode=T format=A points=10 frames=1000 seed=1 receivers=wmsdr arguments=
rate=1600000 centre='' type=cu8 header=1 label='' shortest=0 pairs=0 gateway=0
while getopts w:m:F:e:n:s:r:a:R:c:y:l:HLPD option; do
    case $option in
    w) wmsdr=$OPTARG ;;
    m) mode=$OPTARG ;;
    F) format=$OPTARG ;;
    e) points=$OPTARG ;;
    n) frames=$OPTARG ;;
    s) seed=$OPTARG ;;
    r) receivers=$OPTARG ;;
    a) arguments=$OPTARG ;;
    R) rate=$OPTARG ;;
    c) centre=$OPTARG ;;
    y) type=$OPTARG ;;
    l) label=$OPTARG, ;;
    H) header=0 ;;
    L) shortest=1 ;;
    P) pairs=1 ;;
    D) gateway=1 ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
"$wmsdr" --version >/dev/null 2>&1 || {
    echo "$wmsdr: does not run; -w names the wmsdr program" >&2
    exit 2
}

# S with 868.3 MHz in the middle, T and C with 868.95, C downlink with 869.525
if [ -z "$centre" ]; then
    case $mode in
    S) centre=868300000 ;;
    C-down) centre=869525000 ;;
    *) centre=868950000 ;;
    esac
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
samples=$folder/samples

# The telegrams that a receiver prints as right, in upper-case hex, one a line.
run_wmsdr() {
    # shellcheck disable=SC2086
    "$wmsdr" rx -q -s "$rate" -f "$centre" --format "$type" -r "$samples" -F hex $arguments 2>"$folder/said" >"$folder/hex" ||
        cat "$folder/said" >&2 # otherwise it only says which channels the band does not hold
    tr a-f A-F <"$folder/hex"
}
run_rtl_wmbus() {
    # shellcheck disable=SC2086
    rtl_wmbus $arguments <"$samples" | awk -F';' '$2 == 1 && $3 == 1 { print toupper(substr($8, 3)) }'
}

# SND-NR of random meters, nothing or next to nothing behind the header.
short_telegrams() {
    awk -v n="$frames" -v seed="$seed" -v kind="$mode $format" -v least="$([ "$format" = B ] && echo 10 || echo 9)" 'BEGIN {
        srand(seed)
        for (i = 0; i < n; i++) {
            l = least + int(rand() * (15 - least))
            line = sprintf("%s %02X44645E", kind, l)
            for (k = 0; k < 4; k++)
                line = line sprintf("%d%d", rand() * 10, rand() * 10)
            line = line "0107"
            if (l >= 10)
                line = line "A0" # manufacturer specific: any length
            for (k = 11; k <= l; k++)
                line = line sprintf("%02X", rand() * 256)
            print line
        }
    }'
}

[ "$header" = 0 ] || echo "${label:+label,}receiver,mode,format,ec_n0_db,frames,lost,per,se,false,seed"
random_telegrams() {
    "$wmsdr" synth -o "$folder/nothing" --truth "$folder/drawn" -m "$mode" --format "$format" -n "$frames" --seed "$seed" --gap-ms 0-0
    sed 's/[^,]*":"\([0-9A-F]*\)","mode":"\([^"]*\)","format":"\(.\)".*/\2 \3 \1/' "$folder/drawn"
}

for point in $points; do
    if [ "$shortest" = 1 ]; then
        short_telegrams >"$folder/list"
    elif [ "$gateway" = 1 ]; then # SND-UD for SND-NR, a command's header for an answer's: telegrams of the same lengths
        random_telegrams | awk '{ print $1, $2, substr($3, 1, 2) (NR % 2 ? "53" : "73") substr($3, 5, 16) "5A" substr($3, 23) }' >"$folder/list"
    elif [ "$pairs" = 1 ]; then
        random_telegrams | awk '{ print $0 (NR % 2 ? "" : " gap-ms=0") }' >"$folder/list"
    fi
    if [ -s "$folder/list" ]; then
        set -- "$@" -t "$folder/list" -n 0
    else
        set -- "$@" -n "$frames"
    fi
    "$wmsdr" synth -o "$samples" --truth "$folder/truth" -m "$mode" --format "$format" --ec-n0 "$point" --seed "$seed" \
        -f "$centre" -s "$rate" --type "$type" "$@" 2>/dev/null # it counts what it clipped
    sed -n 's/.*"telegram":"\([0-9A-F]*\)".*/\1/p' "$folder/truth" >"$folder/sent"
    for receiver in $receivers; do
        # a receiver that fails has heard what it had printed until then
        "run_$receiver" >"$folder/heard" || echo "$receiver failed at $point dB" >&2
        awk -v row="$label$receiver,$mode,$format,$point" -v seed="$seed" '
            NR == FNR { sent[$1]++; total++; next }
            $1 in sent { if (heard[$1] < sent[$1]) right++; heard[$1]++; next }
            { if (!($1 in wrong)) false_frames++; wrong[$1] = 1 }
            END {
                per = total ? (total - right) / total : 0
                se = total ? sqrt(per * (1 - per) / total) : 0
                printf "%s,%d,%d,%.4f,%.4f,%d,%d\n", row, total, total - right, per, se, false_frames, seed
            }' "$folder/sent" "$folder/heard"
    done
    seed=$((seed + 1))
done
