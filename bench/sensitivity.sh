#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Frames lost over Ec/N0 of every mode in both directions, rtl_wmbus beside it when it is on PATH, and what ideal detectors lose.
#
#   bench/sensitivity.sh -b build/release -o build/bench -n 1000 -s 0.25
#
# -b FOLDER  the build (build/release)            -n N   frames a point (1000)
# -o FOLDER  for sensitivity.csv, ideal.csv, threshold.csv and a picture of each mode (.)
# -s STEP    dB between points (0.25)             -i N   words a point of the ideal detectors (400000)
# -j N       so many curves at a time (2): the same output for any
# Standard output is threshold.csv: where each curve crosses 10 % lost, interpolated on a logarithmic scale.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=build/release results=. frames=1000 step=0.25 trials=400000 jobs=2
while getopts b:o:n:s:i:j: option; do
    case $option in
    b) build=$OPTARG ;;
    o) results=$OPTARG ;;
    n) frames=$OPTARG ;;
    s) step=$OPTARG ;;
    i) trials=$OPTARG ;;
    j) jobs=$OPTARG ;;
    *) exit 2 ;;
    esac
done

# frames | goal, or + dB over the ideal sequence detector | that detector's series | first and last point, rtl_wmbus's | seed | options of per.sh.
# T and S: as many chips up as down in each word, so the phase at a word's end is known, and word by word is the sequence.
# Beyond these points less than one frame in a thousand is lost or nearly all are.
rows='T                | 6.8  | ideal T words coherent | 5    7.5  | 13 16.5 | 1000 | -m T
C A              | 7.0  | ideal C sequence       | 5    7.5  | 13 16.5 | 1100 | -m C
C B              | 7.0  | ideal C sequence       | 5.5  8    | 13 16.5 | 1200 | -m C -F B
S                | 6.3  | ideal S bits coherent  | 4.25 6.75 | 19 22   | 1300 | -m S
S long preamble  | 6.3  | ideal S bits coherent  | 4.25 6.75 |         | 1400 | -m S -- --preamble long
S and T downlink | +1.5 | ideal S bits coherent  | 4.25 6.75 |         | 1500 | -m S -D
C downlink       | +1.5 | ideal C-down sequence  | 7.25 9.75 |         | 1600 | -m C-down -D'
peer=$(command -v rtl_wmbus || true)

# a line for each point: curves of long frames would keep one process busy when the others are done
{
    echo "'$build/bench/bench_ideal' $trials >'$results/ideal.csv'"
    echo "$rows" | awk -F' *[|] *' -v per="'$here/per.sh' -w '$build/wmsdr' -H -n $frames" -v step="$step" -v peer="$peer" '
        function points(range, receiver, step, seed, options, _end, _x) {
            split(range, _end, " ")
            for (_x = _end[1]; range != "" && _x <= _end[2] + 1e-9; _x += step)
                printf "%s -l \"%s\" -r %s -e %g -s %d %s\n", per, $1, receiver, _x, seed++, options
        }
        {
            points($4, "wmsdr", step, $6, $7)
            if (peer != "")
                points($5, "rtl_wmbus", step < 0.5 ? 0.5 : step, $6 + 50, $7) # steeper far above than the points are apart
        }'
} | "$here/together.sh" -j "$jobs" >"$results/points"
{
    echo label,receiver,mode,format,ec_n0_db,frames,lost,per,se,false,seed
    cat "$results/points"
} >"$results/sensitivity.csv"

{
    echo "$rows" | sed 's/ *| */,/g;s/^/goal,/'
    awk -F, 'FNR > 1 { print "curve," (FILENAME ~ /ideal/ ? $1 ",," $2 "," $3 : $1 "," $2 "," $5 "," ($8 > 0 ? $8 : 0.3 / $6)) }' \
        "$results/ideal.csv" "$results/sensitivity.csv"
} | awk -F, '
    $1 == "goal" { name[++n] = $2; goal[n] = $3; ideal[n] = $4 }
    $1 == "curve" {
        key = $2 "," $3
        if (key in last && last[key] > 0.1 && $5 <= 0.1 && !(key in crossed))
            crossed[key] = at[key] + ($4 - at[key]) * log(last[key] / 0.1) / log(last[key] / ($5 > 0 ? $5 : 1e-6))
        last[key] = $5; at[key] = $4
    }
    function db(key) { return key in crossed ? sprintf("%.2f", crossed[key]) : "-" }
    END {
        print "10 % lost at dB,wmsdr,goal,ideal sequence,over ideal,rtl_wmbus"
        for (i = 1; i <= n; i++) {
            best = db(ideal[i] ","); mine = db(name[i] ",wmsdr")
            printf "%s,%s,%s,%s,%s,%s\n", name[i], mine, goal[i] ~ /[+]/ ? (best == "-" ? best : sprintf("%.2f", best + goal[i])) : goal[i], best,
                best == "-" || mine == "-" ? "-" : sprintf("%+.2f", mine - best), db(name[i] ",rtl_wmbus")
        }
    }' | tee "$results/threshold.csv"

for mode in T C S C-down; do
    {
        awk -F, -v mode="$mode" '$3 == mode { print $2 " " $1 "," $5 "," $8 }' "$results/points"
        grep "^ideal $mode [^:,]*," "$results/ideal.csv" # without "...: deviation"
    } | "$build/bench/bench_plot" "Mode $mode: frames lost in white noise, 30 to 70 bytes" 'Ec/N0, dB' 'share of frames lost' >"$results/sensitivity_$mode.svg"
done
rm -f "$results/points"
