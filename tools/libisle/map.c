// SPDX-License-Identifier: GPL-2.0
/* Mappings, and giving their memory back: see libisle.h. */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libisle.h"

static void *map(int fd, size_t length, int prot, int flags, uint64_t offset)
{
	void *p;

	p = mmap(NULL, length, prot, flags | MAP_NORESERVE, fd, (off_t)offset);
	return p == MAP_FAILED ? NULL : p;
}

void *isle_map_private(int fd, size_t length)
{
	return map(fd, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
}

void *isle_map_shared(int fd, size_t length, uint64_t offset)
{
	return map(fd, length, PROT_READ | PROT_WRITE, MAP_SHARED, offset);
}

void *isle_map_file(int fd, size_t length, uint64_t offset, int prot,
		    int flags)
{
	if (flags != MAP_SHARED && flags != MAP_PRIVATE) {
		errno = EINVAL;
		return NULL;
	}
	return map(fd, length, prot, flags, offset);
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

static int advise(int fd, void *start, size_t length, uint32_t advice)
{
	return range_ioctl(fd, ISLE_IOC_ADVISE, (uintptr_t)start, length,
			   ISLE_RANGE_ADDRESS, advice);
}

int isle_populate(int fd, void *start, size_t length, int write)
{
	return range_ioctl(fd, ISLE_IOC_POPULATE, (uintptr_t)start, length,
			   ISLE_RANGE_ADDRESS, write ? ISLE_POPULATE_WRITE :
						       ISLE_POPULATE_READ);
}

int isle_get_residency(int fd, const void *start, size_t length,
		       unsigned char *vector)
{
	struct isle_residency ask = {
		.start	= (uintptr_t)start,
		.length	= length,
		.vector	= (uintptr_t)vector,
		.flags	= ISLE_RANGE_ADDRESS,
	};

	return ioctl(fd, ISLE_IOC_RESIDENCY, &ask);
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
		return advise(fd, start, length, ISLE_ADVISE_DONTNEED);
	case ISLE_ADVICE_WILLNEED:
		return advise(fd, start, length, ISLE_ADVISE_WILLNEED);
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
