#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A driver that knows nothing of isle, on isle: the kernel's own RAM disk, built
# with -include isle/replace.h (scripts/brd-module), holds an ext4.
#
# Runs as: root
# Time: 600

set -u
. "$(dirname "$0")/tap.sh"

disk=/dev/ram0 size_kb=49152
mount_point=$tap_work/mnt
# A real tree of files, and whatever programs are at hand.
headers=/usr/include/linux
[ "${ISLE_SHORT:-1}" = 1 ] || headers=/usr/include/linux/netfilter
tree=("$headers" /usr/bin/bash /lib/x86_64-linux-gnu/libc.so.6)
slow_kernel || tree+=(/usr/bin/perl)

frames_out() { echo $(($(isle_stat managed) - $(free_pages))); }

sums() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum); }

copy_tree() {
	local file
	mkdir "$mount_point/tree" "$tap_work/original" || return
	for file in "${tree[@]}"; do
		[ ! -e "$file" ] || cp -rL "$file" "$tap_work/original/" || return
	done
	sums "$tap_work/original" >"$tap_work/sums.original"
	cp -r "$tap_work/original/." "$mount_point/tree/"
}

pages_of_tree() { du -sk "$tap_work/original" | awk '{ print int($1 / 4) }'; }

same_sums() {
	sums "$mount_point/tree" >"$tap_work/sums.copy"
	[ -s "$tap_work/sums.copy" ] && cmp "$tap_work/sums.original" "$tap_work/sums.copy"
}

frames_out_are() {
	local try
	for try in {1..30}; do
		[ "$(frames_out)" != "$1" ] || return 0
		sleep 0.1
	done
	echo "$(frames_out) frames are out instead of $1, after $try tries"
	return 1
}

more_frames_out_than() {
	echo "$(frames_out) frames are out, $1 were before"
	[ "$(frames_out)" -gt $(($1 + $2)) ]
}

drop_caches() { sync && echo 3 >/proc/sys/vm/drop_caches; }

discards() {
	blkdiscard "$disk" && frames_out_are "$before"
}

# A file system made and used with other block sizes, after a discard.
second_file_system() {
	mkfs.ext4 -q -b 1024 -O ^has_journal "$disk" &&
		mount "$disk" "$mount_point" &&
		cp "$tap_work/original/bash" "$mount_point/" &&
		umount "$mount_point" && drop_caches &&
		mount -o ro "$disk" "$mount_point" &&
		cmp "$tap_work/original/bash" "$mount_point/bash" &&
		umount "$mount_point" && fsck.ext4 -fn "$disk"
}

[ -e "$ISLE_BUILD/brd/brd.ko" ] ||
	bail_out "there is no $ISLE_BUILD/brd/brd.ko; run: scripts/brd-module"
mkdir "$mount_point"
modprobe ext4 2>/dev/null
before=$(frames_out)

check "the RAM disk loads" insmod "$ISLE_BUILD/brd/brd.ko" rd_nr=1 rd_size=$size_kb
udevadm settle 2>/dev/null
[ -b "$disk" ] || mknod "$disk" b 1 0
check "an ext4 is made on it" mkfs.ext4 -q "$disk"
check "it mounts" mount "$disk" "$mount_point"
check "a tree of files is copied in" copy_tree
sync
check "its pages are isle's" more_frames_out_than "$before" "$(pages_of_tree)"
check "their SHA-256 sums are equal" same_sums
check "it unmounts" umount "$mount_point"
drop_caches
check "fsck finds it clean" fsck.ext4 -fn "$disk"
check "it mounts again, read from the disk alone" mount -o ro "$disk" "$mount_point"
check "the sums are equal still" same_sums
check "it unmounts again" umount "$mount_point"
if [ "$(cat "/sys/block/${disk##*/}/queue/discard_max_bytes")" = 0 ]; then
	skip "blkdiscard gives every frame back" "this kernel's brd takes no discards"
else
	check "blkdiscard gives every frame back" discards
fi
slow_kernel || check "a second file system is as good" second_file_system
check "the RAM disk unloads" rmmod brd
check "every frame is back" frames_out_are "$before"
tap_end
