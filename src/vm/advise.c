// SPDX-License-Identifier: GPL-2.0
/*
 * Advice. Counterparts: madvise_willneed(), madvise_dontneed_single_vma(), and
 * by offset generic_fadvise().
 */

#include <linux/fadvise.h>
#include <linux/fs.h>

#include "advise.h"
#include "backing.h"
#include "discard.h"
#include "layer.h"
#include "opener.h"
#include "range.h"

/* Start reading what a file has there; who touches it finds it, or waits less. */
static int will_need_offsets(struct file *file, pgoff_t first, pgoff_t last)
{
	const struct isle_backing *backing =
		isle_opener_backing(file->private_data);
	pgoff_t end;

	if (!backing)
		return 0;
	end = isle_pages_of(i_size_read(backing->cache->mapping->host));
	if (first >= end)
		return 0;
	last = min(last, end - 1);
	return vfs_fadvise(backing->file, (loff_t)first << PAGE_SHIFT,
			   (loff_t)(last - first + 1) << PAGE_SHIFT,
			   POSIX_FADV_WILLNEED);
}

/*
 * What of a range one VMA maps. Return: where it ends, or 0 with an errno in
 * @err.
 */
static unsigned long next_part(struct file *file, unsigned long start,
			       unsigned long end, pgoff_t *first,
			       pgoff_t *last, int *err)
{
	struct vm_area_struct *vma;

	*err = mmap_read_lock_killable(current->mm);
	if (*err)
		return 0;
	vma = isle_range_vma(file, start);
	if (vma) {
		end = min(end, vma->vm_end);
		*first = isle_vma_pgoff(vma, start);
		*last = isle_vma_pgoff(vma, end) - 1;
	} else {
		*err = -ENOMEM;
		end = 0;
	}
	mmap_read_unlock(current->mm);
	return end;
}

/* The file system may want its own lock, which is outside the mmap lock. */
static int will_need(struct file *file, const struct isle_range *range)
{
	unsigned long address, next;
	pgoff_t first, last;
	int err = 0;

	if (!(range->flags & ISLE_RANGE_ADDRESS)) {
		isle_range_offsets(file, range->start, range->length, &first,
				   &last);
		return will_need_offsets(file, first, last);
	}
	for (address = range->start; address < range->start + range->length;
	     address = next) {
		next = next_part(file, address, range->start + range->length,
				 &first, &last, &err);
		if (!next)
			break;
		err = will_need_offsets(file, first, last);
		if (err)
			break;
	}
	return err;
}

static void dont_need_file(struct isle_backing *backing, pgoff_t first,
			   pgoff_t last)
{
	struct isle_cache *cache = backing->cache;

	isle_cache_discard(cache, first, last);
	if (isle_writeback_pages(&cache->writeback))
		isle_writeback_kick(cache);
}

static int dont_need_vma(struct vm_area_struct *vma, unsigned long start,
			 unsigned long end, const struct isle_range *range)
{
	pgoff_t first = isle_vma_pgoff(vma, start);
	pgoff_t last = isle_vma_pgoff(vma, end) - 1;
	struct isle_mapping *mapping = isle_vma_mapping(vma);

	if (!mapping)
		return 0;
	if (vma->vm_ops == &isle_private_vm_ops)
		return isle_layer_discard(isle_vma_layer(vma), vma, first,
					  last);
	if (mapping->opener->backing)
		dont_need_file(mapping->opener->backing, first, last);
	return 0;
}

/* The object itself keeps what could not be had again. */
static int dont_need(struct file *file, const struct isle_range *range)
{
	struct isle_backing *backing = isle_opener_backing(file->private_data);
	pgoff_t first, last;

	if (range->flags & ISLE_RANGE_ADDRESS)
		return isle_range_for_each(file, range, isle_check_seal,
					   dont_need_vma);
	if (!backing)
		return 0;
	isle_range_offsets(file, range->start, range->length, &first, &last);
	dont_need_file(backing, first, last);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

int isle_advise(struct file *file, const struct isle_range *range)
{
	int err;

	err = isle_range_check_arg(range);
	if (err)
		return err;
	switch (range->value) {
	case ISLE_ADVISE_WILLNEED:
		return will_need(file, range);
	case ISLE_ADVISE_DONTNEED:
		return dont_need(file, range);
	default:
		return -EINVAL;
	}
}
