// SPDX-License-Identifier: GPL-2.0
/*
 * Private faults where nothing is mapped. Counterparts: do_anonymous_page(),
 * do_read_fault() and filemap_map_pages().
 *
 * A fault maps what it can around the address as well: frames that are there
 * already, the zero frame for a read, new frames for a write.
 */

#include "fault.h"

/* What reads of nothing see. Every layer shares it and none holds it. */
static u32 zero_frame;

int isle_anon_init(struct isle *isle)
{
	zero_frame = isle_alloc_frames(isle, GFP_KERNEL | __GFP_ZERO, 0,
				       NUMA_NO_NODE);
	return zero_frame == ISLE_NO_FRAME ? -ENOMEM : 0;
}

void isle_anon_exit(struct isle *isle)
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
		return isle_map_frames(vma, address, fault->isle,
				       fault->chunk->slot + slot, nr,
				       vma->vm_flags & VM_WRITE);
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

int isle_anon_map(struct isle_fault *fault, bool zero)
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

int isle_anon_read(struct isle_fault *fault)
{
	bool zero = isle_slot_kind(fault, fault->slot) == ISLE_SLOT_EMPTY;
	int err;

	if (zero && fault->cache)
		return -ENODATA;
	err = isle_anon_map(fault, !fault->cache);
	if (err)
		return err;
	if (isle_object_appeared(fault))
		return -EAGAIN;
	if (zero)
		isle_fault_did(fault, ISLE_FAULT_ZERO);
	return 0;
}

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
			return isle_fault_mapped(fault, map_frames(fault,
					ISLE_SLOT_OWN, fault->first, nr));
		break;
	default:
		err = isle_unshare(fault);
	}
	return err ?: isle_anon_map(fault, false);
}
