// SPDX-License-Identifier: GPL-2.0
/* The extents of all regions: one array, sorted by address. */
#include <linux/string.h>

#include "region.h"

static bool can_merge(const struct isle_extent *low,
		      const struct isle_extent *high)
{
	return low->base_pfn + low->nr == high->base_pfn &&
	       low->region == high->region && low->nid == high->nid;
}

/* Make @e and the one after it one, if they are adjacent. */
static void merge_next(struct isle_regions *set, struct isle_extent *e)
{
	struct isle_extent *end = set->extent + set->nr_extents;

	if (e + 1 >= end || !can_merge(e, e + 1))
		return;
	e->nr += e[1].nr;
	memmove(e + 1, e + 2, (end - (e + 2)) * sizeof(*e));
	set->nr_extents--;
}

/* The first extent that ends above @pfn, or one past the last. */
static struct isle_extent *first_above(struct isle_regions *set,
				       unsigned long pfn)
{
	struct isle_extent *e = set->extent;

	while (e < set->extent + set->nr_extents &&
	       e->base_pfn + e->nr <= pfn)
		e++;
	return e;
}

int isle_region_add(struct isle_region *region, unsigned long base_pfn,
		    unsigned long nr, int nid)
{
	struct isle_regions *set = region->set;
	struct isle_extent new = {
		.base_pfn = base_pfn,
		.nr = nr,
		.nid = nid,
		.region = region->index,
	};
	struct isle_extent *end = set->extent + set->nr_extents;
	struct isle_extent *e = first_above(set, base_pfn);

	if (e < end && e->base_pfn < base_pfn + nr)
		return -EEXIST;
	if (e > set->extent && can_merge(e - 1, &new)) {
		e[-1].nr += nr;
		merge_next(set, e - 1);
		return 0;
	}
	if (e < end && can_merge(&new, e)) {
		e->base_pfn = base_pfn;
		e->nr += nr;
		return 0;
	}
	if (set->nr_extents == ISLE_MAX_EXTENTS)
		return -E2BIG;
	memmove(e + 1, e, (end - e) * sizeof(*e));
	*e = new;
	set->nr_extents++;
	return 0;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_region_add);

const struct isle_extent *isle_region_next(const struct isle_region *region,
					   const struct isle_extent *e)
{
	const struct isle_extent *end;

	end = region->set->extent + region->set->nr_extents;
	for (e = e ? e + 1 : region->set->extent; e < end; e++)
		if (e->region == region->index)
			return e;
	return NULL;
}

u64 isle_region_frames(const struct isle_region *region)
{
	const struct isle_extent *e = NULL;
	u64 nr = 0;

	while ((e = isle_region_next(region, e)))
		nr += e->nr;
	return nr;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_region_frames);
