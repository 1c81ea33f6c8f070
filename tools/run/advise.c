// SPDX-License-Identifier: GPL-2.0
/*
 * madvise(): see run.h.
 *
 * What gives memory back is the device's discard, since the kernel does not do
 * it to mappings of page frames. All other advice is the kernel's.
 */
#include <errno.h>
#include <sys/mman.h>

#include "libisle.h"
#include "run.h"

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED	24
#endif

enum { BATCH = 32 };

/*
 * The range is of an opener that the program closed: map the range anew, VMA by
 * VMA, with this one.
 */
static int map_anew(uintptr_t start, uintptr_t end)
{
	struct vma vmas[BATCH];
	int nr, i;

	do {
		nr = sys_vmas(start, end, vmas, BATCH);
		if (nr < 0)
			return -1;
		for (i = 0; i < nr && i < BATCH; i++) {
			start = vmas[i].end;
			if (map_isle((void *)vmas[i].start,
				     vmas[i].end - vmas[i].start, vmas[i].prot,
				     MAP_PRIVATE | MAP_FIXED) == MAP_FAILED)
				return -1;
		}
	} while (nr > BATCH);
	return 0;
}

static int discard(uintptr_t start, uintptr_t end)
{
	if (!isle_discard(device_fd(), (void *)start, end - start))
		return 0;
	if (errno != ENOMEM && errno != EBADF)
		return -1;
	return map_anew(start, end);
}

/* The end of what is of one kind from @start on. */
static uintptr_t end_of_kind(uintptr_t start, uintptr_t end, bool *isle)
{
	const struct range *range = range_find(start);

	*isle = range && range->start <= start && range->kind == RUN_ON_ISLE;
	if (!range || range->start >= end)
		return end;
	if (range->start > start)
		return range->start;
	return range->end < end ? range->end : end;
}

/* As the kernel, go on after a hole and say ENOMEM at the end. */
static int give_back(uintptr_t start, uintptr_t end, int advice)
{
	int hole = 0;

	while (start < end) {
		bool isle;
		uintptr_t next = end_of_kind(start, end, &isle);
		int ret;

		if (isle)
			ret = discard(start, next);
		else
			ret = sys_madvise((void *)start, next - start, advice);
		if (ret && (isle || errno != ENOMEM))
			return ret;
		hole |= ret;
		start = next;
	}
	if (hole)
		errno = ENOMEM;
	return hole;
}

static bool gives_back(int advice)
{
	return advice == MADV_DONTNEED || advice == MADV_FREE ||
	       advice == MADV_DONTNEED_LOCKED;
}

EXPORT int madvise(void *address, size_t length, int advice)
{
	uintptr_t start = (uintptr_t)address, end = start + page_align(length);
	sigset_t old;
	int ret;

	if (!gives_back(advice) || start & (PAGE - 1) || end <= start)
		return sys_madvise(address, length, advice);
	run_lock(&old);
	count_sample();
	ret = give_back(start, end, advice);
	run_unlock(&old);
	return ret;
}
