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

static int page_kind(const struct isle_fault *fault, unsigned int slot)
{
	u32 id = fault->chunk->slot[slot];

	if (id == ISLE_NO_FRAME)
		return ISLE_PAGE_NONE;
	return isle_is_exposed(fault->isle, id) ? ISLE_PAGE_EXPOSED :
						  ISLE_PAGE_SPECIAL;
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
	 * in read.c: the chunk is in the store.
	 */
	smp_mb();
	if (atomic_read(&object->nr_layers))
		isle_unmap_object(object, pgoff, pgoff + nr - 1);
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
	return isle_map_runs(fault, page_kind, isle_map_object_run);
}
