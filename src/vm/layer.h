/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mappings and layers: what a VMA's vm_private_data leads to.
 *
 * mmap() makes one mapping. When munmap(), mprotect() or mremap() split or move
 * its VMA, all pieces lead to the same mapping. A MAP_PRIVATE mapping is part
 * of a layer: the frames that were written through it, by offset, over those
 * of the object.
 *
 * A layer belongs to one address space. fork() makes the child a layer of its
 * own; if it can't, the child's VMA leads nowhere, or to a poisoned layer, and
 * touching it is SIGBUS.
 */
#ifndef _ISLE_LAYER_H
#define _ISLE_LAYER_H

#include <linux/mm.h>
#include <linux/refcount.h>

#include "chunk.h"

struct isle_vm_opener;

/**
 * struct isle_mapping - what one mmap() made
 * @vmas: how many VMAs lead here
 * @opener: the file that is mapped
 * @around: pages that one fault maps at most
 */
struct isle_mapping {
	refcount_t vmas;
	struct isle_vm_opener *opener;
	unsigned int around;
};

/**
 * struct isle_layer - the private pages of a mapping
 * @mapping: what the VMAs lead to
 * @store: its frames
 * @mm: the address space that it belongs to; compared, never followed but in
 *      fork, where it is the caller's
 * @poisoned: what is here is not what should be
 * @huge_zero: has a part in the block of zeroes (src/vm/huge.c)
 * @parent: the layer that this one was forked from, as long as both live and
 *          this is the youngest child. Protected by the object's fork_lock.
 * @child: the other way
 */
struct isle_layer {
	struct isle_mapping mapping;
	struct isle_store store;
	struct mm_struct *mm;
	bool poisoned;
	bool huge_zero;
	struct isle_layer *parent;
	struct isle_layer *child;
};

extern const struct vm_operations_struct isle_private_vm_ops;
extern const struct vm_operations_struct isle_shared_vm_ops;
extern const struct vm_operations_struct isle_file_vm_ops;

static inline struct isle_mapping *isle_vma_mapping(struct vm_area_struct *vma)
{
	return vma->vm_private_data;
}

/* The layer of a private VMA, or NULL after a fork that failed. */
static inline struct isle_layer *isle_vma_layer(struct vm_area_struct *vma)
{
	struct isle_mapping *mapping = isle_vma_mapping(vma);

	return mapping ? container_of(mapping, struct isle_layer, mapping) :
			 NULL;
}

static inline pgoff_t isle_vma_last(struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

/**
 * isle_mapping_create - what mmap() does for MAP_SHARED
 * @opener: the file
 *
 * Return: a mapping that one VMA leads to, or NULL.
 */
struct isle_mapping *isle_mapping_create(struct isle_vm_opener *opener);

/**
 * isle_mapping_put - a VMA leads to a shared mapping no more
 * @mapping: the mapping
 */
void isle_mapping_put(struct isle_mapping *mapping);

/**
 * isle_layer_create - what mmap() does for MAP_PRIVATE, and fork()
 * @opener: the file
 * @mm: the address space
 *
 * Return: a layer that one VMA leads to, or NULL.
 */
struct isle_layer *isle_layer_create(struct isle_vm_opener *opener,
				     struct mm_struct *mm);

/**
 * isle_layer_put - a VMA leads to the layer no more
 * @layer: the layer
 * @first: the first offset that the VMA covered
 * @nr: pages that it covered; the core closes an empty VMA after a split that
 *      failed
 *
 * Frees what no other VMA of the layer covers. The core has unmapped it and
 * flushed TLBs.
 */
void isle_layer_put(struct isle_layer *layer, pgoff_t first, unsigned long nr);

/**
 * isle_layer_discard - free a range of a layer's frames
 * @layer: the layer
 * @vma: the only VMA of the layer, if it has just one
 * @first: the first page offset
 * @last: the last page offset
 *
 * Unmaps them first. The caller holds the mmap lock, at least for reading.
 * Return: 0, or -ENOMEM with part of it discarded.
 */
int isle_layer_discard(struct isle_layer *layer, struct vm_area_struct *vma,
		       pgoff_t first, pgoff_t last);

/**
 * isle_fork - give the child of a fork its own layer
 * @vma: the child's VMA, which still leads to the parent's layer
 * @parent: that layer
 *
 * Called with both mmap locks held for writing, once for each VMA. Leaves no
 * entry in the parent's page tables.
 */
void isle_fork(struct vm_area_struct *vma, struct isle_layer *parent);

#endif /* _ISLE_LAYER_H */
