#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The installed service under its service manager: service.sh ROOT SOURCE. Boots ROOT, a Debian with the package (it is changed by that), as
# a container; the radio is rtl_tcp.py. Status 77 where that cannot be done.
set -eu
root=$1
source=$2
skip() {
    echo "service: skipped: $*"
    exit 77
}
fail() {
    echo "service: $*" >&2
    exit 1
}
command -v systemd-nspawn >/dev/null || skip "systemd-nspawn is missing: apt-get install systemd-container"
command -v python3 >/dev/null || skip "python3 is missing"

dir=$(mktemp -d)
"$source/tests/package/rtl_tcp.py" "$root/usr/share/wmsdr/demo.sigmf-data" 1200000 "$dir/port" &
radio=$!
trap 'kill $radio 2>/dev/null; rm -rf "$dir"' EXIT
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -s "$dir/port" ] || sleep 1
done
[ -s "$dir/port" ] || fail "rtl_tcp.py does not start"
cat >>"$root/etc/wmsdr/wmsdr.conf" <<END
device = rtltcp:127.0.0.1:$(cat "$dir/port")
rate = 1.2M
frequency = 868.625M
store = /var/lib/wmsdr/readings.db
END
cat "$root/usr/share/wmsdr/demo.keys" >>"$root/etc/wmsdr/keys"

# What is done inside, once all is up; each line of the result is NAME=VALUE.
cat >"$root/probe" <<'END'
#!/bin/sh
systemctl start wmsdr.service
echo "started=$?"
pid=$(systemctl show -P MainPID wmsdr.service)
uid=$(stat -c %u /proc/$pid)
# a user of systemd's range for those that exist only while their service runs
[ "$uid" -ge 61184 ] && [ "$uid" -le 65519 ] && echo "user=dynamic"
sleep 40 # longer than WatchdogSec=
systemctl reload wmsdr.service
echo "reloaded=$?"
sleep 5
echo "state=$(systemctl show -P ActiveState wmsdr.service)/$(systemctl show -P SubState wmsdr.service)"
echo "status=$(systemctl show -P StatusText wmsdr.service)"
echo "restarts=$(systemctl show -P NRestarts wmsdr.service)"
[ "$pid" = "$(systemctl show -P MainPID wmsdr.service)" ] && echo "same=yes"
systemctl stop wmsdr.service
echo "stopped=$?/$(systemctl show -P Result wmsdr.service)"
journalctl -u wmsdr.service --no-pager -o cat >/probe.journal
systemctl poweroff
END
chmod +x "$root/probe"
cat >"$root/etc/systemd/system/probe.service" <<'END'
[Service]
Type=oneshot
StandardOutput=file:/probe.out
ExecStart=/probe
END
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s ../probe.service "$root/etc/systemd/system/multi-user.target.wants/probe.service"
timeout 300 systemd-nspawn -D "$root" --boot --register=no --keep-unit >"$dir/console" 2>&1 || {
    [ -s "$root/probe.out" ] || skip "a container does not boot here: $(tail -n 1 "$dir/console")"
}
[ -s "$root/probe.out" ] || skip "a container does not boot here: $(tail -n 1 "$dir/console")"
cat "$root/probe.out"
expect() {
    grep -qx "$1" "$root/probe.out" || fail "not $1; its journal: $(grep -v "^{" "$root/probe.journal" | tail -n 30)"
}
expect started=0
expect user=dynamic
expect reloaded=0
expect state=active/running
expect restarts=0
expect same=yes
expect stopped=0/success
grep -q 'configuration has been read again' "$root/probe.journal" || fail "it was not reloaded: $(grep -v "^{" "$root/probe.journal" | tail -n 30)"
readings=$(grep -c '"verdict":"decrypted"' "$root/probe.journal") || fail "nothing was decrypted: $(grep -v "^{" "$root/probe.journal" | tail -n 30)"
[ -s "$root/var/lib/private/wmsdr/readings.db" ] || fail "there is no store"
echo "service: $readings telegrams were decrypted with the service's keys"
