#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# test_install.sh CMAKE BUILD SOURCE: installs the build into a folder as the package does, and looks at it.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
DESTDIR=$dir "$1" --install "$2" --prefix /usr >"$dir/log" || { cat "$dir/log"; exit 1; }
"$3/tests/package/check_tree.sh" "$dir" "$3/debian/wmsdr.service"
