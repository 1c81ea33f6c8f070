// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU lists: see pcp.h. Counterparts: rmqueue_pcplist(), nr_pcp_high(),
 * free_frozen_page_commit(), drain_pages().
 */

#include <trace/isle.h>

#include "alloc.h"
#include "buddy.h"
#include "compat.h"
#include "gfp.h"
#include "lock.h"
#include "migrate.h"
#include "pcp.h"
#include "zone.h"

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

static unsigned int batch_max(const struct isle_pcp_list *list,
			      unsigned int order)
{
	unsigned int nr = min(ISLE_PCP_BATCH_MAX,
			      ISLE_PCP_BATCH_FRAMES >> order);

	return max(min(nr, list->max / 2U), 1U);
}

static void double_batch(struct isle_pcp_list *list, unsigned int order)
{
	list->batch = min(list->batch * 2U, batch_max(list, order));
}

/*
 * Frames that a CPU's lists of either size may claim now: all of their part while
 * three quarters of the zone are free, for the lists themselves may have the
 * fourth; then by the fourth power of what is left of these: a fifth with half of
 * the zone free. What is scarce is better where all can have it, and where it
 * merges.
 */
static unsigned long claim_limit(const struct isle_zone *zone,
				 const struct isle_pcp *pcp)
{
	unsigned long slack = isle_zone_slack(zone, true);
	unsigned long roomy = DIV_ROUND_UP(zone->managed * 3, 4);
	unsigned long square, limit;

	if (slack >= roomy)
		return pcp->part;
	square = slack * slack / roomy;
	limit = pcp->part * square / roomy * square / roomy;
	return max(limit, min3(slack / 8, pcp->part,
			       2UL * ISLE_PCP_BATCH_MAX));
}

/* Let a list hold up to @nr blocks more. Return: whether any. */
static bool claim(const struct isle_zone *zone, struct isle_pcp *pcp,
		  struct isle_pcp_list *list, unsigned int order,
		  unsigned int nr)
{
	unsigned long *claimed = &pcp->claimed[isle_pcp_size(order)];
	unsigned long limit = claim_limit(zone, pcp);
	unsigned long room = 0;

	if (limit > *claimed)
		room = (limit - *claimed) >> order;
	nr = min3(room, (unsigned long)nr,
		  (unsigned long)(list->max - list->high));
	list->high += nr;
	*claimed += (unsigned long)nr << order;
	return nr;
}

static void unclaim(struct isle_pcp *pcp, struct isle_pcp_list *list,
		    unsigned int order, unsigned int nr)
{
	list->high -= nr;
	pcp->claimed[isle_pcp_size(order)] -= (unsigned long)nr << order;
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
					    n << order, order);
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

/*
 * Move up to @nr blocks of a list to the zone, at least one: not those freed
 * last, which are wanted next, but those freed before them, whose frames are in
 * the cache still. Return: how many.
 */
static unsigned int spill(struct isle_zone *zone, struct isle_pcp_list *list,
			  unsigned int order, enum isle_migratetype mt,
			  unsigned int nr)
{
	unsigned int keep = min_t(unsigned int, list->batch, list->count - nr);
	u32 *ids = list->ids + list->count - keep - nr;
	unsigned long flags;
	unsigned int n;

	flags = isle_zone_lock(zone);
	n = free_to_zone(zone, ids, nr, order);
	pay_boost(zone, n << order);
	zone->events.spill++;
	isle_zone_unlock(zone, flags);
	memmove(ids, ids + n, (nr - n + keep) * sizeof(*ids));
	list->count -= n;
	list->nr_zone -= n;
	trace_pcp_drain(zone, order, mt, n, list->high);
	return n;
}

/* Blocks that a list gave out. Reads without synchronisation. */
static unsigned long nr_taken(const struct isle_pcp_list *list)
{
	return READ_ONCE(list->nr_zone) + READ_ONCE(list->nr_free) -
	       READ_ONCE(list->count);
}

/*
 * The list of blocks of @size to take from: the one that claims most, of those that
 * nobody used since this was asked last if any of them claims something. If none
 * of @size claims anything, it is any list.
 */
static unsigned int find_victim(struct isle_pcp *pcp, enum isle_pcp_size size,
				bool *unused)
{
	unsigned int n, order, victim = 0;
	unsigned long most = 0;
	struct isle_pcp_list *list;

	*unused = false;

	for (n = 0; (list = isle_pcp_nth_list(pcp, n, &order)); n++) {
		unsigned long uses = nr_taken(list) + list->nr_free;
		bool same = uses == pcp->uses[n];

		if (isle_pcp_size(order) != size)
			continue;
		pcp->uses[n] = uses;
		if (!list->high || same < *unused)
			continue;
		if (same > *unused || (unsigned long)list->high << order > most) {
			most = (unsigned long)list->high << order;
			*unused = same;
			victim = n;
		}
	}
	return victim;
}

/*
 * Make another list give up @frames, or as many as one call may move: a batch, and
 * of a list that nobody uses as many as one block may have; in few runs either way.
 */
static void squeeze(struct isle_zone *zone, struct isle_pcp *pcp,
		    enum isle_pcp_size size, unsigned int frames)
{
	unsigned int n, order, nr, idle, most;
	struct isle_pcp_list *list;
	bool unused;

	n = find_victim(pcp, size, &unused);
	list = isle_pcp_nth_list(pcp, n, &order);
	if (isle_pcp_size(order) != size)
		return;
	nr = min_t(unsigned int, DIV_ROUND_UP(frames, BIT(order)), list->high);
	idle = list->high - list->count;
	if (nr > idle) {
		most = batch_max(list, order);
		if (unused)
			most = max_t(unsigned int, most,
				     ISLE_PCP_BATCH_FRAMES >> order);
		nr = min(nr - idle, most);
		nr = idle + spill(zone, list, order, n % ISLE_PCPTYPES, nr);
	}
	unclaim(pcp, list, order, nr);
}

/* Let a list hold @nr blocks more, or some. */
static void grow(struct isle_zone *zone, struct isle_pcp *pcp,
		 struct isle_pcp_list *list, unsigned int order,
		 unsigned int nr)
{
	if (list->high == list->max || claim(zone, pcp, list, order, nr))
		return;
	squeeze(zone, pcp, isle_pcp_size(order), list->batch << order);
	claim(zone, pcp, list, order, list->batch);
}

/* Make room for one block on a list that is full. */
static void make_room(struct isle_zone *zone, struct isle_pcp *pcp,
		      struct isle_pcp_list *list, unsigned int order,
		      enum isle_migratetype mt)
{
	unsigned int nr = max_t(unsigned int, list->batch, list->high / 2);

	double_batch(list, order);
	if (list->max && list->high == list->max) {
		/* No other list's room is of use. */
		nr = spill(zone, list, order, mt,
			   min(list->batch, list->count));
		unclaim(pcp, list, order, nr);
		claim(zone, pcp, list, order, nr);
		return;
	}
	grow(zone, pcp, list, order, nr);
}

/* Bring a list that is empty blocks from the zone. */
static void refill(struct isle_zone *zone, struct isle_pcp *pcp,
		   struct isle_pcp_list *list, unsigned int order,
		   enum isle_migratetype mt, unsigned int alloc_flags)
{
	unsigned int nr = within_slack(zone, order, alloc_flags, list->batch);
	unsigned long flags;

	if (list->high < nr)
		grow(zone, pcp, list, order, nr - list->high);
	nr = min_t(unsigned int, nr, list->high);
	if (!nr) {
		list->batch = isle_pcp_batch_min(order);
		return;
	}
	flags = isle_zone_lock(zone);
	list->count = isle_rmqueue_bulk(zone, order, mt, alloc_flags, nr,
					ISLE_PCP_RUNS_MAX, list->ids);
	list->nr_zone += list->count;
	zone->events.refill++;
	isle_zone_unlock(zone, flags);
	trace_pcp_refill(zone, order, mt, list->count, list->high);
	double_batch(list, order);
}

static unsigned int take(struct isle_pcp_list *list, unsigned int nr, u32 *ids)
{
	const u32 *top = list->ids + list->count;
	unsigned int i;

	nr = min_t(unsigned int, nr, list->count);
	for (i = 0; i < nr; i++)
		ids[i] = *--top;
	list->count -= nr;
	return nr;
}

static unsigned int alloc_locked(struct isle_zone *zone, unsigned int order,
				 enum isle_migratetype mt,
				 unsigned int alloc_flags, unsigned int nr,
				 u32 *ids)
{
	unsigned int done = 0;
	unsigned long flags;

	nr = min_t(unsigned int, nr, ISLE_PCP_BULK_MAX);
	flags = isle_zone_lock(zone);
	if (alloc_flags & ISLE_ALLOC_HIGHATOMIC)
		done = isle_buddy_take_run(zone, order, ISLE_HIGHATOMIC, nr,
					   ids);
	if (done < nr)
		done += isle_rmqueue_bulk(zone, order, mt, alloc_flags,
					  nr - done, UINT_MAX, ids + done);
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
		refill(zone, pcp, list, order, mt, alloc_flags);
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

	if (mt < ISLE_PCPTYPES &&
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

/* Put a block on a list of this CPU's, if it may hold one more. */
static bool put(struct isle_zone *zone, struct isle_pcp *pcp, u32 id,
		unsigned int order)
{
	enum isle_migratetype mt = list_type(zone->isle, id);
	struct isle_pcp_list *list;

	if (mt >= ISLE_PCPTYPES)
		return false;
	list = &pcp->list[mt][order];
	if (list->count >= list->high)
		make_room(zone, pcp, list, order, mt);
	if (list->count >= list->high)
		return false;
	zone->isle->frames[id].state = ISLE_FRAME_PCP;
	list->ids[list->count++] = id;
	list->nr_free++;
	return true;
}

void isle_pcp_free_slow(struct isle_zone *zone, u32 id, unsigned int order)
{
	struct isle_pcp *pcp = enter(zone);
	bool done = false;

	if (pcp) {
		done = put(zone, pcp, id, order);
		leave(zone);
	}
	if (!done)
		free_locked(zone, id, order);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_pcp_free_slow);

void isle_pcp_free_bulk(struct isle_zone *zone, const u32 *ids,
			unsigned int nr)
{
	struct isle_pcp *pcp = enter(zone);
	unsigned int i = 0;

	if (pcp) {
		while (i < nr && put(zone, pcp, ids[i], 0))
			i++;
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

/* As much of a list as may go to the zone in one go. */
static void spill_most(struct isle_zone *zone, struct isle_pcp_list *list,
		       unsigned int order, enum isle_migratetype mt)
{
	unsigned int nr = clamp(ISLE_PCP_BATCH_FRAMES >> order, 1,
				ISLE_PCP_BULK_MAX);

	spill(zone, list, order, mt, min_t(unsigned int, list->count, nr));
}

static void drain_lists(struct isle_zone *zone, struct isle_pcp *pcp)
{
	struct isle_pcp_list *list;
	unsigned int n, order;

	for (n = 0; (list = isle_pcp_nth_list(pcp, n, &order)); n++) {
		while (list->count)
			spill_most(zone, list, order, n % ISLE_PCPTYPES);
		unclaim(pcp, list, order, list->high);
		list->batch = isle_pcp_batch_min(order);
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

void isle_pcp_drain_some(struct isle_zone *zone)
{
	struct isle_pcp *pcp = enter(zone);
	struct isle_pcp_list *list;
	unsigned int n, order;

	if (!pcp)
		return;
	for (n = 0; (list = isle_pcp_nth_list(pcp, n, &order)); n++) {
		if (list->count)
			spill_most(zone, list, order, n % ISLE_PCPTYPES);
	}
	leave(zone);
}

void isle_pcp_drain_dead(struct isle_zone *zone, int cpu)
{
	drain_lists(zone, per_cpu_ptr(zone->pcp, cpu));
}
EXPORT_SYMBOL_FOR_KUNIT(isle_pcp_drain_dead);

unsigned long isle_pcp_cpu_pages(const struct isle_zone *zone, int cpu)
{
	struct isle_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);
	struct isle_pcp_list *list;
	unsigned long pages = 0;
	unsigned int n, order;

	for (n = 0; (list = isle_pcp_nth_list(pcp, n, &order)); n++)
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

	for (n = 0; (list = isle_pcp_nth_list(pcp, n, &order)); n++) {
		*allocs += nr_taken(list);
		*frees += READ_ONCE(list->nr_free);
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
