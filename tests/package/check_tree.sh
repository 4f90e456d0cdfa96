#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Looks at an installed wmsdr: check_tree.sh ROOT UNIT. ROOT has usr/bin/wmsdr and what belongs to it (an unpacked package, a DESTDIR, or
# "" for this system), UNIT is the service's file. Prints what was found; the first fault ends it with status 1.
set -eu
root=$1
unit=$2
wmsdr=$root/usr/bin/wmsdr
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() {
    echo "check_tree: $*" >&2
    exit 1
}

version=$("$wmsdr" --version) || fail "wmsdr --version: status $?"
echo "version: $version"

# The bundled recording is found beside the program, wherever that was put, and there is no radio (a dead device is not one).
demo=$root/usr/share/wmsdr/demo
"$wmsdr" rx -q -r "$demo.sigmf-meta" --shared-keys -k "$demo.keys" -F csv --fields id,verdict,total_m3 >"$dir/demo" 2>"$dir/said" ||
    fail "wmsdr rx: status $?: $(cat "$dir/said")"
[ "$(grep -c . "$dir/demo")" -eq 6 ] || fail "five telegrams and a heading were expected: $(cat "$dir/demo")"
grep -q '^10000001,plain,123.456$' "$dir/demo" || fail "the water meter is not there: $(cat "$dir/demo")"
grep -q '^40000004,decrypted,4711.042$' "$dir/demo" || fail "the gas meter is not there: $(cat "$dir/demo")"
echo "rx: 5 telegrams of the bundled recording, one of them decrypted"

# The manual: not empty, and nothing that its formatter complains of.
page=$root/usr/share/man/man1/wmsdr.1
[ -f "$page.gz" ] && gzip -dc "$page.gz" >"$dir/wmsdr.1" || cp "$page" "$dir/wmsdr.1"
if command -v man >/dev/null; then
    MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -l "$dir/wmsdr.1" >"$dir/page" 2>"$dir/said"
    [ ! -s "$dir/said" ] || fail "man: $(cat "$dir/said")"
    grep -q 'software radio for smart meters' "$dir/page" || fail "the manual page is not what it should be"
    grep -q -- '--live' "$dir/page" || fail "the manual page has not all options"
    echo "man: $(wc -l <"$dir/page") lines"
else
    echo "man: not looked at, there is no man"
fi

# Completion of a command and of an option.
cat >"$dir/complete" <<'END'
. "$1"
complete -p wmsdr >/dev/null || exit 1
COMP_WORDS=(wmsdr de) COMP_CWORD=1
_wmsdr
echo "${COMPREPLY[@]}"
COMP_WORDS=(wmsdr rx --li) COMP_CWORD=2
_wmsdr
echo "${COMPREPLY[@]}"
END
completed=$(bash "$dir/complete" "$root/usr/share/bash-completion/completions/wmsdr" | tr '\n' ' ')
[ "$completed" = "devices decode --live " ] || fail "completion gives: $completed"
echo "completion: $completed"

# The unit: understood by systemd, and its exposure (0 best, 10 worst).
[ -f "$unit" ] || fail "there is no $unit"
if command -v systemd-analyze >/dev/null; then
    mkdir -p "$dir/units"
    # where the program is not installed in this system, a copy of the unit names it where it is
    sed "s|^ExecStart=/usr/bin/wmsdr|ExecStart=$(readlink -f "$wmsdr")|" "$unit" >"$dir/units/wmsdr.service"
    systemd-analyze verify --man=no "$dir/units/wmsdr.service" >"$dir/verified" 2>&1 || fail "systemd-analyze verify: $(cat "$dir/verified")"
    ! grep -q 'wmsdr.service' "$dir/verified" || fail "systemd-analyze verify: $(cat "$dir/verified")"
    systemd-analyze security --offline=true --no-pager --threshold=20 "$dir/units/wmsdr.service" >"$dir/judged" 2>&1 ||
        fail "systemd-analyze security: more than 2.0: $(tail -n 1 "$dir/judged")"
    echo "unit: verified; $(grep -o 'Overall exposure level.*: [0-9.]*' "$dir/judged")"
else
    echo "unit: not judged, there is no systemd-analyze"
fi
