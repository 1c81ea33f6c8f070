// SPDX-License-Identifier: GPL-2.0
/*
 * Discarding ranges, and how much a fault in them maps. Counterpart:
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
#include "range.h"

int isle_parse_around(u32 bytes)
{
	if (!bytes)
		return isle_opener_default_around();
	if (bytes < PAGE_SIZE || bytes > SZ_2M || !is_power_of_2(bytes))
		return -EINVAL;
	return bytes >> PAGE_SHIFT;
}

static void discard_object(struct isle_vm_opener *opener, pgoff_t first,
			   pgoff_t last)
{
	const struct isle_backing *backing = isle_opener_backing(opener);
	unsigned long freed;

	if (backing) {
		isle_cache_discard(backing->cache, first, last);
		return;
	}
	/* Not @object: that may become a file's just now. */
	freed = isle_object_discard(&opener->own, first, last);
	atomic_long_sub(freed, &opener->held_object);
	isle_opener_uncharge(opener, freed);
}

int isle_check_seal(struct vm_area_struct *vma, unsigned long start,
		    unsigned long end, const struct isle_range *range)
{
	return vma->vm_ops == &isle_private_vm_ops &&
	       !(vma->vm_flags & VM_WRITE) && isle_vma_is_sealed(vma) ?
	       -EPERM : 0;
}

static int check_discard(struct vm_area_struct *vma, unsigned long start,
			 unsigned long end, const struct isle_range *range)
{
	if (vma->vm_ops == &isle_shared_vm_ops && !(vma->vm_flags & VM_MAYWRITE))
		return -EACCES;
	return isle_check_seal(vma, start, end, range);
}

static int discard_vma(struct vm_area_struct *vma, unsigned long start,
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
	discard_object(mapping->opener, first, last);
	return 0;
}

/* What a file is bound to can be read again, so anybody may discard it. */
static int discard_offset(struct file *file, const struct isle_range *range)
{
	struct isle_vm_opener *opener = file->private_data;
	pgoff_t first, last;

	if (!isle_opener_backing(opener) && !(file->f_mode & FMODE_WRITE))
		return -EBADF;
	isle_range_offsets(file, range->start, range->length, &first, &last);
	discard_object(opener, first, last);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

int isle_discard(struct file *file, const struct isle_range *range)
{
	int err;

	err = isle_range_check_arg(range);
	if (err)
		return err;
	if (range->value)
		return -EINVAL;
	if (range->flags & ISLE_RANGE_ADDRESS)
		return isle_range_for_each(file, range, check_discard,
					   discard_vma);
	return discard_offset(file, range);
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

	err = isle_range_check_arg(range);
	if (err)
		return err;
	around = isle_parse_around(range->value);
	if (around < 0)
		return around;
	if (range->flags & ISLE_RANGE_ADDRESS)
		return isle_range_for_each(file, range, NULL, set_around_vma);
	WRITE_ONCE(opener->around, around);
	return 0;
}
