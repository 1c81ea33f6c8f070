// SPDX-License-Identifier: GPL-2.0
/* Reverse map: see rmap.h. */

#include <linux/interval_tree_generic.h>
#include <linux/pagemap.h>

#include "layer.h"
#include "opener.h"
#include "rmap.h"

static inline unsigned long first_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff;
}

/* The walks of the core's tree; its own are not exported. */
INTERVAL_TREE_DEFINE(struct vm_area_struct, shared.rb, unsigned long,
		     shared.rb_subtree_last, first_pgoff, isle_vma_last,
		     static __maybe_unused, i_mmap)

static struct address_space *layer_mapping(const struct isle_layer *layer)
{
	return isle_object_mapping(layer->mapping.opener->object);
}

/* Skip the VMAs of the object and of other layers. */
static struct vm_area_struct *own(const struct isle_layer *layer,
				  struct vm_area_struct *vma, pgoff_t first,
				  pgoff_t last)
{
	while (vma && vma->vm_private_data != &layer->mapping)
		vma = i_mmap_iter_next(vma, first, last);
	return vma;
}

struct vm_area_struct *isle_rmap_first(const struct isle_layer *layer,
				       pgoff_t first, pgoff_t last)
{
	struct address_space *mapping = layer_mapping(layer);

	i_mmap_assert_locked(mapping);
	return own(layer, i_mmap_iter_first(&mapping->i_mmap, first, last),
		   first, last);
}

struct vm_area_struct *isle_rmap_next(const struct isle_layer *layer,
				      struct vm_area_struct *vma,
				      pgoff_t first, pgoff_t last)
{
	return own(layer, i_mmap_iter_next(vma, first, last), first, last);
}

/* The walk is in the order of offsets. */
bool isle_rmap_hole(const struct isle_layer *layer, pgoff_t *first,
		    pgoff_t *last)
{
	struct address_space *mapping = layer_mapping(layer);
	pgoff_t start = *first, end = *last;
	struct vm_area_struct *vma;
	bool found = true;

	i_mmap_lock_read(mapping);
	for (vma = isle_rmap_first(layer, *first, *last); vma;
	     vma = isle_rmap_next(layer, vma, *first, *last)) {
		if (vma->vm_pgoff > start) {
			end = vma->vm_pgoff - 1;
			break;
		}
		if (isle_vma_last(vma) >= end) {
			found = false;
			break;
		}
		start = max(start, isle_vma_last(vma) + 1);
	}
	i_mmap_unlock_read(mapping);
	*first = start;
	*last = end;
	return found;
}

bool isle_rmap_covers(const struct isle_layer *layer, pgoff_t first,
		      pgoff_t last)
{
	struct address_space *mapping = layer_mapping(layer);
	bool covers;

	i_mmap_lock_read(mapping);
	covers = isle_rmap_first(layer, first, last);
	i_mmap_unlock_read(mapping);
	return covers;
}
