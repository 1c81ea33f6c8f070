// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/sched.h>

#include "bias.h"

/* A region can have millions of frames. */
static void breathe(unsigned long i)
{
	if (IS_ALIGNED(i, ISLE_TOP_FRAMES))
		cond_resched();
}

void isle_bias_take(unsigned long pfn, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		page_ref_add(pfn_to_page(pfn + i),
			     ISLE_PAGE_BIAS - ISLE_PAGE_BASE);
		breathe(i);
	}
}

void isle_bias_drop(unsigned long pfn, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++) {
		page_ref_sub(pfn_to_page(pfn + i),
			     ISLE_PAGE_BIAS - ISLE_PAGE_BASE);
		breathe(i);
	}
}

void isle_bias_put(unsigned long pfn, unsigned long nr)
{
	struct page *page;
	unsigned long i;

	for (i = 0; i < nr; i++) {
		page = pfn_to_page(pfn + i);
		page_ref_sub(page, ISLE_PAGE_BIAS - ISLE_PAGE_BASE);
		__free_page(page);
		breathe(i);
	}
}

static enum isle_fate frame_fate(const struct isle_region *region,
				 const struct isle_extent *e, unsigned long i)
{
	const unsigned long *out = region->set->out;

	if (out && test_bit(e->first_id + i, out))
		return ISLE_FATE_OUT;
	if (isle_page_pinned(pfn_to_page(e->base_pfn + i)))
		return ISLE_FATE_PINNED;
	return ISLE_FATE_CLEAN;
}

unsigned long isle_region_run(struct isle_region *region,
			      const struct isle_extent *e, unsigned long from,
			      unsigned long to, enum isle_fate *fate)
{
	unsigned long i = from;

	*fate = frame_fate(region, e, i);
	while (++i < to && frame_fate(region, e, i) == *fate)
		breathe(i);
	if (*fate == ISLE_FATE_PINNED)
		region->pinned += i - from;
	if (*fate == ISLE_FATE_OUT)
		region->out += i - from;
	return i - from;
}
