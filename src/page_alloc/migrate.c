// SPDX-License-Identifier: GPL-2.0
/*
 * Migratetypes: see migrate.h. Counterparts: __rmqueue(), __rmqueue_claim(),
 * __rmqueue_steal(), reserve_highatomic_pageblock(), mm/page_isolation.c.
 */

#include <linux/bitops.h>
#include <linux/errno.h>

#include <trace/isle.h>

#include "alloc.h"
#include "buddy.h"
#include "compat.h"
#include "drain.h"
#include "fullness.h"
#include "gfp.h"
#include "lock.h"
#include "migrate.h"

#define NR_FALLBACKS	(ISLE_PCPTYPES - 1)

static const u8 fallbacks[ISLE_PCPTYPES][NR_FALLBACKS] = {
	[ISLE_UNMOVABLE]   = { ISLE_RECLAIMABLE, ISLE_MOVABLE },
	[ISLE_MOVABLE]     = { ISLE_RECLAIMABLE, ISLE_UNMOVABLE },
	[ISLE_RECLAIMABLE] = { ISLE_UNMOVABLE,   ISLE_MOVABLE },
};

static u32 pageblock_start(u32 id)
{
	return id & ~(ISLE_PAGEBLOCK_FRAMES - 1);
}

/* If a free block of more than a pageblock covers @id, split it. */
static void split_around(struct isle_zone *zone, u32 id)
{
	u32 head = id & ~(ISLE_TOP_FRAMES - 1);
	const struct isle_frame *frame = zone->isle->frames + head;

	if (frame->state == ISLE_FRAME_FREE &&
	    frame->order > ISLE_PAGEBLOCK_ORDER && frame->zone == zone->index)
		isle_buddy_split(zone, head);
}

static u32 next_block(const struct isle_zone *zone, u32 id)
{
	const struct isle_frame *frame = zone->isle->frames + id;

	if (frame->state > ISLE_FRAME_TAIL)
		return id + BIT(frame->order);
	return id + 1;
}

static bool is_free_here(const struct isle_zone *zone, u32 id)
{
	const struct isle_frame *frame = zone->isle->frames + id;

	return frame->state == ISLE_FRAME_FREE && frame->zone == zone->index;
}

/* A pageblock that is free as a whole may merge with what lies beside it. */
static void merge_pageblock(struct isle_zone *zone, u32 start)
{
	if (!is_free_here(zone, start) ||
	    zone->isle->frames[start].order != ISLE_PAGEBLOCK_ORDER)
		return;
	isle_buddy_take_block(zone, start, ISLE_PAGEBLOCK_ORDER);
	isle_buddy_free(zone, start, ISLE_PAGEBLOCK_ORDER);
}

void isle_set_pageblock_type(struct isle_zone *zone, u32 id,
			     enum isle_migratetype mt)
{
	enum isle_migratetype from = isle_pageblock_type(zone->isle, id);
	u32 start = pageblock_start(id);

	if (from == mt)
		return;
	split_around(zone, start);
	isle_fullness_retype(zone, start, from, mt);
	WRITE_ONCE(zone->isle->pageblocks[start >> ISLE_PAGEBLOCK_ORDER], mt);
	for (id = start; id < start + ISLE_PAGEBLOCK_FRAMES;
	     id = next_block(zone, id)) {
		if (is_free_here(zone, id))
			isle_buddy_move(zone, id, from, mt);
	}
	merge_pageblock(zone, start);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_set_pageblock_type);

/*
 * How much of a pageblock is free, and how much is of the kind that @mt may
 * join. A pageblock that is not wholly in the zone is not to be claimed.
 */
static bool worth_claiming(const struct isle_zone *zone, u32 start,
			   enum isle_migratetype from,
			   enum isle_migratetype mt)
{
	u32 end = start + ISLE_PAGEBLOCK_FRAMES;
	unsigned int alike = 0;
	unsigned int free = 0;
	u32 id, next;

	for (id = start; id < end; id = next) {
		const struct isle_frame *frame = zone->isle->frames + id;

		next = next_block(zone, id);
		if (frame->zone != zone->index ||
		    frame->state == ISLE_FRAME_HOLE)
			return false;
		if (frame->state == ISLE_FRAME_FREE)
			free += next - id;
		else if (mt != ISLE_MOVABLE && from == ISLE_MOVABLE &&
			 !(frame->flags & ISLE_FRAME_MOVABLE))
			alike += next - id;
		else if (mt == ISLE_MOVABLE &&
			 (frame->flags & ISLE_FRAME_MOVABLE))
			alike += next - id;
	}
	return free + alike >= ISLE_PAGEBLOCK_FRAMES / 2;
}

/*
 * Claiming makes the next fallback less likely if it makes allocators prefer
 * other zones for a while. Freed frames pay the boost off.
 */
static void boost_watermark(struct isle_zone *zone)
{
	unsigned long max = zone->watermark[ISLE_WMARK_HIGH] * 3 / 2;

	if (zone->managed < 4 * ISLE_PAGEBLOCK_FRAMES)
		return;
	max = max_t(unsigned long, max, ISLE_PAGEBLOCK_FRAMES);
	zone->watermark_boost = min(zone->watermark_boost +
				    ISLE_PAGEBLOCK_FRAMES, max);
}

/* A movable allocation pollutes nothing for good: it need not claim. */
static bool should_claim(unsigned int order, enum isle_migratetype mt)
{
	return order >= ISLE_PAGEBLOCK_ORDER / 2 || mt != ISLE_MOVABLE;
}

static u32 claim_block(struct isle_zone *zone, u32 id, unsigned int order,
		       enum isle_migratetype mt, enum isle_migratetype from)
{
	unsigned int block_order = zone->isle->frames[id].order;
	u32 start = pageblock_start(id);
	u32 end = id + BIT(block_order);

	if (block_order >= ISLE_PAGEBLOCK_ORDER) {
		u32 i;

		isle_buddy_move(zone, id, from, mt);
		for (i = id; i < end; i += ISLE_PAGEBLOCK_FRAMES)
			WRITE_ONCE(zone->isle->pageblocks[i >>
				   ISLE_PAGEBLOCK_ORDER], mt);
		return isle_buddy_take_block(zone, id, order);
	}
	boost_watermark(zone);
	if (!worth_claiming(zone, start, from, mt))
		return ISLE_NO_FRAME;
	isle_set_pageblock_type(zone, start, mt);
	return isle_buddy_take(zone, order, mt);
}

/* The types in the order that @mt falls back to them that have @order. */
static int find_fallback(const struct isle_zone *zone, unsigned int order,
			 enum isle_migratetype mt)
{
	unsigned int i;

	for (i = 0; i < NR_FALLBACKS; i++) {
		if (zone->nonempty[fallbacks[mt][i]] & BIT(order))
			return fallbacks[mt][i];
	}
	return -1;
}

static u32 rmqueue_claim(struct isle_zone *zone, unsigned int order,
			 enum isle_migratetype mt, unsigned int alloc_flags)
{
	unsigned int min_order = order;
	int o;

	if (alloc_flags & ISLE_ALLOC_NOFRAGMENT)
		min_order = max_t(unsigned int, order, ISLE_PAGEBLOCK_ORDER);
	for (o = ISLE_TOP_ORDER; o >= (int)min_order; o--) {
		int from;
		u32 id;

		if (!should_claim(o, mt))
			break;
		from = find_fallback(zone, o, mt);
		if (from < 0)
			continue;
		id = claim_block(zone, zone->free_area[o].list[from].first,
				 order, mt, from);
		if (id != ISLE_NO_FRAME) {
			trace_alloc_extfrag(isle_id_to_pfn(zone->isle, id),
					    order, o, mt, from, true);
			zone->events.fallback++;
			return id;
		}
	}
	return ISLE_NO_FRAME;
}

static u32 rmqueue_steal(struct isle_zone *zone, unsigned int order,
			 enum isle_migratetype mt)
{
	unsigned int o;

	for (o = order; o < ISLE_NR_ORDERS; o++) {
		int from = find_fallback(zone, o, mt);
		u32 id;

		if (from < 0)
			continue;
		id = isle_buddy_take(zone, order, from);
		trace_alloc_extfrag(isle_id_to_pfn(zone->isle, id), order, o,
				    mt, from, false);
		zone->events.steal++;
		return id;
	}
	return ISLE_NO_FRAME;
}

/* Use CMA pageblocks while they hold more than half of what is free. */
static bool prefer_cma(const struct isle_zone *zone, unsigned int alloc_flags)
{
	return alloc_flags & ISLE_ALLOC_CMA &&
	       zone->nr_free_cma > zone->nr_free / 2;
}

static u32 rmqueue_fallback(struct isle_zone *zone, unsigned int order,
			    enum isle_migratetype mt, unsigned int alloc_flags)
{
	u32 id = ISLE_NO_FRAME;

	if (mt >= ISLE_PCPTYPES)
		return ISLE_NO_FRAME;
	if (alloc_flags & ISLE_ALLOC_CMA)
		id = isle_buddy_take(zone, order, ISLE_CMA);
	if (id == ISLE_NO_FRAME)
		id = rmqueue_claim(zone, order, mt, alloc_flags);
	if (id == ISLE_NO_FRAME && !(alloc_flags & ISLE_ALLOC_NOFRAGMENT))
		id = rmqueue_steal(zone, order, mt);
	return id;
}

u32 isle_rmqueue(struct isle_zone *zone, unsigned int order,
		 enum isle_migratetype mt, unsigned int alloc_flags)
{
	u32 id = ISLE_NO_FRAME;

	if (prefer_cma(zone, alloc_flags))
		id = isle_buddy_take(zone, order, ISLE_CMA);
	if (id == ISLE_NO_FRAME)
		id = isle_buddy_take(zone, order, mt);
	if (id == ISLE_NO_FRAME)
		id = rmqueue_fallback(zone, order, mt, alloc_flags);
	return id;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_rmqueue);

/*
 * Single frames from the fullest pageblock that holds some, larger blocks from
 * the smallest that will do.
 */
static unsigned int take_run(struct isle_zone *zone, unsigned int order,
			     enum isle_migratetype mt, unsigned int nr,
			     unsigned int *runs, u32 *ids)
{
	unsigned int done = 0;

	if (!order)
		done = isle_fullness_take(zone, mt, nr, runs, ids);
	if (done)
		return done;
	done = isle_buddy_take_run(zone, order, mt, nr, ids);
	if (done)
		(*runs)--;
	return done;
}

unsigned int isle_rmqueue_bulk(struct isle_zone *zone, unsigned int order,
			       enum isle_migratetype mt,
			       unsigned int alloc_flags, unsigned int nr,
			       unsigned int runs, u32 *ids)
{
	unsigned int done = 0;

	while (done < nr && runs) {
		unsigned int n = 0;

		if (prefer_cma(zone, alloc_flags))
			n = take_run(zone, order, ISLE_CMA, nr - done, &runs,
				     ids + done);
		if (!n)
			n = take_run(zone, order, mt, nr - done, &runs,
				     ids + done);
		if (!n) {
			ids[done] = rmqueue_fallback(zone, order, mt,
						     alloc_flags);
			if (ids[done] == ISLE_NO_FRAME)
				break;
			n = 1;
			runs--;
		}
		done += n;
	}
	return done;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_rmqueue_bulk);

/* The zone that a whole pageblock is in, or NULL. */
static struct isle_zone *pageblock_zone(struct isle *isle, u32 start)
{
	struct isle_frame *frame = isle_frame(isle, start);
	u32 i;

	for (i = 0; i < ISLE_PAGEBLOCK_FRAMES; i++) {
		if (frame[i].state == ISLE_FRAME_HOLE ||
		    frame[i].zone != frame->zone)
			return NULL;
	}
	return isle_frame_zone(isle, frame);
}

/* One per cent of the zone may be reserved, but one pageblock in any case. */
static bool may_reserve(const struct isle_zone *zone, u32 id)
{
	unsigned long max = max_t(unsigned long, zone->managed / 100,
				  ISLE_PAGEBLOCK_FRAMES);

	return zone->nr_highatomic + ISLE_PAGEBLOCK_FRAMES <= max &&
	       isle_pageblock_type(zone->isle, id) < ISLE_PCPTYPES &&
	       pageblock_zone(zone->isle, pageblock_start(id)) == zone;
}

void isle_reserve_highatomic(struct isle_zone *zone, u32 id)
{
	unsigned long flags;

	if (zone->managed < 4 * ISLE_PAGEBLOCK_FRAMES)
		return;
	flags = isle_zone_lock(zone);
	if (may_reserve(zone, id)) {
		isle_set_pageblock_type(zone, id, ISLE_HIGHATOMIC);
		zone->nr_highatomic += ISLE_PAGEBLOCK_FRAMES;
	}
	isle_zone_unlock(zone, flags);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_reserve_highatomic);

bool isle_unreserve_highatomic(struct isle_zone *zone)
{
	unsigned long flags;
	u32 orders;

	if (!READ_ONCE(zone->nr_free_highatomic))
		return false;
	flags = isle_zone_lock(zone);
	orders = zone->nonempty[ISLE_HIGHATOMIC];
	if (orders) {
		struct isle_free_area *area = &zone->free_area[__fls(orders)];

		isle_set_pageblock_type(zone, area->list[ISLE_HIGHATOMIC].first,
					ISLE_UNMOVABLE);
		zone->nr_highatomic -= ISLE_PAGEBLOCK_FRAMES;
	}
	isle_zone_unlock(zone, flags);
	return orders;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_unreserve_highatomic);

int isle_isolate_pageblock(struct isle *isle, u32 id)
{
	struct isle_zone *zone;
	unsigned long flags;
	int ret = -EBUSY;

	if (id >= isle->nr_frames)
		return -EINVAL;
	zone = pageblock_zone(isle, pageblock_start(id));
	if (!zone)
		return -EINVAL;
	flags = isle_zone_lock(zone);
	if (isle_pageblock_type(isle, id) != ISLE_ISOLATE) {
		if (isle_pageblock_type(isle, id) == ISLE_HIGHATOMIC)
			zone->nr_highatomic -= ISLE_PAGEBLOCK_FRAMES;
		isle_set_pageblock_type(zone, id, ISLE_ISOLATE);
		ret = 0;
	}
	isle_zone_unlock(zone, flags);
	if (!ret)
		isle_drain_all(isle);
	return ret;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_isolate_pageblock);

int isle_unisolate_pageblock(struct isle *isle, u32 id,
			     enum isle_migratetype mt)
{
	struct isle_zone *zone;
	unsigned long flags;
	int ret = -EINVAL;

	if (id >= isle->nr_frames || mt == ISLE_ISOLATE ||
	    mt == ISLE_HIGHATOMIC)
		return -EINVAL;
	zone = pageblock_zone(isle, pageblock_start(id));
	if (!zone)
		return -EINVAL;
	flags = isle_zone_lock(zone);
	if (isle_pageblock_type(isle, id) == ISLE_ISOLATE) {
		isle_set_pageblock_type(zone, id, mt);
		ret = 0;
	}
	isle_zone_unlock(zone, flags);
	return ret;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_unisolate_pageblock);

const char *isle_migratetype_name(enum isle_migratetype mt)
{
	static const char * const names[ISLE_MIGRATE_TYPES] = {
		[ISLE_UNMOVABLE]   = "Unmovable",
		[ISLE_MOVABLE]     = "Movable",
		[ISLE_RECLAIMABLE] = "Reclaimable",
		[ISLE_HIGHATOMIC]  = "HighAtomic",
		[ISLE_CMA]         = "CMA",
		[ISLE_ISOLATE]     = "Isolate",
	};

	return names[mt];
}
EXPORT_SYMBOL_FOR_KUNIT(isle_migratetype_name);
