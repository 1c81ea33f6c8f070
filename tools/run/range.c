// SPDX-License-Identifier: GPL-2.0
/*
 * Who mapped what: see run.h.
 *
 * A sorted array without gaps between equals. It lives in address space of its
 * own, reserved once and filled by the kernel as it grows, so that it never
 * moves and needs no malloc().
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "run.h"

/* The kernel allows a process 65530 mappings unless told otherwise. */
enum { MAX_RANGES = 1 << 20 };

static struct range *ranges;
static size_t nr_ranges;

static bool have_room(void)
{
	void *p;

	if (ranges)
		return nr_ranges < MAX_RANGES - 2;
	p = sys_mmap(NULL, MAX_RANGES * sizeof(*ranges), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return false;
	ranges = p;
	return true;
}

/* The index of the first range that ends after @address. */
static size_t first_after(uintptr_t address)
{
	size_t low = 0, high = nr_ranges;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

const struct range *range_find(uintptr_t address)
{
	size_t i = first_after(address);

	return i < nr_ranges ? &ranges[i] : NULL;
}

bool range_on_isle(uintptr_t start, uintptr_t end)
{
	const struct range *range = range_find(start);

	/* Equals that touch are one. */
	return range && range->kind == RUN_ON_ISLE && range->start <= start &&
	       range->end >= end;
}

static void insert(size_t i, uintptr_t start, uintptr_t end,
		   enum run_reason kind)
{
	memmove(ranges + i + 1, ranges + i, (nr_ranges - i) * sizeof(*ranges));
	ranges[i] = (struct range){ start, end, kind };
	nr_ranges++;
}

static void erase(size_t i, size_t nr)
{
	memmove(ranges + i, ranges + i + nr,
		(nr_ranges - i - nr) * sizeof(*ranges));
	nr_ranges -= nr;
}

void range_clear(uintptr_t start, uintptr_t end)
{
	size_t i = first_after(start), last;

	if (i < nr_ranges && ranges[i].start < start && have_room()) {
		insert(i, ranges[i].start, start, ranges[i].kind);
		ranges[++i].start = start;
	}
	for (last = i; last < nr_ranges && ranges[last].end <= end; last++)
		count_mapped(ranges[last].kind,
			     ranges[last].start - ranges[last].end);
	erase(i, last - i);
	if (i < nr_ranges && ranges[i].start < end) {
		count_mapped(ranges[i].kind, ranges[i].start - end);
		ranges[i].start = end;
	}
}

void range_set(uintptr_t start, uintptr_t end, enum run_reason kind)
{
	size_t i;

	range_clear(start, end);
	if (!have_room())
		return;
	count_mapped(kind, end - start);
	i = first_after(start);
	if (i && ranges[i - 1].end == start && ranges[i - 1].kind == kind)
		ranges[i - 1].end = end;
	else
		insert(i++, start, end, kind);
	if (i < nr_ranges && ranges[i].start == end && ranges[i].kind == kind) {
		ranges[i - 1].end = ranges[i].end;
		erase(i, 1);
	}
}
