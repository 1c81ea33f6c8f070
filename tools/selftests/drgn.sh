#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/drgn/isle.py, on the live kernel: what it says is what the device says.
# (Of a core: tools/selftests/core.)
#
# Runs as: root

set -u
repo=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$repo/tools/selftests/tap.sh"
. "$repo/tools/selftests/drgn_told.sh"

module=$ISLE_BUILD/isle.ko
told=$tap_work/told

give_up() {
	skip "drgn sees what the device says" "$1"
	tap_end
	exit
}

[[ $ISLE_BUILD != */6.12 ]] || give_up "tools/selftests/core reads a core of this kernel"
command -v drgn >/dev/null || give_up "drgn is not installed"
[ -r /proc/kcore ] || give_up "this kernel has no /proc/kcore"
readelf -S "$module" | grep -q debug_info || give_up "isle.ko has no debug information"

option=-s
! drgn --help | grep -q -e --extra-symbols || option=--extra-symbols

# A block of order 3 that a process holds, asked for by one of its tails. Nothing
# else allocates: what is in memory is what is told.
look() {
	local address
	export XDG_RUNTIME_DIR=$tap_work
	address=$(json_value physical "$ISLE" alloc -o 3 --json) || return
	pfn=$((address / 4096))
	free=$(isle_stat free)
	managed=$(isle_stat managed)
	drgn -q --no-default-symbols "$option" "$module" "$repo/scripts/drgn/isle.py" \
		zones lists frame $((pfn + 5)) >"$told"
}

check "drgn reads the live kernel" look
check_told
check "the block can be freed" "$ISLE" free --all
tap_end
