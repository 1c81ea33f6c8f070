#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# debugfs isle/: what the files say is what the isle command says, and moves with
# what is allocated.
#
# Runs as: root

set -u
repo=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$repo/tools/selftests/tap.sh"

export XDG_RUNTIME_DIR=$tap_work
files=/sys/kernel/debug/isle
load=$tap_work/trace_load

install -m 755 "$repo/build/tools/selftests/trace_load" "$load"

is() {
	[ "$1" = "$2" ] && return
	echo "'$1' instead of '$2'"
	return 1
}

line_of() { awk -v name="$1" '$1 == name { print $2 }' $files/vmstat; }

all_files=(buddyinfo pagetypeinfo zoneinfo vmstat pcp frames)

root_only() (
	cd $files || return
	for mode in $(stat -c %a-%u "${all_files[@]}"); do
		[ "$mode" = 400-0 ] || [ "$mode" = 600-0 ] || return
	done
	# shellcheck disable=SC2016
	setpriv --reuid nobody --regid nogroup --clear-groups -- \
		sh -c 'for file; do ! true <"$file" || exit 1; done' - "${all_files[@]}" || return
	cat "${all_files[@]}" >/dev/null
)

# Like the kernel's own file but for the numbers, word by word.
looks_like() {
	sed -E 's/[0-9]+/N/g; s/zone +[A-Za-z0-9]+/zone Z/; s/ +/ /g' "$1" | sort -u
}

buddyinfo_format() { is "$(looks_like $files/buddyinfo)" "$(looks_like /proc/buddyinfo)"; }

pages_in_buddyinfo() {
	awk '
	{ for (i = 5; i <= NF; i++) pages += $i * 2 ^ (i - 5) }
	END { print pages }' $files/buddyinfo
}

buddyinfo_counts() {
	local isolated
	isolated=$(awk '$1 == "nr_isolated" { n += $2 } END { print n }' $files/zoneinfo)
	is "$(pages_in_buddyinfo)" $(($(isle_stat free) + isolated))
}

# What was freed is on per-CPU lists, or the zone's.
pages_in_pcp() {
	awk '
	$1 ~ /^[0-9]+$/ { pages += $3 * 2 ^ $1 }
	END { print pages + 0 }' $files/pcp
}

buddyinfo_moves() {
	local before both
	before=$(pages_in_buddyinfo)
	both=$((before + $(pages_in_pcp)))
	"$ISLE" alloc -o 8 -n 24 >/dev/null || return
	is $(($(pages_in_buddyinfo) + $(pages_in_pcp))) $((both - 6144)) || return
	[ "$(pages_in_buddyinfo)" -lt "$before" ] || return
	"$ISLE" free --all
	is $(($(pages_in_buddyinfo) + $(pages_in_pcp))) "$both"
}

pagetypeinfo_format() {
	local zone='^Node +[0-9]+, zone +[A-Za-z0-9]+'
	is "$(grep -E '^(Page|Free)' $files/pagetypeinfo | sort -u)" \
		"$(grep -E '^(Page|Free)' /proc/pagetypeinfo | sort -u)" &&
		grep -qE "$zone, type +Unmovable( +[0-9]+){11} \$" $files/pagetypeinfo &&
		grep -qE '^Number of blocks type +Unmovable +Movable' $files/pagetypeinfo &&
		grep -qE "$zone( +[0-9]+){6} \$" $files/pagetypeinfo
}

pagetypeinfo_counts() {
	awk '
	/, type/ { for (i = 7; i <= NF; i++) pages += $i * 2 ^ (i - 7) }
	/^Page block/ { blocks = 0 }
	/^Number of blocks/ { blocks = 1; next }
	blocks && /^Node/ { for (i = 5; i <= NF; i++) sum += $i }
	END { print pages, sum }' $files/pagetypeinfo >"$tap_work/counts"
	read -r pages blocks <"$tap_work/counts"
	managed=$(isle_stat managed)
	is "$pages" "$(pages_in_buddyinfo)" && [ $((blocks * 512)) -ge "$managed" ] &&
		[ $((blocks * 512)) -lt $((managed + 2048)) ]
}

# A pageblock's worth of unmovable memory makes pageblocks unmovable.
pagetypeinfo_moves() {
	local before after
	unmovable() {
		awk '
		/^Page block/ { n = 0 }
		/^Number/ { n = 1; next }
		n { sum += $5 }
		END { print sum }' $files/pagetypeinfo
	}
	before=$(unmovable)
	"$ISLE" alloc -o 9 -n 12 >/dev/null || return
	after=$(unmovable)
	"$ISLE" free --all
	[ "$after" -ge 12 ] && [ "$after" -ge "$before" ]
}

# What a script that reads /proc/zoneinfo would look for.
zone_lines() { awk '
	$1 == "Node" { print; next }
	$1 == "pages" && $2 == "free" { print "free"; next }
	/^  pagesets$/ || /^    cpu: [0-9]+$/ { print $1; next }
	/^        (boost|min|low|high|spanned|present|managed|cma) +[0-9]+$/ { print $1; next }
	/^        protection: \([0-9]+(, [0-9]+)*\)$/ { print $1; next }
	/^              (count|high|batch): +[0-9]+$/ { print $1; next }
	/^  start_pfn: +[0-9]+$/ { print $1 }' "$1" | sed -E 's/^Node.*/Node/' | sort -u | xargs; }

zoneinfo_format() { is "$(zone_lines $files/zoneinfo)" "$(zone_lines /proc/zoneinfo)"; }

sum_of() {
	awk -v name="$1" '
	$1 == name && $2 ~ /^[0-9]+$/ { n += $2 }
	END { print n }' $files/zoneinfo
}

min_of_info() { "$ISLE" info --json | awk '$1 == "\"min\":" { n += $2 } END { print n }'; }

zoneinfo_counts() {
	is "$(sum_of managed)" "$(isle_stat managed)" &&
		is "$(sum_of present)" "$(isle_stat present)" &&
		is "$(sum_of nr_free_pages)" "$(isle_stat free)" &&
		is "$(sum_of count:)" "$(isle_stat pcp)" && is "$(sum_of min)" "$(min_of_info)"
}

vmstat_counts() {
	local pair
	for pair in nr_free_pages:free nr_managed:managed nr_pcp:pcp alloc_blocks:allocs \
		free_blocks:frees pcp_refill:refills fault_anon:faults_anon; do
		is "$(line_of "${pair%:*}")" "$(isle_stat "${pair#*:}")" || return
	done
}

vmstat_moves() {
	local allocs frees faults
	allocs=$(line_of alloc_blocks)
	frees=$(line_of free_blocks)
	faults=$(line_of fault_anon)
	"$load" block:4,7 block:10,2 anon:100 || return
	is $(($(line_of alloc_blocks) - allocs)) 109 &&
		is $(($(line_of free_blocks) - frees)) 109 &&
		is $(($(line_of fault_anon) - faults)) 100
}

pcp_counts() {
	local pages
	pages=$(pages_in_pcp)
	is "$pages" "$(isle_stat pcp)" && [ "$pages" -gt 0 ]
}

# frames REQUEST: what the file shows of a range
frames() {
	exec 3<>$files/frames || return
	echo "$1" >&3 || return
	cat <&3
	exec 3<&-
}

frames_of_block() {
	local address pfn
	address=$(json_value physical "$ISLE" alloc -o 5 --json)
	pfn=$(printf '0x%x' $((address / 4096)))
	frames "$pfn 32" | tee "$tap_work/frames"
	is "$(wc -l <"$tap_work/frames")" 1 || return
	grep -qE "^pfn=$pfn order=5 state=allocated type=Unmovable node=[0-9]+ zone=[A-Za-z0-9]+$(
	) refs=1 flags=user\$" "$tap_work/frames" || return
	is "$(frames $((address / 4096 + 31)))" "$(cat "$tap_work/frames")" || return
	"$ISLE" free --all
	! frames "$pfn" | grep -q state=allocated
}

frames_add_up() {
	awk '{
		sub("order=", "", $2)
		all += 2 ^ $2
		sub("state=", "", $3)
		of[$3] += 2 ^ $2
	}
	END { print all, of["free"], of["pcp"] + 0 }' $files/frames >"$tap_work/frames"
	read -r all free pcp <"$tap_work/frames"
	is "$all" "$(isle_stat managed)" && is "$free" "$(isle_stat free)" &&
		is "$pcp" "$(isle_stat pcp)"
}

ask() { echo "$1" >$files/frames; }

frames_refuses() {
	local request none="No such device or address"
	for request in nonsense '' '1 0' '1 2 3' -1 "1$(printf '%70d' 2)" 0x10000000000000000; do
		fails_with 1 "Invalid argument" ask "$request" || return
	done
	fails_with 1 "$none" ask 0 && fails_with 1 "$none" ask '0x1 0xffffffffffff'
}

small_reads() {
	local pfn status
	pfn=$(head -n 1 $files/frames | sed 's/pfn=\([^ ]*\) .*/\1/')
	is "$(dd if=$files/zoneinfo bs=61 2>/dev/null | wc -l)" "$(wc -l <$files/zoneinfo)" ||
		return
	exec 3<>$files/frames || return
	echo "$pfn 1" >&3
	dd bs=7 count=2 <&3 >/dev/null 2>&1
	echo "$pfn 1" >&3
	is "$(dd bs=7 <&3 2>/dev/null)" "$(head -n 1 $files/frames)"
	status=$?
	exec 3<&-
	return $status
}

read_all() {
	local times=$1 file
	while [ $((times--)) -gt 0 ]; do
		for file in "${all_files[@]}"; do
			cat $files/"$file" >/dev/null || echo "$file"
		done
	done
}

# Readers and writers at once; lockdep, KASAN and the counters watch.
while_it_moves() {
	local reader
	read_all $((ISLE_SHORT > 1 ? 2 : 6)) >"$tap_work/readers" &
	reader=$!
	while kill -0 $reader 2>/dev/null; do
		"$load" anon:200 block:0,300 copy:20 block:9,2 || return
	done
	wait $reader
	[ ! -s "$tap_work/readers" ]
}

stays_while_open() {
	exec 3<$files/buddyinfo || return
	! rmmod isle 2>"$tap_work/said" || return
	[ -d $files ] && cat <&3 >/dev/null
	exec 3<&-
}

check "the files are root's alone" root_only
check "buddyinfo looks like /proc/buddyinfo" buddyinfo_format
check "buddyinfo counts what is free" buddyinfo_counts
check "buddyinfo moves with what is allocated" buddyinfo_moves
check "pagetypeinfo looks like /proc/pagetypeinfo" pagetypeinfo_format
check "pagetypeinfo counts what is free, and all pageblocks" pagetypeinfo_counts
check "pagetypeinfo shows whose pageblocks are" pagetypeinfo_moves
check "zoneinfo has the lines of /proc/zoneinfo" zoneinfo_format
check "zoneinfo says what the isle command says" zoneinfo_counts
check "vmstat says what the isle command says" vmstat_counts
check "vmstat counts each block and each fault" vmstat_moves
check "pcp adds up" pcp_counts
check "frames shows a block where it is" frames_of_block
check "all frames add up" frames_add_up
check "frames refuses what is no range of isle's" frames_refuses
check "reading in small pieces" small_reads
check "reading while others allocate" while_it_moves
check "the module stays while a file is open" stays_while_open
tap_end
