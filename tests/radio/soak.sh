#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Soak: half-full air through a stand-in radio into the unmodified program, with a fault every minute, in simulated time (see
# simulated_time.c): an hour takes a minute or two, and a busy machine changes nothing.
#
#   tests/radio/soak.sh -b build/release                      an hour through SoapySDR
#   tests/radio/soak.sh -b build/release -k rtlsdr -s 600 -p 10
#
# -b FOLDER   the build            -s SECONDS of air (3600)          -p SECONDS from fault to fault (60)
# -k KIND     soapy, soapy-untimed (buffers without timestamps), rtlsdr, rtltcp
# -l MS       buffers come up to so much late, one in 16 up to nine times as much (0); what is exact without is then only nearly so
# -f          keep the folder with everything
#
# Checked: samples given by the driver = samples processed + samples told as come and not processed; samples of the air = samples processed
# + samples told as lost; each frame sent outside a gap (it begins 30 ms behind one, ends 1 ms before one) comes out once, with its
# sample number, and none that was not sent; memory does not grow: what is allocated, in the middle of its values in the last quarter
# against the second, but for what calls keep that hang for ever; and what is resident, the most of each half.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=build/release seconds=3600 period=60 kind=soapy late=0 keep=0
while getopts b:s:p:k:l:f option; do
    case $option in
    b) build=$OPTARG ;;
    s) seconds=$OPTARG ;;
    p) period=$OPTARG ;;
    k) kind=$OPTARG ;;
    l) late=$OPTARG ;;
    f) keep=1 ;;
    *) exit 2 ;;
    esac
done
. "$here/stand_in.sh"
stand_in "$kind"
rate=1600000 length=47
[ "$seconds" -lt 600 ] && length=11

"$here/../../bench/half-full.sh" "$wmsdr" $((length * 8)) >list
"$wmsdr" synth -t list --gap-ms 0-0 -s $rate -f 868.6125M --type cu8 --duration $length --truth truth -o air.cu8

# Faults by turns, and the last: nothing any more, so that what was given has been processed when the end comes.
case $kind in
soapy*) faults='stall/stream freeze lost overflow zeros/3 short/5 burst/0.9 hang/4 constant/open stale/open unplug/2 slow/open corrupt/open stall/open' ;;
rtlsdr) faults='stall/stream freeze lost odd/open zeros/3 burst/0.9 hang/open constant/open stale/open unplug/2 slow/open stall/open' ;;
rtltcp) faults='stall/open freeze lost zeros/3 burst/0.9 constant/open unplug/2 slow/open' ;;
*) exit 2 ;;
esac
awk -v faults="$faults" -v seconds="$seconds" -v period="$period" 'BEGIN {
    n = split(faults, fault, " ")
    for (at = period * 0.7; at < seconds - 12; at += period) {
        what = fault[i++ % n + 1]
        split(what, part, "/")
        if (what == "freeze")
            frozen = frozen " freeze@" at "=2.2"
        else
            text = text sprintf(" %s@%g%s", part[1], at, part[2] ? "/" part[2] : "")
        print at, what >"schedule"
        forever += what == "hang/open"
    }
    print n, forever + 0 >"kinds"
    print text sprintf(" stall@%g", seconds - 0.4) >"faults"
    print "end=" seconds " memory=allocated" frozen >"time"
}'
# The program, and how much memory of its own it has, ten times a second.
exec_in_time "$(cat time)" "file=air.cu8 log=log late=$late $words$(cat faults)" \
    "$wmsdr" rx -d $device -s $rate -f 868.6125M -m S,T,C -g 30 --copies -F json:out.json 2>err &
program=$!
while sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$program/status 2>/dev/null | grep .; do sleep 0.1; done >memory
code=0
wait $program || code=$?
[ $code = 0 ] || { cat err; echo "ended with status $code"; exit 1; }

sent truth >sent
sed 's/.*"sample":\([0-9]*\).*"telegram":"\([0-9A-F]*\)".*/\1 \2/' out.json >heard
awk '{ print > (2 * NR > n ? "memory.2" : "memory.1") }' n="$(grep -c . memory)" memory
sort -n memory.1 | tail -1 >peak.1
sort -n memory.2 | tail -1 >peak.2
middle() { # of a quarter's values
    awk -v from=$((seconds * ($1 - 1))) -v to=$((seconds * $1)) '4 * $1 >= from && 4 * $1 < to { print $2 }' allocated | sort -n |
        awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'
}
read -r kinds forever <kinds
awk -v grown=$(($(middle 4) - $(middle 2))) -v kinds="$kinds" -v forever="$forever" -v rate=$rate -v samples=$(($(wc -c <air.cu8) / 2)) -v peak1="$(cat peak.1)" -v peak2="$(cat peak.2)" -v late="$late" -v name=$kind '
    function bad(text) { print "FAILED: " text; failed = 1 }
    FILENAME == "log" && $1 == "gap-from" { from[gaps] = $2 }
    FILENAME == "log" && $1 == "gap-to" { to[gaps++] = $2 }
    FILENAME == "log" && $1 == "given" { given = $2 }
    FILENAME == "log" && $1 == "air" { air = $2 }
    FILENAME == "schedule" { faults++ }
    FILENAME == "schedule" && $2 == "freeze" { # what does not fit into the ring of a second
        from[gaps] = ($1 + 0.9) * rate
        to[gaps++] = ($1 + 2.3) * rate
    }
    FILENAME == "sent" {
        sample[$1] = $2
        before[$1] = 0.03 * rate # behind a break the receiver has the noise to learn
        behind[$1] = ($4 + 0.001) * rate
    }
    FILENAME == "heard" {
        if (!($2 in sample)) {
            invented++
            printf "never sent: at %.4f s: %s\n", $1 / rate, $2
            next
        }
        round_no = int(($1 - sample[$2]) / samples + 0.5)
        error = $1 - sample[$2] - round_no * samples
        times[$2, round_no]++
        heard++
        off = error < 0 ? -error : error
        for (g = 0; g < gaps; g++) { # what nobody told of shows by the time
            if ($1 - error > from[g] && $1 - error < to[g] + (name == "soapy" ? 0 : 0.4) * rate)
                off = 0
        }
        worst = off > worst ? off : worst
        sum += off
    }
    FILENAME == "err" && / samples received, / {
        match($0, /[0-9]+ samples received/); received = substr($0, RSTART) + 0
        match($0, /[0-9]+ lost in/); lost = substr($0, RSTART) + 0
        match($0, /[0-9]+ faults/); noticed = substr($0, RSTART) + 0
    }
    FILENAME == "err" && / came and were not / { match($0, /[0-9]+ came and/); unprocessed = substr($0, RSTART) + 0 }
    END {
        for (telegram in sample) {
            for (k = 0; sample[telegram] + k * samples + behind[telegram] < air; k++) {
                at = sample[telegram] + k * samples
                in_gap = 0
                for (g = 0; g < gaps && !in_gap; g++)
                    in_gap = at - before[telegram] < to[g] && at + behind[telegram] > from[g]
                n = times[telegram, k] + 0
                if (n > 1)
                    twice++
                if (in_gap)
                    cut++
                else {
                    whole++
                    if (!n) {
                        missed++
                        if (missed <= 10)
                            printf "missed: at %.4f s, %d bytes: %s\n", at / rate, length(telegram) / 2, substr(telegram, 1, 24)
                    }
                }
            }
        }
        printf "%s: %.0f s of air, %d faults, %d noticed by the watchdog\n", name, air / rate, faults, noticed
        printf "  given by the driver   %12.0f = processed %.0f + come and not processed %.0f, difference %d\n", given, received, unprocessed, given - received - unprocessed
        printf "  of the air            %12.0f = processed %.0f + lost %.0f, difference %d\n", air, received, lost, air - received - lost
        printf "  frames outside gaps   %12d: missed %d; in gaps %d; heard %d, twice %d, never sent %d\n", whole, missed, cut, heard, twice, invented
        printf "  sample numbers off by %12.2f on average, %d at most\n", sum / heard, worst
        printf "  memory allocated      %12d bytes more in the last quarter than in the second\n", grown
        printf "  memory resident       %12d KiB at most in the first half, %d in the second\n", peak1, peak2
        # what a server has given may still be in the connection when that ends (not more than its buffers), and a packet under way
        # when time moves on
        under_way = given - received - unprocessed
        if (under_way < 0 || under_way > (name == "rtltcp" ? 65536 * (1 + noticed) : 0)) bad("samples given")
        off = air - received - lost
        if (late == 0 && off * off > (name == "rtltcp" ? 8192 * 8192 : 0)) bad("samples of the air")
        if (missed) bad("frames missed")
        if (twice || invented) bad("frames that nobody sent")
        if (late == 0 && worst > 3) bad("sample numbers")
        # a call that hangs for ever keeps its session and what the driver has for it (48 KiB), and is in the schedule
        if (grown > 16384 + forever * 49152) bad("memory grows")
        # pages are resident once they have been needed: in the first half all are, when each kind of fault has come by then
        if (peak2 > peak1 + (faults >= 2 * kinds ? 1024 : 4096)) bad("resident memory grows")
        if (!heard) bad("nothing heard")
        exit failed
    }' log schedule sent heard err
