/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Per-CPU lists: what makes an allocation cost a few dozen instructions.
 *
 * A CPU has, for each zone, arrays of frame ids: all orders, times
 * UNMOVABLE, MOVABLE and RECLAIMABLE. An array, unlike a linked list, does not
 * pull in the cache line of the next frame when one is taken.
 *
 *      ids   [ 12 | 47 | 46 | 45 |    |    |    |    ]
 *               ^                ^         ^         ^
 *             oldest           count      high      max
 *
 * Whoever uses a CPU's lists runs on that CPU with preemption off and has set
 * the CPU's @busy. There is no lock and no atomic: an interrupt that finds @busy set
 * goes to the zone's lock instead, and one that comes between the check and
 * the set has finished with the lists before the set. To drain another CPU's
 * lists, a work item runs there; a dead CPU's lists are drained from outside.
 *
 * @high and @batch tune themselves. What a CPU's lists of small blocks may hold
 * together is its part of an eighth of the zone while the zone is free, and falls
 * faster than what is free; those of blocks that are a pageblock or more
 * have as much for themselves. Lists claim it as they grow, whatever their order
 * and type, and take it from one that nobody uses, else from the one that claims
 * most, when there is none left:
 *
 *      part  |#######|######|##|..............|      |
 *              high    high   ..              ^      ^
 *            of order 0, 3, 5, ...        claimed  limit
 *
 * However long a list is, it never moves more than a batch at once: the
 * slowest call is as bounded as the fastest is short.
 *
 * Types without a list have one of length 0: always empty, always full. A CPU's
 * tables lead from a request's flags, and from a zone and the type of a pageblock,
 * to a row of lists, one an order. So the fast paths index and look no further.
 */
#ifndef _ISLE_PCP_H
#define _ISLE_PCP_H

#include <linux/cache.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "frame.h"
#include "gfp.h"
#include "instance.h"

enum {
	ISLE_PCP_MAX		= 32768,	/* ids in one list */
	ISLE_PCP_BATCH_MAX	= 64,	/* blocks that a list moves at once */
	ISLE_PCP_BATCH_FRAMES	= 2048,	/* and frames, unless it is one block */
	ISLE_PCP_BULK_MAX	= 256,	/* blocks taken under the zone's lock */
	ISLE_PCP_RUNS_MAX	= 16,	/* runs of blocks moved under it */
	ISLE_PCP_REQUESTS	= 32,	/* values of ISLE_PCP_GFP_MASK */
	ISLE_PCP_ROWS		= 8,	/* ISLE_MIGRATE_TYPES, rounded up */
};

/**
 * struct isle_pcp_list - one CPU's blocks of one order and migratetype
 * @ids: first frames of blocks, the hottest last
 * @count: how many
 * @high: how many it may hold at present
 * @batch: move this many from and to the zone
 * @max: length of @ids
 * @nr_zone: blocks that came from the zone, less those that went there
 * @nr_free: blocks freed to the list; @nr_zone more, less @count, were taken
 */
struct isle_pcp_list {
	u32 *ids;
	u16 count;
	u16 high;
	u16 batch;
	u16 max;
	unsigned long nr_zone;
	unsigned long nr_free;
};

/* Lists of blocks below a pageblock, and of such as are one or more. */
enum isle_pcp_size {
	ISLE_PCP_SMALL,
	ISLE_PCP_HUGE,
	ISLE_PCP_SIZES
};

/**
 * struct isle_pcp - one CPU's lists for one zone
 * @list: by migratetype and order
 * @slots: the memory of all @ids
 * @part: frames that the lists of either size may hold together, most of the
 *        time less
 * @claimed: frames that those of each size would hold if all were full
 * @uses: blocks that each had given out or taken in when one was last short of room
 */
struct isle_pcp {
	struct isle_pcp_list list[ISLE_PCPTYPES][ISLE_NR_ORDERS];
	u32 *slots;
	unsigned long part;
	unsigned long claimed[ISLE_PCP_SIZES];
	unsigned long uses[ISLE_PCPTYPES * ISLE_NR_ORDERS];
};

/**
 * struct isle_cpu - where a CPU finds its lists
 * @busy: somebody on this CPU is using them
 * @alloc: by a request's zone and mobility flags, the row of the first zone of
 *         its zonelist; lists of length 0 for what has to be looked at
 * @free: by zone index and the type of a pageblock, the row for its blocks
 */
struct isle_cpu {
	bool busy;
	struct isle_pcp_list *alloc[ISLE_PCP_REQUESTS];
	struct isle_pcp_list *free[][ISLE_PCP_ROWS];
};

/* What of a request says which lists it takes from. */
#define ISLE_PCP_GFP_MASK \
	(__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE | \
	 __GFP_RECLAIMABLE)

static_assert((__force unsigned int)ISLE_PCP_GFP_MASK ==
	      ISLE_PCP_REQUESTS - 1);
static_assert((int)ISLE_MIGRATE_TYPES <= (int)ISLE_PCP_ROWS);

static inline enum isle_pcp_size isle_pcp_size(unsigned int order)
{
	return order < ISLE_PAGEBLOCK_ORDER ? ISLE_PCP_SMALL : ISLE_PCP_HUGE;
}

/*
 * Blocks that the first batch has: no fewer frames than share a cache line, lest two
 * CPUs that want one frame each get neighbours, and write to one line for ever.
 */
static inline unsigned int isle_pcp_batch_min(unsigned int order)
{
	return max_t(unsigned int, 1,
		     SMP_CACHE_BYTES / sizeof(struct isle_frame) >> order);
}

/* A CPU's lists one by one, with what they are for; NULL after the last. */
static inline struct isle_pcp_list *
isle_pcp_nth_list(struct isle_pcp *pcp, unsigned int n, unsigned int *order)
{
	*order = n / ISLE_PCPTYPES;
	if (*order == ISLE_NR_ORDERS)
		return NULL;
	return &pcp->list[n % ISLE_PCPTYPES][*order];
}

/* Preemption is off. False: somebody below on this CPU has the lists. */
static __always_inline bool isle_pcp_trylock(struct isle_cpu *cpu)
{
	if (unlikely(cpu->busy))
		return false;
	cpu->busy = true;
	barrier();
	return true;
}

static __always_inline void isle_pcp_unlock(struct isle_cpu *cpu)
{
	barrier();
	cpu->busy = false;
}

/**
 * isle_pcp_get - take a block that is on the list of this CPU's first choice
 * @isle: the instance
 * @gfp: the request, without __GFP_THISNODE
 * @order: its order, ISLE_TOP_ORDER at most
 * @id: where its first frame goes
 *
 * The fast path of allocation. Return: false if the list is empty, in use, or
 * not to be used without a second look.
 */
static __always_inline bool isle_pcp_get(struct isle *isle, gfp_t gfp,
					 unsigned int order, u32 *id)
{
	unsigned long bits = (__force unsigned int)(gfp & ISLE_PCP_GFP_MASK);
	struct isle_pcp_list *list;
	struct isle_cpu *cpu;
	u16 count;

	preempt_disable();
	cpu = this_cpu_ptr(isle->cpu);
	if (unlikely(!isle_pcp_trylock(cpu)))
		goto busy;
	list = cpu->alloc[bits] + order;
	count = list->count;
	if (unlikely(!count))
		goto empty;
	list->count = --count;
	*id = list->ids[count];
	isle_pcp_unlock(cpu);
	preempt_enable();
	return true;
empty:
	isle_pcp_unlock(cpu);
busy:
	preempt_enable();
	return false;
}

/**
 * isle_pcp_put - put a block on this CPU's list
 * @isle: the instance
 * @frame: its first frame
 * @id: the same
 * @order: its order
 *
 * The fast path of freeing. Return: false if the list is full or in use.
 */
static __always_inline bool isle_pcp_put(struct isle *isle,
					 struct isle_frame *frame, u32 id,
					 unsigned int order)
{
	struct isle_pcp_list *list;
	struct isle_cpu *cpu;
	unsigned int count;

	preempt_disable();
	cpu = this_cpu_ptr(isle->cpu);
	if (unlikely(!isle_pcp_trylock(cpu)))
		goto busy;
	list = cpu->free[frame->zone][isle_pageblock_type(isle, id)] + order;
	count = list->count;
	if (unlikely(count >= list->high))
		goto full;
	frame->state = ISLE_FRAME_PCP;
	list->ids[count] = id;
	list->count = count + 1;
	list->nr_free++;
	isle_pcp_unlock(cpu);
	preempt_enable();
	return true;
full:
	isle_pcp_unlock(cpu);
busy:
	preempt_enable();
	return false;
}

/**
 * isle_pcp_alloc - take blocks, filling this CPU's list from the zone
 * @zone: the zone, whose watermarks the caller has checked
 * @order: any
 * @mt: any
 * @alloc_flags: enum isle_alloc_flags
 * @nr: how many
 * @ids: where to put them
 *
 * Return: how many, 0 to @nr.
 */
unsigned int isle_pcp_alloc(struct isle_zone *zone, unsigned int order,
			    enum isle_migratetype mt, unsigned int alloc_flags,
			    unsigned int nr, u32 *ids);

/**
 * isle_pcp_take - take blocks that are on this CPU's list, and no others
 * @zone: the zone
 * @order: ISLE_TOP_ORDER at most
 * @mt: below ISLE_PCPTYPES
 * @nr: how many
 * @ids: where to put them
 *
 * Return: how many, 0 to @nr.
 */
unsigned int isle_pcp_take(struct isle_zone *zone, unsigned int order,
			   enum isle_migratetype mt, unsigned int nr,
			   u32 *ids);

/**
 * isle_pcp_free_slow - put a block that isle_pcp_put() would not have
 * @zone: the zone
 * @id: its first frame
 * @order: its order
 *
 * Makes room by a spill, or merges the block into the zone's free lists.
 */
void isle_pcp_free_slow(struct isle_zone *zone, u32 id, unsigned int order);

/**
 * isle_pcp_free_bulk - put many single frames of one zone
 * @zone: the zone
 * @ids: the frames, with no reference left
 * @nr: how many
 */
void isle_pcp_free_bulk(struct isle_zone *zone, const u32 *ids,
			unsigned int nr);

/**
 * isle_pcp_free_runs - give many single frames of one zone to its free lists
 * @zone: the zone
 * @ids: the frames, with no reference left
 * @nr: how many
 *
 * Past the per-CPU lists; what stands in a row is merged first.
 */
void isle_pcp_free_runs(struct isle_zone *zone, const u32 *ids,
			unsigned int nr);

/**
 * isle_pcp_drain_local - empty this CPU's lists
 * @zone: the zone
 *
 * Context: any but NMI; does nothing if it interrupted a user of the lists.
 */
void isle_pcp_drain_local(struct isle_zone *zone);

/**
 * isle_pcp_drain_some - take from each of this CPU's lists what one call may move
 * @zone: the zone
 *
 * For who can't wait for isle_pcp_drain_local(), which takes the longer the more
 * is on the lists. Context: any but NMI.
 */
void isle_pcp_drain_some(struct isle_zone *zone);

/**
 * isle_pcp_drain_dead - empty the lists of a CPU that is offline
 * @zone: the zone
 * @cpu: the CPU
 */
void isle_pcp_drain_dead(struct isle_zone *zone, int cpu);

/**
 * isle_pcp_cpu_pages - frames on one CPU's lists
 * @zone: the zone
 * @cpu: the CPU
 *
 * Reads without synchronisation. Return: frames.
 */
unsigned long isle_pcp_cpu_pages(const struct isle_zone *zone, int cpu);

/**
 * isle_pcp_pages - frames on all CPUs' lists
 * @zone: the zone
 *
 * Reads without synchronisation. Return: frames.
 */
unsigned long isle_pcp_pages(const struct isle_zone *zone);

/**
 * isle_pcp_cpu_events - add up the blocks that went through one CPU's lists
 * @zone: the zone
 * @cpu: the CPU
 * @allocs: blocks taken are added to this
 * @frees: blocks given back are added to this
 *
 * Reads without synchronisation.
 */
void isle_pcp_cpu_events(const struct isle_zone *zone, int cpu,
			 unsigned long *allocs, unsigned long *frees);

/**
 * isle_pcp_events - blocks that went through all CPUs' lists
 * @zone: the zone
 * @allocs: blocks taken
 * @frees: blocks given back
 */
void isle_pcp_events(const struct isle_zone *zone, unsigned long *allocs,
		     unsigned long *frees);

/**
 * isle_pcp_create - give each zone its lists
 * @isle: with zones made and managed counted
 *
 * Return: 0 or -ENOMEM.
 */
int isle_pcp_create(struct isle *isle);

/**
 * isle_pcp_destroy - undo isle_pcp_create()
 * @isle: the instance; may be half-made; its lists are empty
 */
void isle_pcp_destroy(struct isle *isle);

#endif /* _ISLE_PCP_H */
