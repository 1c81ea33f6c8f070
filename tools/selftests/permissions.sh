#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Who may open /dev/isle, and what it says without one.
#
# Runs as: root

set -u
. "$(dirname "$0")/tap.sh"

as_nobody() { setpriv --reuid nobody --regid nogroup --clear-groups -- "$@"; }

mode() { stat -c '%a %U %t' /dev/isle | sed 's/ [0-9a-f]*$//'; }

device_is() { [ "$(mode)" = "$1" ] || { mode; false; }; }

without_device() {
	# A namespace with another /dev, where there is none.
	unshare --mount sh -c "mount -t tmpfs tmpfs /dev && $ISLE info"
}

# What root holds while a user asks; and what root is told then.
others_openers() {
	local pid nobody root
	export XDG_RUNTIME_DIR=$tap_work
	pid=$(json_value handle "$ISLE" alloc --json) || return
	pid=${pid%:*}
	nobody=$(as_nobody "$ISLE" top -d 0.1 --json | json '[.openers, .other_openers]')
	root=$("$ISLE" top -d 0.1 --json | json '[.openers[].pid]')
	"$ISLE" free --all
	[ "$nobody" = "[[],1]" ] && [ "$root" = "[$pid]" ] && return
	echo "nobody: $nobody, root: $root, holder: $pid"
	return 1
}

check "the device is root's alone" device_is "600 root"
check "root may open it" "$ISLE" stat
check "nobody may not" fails_with 1 "belongs to root" as_nobody "$ISLE" stat
check "and is told the error's name" fails_with 1 "EACCES" as_nobody "$ISLE" hash /etc/passwd
chmod 0666 /dev/isle
check "after a chmod nobody may" as_nobody "$ISLE" stat
check "and sees nobody else's openers; root does" others_openers
chmod 0600 /dev/isle
check "and then no more" fails_with 1 "EACCES" as_nobody "$ISLE" stat
check "without a device it says how to load it" fails_with 1 "insmod" without_device
tap_end
