// SPDX-License-Identifier: GPL-2.0
/*
 * Write faults in private mappings where nothing was written yet: new frames.
 * Counterparts: do_anonymous_page(), alloc_anon_folio().
 *
 * A fault fills what is empty around the address as well.
 */

#include "fault.h"

/* Memory ran short: keep the frames that there are around the fault. */
static unsigned int keep_some(struct isle_fault *fault, unsigned int first,
			      unsigned int last, unsigned int got)
{
	unsigned int start = min(fault->slot, last + 1 - got), slot;
	u32 *slots = fault->chunk->slot;

	memmove(slots + start, slots + first, got * sizeof(*slots));
	for (slot = first; slot <= last; slot++) {
		if (slot < start || slot >= start + got)
			slots[slot] = ISLE_NO_FRAME;
	}
	return start;
}

int isle_populate(struct isle_fault *fault, unsigned int *nr)
{
	unsigned int first = fault->slot, last = fault->slot, want, got;

	while (first > fault->first &&
	       isle_slot_kind(fault, first - 1) == ISLE_SLOT_EMPTY)
		first--;
	while (last < fault->last &&
	       isle_slot_kind(fault, last + 1) == ISLE_SLOT_EMPTY)
		last++;
	want = isle_opener_charge(fault->opener, last - first + 1);
	if (!want)
		return -EDQUOT;
	got = isle_alloc_user(fault->isle, ISLE_GFP_USER | __GFP_ZERO, 0, want,
			      fault->chunk->slot + first);
	isle_opener_uncharge(fault->opener, want - got);
	if (unlikely(got < last - first + 1))
		first = keep_some(fault, first, last, got);
	fault->chunk->used += got;
	*nr = got;
	return got ? first : -ENOMEM;
}

/*
 * New frames where there was nothing, for the layer. Reads may have mapped the
 * zero frame there, which is not what the slots say any more.
 */
static int populate_layer(struct isle_fault *fault, unsigned int *nr)
{
	pgoff_t start = fault->pgoff - fault->slot;
	int first;

	first = isle_populate(fault, nr);
	if (first < 0)
		return first;
	if (fault->chunk->zero)
		isle_zap_layer(fault->layer, fault->vma, start + first,
			       start + first + *nr - 1);
	isle_fault_did(fault, ISLE_FAULT_ANON);
	return 0;
}

int isle_anon_write(struct isle_fault *fault)
{
	unsigned int nr;
	int err = 0;

	switch (isle_slot_kind(fault, fault->slot)) {
	case ISLE_SLOT_OWN:
		break;
	case ISLE_SLOT_EMPTY:
		if (fault->cache)
			return -ENODATA;
		err = populate_layer(fault, &nr);
		if (!err && nr == fault->last - fault->first + 1)
			return isle_fault_mapped(fault, isle_map_own(fault,
							fault->first, nr));
		break;
	default:
		err = isle_cow(fault);
	}
	return err ?: isle_map_around(fault, false);
}
