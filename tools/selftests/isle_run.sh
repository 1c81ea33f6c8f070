#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# isle run: what a program may do with its memory, and what it is told.
#
# Runs as: nobody
# CPUs: 2

set -u
. "$(dirname "$0")/tap.sh"

program=$tap_work/isle_run_program
cp "${ISLE_BUILD%/*}/tools/selftests/isle_run_program" "$program"

# stat_of NAME: a number, the first program's
stat_of() { json_value "$1" cat "$tap_work/stats"; }

# on_isle TEST [OPTION...]: the program's test, which must be on isle
on_isle() {
	local test=$1
	shift
	"$ISLE" run --stats="$tap_work/stats" --json "$@" "$program" "$test" &&
		[ "$(stat_of mappings)" -gt 0 ]
}

all_on_isle() {
	on_isle small && [ "$(stat_of peak_bytes)" = "$(stat_of isle_bytes)" ] &&
		! grep reason "$tap_work/stats"
}

# The test writes to ten megabytes, eight of which it maps over.
peak_is_seen() {
	on_isle reserve || return
	echo "peak: $(stat_of peak_bytes)"
	[ "$(stat_of peak_bytes)" -gt $((9 << 20)) ] &&
		[ "$(stat_of peak_bytes)" -lt $((12 << 20)) ]
}

# counted REASON RULE: it was the kernel's memory, for that reason alone
counted() {
	on_isle possible --exclude "$2" || return
	cat "$tap_work/stats"
	[ "$(grep -c reason "$tap_work/stats")" = 1 ] &&
		grep -q "\"$1\"" "$tap_work/stats"
}

exit_status() {
	local status=0
	"$ISLE" run --stats="$tap_work/stats" sh -c 'exit 7' || status=$?
	[ "$status" = 7 ] || return
	status=0
	"$ISLE" run --stats="$tap_work/stats" sh -c 'kill -9 $$' || status=$?
	[ "$status" = 137 ] || return
	status=0
	"$ISLE" run sh -c 'exit 8' || status=$?
	[ "$status" = 8 ]
}

# Where kernel and system allow it.
with_huge() {
	"$ISLE" info --json >"$tap_work/info"
	on_isle reserve --huge || return
	echo "huge faults: $(stat_of faults_huge)"
	! grep -q '^ *"huge",*$' "$tap_work/info" ||
		grep -q '"huge_allowed": "never"' "$tap_work/info" ||
		[ "$(stat_of faults_huge)" -gt 0 ]
}

# A shell, and what it starts.
whole_tree() {
	"$ISLE" run --stats="$tap_work/stats" --json \
		sh -c 'ls / >/dev/null; cat /dev/null' || return
	sed -n 's/^ *"program": "\(.*\)",$/\1/p' "$tap_work/stats" |
		sort >"$tap_work/names"
	[ "$(xargs <"$tap_work/names")" = "cat ls sh" ]
}

says_static() {
	"$ISLE" run --stats busybox true 2>&1 | grep -q 'linked statically'
}

nothing_left() {
	"$ISLE" stat --json >"$tap_work/stats"
	[ "$(stat_of user)" = 0 ] && [ "$(stat_of openers)" = 1 ]
}

check "mremap() grows, shrinks and moves" on_isle grow
check "madvise() gives memory back" on_isle discard
check "reservations, mprotect() and MAP_FIXED" on_isle reserve
check "thousands of mappings" on_isle small
check "threads that allocate while others fork" on_isle threads
check "generations of forks" on_isle forks
check "closing every descriptor" on_isle descriptors
check "aligned, cleared and resized blocks" on_isle alignment
check "what private memory can't do fails by the documented errno" on_isle impossible
check "all of a heap is on isle" all_on_isle
check "--stats sees the peak" peak_is_seen
check "--huge gets pages of 2 MB" with_huge
if ! slow_kernel; then
	check "--exclude by size turns it round" counted "excluded by size" 32K
	check "--exclude by library turns it round" \
		counted "excluded by library" 'isle_run_prog*'
	check "the exit status is the program's" exit_status
	check "what a program starts is on isle too" whole_tree
	check "a static program is told from others" says_static
	check "a program that is not there" \
		fails_with 127 "cannot run" "$ISLE" run /no/such/program
	check "a rule that is none" \
		fails_with 1 "neither a size nor a library" "$ISLE" run -x , true
fi
check "nothing is left" nothing_left
tap_end
