# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# kmemleak, on the kernels that have it. Sourced, not run.

kmemleak=/sys/kernel/debug/kmemleak

# From now on it scans when it is asked to, and forgets what there was. (By itself it scans
# a minute after the start and every ten, which takes an emulated CPU many seconds.)
watch_memory_leaks() {
	[ -w $kmemleak ] || return 0
	echo scan=off >$kmemleak && echo clear >$kmemleak
}

# What it reports is at least five seconds old, found by two scans.
no_memory_leaks() {
	echo scan >$kmemleak && sleep 6 && echo scan >$kmemleak || return
	head -n 60 $kmemleak
	! grep -q 'unreferenced object' $kmemleak
}
