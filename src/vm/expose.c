// SPDX-License-Identifier: GPL-2.0
/* Exposed frames: see expose.h. */

#include <linux/pagemap.h>

#include "expose.h"
#include "main.h"
#include "page_alloc/alloc.h"
#include "region/region.h"

static const struct isle_extent *frame_extent(const struct isle *isle, u32 id)
{
	const struct isle_extent *e = isle->extents;

	while (id - e->first_id >= e->nr)
		e++;
	return e;
}

bool isle_may_expose_any(void)
{
	const struct isle_regions *set = &isle_loaded_regions;
	unsigned int i;

	for (i = 0; i < set->nr; i++) {
		if (!set->region[i].ops->unpinnable)
			return true;
	}
	return false;
}

bool isle_may_expose(const struct isle *isle, u32 id)
{
	u32 region = frame_extent(isle, id)->region;

	return !isle_loaded_regions.region[region].ops->unpinnable &&
	       !is_zone_movable_page(isle_frame_page(isle, id));
}

void isle_expose(struct isle *isle, struct address_space *mapping,
		 pgoff_t pgoff, const u32 *ids, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct folio *folio;

		if (!isle_may_expose(isle, ids[i]))
			continue;
		folio = page_folio(isle_frame_page(isle, ids[i]));
		folio->index = pgoff + i;
		WRITE_ONCE(folio->mapping, mapping);
		isle_expose_frame(isle, ids[i]);
	}
}

static void forget_mapping(struct folio *folio)
{
	WRITE_ONCE(folio->mapping, NULL);
	folio->index = 0;
}

/*
 * Who has a page pinned may be about to mark it dirty, and look at its mapping
 * under its lock: set_page_dirty_lock(). The mapping may be gone right after.
 */
void isle_unexpose(struct isle *isle, const u32 *ids, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct folio *folio;

		if (!isle_is_exposed(isle, ids[i]))
			continue;
		folio = page_folio(isle_frame_page(isle, ids[i]));
		if (likely(!isle_is_pinned(isle, ids[i]))) {
			forget_mapping(folio);
			continue;
		}
		folio_lock(folio);
		forget_mapping(folio);
		folio_unlock(folio);
	}
}
