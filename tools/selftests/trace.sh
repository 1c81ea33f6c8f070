#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tracepoints: each fires for what it says, as often as it happened.
#
# Runs as: root
# Loads: user_max=100

set -u
repo=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$repo/tools/selftests/tap.sh"

export XDG_RUNTIME_DIR=$tap_work
tracing=/sys/kernel/tracing
events=$tracing/events/isle
vmstat=/sys/kernel/debug/isle/vmstat
load=$tap_work/trace_load

install -m 755 "$repo/build/tools/selftests/trace_load" "$load"
nothing=0xffffffffffffffff

[ -d $events ] || bail_out "this kernel has no $events"

# traced COMMAND...: leaves its events in $trace
trace=$tap_work/trace
traced() {
	local status=0
	echo >$tracing/trace
	echo 1 >$events/enable
	"$@" >"$tap_work/said" 2>&1 || status=$?
	echo 0 >$events/enable
	cat $tracing/trace >"$trace"
	return $status
}

# shown EVENT [WORD...]: how often it fired with these words
shown() {
	local event=$1
	shift
	awk -v event=" $event: " -v words="$*" '
	BEGIN { n = split(words, word, " ") }
	index($0, event) {
		line = $0 " "
		for (i = 1; i <= n; i++)
			if (!index(line, " " word[i] " "))
				next
		count++
	}
	END { print count + 0 }' "$trace"
}

# field EVENT NAME [WORD]: its values, sorted
field() {
	awk -v event=" $1: " -v name="$2=" -v word="${3:-}" '
	index($0, event) && index($0 " ", " " word) {
		for (i = 1; i <= NF; i++)
			if (index($i, name) == 1)
				print substr($i, length(name) + 1)
	}' "$trace" | sort
}

is() {
	[ "$1" = "$2" ] && return
	echo "$1 instead of $2"
	grep -v '^#' "$trace" | head -n 20
	return 1
}

stat_of() { awk -v name="$1" '$1 == name { print $2 }' $vmstat; }

all_there() {
	local names
	names=$(basename -a -- $events/*/ | xargs)
	is "$names" "alloc_extfrag cow fault fork page_alloc page_alloc_zone_locked page_free$(
	) pcp_drain pcp_refill region_carve region_return$(
	) zone_lock_acquired zone_lock_released zone_watermark"
}

blocks() {
	traced "$load" block:3,5 || return
	is "$(shown page_alloc order=3)" 5 && is "$(shown page_free order=3)" 5 &&
		is "$(field page_alloc pfn order=3)" "$(field page_free pfn order=3)"
}

# All at once when the program ends: each page must show all the same.
bulk_free() {
	traced "$load" anon:300 || return
	is "$(shown fault kind=anon write=1 shared=0 result=NOPAGE error=0)" 300 &&
		is "$(shown page_alloc order=0)" 300 && is "$(shown page_free order=0)" 300 &&
		is "$(field fault pfn)" "$(field page_alloc pfn)" &&
		is "$(field fault pfn)" "$(field page_free pfn)"
}

zeroes() {
	traced "$load" zero:50 || return
	is "$(shown fault kind=zero write=0 pfn=$nothing)" 50 && is "$(shown page_alloc)" 0
}

shared() {
	traced "$load" shared:20 || return
	is "$(shown fault kind=anon write=1 shared=1)" 20 && is "$(shown page_free)" 20
}

copies() {
	traced "$load" copy:40 || return
	is "$(shown fork offset=0x0 nr=40 shared=40 error=0)" 1 && is "$(shown cow reuse=0)" 40 &&
		is "$(shown cow reuse=1)" 0 && is "$(shown fault kind=cow)" 40 &&
		is "$(field cow new_pfn)" "$(field fault pfn kind=cow)"
}

reuse() {
	traced "$load" reuse:30 || return
	is "$(shown cow reuse=1)" 30 && is "$(shown fault kind=reuse write=1)" 30 &&
		is "$(field cow pfn)" "$(field cow new_pfn)"
}

# Of order 9 and unmovable: they claim pageblocks.
fallbacks() {
	local claims steals refills
	claims=$(stat_of fallback_claim)
	steals=$(stat_of fallback_steal)
	refills=$(stat_of pcp_refill)
	traced "$load" block:9,8 block:0,3000 || return
	claims=$(($(stat_of fallback_claim) - claims))
	steals=$(($(stat_of fallback_steal) - steals))
	refills=$(($(stat_of pcp_refill) - refills))
	is "$(shown alloc_extfrag change_ownership=1)" $claims &&
		is "$(shown alloc_extfrag change_ownership=0)" $steals &&
		is "$(shown pcp_refill)" $refills &&
		[ "$(shown alloc_extfrag fallback_migratetype=MOVABLE)" -gt 0 ]
}

# What comes out of the lists went in or was freed there. Those of all CPUs together
# hold an eighth of the memory at most.
pcp_moves() {
	traced "$load" "block:0,$(($(isle_stat managed) / 6))" || return
	[ "$(shown pcp_refill order=0 migratetype=UNMOVABLE)" -gt 0 ] &&
		[ "$(shown pcp_drain order=0 migratetype=UNMOVABLE)" -gt 0 ]
}

no_memory() {
	traced "$ISLE" alloc -o 10 -n 100000 && return 1
	[ "$(shown page_alloc order=10 pfn=$nothing)" -ge 1 ] &&
		[ "$(shown zone_watermark order=10)" -ge 1 ] &&
		[ "$(shown page_alloc_zone_locked order=10)" -ge 1 ]
}

locks() {
	traced "$load" block:0,1000 block:10,1 || return
	[ "$(shown zone_lock_acquired)" -gt 0 ] &&
		is "$(shown zone_lock_acquired)" "$(shown zone_lock_released)"
}

api_load() {
	insmod "$ISLE_BUILD/api/isle_api_test.ko" || return
	grep 'kernel log: ' /sys/kernel/debug/isle_api_test/results >"$tap_work/announced"
	rmmod isle_api_test
}

under_interrupts() {
	local failed
	echo 0 >$events/enable
	echo >$tracing/trace
	echo 1 >$events/page_alloc/enable
	echo 1 >$events/page_free/enable
	api_load
	failed=$?
	echo 0 >$events/enable
	[ $failed = 0 ] || return
	balance <$tracing/trace
}

# Of a couple of hundred thousand events, so they are read but once. Blocks may be split
# between their allocation and their free: pages have to agree.
balance() {
	awk -v nothing=" pfn=$nothing " '
	/entries-in-buffer/ { split($3, n, "/"); lost = n[2] - n[1] }
	/^#/ || index($0, nothing) { next }
	match($0, / order=[0-9]+/) {
		pages = 2 ^ substr($0, RSTART + 7, RLENGTH - 7)
		if (index($0, " page_alloc: ")) {
			nr++
			taken += pages
		} else if (index($0, " page_free: ")) {
			given += pages
		}
	}
	END {
		if (lost)
			print "the buffer is too small: " lost " events are lost"
		print nr " blocks; " taken " pages were allocated, " given " freed"
		exit lost || nr <= 1000 || taken != given
	}'
}

# Events of a module are there before its init runs, but nobody can switch
# them on so early; and when it is gone, only a pipe has them.
returned() {
	local region pages debug reader
	debug=$(cat /sys/module/isle/parameters/debug)
	region=$(cat /sys/module/isle/parameters/region)
	pages=$(stat_of nr_present)
	echo 1 >$events/region_return/enable
	echo >$tracing/trace
	timeout 20 cat $tracing/trace_pipe >"$trace" &
	reader=$!
	sleep 0.5
	rmmod isle
	sleep 0.5
	kill $reader
	wait 2>/dev/null
	insmod "$ISLE_BUILD/isle.ko" "region=$region" "debug=$debug" || return
	is "$(field region_return nr | awk '{ n += $1 } END { print n }')" "$pages"
}

# Names of tasks are not needed, and to know them the scheduler is patched each time
# events are switched: two emulated CPUs and QEMU before 8.1 may die of "Oops: int3".
echo 0 >$tracing/options/record-cmd
# Each page of it is one more allocation for a slow kernel's checkers.
if slow_kernel; then size=4096; else size=32768; fi
echo $size >$tracing/buffer_size_kb
check "all events are there" all_there
check "a block's allocation and its free" blocks
check "frames that are freed together show one by one" bulk_free
check "faults that map zeroes" zeroes
check "faults in shared memory" shared
check "fork, and copies after it" copies
check "writes in place" reuse
check "fallbacks and refills, as often as they are counted" fallbacks
check "per-CPU lists are filled and drained" pcp_moves
check "an allocation that fails, and the watermarks it met" no_memory
check "a zone's lock is released as often as taken" locks
if [ -e "$ISLE_BUILD/api/isle_api_test.ko" ]; then
	check "in interrupts too, each page that is allocated is freed" under_interrupts
	cat "$tap_work/announced"
else
	skip "in interrupts too, each page that is allocated is freed" "isle_api_test is not built"
fi
if [ -r /sys/module/isle/parameters/region ]; then
	check "regions that go back to the kernel" returned
else
	skip "regions that go back to the kernel" "the parameters can't be read"
fi
tap_end
