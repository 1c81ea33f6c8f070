// SPDX-License-Identifier: GPL-2.0
/*
 * References and freeing: see alloc.h. Counterparts: __free_pages(),
 * free_frozen_pages(), free_pages_prepare(), put_page().
 */

#include <linux/mm.h>
#include <linux/printk.h>

#include <trace/isle.h>

#include "alloc.h"
#include "compat.h"
#include "fast.h"
#include "free.h"
#include "pcp.h"
#include "quarantine.h"
#include "report.h"

u32 isle_block_head(const struct isle *isle, u32 id)
{
	unsigned int order;

	if (isle_frame(isle, id)->state != ISLE_FRAME_TAIL)
		return id;
	for (order = 1; order <= ISLE_TOP_ORDER; order++) {
		u32 head = id & ~(BIT(order) - 1);
		const struct isle_frame *frame = isle_frame(isle, head);

		if (frame->state > ISLE_FRAME_TAIL && frame->order >= order)
			return head;
	}
	return id;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_block_head);

void isle_release_block(struct isle *isle, u32 id)
{
	struct isle_frame *frame = isle_frame(isle, id);
	struct isle_zone *zone = isle_frame_zone(isle, frame);

	if (frame->flags & ISLE_FRAME_USER)
		atomic_long_sub(BIT(frame->order), &zone->nr_user);
	isle_debug_free(isle, id, frame->order);
	isle_pcp_free_slow(zone, id, frame->order);
}

/* What the kernel still pins waits in quarantine, and stays charged. */
static bool must_wait(struct isle *isle, u32 id,
		      const struct isle_frame *frame)
{
	if (likely(!(frame->flags & ISLE_FRAME_EXPOSED)) ||
	    !isle->ops->pinned(isle, id))
		return false;
	isle_quarantine_add(isle, id);
	return true;
}

/* Apart, so that what it looks up is looked up for a tracer only. */
static noinline void trace_free(const struct isle *isle, u32 id,
				unsigned int order)
{
	trace_page_free(isle_id_to_pfn(isle, id), order);
}

noinline void isle_free_slow(struct isle *isle, u32 id, unsigned int order)
{
	if (trace_page_free_enabled())
		trace_free(isle, id, order);
	if (!must_wait(isle, id, isle_frame(isle, id)))
		isle_release_block(isle, id);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_free_slow);

/* If more references were dropped than there were, take the last one back. */
noinline void isle_check_underflow(struct isle *isle, u32 id)
{
	struct isle_frame *frame = isle_frame(isle, id);

	if (atomic_read(&frame->ref) >= 0)
		return;
	atomic_inc(&frame->ref);
	isle_report_bad_free(isle, id, frame->order);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_check_underflow);

void isle_free_frames(struct isle *isle, u32 id, unsigned int order)
{
	isle_free_inline(isle, id, order);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_free_frames);

/*
 * Drop a reference to frames that are all as @like: of one zone, charged or not,
 * never exposed, the reference the last one. Return: how many from the start.
 */
static unsigned int drop_alike(struct isle *isle, const u32 *ids,
			       unsigned int nr, const struct isle_frame *like)
{
	u32 kind = like->kind;
	unsigned int i;

	if (!isle_is_allocated(like, 0) || like->flags & ISLE_FRAME_EXPOSED)
		return 0;
	for (i = 0; i < nr; i++) {
		struct isle_frame *frame = isle_frame(isle, ids[i]);

		if (unlikely(frame->kind != kind ||
			     atomic_cmpxchg(&frame->ref, 1, 0) != 1))
			break;
	}
	return i;
}

/* Show frames whose last reference went to those who watch. */
static noinline void watch_free(struct isle *isle, const u32 *ids,
				unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		trace_free(isle, ids[i], 0);
		isle_debug_free(isle, ids[i], 0);
	}
}

/* Drop a reference that is not the last one. */
static bool drop_one_of_many(struct isle_frame *frame)
{
	int refs = atomic_read(&frame->ref);

	do {
		if (refs <= 1)
			return false;
	} while (!atomic_try_cmpxchg(&frame->ref, &refs, refs - 1));
	return true;
}

/* Drop a reference to frames that others hold. Return: how many from the start. */
static unsigned int drop_shared(struct isle *isle, const u32 *ids,
				unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct isle_frame *frame = isle_frame(isle, ids[i]);

		if (!isle_is_allocated(frame, 0) || !drop_one_of_many(frame))
			break;
	}
	return i;
}

/* Give the lists what most frames are, in rows; the others one by one. */
static __always_inline void free_bulk(struct isle *isle, const u32 *ids,
				      unsigned int nr, bool runs)
{
	unsigned int n;

	for (; nr; ids += n, nr -= n) {
		struct isle_frame *frame = isle_frame(isle, ids[0]);
		struct isle_zone *zone = isle_frame_zone(isle, frame);

		n = drop_shared(isle, ids, nr);
		if (n)
			continue;
		n = drop_alike(isle, ids, nr, frame);
		if (!n) {
			isle_free_inline(isle, ids[0], 0);
			n = 1;
			continue;
		}
		if (isle_watched())
			watch_free(isle, ids, n);
		if (frame->flags & ISLE_FRAME_USER)
			atomic_long_sub(n, &zone->nr_user);
		if (runs)
			isle_pcp_free_runs(zone, ids, n);
		else
			isle_pcp_free_bulk(zone, ids, n);
	}
}

void isle_free_frames_bulk(struct isle *isle, const u32 *ids, unsigned int nr)
{
	free_bulk(isle, ids, nr, false);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_free_frames_bulk);

void isle_free_frames_runs(struct isle *isle, const u32 *ids, unsigned int nr)
{
	free_bulk(isle, ids, nr, true);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_free_frames_runs);

/*
 * Whether references to a frame are counted at the head of its block. As in the
 * kernel, there are none to tails of a block that is not compound, which may be
 * split: nobody could say then to which of its pages.
 */
static bool is_counted(const struct isle *isle, u32 id, u32 head)
{
	return id == head || isle_frame(isle, head)->flags & ISLE_FRAME_COMP;
}

/* Not if a block that is free already was freed once more. */
static bool inc_if_held(struct isle_frame *frame)
{
	int refs = atomic_read(&frame->ref);

	do {
		if (refs <= 0)
			return false;
	} while (!atomic_try_cmpxchg(&frame->ref, &refs, refs + 1));
	return true;
}

void isle_get_frame(struct isle *isle, u32 id)
{
	u32 head = isle_block_head(isle, id);

	if (unlikely(!is_counted(isle, id, head) ||
		     !inc_if_held(isle_frame(isle, head))))
		isle_report_bad_get(isle, id);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_get_frame);

/*
 * By the time the count goes up, the block may have been freed and its head
 * allocated as another, without @id. Then the reference is the wrong one.
 */
bool isle_tryget_frame(struct isle *isle, u32 id)
{
	for (;;) {
		u32 head = isle_block_head(isle, id);

		if (!is_counted(isle, id, head) ||
		    !inc_if_held(isle_frame(isle, head)))
			return false;
		if (likely(isle_block_head(isle, id) == head &&
			   is_counted(isle, id, head)))
			return true;
		isle_put_frame(isle, head);
	}
}
EXPORT_SYMBOL_FOR_KUNIT(isle_tryget_frame);

void isle_put_frame(struct isle *isle, u32 id)
{
	u32 head = isle_block_head(isle, id);
	struct isle_frame *frame = isle_frame(isle, head);

	if (unlikely(frame->state != ISLE_FRAME_ALLOCATED)) {
		isle_report_bad_free(isle, id, 0);
		return;
	}
	isle_free_inline(isle, head, frame->order);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_put_frame);

/*
 * Tails become heads from the top down, so that whoever looks for the head of
 * one finds a block around it at any moment. References that others have are to
 * the first page, and stay there.
 */
void isle_split_block(struct isle *isle, u32 id, unsigned int order)
{
	struct isle_frame *head = isle_frame(isle, id);
	u32 i;

	if (!isle_is_allocated(head, order) || head->flags & ISLE_FRAME_COMP) {
		isle_report_bad_split(isle, id, order);
		return;
	}
	for (i = BIT(order) - 1; i; i--) {
		struct isle_frame *frame = head + i;

		atomic_set(&frame->ref, 1);
		frame->flags = head->flags;
		frame->owner = head->owner;
		frame->order = 0;
		/* Who sees a head here sees the rest of it too. */
		smp_store_release(&frame->state, ISLE_FRAME_ALLOCATED);
	}
	head->order = 0;
	isle_debug_split(isle, id, order);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_split_block);

void isle_expose_frame(struct isle *isle, u32 id)
{
	isle_frame(isle, id)->flags |= ISLE_FRAME_EXPOSED;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_expose_frame);
