#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Times of telegrams against the truth: from a stand-in radio through the unmodified program to its JSON, in simulated time (see
# simulated_time.c). Buffers of 10 ms come up to 4 ms late, one in 16 up to 36 ms; the device is off by 50 ppm; somebody sets the system
# clock; samples are lost and nobody says so. A row for each case, in ms; fails when a telegram after the first minute is off by more
# than 1 ms, or still half a second behind such a loss.
#
#   tests/radio/times.sh -b build/release [-k soapy|soapy-untimed|rtlsdr] [-q]
#
# -q          one case only
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=build/release kind=soapy quick=0
while getopts b:k:q option; do
    case $option in
    b) build=$OPTARG ;;
    k) kind=$OPTARG ;;
    q) quick=1 ;;
    *) exit 2 ;;
    esac
done
. "$here/stand_in.sh"
stand_in "$kind"
rate=1600000 length=11
"$wmsdr" synth -m T -n $((length * 4)) --ec-n0 20 --gap-ms 230-250 -s $rate -f 868.6125M --type cu8 --duration $length --truth truth -o air.cu8
sent truth >sent

# NAME | ppm | seconds | steps of the system clock | faults | when and by how much times follow a step in the end
cases='exact device                                |   0 |  180 | | |
50 ppm fast                                 |  50 |  180 | | |
50 ppm slow                                 | -50 |  180 | | |
clock set by +1 h at 70 s                   |  50 |  180 | step@70=3600 | |
clock set by -1 h at 70 s                   |  50 |  180 | step@70=-3600 | |
by +2 s at 20 s, -2 s at 80 s, -0.1 s at 90 s | -50 |  180 | step@20=2 step@80=-2 step@90=-0.1 | |
unplugged for 2 s, opened again             |  50 |  180 | | unplug@75/2 stall@110/open |
half a second lost (and the driver says so) |  50 |  180 | | overflow@75 overflow@110 |
0.5, 0.2 and 0.06 s lost, and nobody says so|  50 |  180 | | timestamps=no lost@70 lost@80.1/0.2 lost@90.2/0.06 lost@100.3 lost@110.4/0.2 lost@120.5/0.06 lost@130.6 lost@140.7 |
by -20 s at 70 s, which is then followed    |  50 | 1000 | step@70=-20 | | 670 -20
by +1 h at 70 s, which is then followed     |  50 |  800 | step@70=3600 | | 670 3600'
[ $quick = 1 ] && cases='50 ppm fast, clock set by +1 h, -2 h, opened again | 50 | 95 | step@20=3600 step@70=-7200 | stall@75/open |'
echo "case | telegrams | first minute: worst | after: mean | after: worst | goes back | behind a loss that nobody tells: right after, s"
failed=0
while IFS='|' read -r name ppm seconds steps faults follows; do
    rm -f log out.json
    (exec_in_time "end=$((seconds)) $steps" \
        "file=air.cu8 log=log late=4 rate=$(awk "BEGIN { printf \"%.9f\", 1 + $ppm * 1e-6 }") $words $faults" \
        "$wmsdr" rx -d $device -s $rate -f 868.6125M -m T -g 30 --copies -F json:out.json 2>err) || { cat err && exit 1; }
    sed 's/.*"time":"[^T]*T\([0-9]*\):\([0-9]*\):\([0-9.]*\)Z".*"telegram":"\([0-9A-F]*\)".*/\1 \2 \3 \4/' out.json >heard
    # simulated UTC begins at 2027-01-15 08:00:00, when CLOCK_MONOTONIC is 1000 s
    awk -v rate=$rate -v ppm="$ppm" -v n=$(($(wc -c <air.cu8) / 2)) -v name="$name" -v follows="$follows" -v silent="$(echo "$faults $words" | grep -c "=no.*lost")" '
        BEGIN { split(follows, follow, " "); before = -1e9 }
        FILENAME == "log" && $1 == "first" { first_s = $2 * 1e-9 - 1000 }
        FILENAME == "log" && $1 == "gap-to" && silent { behind[losses++] = first_s + $2 / (rate * (1 + ppm * 1e-6)) }
        FILENAME == "sent" { sample[$1] = $2 }
        FILENAME == "heard" && $4 in sample {
            t = ($1 - 8) * 3600 + $2 * 60 + $3
            real = rate * (1 + ppm * 1e-6)
            # the round is told by the time, whatever step is being followed
            best = 1e9
            for (s = 0; s < 2; s++) {
                shift = s ? follow[2] + 0 : 0
                k = int(((t - shift - first_s) * real - sample[$4]) / n + 0.5)
                at = first_s + (sample[$4] + k * n) / real
                if ((t - shift - at) ^ 2 < best ^ 2) {
                    best = t - shift - at
                    true_s = at
                    used = s
                }
            }
            if (used && true_s < follow[1]) best = 1e9
            if (!used && follow[2] && true_s > follow[1] + 1 && !(follow[2] < 0 && true_s < follow[1] - 10 * follow[2] + 1)) best = 1e9
            following = follow[2] < 0 && true_s > follow[1] && true_s < follow[1] - 10 * follow[2] + 1
            off = best < 0 ? -best : best
            unseen = 0
            for (i = 0; i < losses; i++) {
                if (off > 0.001 && true_s > behind[i] - 0.02 && true_s < behind[i] + 2) {
                    unseen = 1
                    right = true_s - behind[i] > right ? true_s - behind[i] : right
                }
            }
            back += t < before
            before = t
            count++
            if (true_s < 60) early = off > early ? off : early
            else if (!following && !unseen) { late = off > late ? off : late; sum += best; after++ }
        }
        END {
            printf "%s | %d | %.3f | %+.3f | %.3f | %d |%s\n", name, count, early * 1e3, sum / after * 1e3, late * 1e3, back, losses ? sprintf(" %.2f", right) : ""
            exit !(after > 20 && late <= 0.001 && right < 0.5 && (!back || follow[2] < -60))
        }' log sent heard || failed=1
done <<END
$cases
END
[ $failed = 0 ] || { echo "FAILED: more than 1 ms"; exit 1; }
