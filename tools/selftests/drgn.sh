#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/drgn/isle.py, on the live kernel: what it says is what the device says.
#
# Runs as: root

set -u
repo=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$repo/tools/selftests/tap.sh"

module=$ISLE_BUILD/isle.ko
frames=/sys/kernel/debug/isle/frames

give_up() {
	skip "drgn sees what the device says" "$1"
	tap_end
	exit
}

command -v drgn >/dev/null || give_up "drgn is not installed"
[ -r /proc/kcore ] || give_up "this kernel has no /proc/kcore"
readelf -S "$module" | grep -q debug_info || give_up "isle.ko has no debug information"

ask() { drgn -q --no-default-symbols -s "$module" "$repo/scripts/drgn/isle.py" "$@"; }

# Nothing else allocates: what is in memory is what is told.
zones_agree() {
	local told
	ask zones >"$tap_work/zones" || return
	told=$(awk '$1 == "managed" { managed += $2 } $1 == "nr_free" { free += $2 }
		END { print managed, free }' "$tap_work/zones")
	device=$("$ISLE" stat --json | json '"%d %d" % (j["managed"], j["free"])')
	[ "$told" = "$device" ] && return
	cat "$tap_work/zones"
	return 1
}

lists_agree() {
	local told
	ask lists >"$tap_work/lists" || return
	told=$(awk 'NF == 12 { for (i = 2; i <= NF; i++) pages += $i * 2 ^ (i - 2) }
		END { print pages }' "$tap_work/lists")
	[ "$told" = "$("$ISLE" stat --json | json 'j["free"]')" ] && return
	cat "$tap_work/lists"
	return 1
}

# A block of order 3 that a process holds, asked for by one of its tails.
frame_is_told() {
	local pid pfn status
	pid=$("$ISLE" alloc -o 3 --json | json 'j["blocks"][0]["handle"]') || return
	pfn=$(sed -n 's/^pfn=\(0x[0-9a-f]*\) order=3 state=allocated .*/\1/p' $frames | head -n 1)
	ask frame $((pfn + 5)) >"$tap_work/frame"
	status=$?
	"$ISLE" free "$pid"
	cat "$tap_work/frame"
	[ $status = 0 ] && grep -q "of the block of order 3 at $pfn\$" "$tap_work/frame" &&
		grep -q 'state  *allocated' "$tap_work/frame" &&
		grep -q 'held  *1 references, flags: user' "$tap_work/frame"
}

check "zones" zones_agree
check "free lists, link by link" lists_agree
check "a frame of a block that somebody holds" frame_is_told
check "a frame that is not isle's" fails_with 1 "is not isle's" ask frame 1
tap_end
