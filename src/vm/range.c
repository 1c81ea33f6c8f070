// SPDX-License-Identifier: GPL-2.0
/* Ranges: see range.h. Counterpart: madvise_walk_vmas(). */

#include <linux/fs.h>
#include <linux/sched/signal.h>

#include "backing.h"
#include "opener.h"
#include "range.h"

int isle_range_check(u64 start, u64 length)
{
	u64 end;

	if (!PAGE_ALIGNED(start) || !PAGE_ALIGNED(length) || !length ||
	    check_add_overflow(start, length, &end))
		return -EINVAL;
	return 0;
}

int isle_range_check_arg(const struct isle_range *range)
{
	if (range->flags & ~ISLE_RANGE_ADDRESS)
		return -EINVAL;
	return isle_range_check(range->start, range->length);
}

void isle_range_offsets(struct file *file, u64 start, u64 length,
			pgoff_t *first, pgoff_t *last)
{
	const struct isle_backing *backing =
		isle_opener_backing(file->private_data);

	*first = start >> PAGE_SHIFT;
	if (backing)
		*first += backing->first;
	*last = *first + (length >> PAGE_SHIFT) - 1;
}

struct vm_area_struct *isle_range_vma(struct file *file,
				      unsigned long address)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, address);

	return vma && vma->vm_file == file ? vma : NULL;
}

int isle_range_for_each(struct file *file, const struct isle_range *range,
			isle_vma_fn check, isle_vma_fn fn)
{
	unsigned long start = range->start, end = start + range->length;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long address, next;
	int err;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for (address = start; address < end; address = vma->vm_end) {
		vma = isle_range_vma(file, address);
		err = vma ? 0 : -ENOMEM;
		if (!err && check)
			err = check(vma, address, end, range);
		if (err)
			goto out;
	}
	for (address = start; address < end; address = next) {
		vma = isle_range_vma(file, address);
		next = min(vma->vm_end, end);
		err = fn(vma, address, next, range);
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		if (err)
			goto out;
	}
	err = 0;
out:
	mmap_read_unlock(mm);
	return err;
}
