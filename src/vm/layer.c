// SPDX-License-Identifier: GPL-2.0
/* Mappings and layers: see layer.h. */

#include <linux/sched.h>
#include <linux/slab.h>

#include "huge.h"
#include "layer.h"
#include "opener.h"
#include "pte.h"
#include "rmap.h"

static void mapping_init(struct isle_mapping *mapping,
			 struct isle_vm_opener *opener)
{
	refcount_set(&mapping->vmas, 1);
	mapping->opener = opener;
	mapping->around = READ_ONCE(opener->around);
}

struct isle_mapping *isle_mapping_create(struct isle_vm_opener *opener)
{
	struct isle_mapping *mapping;

	mapping = kmalloc(sizeof(*mapping), GFP_KERNEL_ACCOUNT);
	if (mapping)
		mapping_init(mapping, opener);
	return mapping;
}

void isle_mapping_put(struct isle_mapping *mapping)
{
	if (refcount_dec_and_test(&mapping->vmas))
		kfree(mapping);
}

struct isle_layer *isle_layer_create(struct isle_vm_opener *opener,
				     struct mm_struct *mm)
{
	struct isle_layer *layer;

	layer = kzalloc(sizeof(*layer), GFP_KERNEL_ACCOUNT);
	if (!layer)
		return NULL;
	mapping_init(&layer->mapping, opener);
	isle_store_init(&layer->store, opener->isle, ISLE_STORE_LAYER);
	layer->mm = mm;
	atomic_inc(&opener->object->nr_layers);
	return layer;
}

static void layer_destroy(struct isle_layer *layer)
{
	struct isle_vm_opener *opener = layer->mapping.opener;
	struct isle_object *object = opener->object;

	spin_lock(&object->fork_lock);
	if (layer->parent)
		layer->parent->child = NULL;
	if (layer->child)
		layer->child->parent = NULL;
	spin_unlock(&object->fork_lock);
	isle_opener_uncharge(opener, isle_store_destroy(&layer->store));
	isle_huge_forget(layer);
	atomic_dec(&object->nr_layers);
	kfree(layer);
}

/*
 * Free the frames in some slots. Return: how many, or -ENOMEM if other layers
 * have them too and there is no memory for a chunk without them. Where nothing
 * would be left in that, none is needed.
 */
static int free_slots(struct isle_layer *layer, struct isle_chunk **chunk,
		      unsigned long index, unsigned int first,
		      unsigned int last)
{
	struct isle_store *store = &layer->store;
	int err;

	if (isle_chunk_is_empty(*chunk, first, last - first + 1))
		return 0;
	if (isle_chunk_is_shared(*chunk) && last - first == ISLE_CHUNK_SLOTS - 1)
		return isle_chunk_remove(store, *chunk, index);
	err = isle_chunk_own(store, chunk, index);
	if (err)
		return err;
	return isle_chunk_free(store, *chunk, first, last);
}

/*
 * Free the frames of a range, and with them all of a chunk that no VMA reaches
 * any more: one munmap() may have unmapped several VMAs, each to be closed yet.
 * What can't be freed for want of memory is out of reach all the same, and goes
 * with the rest of its chunk.
 */
static void layer_free(struct isle_layer *layer, pgoff_t first, pgoff_t last)
{
	unsigned long index = isle_chunk_index(first), freed = 0;
	struct isle_store *store = &layer->store;
	struct isle_chunk *chunk;

	while ((chunk = isle_chunk_lock_next(store, &index,
					     isle_chunk_index(last)))) {
		pgoff_t start = index << ISLE_CHUNK_ORDER;
		pgoff_t end = start + ISLE_CHUNK_SLOTS - 1;

		if (isle_rmap_covers(layer, start, end))
			freed += max(free_slots(layer, &chunk, index,
						max(first, start) - start,
						min(last, end) - start), 0);
		else
			freed += isle_chunk_remove(store, chunk, index);
		isle_chunk_unlock(chunk);
		if (index++ == isle_chunk_index(last))
			break;
		cond_resched();
	}
	isle_opener_uncharge(layer->mapping.opener, freed);
}

void isle_layer_put(struct isle_layer *layer, pgoff_t first, unsigned long nr)
{
	pgoff_t last, hole_first, hole_last;

	if (refcount_dec_and_test(&layer->mapping.vmas)) {
		layer_destroy(layer);
		return;
	}
	if (!nr)
		return;
	last = first + nr - 1;
	hole_first = first;
	hole_last = last;
	while (isle_rmap_hole(layer, &hole_first, &hole_last)) {
		layer_free(layer, hole_first, hole_last);
		if (hole_last == last)
			break;
		hole_first = hole_last + 1;
		hole_last = last;
	}
}

/*
 * The chunk's lock is held from before the entries go until the slots are
 * empty, so that no fault maps a frame that is on its way out.
 */
int isle_layer_discard(struct isle_layer *layer, struct vm_area_struct *vma,
		       pgoff_t first, pgoff_t last)
{
	unsigned long index = isle_chunk_index(first), freed = 0;
	struct isle_chunk *chunk;
	int ret = 0;

	while ((chunk = isle_chunk_lock_next(&layer->store, &index,
					     isle_chunk_index(last)))) {
		pgoff_t start = index << ISLE_CHUNK_ORDER;
		pgoff_t from = max(first, start);
		pgoff_t to = min(last, start + ISLE_CHUNK_SLOTS - 1);

		isle_zap_layer(layer, vma, from, to);
		ret = free_slots(layer, &chunk, index, from - start,
				 to - start);
		isle_chunk_unlock(chunk);
		if (ret < 0)
			break;
		freed += ret;
		if (index++ == isle_chunk_index(last))
			break;
		cond_resched();
	}
	isle_opener_uncharge(layer->mapping.opener, freed);
	return min(ret, 0);
}
