# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Results of a selftest that is a shell script, in the Test Anything Protocol.
# Sourced, not run; tools/selftests/run sets ISLE (the command) and ISLE_BUILD
# (where the modules are).

tap_number=0 tap_failed=0
tap_work=$(mktemp -d)
trap 'rm -rf "$tap_work"' EXIT

note() { printf '# %s\n' "$@"; }

# check DESCRIPTION COMMAND...: ok if the command succeeds; else its output too
check() {
	local description=$1
	shift
	tap_number=$((tap_number + 1))
	if "$@" >"$tap_work/output" 2>&1; then
		echo "ok $tap_number - $description"
	else
		sed 's/^/# /' "$tap_work/output"
		echo "not ok $tap_number - $description"
		tap_failed=$((tap_failed + 1))
		return 1
	fi
}

skip() {
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1 # SKIP $2"
}

bail_out() {
	echo "Bail out! $*"
	exit 1
}

# The kernel's log will have messages that match this regular expression.
expect_log() { echo "# kernel log: $1"; }

tap_end() {
	echo "1..$tap_number"
	[ $tap_failed = 0 ]
}

# Whether starting a program takes so long that what the kernel has nothing to do with is
# left to the other kernels.
slow_kernel() { [ "${ISLE_SHORT:-1}" -gt 20 ]; }

# json_values NAME COMMAND...: those of that name in the JSON that the command prints, one a
# line. (jq takes a third of a second to start on an emulated CPU.)
json_values() {
	local pattern="\"$1\": \"?([^\",}]*)\"?(.*)" rest
	shift
	rest=$("$@") || return
	while [[ $rest =~ $pattern ]]; do
		echo "${BASH_REMATCH[1]%%[[:space:]]*}"
		rest=${BASH_REMATCH[2]}
	done
}

# json_value NAME COMMAND...: the first of them
json_value() {
	local all
	all=$(json_values "$@") && echo "${all%%$'\n'*}"
}

# isle_stat NAME: a number of isle stat's
isle_stat() { json_value "$1" "$ISLE" stat --json; }

# Pages that are free or will be.
free_pages() {
	local stat
	stat=$("$ISLE" stat --json) || return
	echo $(($(json_value free echo "$stat") + $(json_value pcp echo "$stat") +
		$(json_value quarantine echo "$stat")))
}

# json FILTER: what jq makes of the JSON on standard input, in one line
json() { jq -r -c "$1"; }

# fails_with STATUS TEXT COMMAND...: ends with that status and says that
fails_with() {
	local status=$1 text=$2 got=0 said
	shift 2
	said=$("$@" 2>&1) || got=$?
	printf '%s\n' "$said"
	if [ "$got" != "$status" ]; then
		echo "(status $got instead of $status)"
		return 1
	fi
	[[ $said == *"$text"* ]]
}
