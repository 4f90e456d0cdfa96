#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Keys stay where they belong: canary keys given by file, on the command line and in a JSON line, and the keys derived from them, are
# looked for, as bytes and as hex, in every output and in core dumps of the running decode and rx. A key schedule's first round key is the
# key itself, so contexts of the cipher are found by it too. Usage: test_canary.sh WMSDR SEARCH
# Ends with 77 (skipped) without gcore or the right to attach.
set -eu

wmsdr=$1
search=$2
command -v gcore >/dev/null || {
    echo 'skipped: gcore is not installed (Debian: apt install gdb)'
    exit 77
}
dir=$(mktemp -d)
trap 'kill $pid 2>/dev/null || true; rm -rf "$dir"' EXIT
pid=
# Found nowhere else by chance. The telegram is OMS Vol. 2 Annex N.2.1, whose own key opens it in the JSON line.
file_key=C0FFEE0123DEADBEEF4567CAFEBABE89
arg_key=5EC12E70FACADE0BADF00D7A57E0FF1C
des_key=F00DBABEC0DEFEED
line_key=0102030405060708090A0B0C0D0E0F11
telegram=2E4493157856341233037A2A0020255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3
mode7=434493157856341233038C2075900F002C25B30A000021924D4F2FB66E017A75002007109058475F4BC91DF878B80A1B0F98B629024AAC727942BFC549233C0140829B93
mode10=304493157856341233038C20757A7500FF2A1001B30A0000C882038E223BBC1091CEB8C0A1009D388A79263BA256B9B57C

# Derived keys are secrets, too: KDF A (OMS TR-01 clause 5.5) with the counter of the telegrams of modes 7 and 10.
derived=
if command -v openssl >/dev/null; then
    for key in $file_key $arg_key $line_key; do
        for constant in 0 1; do # octal: not every shell's printf knows \x
            derived="$derived $(printf '%b' "\\000$constant\\0263\\0012\\0000\\0000\\0170\\0126\\0064\\0022\\0007\\0007\\0007\\0007\\0007\\0007\\0007" |
                openssl mac -cipher AES-128-CBC -macopt hexkey:$key CMAC)"
        done
    done
fi

cd "$dir"
(umask 077 && printf '12345678 = %s\n12345678 = %s\n' $file_key $des_key >keys)

# The process's memory as a debugger sees it.
dump() {
    # Never a process with the shadow memory of a sanitizer: its core dump would fill the disk.
    if [ "$(awk '/^VmSize/ {print $2}' "/proc/$pid/status")" -gt 2000000 ]; then
        echo 'skipped: the process is too large for a core dump (a sanitizer?)'
        exit 77
    fi
    if ! gcore -o "$1" "$pid" >gcore.log 2>&1; then
        echo 'skipped: gcore may not attach to the process'
        cat gcore.log
        exit 77
    fi
    tr '\0' '\n' <"/proc/$pid/cmdline" >"$1.cmdline"
    mv "$1.$pid" "$1"
}

wait_for() { # so many lines of a file
    n=0
    while [ "$(cat "$2" 2>/dev/null | grep -c verdict)" -lt "$1" ] && [ $n -lt 300 ]; do
        sleep 0.1
        n=$((n + 1))
    done
    [ "$(grep -c verdict "$2")" -ge "$1" ] || {
        echo "$2: fewer telegrams than were sent"
        exit 1
    }
}

mkfifo in
"$wmsdr" decode --keys keys --key "12345678=$arg_key" --counters counters -F json:out.json -F text:out.text -F csv:out.csv \
    -F explain:out.explain -F hex:out.hex <in >out 2>err &
pid=$!
exec 3>in
for _ in 1 2 3; do
    printf '%s\n%s\n%s\n' $telegram $mode7 $mode10 >&3
    printf '{"telegram":"%s","key":"%s"}\n' $telegram $line_key >&3
    printf '{"telegram":"%s","key":"%s"}\n' $mode7 $line_key >&3
done
# A malformed key in a line is not repeated either.
printf '{"telegram":"%s","key":"%sXX"}\n' $telegram $file_key >&3
wait_for 15 out.json
dump core
exec 3>&-
wait $pid || true
grep -q '"verdict":"decrypted"' out.json || {
    echo 'nothing was decrypted: the test shows nothing'
    exit 1
}

# The same over the air, into a receiver that goes on listening.
printf 'T A %s\nT A %s\nC A %s\n' $telegram $mode7 $mode10 >air
"$wmsdr" synth -t air -o air.cu8 -f 868.95M >synth.out 2>&1
"$wmsdr" rx -r - -s 1.6M -f 868.95M --keys keys --key "12345678=$line_key" --counters counters.rx -F json:rx.json -F text:rx.text \
    -F csv:rx.csv -F explain:rx.explain -F hex:rx.hex <in >rx.out 2>rx.err &
pid=$!
exec 3>in
cat air.cu8 air.cu8 >&3
wait_for 3 rx.json
dump core.rx
exec 3>&-
wait $pid || true
grep -q '"verdict":"decrypted"' rx.json || {
    echo 'nothing was decrypted over the air: the test shows nothing'
    exit 1
}
ls -l core core.rx >sizes
"$search" $file_key $arg_key $des_key $line_key $derived -- core core.rx core.cmdline core.rx.cmdline out out.json out.text out.csv \
    out.explain out.hex err counters rx.out rx.json rx.text rx.csv rx.explain rx.hex rx.err counters.rx
