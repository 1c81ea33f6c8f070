// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into a program, asks for huge pages for what it maps in large pieces;
 * so compilers run here. gcc collects its garbage itself, in memory that it maps 2 MB
 * at a time, and knows of no option for this.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LARGE 0x100000

void *mmap(void *address, size_t length, int protection, int flags, int fd,
	   off_t offset)
{
	void *mapped = (void *)syscall(SYS_mmap, address, length, protection,
				       flags, fd, offset);

	if (mapped != MAP_FAILED && (flags & MAP_ANONYMOUS) && length >= LARGE)
		madvise(mapped, length, MADV_HUGEPAGE);
	return mapped;
}
