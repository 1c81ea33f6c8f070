# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # set by whoever sources this
# What scripts/drgn/isle.py told, in the file $told, against what isle said: $managed
# and $free pages, and a block of order 3 at $pfn that a process holds. Sourced, not run.

zones_agree() {
	awk -v managed="$managed" -v free="$free" '
	$1 == "managed" { managed -= $2 }
	$1 == "nr_free" { free -= $2 }
	END { exit managed || free }' "$told"
}

lists_agree() {
	awk -v free="$free" '
	$1 != "pfn" && NF == 12 { for (i = 2; i <= NF; i++) free -= $i * 2 ^ (i - 2) }
	END { exit free }' "$told"
}

frame_is_told() {
	grep -q "of the block of order 3 at $(printf '0x%x' "$pfn")\$" "$told" &&
		grep -q 'state  *allocated' "$told" &&
		grep -q 'held  *1 references, flags: user' "$told"
}

check_told() {
	check "zones" zones_agree
	check "free lists, link by link" lists_agree
	check "a frame of a block that somebody holds" frame_is_told
	[ "$tap_failed" = 0 ] || sed 's/^/# /' "$told"
}
