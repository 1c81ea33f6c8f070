// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/printk.h>

#include <trace/isle.h>

#include "region.h"

#define ISLE_AUTO_MAX	((u64)SZ_256M)

u64 isle_auto_size(u64 free_bytes)
{
	u64 size = min(ISLE_AUTO_MAX, free_bytes / 8);

	return round_down(size, (u64)ISLE_EXTENT_BYTES);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_auto_size);

int isle_region_check_node(const struct isle_region *region)
{
	int nid = region->nid;

	if (nid == NUMA_NO_NODE ||
	    (nid < MAX_NUMNODES && node_state(nid, N_MEMORY)))
		return 0;
	isle_region_err(region, "there is no node %d with memory\n", nid);
	return -ENXIO;
}

static unsigned int count_extents(const struct isle_region *region)
{
	const struct isle_extent *e = NULL;
	unsigned int nr = 0;

	while ((e = isle_region_next(region, e)))
		nr++;
	return nr;
}

static void show_region(const struct isle_region *region)
{
	unsigned int nr = count_extents(region);

	pr_info("region %s: %llu MB in %u extent%s\n", region->spec,
		isle_region_frames(region) >> (20 - PAGE_SHIFT), nr,
		nr == 1 ? "" : "s");
}

static void trace_carve(const struct isle_region *region)
{
	const struct isle_extent *e = NULL;

	while ((e = isle_region_next(region, e)))
		trace_region_carve(region->index, e->base_pfn, e->nr);
}

int isle_regions_carve(struct isle_regions *set)
{
	struct isle_region *region;
	int ret;

	while (set->nr_carved < set->nr) {
		region = &set->region[set->nr_carved++];
		ret = region->ops->carve(region);
		if (ret)
			goto err;
		show_region(region);
		trace_carve(region);
	}
	return 0;

err:
	isle_regions_release(set);
	return ret;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_regions_carve);

static void say_what_is_left(const struct isle_region *region)
{
	if (region->pinned)
		pr_warn("region %s: %lu frames are still pinned: left to whoever pins them\n",
			region->spec, region->pinned);
	if (region->out)
		pr_warn("region %s: %lu frames are still allocated: lost until reboot\n",
			region->spec, region->out);
}

static void trace_return(const struct isle_region *region)
{
	const struct isle_extent *e = NULL;

	while ((e = isle_region_next(region, e)))
		trace_region_return(region->index, e->base_pfn, e->nr);
}

static void remove_extents(struct isle_regions *set, unsigned int index)
{
	unsigned int from, to = 0;

	for (from = 0; from < set->nr_extents; from++)
		if (set->extent[from].region != index)
			set->extent[to++] = set->extent[from];
	set->nr_extents = to;
}

void isle_regions_release(struct isle_regions *set)
{
	struct isle_region *region;

	while (set->nr_carved) {
		region = &set->region[--set->nr_carved];
		trace_return(region);
		region->ops->release(region);
		say_what_is_left(region);
		remove_extents(set, region->index);
	}
	kvfree(set->out);
	set->out = NULL;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_regions_release);
