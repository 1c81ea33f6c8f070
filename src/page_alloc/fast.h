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
	/*
	 * Pairs with isle_tryget_frame(): what it gets a hold of is whole. Not
	 * atomic_set_release(): where that is a full fence (User Mode Linux), it
	 * costs as much as all the rest.
	 */
	smp_wmb();
	atomic_set(&frame->ref, 1);
}

/* Whether a block needs isle_prep() before its caller may have it. */
static __always_inline bool isle_needs_prep(gfp_t gfp)
{
	return unlikely(gfp & __GFP_ZERO || isle_watched());
}

/*
 * A block off this CPU's list. If there is none, ask isle_alloc_slow(); what was
 * got may still need isle_prep(). Both are left to the caller so that it can end
 * in them: a tail call saves no registers.
 */
static __always_inline bool isle_alloc_fast(struct isle *isle, gfp_t gfp,
					    unsigned int order, void *owner,
					    u32 *id)
{
	if (unlikely(order > ISLE_TOP_ORDER ||
		     gfp & (__GFP_THISNODE | ISLE_GFP_REFUSED)))
		return false;
	if (unlikely(!isle_pcp_get(isle, gfp, order, id)))
		return false;
	isle_hand_out(isle, *id, gfp, 0, owner);
	return true;
}

static __always_inline bool isle_is_allocated(const struct isle_frame *frame,
					      unsigned int order)
{
	return likely(frame->state == ISLE_FRAME_ALLOCATED &&
		      frame->order == order);
}

/* What isle_free_fast() leaves to its caller, who can end in it. */
enum isle_free_rest {
	ISLE_FREE_DONE,
	ISLE_FREE_HELD,		/* by others: isle_check_underflow() */
	ISLE_FREE_LEFT,		/* a block without a list: isle_free_slow() */
};

/* Drop a reference to what isle_is_allocated(). */
static __always_inline enum isle_free_rest
isle_free_fast(struct isle *isle, struct isle_frame *frame, u32 id,
	       unsigned int order)
{
	if (unlikely(!atomic_dec_and_test(&frame->ref)))
		return ISLE_FREE_HELD;
	if (unlikely(frame->flags & ISLE_FRAME_RELEASE || isle_watched()))
		return ISLE_FREE_LEFT;
	if (unlikely(!isle_pcp_put(isle, frame, id, order)))
		return ISLE_FREE_LEFT;
	return ISLE_FREE_DONE;
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
	switch (isle_free_fast(isle, frame, id, order)) {
	case ISLE_FREE_HELD:
		isle_check_underflow(isle, id);
		break;
	case ISLE_FREE_LEFT:
		isle_free_slow(isle, id, order);
		break;
	case ISLE_FREE_DONE:
		break;
	}
}

#endif /* _ISLE_FAST_H */
