/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Exposed frames: the struct page side of what is mapped shared.
 *
 * get_user_pages() works on struct page, futexes that processes share look at
 * its mapping and index, and marking it dirty calls into its mapping. So the
 * page of an object says where it belongs for as long as it does. Nothing else
 * of isle's user memory touches struct page.
 */
#ifndef _ISLE_EXPOSE_H
#define _ISLE_EXPOSE_H

#include <linux/mm.h>

#include "page_alloc/instance.h"
#include "region/bias.h"

static inline struct page *isle_frame_page(const struct isle *isle, u32 id)
{
	return pfn_to_page(isle_id_to_pfn(isle, id));
}

/* Whether somebody may have pinned a frame, now or earlier. */
static inline bool isle_is_exposed(const struct isle *isle, u32 id)
{
	return isle_frame(isle, id)->flags & ISLE_FRAME_EXPOSED;
}

/**
 * isle_is_pinned - whether the kernel holds references to a frame
 * @isle: the instance
 * @id: a frame that no ordinary entry maps: each would count as a pin
 */
static inline bool isle_is_pinned(const struct isle *isle, u32 id)
{
	return isle_is_exposed(isle, id) && isle->ops->pinned(isle, id);
}

/**
 * isle_looks_pinned - whether a frame is pinned, as far as can be seen
 * @isle: the instance
 * @id: the frame, mapped or not
 *
 * It may be wrong while somebody maps or unmaps it.
 */
static inline bool isle_looks_pinned(const struct isle *isle, u32 id)
{
	const struct page *page = isle_frame_page(isle, id);

	return isle_is_exposed(isle, id) &&
	       page_ref_count(page) - atomic_read(&page->_mapcount) - 1 >
	       ISLE_PAGE_BIAS;
}

/**
 * isle_may_expose - whether the kernel may pin a frame
 * @isle: the instance
 * @id: the frame
 *
 * Not so where pinning for long would have to move the page first, which can't
 * be done: in ZONE_MOVABLE and in the kernel's CMA area.
 */
bool isle_may_expose(const struct isle *isle, u32 id);

/**
 * isle_may_expose_any - whether there are any such frames
 */
bool isle_may_expose_any(void);

/**
 * isle_expose - make frames part of an address space
 * @isle: the instance
 * @mapping: the address space
 * @pgoff: where the first of them is
 * @ids: frames; those that may not be exposed are passed over
 * @nr: how many
 *
 * Before they are mapped.
 */
void isle_expose(struct isle *isle, struct address_space *mapping,
		 pgoff_t pgoff, const u32 *ids, unsigned int nr);

/**
 * isle_unexpose - undo isle_expose()
 * @isle: the instance
 * @ids: frames that nothing maps any more, though some may still be pinned
 * @nr: how many
 */
void isle_unexpose(struct isle *isle, const u32 *ids, unsigned int nr);

#endif /* _ISLE_EXPOSE_H */
