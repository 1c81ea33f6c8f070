#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel API, used by a module of somebody else's: tools/selftests/api/.
#
# Runs as: root
# CPUs: 2

set -u
results=/sys/kernel/debug/isle_api_test/results

insmod "$ISLE_BUILD/api/isle_api_test.ko" || {
	echo "Bail out! the module does not load"
	exit 1
}
cat $results
grep -q '^1\.\.[1-9]' $results && ! grep -q '^not ok' $results
status=$?
rmmod isle_api_test || status=1
exit $status
