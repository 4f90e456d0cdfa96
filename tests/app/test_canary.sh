#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Keys stay where they belong: canary keys given by file, on the command line and in a JSON line are looked for, as bytes and as hex, in
# every output and in a core dump of the running process. Usage: test_canary.sh WMSDR SEARCH
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

cd "$dir"
(umask 077 && printf '12345678 = %s\n12345678 = %s\n' $file_key $des_key >keys)
mkfifo in
"$wmsdr" decode --keys keys --key "12345678=$arg_key" -F json:out.json -F text:out.text -F csv:out.csv -F explain:out.explain \
    -F hex:out.hex <in >out 2>err &
pid=$!
exec 3>in
for _ in 1 2 3; do
    printf '%s\n%s\n%s\n' $telegram $mode7 $mode10 >&3
    printf '{"telegram":"%s","key":"%s"}\n' $telegram $line_key >&3
done
# A malformed key in a line is not repeated either.
printf '{"telegram":"%s","key":"%sXX"}\n' $telegram $file_key >&3
n=0
while [ "$(cat out.json 2>/dev/null | grep -c verdict)" -lt 12 ] && [ $n -lt 100 ]; do
    sleep 0.1
    n=$((n + 1))
done
tr '\0' '\n' <"/proc/$pid/cmdline" >cmdline
# Never a process with the shadow memory of a sanitizer: its core dump would fill the disk.
if [ "$(awk '/^VmSize/ {print $2}' "/proc/$pid/status")" -gt 2000000 ]; then
    echo 'skipped: the process is too large for a core dump (a sanitizer?)'
    exit 77
fi
if ! gcore -o core "$pid" >gcore.log 2>&1; then
    echo 'skipped: gcore may not attach to the process'
    cat gcore.log
    exit 77
fi
exec 3>&-
wait $pid || true
grep -q '"verdict":"decrypted"' out.json || {
    echo 'nothing was decrypted: the test shows nothing'
    exit 1
}
"$search" $file_key $arg_key $des_key $line_key -- core.$pid out out.json out.text out.csv out.explain out.hex err cmdline
