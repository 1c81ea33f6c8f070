// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel API: struct page on the outside, frame ids of the loaded instance
 * on the inside. Documented in include/isle/isle.h.
 */

#include <linux/mm.h>
#include <linux/module.h>

#include <isle/isle.h>

#include "main.h"
#include "page_alloc/alloc.h"
#include "page_alloc/fast.h"
#include "page_alloc/report.h"

static_assert(ISLE_MAX_ORDER == ISLE_TOP_ORDER);

enum { BULK_BATCH = 64 };

static noinline struct page *id_to_page_slow(u32 id)
{
	return pfn_to_page(isle_id_to_pfn_slow(isle_loaded, id));
}

static __always_inline struct page *id_to_page(const struct isle *isle, u32 id)
{
	if (unlikely(id >= isle->first_end))
		return id_to_page_slow(id);
	return pfn_to_page(isle->first_pfn + id);
}

static __always_inline u32 page_to_id(const struct page *page)
{
	return isle_pfn_to_id(isle_loaded, page_to_pfn(page));
}

/* The id of a page that must be isle's; says so if it is not. */
static __always_inline u32 own_page_id(const struct page *page,
				       const char *call)
{
	u32 id = page_to_id(page);

	if (unlikely(id == ISLE_NO_FRAME))
		isle_report_foreign(isle_loaded, page_to_pfn(page), call);
	return id;
}

/* The rare rest of an allocation: what it could not do, or still has to. */
static noinline struct page *take_pages_slow(gfp_t gfp, unsigned int order,
					     int nid, void *caller)
{
	u32 id = isle_alloc_slow(isle_loaded, gfp, order, nid, caller);

	return id == ISLE_NO_FRAME ? NULL : id_to_page(isle_loaded, id);
}

static noinline struct page *prep_page(u32 id, gfp_t gfp, unsigned int order)
{
	return id_to_page(isle_loaded, isle_prep(isle_loaded, id, gfp, order));
}

/* Requests with flags that the fast path has no time for. */
static noinline struct page *take_pages_special(gfp_t gfp, unsigned int order,
						void *caller)
{
	struct isle *isle = isle_loaded;
	u32 id;

	if (!isle_alloc_fast(isle, gfp, order, caller, &id))
		return take_pages_slow(gfp, order, NUMA_NO_NODE, caller);
	if (isle_needs_prep(gfp))
		return prep_page(id, gfp, order);
	return id_to_page(isle, id);
}

static __always_inline struct page *take_pages(gfp_t gfp, unsigned int order,
					       void *caller)
{
	const gfp_t special = __GFP_ZERO | __GFP_COMP | __GFP_THISNODE |
			      ISLE_GFP_REFUSED;
	struct isle *isle = isle_loaded;
	u32 id;

	if (unlikely(gfp & special))
		return take_pages_special(gfp, order, caller);
	/* Knowing the rest, the compiler leaves out what it would be for. */
	if (unlikely(!isle_alloc_fast(isle, gfp & (ISLE_PCP_GFP_MASK & ~special),
				      order, caller, &id)))
		return take_pages_slow(gfp, order, NUMA_NO_NODE, caller);
	if (isle_needs_prep(0))
		return prep_page(id, gfp, order);
	return id_to_page(isle, id);
}

struct page *isle_alloc_pages(gfp_t gfp, unsigned int order)
{
	return take_pages(gfp, order, (void *)_RET_IP_);
}
EXPORT_SYMBOL_GPL(isle_alloc_pages);

struct page *isle_alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	void *caller = (void *)_RET_IP_;

	/* Who insists on a node may be on another by the time it is asked for. */
	if (nid < 0 || nid >= nr_node_ids ||
	    (nid == numa_mem_id() && !(gfp & __GFP_THISNODE)))
		return take_pages(gfp, order, caller);
	return take_pages_slow(gfp, order, nid, caller);
}
EXPORT_SYMBOL_GPL(isle_alloc_pages_node);

/* Not of the first extent, or not allocated so: of another, or something wrong. */
static noinline void free_pages_slow(struct page *page, unsigned int order)
{
	u32 id = own_page_id(page, "free");

	if (id != ISLE_NO_FRAME)
		isle_free_frames(isle_loaded, id, order);
}

static noinline void free_pages_held(struct page *page)
{
	isle_check_underflow(isle_loaded, page_to_id(page));
}

static noinline void free_pages_left(struct page *page, unsigned int order)
{
	isle_free_slow(isle_loaded, page_to_id(page), order);
}

/* The rare cases get what this was called with: no register has to move. */
void __isle_free_pages(struct page *page, unsigned int order)
{
	struct isle *isle = isle_loaded;
	unsigned long id = page_to_pfn(page) - isle->first_pfn;
	struct isle_frame *frame = isle->frames + id;

	if (unlikely(id >= isle->first_end ||
		     !isle_is_allocated(frame, order))) {
		free_pages_slow(page, order);
		return;
	}
	switch (isle_free_fast(isle, frame, id, order)) {
	case ISLE_FREE_HELD:
		free_pages_held(page);
		break;
	case ISLE_FREE_LEFT:
		free_pages_left(page, order);
		break;
	case ISLE_FREE_DONE:
		break;
	}
}
EXPORT_SYMBOL_GPL(__isle_free_pages);

unsigned long isle_get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page;

	page = take_pages(gfp & ~__GFP_HIGHMEM, order, (void *)_RET_IP_);
	return page ? (unsigned long)page_address(page) : 0;
}
EXPORT_SYMBOL_GPL(isle_get_free_pages);

unsigned long isle_get_zeroed_page(gfp_t gfp)
{
	struct page *page;

	page = take_pages((gfp & ~__GFP_HIGHMEM) | __GFP_ZERO, 0,
			  (void *)_RET_IP_);
	return page ? (unsigned long)page_address(page) : 0;
}
EXPORT_SYMBOL_GPL(isle_get_zeroed_page);

void isle_free_pages(unsigned long addr, unsigned int order)
{
	if (addr)
		__isle_free_pages(virt_to_page((void *)addr), order);
}
EXPORT_SYMBOL_GPL(isle_free_pages);

void *isle_alloc_pages_exact(size_t size, gfp_t gfp)
{
	unsigned int order = get_order(size);
	unsigned long nr = PAGE_ALIGN(size) >> PAGE_SHIFT;
	struct page *page;
	unsigned long i;
	u32 id;

	if (!size)
		return NULL;
	page = take_pages(gfp & ~(__GFP_HIGHMEM | __GFP_COMP),
			  order, (void *)_RET_IP_);
	if (!page)
		return NULL;
	id = page_to_id(page);
	isle_split_block(isle_loaded, id, order);
	for (i = nr; i < BIT(order); i++)
		isle_free_frames(isle_loaded, id + i, 0);
	return page_address(page);
}
EXPORT_SYMBOL_GPL(isle_alloc_pages_exact);

void isle_free_pages_exact(void *virt, size_t size)
{
	unsigned long addr = (unsigned long)virt;
	unsigned long end = addr + PAGE_ALIGN(size);

	if (!virt)
		return;
	for (; addr < end; addr += PAGE_SIZE)
		isle_free_pages(addr, 0);
}
EXPORT_SYMBOL_GPL(isle_free_pages_exact);

/* Entries of @pages from @from on that are empty, as many as @ids can hold. */
static unsigned int count_empty(struct page **pages, unsigned long from,
				unsigned long nr)
{
	unsigned int empty = 0;

	for (; from < nr && empty < BULK_BATCH; from++)
		empty += !pages[from];
	return empty;
}

unsigned long isle_alloc_pages_bulk(gfp_t gfp, unsigned long nr,
				    struct page **pages)
{
	void *caller = (void *)_RET_IP_;
	unsigned long i = 0;
	u32 ids[BULK_BATCH];

	for (;;) {
		unsigned int want, got, n = 0;

		while (i < nr && pages[i])
			i++;
		want = count_empty(pages, i, nr);
		if (!want)
			return i;
		got = isle_alloc_frames_bulk(isle_loaded, gfp, NUMA_NO_NODE,
					     want, ids);
		for (; n < got; i++) {
			if (pages[i])
				continue;
			isle_frame(isle_loaded, ids[n])->owner = caller;
			pages[i] = id_to_page(isle_loaded, ids[n++]);
		}
		if (got < want)
			break;
	}
	while (i < nr && pages[i])
		i++;
	return i;
}
EXPORT_SYMBOL_GPL(isle_alloc_pages_bulk);

void isle_free_pages_bulk(struct page **pages, unsigned long nr)
{
	u32 ids[BULK_BATCH];
	unsigned int n = 0;
	unsigned long i;

	for (i = 0; i < nr; i++) {
		u32 id;

		if (!pages[i])
			continue;
		id = own_page_id(pages[i], "bulk free");
		if (id == ISLE_NO_FRAME)
			continue;
		ids[n++] = id;
		if (n == BULK_BATCH) {
			isle_free_frames_bulk(isle_loaded, ids, n);
			n = 0;
		}
	}
	isle_free_frames_bulk(isle_loaded, ids, n);
}
EXPORT_SYMBOL_GPL(isle_free_pages_bulk);

void isle_split_page(struct page *page, unsigned int order)
{
	u32 id = own_page_id(page, "split");

	if (id != ISLE_NO_FRAME && order)
		isle_split_block(isle_loaded, id, order);
}
EXPORT_SYMBOL_GPL(isle_split_page);

void isle_get_page(struct page *page)
{
	u32 id = own_page_id(page, "get");

	if (likely(id != ISLE_NO_FRAME))
		isle_get_frame(isle_loaded, id);
}
EXPORT_SYMBOL_GPL(isle_get_page);

bool isle_get_page_unless_zero(struct page *page)
{
	u32 id = own_page_id(page, "get unless zero");

	return id != ISLE_NO_FRAME && isle_tryget_frame(isle_loaded, id);
}
EXPORT_SYMBOL_GPL(isle_get_page_unless_zero);

void isle_put_page(struct page *page)
{
	u32 id = own_page_id(page, "put");

	if (likely(id != ISLE_NO_FRAME))
		isle_put_frame(isle_loaded, id);
}
EXPORT_SYMBOL_GPL(isle_put_page);

/* The frame that describes the block of a page, or NULL. */
static const struct isle_frame *block_of(const struct page *page)
{
	u32 id = page_to_id(page);

	if (id == ISLE_NO_FRAME)
		return NULL;
	return isle_frame(isle_loaded, isle_block_head(isle_loaded, id));
}

int isle_page_count(const struct page *page)
{
	const struct isle_frame *frame = block_of(page);

	return frame ? atomic_read(&frame->ref) : 0;
}
EXPORT_SYMBOL_GPL(isle_page_count);

bool isle_owns_page(const struct page *page)
{
	return page_to_id(page) != ISLE_NO_FRAME;
}
EXPORT_SYMBOL_GPL(isle_owns_page);

unsigned int isle_page_order(const struct page *page)
{
	const struct isle_frame *frame = block_of(page);

	if (!frame || frame->state != ISLE_FRAME_ALLOCATED)
		return 0;
	return frame->order;
}
EXPORT_SYMBOL_GPL(isle_page_order);

struct page *isle_compound_head(struct page *page)
{
	const struct isle_frame *frame = block_of(page);

	if (!frame || frame->state != ISLE_FRAME_ALLOCATED ||
	    !(frame->flags & ISLE_FRAME_COMP))
		return page;
	return id_to_page(isle_loaded, isle_frame_id(isle_loaded, frame));
}
EXPORT_SYMBOL_GPL(isle_compound_head);
