#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Packet error rate under each impairment of impairments.txt, at given distances from each mode's goal. CSV on standard output.
#
#   bench/impairments.sh -w build/release/wmsdr -n 500 -d "0 1 2" [-o NAME] [-k KINDS]
#
# -w PROGRAM  wmsdr       -n N  frames a point (500)       -d LIST  dB beside the goal (1)
# -o NAME     only the impairments whose name matches this regular expression
# -k KINDS    of T CA CB S, those to measure ("T CA CB S")
set -eu

here=$(cd "$(dirname "$0")" && pwd)
wmsdr=wmsdr frames=500 distances=1 only=. kinds='T CA CB S'
while getopts w:n:d:o:k: option; do
    case $option in
    w) wmsdr=$OPTARG ;;
    n) frames=$OPTARG ;;
    d) distances=$OPTARG ;;
    o) only=$OPTARG ;;
    k) kinds=$OPTARG ;;
    *) exit 2 ;;
    esac
done

seed=5000
echo label,receiver,mode,format,ec_n0_db,frames,lost,per,se,false
# name | kinds | what the goal grows by | options of per.sh | options of synth
grep -v '^#' "$here/impairments.txt" | while IFS='|' read -r name which extra per synth; do
    name=$(echo "$name" | sed 's/ *$//')
    echo "$name" | grep -q -E -e "$only" || continue
    for kind in $kinds; do
        case " $which " in *" $kind "*) ;; *) continue ;; esac
        case $kind in
        T) mode=T format=A goal=6.8 ;;
        CA) mode=C format=A goal=7.0 ;;
        CB) mode=C format=B goal=7.0 ;;
        S) mode=S format=A goal=6.3 ;;
        esac
        points=$(for d in $distances; do awk -v a="$goal" -v b="$d" -v c="$extra" 'BEGIN { printf "%g ", a + b + c }'; done)
        # shellcheck disable=SC2086
        "$here/per.sh" -H -w "$wmsdr" -l "$name" -m $mode -F $format -e "$points" -n "$frames" -s $seed $per -- $synth </dev/null
        seed=$((seed + 20))
    done
done
