// SPDX-License-Identifier: GPL-2.0
/*
 * Private faults that map 2 MB: see huge.h. Counterparts:
 * do_huge_pmd_anonymous_page(), do_huge_pmd_wp_page(), get_huge_zero_folio().
 *
 * Only whether 2 MB of frames stand in a row counts, not whether they are still
 * one block: after a fork whose child is gone, they can be mapped so again. As
 * in Linux, a write to what others share copies a small page, not 2 MB.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/ratelimit.h>

#include <uapi/isle.h>

#include "compat.h"
#include "fault.h"
#include "huge.h"
#include "pte.h"
#include "thp.h"

static_assert(PMD_SHIFT - PAGE_SHIFT == ISLE_CHUNK_ORDER);

/* Small pages will do as well: nobody waits or makes room for large ones. */
#define GFP_HUGE	((ISLE_GFP_USER | __GFP_ZERO | __GFP_NOMEMALLOC) & ~__GFP_RECLAIM)

/* What reads of nothing see: one block, for as long as a layer may map it. */
static struct {
	struct mutex lock;	/* users and id; inside chunks' locks */
	unsigned int users;	/* layers */
	u32 id;
} zero_block = {
	.lock	= __MUTEX_INITIALIZER(zero_block.lock),
};

void isle_huge_say(void)
{
	if (!ISLE_HAS_HUGE)
		return;
	if (isle_thp_allowed() <= ISLE_HUGE_NEVER)
		pr_info_ratelimited("no 2 MB pages: the system's transparent_hugepage switch says never\n");
}

static bool advised(const struct vm_area_struct *vma, unsigned int policy)
{
	return policy == ISLE_HUGE_ALWAYS ||
	       (policy == ISLE_HUGE_ADVISE && vma->vm_flags & VM_HUGEPAGE);
}

bool isle_huge_may(struct vm_area_struct *vma, unsigned long address)
{
	struct isle_mapping *mapping = isle_vma_mapping(vma);
	unsigned long start = address & PMD_MASK;

	if (!mapping || mapping->opener->backing ||
	    !advised(vma, READ_ONCE(mapping->opener->huge)))
		return false;
	if (start < vma->vm_start || vma->vm_end - start < PMD_SIZE)
		return false;
	return !isle_chunk_slot(vma->vm_pgoff +
				((start - vma->vm_start) >> PAGE_SHIFT));
}

static int huge_map(struct isle_fault *fault, struct vm_fault *vmf, u32 id,
		    bool writable)
{
	int err;

	err = isle_map_block(vmf, fault->isle, id, writable);
	if (!err)
		isle_opener_count(fault->opener, ISLE_FAULT_HUGE, 1);
	return err;
}

static u32 alloc_block(struct isle_fault *fault)
{
	u32 id;

	if (!advised(fault->vma, isle_thp_allowed()) ||
	    !isle_alloc_user(fault->isle, GFP_HUGE, ISLE_CHUNK_ORDER, 1, &id))
		return ISLE_NO_FRAME;
	return id;
}

/* A layer takes part in the block of zeroes from its first fault there on. */
static bool use_zero_block(struct isle_fault *fault)
{
	struct isle_layer *layer = fault->layer;

	if (READ_ONCE(layer->huge_zero))
		return true;
	mutex_lock(&zero_block.lock);
	if (!layer->huge_zero) {
		if (!zero_block.users)
			zero_block.id = alloc_block(fault);
		if (zero_block.id != ISLE_NO_FRAME) {
			zero_block.users++;
			WRITE_ONCE(layer->huge_zero, true);
		}
	}
	mutex_unlock(&zero_block.lock);
	return layer->huge_zero;
}

void isle_huge_forget(struct isle_layer *layer)
{
	if (!layer->huge_zero)
		return;
	mutex_lock(&zero_block.lock);
	if (!--zero_block.users)
		isle_free_frames(layer->store.isle, zero_block.id,
				 ISLE_CHUNK_ORDER);
	mutex_unlock(&zero_block.lock);
}

static int huge_zero(struct isle_fault *fault, struct vm_fault *vmf)
{
	int err;

	if (!use_zero_block(fault))
		return -ENOMEM;
	fault->chunk->zero = true;
	fault->first = 0;
	fault->last = ISLE_CHUNK_SLOTS - 1;
	err = huge_map(fault, vmf, zero_block.id, false);
	if (err)
		return err;
	if (isle_object_appeared(fault))
		return -EAGAIN;
	isle_fault_did(fault, ISLE_FAULT_ZERO);
	return 0;
}

/* A block where there was nothing, or zeroes. */
static int huge_anon(struct isle_fault *fault, struct vm_fault *vmf)
{
	pgoff_t start = fault->pgoff - fault->slot;
	unsigned int room;
	u32 id;

	room = isle_opener_charge(fault->opener, ISLE_CHUNK_SLOTS);
	id = room == ISLE_CHUNK_SLOTS ? alloc_block(fault) : ISLE_NO_FRAME;
	if (id == ISLE_NO_FRAME) {
		isle_opener_uncharge(fault->opener, room);
		return -ENOMEM;
	}
	isle_chunk_fill(fault->chunk, id);
	if (fault->chunk->zero)
		isle_zap_layer(fault->layer, fault->vma, start,
			       start + ISLE_CHUNK_SLOTS - 1);
	isle_fault_did(fault, ISLE_FAULT_ANON);
	return huge_map(fault, vmf, id, true);
}

/* All slots have frames, in a row and aligned as a block is. */
static bool in_a_row(const struct isle_chunk *chunk)
{
	u32 first = chunk->slot[0];
	unsigned int slot;

	if (chunk->huge)
		return true;
	if (chunk->used < ISLE_CHUNK_SLOTS || isle_chunk_slot(first))
		return false;
	for (slot = 1; slot < ISLE_CHUNK_SLOTS; slot++) {
		if (chunk->slot[slot] != first + slot)
			return false;
	}
	return true;
}

/* Nobody else has any of the frames. */
static bool all_own(const struct isle_fault *fault)
{
	unsigned int slot;

	if (isle_chunk_is_shared(fault->chunk))
		return false;
	if (fault->chunk->huge)
		return true;
	for (slot = 0; slot < ISLE_CHUNK_SLOTS; slot++) {
		if (isle_frame_is_shared(fault->isle, fault->chunk->slot[slot]))
			return false;
	}
	return true;
}

/* What the layer has already. */
static int huge_frames(struct isle_fault *fault, struct vm_fault *vmf,
		       bool mapped)
{
	bool own;

	if (!in_a_row(fault->chunk))
		return -ENOENT;
	own = all_own(fault);
	if (vmf->flags & FAULT_FLAG_WRITE && !own)
		return -ENOENT;
	if (mapped)
		isle_fault_did(fault, ISLE_FAULT_REUSE);
	return huge_map(fault, vmf, fault->chunk->slot[0],
			own && fault->vma->vm_flags & VM_WRITE);
}

int isle_huge(struct isle_fault *fault, struct vm_fault *vmf)
{
	bool write = vmf->flags & FAULT_FLAG_WRITE;
	enum isle_pmd state = isle_pmd_state(vmf->pmd);

	if (state == ISLE_PMD_TABLE)
		return -EEXIST;
	if (state == ISLE_PMD_WRITE || (state == ISLE_PMD_READ && !write))
		return 0;
	if (fault->under && fault->under->used)
		return -ENOENT;
	if (fault->chunk->used)
		return huge_frames(fault, vmf, state == ISLE_PMD_READ);
	return write ? huge_anon(fault, vmf) : huge_zero(fault, vmf);
}
