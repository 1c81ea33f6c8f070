// SPDX-License-Identifier: GPL-2.0
/*
 * Making per-CPU lists: see pcp.h. Counterparts: setup_zone_pageset(),
 * zone_set_pageset_high_and_batch().
 */

#include <linux/slab.h>

#include "gfp.h"
#include "pcp.h"

/* The row where a CPU has no lists: of length 0, so nobody writes to it. */
static const struct isle_pcp_list no_lists[ISLE_NR_ORDERS];

/* One list has room for all that its CPU's lists may hold together. */
static unsigned int list_max(const struct isle_pcp *pcp, unsigned int order)
{
	return min_t(unsigned long, pcp->part >> order, ISLE_PCP_MAX);
}

static int create_lists(struct isle_zone *zone, int cpu)
{
	struct isle_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);
	struct isle_pcp_list *list;
	unsigned int n, order;
	size_t total = 0;

	pcp->part = zone->managed / 8 / num_possible_cpus();
	for (n = 0; (list = isle_pcp_nth_list(pcp, n, &order)); n++) {
		list->max = list_max(pcp, order);
		list->batch = isle_pcp_batch_min(order);
		total += list->max;
	}
	pcp->slots = kvmalloc_node(array_size(max(total, 1UL), sizeof(u32)),
				   GFP_KERNEL, cpu_to_node(cpu));
	if (!pcp->slots)
		return -ENOMEM;
	total = 0;
	for (n = 0; (list = isle_pcp_nth_list(pcp, n, &order)); n++) {
		list->ids = pcp->slots + total;
		total += list->max;
	}
	return 0;
}

/* Flags that a fast path may trust: one zone, of those that there are, one type. */
static bool plain_flags(gfp_t gfp)
{
	return !(gfp & __GFP_DMA) &&
	       (gfp & (__GFP_DMA32 | __GFP_HIGHMEM)) !=
	       (__GFP_DMA32 | __GFP_HIGHMEM) &&
	       isle_gfp_migratetype(gfp) < ISLE_PCPTYPES;
}

/* CMA's blocks lie among MOVABLE's; other types without lists have none. */
static struct isle_pcp_list *row_of(const struct isle_zone *zone, int cpu,
				    unsigned int mt)
{
	if (mt == ISLE_CMA)
		mt = ISLE_MOVABLE;
	if (mt >= ISLE_PCPTYPES)
		return (struct isle_pcp_list *)no_lists;
	return per_cpu_ptr(zone->pcp, cpu)->list[mt];
}

static void point_cpu(struct isle *isle, int cpu)
{
	struct isle_node *node = &isle->nodes[cpu_to_mem(cpu)];
	struct isle_cpu *c = per_cpu_ptr(isle->cpu, cpu);
	unsigned int i, mt;

	for (i = 0; i < isle->nr_zones; i++) {
		for (mt = 0; mt < ISLE_PCP_ROWS; mt++)
			c->free[i][mt] = row_of(isle->zones[i], cpu, mt);
	}
	for (i = 0; i < ISLE_PCP_REQUESTS; i++) {
		gfp_t gfp = (__force gfp_t)i;
		struct isle_zonelist *zonelist;

		zonelist = node->zonelist[isle_gfp_zone(gfp)];
		c->alloc[i] = (struct isle_pcp_list *)no_lists;
		if (plain_flags(gfp) && zonelist->nr)
			c->alloc[i] = row_of(zonelist->zones[0], cpu,
					     isle_gfp_migratetype(gfp));
	}
}

int isle_pcp_create(struct isle *isle)
{
	unsigned int i;
	int cpu, ret;

	for (i = 0; i < isle->nr_zones; i++) {
		struct isle_zone *zone = isle->zones[i];

		zone->pcp = alloc_percpu(struct isle_pcp);
		if (!zone->pcp)
			return -ENOMEM;
		for_each_possible_cpu(cpu) {
			ret = create_lists(zone, cpu);
			if (ret)
				return ret;
		}
	}
	isle->cpu = __alloc_percpu(struct_size(isle->cpu, free, isle->nr_zones),
				   __alignof__(struct isle_cpu));
	if (!isle->cpu)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		point_cpu(isle, cpu);
	return 0;
}

void isle_pcp_destroy(struct isle *isle)
{
	unsigned int i;
	int cpu;

	free_percpu(isle->cpu);
	for (i = 0; i < isle->nr_zones; i++) {
		struct isle_zone *zone = isle->zones[i];

		if (!zone->pcp)
			continue;
		for_each_possible_cpu(cpu)
			kvfree(per_cpu_ptr(zone->pcp, cpu)->slots);
		free_percpu(zone->pcp);
	}
}
