// SPDX-License-Identifier: GPL-2.0
/*
 * The device: /dev/isle.
 *
 * mmap() with PROT_EXEC is granted where /dev is not mounted noexec, as for
 * /dev/zero: programs that make code at run time do so in their heap.
 */

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "backing.h"
#include "cache.h"
#include "compat.h"
#include "expose.h"
#include "fault.h"
#include "huge.h"
#include "ioctl.h"
#include "layer.h"
#include "main.h"
#include "opener.h"
#include "openers.h"
#include "stat/stats.h"
#include "thp.h"
#include "vm.h"

static struct isle *device_isle;

static int isle_open(struct inode *inode, struct file *file)
{
	struct isle_vm_opener *opener = isle_opener_create(device_isle);

	if (IS_ERR(opener))
		return PTR_ERR(opener);
	file->private_data = opener;
	file->f_mapping = isle_object_mapping(opener->object);
	return 0;
}

/* Mappings hold the file: none is left. */
static int isle_release(struct inode *inode, struct file *file)
{
	isle_opener_destroy(file->private_data);
	return 0;
}

/*
 * VM_MIXEDMAP lets get_user_pages() see those pages that it may pin. Without
 * any, VM_PFNMAP makes it say EFAULT.
 */
static unsigned long shared_flags(void)
{
	return VM_DONTEXPAND |
	       (isle_may_expose_any() ? VM_MIXEDMAP : VM_PFNMAP);
}

static int mmap_shared(struct isle_vm_opener *opener, struct vm_area_struct *vma)
{
	struct isle_mapping *mapping = isle_mapping_create(opener);

	if (!mapping)
		return -ENOMEM;
	vma->vm_private_data = mapping;
	vma->vm_ops = &isle_shared_vm_ops;
	isle_vma_set_flags(vma, shared_flags());
	return 0;
}

static int mmap_file(struct isle_vm_opener *opener, struct vm_area_struct *vma)
{
	struct isle_mapping *mapping = isle_mapping_create(opener);

	if (!mapping)
		return -ENOMEM;
	vma->vm_private_data = mapping;
	vma->vm_ops = &isle_file_vm_ops;
	isle_vma_set_flags(vma, shared_flags() | VM_DONTDUMP);
	return 0;
}

/*
 * VM_SHARED makes the core leave copying to us; without VM_MAYSHARE the mapping
 * is a private one in all other respects. VM_WIPEONFORK because ->open() gives
 * the child what it needs and page tables need not be copied. A core dump finds
 * no pages here, so leave the hole out.
 */
static int mmap_private(struct isle_vm_opener *opener, struct vm_area_struct *vma)
{
	struct isle_layer *layer = isle_layer_create(opener, vma->vm_mm);

	if (!layer)
		return -ENOMEM;
	vma->vm_private_data = &layer->mapping;
	vma->vm_ops = &isle_private_vm_ops;
	isle_vma_set_flags(vma, VM_SHARED | VM_PFNMAP | VM_WIPEONFORK |
			   VM_DONTEXPAND | VM_DONTDUMP);
	return 0;
}

/* A shared mapping through a file that can't be written lacks VM_SHARED. */
static int isle_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct isle_vm_opener *opener = file->private_data;
	int err;

	isle_opener_use(opener);
	isle_openers_note(opener);
	if (opener->backing) {
		err = isle_backing_mmap(opener->backing, vma);
		if (err)
			return err;
	}
	if (!(vma->vm_flags & VM_MAYSHARE))
		return mmap_private(opener, vma);
	return opener->backing ? mmap_file(opener, vma) :
				 mmap_shared(opener, vma);
}

/*
 * Also what msync() calls, with offsets in the file. An anonymous object has
 * nothing to write.
 */
static int isle_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct isle_backing *backing = isle_opener_backing(file->private_data);
	int err, earlier;

	if (!backing)
		return 0;
	isle_writeback(backing->cache, start >> PAGE_SHIFT, end >> PAGE_SHIFT);
	err = vfs_fsync_range(backing->file, start, end, datasync);
	earlier = file_check_and_advance_wb_err(file);
	return err ?: earlier;
}

static const struct file_operations isle_fops = {
	.owner		= THIS_MODULE,
	.open		= isle_open,
	.release	= isle_release,
	.mmap		= isle_mmap,
	/* An offset and its address are alike, as far as a page of 2 MB goes. */
	.get_unmapped_area = thp_get_unmapped_area,
	.unlocked_ioctl	= isle_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.fsync		= isle_fsync,
};

static struct miscdevice isle_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "isle",
	.fops	= &isle_fops,
	.mode	= 0600,
};

void isle_vm_stats(struct isle_stats *stats)
{
	struct isle_faultstat sum;

	isle_faultstat_sum(&isle_faultstat_all, &sum);
	stats->openers = isle_openers();
	isle_faultstat_tell(&sum, stats);
}

int isle_vm_init(struct isle *isle)
{
	int err;

	err = isle_chunk_init();
	if (err)
		return err;
	err = isle_object_fs_init();
	if (err)
		goto err_chunk;
	err = isle_cache_init();
	if (err)
		goto err_fs;
	err = isle_read_init(isle);
	if (err)
		goto err_cache;
	isle_thp_init();
	device_isle = isle;
	err = misc_register(&isle_device);
	if (err)
		goto err_thp;
	if (isle_param_huge > ISLE_HUGE_NEVER)
		isle_huge_say();
	return 0;

err_thp:
	isle_thp_exit();
	isle_read_exit(isle);
err_cache:
	isle_cache_exit();
err_fs:
	isle_object_fs_exit();
err_chunk:
	isle_chunk_exit();
	return err;
}

void isle_vm_exit(void)
{
	misc_deregister(&isle_device);
	isle_thp_exit();
	isle_read_exit(device_isle);
	isle_cache_exit();
	isle_object_fs_exit();
	isle_chunk_exit();
}
