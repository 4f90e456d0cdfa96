#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the commands on standard input, one a line, N at a time, and prints what each says in the order of the lines, as soon as all
# before it have spoken: the same output for any N. For measurements that count something; those of time run alone.
#
#   printf '%s\n' 'sleep 2; echo a' 'echo b' | bench/together.sh -j 2
set -eu

jobs=2
[ "${1-}" != -j ] || { jobs=$2 && shift 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/running" "$folder/done"
echo 1 >"$folder/next"
cat >"$folder/turn" <<'END'
folder=$0 number=${1%% *}
status=0
sh -c "${1#* }" >"$folder/running/$number" </dev/null || { status=$? && echo "exit status $status: ${1#* }" >&2; }
mv "$folder/running/$number" "$folder/done/$number"
exec 9>"$folder/lock"
flock 9
next=$(cat "$folder/next")
while [ -e "$folder/done/$next" ]; do
    cat "$folder/done/$next"
    rm "$folder/done/$next"
    next=$((next + 1))
done
echo "$next" >"$folder/next"
exit $((status ? 1 : 0))
END
awk '{ print NR " " $0 }' | xargs -r -d '\n' -P "$jobs" -n 1 sh -c '. "$0/turn"' "$folder"
