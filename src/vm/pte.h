/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page table entries. Only pte.c writes them.
 *
 * Private entries are special: the core sees no page behind them. Those of shared
 * mappings have a page, where it may be pinned. Entries are only ever filled, or
 * raised in permission, in place, and by fork, which flushes TLBs afterwards,
 * lowered; anything else is a zap, which flushes them before it returns. An entry
 * that is not writable is
 * clean, as mprotect() makes dirty entries writable without asking.
 */
#ifndef _ISLE_PTE_H
#define _ISLE_PTE_H

#include <linux/mm.h>
#include <linux/pgtable.h>

#include "compat.h"

struct isle;
struct isle_layer;
struct isle_object;

/**
 * isle_map_frames - fill empty entries
 * @vma: the VMA
 * @address: of the first entry
 * @isle: the instance
 * @ids: frames, one an entry
 * @nr: entries, all in one page table
 * @writable: whether a write needs no fault
 *
 * Entries that are there already are kept.
 * Return: how many were empty, or -ENOMEM if there is no page table.
 */
int isle_map_frames(struct vm_area_struct *vma, unsigned long address,
		    struct isle *isle, const u32 *ids, unsigned int nr,
		    bool writable);

/**
 * isle_map_frame_repeatedly - fill empty entries with one frame
 * @vma: the VMA
 * @address: of the first entry
 * @isle: the instance
 * @id: the frame
 * @nr: entries, all in one page table
 *
 * Not for writing. Return: as isle_map_frames().
 */
int isle_map_frame_repeatedly(struct vm_area_struct *vma,
			      unsigned long address, struct isle *isle, u32 id,
			      unsigned int nr);

/**
 * isle_map_pages - fill empty entries with pages that can be pinned
 * @vma: the VMA, VM_MIXEDMAP
 * @address: of the first entry
 * @isle: the instance
 * @ids: exposed frames, one an entry
 * @nr: entries, all in one page table
 *
 * Return: as isle_map_frames(), or -EAGAIN to fault again.
 */
int isle_map_pages(struct vm_area_struct *vma, unsigned long address,
		   struct isle *isle, const u32 *ids, unsigned int nr);

/**
 * isle_raise_frames - let frames be written without a fault
 * @vma: the VMA
 * @address: of the first entry
 * @isle: the instance
 * @ids: frames, one an entry, which maps it or is empty
 * @nr: entries, all in one page table
 *
 * Return: how many could not be written before, or -ENOMEM.
 */
int isle_raise_frames(struct vm_area_struct *vma, unsigned long address,
		      struct isle *isle, const u32 *ids, unsigned int nr);

/**
 * isle_raise_entry - let what is mapped be written without a fault
 * @vma: the VMA
 * @address: of the entry, special or not, which maps the frame; if it went
 *           meanwhile it stays empty
 * @isle: the instance
 * @id: the frame
 *
 * Return: 0 or -ENOMEM.
 */
int isle_raise_entry(struct vm_area_struct *vma, unsigned long address,
		     const struct isle *isle, u32 id);

/* What an entry for 2 MB has; protected by the chunk's lock. */
enum isle_pmd {
	ISLE_PMD_NONE,
	ISLE_PMD_TABLE,		/* small entries */
	ISLE_PMD_READ,		/* maps 2 MB, a write faults */
	ISLE_PMD_WRITE,		/* maps 2 MB */
};

static inline enum isle_pmd isle_pmd_state(const pmd_t *pmdp)
{
	pmd_t pmd = READ_ONCE(*pmdp);

	if (pmd_none(pmd))
		return ISLE_PMD_NONE;
	if (!pmd_leaf(pmd))
		return ISLE_PMD_TABLE;
	return pmd_write(pmd) ? ISLE_PMD_WRITE : ISLE_PMD_READ;
}

/**
 * isle_map_block - map 2 MB by one entry, or let what it maps be written
 * @vmf: the fault; its entry is ISLE_PMD_NONE, or maps the block
 * @isle: the instance
 * @id: the first frame, aligned to 2 MB
 * @writable: whether a write needs no fault
 *
 * Return: 0, or -ENOMEM if it can't be mapped so.
 */
int isle_map_block(struct vm_fault *vmf, struct isle *isle, u32 id,
		   bool writable);

/**
 * isle_zap_layer - unmap a range wherever a layer maps it
 * @layer: the layer
 * @vma: the VMA, if the layer has just one and it is at hand
 * @first: the first page offset
 * @last: the last page offset
 *
 * Zaps what of the range @vma covers. The caller holds @vma's mmap or VMA lock
 * and the locks of chunks, so that nothing comes back.
 */
void isle_zap_layer(struct isle_layer *layer, struct vm_area_struct *vma,
		    pgoff_t first, pgoff_t last);

/**
 * isle_protect_layer - for fork: let a layer's frames be written by faults only
 * @layer: the parent's layer
 * @vma: the VMA, if the layer has just one and it is at hand
 * @first: the first page offset
 * @last: the last page offset
 *
 * The caller is in ->open of a child's VMA. Then no TLB has to be flushed here:
 * the core does that for the parent's own memory, at the end of dup_mmap() and
 * before it lets go of the parent's mmap lock or lets the child run.
 */
void isle_protect_layer(struct isle_layer *layer, struct vm_area_struct *vma,
			pgoff_t first, pgoff_t last);

/**
 * isle_unmap_object - unmap a range in every mapping of an object
 * @object: the object
 * @first: the first page offset
 * @last: the last page offset
 */
void isle_unmap_object(struct isle_object *object, pgoff_t first,
		       pgoff_t last);

#endif /* _ISLE_PTE_H */
