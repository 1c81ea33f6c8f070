#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Regions: every provider, every error, and memory that comes back.
#
# usage: tools/selftests/region.sh FOLDER [LOADS]
#
# FOLDER is where isle.ko was built, and region/ beside it. LOADS is how often
# all providers are loaded and unloaded to look for leaks (100). Runs as root in
# a guest, on its own: it loads isle itself, and at the end some of the guest's
# memory is lost, as it should be.
#
# What the kernel's command line offers is tested, the rest skipped:
#
#   cma=64M                     cma
#   reserve_mem=64M:4M:NAME     reserved (6.12 and newer)
#   memmap=64M$ADDRESS          phys
#   numa=fake=2                 @node
#   movablecore=256M            keeping out of ZONE_MOVABLE

set -u
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/kmemleak.sh"

folder=${1:?usage: tools/selftests/region.sh FOLDER [LOADS]}
loads=${2:-100}
repo=$(cd "$(dirname "$0")/../.." && pwd -P)
ISLE=$tap_work/isle
unset ISLE_BUILD

# ---- what this machine has

word_of_cmdline() { tr ' ' '\n' </proc/cmdline | sed -n "s/^$1//p" | head -n 1; }

in_bytes() { echo $((${1%M} << 20)); }

kernel_at_least() { printf '%s\n%s\n' "$1" "$(uname -r)" | sort -VC; }

reserve_mem=$(word_of_cmdline reserve_mem=)
reserved_name=${reserve_mem##*:}
memmap=$(word_of_cmdline memmap=)
phys=
[ -z "$memmap" ] || phys=${memmap#*\$}+${memmap%%\$*}
cma=$(word_of_cmdline cma=)
[ -e /sys/kernel/debug/cma ] || cma=
nodes=$(find /sys/devices/system/node -maxdepth 1 -name 'node[0-9]*' 2>/dev/null | wc -l)

offered=contig:32M
[ -z "$cma" ] || offered+=,cma:16M
[ -z "$reserved_name" ] || ! kernel_at_least 6.12 || offered+=,reserved:$reserved_name
[ -z "$phys" ] || offered+=,phys:$phys
memory_types=/sys/kernel/debug/x86/pat_memtype_list

# ---- loading

# Prints the name of the errno that loading isle ends with, or OK, and then what
# the kernel said.
load_isle() { "$tap_work/load_module" "$tap_work/isle.ko" "$@"; }

mark_log() {
	marker="region.sh: $RANDOM.$RANDOM"
	echo "$marker" >/dev/kmsg
}

# What it said since: printed, and in $said.
since_mark() {
	said=$(dmesg | sed "1,/$marker/d")
	printf '%s\n' "$said"
}

load() {
	load_isle "$@"
}

unload() { rmmod isle; }

# refused ERRNO TEXT PARAMETER...: not loaded, with that error and that message
refused() {
	local error=$1 text=$2 said result
	shift 2
	said=$(load_isle "$@")
	result=${said%%$'\n'*}
	echo "$said"
	[ "$result" != OK ] || rmmod isle
	if [ "$result" != "$error" ]; then
		echo "($result instead of $error)"
		return 1
	fi
	[[ $said == *"$text"* && ! -e /dev/isle ]]
}

check_refused() {
	local error=$1 text=$2
	shift 2
	check "$*: $error, \"$text\"" refused "$error" "$text" "$@"
}

# regions FIELD: of each region, one a line, as isle info says
regions() {
	"$ISLE" info --json |
		sed -n "/\"regions\"/,/\"zones\"/s/.*\"$1\": \([0-9]*\).*/\1/p"
}

# ---- the kernel's memory

# Free memory in kB, with the pages on the kernel's per-CPU lists.
free_kb() {
	awk '
	$1 == "nr_free_pages" || $1 == "count:" { pages += $2 }
	END { print pages * 4 }' /proc/zoneinfo
}

meminfo() { awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo; }

# Free pages in all zones of that name.
zone_free() {
	awk -v zone="$1" '
	/^Node/ { seen = $4 == zone }
	seen && $1 == "pages" && $2 == "free" { sum += $3 }
	END { print sum + 0 }' /proc/zoneinfo
}

# Frees what is only cached.
settle() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	[ ! -w /proc/sys/vm/compact_memory ] || echo 1 >/proc/sys/vm/compact_memory
	sleep 0.2
}

# Pages that CMA areas have handed out.
cma_used() {
	cat /sys/kernel/debug/cma/*/used 2>/dev/null |
		awk '{ sum += $1 } END { print sum + 0 }'
}

# Whether the kernel's page allocator has a page on its free lists.
is_buddy() {
	local flags kpf_buddy=10
	flags=$(dd if=/proc/kpageflags bs=8 skip="$1" count=1 status=none | od -An -tu8)
	[ $((flags >> kpf_buddy & 1)) = 1 ]
}

# ---- tests

# Whatever a failed test left behind must not fail the next.
tidy() {
	local module
	for module in region_pin region_leak isle; do
		[ ! -e /sys/module/$module ] || rmmod $module
	done
}

try() {
	check "$@"
	tidy
}

# provides REGION BYTES: one region of that size, all of it handed out
provides() {
	local region=$1 bytes=$2
	load "region=$region" || return
	"$ISLE" info
	[ "$(regions bytes)" = "$bytes" ] && unload
}

takes_that_much() {
	local before after
	settle
	before=$(free_kb)
	load region=contig:64M || return
	after=$(free_kb)
	unload || return
	echo "free memory went from $before kB to $after kB"
	[ $((before - after)) -gt 60000 ]
}

default_is_auto() {
	local free size
	settle
	free=$(free_kb)
	load || return
	size=$(regions bytes)
	unload
	echo "$size bytes of $free kB free"
	[ $((size % (4 << 20))) = 0 ] && [ "$size" -le $((256 << 20)) ] &&
		[ "$size" -le $((free * 1024 / 8)) ] && [ "$size" -ge $((free * 1024 / 16)) ]
}

all_at_once() {
	local wanted
	wanted=$(tr ',' '\n' <<<"$offered" | wc -l)
	load "region=$offered" || return
	"$ISLE" info
	[ "$(regions bytes | wc -l)" = "$wanted" ] && unload
}

two_of_a_kind() {
	load region=contig:32M,contig:16M || return
	[ $(($(regions bytes | paste -sd+))) = $((48 << 20)) ] && unload
}

on_node() {
	load "region=contig:32M@$1" || return
	[ "$(regions node)" = "$1" ] && unload
}

# loses_nothing COMMAND...: free memory is what it was. It moves by itself too (slabs,
# KASAN's quarantine), now and then by more than $noise; what is lost is lost each time.
loses_nothing() {
	local before after i
	for i in 1 2 3 4 5; do
		settle
		before=$(free_kb)
		"$@" || return
		settle
		after=$(free_kb)
		echo "free memory was $before kB, is $after kB; $noise kB is noise"
		[ $((before - after)) -ge "$noise" ] || return 0
	done
	return 1
}

# The last of several fails: the others are undone.
undoes_the_rest() {
	loses_nothing refused EBUSY 'overlaps System RAM' "region=contig:64M,phys:0x1000000+64M"
}

# contig takes nearly all there is, and CMA can still have all of its own.
keeps_out_of_cma() {
	local size
	size=$((($(meminfo MemAvailable) - $(meminfo MemTotal) / 16) / 1024 - 192))
	size=$((size / 4 * 4))
	echo "contig:${size}M beside cma:$cma"
	load "region=contig:${size}M,cma:$cma" || return
	"$ISLE" info
	unload
}

keeps_out_of_zone_movable() {
	local before during
	settle
	before=$(zone_free Movable)
	load region=contig:256M || return
	during=$(zone_free Movable)
	"$ISLE" info
	unload
	echo "free pages in ZONE_MOVABLE: $before before, $during with contig:256M"
	[ $((before - during)) -lt 8192 ]
}

# A kept page in every second 4 MB block: few ranges are longer than 4 MB.
takes_several_extents() {
	insmod "$folder/region/region_fragment.ko" every=2 leave_mb=96 || return
	load region=contig:160M || return
	"$ISLE" info
	[ "$(regions extents)" -gt 1 ] && unload
}

# What the fragments are too small for, in MB.
three_eighths() { echo $(($(meminfo MemAvailable) * 3 / 8 >> 12 << 2)); }

refuses_too_many_extents() {
	local size
	size=$(three_eighths)
	refused ENOMEM "of $size MB found" "region=contig:${size}M" ||
		refused ENOMEM "too fragmented" "region=contig:${size}M"
}

# A search that finds nothing for a while ends with its task. How long it takes to
# begin and to end depends on the machine.
answers_to_a_signal() {
	local size pid delay
	size=$(three_eighths)
	for delay in 0.1 0.05 0.2 0.4 0.02 0.8; do
		mark_log
		insmod "$tap_work/isle.ko" "region=contig:${size}M" &
		pid=$!
		sleep $delay
		kill -KILL $pid
		wait $pid
		echo "after $delay s insmod ended with status $?"
		since_mark
		[ ! -e /sys/module/isle ] || return
		[[ $said != *interrupted* ]] || return 0
	done
	return 1
}

# is_cached ADDR+SIZE: its memory type is reserved, so whoever maps it gets it cached
is_cached() {
	local start
	start=$(printf '0x%016x' "${1%+*}")
	load "region=phys:$1" || return
	cat "$memory_types"
	grep -q "mem $start-.*write-back" "$memory_types" && unload
}

load_and_unload() {
	local i
	for ((i = 0; i < $1; i++)); do
		load "region=$offered" && unload || return
	done
}

many_loads() {
	load_and_unload 3 && loses_nothing load_and_unload "$loads" &&
		[ "$(cma_used)" = "$cma_before" ]
}

busy_while_open() {
	local status=0
	load region=contig:16M || return
	exec 9<>/dev/isle
	! rmmod isle || status=1
	exec 9>&-
	unload && return $status
}

busy_while_used() {
	local status=0
	load region=contig:16M || return
	insmod "$folder/region/region_leak.ko" || return
	! rmmod isle || status=1
	rmmod region_leak
	unload && return $status
}

leak_parameter() { cat "/sys/module/region_leak/parameters/$1"; }

# pinned REGION: frames are freed, but I/O still has them when isle goes
pinned() {
	local pfns pfn status=0
	load "region=$1" || return
	insmod "$folder/region/region_leak.ko" freed=4 "${2:-nid=0}" || return
	pfns=$(leak_parameter pfns)
	insmod "$folder/region/region_pin.ko" "pfns=$pfns" || return
	rmmod region_leak
	mark_log
	unload || return
	since_mark
	[[ $said == *"4 frames are still pinned"* ]] || status=1
	for pfn in ${pfns//,/ }; do
		! is_buddy "$pfn" || status=1
	done
	rmmod region_pin || status=1
	return $status
}

# The frames went to the kernel with the last put: isle can have them again.
pinned_then_free() {
	pinned "$1" && load "region=$1" && unload
}

# Frames that are out stay out, and their taker is named.
leaked() {
	local pfn pattern status=0
	load "region=$1" || return
	insmod "$folder/region/region_leak.ko" leaked=5 || return
	pfn=$(leak_parameter leaked_pfn)
	mark_log
	rmmod region_leak
	# It may come to the same addresses, and has nothing to do with these pages.
	{ insmod "$folder/region/region_leak.ko" && rmmod region_leak; } || return
	unload || return
	since_mark
	[ "$(grep -c 'goes away' <<<"$said")" = 1 ] || status=1
	for pattern in 'module region_leak goes away, and 5 pages' \
		'unloaded with 5 pages still allocated' \
		'that was take_.* \[region_leak\]' 'that was region_leak_init.* \[region_leak\]' \
		'5 frames are still allocated: lost until reboot'; do
		grep -q "$pattern" <<<"$said" || status=1
	done
	[ "$(grep -c 'order 0, 1 reference(s), taken by' <<<"$said")" = 5 ] || status=1
	! is_buddy "$pfn" || status=1
	return $status
}

cma_keeps_leaked() {
	leaked "$1" || return
	echo "the CMA area has $(cma_used) pages in use"
	[ "$(cma_used)" = $((cma_before + 5)) ]
}

unknown_in_log() {
	local complaints='WARNING:|BUG:|Oops|KASAN|UBSAN|general protection'
	complaints+='|unable to handle|possible (circular|recursive)'
	complaints+='|inconsistent lock|suspicious RCU|sleeping function'
	complaints+='|[Bb]ad page|still in use|blocked for more'
	! dmesg | grep -E "$complaints"
}

[ "$(id -u)" = 0 ] || bail_out "this loads modules: run it as root, in a virtual machine"
[ -e "$folder/isle.ko" ] || bail_out "there is no $folder/isle.ko"
# The guest's / may be a network file system that keeps nothing.
strip -g -o "$tap_work/isle.ko" "$folder/isle.ko" || bail_out "cannot copy isle to $tap_work"
cp "$repo/build/tools/isle" "$repo/build/tools/selftests/load_module" "$tap_work/"
[ ! -e /dev/isle ] || bail_out "isle is loaded already"
watch_memory_leaks || bail_out "kmemleak can't be told what to do"

# Free memory moves by itself, by less than 100 kB where nothing else runs:
# slabs, page tables. A page lost in each of 100 loads is above this.
noise=350
cma_before=$(cma_used)

echo "TAP version 14"
note "offered here: $offered"

try "the default is an eighth of free memory, 256 MB at most" default_is_auto
try "contig provides what is asked for" provides contig:64M $((64 << 20))
try "contig takes it from the kernel's free memory" takes_that_much
if [ -n "$cma" ]; then
	try "cma provides part of the area" provides cma:16M $((16 << 20))
	try "cma provides all of the area" provides "cma:$cma" "$(in_bytes "$cma")"
	check_refused ENOMEM "no such CMA memory" "region=cma:512M"
else
	skip "cma provides memory" "no CMA here; boot with cma=64M"
fi
if ! kernel_at_least 6.12; then
	check_refused EOPNOTSUPP "needs Linux 6.12 or newer" region=reserved:isle
elif [ -n "$reserved_name" ]; then
	try "reserved provides the memory of that name" \
		provides "reserved:$reserved_name" "$(in_bytes "${reserve_mem%%:*}")"
	check_refused EBUSY "in use" "region=reserved:$reserved_name,reserved:$reserved_name"
	check_refused ENOENT "name not found" region=reserved:nothing
else
	skip "reserved provides the memory of that name" "boot with reserve_mem=64M:4M:NAME"
fi
if [ -n "$phys" ]; then
	try "phys provides a hole in memory" provides "phys:$phys" "$(in_bytes "${memmap%%\$*}")"
	check_refused EBUSY "in use" "region=phys:$phys,phys:$phys"
	if [ -e "$memory_types" ]; then
		try "memory of phys is cached" is_cached "$phys"
	else
		skip "memory of phys is cached" "no page attribute table"
	fi
else
	skip "phys provides a hole in memory" "boot with memmap=64M\$ADDRESS"
fi
try "all at once" all_at_once
try "two of one kind" two_of_a_kind

check_refused EINVAL "unknown kind 'bogus'" region=bogus:1
check_refused EINVAL "not a multiple of 4 MB" region=contig:6M
check_refused EINVAL "not a multiple of 8 MB" region=cma:4M
check_refused EINVAL "is not a size" region=contig:lots
check_refused EINVAL "is not ADDR+SIZE" region=phys:64M
check_refused EINVAL "not multiples of 2 MB" region=phys:0x1000+64M
check_refused EINVAL "the name is missing" region=reserved:
check_refused EINVAL "is not a node" region=contig:64M@moon
check_refused ERANGE "the size is too large" region=contig:99999999T
check_refused E2BIG "more than 16 regions" "region=$(printf 'contig:4M,%.0s' {1..16})contig:4M"
check_refused ENOMEM "not enough memory" region=contig:1T
check_refused ENXIO "there is no node 63 with memory" region=contig:4M@63
check_refused EBUSY "overlaps System RAM" region=phys:0x1000000+64M
check_refused ENXIO "no such memory" region=phys:0x80000000+64M
check_refused ENXIO "no such memory" region=phys:0xfd00000000+64M
check_refused EINVAL "movable=101" movable=101
check_refused EINVAL "cma=200" cma=200
check_refused EINVAL "user_max=0" user_max=0
check_refused EINVAL "fault_around_kb=3" fault_around_kb=3
check_refused EINVAL "huge=sometimes" huge=sometimes
check_refused EINVAL "opener_max_mb=" opener_max_mb=18446744073709551615
try "what was taken before an error is given back" undoes_the_rest

if [ "$nodes" -gt 1 ]; then
	try "contig on node 0" on_node 0
	try "contig on node 1" on_node 1
else
	skip "contig on a node" "one node here; boot with numa=fake=2"
fi
if [ -n "$cma" ]; then
	try "contig keeps out of CMA pageblocks" keeps_out_of_cma
else
	skip "contig keeps out of CMA pageblocks" "no CMA here"
fi
if [ "$(zone_free Movable)" -gt 0 ]; then
	try "contig keeps out of ZONE_MOVABLE" keeps_out_of_zone_movable
else
	skip "contig keeps out of ZONE_MOVABLE" "there is none; boot with movablecore=256M"
fi
try "an open /dev/isle keeps the module" busy_while_open
try "a module that uses isle keeps it" busy_while_used
try "$loads loads and unloads leave memory as it was" many_loads

if [ -e "$folder/region/region_fragment.ko" ]; then
	try "contig takes several extents of fragmented memory" takes_several_extents
	try "contig refuses when that would be too many" refuses_too_many_extents
	try "a search ends with a fatal signal" answers_to_a_signal
	rmmod region_fragment
fi

try "contig: pinned frames are left to their pinner" pinned_then_free contig:16M
try "contig: leaked frames are named and never given back" leaked contig:16M
if [ -n "$cma" ]; then
	try "cma: pinned frames are left to their pinner" pinned cma:16M
	cma_before=$(cma_used)
	try "cma: leaked frames stay allocated" cma_keeps_leaked cma:16M
fi
if [[ $offered == *reserved:* ]]; then
	try "reserved: pinned frames are left to their pinner" \
		pinned_then_free "reserved:$reserved_name"
	try "reserved: leaked frames are named" leaked "reserved:$reserved_name"
	check_refused EBUSY "in use" "region=reserved:$reserved_name"
fi
if [ -n "$phys" ]; then
	try "phys: leaked frames are named" leaked "phys:$phys"
	check_refused EBUSY "in use" "region=phys:$phys"
fi
try "the kernel's log has no complaint" unknown_in_log
if [ -w "$kmemleak" ]; then
	try "kmemleak finds nothing" no_memory_leaks
fi
tap_end
