// SPDX-License-Identifier: GPL-2.0
/*
 * Read faults in private mappings: frames that the layer has, pages of the object,
 * or zeroes. Counterparts: do_read_fault(), filemap_map_pages(), the zero page of
 * do_anonymous_page().
 *
 * A fault maps what is there around the address as well.
 */

#include "fault.h"

/* What reads of nothing see. Every layer shares it and none holds it. */
static u32 zero_frame;

int isle_read_init(struct isle *isle)
{
	zero_frame = isle_alloc_frames(isle, GFP_KERNEL | __GFP_ZERO, 0,
				       NUMA_NO_NODE);
	return zero_frame == ISLE_NO_FRAME ? -ENOMEM : 0;
}

void isle_read_exit(struct isle *isle)
{
	isle_free_frames(isle, zero_frame, 0);
}

static int map_frames(struct isle_fault *fault, int kind, unsigned int slot,
		      unsigned int nr)
{
	unsigned long address = isle_slot_address(fault, slot);
	struct vm_area_struct *vma = fault->vma;

	switch (kind) {
	case ISLE_SLOT_OWN:
		return isle_map_own(fault, slot, nr);
	case ISLE_SLOT_SHARED:
		return isle_map_frames(vma, address, fault->isle,
				       fault->chunk->slot + slot, nr, false);
	case ISLE_SLOT_OBJECT:
		return isle_map_frames(vma, address, fault->isle,
				       fault->under->slot + slot, nr, false);
	default:
		return 0;
	}
}

static int map_frames_or_zeroes(struct isle_fault *fault, int kind,
				unsigned int slot, unsigned int nr)
{
	if (kind != ISLE_SLOT_EMPTY)
		return map_frames(fault, kind, slot, nr);
	fault->chunk->zero = true;
	return isle_map_frame_repeatedly(fault->vma,
					 isle_slot_address(fault, slot),
					 fault->isle, zero_frame, nr);
}

int isle_map_around(struct isle_fault *fault, bool zero)
{
	if (zero)
		return isle_map_runs(fault, isle_slot_kind, map_frames_or_zeroes);
	return isle_map_runs(fault, isle_slot_kind, map_frames);
}

/*
 * Whoever puts a page there makes the chunk first, then unmaps the offset
 * everywhere; so either that finds the entries made here, or this finds the
 * chunk.
 */
bool isle_object_appeared(struct isle_fault *fault)
{
	if (fault->under)
		return false;
	smp_mb(); /* pairs with the one in isle_shared_populate() */
	if (likely(!isle_store_has_chunk(&fault->opener->object->store,
					 fault->pgoff)))
		return false;
	isle_zap_layer(fault->layer, fault->vma,
		       fault->pgoff - fault->slot + fault->first,
		       fault->pgoff - fault->slot + fault->last);
	return true;
}

int isle_read(struct isle_fault *fault)
{
	bool zero = isle_slot_kind(fault, fault->slot) == ISLE_SLOT_EMPTY;
	int err;

	if (zero && fault->cache)
		return -ENODATA;
	err = isle_map_around(fault, !fault->cache);
	if (err)
		return err;
	if (isle_object_appeared(fault))
		return -EAGAIN;
	if (zero)
		isle_fault_did(fault, ISLE_FAULT_ZERO);
	return 0;
}
