#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Real programs with their heaps on isle: they do what they do elsewhere.
#
# Runs as: root
# Time: 600
#
# Needs a region of 512 MB: the plan "programs" of tools/selftests/plans has one.

set -u
. "$(dirname "$0")/tap.sh"

# The repository's own folder may be on a file system that reads into the
# caller's pages, which isle's private memory does not take.
cd "$tap_work" || exit

# on_isle COMMAND...: with the counters left in a file
on_isle() { "$ISLE" run --stats="$tap_work/stats" --json "$@"; }

# mostly_on_isle PROGRAM MEGABYTES: its heap peaked there at least, with 90 % of
# it on isle
mostly_on_isle() {
	"$ISLE_PYTHON" - "$1" "$2" "$tap_work/stats" <<-'END'
		import json, sys
		name, least, file = sys.argv[1], int(sys.argv[2]) << 20, sys.argv[3]
		found = [p for p in json.load(open(file))["programs"] if p["program"] == name]
		largest = max(found, key=lambda p: p["peak_bytes"])
		print("# %s: peak %.1f MB, %.1f %% on isle, %d faults, %d copies" % (name,
		      largest["peak_bytes"] / 2**20,
		      100 * largest["isle_bytes"] / largest["peak_bytes"],
		      largest["faults_anon"], largest["faults_cow"]))
		sys.exit(largest["peak_bytes"] < least or
		         largest["isle_bytes"] < 0.9 * largest["peak_bytes"])
	END
}

# timed COMMAND...: how long it took is a note
timed() {
	local start=$SECONDS status=0 line="$*"
	"$@" || status=$?
	echo "# $((SECONDS - start)) s: ${line:0:60}" >&3
	return $status
}

ISLE_PYTHON=python3
exec 3>&1

python_tests() {
	timed on_isle python3 -m test "$@" || return
	mostly_on_isle python3 8 >&3
}

sqlite_script() {
	cat <<-END
		create table t (a integer primary key, b int, c text);
		with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000)
			insert into t select i, i * 7919 % 200003, 'row ' || i from n;
		create index tb on t (b);
		select count(*), sum(a), sum(b), sum(length(c)) from t;
		select count(*) from t where b between 1000 and 50000;
		select sum(a * b) from t;
		pragma integrity_check;
	END
}

# What the rows above come to, by arithmetic.
sqlite_answer() {
	printf '%s\n' '200000|20000100000|20000123754|1888895' 49001 2000149342950523 ok
}

sqlite() {
	sqlite_script >script
	sqlite_answer >wanted
	timed on_isle sqlite3 :memory: <script >got || return
	cmp wanted got && mostly_on_isle sqlite3 8 >&3
}

# redis SOCKET OPTION...: leaves the server's pid in $server
start_redis() {
	"$@" --port 0 --unixsocket "$tap_work/redis" --save '' --enable-debug-command local \
		--dir "$tap_work" --logfile "$tap_work/redis.log" &
	server=$!
	for _ in {1..200}; do
		! redis ping >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	cat "$tap_work/redis.log"
	return 1
}

redis() { redis-cli -s "$tap_work/redis" "$@"; }

stop_redis() {
	redis shutdown nosave
	wait "$server"
}

saved() {
	redis bgsave || return
	for _ in {1..300}; do
		! redis info persistence | grep -q 'rdb_bgsave_in_progress:0' || break
		sleep 0.1
	done
	redis info persistence | grep 'rdb_last_bgsave_status:ok'
}

load_redis() {
	timed redis-benchmark -s "$tap_work/redis" -r 20000 -d 100 -q -P 16 "$@"
}

# The server's program is in redis-tools by another name.
redis_server() {
	local digest
	ln -sf "$(command -v redis-check-rdb)" redis-server
	start_redis on_isle ./redis-server || return
	load_redis -t set,lpush -n 20000 && saved && load_redis -t set -n 5000 && saved || return
	digest=$(redis debug digest) || return
	echo "$digest"
	stop_redis || return
	mostly_on_isle redis-server 4 >&3 || return
	start_redis ./redis-server || return
	[ "$(redis debug digest)" = "$digest" ] && [ "${#digest}" = 40 ] && stop_redis
}

c_file() {
	awk 'BEGIN {
		n = 120
		print "#include <stdio.h>\n#include <string.h>"
		for (i = 0; i < n; i++) {
			printf "static int f%d(int a, const char *s)\n{\n", i
			printf "\tint i, sum = %d;\n\tfor (i = 0; i < a; i++)\n", i
			printf "\t\tsum = sum * %d + (s[i %% %d] ^ (i >> %d));\n",
				2 * i + 1, i % 7 + 1, i % 5
			printf "\tif (sum %% %d == %d)\n", i + 3, i % 3
			printf "\t\tsum += (int)strlen(s) * a;\n"
			print "\treturn sum;\n}"
		}
		print "int main(int argc, char **argv)\n{\n\tint sum = 0;"
		for (i = 0; i < n; i++)
			printf "\tsum += f%d(argc + %d, argv[0]);\n", i, i
		print "\tprintf(\"%d\\n\", sum);\n\treturn 0;\n}"
	}'
}

gcc_compiles() {
	c_file >file.c
	timed gcc -O2 -c -o ordinary.o file.c || return
	timed on_isle gcc -O2 -c -o isle.o file.c || return
	cmp ordinary.o isle.o && mostly_on_isle cc1 16 >&3
}

thirty_megabytes() {
	awk 'BEGIN { srand(1); while (n < 30 * 2^20) {
		line = sprintf("%d %d %s", 1e9 * rand(), 1e9 * rand(), "............")
		n += length(line) + 1
		print line
	} }'
}

sorts() {
	thirty_megabytes >lines
	export LC_ALL=C
	timed sort lines >ordinary || return
	timed on_isle sort lines >isle || return
	cmp ordinary isle && mostly_on_isle sort 30 >&3
}

if [ "$(isle_stat managed)" -lt 100000 ]; then
	for program in python3 sqlite3 redis-server gcc sort; do
		skip "$program" "needs a region of 512 MB"
	done
	tap_end
	exit
fi
check "python3 passes tests of its own: dict" python_tests test_dict
check "python3 passes tests of its own: list" python_tests test_list
check "python3 passes tests of its own: re" \
	python_tests -i '*test_search_anchor_at_beginning*' test_re
check "python3 passes tests of its own: json" python_tests -i '*test_tool*' test_json
check "python3 passes tests of its own: mmap" python_tests test_mmap
# A kernel without IP can't have the tests of sendfile(), and no emulated CPU is as
# punctual as those of timerfd and utime() want it, or that of anchors in test_re.
check "python3 passes tests of its own: os" \
	python_tests -i '*TestSendfile*' -i '*Timerfd*' -i '*test_utime_current*' test_os
check "sqlite3 builds and queries 200 000 rows" sqlite
check "redis-server saves under load what can be read back" redis_server
check "gcc makes the same of a large file" gcc_compiles
check "sort sorts 30 MB" sorts
tap_end
