// SPDX-License-Identifier: GPL-2.0
/*
 * reserved:NAME: memory that reserve_mem=SIZE:ALIGN:NAME kept from the kernel's
 * page allocator at boot.
 *
 * Its struct pages are PG_reserved and have a count of one. isle clears the
 * flag, so that they can be mapped and pinned like any others, and sets it
 * again when it returns them: the memory is there for the next load. That is
 * also how a frame that an earlier load left behind is known.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/page-flags.h>

#include "bias.h"

static int find(struct isle_region *region)
{
	phys_addr_t start, size;

	if (!isle_reserve_mem_find(region->args, &start, &size)) {
		isle_region_err(region, "name not found; boot with reserve_mem=SIZE:ALIGN:%s\n",
				region->args);
		return -ENOENT;
	}
	if (!PAGE_ALIGNED(start) || !PAGE_ALIGNED(size) ||
	    size < ISLE_EXTENT_BYTES) {
		isle_region_err(region, "%pa bytes at %pa are not whole pages of 4 MB at least\n",
				&size, &start);
		return -EINVAL;
	}
	region->start = start;
	region->size = size;
	return 0;
}

static int check_pages(struct isle_region *region, unsigned long pfn,
		       unsigned long nr)
{
	struct page *page;
	unsigned long i;

	for (i = 0; i < nr; i++) {
		page = pfn_valid(pfn + i) ? pfn_to_page(pfn + i) : NULL;
		if (!page || !PageReserved(page) ||
		    page_ref_count(page) != ISLE_PAGE_BASE) {
			isle_region_err(region, "in use: page %lu of %lu is not as it was at boot\n",
					i, nr);
			return -EBUSY;
		}
	}
	return 0;
}

/* The range may lie on several nodes: one extent for each. */
static int add_extents(struct isle_region *region, unsigned long pfn,
		       unsigned long end)
{
	unsigned long start;
	int nid, ret;

	while (pfn < end) {
		start = pfn;
		nid = page_to_nid(pfn_to_page(start));
		while (++pfn < end && page_to_nid(pfn_to_page(pfn)) == nid)
			;
		if (region->nid != NUMA_NO_NODE && region->nid != nid) {
			isle_region_err(region, "is on node %d\n", nid);
			return -ENXIO;
		}
		ret = isle_region_add(region, start, pfn - start, nid);
		if (ret) {
			isle_region_err(region, "has too many extents\n");
			return ret;
		}
	}
	return 0;
}

static int reserved_carve(struct isle_region *region)
{
	unsigned long pfn, nr, i;
	int ret;

	ret = find(region);
	if (ret)
		return ret;
	pfn = PHYS_PFN(region->start);
	nr = PHYS_PFN(region->size);
	ret = check_pages(region, pfn, nr) ?:
	      add_extents(region, pfn, pfn + nr);
	if (ret)
		return ret;
	for (i = 0; i < nr; i++)
		ClearPageReserved(pfn_to_page(pfn + i));
	isle_bias_take(pfn, nr);
	region->priv = region;
	return 0;
}

static void release_run(unsigned long pfn, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++)
		SetPageReserved(pfn_to_page(pfn + i));
	isle_bias_drop(pfn, nr);
}

static void release_extent(struct isle_region *region,
			   const struct isle_extent *e)
{
	unsigned long from, nr;
	enum isle_fate fate;

	for (from = 0; from < e->nr; from += nr) {
		nr = isle_region_run(region, e, from, e->nr, &fate);
		if (fate != ISLE_FATE_OUT)
			release_run(e->base_pfn + from, nr);
	}
}

static void reserved_release(struct isle_region *region)
{
	const struct isle_extent *e = NULL;

	if (!region->priv)
		return;		/* failed before it took anything */
	while ((e = isle_region_next(region, e)))
		release_extent(region, e);
	region->priv = NULL;
}

const struct isle_region_ops isle_region_reserved = {
	.name = "reserved",
	.carve = reserved_carve,
	.release = reserved_release,
};
