/* SPDX-License-Identifier: GPL-2.0 */
/* The early allocator: what memory is taken for before free lists exist. */
#ifndef _ISLE_EARLY_H
#define _ISLE_EARLY_H

#include "instance.h"

#define ISLE_EARLY_RANGES	16

/**
 * struct isle_early_range - frames taken by the early allocator
 * @base_pfn: the first
 * @nr: how many
 */
struct isle_early_range {
	unsigned long base_pfn;
	unsigned long nr;
};

/**
 * struct isle_early - a memblock-like allocator over extents
 * @extents: the memory
 * @nr_extents: their number
 * @range: what was taken so far
 * @nr: number of ranges
 */
struct isle_early {
	const struct isle_extent *extents;
	unsigned int nr_extents;
	struct isle_early_range range[ISLE_EARLY_RANGES];
	unsigned int nr;
};

/**
 * isle_early_init - start over extents of which nothing is taken
 * @early: to be set up
 * @extents: the memory, sorted by base_pfn; must outlive @early
 * @nr: number of extents
 */
void isle_early_init(struct isle_early *early,
		     const struct isle_extent *extents, unsigned int nr);

/**
 * isle_early_alloc - take contiguous frames, for good
 * @early: the allocator
 * @nr: frames
 *
 * Takes them from the top of the largest extent that has room, so that what is
 * left keeps its large aligned blocks.
 *
 * Return: the first pfn, or 0 if no extent has @nr frames in a row left.
 */
unsigned long isle_early_alloc(struct isle_early *early, unsigned long nr);

#endif /* _ISLE_EARLY_H */
