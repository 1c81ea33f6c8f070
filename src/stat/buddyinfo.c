// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs isle/buddyinfo and isle/pagetypeinfo: free lists and pageblocks.
 * Counterparts: frag_show_print(), pagetypeinfo_show() of mm/vmstat.c, whose
 * formats these are.
 */

#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "page_alloc/lock.h"
#include "page_alloc/migrate.h"
#include "page_alloc/zone.h"
#include "stat/debugfs.h"

typedef u32 free_counts[ISLE_NR_ORDERS][ISLE_MIGRATE_TYPES];

/* All lists of a zone at one moment. */
static void count_free(struct isle_zone *zone, free_counts counts)
{
	unsigned int order, mt;
	unsigned long flags;

	flags = isle_zone_lock(zone);
	for (order = 0; order < ISLE_NR_ORDERS; order++)
		for (mt = 0; mt < ISLE_MIGRATE_TYPES; mt++)
			counts[order][mt] = zone->free_area[order].list[mt].nr;
	isle_zone_unlock(zone, flags);
}

int isle_buddyinfo_show(struct seq_file *seq, void *unused)
{
	struct isle *isle = seq->private;
	unsigned int i, order, mt;
	free_counts counts;

	for (i = 0; i < isle->nr_zones; i++) {
		struct isle_zone *zone = isle->zones[i];

		count_free(zone, counts);
		seq_printf(seq, "Node %d, zone %8s ", zone->nid,
			   isle_zone_name(zone->type));
		for (order = 0; order < ISLE_NR_ORDERS; order++) {
			unsigned long nr = 0;

			for (mt = 0; mt < ISLE_MIGRATE_TYPES; mt++)
				nr += counts[order][mt];
			seq_printf(seq, "%6lu ", nr);
		}
		seq_putc(seq, '\n');
	}
	return 0;
}

static void show_free(struct seq_file *seq, struct isle_zone *zone)
{
	unsigned int order, mt;
	free_counts counts;

	count_free(zone, counts);
	for (mt = 0; mt < ISLE_MIGRATE_TYPES; mt++) {
		seq_printf(seq, "Node %4d, zone %8s, type %12s ", zone->nid,
			   isle_zone_name(zone->type),
			   isle_migratetype_name(mt));
		for (order = 0; order < ISLE_NR_ORDERS; order++)
			seq_printf(seq, "%6u ", counts[order][mt]);
		seq_putc(seq, '\n');
	}
}

/* The zone that the first frame with memory behind it is in. */
static bool pageblock_in_zone(const struct isle_zone *zone, u32 start)
{
	const struct isle_frame *frame = isle_frame(zone->isle, start);
	u32 i;

	for (i = 0; i < ISLE_PAGEBLOCK_FRAMES; i++, frame++)
		if (READ_ONCE(frame->state) != ISLE_FRAME_HOLE)
			return frame->zone == zone->index;
	return false;
}

void isle_count_pageblocks(const struct isle_zone *zone, unsigned long *count)
{
	const struct isle *isle = zone->isle;
	u32 id;

	memset(count, 0, ISLE_MIGRATE_TYPES * sizeof(*count));
	for (id = 0; id < isle->nr_frames; id += ISLE_PAGEBLOCK_FRAMES) {
		if (pageblock_in_zone(zone, id))
			count[isle_pageblock_type(isle, id)]++;
		cond_resched();
	}
}

static void show_pageblocks(struct seq_file *seq, struct isle_zone *zone)
{
	unsigned long count[ISLE_MIGRATE_TYPES];
	unsigned int mt;

	isle_count_pageblocks(zone, count);
	seq_printf(seq, "Node %d, zone %8s ", zone->nid,
		   isle_zone_name(zone->type));
	for (mt = 0; mt < ISLE_MIGRATE_TYPES; mt++)
		seq_printf(seq, "%12lu ", count[mt]);
	seq_putc(seq, '\n');
}

/* Zones are sorted by node: those of one are @first to @end. */
static void show_node(struct seq_file *seq, struct isle *isle,
		      unsigned int first, unsigned int end)
{
	unsigned int i;

	seq_printf(seq, "Page block order: %d\n", ISLE_PAGEBLOCK_ORDER);
	seq_printf(seq, "Pages per block:  %u\n\n", ISLE_PAGEBLOCK_FRAMES);
	seq_printf(seq, "%-43s ", "Free pages count per migrate type at order");
	for (i = 0; i < ISLE_NR_ORDERS; i++)
		seq_printf(seq, "%6u ", i);
	seq_putc(seq, '\n');
	for (i = first; i < end; i++)
		show_free(seq, isle->zones[i]);
	seq_printf(seq, "\n%-23s", "Number of blocks type ");
	for (i = 0; i < ISLE_MIGRATE_TYPES; i++)
		seq_printf(seq, "%12s ", isle_migratetype_name(i));
	seq_putc(seq, '\n');
	for (i = first; i < end; i++)
		show_pageblocks(seq, isle->zones[i]);
}

int isle_pagetypeinfo_show(struct seq_file *seq, void *unused)
{
	struct isle *isle = seq->private;
	unsigned int first = 0, end;

	for (; first < isle->nr_zones; first = end) {
		end = first + 1;
		while (end < isle->nr_zones &&
		       isle->zones[end]->nid == isle->zones[first]->nid)
			end++;
		show_node(seq, isle, first, end);
	}
	return 0;
}
