#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The isle command: what it prints, refuses and leaves behind.
#
# Runs as: root nobody

set -u
. "$(dirname "$0")/tap.sh"

export XDG_RUNTIME_DIR=$tap_work
isle=${ISLE:?}
large=$((10000000 / ${ISLE_SHORT:-1}))
[ $large -gt 1000000 ] || large=1000001

is_json() { "$@" >"$tap_work/json" && python3 -IS -m json.tool "$tap_work/json" >/dev/null; }

says() {
	local text=$1
	shift
	"$@" >"$tap_work/said" 2>&1 || {
		cat "$tap_work/said"
		return 1
	}
	grep -qF -- "$text" "$tap_work/said" || {
		cat "$tap_work/said"
		return 1
	}
}

# Rows of a table are as wide as their headings, to the last column.
aligned() {
	"$@" | awk '
	length == 0 { width = 0; next }
	width && length != width { print "ragged: " $0; bad = 1 }
	{ width = length }
	END { exit bad }'
}

has_help() {
	"$isle" "$1" --help >"$tap_work/help" && grep -q "^usage: isle $1 " "$tap_work/help"
}

blocks_held() { "$isle" alloc --list --json | json 'len(j["blocks"])'; }

free_pages() { "$isle" stat --json | json 'j["free"] + j["pcp"] + j["quarantine"]'; }

openers() { "$isle" stat --json | json 'j["openers"]'; }

allocate_and_free() {
	local handle before
	before=$(free_pages)
	handle=$("$isle" alloc -o 3 -n 2 --json | json 'j["blocks"][1]["handle"]') || return
	[ "$(blocks_held)" = 2 ] || return
	[ "$(free_pages)" = $((before - 16)) ] || return
	"$isle" free "$handle" && [ "$(blocks_held)" = 1 ] || return
	"$isle" free "${handle%:*}" && [ "$(blocks_held)" = 0 ] || return
	[ "$(free_pages)" = "$before" ]
}

free_all() {
	"$isle" alloc >/dev/null && "$isle" alloc -n 3 -m movable >/dev/null || return
	[ "$(blocks_held)" = 4 ] || return
	"$isle" free --all && [ "$(blocks_held)" = 0 ] && [ "$(openers)" = 1 ]
}

killed_holder() {
	local handle
	handle=$("$isle" alloc --json | json 'j["blocks"][0]["handle"]') || return
	kill -9 "${handle%:*}"
	while kill -0 "${handle%:*}" 2>/dev/null; do sleep 0.1; done
	fails_with 1 "no such block" "$isle" free "$handle" && [ "$(blocks_held)" = 0 ] &&
		[ ! -e "$XDG_RUNTIME_DIR/isle/${handle%:*}" ]
}

physical_addresses() {
	local address
	address=$("$isle" alloc --hold 1 --order 9 --json | json 'j["blocks"][0]["physical"]')
	if [ "$(id -u)" = 0 ]; then
		[ "$address" != 0 ] && [ $((address % (2 << 20))) = 0 ]
	else
		[ "$address" = 0 ]
	fi
}

while_a_command_runs() {
	local status=0
	"$isle" alloc --order 5 -- sh -c 'exit 7' || status=$?
	[ "$status" = 7 ]
}

hashes_like() {
	local file=$1
	shift
	[ "$("$isle" hash "$@" "$file")" = "$(sha256sum "$file")" ]
}

info_and_stat_agree() {
	local managed
	managed=$("$isle" info --json | json 'j["managed"]')
	[ "$managed" = "$("$isle" stat --json | json 'j["managed"]')" ]
}

free_lists_add_up() {
	local listed
	listed=$("$isle" buddy --json | json 'sum(blocks << order for zone in j["zones"]
		for by_order in zone["blocks"].values()
		for order, blocks in enumerate(by_order))')
	[ "$listed" = "$("$isle" stat --json | json 'j["free"]')" ]
}

make_files() {
	: >"$tap_work/empty"
	printf abc >"$tap_work/abc"
	head -c 4096 /dev/urandom >"$tap_work/page"
	head -c "$large" /dev/urandom >"$tap_work/large"
	printf x >"$tap_work/new
line and \\"
}

hashes_of_many() {
	(cd "$tap_work" && "$isle" hash empty abc page large new* >sums &&
		sha256sum -c --quiet sums && sha256sum empty abc page large new* | cmp - sums)
}

hashes_stdin() {
	[ "$("$isle" hash - <"$tap_work/large")" = "$(sha256sum - <"$tap_work/large")" ]
}

# tmpfs takes no O_DIRECT on older kernels; the repository's folder may not either.
hash_direct() {
	local name="hash --direct: the disk writes into isle's frames" folder file
	for folder in "$tap_work" /var/tmp .; do
		file=$folder/direct.$$
		cp "$tap_work/large" "$file" 2>/dev/null || continue
		if dd if="$file" of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null; then
			check "$name" hashes_like "$file" --direct
			rm -f "$file"
			return
		fi
		rm -f "$file"
	done
	skip "$name" "no file system here takes O_DIRECT"
}

watch_rows() {
	"$isle" stat --watch 1 --count 2 >"$tap_work/rows" || return
	[ "$(wc -l <"$tap_work/rows")" = 3 ]
}

into_closed_pipe() {
	"$isle" info | head -n 1 >/dev/null
	[ "${PIPESTATUS[0]}" != 139 ]
}

full_disk() { fails_with 1 "cannot write" sh -c "$isle stat >/dev/full"; }

make_files
check "--help lists the commands" says "free blocks by zone" "$isle" --help
check "no command is an error" fails_with 2 "usage" "$isle"
check "an unknown command is an error" fails_with 2 "no command 'frobnicate'" "$isle" frobnicate
# The same for everybody.
[ "$(id -u)" != 0 ] || for command in info buddy stat alloc free hash run leaks trace demo; do
	check "$command --help" has_help $command
	check "$command refuses unknown options" \
		fails_with 2 "usage: isle $command" "$isle" $command --frobnicate
done

check "info shows zones" says "Watermarks" "$isle" info
check "info --json" is_json "$isle" info --json
check "info and stat agree" info_and_stat_agree
check "buddy's columns are aligned" aligned "$isle" buddy
check "buddy --json" is_json "$isle" buddy --json
check "the free lists hold what is free" free_lists_add_up
check "stat shows counters" says "quarantine" "$isle" stat
check "stat --json" is_json "$isle" stat --json
check "stat --watch prints a row each time" watch_rows
check "a closed pipe is no crash" into_closed_pipe
check "a full disk is an error" full_disk

check "alloc, list, free one, free all of one" allocate_and_free
check "free --all" free_all
check "a holder that was killed leaves nothing" killed_holder
check "physical addresses are for root alone" physical_addresses
check "alloc -- COMMAND ends with its status" while_a_command_runs
check "an order that is too large is refused by name" fails_with 1 "EINVAL" "$isle" alloc --order 11
check "an order that is no number" fails_with 1 "is not a number" "$isle" alloc --order many
check "a migratetype that is none" fails_with 1 "no migratetype" "$isle" alloc -m none
check "a handle that is none" fails_with 1 "is not a handle" "$isle" free x
check "a handle that nobody has" fails_with 1 "no such block" "$isle" free 1:1

check "hash of an empty file" hashes_like "$tap_work/empty"
check "hash of three bytes" hashes_like "$tap_work/abc"
check "hash of a page" hashes_like "$tap_work/page"
check "hash of megabytes" hashes_like "$tap_work/large"
check "hash through a small buffer" hashes_like "$tap_work/large" --buffer 64K
check "hash in shared memory" hashes_like "$tap_work/large" --shared
check "hash of many, in the format of sha256sum" hashes_of_many
check "hash of standard input" hashes_stdin
hash_direct
check "hash --json" is_json "$isle" hash --json "$tap_work/abc" "$tap_work/page"
check "hash of a file that is not there" fails_with 1 "ENOENT" "$isle" hash "$tap_work/none"
check "hash of a folder" fails_with 1 "EISDIR" "$isle" hash "$tap_work"

check "demo: every claim holds" says "every frame of this tour came back" "$isle" demo
check "demo --json" is_json "$isle" demo --json
tap_end
