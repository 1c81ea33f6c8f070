// SPDX-License-Identifier: GPL-2.0
/* The early allocator: see early.h. Counterpart: mm/memblock.c. */

#include <linux/string.h>

#include "compat.h"
#include "early.h"

void isle_early_init(struct isle_early *early,
		     const struct isle_extent *extents, unsigned int nr)
{
	memset(early, 0, sizeof(*early));
	early->extents = extents;
	early->nr_extents = nr;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_early_init);

/* Ranges are taken from an extent's top down: this is how far they reach. */
static unsigned long room(const struct isle_early *early,
			  const struct isle_extent *extent)
{
	unsigned long end = extent->base_pfn + extent->nr;
	unsigned int i;

	for (i = 0; i < early->nr; i++) {
		unsigned long base = early->range[i].base_pfn;

		if (base - extent->base_pfn < extent->nr && base < end)
			end = base;
	}
	return end - extent->base_pfn;
}

unsigned long isle_early_alloc(struct isle_early *early, unsigned long nr)
{
	const struct isle_extent *best = NULL;
	struct isle_early_range *range;
	unsigned long best_room = 0;
	unsigned int i;

	if (!nr || early->nr == ISLE_EARLY_RANGES)
		return 0;
	for (i = 0; i < early->nr_extents; i++) {
		unsigned long r = room(early, &early->extents[i]);

		if (r > best_room) {
			best = &early->extents[i];
			best_room = r;
		}
	}
	if (best_room < nr)
		return 0;
	range = &early->range[early->nr++];
	range->base_pfn = best->base_pfn + best_room - nr;
	range->nr = nr;
	return range->base_pfn;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_early_alloc);
