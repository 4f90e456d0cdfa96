#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Packet error rate under each impairment of impairments.txt, at given distances from each mode's goal. CSV on standard output.
#
#   bench/impairments.sh -w build/release/wmsdr -n 500 -d "-1.5 -0.75 0 1" [-o NAME] [-k KINDS] [-j N]
#
# -w PROGRAM  wmsdr       -n N  frames a point (500)       -d LIST  dB beside the goal (1); far above it only the last counts
# -o NAME     only the impairments whose name matches this regular expression; they have the same frames as without
# -k KINDS    of T CA CB S CD, those to measure ("T CA CB S CD")
# -j N        so many rows at a time (2): the same output for any
# The goal of the C downlink is here what its ideal sequence detector needs, 1.5 dB less than allowed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
wmsdr=wmsdr frames=500 distances=1 only=. kinds='T CA CB S CD' jobs=2
while getopts w:n:d:o:k:j: option; do
    case $option in
    w) wmsdr=$OPTARG ;;
    n) frames=$OPTARG ;;
    d) distances=$OPTARG ;;
    o) only=$OPTARG ;;
    k) kinds=$OPTARG ;;
    j) jobs=$OPTARG ;;
    *) exit 2 ;;
    esac
done

echo label,receiver,mode,format,ec_n0_db,frames,lost,per,se,false,seed
# name | kinds | what the goal grows by | options of per.sh | options of synth: a command a row and kind
grep -v '^[#[]' "$here/impairments.txt" |
    awk -F'|' -v per="\"$here/per.sh\" -w \"$wmsdr\" -n $frames" -v distances="$distances" -v only="$only" -v kinds="$kinds" '
        BEGIN {
            split("T A 6.8,C A 7.0,C B 7.0,S A 6.3,C-down A 10.0", goals, ",")
            total = split("T CA CB S CD", known, " ")
        }
        {
            gsub(/ *$/, "", $1)
            for (i = 1; i <= total; i++) {
                seed = 5000 + 100 * NR + 20 * (i - 1)
                if ($1 !~ only || (" " $2 " ") !~ (" " known[i] " ") || (" " kinds " ") !~ (" " known[i] " "))
                    continue
                split(goals[i], goal, " ")
                n = split(distances, distance, " ")
                points = ""
                for (k = $3 > 10 ? n : 1; k <= n; k++)
                    points = points " " goal[3] + distance[k] + $3
                printf "%s -H -l \"%s\" -m %s -F %s -e \"%s\" -s %d %s -- %s\n", per, $1, goal[1], goal[2], points, seed, $4, $5
            }
        }' | "$here/together.sh" -j "$jobs"
