// SPDX-License-Identifier: GPL-2.0
/*
 * cma:SIZE: memory out of the CMA area that cma= reserved at boot.
 *
 * cma_alloc() is exported by the newest kernels only, and the area not by any,
 * so isle asks as a driver would: dma_alloc_pages() on a platform device of its
 * own. What that gets are ordinary cached pages, from the node's area if the
 * kernel has one for each, or else from the global one.
 *
 * It falls back to ordinary memory where the area has no room, but not for more
 * than the largest order of the kernel's page allocator. So isle asks for more
 * than that at a time, always: what it gets is CMA.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/platform_device.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmstat.h>

#include "bias.h"

struct chunk {
	struct page *page;
	dma_addr_t dma;
	size_t size;
};

struct isle_cma {
	struct platform_device *device;
	unsigned int nr;
	struct chunk chunk[ISLE_MAX_EXTENTS];
};

static int add_device(struct isle_cma *cma, int nid)
{
	const struct platform_device_info info = {
		.name = "isle-cma",
		.id = PLATFORM_DEVID_AUTO,
		.dma_mask = DMA_BIT_MASK(64),
	};

	cma->device = platform_device_register_full(&info);
	if (IS_ERR(cma->device))
		return PTR_ERR(cma->device);
	set_dev_node(&cma->device->dev, nid);
	return 0;
}

static void free_chunk(struct isle_cma *cma, const struct chunk *chunk,
		       unsigned long skip, size_t size)
{
	dma_free_pages(&cma->device->dev, size, chunk->page + skip,
		       chunk->dma + (skip << PAGE_SHIFT), DMA_BIDIRECTIONAL);
}

static int take(struct isle_region *region, size_t size)
{
	struct isle_cma *cma = region->priv;
	struct chunk *chunk = &cma->chunk[cma->nr];
	unsigned long pfn;
	int nid, ret;

	chunk->page = dma_alloc_pages(&cma->device->dev, size, &chunk->dma,
				      DMA_BIDIRECTIONAL,
				      GFP_KERNEL | __GFP_NOWARN);
	if (!chunk->page)
		return -ENOMEM;
	chunk->size = size;
	pfn = page_to_pfn(chunk->page);
	nid = page_to_nid(chunk->page);
	ret = region->nid == NUMA_NO_NODE || region->nid == nid ? 0 : -ENXIO;
	if (!ret)
		ret = isle_region_add(region, pfn, size >> PAGE_SHIFT, nid);
	if (ret) {
		free_chunk(cma, chunk, 0, size);
		return ret;
	}
	cma->nr++;
	isle_bias_take(pfn, size >> PAGE_SHIFT);
	return 0;
}

/* In one chunk if possible, else in halves, quarters and so on. */
static int take_all(struct isle_region *region)
{
	struct isle_cma *cma = region->priv;
	u64 left = region->size;
	size_t size = left;
	int ret;

	while (left) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (cma->nr == ISLE_MAX_EXTENTS)
			return -E2BIG;
		size = min_t(u64, size, left);
		ret = take(region, size);
		if (!ret) {
			left -= size;
			continue;
		}
		if (ret != -ENOMEM || size == ISLE_CMA_BYTES)
			return ret;
		size = round_up(size / 2, ISLE_CMA_BYTES);
	}
	return 0;
}

static void say_why(const struct isle_region *region, int error)
{
	unsigned long free = global_zone_page_state(NR_FREE_CMA_PAGES);

	switch (error) {
	case -EINTR:
		isle_region_err(region, "interrupted\n");
		break;
	case -ENXIO:
		isle_region_err(region, "node %d has no CMA area\n",
				region->nid);
		break;
	case -E2BIG:
		isle_region_err(region, "the CMA area is too fragmented\n");
		break;
	default:
		isle_region_err(region, "no such CMA memory: %lu MB are free; boot with cma=SIZE\n",
				free >> (20 - PAGE_SHIFT));
	}
}

static int cma_carve(struct isle_region *region)
{
	struct isle_cma *cma;
	int ret;

	ret = isle_region_check_node(region);
	if (ret)
		return ret;
	cma = kzalloc(sizeof(*cma), GFP_KERNEL);
	if (!cma)
		return -ENOMEM;
	ret = add_device(cma, region->nid);
	if (ret) {
		isle_region_err(region, "can't register a device: %d\n", ret);
		kfree(cma);
		return ret;
	}
	region->priv = cma;
	ret = take_all(region);
	if (ret)
		say_why(region, ret);
	return ret == -E2BIG ? -ENOMEM : ret;
}

/*
 * Clean frames go back to the CMA area, chunk by chunk where nothing is
 * missing. A pinned frame is put instead: free memory once its pinner is done,
 * which the kernel may use for movable pages, but no longer an allocation of
 * the area's.
 */
static void release_run(struct isle_cma *cma, const struct chunk *chunk,
			unsigned long skip, unsigned long nr,
			enum isle_fate fate)
{
	unsigned long pfn = page_to_pfn(chunk->page) + skip;

	if (fate == ISLE_FATE_OUT)
		return;
	if (fate == ISLE_FATE_PINNED) {
		isle_bias_put(pfn, nr);
		return;
	}
	isle_bias_drop(pfn, nr);
	free_chunk(cma, chunk, skip, nr << PAGE_SHIFT);
}

static void release_chunk(struct isle_region *region,
			  const struct chunk *chunk)
{
	unsigned long pfn = page_to_pfn(chunk->page);
	unsigned long from, to, nr, start;
	const struct isle_extent *e = NULL;
	enum isle_fate fate;

	while ((e = isle_region_next(region, e))) {
		if (pfn - e->base_pfn >= e->nr)
			continue;
		start = pfn - e->base_pfn;
		to = start + (chunk->size >> PAGE_SHIFT);
		for (from = start; from < to; from += nr) {
			nr = isle_region_run(region, e, from, to, &fate);
			release_run(region->priv, chunk, from - start, nr,
				    fate);
		}
	}
}

static void cma_release_all(struct isle_region *region)
{
	struct isle_cma *cma = region->priv;

	if (!cma)
		return;
	while (cma->nr)
		release_chunk(region, &cma->chunk[--cma->nr]);
	platform_device_unregister(cma->device);
	kfree(cma);
	region->priv = NULL;
}

const struct isle_region_ops isle_region_cma = {
	.name = "cma",
	.unpinnable = true,
	.carve = cma_carve,
	.release = cma_release_all,
};
