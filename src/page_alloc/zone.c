// SPDX-License-Identifier: GPL-2.0
/*
 * Zones: see zone.h. Counterparts: free_area_init(), build_zonelists(),
 * setup_per_zone_wmarks(), __zone_watermark_ok().
 */

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "buddy.h"
#include "compat.h"
#include "gfp.h"
#include "zone.h"

#define DMA32_END_PFN	((unsigned long)(SZ_4G >> PAGE_SHIFT))

static unsigned long extent_end(const struct isle_extent *extent)
{
	return extent->base_pfn + extent->nr;
}

static unsigned long node_frames(const struct isle *isle, int nid)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < isle->nr_extents; i++)
		nr += isle->extents[i].nid == nid ? isle->extents[i].nr : 0;
	return nr;
}

/* The pfn from which on a node's frames are ZONE_MOVABLE: its top per cent. */
static unsigned long movable_start(const struct isle *isle, int nid,
				   unsigned int percent)
{
	unsigned long want = node_frames(isle, nid) * percent / 100;
	unsigned int i = isle->nr_extents;
	unsigned long start = ULONG_MAX;

	while (want && i--) {
		const struct isle_extent *extent = &isle->extents[i];

		if (extent->nid != nid)
			continue;
		if (want < extent->nr)
			return round_up(extent_end(extent) - want,
					ISLE_TOP_FRAMES);
		want -= extent->nr;
		start = extent->base_pfn;
	}
	return start;
}

/* The part of an extent that lies in [start, end). */
static unsigned long clip(const struct isle_extent *extent,
			  unsigned long *start, unsigned long *end)
{
	*start = max(*start, extent->base_pfn);
	*end = min(*end, extent_end(extent));
	return *start < *end ? *end - *start : 0;
}

static int add_zone(struct isle *isle, int nid, enum isle_zone_type type,
		    unsigned long start, unsigned long end)
{
	unsigned long present = 0;
	struct isle_zone *zone;
	unsigned int i;

	for (i = 0; i < isle->nr_extents; i++) {
		unsigned long from = start, to = end;

		if (isle->extents[i].nid == nid)
			present += clip(&isle->extents[i], &from, &to);
	}
	if (!present)
		return 0;
	zone = kzalloc_node(sizeof(*zone), GFP_KERNEL, nid);
	if (!zone)
		return -ENOMEM;
	raw_spin_lock_init(&zone->lock);
	zone->isle = isle;
	zone->nid = nid;
	zone->type = type;
	zone->index = isle->nr_zones;
	zone->present = present;
	zone->spanned_start = ULONG_MAX;
	for (i = 0; i < isle->nr_extents; i++) {
		unsigned long from = start, to = end;

		if (isle->extents[i].nid != nid ||
		    !clip(&isle->extents[i], &from, &to))
			continue;
		zone->spanned_start = min(zone->spanned_start, from);
		zone->spanned_end = max(zone->spanned_end, to);
	}
	isle_buddy_init(zone);
	isle->zones[isle->nr_zones++] = zone;
	return 0;
}

static int add_node(struct isle *isle, int nid,
		    const struct isle_config *config)
{
	unsigned long dma32 = config->dma32_end_pfn ?: DMA32_END_PFN;
	unsigned long movable;
	int ret;

	movable = movable_start(isle, nid, config->movable_percent);
	ret = add_zone(isle, nid, ISLE_ZONE_DMA32, 0, min(dma32, movable));
	if (!ret && dma32 < movable)
		ret = add_zone(isle, nid, ISLE_ZONE_NORMAL, dma32, movable);
	if (!ret)
		ret = add_zone(isle, nid, ISLE_ZONE_MOVABLE, movable,
			       ULONG_MAX);
	return ret;
}

struct isle_zone *isle_zone_at(const struct isle *isle, int nid,
			       unsigned long pfn)
{
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++) {
		struct isle_zone *zone = isle->zones[i];

		if (zone->nid == nid && pfn >= zone->spanned_start &&
		    pfn < zone->spanned_end)
			return zone;
	}
	return NULL;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_zone_at);

static struct isle_zone *find_zone(const struct isle *isle, int nid,
				   enum isle_zone_type type)
{
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++) {
		if (isle->zones[i]->nid == nid && isle->zones[i]->type == type)
			return isle->zones[i];
	}
	return NULL;
}

static void list_node(const struct isle *isle, struct isle_zonelist *zonelist,
		      int nid, enum isle_zone_type highest)
{
	int type;

	for (type = highest; type >= 0; type--) {
		struct isle_zone *zone = find_zone(isle, nid, type);

		if (zone)
			zonelist->zones[zonelist->nr++] = zone;
	}
}

/*
 * The nearest node with memory that is not in @seen, or NUMA_NO_NODE. A node is
 * nearest to itself, even where all distances are said to be the same.
 */
static int nearest_node(const struct isle *isle, int nid, nodemask_t *seen)
{
	int best = NUMA_NO_NODE;
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++) {
		int n = isle->zones[i]->nid;

		if (node_isset(n, *seen))
			continue;
		if (best == NUMA_NO_NODE || n == nid ||
		    (best != nid &&
		     node_distance(nid, n) < node_distance(nid, best)))
			best = n;
	}
	if (best != NUMA_NO_NODE)
		node_set(best, *seen);
	return best;
}

static struct isle_zonelist *new_zonelist(const struct isle *isle)
{
	struct isle_zonelist *zonelist;

	return kzalloc(struct_size(zonelist, zones, isle->nr_zones),
		       GFP_KERNEL);
}

static int build_zonelists(struct isle *isle, int nid)
{
	struct isle_node *node = &isle->nodes[nid];
	int type;

	for (type = 0; type < ISLE_ZONE_TYPES; type++) {
		nodemask_t seen = NODE_MASK_NONE;
		int n;

		node->zonelist[type] = new_zonelist(isle);
		node->thisnode[type] = new_zonelist(isle);
		if (!node->zonelist[type] || !node->thisnode[type])
			return -ENOMEM;
		list_node(isle, node->thisnode[type], nid, type);
		while ((n = nearest_node(isle, nid, &seen)) != NUMA_NO_NODE)
			list_node(isle, node->zonelist[type], n, type);
	}
	return 0;
}

int isle_zones_create(struct isle *isle, const struct isle_config *config)
{
	nodemask_t nodes = NODE_MASK_NONE;
	unsigned int i;
	int nid, ret;

	for (i = 0; i < isle->nr_extents; i++)
		node_set(isle->extents[i].nid, nodes);
	isle->zones = kcalloc(nodes_weight(nodes) * ISLE_ZONE_TYPES,
			      sizeof(*isle->zones), GFP_KERNEL);
	isle->nodes = kcalloc(nr_node_ids, sizeof(*isle->nodes), GFP_KERNEL);
	if (!isle->zones || !isle->nodes)
		return -ENOMEM;
	for_each_node_mask(nid, nodes) {
		ret = add_node(isle, nid, config);
		if (ret)
			return ret;
	}
	for (nid = 0; nid < nr_node_ids; nid++) {
		ret = build_zonelists(isle, nid);
		if (ret)
			return ret;
	}
	return 0;
}

void isle_zones_destroy(struct isle *isle)
{
	unsigned int i;
	int type;

	for (i = 0; isle->nodes && i < nr_node_ids; i++) {
		for (type = 0; type < ISLE_ZONE_TYPES; type++) {
			kfree(isle->nodes[i].zonelist[type]);
			kfree(isle->nodes[i].thisnode[type]);
		}
	}
	kfree(isle->nodes);
	for (i = 0; i < isle->nr_zones; i++)
		kfree(isle->zones[i]);
	kfree(isle->zones);
}

static unsigned long default_min_free_kbytes(unsigned long managed)
{
	unsigned long kb = int_sqrt(managed * (PAGE_SIZE / SZ_1K) * 16);

	return clamp(kb, 128UL, 262144UL);
}

/*
 * A zone keeps 1/256 (DMA32) or 1/32 (NORMAL) of what the zones above it on
 * its node manage from requests that may go there.
 */
static void set_lowmem_reserve(struct isle *isle, struct isle_zone *zone)
{
	static const unsigned int ratio[ISLE_ZONE_TYPES] = { 256, 32, 0 };
	unsigned long above = 0;
	int type;

	for (type = zone->type + 1; type < ISLE_ZONE_TYPES; type++) {
		struct isle_zone *higher = find_zone(isle, zone->nid, type);

		above += higher ? higher->managed : 0;
		WRITE_ONCE(zone->lowmem_reserve[type],
			   above / ratio[zone->type]);
	}
}

void isle_zones_set_watermarks(struct isle *isle,
			       unsigned long min_free_kbytes)
{
	unsigned long managed = 0;
	unsigned long pages_min;
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++)
		managed += isle->zones[i]->managed;
	if (!min_free_kbytes)
		min_free_kbytes = default_min_free_kbytes(managed);
	pages_min = min_free_kbytes / (PAGE_SIZE / SZ_1K);
	pages_min = min(pages_min, managed / 4);
	isle->min_free_kbytes = pages_min * (PAGE_SIZE / SZ_1K);
	for (i = 0; i < isle->nr_zones; i++) {
		struct isle_zone *zone = isle->zones[i];
		unsigned long min;

		min = managed ? mult_frac(pages_min, zone->managed,
					  managed) : 0;
		WRITE_ONCE(zone->watermark[ISLE_WMARK_MIN], min);
		WRITE_ONCE(zone->watermark[ISLE_WMARK_LOW], min + min / 4);
		WRITE_ONCE(zone->watermark[ISLE_WMARK_HIGH], min + min / 2);
		set_lowmem_reserve(isle, zone);
	}
}
EXPORT_SYMBOL_FOR_KUNIT(isle_zones_set_watermarks);

/* Free frames that this request can't have, whatever the mark. */
static unsigned long unusable_free(const struct isle_zone *zone,
				   unsigned int order,
				   unsigned int alloc_flags)
{
	unsigned long unusable = BIT(order) - 1;

	if (!(alloc_flags & ISLE_ALLOC_RESERVES))
		unusable += READ_ONCE(zone->nr_free_highatomic);
	if (!(alloc_flags & ISLE_ALLOC_CMA))
		unusable += READ_ONCE(zone->nr_free_cma);
	return unusable;
}

static bool has_block(const struct isle_zone *zone, unsigned int order,
		      unsigned int alloc_flags)
{
	u32 orders = READ_ONCE(zone->nonempty[ISLE_UNMOVABLE]) |
		     READ_ONCE(zone->nonempty[ISLE_MOVABLE]) |
		     READ_ONCE(zone->nonempty[ISLE_RECLAIMABLE]);

	if (alloc_flags & ISLE_ALLOC_CMA)
		orders |= READ_ONCE(zone->nonempty[ISLE_CMA]);
	if (alloc_flags & (ISLE_ALLOC_HIGHATOMIC | ISLE_ALLOC_NO_WATERMARKS))
		orders |= READ_ONCE(zone->nonempty[ISLE_HIGHATOMIC]);
	return orders >> order;
}

/* Frames above a mark: a request may take a block if there are any. */
static long room_above(const struct isle_zone *zone, unsigned int order,
		       enum isle_zone_type highest, unsigned int alloc_flags)
{
	unsigned int mark = alloc_flags & ISLE_ALLOC_WMARK_MASK;
	long free, min;

	free = (long)READ_ONCE(zone->nr_free) -
	       (long)unusable_free(zone, order, alloc_flags);
	min = READ_ONCE(zone->watermark[mark]);
	if (mark != ISLE_WMARK_MIN)
		min += READ_ONCE(zone->watermark_boost);
	if (alloc_flags & ISLE_ALLOC_MIN_RESERVE) {
		min -= min / 2;
		if (alloc_flags & ISLE_ALLOC_NON_BLOCK)
			min -= min / 4;
	}
	return free - min - (long)READ_ONCE(zone->lowmem_reserve[highest]);
}

bool isle_zone_watermark_ok(const struct isle_zone *zone, unsigned int order,
			    enum isle_zone_type highest,
			    unsigned int alloc_flags)
{
	if (!(alloc_flags & ISLE_ALLOC_NO_WATERMARKS) &&
	    room_above(zone, order, highest, alloc_flags) <= 0)
		return false;
	return has_block(zone, order, alloc_flags);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_zone_watermark_ok);

unsigned int isle_zone_watermark_nr(const struct isle_zone *zone,
				    unsigned int order,
				    enum isle_zone_type highest,
				    unsigned int alloc_flags, unsigned int nr)
{
	long room;

	if (!isle_zone_watermark_ok(zone, order, highest, alloc_flags))
		return 0;
	if (nr == 1 || alloc_flags & ISLE_ALLOC_NO_WATERMARKS)
		return nr;
	room = room_above(zone, order, highest, alloc_flags);
	return clamp(room >> order, 1L, (long)nr);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_zone_watermark_nr);

const char *isle_zone_name(enum isle_zone_type type)
{
	static const char * const names[ISLE_ZONE_TYPES] = {
		[ISLE_ZONE_DMA32]   = "DMA32",
		[ISLE_ZONE_NORMAL]  = "Normal",
		[ISLE_ZONE_MOVABLE] = "Movable",
	};

	return names[type];
}
EXPORT_SYMBOL_FOR_KUNIT(isle_zone_name);
