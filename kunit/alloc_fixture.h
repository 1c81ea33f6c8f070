/* SPDX-License-Identifier: GPL-2.0 */
/* What the suites of src/page_alloc/alloc.c share. */
#ifndef _ISLE_ALLOC_FIXTURE_H
#define _ISLE_ALLOC_FIXTURE_H

#include "instance_fixture.h"
#include "page_alloc/alloc.h"
#include "page_alloc/zone.h"

#define PAGEBLOCK	ISLE_PAGEBLOCK_FRAMES
#define QUIET		__GFP_NOWARN

static inline u32 take(struct isle *isle, gfp_t gfp, unsigned int order)
{
	return isle_alloc_frames(isle, gfp, order, NUMA_NO_NODE);
}

/* Take single frames until there are no more. Return: how many. */
static inline unsigned long take_all(struct isle *isle, gfp_t gfp)
{
	unsigned long nr = 0;

	while (take(isle, gfp | QUIET, 0) != ISLE_NO_FRAME)
		nr++;
	return nr;
}

/* 16 MB each of DMA32, NORMAL and MOVABLE. */
static inline struct isle *three_zones(struct kunit *test,
				       unsigned long min_free_kbytes)
{
	static const struct isle_extent extent = {
		.base_pfn = FIXTURE_4GB - FIXTURE_MB(16), .nr = FIXTURE_MB(48),
	};
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = min_free_kbytes,
		.movable_percent = 34,
		.user_percent = 50,
	};

	return fixture_create(test, &config);
}

static inline enum isle_zone_type zone_of(struct isle *isle, u32 id)
{
	return isle_frame_zone(isle, isle->frames + id)->type;
}

#endif /* _ISLE_ALLOC_FIXTURE_H */
