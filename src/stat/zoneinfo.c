// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs isle/zoneinfo: zones, watermarks, per-CPU lists. Counterpart:
 * zoneinfo_show_print() of mm/vmstat.c, whose format this is.
 */

#include <linux/cpumask.h>
#include <linux/seq_file.h>

#include "page_alloc/pcp.h"
#include "page_alloc/zone.h"
#include "stat/debugfs.h"

static void row(struct seq_file *seq, const char *name, unsigned long value)
{
	seq_printf(seq, "\n        %-8s %lu", name, value);
}

static void show_pages(struct seq_file *seq, const struct isle_zone *zone)
{
	unsigned long count[ISLE_MIGRATE_TYPES];

	isle_count_pageblocks(zone, count);
	seq_printf(seq, "\n  pages free     %lu", READ_ONCE(zone->nr_free));
	row(seq, "boost", READ_ONCE(zone->watermark_boost));
	row(seq, "min", READ_ONCE(zone->watermark[ISLE_WMARK_MIN]));
	row(seq, "low", READ_ONCE(zone->watermark[ISLE_WMARK_LOW]));
	row(seq, "high", READ_ONCE(zone->watermark[ISLE_WMARK_HIGH]));
	row(seq, "spanned", zone->spanned_end - zone->spanned_start);
	row(seq, "present", zone->present);
	row(seq, "managed", zone->managed);
	row(seq, "cma", count[ISLE_CMA] * ISLE_PAGEBLOCK_FRAMES);
}

static void show_protection(struct seq_file *seq, const struct isle_zone *zone)
{
	unsigned int i;

	seq_puts(seq, "\n        protection: (");
	for (i = 0; i < ISLE_ZONE_TYPES; i++)
		seq_printf(seq, "%s%lu", i ? ", " : "",
			   READ_ONCE(zone->lowmem_reserve[i]));
	seq_putc(seq, ')');
}

static void show_counts(struct seq_file *seq, const struct isle_zone *zone)
{
	seq_printf(seq, "\n      %-12s %lu", "nr_free_pages",
		   READ_ONCE(zone->nr_free));
	seq_printf(seq, "\n      %-12s %lu", "nr_free_cma",
		   READ_ONCE(zone->nr_free_cma));
	seq_printf(seq, "\n      %-12s %lu", "nr_free_highatomic",
		   READ_ONCE(zone->nr_free_highatomic));
	seq_printf(seq, "\n      %-12s %lu", "nr_isolated",
		   READ_ONCE(zone->nr_isolated));
	seq_printf(seq, "\n      %-12s %ld", "nr_user",
		   atomic_long_read(&zone->nr_user));
}

/* Pages that a CPU's lists may hold, and the most that is moved at a time. */
static void pcp_limits(const struct isle_pcp *pcp, unsigned long *high,
		       unsigned int *batch)
{
	unsigned int order, mt;

	*high = 0;
	*batch = 0;
	for (order = 0; order < ISLE_NR_ORDERS; order++) {
		for (mt = 0; mt < ISLE_PCPTYPES; mt++) {
			const struct isle_pcp_list *list = &pcp->list[mt][order];

			if (!list->max)
				continue;
			*high += (unsigned long)READ_ONCE(list->high) << order;
			*batch = max_t(unsigned int, *batch,
				       READ_ONCE(list->batch));
		}
	}
}

static void show_pagesets(struct seq_file *seq, const struct isle_zone *zone)
{
	int cpu;

	seq_puts(seq, "\n  pagesets");
	for_each_online_cpu(cpu) {
		unsigned long high;
		unsigned int batch;

		pcp_limits(per_cpu_ptr(zone->pcp, cpu), &high, &batch);
		seq_printf(seq, "\n    cpu: %i", cpu);
		seq_printf(seq, "\n              count: %lu",
			   isle_pcp_cpu_pages(zone, cpu));
		seq_printf(seq, "\n              high:  %lu", high);
		seq_printf(seq, "\n              batch: %u", batch);
	}
}

int isle_zoneinfo_show(struct seq_file *seq, void *unused)
{
	struct isle *isle = seq->private;
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++) {
		const struct isle_zone *zone = isle->zones[i];

		seq_printf(seq, "Node %d, zone %8s", zone->nid,
			   isle_zone_name(zone->type));
		show_pages(seq, zone);
		show_protection(seq, zone);
		show_counts(seq, zone);
		show_pagesets(seq, zone);
		seq_printf(seq, "\n  start_pfn:           %lu\n",
			   zone->spanned_start);
	}
	return 0;
}
