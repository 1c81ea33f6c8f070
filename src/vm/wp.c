// SPDX-License-Identifier: GPL-2.0
/*
 * Write faults in private mappings on what is mapped for reading. Counterparts:
 * do_wp_page(), wp_page_reuse().
 *
 * The last holder of a frame writes to it in place; the zero frame has all for
 * holders.
 */

#include "fault.h"

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
		isle_trace_cow(fault, id, id);
		break;
	default:
		err = isle_cow(fault);
		if (err)
			return err;
	}
	return isle_map_runs(fault, isle_slot_kind, raise_own);
}
