#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/drgn/isle.py, on the live kernel: what it says is what the device says.
# (Of a core: tools/selftests/core.)
#
# Runs as: root

set -u
repo=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$repo/tools/selftests/tap.sh"

module=$ISLE_BUILD/isle.ko

give_up() {
	skip "drgn sees what the device says" "$1"
	tap_end
	exit
}

[[ $ISLE_BUILD != */6.12 ]] || give_up "tools/selftests/core reads a core of this kernel"
command -v drgn >/dev/null || give_up "drgn is not installed"
[ -r /proc/kcore ] || give_up "this kernel has no /proc/kcore"
readelf -S "$module" | grep -q debug_info || give_up "isle.ko has no debug information"

# A block of order 3 that a process holds, asked for by one of its tails. Nothing
# else allocates: what is in memory is what is told.
look() {
	local address
	export XDG_RUNTIME_DIR=$tap_work
	address=$(json_value physical "$ISLE" alloc -o 3 --json) || return
	pfn=$((address / 4096))
	free=$(isle_stat free)
	managed=$(isle_stat managed)
	drgn -q --no-default-symbols -s "$module" "$repo/scripts/drgn/isle.py" \
		zones lists frame $((pfn + 5)) >"$tap_work/told"
}

zones_agree() {
	awk -v managed="$managed" -v free="$free" '
	$1 == "managed" { managed -= $2 }
	$1 == "nr_free" { free -= $2 }
	END { exit managed || free }' "$tap_work/told"
}

lists_agree() {
	awk -v free="$free" '
	$1 != "pfn" && NF == 12 { for (i = 2; i <= NF; i++) free -= $i * 2 ^ (i - 2) }
	END { exit free }' "$tap_work/told"
}

frame_is_told() {
	grep -q "of the block of order 3 at $(printf '0x%x' "$pfn")\$" "$tap_work/told" &&
		grep -q 'state  *allocated' "$tap_work/told" &&
		grep -q 'held  *1 references, flags: user' "$tap_work/told"
}

check "drgn reads the live kernel" look
check "zones" zones_agree
check "free lists, link by link" lists_agree
check "a frame of a block that somebody holds" frame_is_told
[ $tap_failed = 0 ] || sed 's/^/# /' "$tap_work/told"
check "the block can be freed" "$ISLE" free --all
tap_end
