// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs isle/pcp: every per-CPU list. The kernel shows only sums, in
 * /proc/zoneinfo.
 */

#include <linux/cpumask.h>
#include <linux/seq_file.h>

#include "page_alloc/migrate.h"
#include "page_alloc/pcp.h"
#include "page_alloc/zone.h"
#include "stat/debugfs.h"

static void show_list(struct seq_file *seq, const struct isle_pcp_list *list,
		      unsigned int order, enum isle_migratetype mt)
{
	if (!list->max)
		return;
	seq_printf(seq, "%7u %12s %7u %7u %7u %7u\n", order,
		   isle_migratetype_name(mt), READ_ONCE(list->count),
		   READ_ONCE(list->high), READ_ONCE(list->batch), list->max);
}

static void show_cpu(struct seq_file *seq, const struct isle_zone *zone,
		     int cpu)
{
	const struct isle_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);
	unsigned long allocs = 0, frees = 0;
	unsigned int order, mt;

	isle_pcp_cpu_events(zone, cpu, &allocs, &frees);
	seq_printf(seq, "Node %d, zone %8s, cpu %d, allocs %lu, frees %lu\n",
		   zone->nid, isle_zone_name(zone->type), cpu,
		   allocs, frees);
	seq_printf(seq, "%7s %12s %7s %7s %7s %7s\n", "order", "type", "count",
		   "high", "batch", "max");
	for (order = 0; order < ISLE_NR_ORDERS; order++)
		for (mt = 0; mt < ISLE_PCPTYPES; mt++)
			show_list(seq, &pcp->list[mt][order], order, mt);
}

int isle_pcp_show(struct seq_file *seq, void *unused)
{
	struct isle *isle = seq->private;
	unsigned int i;
	int cpu;

	for (i = 0; i < isle->nr_zones; i++)
		for_each_possible_cpu(cpu)
			show_cpu(seq, isle->zones[i], cpu);
	return 0;
}
