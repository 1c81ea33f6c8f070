/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reverse map: offset -> VMAs. The core keeps every VMA of a file in its
 * address space's i_mmap, right at any moment through splits and moves; this
 * is how to walk it. Counterparts: mm/interval_tree.c, mm/rmap.c.
 */
#ifndef _ISLE_RMAP_H
#define _ISLE_RMAP_H

#include <linux/mm.h>

struct isle_layer;

/**
 * isle_rmap_first - the first VMA of a layer that covers part of a range
 * @layer: the layer
 * @first: the first page offset
 * @last: the last page offset
 *
 * The caller holds i_mmap, at least for reading.
 * Return: the VMA with the lowest offset, or NULL.
 */
struct vm_area_struct *isle_rmap_first(const struct isle_layer *layer,
				       pgoff_t first, pgoff_t last);

/**
 * isle_rmap_next - the next one
 * @layer: the layer
 * @vma: the one before
 * @first: as above
 * @last: as above
 *
 * Return: the VMA or NULL.
 */
struct vm_area_struct *isle_rmap_next(const struct isle_layer *layer,
				      struct vm_area_struct *vma,
				      pgoff_t first, pgoff_t last);

/**
 * isle_rmap_hole - find a part of a range that no VMA of a layer covers
 * @layer: the layer
 * @first: the first page offset; out: of the hole
 * @last: the last page offset; out: of the hole
 *
 * Return: whether there is a hole.
 */
bool isle_rmap_hole(const struct isle_layer *layer, pgoff_t *first,
		    pgoff_t *last);

/**
 * isle_rmap_covers - whether a VMA of a layer covers any part of a range
 * @layer: the layer
 * @first: the first page offset
 * @last: the last page offset
 *
 * Return: true if there is one.
 */
bool isle_rmap_covers(const struct isle_layer *layer, pgoff_t first,
		      pgoff_t last);

#endif /* _ISLE_RMAP_H */
