// SPDX-License-Identifier: GPL-2.0
/*
 * Populating: see populate.h. Counterpart: madvise_populate(), which refuses
 * mappings of page frames. Each page is faulted in the ordinary way, so all that
 * holds for a touch holds here; what a fault mapped around its page is passed
 * over quickly.
 */

#include <linux/fs.h>
#include <linux/sched/signal.h>

#include "backing.h"
#include "opener.h"
#include "populate.h"
#include "range.h"

static int populate_page(struct file *file, unsigned long address, bool write)
{
	struct vm_area_struct *vma = isle_range_vma(file, address);
	bool unlocked = false;

	if (!vma)
		return -ENOMEM;
	if (!(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return -EINVAL;
	return fixup_user_fault(current->mm, address,
				write ? FAULT_FLAG_WRITE : 0, &unlocked);
}

/* Faults in a system call don't, as they may come with the file's lock held. */
static int wait_for_writeback(struct file *file)
{
	const struct isle_backing *backing =
		isle_opener_backing(file->private_data);

	if (!backing || !isle_writeback_behind(backing->cache))
		return 0;
	mmap_read_unlock(current->mm);
	isle_writeback_wait(backing->cache);
	mmap_read_lock(current->mm);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static int populate(struct file *file, unsigned long start, unsigned long end,
		    bool write)
{
	struct mm_struct *mm = current->mm;
	unsigned long address;
	int err = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for (address = start; address < end && !err; address += PAGE_SIZE) {
		err = write ? wait_for_writeback(file) : 0;
		err = err ?: populate_page(file, address, write);
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	mmap_read_unlock(mm);
	return err;
}

int isle_populate_range(struct file *file, const struct isle_range *range)
{
	int err;

	err = isle_range_check_arg(range);
	if (err)
		return err;
	if (!(range->flags & ISLE_RANGE_ADDRESS))
		return -EINVAL;
	switch (range->value) {
	case ISLE_POPULATE_READ:
	case ISLE_POPULATE_WRITE:
		return populate(file, range->start,
				range->start + range->length,
				range->value == ISLE_POPULATE_WRITE);
	default:
		return -EINVAL;
	}
}
