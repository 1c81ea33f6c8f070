// SPDX-License-Identifier: GPL-2.0
/*
 * What ISLE_IOC_PAGEBLOCKS tells: how full each pageblock is. Counterpart:
 * pagetypeinfo_showblockcount_print() of mm/vmstat.c, which counts them only.
 */

#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "main.h"
#include "page_alloc/alloc.h"
#include "page_alloc/instance.h"
#include "page_alloc/zone.h"
#include "stat/stats.h"

/* The range that has some of a pageblock's memory: each has pageblocks of its own. */
static const struct isle_extent *extent_of(const struct isle *isle, u32 start)
{
	const struct isle_extent *e = isle->extents;

	for (; e < isle->extents + isle->nr_extents; e++) {
		if (e->first_id < start + ISLE_PAGEBLOCK_FRAMES &&
		    start < e->first_id + e->nr)
			return e;
	}
	return NULL;
}

static void count(struct isle_pageblock *block, const struct isle_frame *head,
		  u32 nr)
{
	u8 state = READ_ONCE(head->state);

	if (state == ISLE_FRAME_HOLE)
		return;
	block->managed += nr;
	if (state == ISLE_FRAME_FREE)
		block->free += nr;
	else if (state == ISLE_FRAME_PCP)
		block->pcp += nr;
	else if (state == ISLE_FRAME_ALLOCATED &&
		 READ_ONCE(head->flags) & ISLE_FRAME_USER)
		block->user += nr;
}

/* Blocks may split and merge meanwhile: none leads out of the pageblock. */
static void count_frames(const struct isle *isle, u32 id, u32 end,
			 struct isle_pageblock *block)
{
	const struct isle_frame *frame;
	u32 head = isle_block_head(isle, id);
	u32 next;

	for (; id < end; id = head = next) {
		frame = isle_frame(isle, head);
		next = id + 1;
		if (READ_ONCE(frame->state) > ISLE_FRAME_TAIL)
			next = head + BIT(min(READ_ONCE(frame->order),
					      (u8)ISLE_TOP_ORDER));
		next = clamp(next, id + 1, end);
		count(block, frame, next - id);
	}
}

static void describe(const struct isle *isle, u32 start,
		     struct isle_pageblock *block, bool show_phys)
{
	const struct isle_extent *e = extent_of(isle, start);
	u32 first, end;

	if (!e)
		return;
	first = max(start, e->first_id);
	end = min(start + ISLE_PAGEBLOCK_FRAMES, e->first_id + e->nr);
	block->present = end - first;
	block->migratetype = isle_pageblock_type(isle, start);
	block->zone = isle_zone_at(isle, e->nid, isle_id_to_pfn(isle, first))->index;
	if (show_phys)
		block->phys = PFN_PHYS(isle_id_to_pfn(isle, first));
	count_frames(isle, first, end, block);
}

int isle_stat_pageblocks(struct isle_pageblocks *answer, bool show_phys)
{
	const struct isle *isle = isle_loaded;
	u32 total = DIV_ROUND_UP(isle->nr_frames, ISLE_PAGEBLOCK_FRAMES);
	u32 first = answer->first, i;

	if (first >= total)
		return -ENOENT;
	first = array_index_nospec(first, total);
	memset(answer, 0, sizeof(*answer));
	answer->first = first;
	answer->nr = min_t(u32, total - first, ISLE_NR_PAGEBLOCKS);
	answer->total = total;
	answer->frames = ISLE_PAGEBLOCK_FRAMES;
	for (i = 0; i < answer->nr; i++) {
		describe(isle, (first + i) * ISLE_PAGEBLOCK_FRAMES,
			 &answer->block[i], show_phys);
		cond_resched();
	}
	return 0;
}
