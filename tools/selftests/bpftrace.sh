#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/bpftrace: each script runs under a load, and its output is about that.
#
# Runs as: root
# Loads: user_max=100
# Time: 600

set -u
repo=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$repo/tools/selftests/tap.sh"

export XDG_RUNTIME_DIR=$tap_work
# Its place tells it where the scripts are.
cli=$repo/build/tools/isle
load=$tap_work/trace_load

install -m 755 "$repo/build/tools/selftests/trace_load" "$load"

# under NAME LOAD...: what the script prints while the load runs is in $out
out=$tap_work/out
under() {
	local name=$1
	shift
	echo "$*" >"$tap_work/load"
	timeout -k 5 120 bpftrace "$repo/scripts/bpftrace/$name.bt" \
		-c "/bin/sh $tap_work/load" >"$out" 2>&1
	cat "$out"
	! grep -qE 'ERROR|WARNING|Lost' "$out"
}

# total MAP: how many are in the histograms of all maps that begin so
total() {
	awk -v map="$1" '
	index($0, "@") == 1 { inside = index($0, map) == 1; next }
	inside && /\|$/ { sub(/^[^)\]]*[)\]] */, ""); n += $1 }
	END { print n + 0 }' "$out"
}

# value MAP: of all maps that begin so, added up
value() {
	awk -v map="$1" '
	index($0, map) == 1 && $NF ~ /^[0-9]+$/ { n += $NF }
	END { print n + 0 }' "$out"
}

alloclat() {
	local module=isle_api_test
	under alloclat "$load anon:200 block:9,7; insmod $ISLE_BUILD/api/$module.ko &&
		grep 'kernel log: ' /sys/kernel/debug/$module/results; rmmod $module" &&
		[ "$(total '@ns[isle_alloc_user, 0]')" -ge 200 ] &&
		[ "$(total '@ns[isle_alloc_typed, 9]')" = 7 ] &&
		[ "$(total '@ns[isle_alloc_pages, 0]')" -gt 100 ]
}

allocstack() {
	under allocstack "$load block:3,40" && [ "$(value '@pages[trace_load]')" = 320 ] &&
		grep -q 'isle_alloc_typed' "$out" && grep -qE '^\]: 40$' "$out"
}

lifetime() {
	under lifetime "$load block:5,10 anon:100" &&
		[ "$(total '@us[5]')" = 10 ] && [ "$(total '@us[0]')" = 100 ]
}

faults() {
	under faults "$load zero:30 anon:40 copy:20 reuse:10" &&
		[ "$(value '@faults[trace_load, zero]')" = 30 ] &&
		[ "$(value '@faults[trace_load, anon]')" = 70 ] &&
		[ "$(value '@faults[trace_load, cow]')" = 20 ] &&
		[ "$(value '@faults[trace_load, reuse]')" = 10 ] &&
		[ "$(total '@ns[cow]')" = 20 ]
}

# More of one and of the other migratetype than there can be pageblocks of it.
fallback() {
	local managed
	managed=$(isle_stat managed)
	under fallback "$load anon:$((managed * 3 / 10))
		$load block:9,$((managed * 3 / 2048))" &&
		[ $(($(value '@claim[') + $(value '@steal['))) -ge 1 ] &&
		grep -qE '^@(claim|steal).(Unmovable, from, Movable|Movable, from, U)' "$out"
}

# This one by way of isle trace, which passes SIGTERM on as the terminal's SIGINT.
pcprate() {
	local tracer tries=0
	"$cli" trace pcprate >"$out" 2>&1 &
	tracer=$!
	while ! grep -q ALLOCS "$out" && [ $((tries++)) -lt 600 ]; do
		sleep 0.2
	done
	"$load" block:0,3000 wait:1200
	kill -TERM $tracer
	wait $tracer || return
	cat "$out"
	awk '
	$1 ~ /^[0-9]+$/ { n += $1; hits += $1 * $6 }
	END { exit !(n >= 3000 && hits / n > 80) }' "$out"
}

oldest() {
	local status
	under oldest "$ISLE alloc -o 4; sleep 0.3; $ISLE alloc -o 1 -n 2; $load block:6,3"
	status=$?
	"$ISLE" free --all
	grep '^@held' "$out" >"$tap_work/held"
	[ $status = 0 ] && [ "$(wc -l <"$tap_work/held")" = 3 ] &&
		[ "$(grep -cE '^@held.isle, [0-9]+, 1, [0-9]+.: -' "$tap_work/held")" = 2 ] &&
		tail -n 1 "$tap_work/held" | grep -q '^@held\[isle, [0-9]*, 4, '
}

cowstorm() {
	under cowstorm "$load copy:300 reuse:50 wait:1200" &&
		[ "$(value '@copies[trace_load, ')" = 300 ] &&
		[ "$(value '@reuses[trace_load, ')" = 50 ] &&
		[ "$(awk '$1 ~ /^[0-9]+$/ { n += $2 } END { print n }' "$out")" = 300 ]
}

frag() {
	under frag "$load block:10,5 wait:1200" &&
		[ "$(awk '$2 == "large" { n += $3 } END { print n }' "$out")" = 5 ] &&
		[ "$(grep -c '^Node [0-9]*, zone ' "$out")" -ge 1 ]
}

lockhold() {
	local nr
	# Half of what there is: more than per-CPU lists keep.
	nr=$(($(isle_stat managed) / 2 / 16))
	under lockhold "$load block:4,$nr block:4,$nr block:4,$nr" &&
		[ "$(total '@ns[')" -ge 40 ] &&
		[ "$(value '@max[')" -gt 0 ]
}

nomem() {
	under nomem "$ISLE alloc -o 10 -n 100000 2>/dev/null; :" &&
		[ "$(value '@below[isle, ')" -ge 1 ] && grep -q '^@failed\[isle, 10, ' "$out"
}

by_command() {
	"$cli" trace >"$out" && [ "$(wc -l <"$out")" -ge 11 ] &&
		grep -q '^lifetime  *how long do pages live?' "$out" &&
		"$cli" trace --json | json '.scripts[0].name' | grep -q '^alloclat$' &&
		fails_with 1 "no script '../../setup'" "$cli" trace ../../setup
}

# Ended by its own clock, with the status of bpftrace, which is none here. An emulated
# CPU takes a while to start it.
by_time() {
	mkdir -p "$tap_work/bin"
	cat >"$tap_work/bin/bpftrace" <<-'END'
		#!/bin/bash
		trap 'echo "interrupted $1"; exit 3' INT
		while :; do sleep 0.1; done
	END
	chmod +x "$tap_work/bin/bpftrace"
	PATH=$tap_work/bin:$PATH fails_with 3 "scripts/bpftrace/frag.bt" \
		timeout 60 "$cli" trace --time 3 frag
}

# A slow kernel gets all of them at once: compiled, attached and under one load. Maps
# get the names of their scripts; there is one BEGIN and one END.
all_together() {
	local name status
	for name in $names; do
		sed "s/@\([a-z]*\)/@${name}_\1/g" "$repo/scripts/bpftrace/$name.bt"
	done | awk '
	/^(BEGIN|END)$/ { probe = $0; next }
	probe && /^{$/ { next }
	probe && /^}$/ { probe = ""; next }
	probe { body[probe] = body[probe] $0 "\n"; next }
	{ rest = rest $0 "\n" }
	END {
		printf "BEGIN\n{\n%s}\n%sEND\n{\n%s}\n", body["BEGIN"], rest, body["END"]
	}' >"$tap_work/all.bt"
	echo "$load zero:30 anon:40 copy:20 reuse:10 block:3,40 block:8,20 block:10,5 wait:1200
		$ISLE alloc -o 4; $ISLE alloc -o 10 -n 100000; :" >"$tap_work/load"
	timeout -k 5 240 bpftrace "$tap_work/all.bt" -c "/bin/sh $tap_work/load" >"$out" 2>&1
	status=$?
	"$ISLE" free --all
	cat "$out"
	[ $status = 0 ] && ! grep -qE 'ERROR|WARNING|Lost' "$out"
}

all_say_what_was_done() {
	cat "$out"
	[ "$(total '@alloclat_ns[isle_alloc_typed, 3]')" = 40 ] &&
		[ "$(value '@allocstack_pages[trace_load]')" = 10650 ] &&
		grep -q 'isle_alloc_typed' "$out" && grep -qE '^\]: 65$' "$out" &&
		[ "$(value '@cowstorm_copies[trace_load, ')" = 20 ] &&
		[ "$(value '@cowstorm_reuses[trace_load, ')" = 10 ] &&
		[ "$(value '@faults_faults[trace_load, zero]')" = 30 ] &&
		[ "$(value '@faults_faults[trace_load, anon]')" = 70 ] &&
		[ "$(value '@faults_faults[trace_load, cow]')" = 20 ] &&
		[ "$(value '@faults_faults[trace_load, reuse]')" = 10 ] &&
		[ "$(total '@faults_ns[cow]')" = 20 ] &&
		[ $(($(value '@fallback_claim[') + $(value '@fallback_steal['))) -ge 1 ] &&
		[ "$(grep -c '^Node [0-9]*, zone ' "$out")" -ge 1 ] &&
		[ "$(total '@lifetime_us[3]')" = 40 ] && [ "$(total '@lifetime_us[8]')" = 20 ] &&
		[ "$(total '@lockhold_ns[')" -ge 40 ] && [ "$(value '@lockhold_max[')" -gt 0 ] &&
		grep -qE '^@oldest_held.isle, [0-9]+, 4, ' "$out" &&
		[ "$(value '@nomem_below[isle, ')" -ge 1 ] &&
		grep -q '^@nomem_failed\[isle, 10, ' "$out"
}

if ! slow_kernel; then
	check "isle trace lists scripts and questions" by_command
	check "isle trace ends a script after a time" by_time
fi
names=$(cd "$repo/scripts/bpftrace" && basename -s .bt -- *.bt | xargs)
why=
command -v bpftrace >/dev/null || why="there is no bpftrace"
[ -n "$why" ] || [ -e /sys/kernel/btf/vmlinux ] || why="this kernel has no BTF"
if [ -z "$why" ] && [ "${ISLE_SHORT:-1}" != 1 ]; then
	check "all scripts at once" all_together
	check "each says what was done" all_say_what_was_done
	check pcprate pcprate
	tap_end
	exit
fi
for name in $names; do
	if [ -n "$why" ]; then
		skip "$name" "$why"
	else
		start=$SECONDS
		check "$name" "$name"
		note "took $((SECONDS - start)) s"
		# What the module of alloclat's load makes isle say.
		grep 'kernel log: ' "$out"
	fi
done
tap_end
