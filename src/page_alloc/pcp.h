/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Per-CPU lists: what makes an allocation cost a few dozen instructions.
 *
 * A CPU has, for each zone, 15 arrays of frame ids: orders 0 to 3 and 9, times
 * UNMOVABLE, MOVABLE and RECLAIMABLE. An array, unlike a linked list, does not
 * pull in the cache line of the next frame when one is taken.
 *
 *      ids   [ 12 | 47 | 46 | 45 |    |    |    |    ]
 *               ^                ^         ^         ^
 *             oldest           count      high      max
 *
 * Whoever uses a CPU's lists runs on that CPU with preemption off and has set
 * @busy. There is no lock and no atomic: an interrupt that finds @busy set
 * goes to the zone's lock instead, and one that comes between the check and
 * the set has finished with the lists before the set. To drain another CPU's
 * lists, a work item runs there; a dead CPU's lists are drained from outside.
 *
 * @high and @batch tune themselves: both double when a list runs empty or full
 * again, up to @max, and fall back when the zone is short of memory. All
 * arrays of all CPUs hold an eighth of a zone at most; that fixes @max, which
 * is 0 where order 9 has no room.
 */
#ifndef _ISLE_PCP_H
#define _ISLE_PCP_H

#include <linux/percpu.h>
#include <linux/preempt.h>

#include "frame.h"
#include "instance.h"

enum {
	ISLE_PCP_LOW_ORDER	= 3,	/* orders 0 to 3, */
	ISLE_PCP_HUGE_ORDER	= ISLE_PAGEBLOCK_ORDER,	/* and this one */
	ISLE_PCP_ORDERS		= ISLE_PCP_LOW_ORDER + 2,
	ISLE_PCP_LISTS		= ISLE_PCP_ORDERS * ISLE_PCPTYPES,
	ISLE_PCP_MAX		= 4096,	/* ids in one list */
	ISLE_PCP_BATCH_MAX	= 64,	/* ids moved under the zone's lock */
};

/**
 * struct isle_pcp_list - one CPU's blocks of one order and migratetype
 * @ids: first frames of blocks, the hottest last
 * @count: how many
 * @high: spill when there are more
 * @batch: move this many from and to the zone
 * @max: length of @ids
 */
struct isle_pcp_list {
	u32 *ids;
	u16 count;
	u16 high;
	u16 batch;
	u16 max;
};

/**
 * struct isle_pcp - one CPU's lists for one zone
 * @busy: somebody on this CPU is using them
 * @nr_alloc: blocks taken
 * @nr_free: blocks given back
 * @list: by isle_pcp_index()
 * @slots: the memory of all @ids
 */
struct isle_pcp {
	bool busy;
	unsigned long nr_alloc;
	unsigned long nr_free;
	struct isle_pcp_list list[ISLE_PCP_LISTS];
	u32 *slots;
};

/* A zone's per-CPU lists have this order. */
static inline bool isle_pcp_has_order(unsigned int order)
{
	return order <= ISLE_PCP_LOW_ORDER || order == ISLE_PCP_HUGE_ORDER;
}

static inline unsigned int isle_pcp_index(unsigned int order,
					  enum isle_migratetype mt)
{
	if (unlikely(order == ISLE_PCP_HUGE_ORDER))
		order = ISLE_PCP_LOW_ORDER + 1;
	return order * ISLE_PCPTYPES + mt;
}

/* This CPU's lists with preemption off, or NULL: use the zone's lock. */
static __always_inline struct isle_pcp *isle_pcp_enter(struct isle_zone *zone)
{
	struct isle_pcp *pcp;

	preempt_disable();
	pcp = this_cpu_ptr(zone->pcp);
	if (unlikely(pcp->busy)) {
		preempt_enable();
		return NULL;
	}
	pcp->busy = true;
	barrier();
	return pcp;
}

static __always_inline void isle_pcp_exit(struct isle_pcp *pcp)
{
	barrier();
	pcp->busy = false;
	preempt_enable();
}

/**
 * isle_pcp_get - take a block that is on this CPU's list
 * @zone: the zone
 * @order: one that isle_pcp_has_order()
 * @mt: below ISLE_PCPTYPES
 *
 * The fast path of allocation. Return: its id, or ISLE_NO_FRAME if the list is
 * empty or in use.
 */
static __always_inline u32 isle_pcp_get(struct isle_zone *zone,
					unsigned int order,
					enum isle_migratetype mt)
{
	struct isle_pcp *pcp = isle_pcp_enter(zone);
	struct isle_pcp_list *list;
	u32 id = ISLE_NO_FRAME;

	if (unlikely(!pcp))
		return ISLE_NO_FRAME;
	list = &pcp->list[isle_pcp_index(order, mt)];
	if (likely(list->count)) {
		id = list->ids[--list->count];
		pcp->nr_alloc++;
	}
	isle_pcp_exit(pcp);
	return id;
}

/**
 * isle_pcp_put - put a block on this CPU's list
 * @zone: the zone
 * @frame: its first frame
 * @id: the same
 * @order: one that isle_pcp_has_order()
 * @mt: below ISLE_PCPTYPES
 *
 * The fast path of freeing. Return: false if the list is full or in use.
 */
static __always_inline bool isle_pcp_put(struct isle_zone *zone,
					 struct isle_frame *frame, u32 id,
					 unsigned int order,
					 enum isle_migratetype mt)
{
	struct isle_pcp *pcp = isle_pcp_enter(zone);
	struct isle_pcp_list *list;
	bool room;

	if (unlikely(!pcp))
		return false;
	list = &pcp->list[isle_pcp_index(order, mt)];
	room = list->count < list->high;
	if (likely(room)) {
		frame->state = ISLE_FRAME_PCP;
		list->ids[list->count++] = id;
		pcp->nr_free++;
	}
	isle_pcp_exit(pcp);
	return room;
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
 * isle_pcp_drain_local - empty this CPU's lists
 * @zone: the zone
 *
 * Context: any but NMI; does nothing if it interrupted a user of the lists.
 */
void isle_pcp_drain_local(struct isle_zone *zone);

/**
 * isle_pcp_pages - frames on all CPUs' lists
 * @zone: the zone
 *
 * Reads without synchronisation. Return: frames.
 */
unsigned long isle_pcp_pages(const struct isle_zone *zone);

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
 * Return: 0, -ENOMEM, or what cpuhp_setup_state_multi() says.
 */
int isle_pcp_create(struct isle *isle);

/**
 * isle_pcp_destroy - undo isle_pcp_create(); drains first
 * @isle: the instance; may be half-made
 */
void isle_pcp_destroy(struct isle *isle);

#endif /* _ISLE_PCP_H */
