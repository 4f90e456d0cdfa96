#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Packet error rate over Ec/N0: for each point a fresh random recording goes through each receiver. CSV on standard output.
#
#   bench/per.sh -w build/wmsdr -m T -e "6 6.5 7" -n 1000 -r "wmsdr rtl_wmbus" -- --offset-khz 30 --clock-ppm 50
#
# -w PROGRAM  wmsdr                        -n N      frames a point (1000)
# -m MODE     T, C or S (T)                -s SEED   of the first point; each point has its own (1)
# -F FORMAT   A or B (A)                   -r LIST   receivers: wmsdr, and rtl_wmbus from PATH (wmsdr)
# -e LIST     Ec/N0 in dB ("10")           -a ARGS   more arguments for the receivers
# Behind --: more options of `wmsdr synth`. A frame is lost when its exact telegram does not come out; "false" are telegrams, said to be
# right by the receiver, that were not sent; "se" is the standard error of the rate.
set -eu

wmsdr=wmsdr mode=T format=A points=10 frames=1000 seed=1 receivers=wmsdr arguments=
while getopts w:m:F:e:n:s:r:a: option; do
    case $option in
    w) wmsdr=$OPTARG ;;
    m) mode=$OPTARG ;;
    F) format=$OPTARG ;;
    e) points=$OPTARG ;;
    n) frames=$OPTARG ;;
    s) seed=$OPTARG ;;
    r) receivers=$OPTARG ;;
    a) arguments=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))

# S with 868.3 MHz in the middle, T and C with 868.95
case $mode in
S) centre=868300000 ;;
*) centre=868950000 ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
samples=$folder/samples.cu8

# The telegrams that a receiver prints as right, in upper-case hex, one a line.
run_wmsdr() {
    # shellcheck disable=SC2086
    "$wmsdr" rx -q -m "$mode" -s 1600000 -f "$centre" --format cu8 -r "$samples" -F json $arguments |
        sed -n 's/.*"telegram":"\([0-9A-Fa-f]*\)".*/\1/p'
}
run_rtl_wmbus() {
    # shellcheck disable=SC2086
    rtl_wmbus $arguments <"$samples" | awk -F';' '$2 == 1 && $3 == 1 { print toupper(substr($8, 3)) }'
}

echo receiver,mode,format,ec_n0_db,frames,lost,per,se,false
for point in $points; do
    "$wmsdr" synth -o "$samples" --truth "$folder/truth" -m "$mode" --format "$format" -n "$frames" --ec-n0 "$point" --seed "$seed" \
        -f "$centre" "$@"
    sed -n 's/.*"telegram":"\([0-9A-F]*\)".*/\1/p' "$folder/truth" >"$folder/sent"
    for receiver in $receivers; do
        # a receiver that fails has heard what it had printed until then
        "run_$receiver" >"$folder/heard" || echo "$receiver failed at $point dB" >&2
        awk -v row="$receiver,$mode,$format,$point" '
            NR == FNR { sent[$1] = 1; total++; next }
            $1 in sent { if (!($1 in heard)) right++; heard[$1] = 1; next }
            { if (!($1 in wrong)) false_frames++; wrong[$1] = 1 }
            END {
                per = total ? (total - right) / total : 0
                se = total ? sqrt(per * (1 - per) / total) : 0
                printf "%s,%d,%d,%.4f,%.4f,%d\n", row, total, total - right, per, se, false_frames
            }' "$folder/sent" "$folder/heard"
    done
    seed=$((seed + 1))
done
