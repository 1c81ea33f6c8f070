// SPDX-License-Identifier: GPL-2.0
/*
 * Page table entries: see pte.h. Counterparts: insert_pfn(), set_pte_range(),
 * wp_page_reuse(), zap_page_range_single() of mm/memory.c, insert_pfn_pmd() of
 * mm/huge_memory.c.
 */

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

static int fill_entry(pte_t *ptep, unsigned long address, void *data)
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

static int fill_entries(struct vm_area_struct *vma, unsigned long address,
			unsigned int nr, struct fill *fill)
{
	int err;

	err = apply_to_page_range(vma->vm_mm, address,
				  (unsigned long)nr << PAGE_SHIFT, fill_entry,
				  fill);
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

	return fill_entries(vma, address, nr, &fill);
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

	return fill_entries(vma, address, nr, &fill);
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

int isle_map_pages(struct vm_area_struct *vma, unsigned long address,
		   struct isle *isle, const u32 *ids, unsigned int nr)
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

static int raise_entry(pte_t *ptep, unsigned long address, void *data)
{
	struct fill *fill = data;
	pte_t pte = ptep_get(ptep);

	if (pte_none(pte))
		return fill_entry(ptep, address, data);
	if (WARN_ON_ONCE(pte_pfn(pte) !=
			 isle_id_to_pfn(fill->isle, *fill->ids)))
		return -EFAULT;
	pte = pte_mkdirty(isle_pte_mkwrite(pte_mkyoung(pte)));
	set_pte_at(fill->mm, address, ptep, pte);
	return 0;
}

int isle_make_writable(struct vm_area_struct *vma, unsigned long address,
		       struct isle *isle, u32 id)
{
	struct fill fill = {
		.mm	= vma->vm_mm,
		.isle	= isle,
		.ids	= &id,
		.step	= 0,
		.prot	= entry_prot(vma, true),
	};

	return apply_to_page_range(vma->vm_mm, address, PAGE_SIZE, raise_entry,
				   &fill);
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

	return apply_to_page_range(vma->vm_mm, address, PAGE_SIZE,
				   raise_mapped, &fill);
}

enum isle_pmd isle_pmd_state(const pmd_t *pmdp)
{
	pmd_t pmd = READ_ONCE(*pmdp);

	if (pmd_none(pmd))
		return ISLE_PMD_NONE;
	if (!pmd_leaf(pmd))
		return ISLE_PMD_TABLE;
	return pmd_write(pmd) ? ISLE_PMD_WRITE : ISLE_PMD_READ;
}

int isle_map_block(struct vm_fault *vmf, struct isle *isle, u32 id,
		   bool writable)
{
	vm_fault_t ret;

	ret = isle_insert_pfn_pmd(vmf, isle_id_to_pfn(isle, id), writable);
	return ret == VM_FAULT_NOPAGE ? 0 : -ENOMEM;
}

static void zap_part(struct vm_area_struct *vma, pgoff_t first, pgoff_t last)
{
	unsigned long start, size;

	first = max(first, vma->vm_pgoff);
	last = min(last, isle_vma_last(vma));
	if (first > last)
		return;
	start = vma->vm_start + ((first - vma->vm_pgoff) << PAGE_SHIFT);
	size = (last - first + 1) << PAGE_SHIFT;
	isle_zap_special(vma, start, size);
}

void isle_zap_layer(struct isle_layer *layer, struct vm_area_struct *vma,
		    pgoff_t first, pgoff_t last)
{
	struct address_space *mapping;

	if (vma && refcount_read(&layer->mapping.vmas) == 1) {
		zap_part(vma, first, last);
		return;
	}
	mapping = isle_object_mapping(layer->mapping.opener->object);
	i_mmap_lock_read(mapping);
	for (vma = isle_rmap_first(layer, first, last); vma;
	     vma = isle_rmap_next(layer, vma, first, last))
		zap_part(vma, first, last);
	i_mmap_unlock_read(mapping);
}

void isle_unmap_object(struct isle_object *object, pgoff_t first,
		       pgoff_t last)
{
	unmap_mapping_pages(isle_object_mapping(object), first,
			    last - first + 1, true);
}
