/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The bias: why no put_page() hands a frame of isle's to the kernel.
 *
 * From carve to return isle holds ISLE_PAGE_BIAS references to every struct
 * page of a region. References that get_user_pages() and others take come on
 * top, so a count above the bias means that somebody pins the frame, whatever
 * isle's own count says. The count is only ever added to and subtracted from,
 * never set: walkers of physical memory may hold a reference at any time.
 */
#ifndef _ISLE_BIAS_H
#define _ISLE_BIAS_H

#include <linux/page_ref.h>

#include "region.h"

enum {
	ISLE_PAGE_BASE	= 1,	/* what a provider finds, and leaves */
	ISLE_PAGE_BIAS	= 2,
};

/* What becomes of a frame when its region is returned. */
enum isle_fate {
	ISLE_FATE_CLEAN,	/* nobody has it */
	ISLE_FATE_PINNED,	/* free in isle, but the kernel holds references */
	ISLE_FATE_OUT,		/* still allocated in isle: never returned */
};

/* Whether somebody besides isle holds references to a page of isle's. */
static inline bool isle_page_pinned(const struct page *page)
{
	return page_ref_count(page) > ISLE_PAGE_BIAS;
}

/**
 * isle_bias_take - raise the counts of a carved range to the bias
 * @pfn: the first frame, with a count of ISLE_PAGE_BASE
 * @nr: how many
 */
void isle_bias_take(unsigned long pfn, unsigned long nr);

/**
 * isle_bias_drop - lower the counts of a range from the bias again
 * @pfn: the first frame
 * @nr: how many
 */
void isle_bias_drop(unsigned long pfn, unsigned long nr);

/**
 * isle_bias_put - drop the bias and the provider's own reference of each frame
 * @pfn: the first frame
 * @nr: how many
 *
 * A frame that nobody pins goes to the kernel's free lists now, a pinned one
 * with its pinner's last put. For frames that came from those lists.
 */
void isle_bias_put(unsigned long pfn, unsigned long nr);

/**
 * isle_region_run - how many frames in a row share a fate
 * @region: the region, which counts those that are not clean
 * @e: one of its extents
 * @from: the first frame to look at, counted from the extent's start
 * @to: one past the last
 * @fate: what becomes of them
 *
 * Return: frames, at least 1.
 */
unsigned long isle_region_run(struct isle_region *region,
			      const struct isle_extent *e, unsigned long from,
			      unsigned long to, enum isle_fate *fate);

#endif /* _ISLE_BIAS_H */
