/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that differs between the kernels isle builds for: 6.1, 6.12, 7.2.
 *
 * The only file that looks at LINUX_VERSION_CODE. Each name says what it does;
 * the rest of isle reads as if there were one kernel.
 */
#ifndef _ISLE_COMPAT_H
#define _ISLE_COMPAT_H

#include <linux/export.h>
#include <linux/version.h>

/* Internals that the KUnit module reaches; nothing without KUNIT. */
#if IS_ENABLED(CONFIG_KUNIT)
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define EXPORT_SYMBOL_FOR_KUNIT(sym) EXPORT_SYMBOL_NS_GPL(sym, "ISLE_KUNIT")
#define ISLE_IMPORT_FOR_KUNIT() MODULE_IMPORT_NS("ISLE_KUNIT")
#else
#define EXPORT_SYMBOL_FOR_KUNIT(sym) EXPORT_SYMBOL_NS_GPL(sym, ISLE_KUNIT)
#define ISLE_IMPORT_FOR_KUNIT() MODULE_IMPORT_NS(ISLE_KUNIT)
#endif
#else
#define EXPORT_SYMBOL_FOR_KUNIT(sym) struct isle_not_exported_##sym
#define ISLE_IMPORT_FOR_KUNIT() struct isle_nothing_imported
#endif

/* What CONFIG_INIT_STACK_ALL_ZERO passes over; 6.1 has no name for it. */
#ifndef __uninitialized
#if __has_attribute(__uninitialized__)
#define __uninitialized __attribute__((__uninitialized__))
#else
#define __uninitialized
#endif
#endif

/* A timer that calls back in hard interrupt context. */
#include <linux/hrtimer.h>

static inline void isle_hrtimer_setup(struct hrtimer *timer,
				      enum hrtimer_restart (*fn)(struct hrtimer *))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer->function = fn;
#endif
}

/* Since 6.18 a workqueue has to say that its items run where they are queued. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define ISLE_WQ_PERCPU WQ_PERCPU
#else
#define ISLE_WQ_PERCPU 0
#endif

/* The stack depot, or its absence: stacks are then "unknown". */
#include <linux/stackdepot.h>

#if IS_ENABLED(CONFIG_STACKDEPOT)
#define isle_stackdepot_init() stack_depot_init()

/* On PREEMPT_RT the depot can't get memory where isle is called from any context. */
static inline depot_stack_handle_t isle_stackdepot_save(unsigned long *entries,
							unsigned int nr)
{
	bool can_alloc = !IS_ENABLED(CONFIG_PREEMPT_RT) || preemptible();
	gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return stack_depot_save_flags(entries, nr, gfp, can_alloc ?
				      STACK_DEPOT_FLAG_CAN_ALLOC : 0);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	return __stack_depot_save(entries, nr, gfp, can_alloc);
#else
	return __stack_depot_save(entries, nr, 0, gfp, can_alloc);
#endif
}

#define isle_stackdepot_print(stack) stack_depot_print(stack)
#define isle_stackdepot_snprint(stack, buf, size) \
	stack_depot_snprint(stack, buf, size, 1)
#else
static inline int isle_stackdepot_init(void) { return 0; }
static inline depot_stack_handle_t isle_stackdepot_save(unsigned long *entries,
							unsigned int nr)
{
	return 0;
}

static inline void isle_stackdepot_print(depot_stack_handle_t stack) { }
static inline int isle_stackdepot_snprint(depot_stack_handle_t stack,
					  char *buf, size_t size)
{
	return 0;
}
#endif

/* What regions can be made of in this kernel. */
#define ISLE_HAS_CONTIG		IS_ENABLED(CONFIG_CONTIG_ALLOC)
#define ISLE_HAS_CMA		IS_ENABLED(CONFIG_DMA_CMA)
#define ISLE_HAS_ZONE_DEVICE	IS_ENABLED(CONFIG_ZONE_DEVICE)
#define ISLE_HAS_RESERVE_MEM	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0))

/* The largest order of the kernel's own page allocator. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define ISLE_KERNEL_MAX_ORDER	MAX_PAGE_ORDER
#else
#define ISLE_KERNEL_MAX_ORDER	(MAX_ORDER - 1)
#endif

/* Find memory that reserve_mem= kept at boot; false if there is none. */
#include <linux/mm.h>

static inline bool isle_reserve_mem_find(const char *name, phys_addr_t *start,
					 phys_addr_t *size)
{
#if ISLE_HAS_RESERVE_MEM
	return reserve_mem_find_by_name(name, start, size);
#else
	return false;
#endif
}

/* Take a range of movable pages. Needs CONFIG_CONTIG_ALLOC. */
#define ISLE_CONTIG_GFP	(GFP_KERNEL | __GFP_NOWARN)
#ifdef ACR_FLAGS_NONE
#define isle_alloc_contig_range(start, end) \
	alloc_contig_range(start, end, ACR_FLAGS_NONE, ISLE_CONTIG_GFP)
#else
#define isle_alloc_contig_range(start, end) \
	alloc_contig_range(start, end, MIGRATE_MOVABLE, ISLE_CONTIG_GFP)
#endif

/*
 * The kernel's own pageblock bits, as get_pfnblock_flags_mask() reads them:
 * that is not exported. From 6.17 on isolation is a bit besides the type.
 */
#include <linux/mmzone.h>

static inline unsigned long isle_pageblock_bits(const struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	unsigned long *bitmap;
	unsigned long bit;

#ifdef CONFIG_SPARSEMEM
	bitmap = section_to_usemap(__pfn_to_section(pfn));
	pfn &= PAGES_PER_SECTION - 1;
#else
	bitmap = page_zone(page)->pageblock_flags;
	pfn -= pageblock_start_pfn(page_zone(page)->zone_start_pfn);
#endif
	bit = (pfn >> pageblock_order) * NR_PAGEBLOCK_BITS;
	return READ_ONCE(bitmap[bit / BITS_PER_LONG]) >> (bit % BITS_PER_LONG);
}

static inline bool isle_pageblock_is_cma(const struct page *page)
{
#ifdef CONFIG_CMA
	return (isle_pageblock_bits(page) & 7) == MIGRATE_CMA;
#else
	return false;
#endif
}

#ifdef CONFIG_MEMORY_ISOLATION
static inline bool isle_pageblock_is_isolated(const struct page *page)
{
#ifdef PAGEBLOCK_ISO_MASK
	return isle_pageblock_bits(page) & PAGEBLOCK_ISO_MASK;
#else
	return (isle_pageblock_bits(page) & 7) == MIGRATE_ISOLATE;
#endif
}

/* UNMOVABLE, MOVABLE or RECLAIMABLE: of no special use to the kernel. */
static inline bool isle_pageblock_is_ordinary(const struct page *page)
{
	return (isle_pageblock_bits(page) & 7) < MIGRATE_PCPTYPES &&
	       !isle_pageblock_is_isolated(page);
}
#endif

/* Write a cache line back and forget it, so that a read asks the memory. */
#include <asm/cacheflush.h>

static inline void isle_flush_cache(void *addr, unsigned int size)
{
#if IS_ENABLED(CONFIG_X86_64) && !IS_ENABLED(CONFIG_UML)
	clflush_cache_range(addr, size);
#endif
}

/* Whose a file is depends on its mount. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define isle_file_idmap(file) file_mnt_idmap(file)
#else
#define isle_file_idmap(file) file_mnt_user_ns(file)
#endif

/* Flags of a VMA that ->mmap() is setting up. */
static inline void isle_vma_set_flags(struct vm_area_struct *vma,
				      unsigned long flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

static inline void isle_vma_clear_flags(struct vm_area_struct *vma,
					unsigned long flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_clear(vma, flags);
#else
	vma->vm_flags &= ~flags;
#endif
}

/* Unmap part of a VM_PFNMAP VMA; TLBs are flushed when it returns. */
static inline void isle_zap_special(struct vm_area_struct *vma,
				    unsigned long address, unsigned long size)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 1, 0)
	zap_special_vma_range(vma, address, size);
#else
	zap_vma_ptes(vma, address, size);
#endif
}

/*
 * Entries of 2 MB for page frames, which from 6.12 on get_user_pages_fast()
 * tells from those of pages.
 */
#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
#define ISLE_HAS_HUGE	1
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#include <linux/pfn_t.h>
#endif

static inline vm_fault_t isle_insert_pfn_pmd(struct vm_fault *vmf,
					     unsigned long pfn, bool write)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
	return vmf_insert_pfn_pmd(vmf, pfn, write);
#else
	return vmf_insert_pfn_pmd(vmf, pfn_to_pfn_t(pfn), write);
#endif
}
#else
#define ISLE_HAS_HUGE	0
static inline vm_fault_t isle_insert_pfn_pmd(struct vm_fault *vmf,
					     unsigned long pfn, bool write)
{
	return VM_FAULT_FALLBACK;
}
#endif

/* A user entry that may be written; never one of a shadow stack. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define isle_pte_mkwrite(pte)	pte_mkwrite_novma(pte)
#else
#define isle_pte_mkwrite(pte)	pte_mkwrite(pte)
#endif

/* Unlock what a fault holds, to return VM_FAULT_RETRY. */
static inline void isle_release_fault_lock(struct vm_fault *vmf)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	release_fault_lock(vmf);
#else
	mmap_read_unlock(vmf->vma->vm_mm);
#endif
}

/* Sealed by mseal(), which 6.10 brought. */
static inline bool isle_vma_is_sealed(const struct vm_area_struct *vma)
{
#ifdef VM_SEALED
	return vma->vm_flags & VM_SEALED;
#else
	return false;
#endif
}

/* Whether a file can be mapped at all. */
#include <linux/fs.h>

static inline bool isle_can_mmap(const struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
	if (file->f_op->mmap_prepare)
		return true;
#endif
	return file->f_op->mmap;
}

/*
 * Whether somebody wants to be asked before a file is read, to put there what is
 * read (FAN_PRE_ACCESS, since 6.14), as it was when the file was opened.
 */
static inline bool isle_is_filled_on_access(const struct file *file)
{
#ifdef FMODE_FSNOTIFY_HSM
	return FMODE_FSNOTIFY_HSM(file->f_mode);
#else
	return false;
#endif
}

/* A folio of a page cache, with a reference, or NULL. */
#include <linux/pagemap.h>

static inline struct folio *isle_filemap_get_folio(struct address_space *mapping,
						   pgoff_t pgoff)
{
	struct folio *folio = filemap_get_folio(mapping, pgoff);

	return IS_ERR(folio) ? NULL : folio;
}

/* tmpfs and memfd, which are read by a call of their own. */
#include <linux/shmem_fs.h>

static inline bool isle_is_shmem(const struct address_space *mapping)
{
	return shmem_mapping((struct address_space *)mapping);
}

static inline struct folio *isle_shmem_read_folio(struct address_space *mapping,
						  pgoff_t pgoff)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return shmem_read_folio(mapping, pgoff);
#else
	struct page *page = shmem_read_mapping_page(mapping, pgoff);

	return IS_ERR(page) ? ERR_CAST(page) : page_folio(page);
#endif
}

#endif /* _ISLE_COMPAT_H */
