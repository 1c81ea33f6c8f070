// SPDX-License-Identifier: GPL-2.0
/*
 * Page table entries: see pte.h. Counterparts: insert_pfn(), set_pte_range(),
 * wp_page_reuse(), zap_page_range_single() of mm/memory.c, insert_pfn_pmd() of
 * mm/huge_memory.c.
 */

#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmu_notifier.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>

#include "compat.h"
#include "expose.h"
#include "layer.h"
#include "opener.h"
#include "pte.h"
#include "rmap.h"

enum { INSERT_BATCH = 16 };

struct fill {
	struct mm_struct *mm;
	const struct isle *isle;
	const u32 *ids;
	unsigned int step;	/* from one id to the next: 0 or 1 */
	unsigned int filled;
	pgprot_t prot;
};

/*
 * Special and, if writable, dirty: nobody writes such a frame back, and the CPU
 * need not set the bit.
 */
static pgprot_t entry_prot(struct vm_area_struct *vma, bool writable)
{
	pte_t pte = pte_mkspecial(pfn_pte(0, vma->vm_page_prot));

	if (writable)
		pte = pte_mkdirty(isle_pte_mkwrite(pte));
	return pte_pgprot(pte);
}

/* The entry for the 2 MB around an address, or NULL if there is no table for it. */
static pmd_t *find_pmd(struct mm_struct *mm, unsigned long address)
{
	pgd_t *pgd = pgd_offset(mm, address);
	p4d_t *p4d;
	pud_t *pud;

	if (pgd_none(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, address);
	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, address);
	if (pud_none(*pud))
		return NULL;
	return pmd_offset(pud, address);
}

/*
 * The caller holds the mmap or VMA lock, for which tables stay; but the last one may
 * go for it is empty (MADV_DONTNEED in a shared mapping, from 6.14 on), after a
 * grace period.
 */
static __always_inline void keep_table(void)
{
	if (IS_ENABLED(CONFIG_PT_RECLAIM))
		rcu_read_lock();
}

static __always_inline void let_table_go(void)
{
	if (IS_ENABLED(CONFIG_PT_RECLAIM))
		rcu_read_unlock();
}

/*
 * Call a function for each of some entries in one page table, with its lock held.
 * Counterpart: pte_offset_map_lock(), whose parts are not exported. Inlined, so
 * that it is a direct call. Return: -ENOENT if there is no table, or what the
 * function returns once that is not 0.
 */
static __always_inline int walk_entries(struct mm_struct *mm,
					unsigned long address, unsigned int nr,
					pte_fn_t fn, void *data)
{
	pmd_t *pmdp = find_pmd(mm, address), pmd;
	int ret = -ENOENT;
	spinlock_t *lock;	/* the table's */
	pte_t *pte;

	if (!pmdp)
		return -ENOENT;
	keep_table();
	pmd = READ_ONCE(*pmdp);
	if (likely(!pmd_none(pmd) && !pmd_leaf(pmd))) {
		lock = pte_lockptr(mm, &pmd);
		spin_lock(lock);
		if (likely(pmd_same(pmd, READ_ONCE(*pmdp)))) {
			pte = pte_offset_kernel(&pmd, address);
			for (ret = 0; nr && !ret; nr--, address += PAGE_SIZE)
				ret = fn(pte++, address, data);
		}
		spin_unlock(lock);
	}
	let_table_go();
	return ret;
}

static __always_inline int fill_entry(pte_t *ptep, unsigned long address,
				      void *data)
{
	struct fill *fill = data;
	u32 id = *fill->ids;

	fill->ids += fill->step;
	if (!pte_none(ptep_get(ptep)))
		return 0;
	set_pte_at(fill->mm, address, ptep,
		   pfn_pte(isle_id_to_pfn(fill->isle, id), fill->prot));
	fill->filled++;
	return 0;
}

/*
 * The same, where apply_to_page_range() makes the table if it is not there.
 * Return: how many were filled, or an errno.
 */
static __always_inline int for_entries(struct vm_area_struct *vma,
				       unsigned long address, unsigned int nr,
				       pte_fn_t fn, struct fill *fill)
{
	struct fill walk = *fill;	/* nobody has its address: registers */
	int err;

	err = walk_entries(vma->vm_mm, address, nr, fn, &walk);
	if (likely(err != -ENOENT))
		return err ?: walk.filled;
	err = apply_to_page_range(vma->vm_mm, address,
				  (unsigned long)nr << PAGE_SHIFT, fn, fill);
	return err ?: fill->filled;
}

int isle_map_frames(struct vm_area_struct *vma, unsigned long address,
		    struct isle *isle, const u32 *ids, unsigned int nr,
		    bool writable)
{
	struct fill fill = {
		.mm	= vma->vm_mm,
		.isle	= isle,
		.ids	= ids,
		.step	= 1,
		.prot	= entry_prot(vma, writable),
	};

	return for_entries(vma, address, nr, fill_entry, &fill);
}

int isle_map_frame_repeatedly(struct vm_area_struct *vma,
			      unsigned long address, struct isle *isle, u32 id,
			      unsigned int nr)
{
	struct fill fill = {
		.mm	= vma->vm_mm,
		.isle	= isle,
		.ids	= &id,
		.step	= 0,
		.prot	= entry_prot(vma, false),
	};

	return for_entries(vma, address, nr, fill_entry, &fill);
}

/* Return: how many of up to INSERT_BATCH pages went in, or an errno. */
static int insert_pages(struct vm_area_struct *vma, unsigned long address,
			struct isle *isle, const u32 *ids, unsigned int nr)
{
	struct page *pages[INSERT_BATCH];
	unsigned long left, done = 0;
	unsigned int i;
	int filled = 0, err;

	for (i = 0; i < nr; i++)
		pages[i] = isle_frame_page(isle, ids[i]);
	while (done < nr) {
		left = nr - done;
		err = vm_insert_pages(vma, address + (done << PAGE_SHIFT),
				      pages + done, &left);
		filled += nr - done - left;
		done = nr - left;
		if (err == -EBUSY)
			done++;		/* an entry that is there is kept */
		else if (err)
			return err == -EFAULT ? -EAGAIN : err;
	}
	return filled;
}

static noinline int insert_batches(struct vm_area_struct *vma,
				   unsigned long address, struct isle *isle,
				   const u32 *ids, unsigned int nr)
{
	unsigned int i, n;
	int filled = 0;

	for (i = 0; i < nr; i += n) {
		int ret;

		n = min_t(unsigned int, nr - i, INSERT_BATCH);
		ret = insert_pages(vma, address + i * PAGE_SIZE, isle, ids + i,
				   n);
		if (ret < 0)
			return ret;
		filled += ret;
	}
	return filled;
}

int isle_map_pages(struct vm_area_struct *vma, unsigned long address,
		   struct isle *isle, const u32 *ids, unsigned int nr)
{
	/* One needs no batch. What went wrong with it the batch can tell. */
	if (nr == 1 &&
	    !vm_insert_page(vma, address, isle_frame_page(isle, *ids)))
		return 1;
	return insert_batches(vma, address, isle, ids, nr);
}

static int raise_entry(pte_t *ptep, unsigned long address, void *data)
{
	struct fill *fill = data;
	pte_t pte = ptep_get(ptep);

	if (pte_none(pte))
		return fill_entry(ptep, address, data);
	if (WARN_ON_ONCE(pte_pfn(pte) !=
			 isle_id_to_pfn(fill->isle, *fill->ids)))
		return -EFAULT;
	fill->ids += fill->step;
	if (pte_write(pte))
		return 0;
	fill->filled++;
	pte = pte_mkdirty(isle_pte_mkwrite(pte_mkyoung(pte)));
	set_pte_at(fill->mm, address, ptep, pte);
	return 0;
}

int isle_raise_frames(struct vm_area_struct *vma, unsigned long address,
		      struct isle *isle, const u32 *ids, unsigned int nr)
{
	struct fill fill = {
		.mm	= vma->vm_mm,
		.isle	= isle,
		.ids	= ids,
		.step	= 1,
		.prot	= entry_prot(vma, true),
	};

	return for_entries(vma, address, nr, raise_entry, &fill);
}

/* An entry that went meanwhile is for the core to fault in again. */
static int raise_mapped(pte_t *ptep, unsigned long address, void *data)
{
	return pte_none(ptep_get(ptep)) ? 0 : raise_entry(ptep, address, data);
}

int isle_raise_entry(struct vm_area_struct *vma, unsigned long address,
		     const struct isle *isle, u32 id)
{
	struct fill fill = {
		.mm	= vma->vm_mm,
		.isle	= isle,
		.ids	= &id,
	};

	return min(for_entries(vma, address, 1, raise_mapped, &fill), 0);
}

int isle_map_block(struct vm_fault *vmf, struct isle *isle, u32 id,
		   bool writable)
{
	vm_fault_t ret;

	ret = isle_insert_pfn_pmd(vmf, isle_id_to_pfn(isle, id), writable);
	return ret == VM_FAULT_NOPAGE ? 0 : -ENOMEM;
}

static int find_mapped(pte_t *ptep, unsigned long address, void *unused)
{
	return pte_none(ptep_get(ptep)) ? 0 : -EEXIST;
}

/*
 * Nothing is mapped in a range, and no TLB has anything of it either: not while
 * somebody who emptied entries has yet to flush.
 */
static bool nothing_mapped(struct mm_struct *mm, unsigned long address,
			   unsigned long size)
{
	unsigned long end = address + size;

	return pmd_addr_end(address, end) == end &&
	       !walk_entries(mm, address, size >> PAGE_SHIFT, find_mapped,
			     NULL) &&
	       !mm_tlb_flush_pending(mm);
}

/*
 * The core splits an entry of 2 MB by emptying it and flushing it, with its lock
 * held for both and no word of it to mm_tlb_flush_pending(). Who finds none waits.
 */
static void wait_for_splits(struct mm_struct *mm, unsigned long start,
			    unsigned long size)
{
#if ISLE_HAS_HUGE
	unsigned long end = start + size;

	for (; start < end; start = pmd_addr_end(start, end)) {
		pmd_t *pmd = find_pmd(mm, start);

		if (pmd && pmd_none(READ_ONCE(*pmd)))
			spin_unlock(pmd_lock(mm, pmd));
	}
#endif
}

static void zap_range(struct vm_area_struct *vma, unsigned long start,
		      unsigned long size)
{
	wait_for_splits(vma->vm_mm, start, size);
	if (!nothing_mapped(vma->vm_mm, start, size))
		isle_zap_special(vma, start, size);
}

/* Also what mprotect() took the permission from: it gives it back if dirty. */
static int protect_entry(pte_t *ptep, unsigned long address, void *data)
{
	struct mm_struct *mm = data;
	pte_t pte = ptep_get(ptep);

	if (pte_write(pte) || pte_dirty(pte))
		set_pte_at(mm, address, ptep, pte_wrprotect(pte_mkclean(pte)));
	return 0;
}

static void protect_block(struct mm_struct *mm, unsigned long address,
			  pmd_t *pmdp)
{
#if ISLE_HAS_HUGE
	spinlock_t *lock = pmd_lock(mm, pmdp);	/* the entry's */
	pmd_t pmd = *pmdp;

	if (pmd_leaf(pmd) && (pmd_write(pmd) || pmd_dirty(pmd)))
		set_pmd_at(mm, address, pmdp, pmd_wrprotect(pmd_mkclean(pmd)));
	spin_unlock(lock);
#endif
}

static void protect_range(struct vm_area_struct *vma, unsigned long start,
			  unsigned long size)
{
	unsigned long end = start + size, next;
	struct mm_struct *mm = vma->vm_mm;

	/* Whoever maps what we map has to be told, and only a zap does that. */
	if (mm_has_notifiers(mm)) {
		zap_range(vma, start, size);
		return;
	}
	for (; start < end; start = next) {
		pmd_t *pmd = find_pmd(mm, start);

		next = pmd_addr_end(start, end);
		if (!pmd)
			continue;
		if (isle_pmd_state(pmd) > ISLE_PMD_TABLE)
			protect_block(mm, start & PMD_MASK, pmd);
		else
			walk_entries(mm, start, (next - start) >> PAGE_SHIFT,
				     protect_entry, mm);
		cond_resched();
	}
}

typedef void (*range_fn)(struct vm_area_struct *vma, unsigned long start,
			 unsigned long size);

static void for_part(struct vm_area_struct *vma, pgoff_t first, pgoff_t last,
		     range_fn fn)
{
	first = max(first, vma->vm_pgoff);
	last = min(last, isle_vma_last(vma));
	if (first <= last)
		fn(vma, vma->vm_start + ((first - vma->vm_pgoff) << PAGE_SHIFT),
		   (last - first + 1) << PAGE_SHIFT);
}

/* Call a function for what a layer has of a range in each VMA. */
static __always_inline void for_layer(struct isle_layer *layer,
				      struct vm_area_struct *vma, pgoff_t first,
				      pgoff_t last, range_fn fn)
{
	struct address_space *mapping;

	if (vma && refcount_read(&layer->mapping.vmas) == 1) {
		for_part(vma, first, last, fn);
		return;
	}
	mapping = isle_object_mapping(layer->mapping.opener->object);
	i_mmap_lock_read(mapping);
	for (vma = isle_rmap_first(layer, first, last); vma;
	     vma = isle_rmap_next(layer, vma, first, last))
		for_part(vma, first, last, fn);
	i_mmap_unlock_read(mapping);
}

void isle_zap_layer(struct isle_layer *layer, struct vm_area_struct *vma,
		    pgoff_t first, pgoff_t last)
{
	for_layer(layer, vma, first, last, zap_range);
}

void isle_protect_layer(struct isle_layer *layer, struct vm_area_struct *vma,
			pgoff_t first, pgoff_t last)
{
	for_layer(layer, vma, first, last, protect_range);
}

void isle_unmap_object(struct isle_object *object, pgoff_t first,
		       pgoff_t last)
{
	unmap_mapping_pages(isle_object_mapping(object), first,
			    last - first + 1, true);
}
