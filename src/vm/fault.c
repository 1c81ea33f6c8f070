// SPDX-License-Identifier: GPL-2.0
/*
 * The dispatcher: see fault.h. Counterparts: do_fault(), do_wp_page() and
 * do_fault_around() of mm/memory.c.
 *
 * Where it can, it runs under the VMA's own lock.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ratelimit.h>
#include <linux/sched.h>

#include <trace/isle.h>

#include "backing.h"
#include "compat.h"
#include "fault.h"
#include "file.h"
#include "huge.h"
#include "pte.h"
#include "shrink.h"
#include "throttle.h"

/* There is nothing beyond the end of a file. */
static int fault_clip(struct isle_fault *fault)
{
	pgoff_t end = isle_pages_of(isle_cache_size(fault->cache));

	if (fault->pgoff >= end)
		return -ENXIO;
	fault->last = min_t(pgoff_t, fault->last,
			    fault->slot + (end - 1 - fault->pgoff));
	return 0;
}

/* None is made for what is beyond the end of a file. */
static noinline struct isle_chunk *make_chunk(struct isle_fault *fault,
					      struct isle_store *store)
{
	int err = fault->cache ? fault_clip(fault) : 0;

	if (err)
		return ERR_PTR(err);
	return isle_chunk_lock_create(store, fault->pgoff, 0);
}

static __always_inline int fault_lock(struct isle_fault *fault, bool private,
				      bool write)
{
	struct isle_store *object = &fault->opener->object->store;
	struct isle_store *store = private ? &fault->layer->store : object;
	int err;

	fault->chunk = isle_chunk_lock(store, fault->pgoff, 0);
	if (unlikely(!fault->chunk))
		fault->chunk = make_chunk(fault, store);
	if (IS_ERR(fault->chunk))
		return PTR_ERR(fault->chunk);
	if (!private)
		return 0;
	if (write && isle_chunk_is_shared(fault->chunk)) {
		err = isle_chunk_own(store, &fault->chunk,
				     isle_chunk_index(fault->pgoff));
		if (err) {
			isle_chunk_unlock(fault->chunk);
			return err;
		}
	}
	fault->under = NULL;
	if (isle_store_is_empty(object))
		return 0;
	fault->under = isle_chunk_lock(object, fault->pgoff, 0);
	if (!IS_ERR(fault->under))
		return 0;
	isle_chunk_unlock(fault->chunk);
	return PTR_ERR(fault->under);
}

/* The slots around the fault, in its VMA, its page table and its chunk. */
static noinline void fault_widen(struct isle_fault *fault,
				 unsigned long address, unsigned int around)
{
	struct vm_area_struct *vma = fault->vma;
	unsigned long size = (unsigned long)around << PAGE_SHIFT;
	unsigned long start = ALIGN_DOWN(address, size);
	unsigned long before, after;

	before = min(address - start, address - vma->vm_start) >> PAGE_SHIFT;
	after = min(start + size - address, vma->vm_end - address) >>
		PAGE_SHIFT;
	fault->first = fault->slot - min_t(unsigned long, before, fault->slot);
	fault->last = min_t(unsigned long, fault->slot + after,
			    ISLE_CHUNK_SLOTS) - 1;
}

/* What a fault is about, before anything is locked. */
static __always_inline void fault_init(struct isle_fault *fault,
				       struct vm_area_struct *vma,
				       struct isle_mapping *mapping,
				       unsigned long address, bool private)
{
	unsigned int around = READ_ONCE(mapping->around);
	struct isle_vm_opener *opener = mapping->opener;
	pgoff_t pgoff;

	address &= PAGE_MASK;
	pgoff = vma->vm_pgoff + ((address - vma->vm_start) >> PAGE_SHIFT);
	*fault = (struct isle_fault){
		.vma	= vma,
		.cache	= opener->backing ? opener->backing->cache : NULL,
		.layer	= private ? container_of(mapping, struct isle_layer,
						 mapping) : NULL,
		.opener	= opener,
		.isle	= opener->isle,
		.pgoff	= pgoff,
		.base	= address - isle_chunk_slot(pgoff) * PAGE_SIZE,
		.slot	= isle_chunk_slot(pgoff),
		.first	= isle_chunk_slot(pgoff),
		.last	= isle_chunk_slot(pgoff),
		.did	= ISLE_NR_FAULT_EVENTS,
	};
	if (around > 1)
		fault_widen(fault, address, around);
}

/*
 * Lock what a fault is about. Inlined where it is known what kind of mapping it
 * is, and of fault.
 */
static __always_inline int fault_begin(struct isle_fault *fault, bool private,
				       bool write)
{
	int err;

	if (private && unlikely(READ_ONCE(fault->layer->poisoned)))
		return -ECHILD;
	err = fault_lock(fault, private, write);
	if (err || likely(!fault->cache))
		return err;
	err = fault_clip(fault);
	if (err)
		isle_fault_end(fault);
	else
		(fault->under ?: fault->chunk)->referenced = true;
	return err;
}

int isle_fault_begin(struct isle_fault *fault, struct vm_area_struct *vma,
		     unsigned long address, bool write)
{
	struct isle_mapping *mapping = isle_vma_mapping(vma);
	bool private = vma->vm_ops == &isle_private_vm_ops;

	if (!mapping)
		return -ECHILD;
	fault_init(fault, vma, mapping, address, private);
	return fault_begin(fault, private, write);
}

void isle_fault_end(struct isle_fault *fault)
{
	if (fault->under)
		isle_chunk_unlock(fault->under);
	isle_chunk_unlock(fault->chunk);
}

static const char *reason(int err)
{
	switch (err) {
	case -EDQUOT:
		return "opener is at its limit";
	case -ENOMEM:
		return "out of memory";
	case -ECHILD:
		return "fork found no memory for this mapping";
	default:
		return "its file can't be read";
	}
}

/*
 * Never VM_FAULT_OOM: the task would fault again and again, and the kernel
 * would kill others for memory that isn't its own.
 */
static vm_fault_t fault_result(struct vm_area_struct *vma,
			       unsigned long address, int err)
{
	struct isle_mapping *mapping = isle_vma_mapping(vma);

	if (err == -EAGAIN)
		return VM_FAULT_NOPAGE;
	if (err != -EINTR) {
		if (mapping)
			isle_opener_count(mapping->opener, ISLE_FAULT_SIGBUS,
					  1);
		if (err != -ENXIO)
			pr_warn_ratelimited("%s[%d]: SIGBUS at %lx: %s (%pe)\n",
					    current->comm,
					    task_pid_nr(current), address,
					    reason(err), ERR_PTR(err));
	}
	return VM_FAULT_SIGBUS;
}

/* The frame that a fault ended with, its chunks still locked. */
static __always_inline unsigned long fault_pfn(const struct isle_fault *fault)
{
	u32 id;

	if (!trace_fault_enabled())
		return -1UL;
	id = isle_fault_visible(fault);
	return id == ISLE_NO_FRAME ? -1UL : isle_id_to_pfn(fault->isle, id);
}

/*
 * Read a page of the file with the mmap or VMA lock dropped: it may take long.
 * Counterpart: maybe_unlock_mmap_for_io(). ->page_mkwrite() and ->pfn_mkwrite()
 * can't. Return: whether it was done, and the core must fault again.
 */
static bool read_unlocked(struct vm_fault *vmf, const struct isle_fault *fault)
{
	unsigned long vm_flags = vmf->vma->vm_flags;
	struct file *file;

	if (!fault_flag_allow_retry_first(vmf->flags) ||
	    vmf->flags & (FAULT_FLAG_RETRY_NOWAIT | FAULT_FLAG_MKWRITE))
		return false;
	file = get_file(vmf->vma->vm_file);
	isle_release_fault_lock(vmf);
	/* An error comes back, and is reported, when the fault is repeated. */
	isle_file_read(fault->opener, fault->pgoff, vm_flags);
	fput(file);
	return true;
}

/*
 * Another thread may have mapped 2 MB since the core looked; small entries can't
 * stand beside that. Return: whether it will do.
 */
static __always_inline bool mapped_huge(struct isle_fault *fault,
					struct vm_fault *vmf, bool write)
{
	pgoff_t start = fault->pgoff - fault->slot;
	enum isle_pmd state = isle_pmd_state(vmf->pmd);

	if (likely(state <= ISLE_PMD_TABLE))
		return false;
	if (state == ISLE_PMD_WRITE || !write)
		return true;
	isle_zap_layer(fault->layer, vmf->vma, start,
		       start + ISLE_CHUNK_SLOTS - 1);
	return false;
}

static __always_inline void
trace_end(struct vm_fault *vmf, enum isle_fault_event did, unsigned long pfn,
	  vm_fault_t result, int err, bool huge)
{
	if (!trace_fault_enabled())
		return;
	trace_fault(vmf->address, vmf->pgoff, pfn, did,
		    vmf->flags & FAULT_FLAG_WRITE,
		    vmf->vma->vm_ops != &isle_private_vm_ops, result, err,
		    huge);
}

/* How often a fault was begun again for want of memory. */
struct tries {
	unsigned int shrink;
	unsigned int wait;
};

/*
 * A path ended with an error, nothing locked. Return: whether to begin again. If not,
 * *@result is what the core is to be told, or 0 where that depends on the error.
 */
static noinline bool fault_again(struct vm_fault *vmf,
				 const struct isle_fault *fault, int *err,
				 struct tries *tries, vm_fault_t *result)
{
	*result = 0;
	if (*err == -ENODATA) {
		isle_opener_count(fault->opener, ISLE_FAULT_FILE, 1);
		if (read_unlocked(vmf, fault)) {
			*result = VM_FAULT_RETRY | VM_FAULT_MAJOR;
			return false;
		}
		*err = isle_file_read(fault->opener, fault->pgoff,
				      vmf->vma->vm_flags);
		if (!*err)
			return true;
	}
	if ((*err == -EAGAIN && fault->layer) ||
	    isle_shrink_retry(fault->isle, *err, &tries->shrink))
		return true;
	return *err == -ENOMEM && isle_wait_clean(vmf, &tries->wait, result);
}

/*
 * A private fault in a file has no chunk of the cache locked if there is none: the
 * file may have become shorter since fault_begin(), and what it mapped may have
 * come after what is beyond the end was unmapped.
 */
static noinline int clip_again(struct isle_fault *fault)
{
	pgoff_t start = fault->pgoff - fault->slot, end;

	smp_mb(); /* entries first: isle_cache_truncate() has it the other way */
	end = isle_pages_of(isle_cache_size(fault->cache));
	if (start + fault->last < end)
		return 0;
	isle_zap_layer(fault->layer, fault->vma, start + fault->first,
		       start + fault->last);
	return fault->pgoff < end ? -EAGAIN : -ENXIO;
}

/* Inlined, so that the path is a direct call. */
static __always_inline vm_fault_t
fault_do(struct vm_fault *vmf, bool private, bool write,
	 int (*path)(struct isle_fault *fault))
{
	struct isle_mapping *mapping = isle_vma_mapping(vmf->vma);
	enum isle_fault_event did = ISLE_NR_FAULT_EVENTS;
	struct isle_fault fault __uninitialized;
	unsigned long pfn = -1UL;
	struct tries tries = {};
	int err = -ECHILD;
	vm_fault_t result;

	if (unlikely(!mapping))
		goto failed;
	fault_init(&fault, vmf->vma, mapping, vmf->address, private);
	do {
		err = fault_begin(&fault, private, write);
		if (err)
			goto failed;
		if (!private || likely(!mapped_huge(&fault, vmf, write)))
			err = path(&fault);
		if (private && unlikely(fault.cache) && !err)
			err = clip_again(&fault);
		pfn = fault_pfn(&fault);
		isle_fault_end(&fault);
		if (likely(!err)) {
			trace_end(vmf, fault.did, pfn, VM_FAULT_NOPAGE, 0,
				  false);
			return VM_FAULT_NOPAGE;
		}
	} while (fault_again(vmf, &fault, &err, &tries, &result));
	if (result)
		return result;
	did = fault.did;
failed:
	result = fault_result(vmf->vma, vmf->address, err);
	trace_end(vmf, did, pfn, result, err, false);
	return result;
}

static vm_fault_t private_fault(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_WRITE)
		return fault_do(vmf, true, true, isle_anon_write);
	return fault_do(vmf, true, false, isle_read);
}

static vm_fault_t private_pfn_mkwrite(struct vm_fault *vmf)
{
	return fault_do(vmf, true, true, isle_wp);
}

/*
 * Comes before the other two where nothing is mapped, or 2 MB are and a write
 * faulted. Whatever keeps it from mapping 2 MB is for them to deal with; the
 * core unmaps what was mapped first.
 */
static vm_fault_t __maybe_unused private_huge_fault(struct vm_fault *vmf,
						    unsigned int order)
{
	struct isle_fault fault;
	unsigned long pfn;
	int err;

	if (order != ISLE_CHUNK_ORDER ||
	    !isle_huge_may(vmf->vma, vmf->address) ||
	    isle_fault_begin(&fault, vmf->vma, vmf->address, false))
		return VM_FAULT_FALLBACK;
	err = isle_huge(&fault, vmf);
	pfn = fault_pfn(&fault);
	isle_fault_end(&fault);
	if (err)
		return VM_FAULT_FALLBACK;
	trace_end(vmf, fault.did, pfn, VM_FAULT_NOPAGE, 0, true);
	return VM_FAULT_NOPAGE;
}

static vm_fault_t shared_fault(struct vm_fault *vmf)
{
	return fault_do(vmf, false, true, isle_shared);
}

static vm_fault_t file_fault(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_WRITE)
		return isle_throttle(vmf) ?:
		       fault_do(vmf, false, true, isle_file_write);
	return fault_do(vmf, false, false, isle_file_map);
}

/*
 * Of a page that can be pinned or of a frame that can't. The entry is raised
 * here, with the chunk locked; the core would compare it by value first, and a
 * page that was written back and mapped again meanwhile has the same.
 */
static vm_fault_t file_mkwrite(struct vm_fault *vmf)
{
	return isle_throttle(vmf) ?: fault_do(vmf, false, true, isle_file_mkwrite);
}

/*
 * The core takes a device's faults under the VMA's lock only if there is a
 * ->map_pages. It can't be used: it must not sleep.
 */
static vm_fault_t map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	return 0;
}

/* A VMA of another address space is a fork, anything else a split or a move. */
static void private_open(struct vm_area_struct *vma)
{
	struct isle_layer *layer = isle_vma_layer(vma);

	if (!layer)
		return;
	if (vma->vm_mm == layer->mm)
		refcount_inc(&layer->mapping.vmas);
	else
		isle_fork(vma, layer);
}

static void private_close(struct vm_area_struct *vma)
{
	struct isle_layer *layer = isle_vma_layer(vma);

	if (layer)
		isle_layer_put(layer, vma->vm_pgoff, vma_pages(vma));
}

static void shared_open(struct vm_area_struct *vma)
{
	refcount_inc(&isle_vma_mapping(vma)->vmas);
}

static void shared_close(struct vm_area_struct *vma)
{
	isle_mapping_put(isle_vma_mapping(vma));
}

const struct vm_operations_struct isle_private_vm_ops = {
	.open		= private_open,
	.close		= private_close,
	.fault		= private_fault,
	.map_pages	= map_pages,
	.pfn_mkwrite	= private_pfn_mkwrite,
#if ISLE_HAS_HUGE
	.huge_fault	= private_huge_fault,
#endif
	.access		= isle_access,
};

/* No mkwrite here: with one, long-term pins for writing are refused. */
const struct vm_operations_struct isle_shared_vm_ops = {
	.open		= shared_open,
	.close		= shared_close,
	.fault		= shared_fault,
	.map_pages	= map_pages,
	.access		= isle_access,
};

const struct vm_operations_struct isle_file_vm_ops = {
	.open		= shared_open,
	.close		= shared_close,
	.fault		= file_fault,
	.map_pages	= map_pages,
	.page_mkwrite	= file_mkwrite,
	.pfn_mkwrite	= file_mkwrite,
	.access		= isle_access,
};
