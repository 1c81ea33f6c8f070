/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fast paths of allocation and freeing, for whoever calls them most:
 * inlined, with no local whose address is taken, and everything rare in calls
 * that they end in.
 */
#ifndef _ISLE_FAST_H
#define _ISLE_FAST_H

#include <linux/mm.h>
#include <linux/topology.h>

#include "debug.h"
#include "pcp.h"
#include "report.h"
#include "watch.h"

u32 isle_alloc_slow(struct isle *isle, gfp_t gfp, unsigned int order, int nid,
		    void *owner);
u32 isle_prep(struct isle *isle, u32 id, gfp_t gfp, unsigned int order);
void isle_free_slow(struct isle *isle, u32 id, unsigned int order);
void isle_check_underflow(struct isle *isle, u32 id);

/* Make a block that left the lists the caller's. */
static __always_inline void isle_hand_out(struct isle *isle, u32 id, gfp_t gfp,
					  u8 frame_flags, void *owner)
{
	struct isle_frame *frame = isle_frame(isle, id);

	frame_flags |= gfp & __GFP_MOVABLE ? ISLE_FRAME_MOVABLE : 0;
	frame_flags |= gfp & __GFP_COMP ? ISLE_FRAME_COMP : 0;
	frame->flags = frame_flags;
	frame->owner = owner;
	frame->state = ISLE_FRAME_ALLOCATED;
	/* Pairs with isle_tryget_frame(): what it gets a hold of is whole. */
	atomic_set_release(&frame->ref, 1);
}

/* Whether a block needs isle_prep() before its caller may have it. */
static __always_inline bool isle_needs_prep(gfp_t gfp)
{
	return unlikely(gfp & __GFP_ZERO || isle_watched());
}

/*
 * A block off this CPU's list, or ISLE_NO_FRAME: ask isle_alloc_slow(). What
 * was got may still need isle_prep(). Both are left to the caller so that it
 * can end in them: a tail call saves no registers.
 */
static __always_inline u32 isle_alloc_fast(struct isle *isle, gfp_t gfp,
					   unsigned int order, void *owner)
{
	u32 id;

	if (unlikely(order > ISLE_TOP_ORDER ||
		     gfp & (__GFP_THISNODE | ISLE_GFP_REFUSED)))
		return ISLE_NO_FRAME;
	id = isle_pcp_get(isle, gfp, order);
	if (likely(id != ISLE_NO_FRAME))
		isle_hand_out(isle, id, gfp, 0, owner);
	return id;
}

static __always_inline bool isle_is_allocated(const struct isle_frame *frame,
					      unsigned int order)
{
	return likely(frame->state == ISLE_FRAME_ALLOCATED &&
		      frame->order == order);
}

/* Return: whether it was the last. */
static __always_inline bool isle_drop_ref(struct isle *isle, u32 id,
					  struct isle_frame *frame)
{
	if (likely(atomic_dec_and_test(&frame->ref)))
		return true;
	isle_check_underflow(isle, id);
	return false;
}

/* isle_free_frames(), inlined. */
static __always_inline void isle_free_inline(struct isle *isle, u32 id,
					     unsigned int order)
{
	struct isle_frame *frame = isle_frame(isle, id);

	if (unlikely(!isle_is_allocated(frame, order))) {
		isle_report_bad_free(isle, id, order);
		return;
	}
	if (!isle_drop_ref(isle, id, frame))
		return;
	if (unlikely(frame->flags & ISLE_FRAME_RELEASE || isle_watched()) ||
	    unlikely(!isle_pcp_put(isle, frame, id, order,
				   isle_pageblock_type(isle, id))))
		isle_free_slow(isle, id, order);
}

#endif /* _ISLE_FAST_H */
