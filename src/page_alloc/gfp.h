/* SPDX-License-Identifier: GPL-2.0 */
/* What gfp flags mean to an allocation: zone, migratetype, reserves. */
#ifndef _ISLE_GFP_H
#define _ISLE_GFP_H

#include "instance.h"

enum isle_alloc_flags {
	ISLE_ALLOC_WMARK_MASK	 = 0x03,	/* enum isle_watermark */
	ISLE_ALLOC_NO_WATERMARKS = 0x04,
	ISLE_ALLOC_MIN_RESERVE	 = 0x08,	/* half of min: __GFP_HIGH */
	ISLE_ALLOC_NON_BLOCK	 = 0x10,	/* another quarter: atomic */
	ISLE_ALLOC_HIGHATOMIC	 = 0x20,	/* and HIGHATOMIC pageblocks */
	ISLE_ALLOC_CMA		 = 0x40,	/* may borrow from CMA */
	ISLE_ALLOC_NOFRAGMENT	 = 0x80,	/* no fallback below 2 MB */
	ISLE_ALLOC_USER		 = 0x100,	/* charge the user share */
	ISLE_ALLOC_REST		 = 0x200,	/* of a request that got some */
	ISLE_ALLOC_RESERVES	 = ISLE_ALLOC_NO_WATERMARKS |
				   ISLE_ALLOC_MIN_RESERVE |
				   ISLE_ALLOC_NON_BLOCK |
				   ISLE_ALLOC_HIGHATOMIC,
};

/* isle has no ZONE_DMA; bits that this kernel does not define mean nothing. */
#define ISLE_GFP_REFUSED	(__GFP_DMA | ~__GFP_BITS_MASK)

/**
 * isle_gfp_zone - the highest zone that a request may use
 * @gfp: its flags
 *
 * As gfp_zone(): MOVABLE takes both __GFP_MOVABLE and __GFP_HIGHMEM.
 */
static inline enum isle_zone_type isle_gfp_zone(gfp_t gfp)
{
	if (unlikely(gfp & __GFP_DMA32))
		return ISLE_ZONE_DMA32;
	if ((gfp & (__GFP_MOVABLE | __GFP_HIGHMEM)) ==
	    (__GFP_MOVABLE | __GFP_HIGHMEM))
		return ISLE_ZONE_MOVABLE;
	return ISLE_ZONE_NORMAL;
}

static_assert((__force unsigned int)__GFP_MOVABLE * 2 ==
	      (__force unsigned int)__GFP_RECLAIMABLE);

/**
 * isle_gfp_migratetype - which pageblocks a request belongs in
 * @gfp: its flags
 *
 * As gfp_migratetype(). Both mobility bits at once are refused before.
 */
static inline enum isle_migratetype isle_gfp_migratetype(gfp_t gfp)
{
	return (__force unsigned int)(gfp & (__GFP_MOVABLE |
					     __GFP_RECLAIMABLE)) /
	       (__force unsigned int)__GFP_MOVABLE;
}

/**
 * isle_gfp_valid - whether a request can be honoured
 * @isle: the instance, for the report
 * @gfp: its flags
 * @order: its order
 *
 * Says in words, rate-limited, what is wrong with one that can't.
 */
bool isle_gfp_valid(struct isle *isle, gfp_t gfp, unsigned int order);

/**
 * isle_gfp_alloc_flags - what a request may do when memory is short
 * @gfp: its flags
 * @order: its order
 * @mt: its migratetype
 *
 * As gfp_to_alloc_flags(). Return: enum isle_alloc_flags with the min mark.
 */
unsigned int isle_gfp_alloc_flags(gfp_t gfp, unsigned int order,
				  enum isle_migratetype mt);

#endif /* _ISLE_GFP_H */
