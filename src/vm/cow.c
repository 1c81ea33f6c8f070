// SPDX-License-Identifier: GPL-2.0
/*
 * Copy-on-write: a frame of the layer's own in place of what others have too, a
 * frame that a fork shares or a page of the object. Counterparts: wp_page_copy(),
 * do_cow_fault().
 */

#include "fault.h"

/* Put @id into the fault's slot, in place of a frame that others have too. */
static void replace(struct isle_fault *fault, u32 id)
{
	u32 *slot = &fault->chunk->slot[fault->slot];
	u32 old = *slot;

	isle_zap_layer(fault->layer, fault->vma, fault->pgoff, fault->pgoff);
	*slot = id;
	if (old == ISLE_NO_FRAME)
		fault->chunk->used++;
	else
		isle_free_frames(fault->isle, old, 0);
}

int isle_cow(struct isle_fault *fault)
{
	bool grows = fault->chunk->slot[fault->slot] == ISLE_NO_FRAME;
	u32 from = isle_fault_visible(fault);
	gfp_t gfp = ISLE_GFP_USER;
	u32 id;

	if (grows && !isle_opener_charge(fault->opener, 1))
		return -EDQUOT;
	if (from == ISLE_NO_FRAME)
		gfp |= __GFP_ZERO;
	if (!isle_alloc_user(fault->isle, gfp, 0, 1, &id)) {
		isle_opener_uncharge(fault->opener, grows);
		return -ENOMEM;
	}
	if (from != ISLE_NO_FRAME) {
		copy_page(isle_frame_address(fault->isle, id),
			  isle_frame_address(fault->isle, from));
		isle_trace_cow(fault, from, id);
	}
	replace(fault, id);
	fault->first = fault->slot;
	fault->last = fault->slot;
	isle_fault_did(fault, from == ISLE_NO_FRAME ? ISLE_FAULT_ANON :
						      ISLE_FAULT_COW);
	return 0;
}
