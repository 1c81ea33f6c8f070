// SPDX-License-Identifier: GPL-2.0
/*
 * Residency: see residency.h. Counterpart: mm/mincore.c. A chunk at a time, so
 * that no lock is held while the answer is written, and however much is asked for
 * takes no memory.
 */

#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "backing.h"
#include "compat.h"
#include "layer.h"
#include "opener.h"
#include "range.h"
#include "residency.h"

/* The answer for up to a chunk. */
struct answer {
	pgoff_t pgoff;
	unsigned int nr;
	u8 page[ISLE_CHUNK_SLOTS];
};

/* Add what a store has to the answer, where there is nothing yet. */
static int look(struct isle_store *store, struct isle_cache *cache, u8 what,
		struct answer *answer)
{
	unsigned int slot = isle_chunk_slot(answer->pgoff), i;
	struct isle_chunk *chunk;

	chunk = isle_chunk_lock(store, answer->pgoff, 0);
	if (IS_ERR_OR_NULL(chunk))
		return PTR_ERR_OR_ZERO(chunk);
	for (i = 0; i < answer->nr; i++) {
		if (answer->page[i] || chunk->slot[slot + i] == ISLE_NO_FRAME)
			continue;
		answer->page[i] = what;
		if (cache && isle_page_dirty(cache, chunk, slot + i))
			answer->page[i] |= ISLE_RESIDENT_DIRTY;
	}
	isle_chunk_unlock(chunk);
	return 0;
}

/* As can_do_mincore(): which pages others use is for who may write to a file. */
static bool may_see_pages(struct file *file)
{
	return inode_owner_or_capable(isle_file_idmap(file), file_inode(file)) ||
	       !file_permission(file, MAY_WRITE);
}

static void hide_pages(struct answer *answer)
{
	unsigned int i;

	for (i = 0; i < answer->nr; i++)
		answer->page[i] = answer->page[i] ?: ISLE_RESIDENT;
}

static int look_at_object(struct isle_vm_opener *opener, struct answer *answer)
{
	const struct isle_backing *backing = isle_opener_backing(opener);

	if (backing && !may_see_pages(backing->file)) {
		hide_pages(answer);
		return 0;
	}
	if (backing)
		return look(&backing->cache->object.store, backing->cache,
			    ISLE_RESIDENT, answer);
	return look(&opener->own.store, NULL, ISLE_RESIDENT, answer);
}

static void begin(struct answer *answer, pgoff_t pgoff, unsigned long nr)
{
	unsigned long left = ISLE_CHUNK_SLOTS - isle_chunk_slot(pgoff);

	answer->pgoff = pgoff;
	answer->nr = min(nr, left);
	memset(answer->page, 0, answer->nr);
}

static int look_by_address(struct file *file, unsigned long address,
			   unsigned long nr, struct answer *answer)
{
	struct vm_area_struct *vma;
	int err = -ENOMEM;

	if (mmap_read_lock_killable(current->mm))
		return -EINTR;
	vma = isle_range_vma(file, address);
	if (vma) {
		begin(answer, isle_vma_pgoff(vma, address),
		      min(nr, (vma->vm_end - address) >> PAGE_SHIFT));
		err = 0;
		if (vma->vm_ops == &isle_private_vm_ops && isle_vma_layer(vma))
			err = look(&isle_vma_layer(vma)->store, NULL,
				   ISLE_RESIDENT | ISLE_RESIDENT_OWN, answer);
		if (!err)
			err = look_at_object(file->private_data, answer);
	}
	mmap_read_unlock(current->mm);
	return err;
}

static int look_by_offset(struct file *file, u64 start, u64 length,
			  struct answer *answer)
{
	pgoff_t first, last;

	isle_range_offsets(file, start, length, &first, &last);
	begin(answer, first, last - first + 1);
	return look_at_object(file->private_data, answer);
}

static int check(const struct isle_residency *ask)
{
	if (ask->flags & ~(u64)ISLE_RANGE_ADDRESS)
		return -EINVAL;
	return isle_range_check(ask->start, ask->length);
}

int isle_residency(struct file *file, const struct isle_residency *ask)
{
	u8 __user *to = u64_to_user_ptr(ask->vector);
	u64 start = ask->start, left = ask->length;
	struct answer answer;
	int err;

	err = check(ask);
	if (err)
		return err;
	if (!access_ok(to, left >> PAGE_SHIFT))
		return -EFAULT;
	while (left) {
		if (ask->flags & ISLE_RANGE_ADDRESS)
			err = look_by_address(file, start, left >> PAGE_SHIFT,
					      &answer);
		else
			err = look_by_offset(file, start, left, &answer);
		if (err)
			return err;
		if (copy_to_user(to, answer.page, answer.nr))
			return -EFAULT;
		to += answer.nr;
		start += (u64)answer.nr << PAGE_SHIFT;
		left -= (u64)answer.nr << PAGE_SHIFT;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}
