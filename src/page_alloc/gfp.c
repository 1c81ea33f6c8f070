// SPDX-License-Identifier: GPL-2.0
/* gfp flags: see gfp.h. Counterpart: gfp_to_alloc_flags(). */

#include <linux/printk.h>
#include <linux/sched.h>

#include "compat.h"
#include "gfp.h"

#define MOBILITY	(__GFP_MOVABLE | __GFP_RECLAIMABLE)
#define LOW_AND_HIGH	(__GFP_DMA32 | __GFP_HIGHMEM)

bool isle_gfp_valid(struct isle *isle, gfp_t gfp, unsigned int order)
{
	const char *why;

	if (order > ISLE_TOP_ORDER)
		why = "order above 10";
	else if (gfp & __GFP_DMA)
		why = "__GFP_DMA: no zone keeps to the first 16 MB, __GFP_DMA32 keeps to 4 GB";
	else if (gfp & ~__GFP_BITS_MASK)
		why = "bits that are no gfp flags";
	else if ((gfp & MOBILITY) == MOBILITY)
		why = "both __GFP_MOVABLE and __GFP_RECLAIMABLE";
	else if ((gfp & LOW_AND_HIGH) == LOW_AND_HIGH)
		why = "both __GFP_DMA32 and __GFP_HIGHMEM";
	else if (gfp & __GFP_NOFAIL && !(gfp & __GFP_DIRECT_RECLAIM))
		why = "__GFP_NOFAIL from a caller that cannot wait";
	else
		return true;
	if (__ratelimit(&isle->report))
		pr_warn("isle: %s: refused: order:%u, mode:%#x(%pGg): %s\n",
			current->comm, order, gfp, &gfp, why);
	return false;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_gfp_valid);

static bool may_ignore_watermarks(gfp_t gfp)
{
	if (gfp & __GFP_NOMEMALLOC)
		return false;
	if (gfp & __GFP_MEMALLOC)
		return true;
	return in_task() && current->flags & PF_MEMALLOC;
}

unsigned int isle_gfp_alloc_flags(gfp_t gfp, unsigned int order,
				  enum isle_migratetype mt)
{
	unsigned int flags = ISLE_WMARK_MIN;

	if (gfp & __GFP_HIGH)
		flags |= ISLE_ALLOC_MIN_RESERVE;
	if (!(gfp & (__GFP_DIRECT_RECLAIM | __GFP_NOMEMALLOC)) &&
	    gfp & __GFP_HIGH) {
		flags |= ISLE_ALLOC_NON_BLOCK;
		if (order && mt < ISLE_PCPTYPES)
			flags |= ISLE_ALLOC_HIGHATOMIC;
	}
	if (may_ignore_watermarks(gfp))
		flags |= ISLE_ALLOC_NO_WATERMARKS;
	if (mt == ISLE_MOVABLE)
		flags |= ISLE_ALLOC_CMA;
	return flags;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_gfp_alloc_flags);
