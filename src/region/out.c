// SPDX-License-Identifier: GPL-2.0
/* Frames that are out at unload: allocated, with nobody left to free them. */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "region.h"

int isle_regions_track(struct isle_regions *set, const struct isle *isle)
{
	unsigned int i;

	set->out = kvcalloc(BITS_TO_LONGS(isle->nr_frames), sizeof(long),
			    GFP_KERNEL);
	if (!set->out)
		return -ENOMEM;
	for (i = 0; i < set->nr_extents; i++)
		set->extent[i].first_id = isle->extents[i].first_id;
	return 0;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_regions_track);

unsigned long isle_regions_mark_out(struct isle_regions *set,
				    struct isle *isle,
				    void (*report)(struct isle *isle, u32 id))
{
	unsigned long nr_out = 0;
	struct isle_frame *frame;
	u32 id, nr;

	for (id = 0; id < isle->nr_frames; id += nr) {
		cond_resched();
		frame = isle_frame(isle, id);
		nr = 1;
		if (frame->state != ISLE_FRAME_ALLOCATED)
			continue;
		nr <<= frame->order;
		bitmap_set(set->out, id, nr);
		nr_out += nr;
		if (report)
			report(isle, id);
	}
	return nr_out;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_regions_mark_out);
