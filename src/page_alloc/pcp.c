// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU lists: see pcp.h. Counterparts: rmqueue_pcplist(), nr_pcp_high(),
 * free_frozen_page_commit(), drain_pages().
 */

#include <linux/slab.h>

#include <trace/isle.h>

#include "alloc.h"
#include "buddy.h"
#include "compat.h"
#include "gfp.h"
#include "lock.h"
#include "migrate.h"
#include "pcp.h"
#include "zone.h"

/* The row where a CPU has no lists: of length 0, so nobody writes to it. */
static const struct isle_pcp_list no_lists[ISLE_NR_ORDERS];

/* This CPU's lists for a zone with preemption off, or NULL if in use. */
static struct isle_pcp *enter(struct isle_zone *zone)
{
	preempt_disable();
	if (isle_pcp_trylock(this_cpu_ptr(zone->isle->cpu)))
		return this_cpu_ptr(zone->pcp);
	preempt_enable();
	return NULL;
}

static void leave(struct isle_zone *zone)
{
	isle_pcp_unlock(this_cpu_ptr(zone->isle->cpu));
	preempt_enable();
}

/* Blocks that may be held without eating into what the low mark keeps. */
static unsigned int within_slack(const struct isle_zone *zone,
				 unsigned int order, unsigned int alloc_flags,
				 unsigned int nr)
{
	unsigned long slack;

	slack = isle_zone_slack(zone, alloc_flags & ISLE_ALLOC_CMA);
	return min_t(unsigned long, nr, slack >> order);
}

static void tune_up(struct isle_pcp_list *list)
{
	list->batch = min3(list->batch * 2, (int)ISLE_PCP_BATCH_MAX,
			   max(list->max / 2, 1));
	list->high = min(list->high + list->batch, (int)list->max);
}

static void tune_down(struct isle_pcp_list *list)
{
	list->batch = 1;
	list->high = DIV_ROUND_UP(list->max, 4);
}

/* Move up to @nr blocks from the zone to a list that is empty. */
static void refill(struct isle_zone *zone, struct isle_pcp_list *list,
		   unsigned int order, enum isle_migratetype mt,
		   unsigned int alloc_flags)
{
	unsigned int nr = min(list->batch, list->high);
	unsigned long flags;

	nr = within_slack(zone, order, alloc_flags, nr);
	if (!nr) {
		tune_down(list);
		return;
	}
	flags = isle_zone_lock(zone);
	list->count = isle_rmqueue_bulk(zone, order, mt, alloc_flags, nr,
					list->ids);
	list->nr_zone += list->count;
	zone->events.refill++;
	isle_zone_unlock(zone, flags);
	trace_pcp_refill(zone, order, mt, list->count, list->high);
	tune_up(list);
}

/* How many of the first @nr blocks stand in a row, up or down. */
static unsigned int run_length(const u32 *ids, unsigned int nr,
			       unsigned int order)
{
	unsigned int n = 2;
	u32 step;

	if (nr < 2)
		return nr;
	step = ids[1] - ids[0];
	if (step != BIT(order) && step != -(u32)BIT(order))
		return 1;
	while (n < nr && ids[n] - ids[n - 1] == step)
		n++;
	return n;
}

/*
 * Give the zone blocks back until it is time to let others have the lock. What
 * was taken in a row tends to come back in a row: such a run is merged before
 * it meets the free lists. Return: how many.
 */
static unsigned int free_to_zone(struct isle_zone *zone, const u32 *ids,
				 unsigned int nr, unsigned int order)
{
	unsigned int i, n, runs;

	lockdep_assert_held(&zone->lock);
	for (i = 0, runs = 0; i < nr && runs < ISLE_PCP_RUNS_MAX; runs++) {
		n = run_length(ids + i, nr - i, order);
		if (n == 1)
			isle_buddy_free(zone, ids[i], order);
		else
			isle_buddy_free_run(zone, min(ids[i], ids[i + n - 1]),
					    n << order);
		i += n;
	}
	return i;
}

/* Freed frames pay off the boost that a fallback put on the watermarks. */
static void pay_boost(struct isle_zone *zone, unsigned int nr)
{
	if (zone->watermark_boost)
		zone->watermark_boost -= min_t(unsigned long, nr,
					       zone->watermark_boost);
}

/* Move the @nr oldest blocks of a list to the zone. */
static void spill(struct isle_zone *zone, struct isle_pcp_list *list,
		  unsigned int order, enum isle_migratetype mt,
		  unsigned int nr)
{
	unsigned int done, n;
	unsigned long flags;

	for (done = 0; done < nr; done += n) {
		flags = isle_zone_lock(zone);
		n = free_to_zone(zone, list->ids + done, nr - done, order);
		pay_boost(zone, n << order);
		zone->events.spill++;
		isle_zone_unlock(zone, flags);
	}
	trace_pcp_drain(zone, order, mt, nr, list->high);
	list->count -= nr;
	list->nr_zone -= nr;
	memmove(list->ids, list->ids + nr, list->count * sizeof(*list->ids));
}

/* Make room for one block on a list that is full. */
static void make_room(struct isle_zone *zone, struct isle_pcp_list *list,
		      unsigned int order, enum isle_migratetype mt)
{
	bool relaxed = isle_zone_slack(zone, true) > list->max << order;

	if (relaxed) {
		tune_up(list);
		if (list->count < list->high)
			return;
	} else {
		tune_down(list);
	}
	spill(zone, list, order, mt, max(list->count / 2,
					 list->count - list->high + 1));
}

static unsigned int take(struct isle_pcp_list *list, unsigned int nr, u32 *ids)
{
	unsigned int i;

	nr = min_t(unsigned int, nr, list->count);
	for (i = 0; i < nr; i++)
		ids[i] = list->ids[--list->count];
	return nr;
}

static unsigned int alloc_locked(struct isle_zone *zone, unsigned int order,
				 enum isle_migratetype mt,
				 unsigned int alloc_flags, unsigned int nr,
				 u32 *ids)
{
	unsigned int done = 0;
	unsigned long flags;

	nr = min_t(unsigned int, nr, ISLE_PCP_BATCH_MAX);
	flags = isle_zone_lock(zone);
	if (alloc_flags & ISLE_ALLOC_HIGHATOMIC)
		done = isle_buddy_take_run(zone, order, ISLE_HIGHATOMIC, nr,
					   ids);
	if (done < nr)
		done += isle_rmqueue_bulk(zone, order, mt, alloc_flags,
					  nr - done, ids + done);
	if (done < nr && alloc_flags & ISLE_ALLOC_NO_WATERMARKS &&
	    mt < ISLE_PCPTYPES)
		done += isle_buddy_take_run(zone, order, ISLE_HIGHATOMIC,
					    nr - done, ids + done);
	zone->events.locked_alloc += done;
	isle_zone_unlock(zone, flags);
	trace_page_alloc_zone_locked(zone, order, mt, done);
	return done;
}

static unsigned int alloc_pcp(struct isle_zone *zone, unsigned int order,
			      enum isle_migratetype mt,
			      unsigned int alloc_flags, unsigned int nr,
			      u32 *ids)
{
	struct isle_pcp *pcp = enter(zone);
	struct isle_pcp_list *list;
	unsigned int done;

	if (!pcp)
		return 0;
	list = &pcp->list[mt][order];
	done = take(list, nr, ids);
	if (done < nr) {
		refill(zone, list, order, mt, alloc_flags);
		done += take(list, nr - done, ids + done);
	}
	leave(zone);
	return done;
}

unsigned int isle_pcp_alloc(struct isle_zone *zone, unsigned int order,
			    enum isle_migratetype mt, unsigned int alloc_flags,
			    unsigned int nr, u32 *ids)
{
	unsigned int done = 0;

	if (isle_pcp_has_order(order) && mt < ISLE_PCPTYPES &&
	    !(alloc_flags & ISLE_ALLOC_HIGHATOMIC))
		done = alloc_pcp(zone, order, mt, alloc_flags, nr, ids);
	if (done < nr)
		done += alloc_locked(zone, order, mt, alloc_flags, nr - done,
				     ids + done);
	return done;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_pcp_alloc);

unsigned int isle_pcp_take(struct isle_zone *zone, unsigned int order,
			   enum isle_migratetype mt, unsigned int nr, u32 *ids)
{
	struct isle_pcp *pcp = enter(zone);
	unsigned int done;

	if (!pcp)
		return 0;
	done = take(&pcp->list[mt][order], nr, ids);
	leave(zone);
	return done;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_pcp_take);

static void free_locked(struct isle_zone *zone, u32 id, unsigned int order)
{
	unsigned long flags;

	flags = isle_zone_lock(zone);
	zone->isle->frames[id].state = ISLE_FRAME_PCP;
	isle_buddy_free(zone, id, order);
	zone->events.locked_free++;
	pay_boost(zone, BIT(order));
	isle_zone_unlock(zone, flags);
}

/* The list that a block of a pageblock goes to; ISOLATE's go to no list. */
static enum isle_migratetype list_type(const struct isle *isle, u32 id)
{
	enum isle_migratetype mt = isle_pageblock_type(isle, id);

	return mt == ISLE_CMA ? ISLE_MOVABLE : mt;
}

void isle_pcp_free_slow(struct isle_zone *zone, u32 id, unsigned int order)
{
	enum isle_migratetype mt = list_type(zone->isle, id);
	struct isle_pcp *pcp = NULL;

	if (isle_pcp_has_order(order) && mt < ISLE_PCPTYPES)
		pcp = enter(zone);
	if (pcp) {
		struct isle_pcp_list *list;

		list = &pcp->list[mt][order];
		if (list->count >= list->high && list->high)
			make_room(zone, list, order, mt);
		if (list->count < list->high) {
			zone->isle->frames[id].state = ISLE_FRAME_PCP;
			list->ids[list->count++] = id;
			list->nr_free++;
			leave(zone);
			return;
		}
		leave(zone);
	}
	free_locked(zone, id, order);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_pcp_free_slow);

void isle_pcp_free_bulk(struct isle_zone *zone, const u32 *ids,
			unsigned int nr)
{
	struct isle_pcp *pcp = enter(zone);
	struct isle *isle = zone->isle;
	unsigned int i = 0;

	if (pcp) {
		for (; i < nr; i++) {
			enum isle_migratetype mt = list_type(isle, ids[i]);
			struct isle_pcp_list *list;

			if (mt >= ISLE_PCPTYPES)
				break;
			list = &pcp->list[mt][0];
			if (list->count >= list->high) {
				if (!list->high)
					break;
				make_room(zone, list, 0, mt);
			}
			isle->frames[ids[i]].state = ISLE_FRAME_PCP;
			list->ids[list->count++] = ids[i];
			list->nr_free++;
		}
		leave(zone);
	}
	for (; i < nr; i++)
		isle_pcp_free_slow(zone, ids[i], 0);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_pcp_free_bulk);

void isle_pcp_free_runs(struct isle_zone *zone, const u32 *ids,
			unsigned int nr)
{
	unsigned int done, n;
	unsigned long flags;

	for (done = 0; done < nr; done += n) {
		flags = isle_zone_lock(zone);
		n = free_to_zone(zone, ids + done, nr - done, 0);
		pay_boost(zone, n);
		zone->events.locked_free += n;
		isle_zone_unlock(zone, flags);
	}
}

/* The lists one by one, with what they are for; NULL after the last. */
static struct isle_pcp_list *nth_list(struct isle_pcp *pcp, unsigned int n,
				      unsigned int *order)
{
	*order = n / ISLE_PCPTYPES;
	if (*order == ISLE_NR_ORDERS)
		return NULL;
	return &pcp->list[n % ISLE_PCPTYPES][*order];
}

static void drain_lists(struct isle_zone *zone, struct isle_pcp *pcp)
{
	struct isle_pcp_list *list;
	unsigned int n, order;

	for (n = 0; (list = nth_list(pcp, n, &order)); n++) {
		if (list->count)
			spill(zone, list, order, n % ISLE_PCPTYPES, list->count);
		tune_down(list);
	}
}

void isle_pcp_drain_local(struct isle_zone *zone)
{
	struct isle_pcp *pcp = enter(zone);

	if (!pcp)
		return;
	drain_lists(zone, pcp);
	leave(zone);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_pcp_drain_local);

void isle_pcp_drain_dead(struct isle_zone *zone, int cpu)
{
	drain_lists(zone, per_cpu_ptr(zone->pcp, cpu));
}

unsigned long isle_pcp_cpu_pages(const struct isle_zone *zone, int cpu)
{
	struct isle_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);
	struct isle_pcp_list *list;
	unsigned long pages = 0;
	unsigned int n, order;

	for (n = 0; (list = nth_list(pcp, n, &order)); n++)
		pages += (unsigned long)READ_ONCE(list->count) << order;
	return pages;
}

unsigned long isle_pcp_pages(const struct isle_zone *zone)
{
	unsigned long pages = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		pages += isle_pcp_cpu_pages(zone, cpu);
	return pages;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_pcp_pages);

void isle_pcp_cpu_events(const struct isle_zone *zone, int cpu,
			 unsigned long *allocs, unsigned long *frees)
{
	struct isle_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);
	const struct isle_pcp_list *list;
	unsigned int n, order;

	for (n = 0; (list = nth_list(pcp, n, &order)); n++) {
		unsigned long nr_free = READ_ONCE(list->nr_free);

		*allocs += READ_ONCE(list->nr_zone) + nr_free -
			   READ_ONCE(list->count);
		*frees += nr_free;
	}
}

void isle_pcp_events(const struct isle_zone *zone, unsigned long *allocs,
		     unsigned long *frees)
{
	int cpu;

	*allocs = zone->events.locked_alloc;
	*frees = zone->events.locked_free;
	for_each_possible_cpu(cpu)
		isle_pcp_cpu_events(zone, cpu, allocs, frees);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_pcp_events);

/*
 * A CPU's part of the eighth, in twelfths: 4 for order 0, 1 for each of orders
 * 1 to 3, 5 for order 9; a third of each for each type. Where a third of the
 * part for order 9 is no block, there is no list.
 */
static unsigned int list_max(unsigned long frames, unsigned int order)
{
	unsigned int twelfths = 1;

	if (!isle_pcp_has_order(order))
		return 0;
	if (!order)
		twelfths = 4;
	else if (order == ISLE_PCP_HUGE_ORDER)
		twelfths = 5;
	return min_t(unsigned long,
		     (frames * twelfths / 12 / ISLE_PCPTYPES) >> order,
		     ISLE_PCP_MAX);
}

static int create_lists(struct isle_zone *zone, int cpu)
{
	unsigned long frames = zone->managed / 8 / num_possible_cpus();
	struct isle_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);
	struct isle_pcp_list *list;
	unsigned int n, order;
	size_t total = 0;

	for (n = 0; (list = nth_list(pcp, n, &order)); n++) {
		list->max = list_max(frames, order);
		tune_down(list);
		total += list->max;
	}
	pcp->slots = kvmalloc_node(array_size(max(total, 1UL), sizeof(u32)),
				   GFP_KERNEL, cpu_to_node(cpu));
	if (!pcp->slots)
		return -ENOMEM;
	total = 0;
	for (n = 0; (list = nth_list(pcp, n, &order)); n++) {
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
