/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Zones: the frames of one kind on one node, their watermarks, and the order
 * in which allocations go through them.
 *
 *      free frames
 *         |      allocations run free
 *   high  +----- 3/2 min
 *   low   +----- 5/4 min   first try stops here, other zones are asked
 *   min   +-----           last try of ordinary callers stops here
 *         |      __GFP_HIGH: down to 1/2 min
 *         |      and if it cannot wait: down to 3/8 min
 *      0  +-----           __GFP_MEMALLOC: all there is
 */
#ifndef _ISLE_ZONE_H
#define _ISLE_ZONE_H

#include "instance.h"

/**
 * isle_zones_create - make an instance's zones, nodes and zonelists
 * @isle: with extents[] set
 * @config: shares, watermarks, the DMA32 limit
 *
 * Return: 0 or -ENOMEM.
 */
int isle_zones_create(struct isle *isle, const struct isle_config *config);

/**
 * isle_zones_destroy - undo isle_zones_create()
 * @isle: the instance; may be half-made
 */
void isle_zones_destroy(struct isle *isle);

/**
 * isle_zone_at - the zone that a frame belongs to, by address
 * @isle: the instance
 * @nid: node of the frame's extent
 * @pfn: the frame
 */
struct isle_zone *isle_zone_at(const struct isle *isle, int nid,
			       unsigned long pfn);

/**
 * isle_zones_set_watermarks - share min_free_kbytes out among the zones
 * @isle: the instance
 * @min_free_kbytes: sum of the min watermarks; 0: 4 * sqrt(managed kilobytes),
 *                   as the kernel's, 128 at least
 *
 * Also computes lowmem_reserve. As setup_per_zone_wmarks(). At most a quarter
 * of what is managed is reserved.
 */
void isle_zones_set_watermarks(struct isle *isle,
			       unsigned long min_free_kbytes);

/**
 * isle_zone_watermark_ok - whether an allocation leaves a zone above a mark
 * @zone: the zone
 * @order: of the allocation
 * @highest: the highest zone that the request could have used
 * @alloc_flags: which mark, and which reserves it may dig into
 *
 * As __zone_watermark_ok(); reads without the lock. Return: true if it may.
 */
bool isle_zone_watermark_ok(const struct isle_zone *zone, unsigned int order,
			    enum isle_zone_type highest,
			    unsigned int alloc_flags);

/**
 * isle_zone_watermark_nr - how many blocks leave a zone above a mark
 * @zone: the zone
 * @order: of each block
 * @highest: the highest zone that the request could have used
 * @alloc_flags: which mark, and which reserves it may dig into
 * @nr: how many are wanted, at least 1
 *
 * Return: 0 to @nr; not 0 where isle_zone_watermark_ok().
 */
unsigned int isle_zone_watermark_nr(const struct isle_zone *zone,
				    unsigned int order,
				    enum isle_zone_type highest,
				    unsigned int alloc_flags, unsigned int nr);

/**
 * isle_zone_name - the kernel's name of a zone type
 * @type: enum isle_zone_type
 */
const char *isle_zone_name(enum isle_zone_type type);

/*
 * Frames above the low mark, for those who need not take more. What is kept
 * from requests that may go to higher zones is kept here from all. CMA's count
 * for requests that may borrow them, HIGHATOMIC's for none.
 */
static inline unsigned long isle_zone_slack(const struct isle_zone *zone,
					    bool cma)
{
	long free = READ_ONCE(zone->nr_free) -
		    READ_ONCE(zone->nr_free_highatomic);
	long low = READ_ONCE(zone->watermark[ISLE_WMARK_LOW]) +
		   READ_ONCE(zone->lowmem_reserve[ISLE_ZONE_TYPES - 1]);

	if (!cma)
		free -= READ_ONCE(zone->nr_free_cma);
	return max(free - low, 0L);
}

#endif /* _ISLE_ZONE_H */
