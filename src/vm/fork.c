// SPDX-License-Identifier: GPL-2.0
/*
 * fork: the child's layer shares the parent's chunks, or where a VMA covers but
 * a part of one the frames in it, and neither has an entry that could write to
 * one. Counterpart: copy_page_range().
 *
 * The core hands over one VMA at a time and takes no error. So whatever can't
 * be shared poisons the child's layer: it may be killed, it never sees a wrong
 * value. The parent's entries lose the permission to write; after MADV_KEEPONFORK
 * they go, or the core would copy them into the child.
 */

#include <linux/sched.h>

#include <trace/isle.h>

#include "layer.h"
#include "opener.h"
#include "page_alloc/alloc.h"
#include "pte.h"

static struct isle_object *layer_object(const struct isle_layer *layer)
{
	return layer->mapping.opener->object;
}

/*
 * An address space is forked by one task at a time, so the youngest child is
 * the only one whose VMAs can still be coming.
 */
static struct isle_layer *find_child(struct isle_layer *parent,
				     struct mm_struct *mm)
{
	struct isle_layer *child;

	spin_lock(&layer_object(parent)->fork_lock);
	child = parent->child;
	if (child && child->mm == mm)
		refcount_inc(&child->mapping.vmas);
	else
		child = NULL;
	spin_unlock(&layer_object(parent)->fork_lock);
	return child;
}

static struct isle_layer *make_child(struct isle_layer *parent,
				     struct mm_struct *mm)
{
	struct isle_layer *child;

	child = isle_layer_create(parent->mapping.opener, mm);
	if (!child)
		return NULL;
	child->mapping.around = parent->mapping.around;
	child->poisoned = parent->poisoned;
	spin_lock(&layer_object(parent)->fork_lock);
	if (parent->child)
		parent->child->parent = NULL;
	parent->child = child;
	child->parent = parent;
	spin_unlock(&layer_object(parent)->fork_lock);
	return child;
}

static void share_slots(struct isle *isle, struct isle_chunk *to,
			const struct isle_chunk *from, unsigned int first,
			unsigned int last)
{
	unsigned int i;

	for (i = first; i <= last; i++) {
		u32 id = from->slot[i];

		/* Two VMAs of a layer may cover the same offset. */
		if (id == ISLE_NO_FRAME || to->slot[i] != ISLE_NO_FRAME)
			continue;
		isle_get_frame(isle, id);
		to->slot[i] = id;
		to->used++;
	}
}

/* The VMA covers all that is in the chunk. */
static bool has_all(const struct isle_chunk *chunk, unsigned int first,
		    unsigned int last)
{
	return isle_chunk_is_empty(chunk, 0, first) &&
	       isle_chunk_is_empty(chunk, last + 1,
				   ISLE_CHUNK_SLOTS - last - 1);
}

/* Return: how many frames, or an errno. */
static int share_part(struct isle_layer *child, struct isle_chunk *from,
		      pgoff_t first, pgoff_t last)
{
	struct isle_store *store = &child->store;
	struct isle_chunk *to;
	int nr;

	to = isle_chunk_lock_create(store, first, SINGLE_DEPTH_NESTING);
	if (IS_ERR(to))
		return PTR_ERR(to);
	nr = isle_chunk_own(store, &to, isle_chunk_index(first));
	if (!nr) {
		isle_chunk_split(store, from);
		nr = -to->used;
		share_slots(store->isle, to, from, isle_chunk_slot(first),
			    isle_chunk_slot(last));
		nr += to->used;
		isle_opener_charge_fork(child->mapping.opener, nr);
	}
	isle_chunk_unlock(to);
	return nr;
}

/* Return: how many frames, or an errno. */
static int share_chunk(struct isle_layer *child, struct isle_chunk *from,
		       pgoff_t first, pgoff_t last)
{
	unsigned long index = isle_chunk_index(first);
	struct isle_chunk *there;
	int err;

	if (!from->used)
		return 0;
	/* Only this task puts anything into the child's store. */
	there = xa_load(&child->store.chunks, index);
	if (there == from)
		return 0;
	if (there || !has_all(from, isle_chunk_slot(first),
			      isle_chunk_slot(last)))
		return share_part(child, from, first, last);
	err = isle_chunk_share(&child->store, from, index);
	if (err)
		return err;
	isle_opener_charge_fork(child->mapping.opener, from->used);
	return from->used;
}

/* Return: how many frames, or an errno. */
static long share_range(struct isle_layer *child, struct isle_layer *parent,
			pgoff_t first, pgoff_t last)
{
	unsigned long index = isle_chunk_index(first);
	struct isle_chunk *chunk;
	long shared = 0;
	int ret;

	while ((chunk = isle_chunk_lock_next(&parent->store, &index,
					     isle_chunk_index(last)))) {
		pgoff_t start = index << ISLE_CHUNK_ORDER;
		pgoff_t end = start + ISLE_CHUNK_SLOTS - 1;

		ret = share_chunk(child, chunk, max(first, start),
				  min(last, end));
		isle_chunk_unlock(chunk);
		if (ret < 0)
			return ret;
		shared += ret;
		if (index++ == isle_chunk_index(last))
			break;
		cond_resched();
	}
	return shared;
}

void isle_fork(struct vm_area_struct *vma, struct isle_layer *parent)
{
	pgoff_t first = vma->vm_pgoff, last = isle_vma_last(vma);
	struct vm_area_struct *vma_of_parent;
	struct isle_layer *child;
	long shared = -ENOMEM;

	child = find_child(parent, vma->vm_mm);
	if (!child)
		child = make_child(parent, vma->vm_mm);
	vma->vm_private_data = child ? &child->mapping : NULL;
	if (child) {
		shared = share_range(child, parent, first, last);
		if (shared < 0)
			child->poisoned = true;
	}
	vma_of_parent = find_vma(parent->mm, vma->vm_start);
	if (vma->vm_flags & VM_WIPEONFORK)
		isle_protect_layer(parent, vma_of_parent, first, last);
	else
		isle_zap_layer(parent, vma_of_parent, first, last);
	trace_fork(vma->vm_start, first, vma_pages(vma), max(shared, 0L),
		   min(shared, 0L));
}
