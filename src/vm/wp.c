// SPDX-License-Identifier: GPL-2.0
/*
 * Write faults on what is mapped for reading only, or shared. Counterparts:
 * do_wp_page(), wp_page_reuse(), wp_page_copy() and do_cow_fault().
 *
 * The last holder of a frame writes to it in place; the zero frame has all for
 * holders.
 */

#include <trace/isle.h>

#include "fault.h"
#include "pte.h"

static void trace_cow_of(const struct isle_fault *fault, u32 from, u32 to)
{
	if (!trace_cow_enabled())
		return;
	trace_cow(isle_slot_address(fault, fault->slot), fault->pgoff,
		  isle_id_to_pfn(fault->isle, from),
		  isle_id_to_pfn(fault->isle, to), from == to);
}

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

int isle_unshare(struct isle_fault *fault)
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
		trace_cow_of(fault, from, id);
	}
	replace(fault, id);
	fault->first = fault->slot;
	fault->last = fault->slot;
	isle_fault_did(fault, from == ISLE_NO_FRAME ? ISLE_FAULT_ANON :
						      ISLE_FAULT_COW);
	return 0;
}

static int raise_own(struct isle_fault *fault, int kind, unsigned int slot,
		     unsigned int nr)
{
	if (kind != ISLE_SLOT_OWN)
		return 0;
	return isle_raise_frames(fault->vma, isle_slot_address(fault, slot),
				 fault->isle, fault->chunk->slot + slot, nr);
}

int isle_wp(struct isle_fault *fault)
{
	u32 id = fault->chunk->slot[fault->slot];
	int err;

	switch (isle_slot_kind(fault, fault->slot)) {
	case ISLE_SLOT_EMPTY:
		return isle_anon_write(fault);
	case ISLE_SLOT_OWN:
		isle_fault_did(fault, ISLE_FAULT_REUSE);
		trace_cow_of(fault, id, id);
		break;
	default:
		err = isle_unshare(fault);
		if (err)
			return err;
	}
	return isle_map_runs(fault, isle_slot_kind, raise_own);
}
