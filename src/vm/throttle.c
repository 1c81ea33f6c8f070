// SPDX-License-Identifier: GPL-2.0
/* Faults that wait for write-back: see throttle.h. */

#include <linux/file.h>

#include "backing.h"
#include "compat.h"
#include "fault.h"
#include "pte.h"
#include "shrink.h"
#include "throttle.h"

enum { WAITS = 30 };	/* a second each, with a lock held, for one fault */

/*
 * ->page_mkwrite() and ->pfn_mkwrite() can't leave the mmap or VMA lock, and the
 * former is not told who faults. So the entry goes, and the core comes to
 * ->fault() instead.
 */
static vm_fault_t fault_anew(struct vm_fault *vmf)
{
	struct isle_object *object = isle_vma_mapping(vmf->vma)->opener->object;

	isle_unmap_object(object, vmf->pgoff, vmf->pgoff);
	return VM_FAULT_NOPAGE;
}

/*
 * Return to the core, which faults again, after a @wait that finds the mmap or
 * VMA lock free. Return: 0 if this fault has had its wait.
 */
static vm_fault_t leave(struct vm_fault *vmf, struct isle_cache *cache,
			void (*wait)(struct isle_cache *cache))
{
	struct file *file;

	if (vmf->flags & FAULT_FLAG_MKWRITE)
		return fault_anew(vmf);
	if (!fault_flag_allow_retry_first(vmf->flags) ||
	    vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return 0;
	/* The opener, and with it the cache. */
	file = get_file(vmf->vma->vm_file);
	isle_release_fault_lock(vmf);
	wait(cache);
	fput(file);
	return VM_FAULT_RETRY | VM_FAULT_MAJOR;
}

vm_fault_t isle_throttle(struct vm_fault *vmf)
{
	struct isle_cache *cache;

	if (!(vmf->flags & (FAULT_FLAG_USER | FAULT_FLAG_MKWRITE)))
		return 0;
	cache = isle_vma_mapping(vmf->vma)->opener->backing->cache;
	if (likely(!isle_writeback_behind(cache)))
		return 0;
	return leave(vmf, cache, isle_writeback_wait);
}

static void wait_any(struct isle_cache *unused)
{
	isle_writeback_wait_any();
}

bool isle_wait_clean(struct vm_fault *vmf, unsigned int *tries,
		     vm_fault_t *result)
{
	if (!isle_shrink_kick())
		return false;
	*result = leave(vmf, NULL, wait_any);
	if (*result || vmf->flags & FAULT_FLAG_RETRY_NOWAIT ||
	    (*tries)++ == WAITS)
		return false;
	isle_writeback_wait_any();
	return true;
}
