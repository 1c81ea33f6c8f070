// SPDX-License-Identifier: GPL-2.0
/* The buddy system: see buddy.h. Counterpart: __free_one_page(), expand(). */

#include <linux/bitops.h>

#include "buddy.h"
#include "compat.h"
#include "debug.h"
#include "fullness.h"

void isle_buddy_init(struct isle_zone *zone)
{
	unsigned int order, mt;

	for (order = 0; order < ISLE_NR_ORDERS; order++) {
		for (mt = 0; mt < ISLE_MIGRATE_TYPES; mt++) {
			struct isle_free_list *list;

			list = &zone->free_area[order].list[mt];
			list->first = ISLE_NO_FRAME;
			list->last = ISLE_NO_FRAME;
		}
	}
}

static void account(struct isle_zone *zone, enum isle_migratetype mt, long nr)
{
	if (unlikely(mt == ISLE_ISOLATE)) {
		zone->nr_isolated += nr;
		return;
	}
	WRITE_ONCE(zone->nr_free, zone->nr_free + nr);
	if (mt == ISLE_CMA)
		WRITE_ONCE(zone->nr_free_cma, zone->nr_free_cma + nr);
	else if (unlikely(mt == ISLE_HIGHATOMIC))
		WRITE_ONCE(zone->nr_free_highatomic,
			   zone->nr_free_highatomic + nr);
}

static void list_link(struct isle_zone *zone, u32 id, unsigned int order,
		      enum isle_migratetype mt, bool tail)
{
	struct isle_free_list *list = &zone->free_area[order].list[mt];
	struct isle_frame *frames = zone->isle->frames;
	struct isle_frame *frame = frames + id;

	frame->state = ISLE_FRAME_FREE;
	frame->order = order;
	if (!list->nr++) {
		zone->nonempty[mt] |= BIT(order);
		frame->next = ISLE_NO_FRAME;
		frame->prev = ISLE_NO_FRAME;
		list->first = id;
		list->last = id;
	} else if (tail) {
		frame->next = ISLE_NO_FRAME;
		frame->prev = list->last;
		frames[list->last].next = id;
		list->last = id;
	} else {
		frame->prev = ISLE_NO_FRAME;
		frame->next = list->first;
		frames[list->first].prev = id;
		list->first = id;
	}
}

static void list_unlink(struct isle_zone *zone, u32 id, unsigned int order,
			enum isle_migratetype mt)
{
	struct isle_free_list *list = &zone->free_area[order].list[mt];
	struct isle_frame *frames = zone->isle->frames;
	struct isle_frame *frame = frames + id;

	isle_debug_check_links(zone, id, order, mt);
	if (frame->prev == ISLE_NO_FRAME)
		list->first = frame->next;
	else
		frames[frame->prev].next = frame->next;
	if (frame->next == ISLE_NO_FRAME)
		list->last = frame->prev;
	else
		frames[frame->next].prev = frame->prev;
	if (!--list->nr)
		zone->nonempty[mt] &= ~BIT(order);
}

static bool is_free_buddy(const struct isle_zone *zone, u32 id,
			  unsigned int order)
{
	const struct isle_frame *frame = zone->isle->frames + id;

	return frame->state == ISLE_FRAME_FREE && frame->order == order &&
	       frame->zone == zone->index;
}

/* Types that may become one when a block grows beyond their pageblock. */
static bool mergeable(enum isle_migratetype a, enum isle_migratetype b)
{
	return a == b || (a < ISLE_PCPTYPES && b < ISLE_PCPTYPES);
}

/*
 * If the block that this one would make with its buddy has a free buddy, it
 * may soon be part of something larger: let it be used last.
 */
static bool merge_likely(const struct isle_zone *zone, u32 id,
			 unsigned int order)
{
	if (order >= ISLE_TOP_ORDER - 1)
		return false;
	id &= ~BIT(order);
	return is_free_buddy(zone, id ^ BIT(order + 1), order + 1);
}

/* While a large block was allocated, one of its pageblocks changed its type. */
static bool types_differ(const struct isle *isle, u32 id, unsigned int order)
{
	return order > ISLE_PAGEBLOCK_ORDER &&
	       isle_pageblock_type(isle, id) !=
	       isle_pageblock_type(isle, id + ISLE_PAGEBLOCK_FRAMES);
}

void isle_buddy_free(struct isle_zone *zone, u32 id, unsigned int order)
{
	enum isle_migratetype mt = isle_pageblock_type(zone->isle, id);
	struct isle *isle = zone->isle;

	if (unlikely(types_differ(isle, id, order))) {
		order--;
		isle_buddy_free(zone, id + BIT(order), order);
	}
	account(zone, mt, BIT(order));
	isle_fullness_add(zone, id, BIT(order));
	while (order < ISLE_TOP_ORDER) {
		u32 buddy = id ^ BIT(order);
		enum isle_migratetype buddy_mt;

		if (!is_free_buddy(zone, buddy, order))
			break;
		buddy_mt = mt;
		if (unlikely(order >= ISLE_PAGEBLOCK_ORDER)) {
			buddy_mt = isle_pageblock_type(isle, buddy);
			if (!mergeable(mt, buddy_mt))
				break;
			isle->pageblocks[buddy >> ISLE_PAGEBLOCK_ORDER] = mt;
		}
		list_unlink(zone, buddy, order, buddy_mt);
		isle->frames[id | BIT(order)].state = ISLE_FRAME_TAIL;
		id &= ~BIT(order);
		order++;
	}
	list_link(zone, id, order, mt, merge_likely(zone, id, order));
}
EXPORT_SYMBOL_FOR_KUNIT(isle_buddy_free);

void isle_buddy_free_run(struct isle_zone *zone, u32 start, u32 nr,
			 unsigned int order)
{
	struct isle_frame *frames = zone->isle->frames;
	u32 end = start + nr;

	while (start < end) {
		unsigned int merged = min_t(unsigned int, __fls(end - start),
					    ISLE_PAGEBLOCK_ORDER);
		u32 head;

		if (start)
			merged = min_t(unsigned int, merged, __ffs(start));
		for (head = start + BIT(order); head < start + BIT(merged);
		     head += BIT(order))
			frames[head].state = ISLE_FRAME_TAIL;
		isle_buddy_free(zone, start, merged);
		start += BIT(merged);
	}
}
EXPORT_SYMBOL_FOR_KUNIT(isle_buddy_free_run);

/*
 * Put [start, end), the end of a free block that was unlinked, back as aligned
 * blocks. What stood before it is taken, so nothing can merge. (expand() cuts
 * off one order after the other; this starts from the cut.)
 */
static void put_rest(struct isle_zone *zone, u32 start, u32 end,
		     enum isle_migratetype mt)
{
	while (start < end) {
		unsigned int order = __ffs(start);

		list_link(zone, start, order, mt, false);
		start += BIT(order);
	}
}

static u32 take_from(struct isle_zone *zone, u32 id, unsigned int order,
		     enum isle_migratetype mt)
{
	struct isle_frame *frame = zone->isle->frames + id;
	unsigned int from = frame->order;

	list_unlink(zone, id, from, mt);
	account(zone, mt, -(long)BIT(order));
	isle_fullness_add(zone, id, -(int)BIT(order));
	put_rest(zone, id + BIT(order), id + BIT(from), mt);
	frame->state = ISLE_FRAME_PCP;
	frame->order = order;
	return id;
}

u32 isle_buddy_take(struct isle_zone *zone, unsigned int order,
		    enum isle_migratetype mt)
{
	u32 orders = zone->nonempty[mt] >> order;

	if (!orders)
		return ISLE_NO_FRAME;
	return take_from(zone,
			 zone->free_area[order + __ffs(orders)].list[mt].first,
			 order, mt);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_buddy_take);

unsigned int isle_buddy_cut(struct isle_zone *zone, u32 id, unsigned int order,
			    unsigned int nr, u32 *ids)
{
	enum isle_migratetype mt = isle_pageblock_type(zone->isle, id);
	struct isle_frame *frame = zone->isle->frames + id;
	unsigned int from = frame->order, i;
	u32 end = id + BIT(from);

	nr = min_t(unsigned int, nr, BIT(from - order));
	list_unlink(zone, id, from, mt);
	account(zone, mt, -(long)(nr << order));
	isle_fullness_add(zone, id, -(int)(nr << order));
	for (i = nr; i--; id += BIT(order), frame += BIT(order)) {
		frame->state = ISLE_FRAME_PCP;
		frame->order = order;
		ids[i] = id;
	}
	put_rest(zone, id, end, mt);
	return nr;
}

unsigned int isle_buddy_take_run(struct isle_zone *zone, unsigned int order,
				 enum isle_migratetype mt, unsigned int nr,
				 u32 *ids)
{
	u32 orders = zone->nonempty[mt] >> order;

	if (!orders)
		return 0;
	return isle_buddy_cut(zone, zone->free_area[order + __ffs(orders)]
			      .list[mt].first, order, nr, ids);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_buddy_take_run);

u32 isle_buddy_take_block(struct isle_zone *zone, u32 id, unsigned int order)
{
	return take_from(zone, id, order, isle_pageblock_type(zone->isle, id));
}
EXPORT_SYMBOL_FOR_KUNIT(isle_buddy_take_block);

void isle_buddy_split(struct isle_zone *zone, u32 id)
{
	enum isle_migratetype mt = isle_pageblock_type(zone->isle, id);
	unsigned int order = zone->isle->frames[id].order;

	list_unlink(zone, id, order, mt);
	order--;
	list_link(zone, id + BIT(order), order, mt, false);
	list_link(zone, id, order, mt, false);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_buddy_split);

void isle_buddy_move(struct isle_zone *zone, u32 id,
		     enum isle_migratetype from, enum isle_migratetype to)
{
	unsigned int order = zone->isle->frames[id].order;

	list_unlink(zone, id, order, from);
	account(zone, from, -(long)BIT(order));
	list_link(zone, id, order, to, true);
	account(zone, to, BIT(order));
}
EXPORT_SYMBOL_FOR_KUNIT(isle_buddy_move);
