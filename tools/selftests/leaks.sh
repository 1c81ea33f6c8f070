#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debug=1 and isle leaks: who holds memory, by stack.
#
# Runs as: root
# Loads: debug=1

set -u
. "$(dirname "$0")/tap.sh"

export XDG_RUNTIME_DIR=$tap_work

# Pages held from a stack that has this function in it.
pages_from() {
	"$ISLE" leaks --json | json "[.stacks[] |
		select(any(.stack[]; contains(\"$1\"))) | .pages] | add // 0"
}

held_blocks() {
	local before
	before=$(pages_from isle_)
	"$ISLE" alloc --order 4 --count 3 >/dev/null || return
	"$ISLE" leaks
	[ "$(pages_from isle_)" = $((before + 48)) ] || return
	"$ISLE" free --all
	[ "$(pages_from isle_)" = "$before" ]
}

one_place() {
	"$ISLE" alloc -n 5 >/dev/null || return
	"$ISLE" leaks | grep -q '^5 pages (20K) in 5 blocks, allocated by$' && "$ISLE" free --all
}

check "blocks are found, by the stack that took them" held_blocks
check "blocks from one place are one entry" one_place
check "leaks prints a sum" sh -c "$ISLE leaks | grep -q 'pages .* are allocated, from'"
tap_end
