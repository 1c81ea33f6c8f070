// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges: discarding them, and how much a fault in them maps. Counterpart:
 * mm/madvise.c.
 */

#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "backing.h"
#include "compat.h"
#include "discard.h"
#include "layer.h"
#include "opener.h"

/* Part of an address range, in one VMA. */
typedef int (*vma_fn)(struct vm_area_struct *vma, unsigned long start,
		      unsigned long end, const struct isle_range *range);

int isle_parse_around(u32 bytes)
{
	if (!bytes)
		return isle_opener_default_around();
	if (bytes < PAGE_SIZE || bytes > SZ_2M || !is_power_of_2(bytes))
		return -EINVAL;
	return bytes >> PAGE_SHIFT;
}

static int check_range(const struct isle_range *range)
{
	u64 end;

	if (range->flags & ~ISLE_RANGE_ADDRESS ||
	    !PAGE_ALIGNED(range->start) || !PAGE_ALIGNED(range->length) ||
	    !range->length ||
	    check_add_overflow(range->start, range->length, &end))
		return -EINVAL;
	return 0;
}

/* The VMA at @address, if it maps the file. */
static struct vm_area_struct *file_vma(struct file *file,
				       unsigned long address)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, address);

	return vma && vma->vm_file == file ? vma : NULL;
}

/* Call @fn for each VMA, or for none if the file is not mapped throughout. */
static int for_range(struct file *file, const struct isle_range *range,
		     vma_fn check, vma_fn fn)
{
	unsigned long start = range->start, end = start + range->length;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long address, next;
	int err;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for (address = start; address < end; address = vma->vm_end) {
		vma = file_vma(file, address);
		err = vma ? check(vma, address, end, range) : -ENOMEM;
		if (err)
			goto out;
	}
	for (address = start; address < end; address = next) {
		vma = file_vma(file, address);
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

static void discard_object(struct isle_vm_opener *opener, pgoff_t first,
			   pgoff_t last)
{
	unsigned long freed;

	if (opener->backing) {
		isle_cache_discard(opener->backing->cache, first, last);
		return;
	}
	freed = isle_object_discard(opener->object, first, last);
	atomic_long_sub(freed, &opener->held_object);
	isle_opener_uncharge(opener, freed);
}

/* As MADV_DONTNEED: what a sealed mapping may not write it may not discard. */
static int check_discard(struct vm_area_struct *vma, unsigned long start,
			 unsigned long end, const struct isle_range *range)
{
	if (vma->vm_ops == &isle_private_vm_ops &&
	    !(vma->vm_flags & VM_WRITE) && isle_vma_is_sealed(vma))
		return -EPERM;
	if (vma->vm_ops == &isle_shared_vm_ops && !(vma->vm_flags & VM_MAYWRITE))
		return -EACCES;
	return 0;
}

static int discard_vma(struct vm_area_struct *vma, unsigned long start,
		       unsigned long end, const struct isle_range *range)
{
	pgoff_t first = vma->vm_pgoff + ((start - vma->vm_start) >> PAGE_SHIFT);
	pgoff_t last = first + ((end - start) >> PAGE_SHIFT) - 1;
	struct isle_mapping *mapping = isle_vma_mapping(vma);

	if (!mapping)
		return 0;
	if (vma->vm_ops == &isle_private_vm_ops)
		return isle_layer_discard(isle_vma_layer(vma), vma, first,
					  last);
	discard_object(mapping->opener, first, last);
	return 0;
}

/* What a file is bound to can be read again, so anybody may discard it. */
static int discard_offset(struct file *file, const struct isle_range *range)
{
	struct isle_vm_opener *opener = file->private_data;
	const struct isle_backing *backing = isle_opener_backing(opener);
	pgoff_t first = range->start >> PAGE_SHIFT;
	pgoff_t last = first + (range->length >> PAGE_SHIFT) - 1;

	if (backing) {
		first += backing->first;
		last += backing->first;
	} else if (!(file->f_mode & FMODE_WRITE)) {
		return -EBADF;
	}
	discard_object(opener, first, last);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

int isle_discard(struct file *file, const struct isle_range *range)
{
	int err;

	err = check_range(range);
	if (err)
		return err;
	if (range->value)
		return -EINVAL;
	if (range->flags & ISLE_RANGE_ADDRESS)
		return for_range(file, range, check_discard, discard_vma);
	return discard_offset(file, range);
}

static int check_nothing(struct vm_area_struct *vma, unsigned long start,
			 unsigned long end, const struct isle_range *range)
{
	return 0;
}

static int set_around_vma(struct vm_area_struct *vma, unsigned long start,
			  unsigned long end, const struct isle_range *range)
{
	struct isle_mapping *mapping = isle_vma_mapping(vma);

	if (mapping)
		WRITE_ONCE(mapping->around, isle_parse_around(range->value));
	return 0;
}

int isle_set_around(struct file *file, const struct isle_range *range)
{
	struct isle_vm_opener *opener = file->private_data;
	int around, err;

	err = check_range(range);
	if (err)
		return err;
	around = isle_parse_around(range->value);
	if (around < 0)
		return around;
	if (range->flags & ISLE_RANGE_ADDRESS)
		return for_range(file, range, check_nothing, set_around_vma);
	WRITE_ONCE(opener->around, around);
	return 0;
}
