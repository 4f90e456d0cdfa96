#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the program does about each fault of a radio, in real time: what it says, when, when it hears again or how it ends. A table on standard
# output; fails when something took too long: 2 s to be noticed, 10 s to hear again or to end.
#
#   tests/radio/faults.sh -b build/soak [-k "soapy rtlsdr rtltcp"]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=build/soak kinds='soapy rtlsdr rtltcp'
while getopts b:k: option; do
    case $option in
    b) build=$OPTARG ;;
    k) kinds=$OPTARG ;;
    *) exit 2 ;;
    esac
done
. "$here/stand_in.sh"
stamp=$build/bench/bench_live
"$wmsdr" synth -m T -n 10 --ec-n0 25 --gap-ms 30-50 -s 1.6M -f 868.6125M --duration 0.4 -o air.cu8

# FAULT | what it is | interfaces: s SoapySDR, u the same without timestamps, r librtlsdr, t rtl_tcp
cases='stall@3/stream   | no samples, until the stream is started again | s r
stall@3/open     | no samples, until the device is opened again | s r t
stall@3          | no samples for good | s r t
hang@3/3         | the call does not return for 3 s | s r
hang@3/open      | the call never returns, a new opening works | r
hang@3           | the call never returns, nor one of a new opening | s r
unplug@3/2       | unplugged for 2 s | s r t
unplug@3         | unplugged for good | s r t
constant@3/open  | one value over and over, until opened again | s r t
constant@3       | one value over and over for good | s r t
stale@3/open     | the same buffer again and again | s r
odd@3/open       | buffers end inside a sample | r
slow@3/open      | a third of the samples | s r t
corrupt@3/open   | more samples than there is room for | s
overflow@3       | half a second lost, the driver says so | s u
lost@3           | half a second lost, the timestamps say so; without: nothing does | s u r t'

run() { # INTERFACE FAULT FOLDER
    mkdir "$3"
    cd "$3"
    settings="file=../air.cu8 log=log $2" server=
    case $1 in
    s) stand_in soapy ;;
    u) stand_in soapy-untimed ;;
    r) stand_in rtlsdr ;;
    t) # a process of its own
        words=
        "$fakes/fake_rtl_tcp" port "$settings" &
        server=$!
        until [ -s port ]; do sleep 0.05; done
        device=rtltcp:127.0.0.1:$(cat port)
        ;;
    esac
    {
        code=0
        (exec_at_fake "$settings $words" timeout --foreground --preserve-status -s INT 15 \
            "$wmsdr" rx -d $device -m S,T,C -g 30 --copies -F json 2>&1) || code=$?
        echo "ended $code"
    } | "$stamp" stamp >lines
    [ -z "$server" ] || kill "$server"
}

failed=0
for kind in $kinds; do
    case $kind in soapy) letters='s u' ;; rtlsdr) letters=r ;; rtltcp) letters=t ;; *) exit 2 ;; esac
    number=0
    while IFS='|' read -r fault what where; do
        for letter in $letters; do
            case " $where " in *" $letter "*) ;; *) continue ;; esac
            number=$((number + 1))
            what=${what% }
            run "$letter" "${fault%% *}" "$folder/$kind.$number" &
            echo "$kind.$number|$letter|${fault%% *}|${what# }" >>runs
        done
    done <<END
$cases
END
    wait
done
while IFS='|' read -r case letter fault what; do
    awk -v letter="$letter" -v fault="$fault" -v what="$what" '
        BEGIN { split(fault, part, "@") }
        FILENAME ~ /log$/ && $1 == part[1] && !start { start = $2 }
        FILENAME ~ /lines$/ {
            at = ($1 - start) * 1e-9
            line = $0
            sub(/^[0-9]+ /, "", line)
            if (line ~ /^{/) { # the first one behind the silence
                if (at > 0 && (gone || at - last > 0.3) && !again) again = at
                last = at
            } else if (line ~ /^ended/) {
                ended = at
                code = line
                sub("ended ", "", code)
            } else if (at > 0 && !noticed && line ~ /; (starting|opening|resetting|waiting)|gaps so far/) {
                noticed = at
                said = line
                sub(/^wmsdr: [a-z]*:[^ ]*: /, "", said)
                gone = line !~ /gaps so far/
            }
        }
        FILENAME ~ /lines$/ && /given up/ { given_up = 1 }
        END {
            if (!given_up && !again && !gone && last > 5) again = 0.01 # what was left was enough for frames, all the time
            bad = !noticed || noticed > 2 || (given_up ? ended > 10 || code != 1 : !again || again > 10)
            printf "%s|%s|%s|%.1f|%s|%s|%d\n", what, letter, said, noticed, given_up ? "" : sprintf("%.1f", again), given_up ? sprintf("%.1f", ended) : "", bad
            exit bad
        }' "$case/log" "$case/lines" >>rows || failed=1
done <runs
# a row for each fault, the interfaces together
awk -F '|' '
    function range(low, high) { return low == "" ? "" : low == high ? low : low " to " high }
    !($1 in said) { order[++n] = $1; said[$1] = $3; low4[$1] = high4[$1] = $4; low5[$1] = high5[$1] = $5; low6[$1] = high6[$1] = $6 }
    {
        on[$1] = on[$1] (on[$1] ? ", " : "") ($2 == "s" ? "SoapySDR" : $2 == "u" ? "without timestamps" : $2 == "r" ? "librtlsdr" : "rtl_tcp")
        if ($4 + 0 < low4[$1] + 0) low4[$1] = $4
        if ($4 + 0 > high4[$1] + 0) high4[$1] = $4
        if ($5 + 0 < low5[$1] + 0) low5[$1] = $5
        if ($5 + 0 > high5[$1] + 0) high5[$1] = $5
        if ($6 + 0 < low6[$1] + 0) low6[$1] = $6
        if ($6 + 0 > high6[$1] + 0) high6[$1] = $6
        late = late ($7 ? "TOO LATE: " $0 "\n" : "")
    }
    END {
        print "| fault | through | said first | noticed after, s | heard again after, s | ended with status 1 after, s |\n|---|---|---|---|---|---|"
        for (i = 1; i <= n; i++) {
            f = order[i]
            printf "| %s | %s | `%s` | %s | %s | %s |\n", f, on[f], said[f], range(low4[f], high4[f]), range(low5[f], high5[f]), range(low6[f], high6[f])
        }
        printf "%s", late
    }' rows
exit $failed
