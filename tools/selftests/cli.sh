#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The isle command: what it prints, refuses and leaves behind.
#
# Runs as: root nobody

set -u
. "$(dirname "$0")/tap.sh"

export XDG_RUNTIME_DIR=$tap_work
isle=${ISLE:?}
user=$(id -u)
escape=$(printf '\033')
large=$((10000000 / ${ISLE_SHORT:-1}))
[ $large -gt 1000000 ] || large=1000001

is_json() { "$@" >"$tap_work/json" && jq -e . "$tap_work/json" >/dev/null; }

says() {
	local text=$1 said status=0
	shift
	said=$("$@" 2>&1) || status=$?
	printf '%s\n' "$said"
	[ $status = 0 ] && [[ $said == *"$text"* ]]
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
	local help
	help=$("$isle" "$1" --help) && [[ $help == "usage: isle $1 "* ]]
}

blocks_held() {
	local handles
	mapfile -t handles < <(json_values handle "$isle" alloc --list --json)
	echo ${#handles[@]}
}

allocate_and_free() {
	local handle handles before
	before=$(free_pages)
	mapfile -t handles < <(json_values handle "$isle" alloc -o 3 -n 2 --json)
	handle=${handles[1]}
	[ "$(blocks_held)" = 2 ] || return
	[ "$(free_pages)" = $((before - 16)) ] || return
	"$isle" free "$handle" && [ "$(blocks_held)" = 1 ] || return
	"$isle" free "${handle%:*}" && [ "$(blocks_held)" = 0 ] || return
	[ "$(free_pages)" = "$before" ]
}

free_all() {
	"$isle" alloc >/dev/null && "$isle" alloc -n 3 -m movable >/dev/null || return
	[ "$(blocks_held)" = 4 ] || return
	"$isle" free --all && [ "$(blocks_held)" = 0 ] && [ "$(isle_stat openers)" = 1 ]
}

killed_holder() {
	local handle
	handle=$(json_value handle "$isle" alloc --json) || return
	kill -9 "${handle%:*}"
	while kill -0 "${handle%:*}" 2>/dev/null; do sleep 0.1; done
	fails_with 1 "no such block" "$isle" free "$handle" && [ "$(blocks_held)" = 0 ] &&
		[ ! -e "$XDG_RUNTIME_DIR/isle/${handle%:*}" ]
}

physical_addresses() {
	local address
	address=$(json_value physical "$isle" alloc --hold 1 --order 9 --json)
	if [ "$user" = 0 ]; then
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
	managed=$(json_value managed "$isle" info --json)
	[ "$managed" = "$(isle_stat managed)" ]
}

free_lists_add_up() {
	local listed
	listed=$("$isle" buddy --json | json '[.zones[].blocks[] |
		to_entries[] | .value * pow(2; .key)] | add')
	[ "$listed" = "$(isle_stat free)" ]
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

map_adds_up() {
	local told
	told=$("$isle" map --json | json '[.pageblocks | map(.present),
		map(.managed), map(.free), map(.pcp), map(.user) | add]')
	[ "$told" = "$("$isle" stat --json | json '[.present, .managed,
		.free, .pcp, .user]')" ]
}

# As many cells as pageblocks, and nothing that is for terminals only.
map_is_plain() {
	local told
	LC_ALL=C "$isle" map >"$tap_work/map" || return
	told=$(sed -n '1s/^isle map  \([0-9]*\) pageblocks of 2M,.*/\1/p' "$tap_work/map")
	awk -v told="$told" '
	/\033/ { exit 1 }
	$1 ~ /^(0x|#)[0-9a-f]+$/ { cells += length($2) / 2 }
	END { exit cells != told || !told }' "$tap_work/map"
}

map_addresses() {
	local known
	known=$("$isle" map --json | json '[.pageblocks[] | select(.physical != 0)] | length')
	if [ "$user" = 0 ]; then [ "$known" -gt 0 ]; else [ "$known" = 0 ]; fi
}

map_pictures() {
	local blocks
	"$isle" map --svg "$tap_work/map.svg" --png "$tap_work/map.png" || return
	blocks=$("$isle" map --json | json '.pageblocks | length')
	python3 -IS - "$tap_work" "$blocks" <<-'END'
	import struct, sys, xml.etree.ElementTree as tree, zlib
	root = tree.parse(sys.argv[1] + "/map.svg").getroot()
	svg = "{http://www.w3.org/2000/svg}"
	cells = [r for r in root.iter(svg + "rect") if r.find(svg + "title") is not None]
	assert len(cells) == int(sys.argv[2]) > 0 and root.get("viewBox"), len(cells)
	png = open(sys.argv[1] + "/map.png", "rb").read()
	assert png[:8] == b"\x89PNG\r\n\x1a\n"
	at, data = 8, b""
	while at < len(png):
	    length, kind = struct.unpack(">I4s", png[at:at + 8])
	    body = png[at + 8:at + 8 + length]
	    crc, = struct.unpack(">I", png[at + 8 + length:at + 12 + length])
	    assert zlib.crc32(kind + body) == crc
	    if kind == b"IHDR":
	        width, height, depth, colour = struct.unpack(">IIBB", body[:10])
	    data += body if kind == b"IDAT" else b""
	    at += 12 + length
	assert (depth, colour) == (8, 2)
	box = root.get("viewBox").split()
	assert [width, height] == [2 * int(box[2]), 2 * int(box[3])]
	assert len(zlib.decompress(data)) == height * (3 * width + 1)
	END
}

map_watch() {
	"$isle" map -w 0.1 -c 2 >"$tap_work/maps" &&
		[ "$(grep -c '^isle map' "$tap_work/maps")" = 2 ]
}

top_is_plain() {
	"$isle" top --delay 0.1 --count 2 >"$tap_work/top" || return
	[ "$(grep -c '^isle top' "$tap_work/top")" = 2 ] &&
		! grep -q "$escape" "$tap_work/top" &&
		awk 'length > 80 { print "too wide: " $0; exit 1 }' "$tap_work/top"
}

# A process in the background holds 3 blocks of order 2, and has no faults.
top_shows_holder() {
	local pid said
	pid=$(json_value handle "$isle" alloc -o 2 -n 3 --json) || return
	pid=${pid%:*}
	said=$("$isle" top -d 0.1 --json | json "[.openers[] |
		select(.pid == $pid) | .comm, .blocks, .held, .uid]")
	"$isle" free --all
	[ "$said" = "[\"isle-holder\",12,12,$user]" ] || {
		echo "$said"
		return 1
	}
}

# on_terminal TERM KEYS COMMAND: at 80x24; what it wrote there is in $tap_work/screen
on_terminal() {
	local term=$1 keys=$2 command=$3
	printf '%s' "$keys" | env -u NO_COLOR TERM="$term" LC_ALL=C \
		script -qec "stty rows 24 cols 80; $command" /dev/null >"$tap_work/screen"
}

screen_has() {
	local text
	for text; do
		grep -qF -- "$text" "$tap_work/screen" || {
			echo "the screen lacks '$text'"
			cat -v "$tap_work/screen"
			return 1
		}
	done
}

coloured() { grep -q "$escape\\[[0-9;]*3[1-6]m" "$tap_work/screen"; }

# The last line is the 24th.
within_24_lines() {
	grep -q "$escape\\[24[;d]" "$tap_work/screen" &&
		! grep -qE "$escape\\[(2[5-9]|[3-9][0-9])(d|;[0-9]+H)" "$tap_work/screen"
}

top_on_terminal() {
	on_terminal xterm q "$isle top -d 0.2" &&
		screen_has "isle top" Allocator Faults "Free blocks" OPENER "F10 Quit" &&
		coloured && within_24_lines
}

top_black_and_white() {
	on_terminal vt100 tq "$isle top -d 0.2" &&
		screen_has "isle top" "F10 Quit" " Movable" && ! coloured &&
		on_terminal xterm q "NO_COLOR=1 $isle top" && screen_has "isle top" && ! coloured
}

map_on_terminal() {
	on_terminal xterm q "$isle map -w 0.2" &&
		screen_has "isle map" "pageblocks of 2M" && coloured
}

into_closed_pipe() {
	"$isle" info | head -n 1 >/dev/null
	[ "${PIPESTATUS[0]}" != 139 ]
}

full_disk() { fails_with 1 "cannot write" sh -c "$isle stat >/dev/full"; }

# As check, of what neither rights nor the kernel have to do with: root's run is enough,
# on a kernel that is not slow.
same() { [ "$user" != 0 ] || slow_kernel || check "$@"; }

make_files
! slow_kernel || note "a slow kernel: only what depends on the kernel"
check "--help lists the commands" says "free blocks by zone" "$isle" --help
same "no command is an error" fails_with 2 "usage" "$isle"
same "an unknown command is an error" fails_with 2 "no command 'frobnicate'" "$isle" frobnicate
commands=(info buddy stat top map alloc free hash run leaks trace demo)
for command in "${commands[@]}"; do
	same "$command --help" has_help "$command"
	same "$command refuses unknown options" \
		fails_with 2 "usage: isle $command" "$isle" "$command" --frobnicate
done

check "info shows zones" says "Watermarks" "$isle" info
same "info --json" is_json "$isle" info --json
check "info and stat agree" info_and_stat_agree
same "buddy's columns are aligned" aligned "$isle" buddy
same "buddy --json" is_json "$isle" buddy --json
check "the free lists hold what is free" free_lists_add_up
check "stat shows counters" says "quarantine" "$isle" stat
same "stat --json" is_json "$isle" stat --json
same "stat --watch prints a row each time" watch_rows
check "map and stat agree" map_adds_up
same "map, piped: a cell a pageblock" map_is_plain
check "map's addresses are for root alone" map_addresses
same "map --svg and --png: well-formed, of one size" map_pictures
same "map --watch prints map after map" map_watch
same "map on a terminal" map_on_terminal
same "map --svg where there is no folder" fails_with 1 "ENOENT" "$isle" map --svg /none/map.svg
same "map --png on a full disk" fails_with 1 "ENOSPC" "$isle" map --png /dev/full
same "map --count without --watch" fails_with 2 "goes with --watch" "$isle" map --count 2
same "top, piped: plain text of 80 columns" top_is_plain
check "top shows who holds how much" top_shows_holder
same "top on a terminal of 80x24" top_on_terminal
same "top in black and white" top_black_and_white
same "top's delay has bounds" fails_with 1 "is not in 0.1 to 3600 seconds" "$isle" top -d 0
same "a closed pipe is no crash" into_closed_pipe
same "a full disk is an error" full_disk

check "alloc, list, free one, free all of one" allocate_and_free
check "free --all" free_all
check "a holder that was killed leaves nothing" killed_holder
check "physical addresses are for root alone" physical_addresses
check "alloc -- COMMAND ends with its status" while_a_command_runs
same "an order that is too large is refused by name" fails_with 1 "EINVAL" "$isle" alloc --order 11
same "an order that is no number" fails_with 1 "is not a number" "$isle" alloc --order many
same "a migratetype that is none" fails_with 1 "no migratetype" "$isle" alloc -m none
same "a handle that is none" fails_with 1 "is not a handle" "$isle" free x
check "a handle that nobody has" fails_with 1 "no such block" "$isle" free 1:1

same "hash of an empty file" hashes_like "$tap_work/empty"
check "hash of three bytes" hashes_like "$tap_work/abc"
same "hash of a page" hashes_like "$tap_work/page"
check "hash of megabytes" hashes_like "$tap_work/large"
same "hash through a small buffer" hashes_like "$tap_work/large" --buffer 64K
check "hash in shared memory" hashes_like "$tap_work/large" --shared
same "hash of many, in the format of sha256sum" hashes_of_many
same "hash of standard input" hashes_stdin
hash_direct
same "hash --json" is_json "$isle" hash --json "$tap_work/abc" "$tap_work/page"
same "hash of a file that is not there" fails_with 1 "ENOENT" "$isle" hash "$tap_work/none"
same "hash of a folder" fails_with 1 "EISDIR" "$isle" hash "$tap_work"

check "demo: every claim holds" says "every frame of this tour came back" "$isle" demo
same "demo --json" is_json "$isle" demo --json
tap_end
