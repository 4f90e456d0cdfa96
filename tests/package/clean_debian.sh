#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs the package of build/deb on a clean Debian and looks at all of it, then purges it and looks what is left. `make test-deb`.
# Needs root and debootstrap, and a mirror: the one that apt has, or WMSDR_MIRROR. WMSDR_SUITE: bookworm when nothing is said. Status 77
# where it cannot be done here.
set -eu
cd "$(dirname "$0")/../.."
suite=${WMSDR_SUITE:-bookworm}
skip() {
    echo "clean_debian: skipped: $*"
    exit 77
}
fail() {
    echo "clean_debian: $*" >&2
    exit 1
}
[ "$(id -u)" -eq 0 ] || skip "a chroot needs root"
command -v debootstrap >/dev/null || skip "debootstrap is missing: apt-get install debootstrap"
package=
for file in build/deb/wmsdr_*.deb; do
    [ -f "$file" ] && package=$file
done
[ -n "$package" ] || skip "there is no package; make deb"
mirror=${WMSDR_MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    sed -n "s|^\([^ ]*\) $suite main\$|\1|p" | head -n 1)}
[ -n "$mirror" ] || skip "no mirror with $suite is known: WMSDR_MIRROR=http://..."

mkdir -p build/test-deb/packages
root=$(mktemp -d "$PWD/build/test-deb/root.XXXXXX")
finish() {
    umount "$root/proc" 2>/dev/null || true
    rm -rf --one-file-system "$root" "$root.booted"
}
chmod 755 "$root" # what is inside has users of its own
trap finish EXIT
trap 'exit 1' HUP INT TERM
# the tools that look at the package are there before it
debootstrap --variant=minbase --cache-dir="$PWD/build/test-deb/packages" --include=ca-certificates,man-db,systemd,systemd-sysv,dbus,bash-completion \
    "$suite" "$root" "$mirror" >build/test-deb/log 2>&1 || fail "debootstrap: $(tail -n 5 build/test-deb/log)"
mount -t proc proc "$root/proc" || skip "nothing can be mounted here"
inside() {
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}
inside apt-get update -qq >>build/test-deb/log 2>&1 || fail "apt-get update: $(tail -n 5 build/test-deb/log)"

# All files, but for caches, logs and what apt and dpkg remember; groups and users.
state() {
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./tmp -o -path ./var/cache -o -path ./var/log \
        -o -path ./var/lib/apt -o -path ./var/lib/dpkg \) -prune -o -print | sort && cat etc/passwd etc/group)
}
state >"$root/tmp/before"
cp "$package" "$root/tmp/wmsdr.deb"
chmod 755 "$root/tmp"
inside apt-get install -y -qq --no-install-recommends /tmp/wmsdr.deb >>build/test-deb/log 2>&1 ||
    fail "apt-get install: $(tail -n 15 build/test-deb/log)"
echo "installed on $suite from $mirror: $(inside dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}' wmsdr)"
state | diff "$root/tmp/before" - | grep -c '^>' | sed 's/$/ files and directories more, with those of the libraries/'

cp tests/package/check_tree.sh "$root/tmp"
inside /bin/sh /tmp/check_tree.sh "" /lib/systemd/system/wmsdr.service || fail "the installed package is not as it should be"
inside man -w wmsdr >/dev/null || fail "man does not find the page"
# without a radio and without a service manager: the bundled recording
inside wmsdr rx -F hex >"$root/tmp/hex" 2>"$root/tmp/said" || fail "wmsdr rx: $(cat "$root/tmp/said")"
[ "$(wc -l <"$root/tmp/hex")" -eq 5 ] || fail "wmsdr rx without a radio: $(cat "$root/tmp/said")"
inside wmsdr config check /etc/wmsdr/wmsdr.conf || fail "the configuration that comes along has a fault"
[ "$(inside stat -c '%U %a' /etc/wmsdr/keys)" = "root 600" ] || fail "others than root can read the keys"
! inside systemctl is-enabled -q wmsdr.service || fail "the service is enabled by itself"
inside systemctl enable -q wmsdr.service || fail "the service cannot be enabled"
# the service's user exists only while it runs (DynamicUser); its group is the system's
inside getent group plugdev >/dev/null || fail "there is no group plugdev"

# The service itself, in a copy of all this.
umount "$root/proc"
cp -a "$root" "$root.booted"
status=0
tests/package/service.sh "$root.booted" "$PWD" || status=$?
[ $status -eq 0 ] || [ $status -eq 77 ] || fail "the service is not as it should be"
mount -t proc proc "$root/proc"

# What a life with it leaves: changed configuration, state, the service enabled.
echo "# mine" >>"$root/etc/wmsdr/wmsdr.conf"
mkdir -p "$root/var/lib/private/wmsdr"
ln -s private/wmsdr "$root/var/lib/wmsdr"
: >"$root/var/lib/private/wmsdr/readings.db"
inside apt-get purge -y -qq wmsdr >>build/test-deb/log 2>&1 || fail "apt-get purge: $(tail -n 15 build/test-deb/log)"
inside apt-get autoremove --purge -y -qq >>build/test-deb/log 2>&1 || fail "apt-get autoremove: $(tail -n 15 build/test-deb/log)"
state | diff "$root/tmp/before" - >"$root/tmp/left" || fail "left behind after purge: $(cat "$root/tmp/left")"
echo "purged: nothing is left"
