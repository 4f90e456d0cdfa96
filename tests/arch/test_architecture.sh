#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The house rules that a compiler does not check: includes point from a higher rank to a lower one or stay in their own, each file
# names its licence in its first lines, no source file has more than 700 lines. Usage: test_architecture.sh SOURCE_DIR
# It first shows on a bad sample that it can fail.
set -eu

max_lines=700

# The ranks, lowest first.
rank() {
    case $1 in
    base) echo 0 ;;
    dsp) echo 1 ;;
    phy) echo 2 ;;
    link) echo 3 ;;
    security) echo 4 ;;
    app) echo 5 ;;
    *) echo unknown ;;
    esac
}

# Prints one line for each fault under the tree $1 ("src", "tests" … inside it).
faults() {
    root=$1
    sed_include='s/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p'

    find "$root/src" -type f \( -name '*.c' -o -name '*.h' \) | sort | while read -r file; do
        inside=${file#"$root/src/"}
        own=$(rank "${inside%%/*}")
        if [ "$own" = unknown ]; then
            echo "$inside: lies in no layer"
            continue
        fi
        sed -n "$sed_include" "$file" | while read -r include; do
            other=$(rank "${include%%/*}")
            case $include in
            *../*) echo "$inside: includes \"$include\" by a relative path" ;;
            esac
            if [ "$other" = unknown ]; then
                echo "$inside: includes \"$include\", which begins with no layer"
            elif [ "$other" -gt "$own" ]; then
                echo "$inside: includes \"$include\" of a higher layer"
            elif [ ! -f "$root/src/$include" ]; then
                echo "$inside: includes \"$include\", which is not there"
            fi
        done
    done

    for dir in src tests bench include cmake scripts; do
        [ -d "$root/$dir" ] || continue
        find "$root/$dir" -type f \( -name '*.c' -o -name '*.h' -o -name '*.cmake' -o -name CMakeLists.txt -o -name '*.sh' \) | sort |
            while read -r file; do
                head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' || echo "${file#"$root/"}: has no SPDX line"
                lines=$(wc -l <"$file")
                [ "$lines" -le "$max_lines" ] || echo "${file#"$root/"}: has $lines lines, more than $max_lines"
            done
    done
}

sample=$(mktemp -d)
trap 'rm -rf "$sample"' EXIT
mkdir -p "$sample/src/base" "$sample/src/link"
spdx='/* SPDX-License-Identifier: GPL-3.0-or-later */'
printf '%s\n' "$spdx" >"$sample/src/base/good.h"
printf '%s\n#include "base/good.h"\n#include <stdio.h>\n' "$spdx" >"$sample/src/link/good.h"
good=$(faults "$sample")
mkdir -p "$sample/src/elsewhere"
printf '%s\n  #  include "link/good.h"\n' "$spdx" >"$sample/src/base/upwards.c"
printf '%s\n#include "good.h"\n#include "base/../base/good.h"\n#include "base/gone.h"\n' "$spdx" >"$sample/src/link/paths.c"
printf '#include "base/good.h"\n' >"$sample/src/link/unlicensed.c"
{ echo "$spdx"; yes '' | head -n $max_lines; } >"$sample/src/link/long.c"
printf '%s\n' "$spdx" >"$sample/src/elsewhere/lost.c"
found=$(faults "$sample")

fail() {
    echo "the check itself is broken: $1"
    exit 1
}
[ -z "$good" ] || fail "it finds a fault where there is none: $good"
for expected in 'base/upwards.c: includes "link/good.h" of a higher layer' 'link/paths.c: includes "good.h", which begins with no layer' \
    'by a relative path' 'link/paths.c: includes "base/gone.h", which is not there' 'link/unlicensed.c: has no SPDX line' \
    'link/long.c: has 701 lines' 'elsewhere/lost.c: lies in no layer'; do
    case $found in
    *"$expected"*) ;;
    *) fail "it does not see: $expected" ;;
    esac
done
[ "$(printf '%s\n' "$found" | wc -l)" -eq 7 ] || fail "it sees more than was done: $found"

real=$(faults "$1")
if [ -n "$real" ]; then
    echo "$real"
    exit 1
fi
echo "architecture: $(find "$1/src" -name '*.[ch]' | wc -l) files obey"
