#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own selftests of memory management (tools/testing/selftests/mm of
# its source), with their anonymous memory on isle: each case ends as
# tools/selftests/mm/expected says it must.
#
# usage: tools/selftests/mm.sh prepare   build them, on the building machine
#        tools/selftests/mm.sh [TEST]... run them in a guest, and compare
#        tools/selftests/mm.sh --show [TEST]...  run them, and show each case
#
# They are compiled from the source of 6.12 as they are, but for one that is
# adapted on the way, and run on that kernel with tools/selftests/mm/shim.c
# preloaded.
#
# Runs as: root
# Time: 600

set -u
here=$(cd "$(dirname "$0")" && pwd -P)
repo=${here%/tools/selftests}
built=$repo/build/mm
kernel=6.12
expected=$here/mm/expected

tests=(
	cow madv_populate map_fixed_noreplace mdwe_test mkdirty mlock2-tests
	mrelease_test mremap_test mseal_test on-fault-limit
)

# Headers that the tests need newer than the machine's may be, without the words
# that only the kernel itself understands.
headers=(
	include/uapi/linux/fs.h include/uapi/linux/mman.h include/uapi/linux/prctl.h
	include/uapi/linux/userfaultfd.h include/uapi/asm-generic/mman.h
	include/uapi/asm-generic/mman-common.h include/uapi/asm-generic/unistd.h
)

take_headers() {
	local file to
	for file in "${headers[@]}"; do
		to=$built/include/${file#include/uapi/}
		mkdir -p "${to%/*}"
		sed -E '/#include <linux\/compiler/d; s/__user *//
			s/__packed/__attribute__((packed))/' "$source/$file" >"$to"
	done
	: >"$built/include/local_config.h"
}

# cow.c: where vmsplice() says EFAULT, its cases wait for ever; and pagemap says of
# page frames that there is nothing.
adapted() {
	case $1 in
	cow)
		sed '/^\t{$/{N;N;N;/vmsplice()/d}; s/pagemap_is_populated(pagemap_fd, /(/' \
			"$folder/cow.c"
		;;
	*) cat "$folder/$1.c" ;;
	esac
}

build_test() {
	adapted "$1" | "${CC:-cc}" -O2 -w -U_FORTIFY_SOURCE -no-pie -D_GNU_SOURCE= \
		-iquote "$folder" -I"$source" -I"$built/include" \
		-I"$source/tools/include/uapi" -o "$built/$1" -x c - \
		"$folder/vm_util.c" "$folder/thp_settings.c" -lpthread -lm
}

prepare() {
	local source folder test stamp builders=() builder
	source=$("$repo/scripts/kernel" source $kernel) || return
	folder=$source/tools/testing/selftests/mm
	stamp=$(sha256sum "$0" "$here/mm/shim.c" "$repo/include/uapi/isle.h") || return
	stamp+=$source
	[ "$(cat "$built/stamp" 2>/dev/null)" != "$stamp" ] || return 0
	rm -rf "$built"
	mkdir -p "$built"
	take_headers || return
	"${CC:-cc}" -O2 -Wall -Wextra -D_GNU_SOURCE -I"$repo/include/uapi" -fPIC -shared \
		-o "$built/shim.so" "$here/mm/shim.c" || return
	for test in "${tests[@]}"; do
		build_test "$test" &
		builders+=($!)
	done
	for builder in "${builders[@]}"; do
		wait "$builder" || return
	done
	echo "$stamp" >"$built/stamp"
}

# run_one TEST: its cases, one a line: RESULT, a tab and a name, which is the part
# of the test that it says it runs and what it says of the case
run_one() {
	local status=0 command=(env "LD_PRELOAD=$work/shim.so" timeout -k 5 100 "./$1")
	# It wants to be no root, and little memory that may be locked.
	[ "$1" != on-fault-limit ] ||
		command=(prlimit --memlock=65536 setpriv --reuid nobody --clear-groups
			"${command[@]}")
	(cd "$work" && "${command[@]}") >"$work/$1.out" 2>&1 || status=$?
	sed 's/^/# /' "$work/$1.out" >&3
	awk -v status=$status '
	sub(/^# \[RUN\] */, "") { part = $0 ": "; next }
	/^(not )?ok [0-9]+/ {
		result = /^not/ ? "fail" : / # SKIP/ ? "skip" : / # XFAIL/ ? "xfail" : "pass"
		sub(/^(not )?ok [0-9]+ *(- )?/, "")
		print result "\t" part $0
	}
	END { print (status == 4 ? "skip" : status ? "fail" : "pass") "\tthe end" }' "$work/$1.out"
}

# compare TEST: for each rule whether it holds, and the cases that have none
compare() {
	awk -F '\t' -v test="$1" -v rules="$expected" '
	BEGIN {
		while ((getline line < rules) > 0) {
			if (line ~ /^#/ || split(line, field, /  +/) < 4 || field[1] != test)
				continue
			want[++nr] = field[2]
			count[nr] = field[3]
			pattern[nr] = field[4]
		}
	}
	{
		for (i = 1; i <= nr && !($1 == want[i] && $2 ~ pattern[i]); i++)
			;
		seen[i]++
		if (i > nr)
			print "# " $1 ": " $2
	}
	END {
		for (i = 1; i <= nr; i++) {
			if (seen[i] != count[i])
				print "# " seen[i] + 0 " cases instead of " count[i]
			print (seen[i] == count[i] ? "ok" : "not ok") "\t" test ": " \
				count[i] " " want[i] ": " pattern[i]
		}
		print (seen[nr + 1] || !nr ? "not ok" : "ok") "\t" test ": nothing else"
	}'
}

run_tests() {
	local test line
	for test in "$@"; do
		if [ -n "$show" ]; then
			run_one "$test" | sed "s/^/$test	/"
			continue
		fi
		while IFS= read -r line; do
			case $line in
			ok*) check "${line#*	}" true ;;
			not*) check "${line#*	}" false ;;
			*) echo "$line" ;;
			esac
		done < <(run_one "$test" | compare "$test")
	done
}

if [ "${1:-}" = prepare ]; then
	prepare
	exit
fi
. "$here/tap.sh"
show=
if [ "${1:-}" = --show ]; then
	show=yes
	shift
fi
if [ "${ISLE_BUILD##*/}" != $kernel ] && [ -z "$show" ]; then
	skip "the kernel's own selftests" "they are those of $kernel"
	tap_end
	exit
fi
[ -e "$built/stamp" ] || bail_out "run tools/selftests/mm.sh prepare first"
[ $# -gt 0 ] || set -- "${tests[@]}"
work=$tap_work
chmod 755 "$work"
chmod 666 /dev/isle
cp "$built/shim.so" "${@/#/$built/}" "$work/"
exec 3>/dev/null
[ -z "$show" ] || exec 3>&2
run_tests "$@"
tap_end
