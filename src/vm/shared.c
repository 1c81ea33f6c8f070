// SPDX-License-Identifier: GPL-2.0
/*
 * Faults in shared mappings: the object's own pages, the same for all who map
 * the opener. Counterparts: do_shared_fault(), shmem_fault().
 *
 * Their entries are of the ordinary kind, which get_user_pages() accepts. A
 * page that may not be pinned gets a special entry instead: it works, but can't
 * be pinned.
 */

#include "expose.h"
#include "fault.h"
#include "pte.h"

static bool is_exposed(const struct isle_fault *fault, unsigned int slot)
{
	return isle_frame(fault->isle, fault->chunk->slot[slot])->flags &
	       ISLE_FRAME_EXPOSED;
}

int isle_shared_populate(struct isle_fault *fault)
{
	struct isle_object *object = fault->opener->object;
	unsigned int nr;
	pgoff_t pgoff;
	int first;

	first = isle_populate(fault, &nr);
	if (first < 0)
		return first;
	atomic_long_add(nr, &fault->opener->held_object);
	pgoff = fault->pgoff - fault->slot + first;
	isle_expose(fault->isle, isle_object_mapping(object), pgoff,
		    fault->chunk->slot + first, nr);
	isle_fault_did(fault, ISLE_FAULT_ANON);
	/*
	 * Private mappings have the zero frame there. Pairs with the barrier
	 * in anon.c: the chunk is in the store.
	 */
	smp_mb();
	if (atomic_read(&object->nr_layers))
		isle_unmap_object(object, pgoff, pgoff + nr - 1);
	return 0;
}

static int map_run(struct isle_fault *fault, bool exposed, unsigned int slot,
		   unsigned int nr)
{
	unsigned long address = isle_slot_address(fault, slot);
	const u32 *ids = fault->chunk->slot + slot;

	if (exposed)
		return isle_map_pages(fault->vma, address, fault->isle, ids,
				      nr);
	return isle_map_frames(fault->vma, address, fault->isle, ids, nr,
			       fault->vma->vm_flags & VM_WRITE);
}

static int map_around(struct isle_fault *fault)
{
	const u32 *ids = fault->chunk->slot;
	unsigned int slot, next, mapped = 0;

	for (slot = fault->first; slot <= fault->last; slot = next) {
		bool exposed;
		int ret;

		next = slot + 1;
		if (ids[slot] == ISLE_NO_FRAME)
			continue;
		exposed = is_exposed(fault, slot);
		while (next <= fault->last && ids[next] != ISLE_NO_FRAME &&
		       is_exposed(fault, next) == exposed)
			next++;
		ret = map_run(fault, exposed, slot, next - slot);
		if (ret < 0)
			return ret;
		mapped += ret;
	}
	if (mapped > 1)
		isle_opener_count(fault->opener, ISLE_FAULT_AROUND,
				  mapped - 1);
	return 0;
}

int isle_shared(struct isle_fault *fault)
{
	int err;

	if (fault->chunk->slot[fault->slot] == ISLE_NO_FRAME) {
		err = isle_shared_populate(fault);
		if (err)
			return err;
	}
	return map_around(fault);
}
