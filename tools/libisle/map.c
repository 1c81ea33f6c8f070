// SPDX-License-Identifier: GPL-2.0
/* Mappings, and giving their memory back: see libisle.h. */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libisle.h"

static void *map(int fd, size_t length, int flags, uint64_t offset)
{
	void *p;

	p = mmap(NULL, length, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE,
		 fd, (off_t)offset);
	return p == MAP_FAILED ? NULL : p;
}

void *isle_map_private(int fd, size_t length)
{
	return map(fd, length, MAP_PRIVATE, 0);
}

void *isle_map_shared(int fd, size_t length, uint64_t offset)
{
	return map(fd, length, MAP_SHARED, offset);
}

int isle_unmap(void *start, size_t length)
{
	return munmap(start, length);
}

static int range_ioctl(int fd, unsigned long request, uint64_t start,
		       uint64_t length, uint32_t flags, uint32_t value)
{
	struct isle_range range = {
		.start	= start,
		.length	= length,
		.flags	= flags,
		.value	= value,
	};

	return ioctl(fd, request, &range);
}

int isle_discard(int fd, void *start, size_t length)
{
	return range_ioctl(fd, ISLE_IOC_DISCARD, (uintptr_t)start, length,
			   ISLE_RANGE_ADDRESS, 0);
}

int isle_discard_object(int fd, uint64_t offset, uint64_t length)
{
	return range_ioctl(fd, ISLE_IOC_DISCARD, offset, length, 0, 0);
}

int isle_advise(int fd, void *start, size_t length, enum isle_advice advice)
{
	uint32_t around;

	switch (advice) {
	case ISLE_ADVICE_HUGE:
		return madvise(start, length, MADV_HUGEPAGE);
	case ISLE_ADVICE_SMALL:
		return madvise(start, length, MADV_NOHUGEPAGE);
	case ISLE_ADVICE_DONTNEED:
		return isle_discard(fd, start, length);
	case ISLE_ADVICE_NORMAL:
		around = 0;
		break;
	case ISLE_ADVICE_RANDOM:
		around = sysconf(_SC_PAGESIZE);
		break;
	case ISLE_ADVICE_SEQUENTIAL:
		around = 2 << 20;
		break;
	default:
		errno = EINVAL;
		return -1;
	}
	return range_ioctl(fd, ISLE_IOC_FAULT_AROUND, (uintptr_t)start, length,
			   ISLE_RANGE_ADDRESS, around);
}
