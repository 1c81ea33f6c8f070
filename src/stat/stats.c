// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/pfn.h>
#include <linux/string.h>

#include "main.h"
#include "page_alloc/instance.h"
#include "page_alloc/lock.h"
#include "page_alloc/pcp.h"
#include "page_alloc/zone.h"
#include "region/region.h"
#include "stat/stats.h"

static_assert(ISLE_NR_UAPI_ORDERS == ISLE_NR_ORDERS);
static_assert((int)ISLE_NR_MT == (int)ISLE_MIGRATE_TYPES);
static_assert((int)ISLE_MT_ISOLATE == (int)ISLE_ISOLATE);

static struct isle_zone_events read_events(struct isle_zone *zone)
{
	struct isle_zone_events events;
	unsigned long flags;

	flags = isle_zone_lock(zone);
	events = zone->events;
	isle_zone_unlock(zone, flags);
	return events;
}

static void add_zone(struct isle_stats *stats, struct isle_zone *zone)
{
	struct isle_zone_events events = read_events(zone);
	unsigned long allocs, frees;

	isle_pcp_events(zone, &allocs, &frees);
	stats->managed += zone->managed;
	stats->present += zone->present;
	stats->free += READ_ONCE(zone->nr_free);
	stats->pcp += isle_pcp_pages(zone);
	stats->user += atomic_long_read(&zone->nr_user);
	stats->allocs += allocs;
	stats->frees += frees;
	stats->refills += events.refill;
	stats->spills += events.spill;
	stats->fallbacks += events.fallback;
	stats->steals += events.steal;
}

void isle_stat_instance(struct isle_stats *stats)
{
	struct isle *isle = isle_loaded;
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++)
		add_zone(stats, isle->zones[i]);
	stats->metadata = stats->present - stats->managed;
	stats->quarantine = READ_ONCE(isle->quarantine.nr);
	stats->failures = atomic_long_read(&isle->nr_failures);
	stats->nr_zones = isle->nr_zones;
	stats->nr_regions = isle_loaded_regions.nr;
}

static void count_blocks(struct isle_zone_info *info, struct isle_zone *zone)
{
	unsigned int order, mt;
	unsigned long flags;

	flags = isle_zone_lock(zone);
	info->free = zone->nr_free;
	info->free_cma = zone->nr_free_cma;
	info->free_highatomic = zone->nr_free_highatomic;
	for (order = 0; order < ISLE_NR_ORDERS; order++)
		for (mt = 0; mt < ISLE_MIGRATE_TYPES; mt++)
			info->nr_free[order][mt] =
				zone->free_area[order].list[mt].nr;
	isle_zone_unlock(zone, flags);
}

int isle_stat_zone(struct isle_zone_info *info, bool show_phys)
{
	struct isle *isle = isle_loaded;
	struct isle_zone *zone;
	u32 index = info->index;
	unsigned int i;

	if (index >= isle->nr_zones)
		return -ENOENT;
	zone = isle->zones[array_index_nospec(index, isle->nr_zones)];
	memset(info, 0, sizeof(*info));
	info->index = index;
	info->nid = zone->nid;
	strscpy(info->name, isle_zone_name(zone->type), sizeof(info->name));
	if (show_phys)
		info->start = PFN_PHYS(zone->spanned_start);
	info->spanned = zone->spanned_end - zone->spanned_start;
	info->present = zone->present;
	info->managed = zone->managed;
	info->pcp = isle_pcp_pages(zone);
	info->user = atomic_long_read(&zone->nr_user);
	info->user_max = zone->user_max;
	info->boost = READ_ONCE(zone->watermark_boost);
	for (i = 0; i < ISLE_NR_WMARK; i++)
		info->watermark[i] = READ_ONCE(zone->watermark[i]);
	for (i = 0; i < ISLE_ZONE_TYPES; i++)
		info->lowmem_reserve[i] = READ_ONCE(zone->lowmem_reserve[i]);
	count_blocks(info, zone);
	return 0;
}

int isle_stat_region(struct isle_region_info *info, bool show_phys)
{
	const struct isle_regions *set = &isle_loaded_regions;
	const struct isle_region *region;
	const struct isle_extent *e = NULL;
	u32 index = info->index;

	if (index >= set->nr)
		return -ENOENT;
	region = &set->region[array_index_nospec(index, set->nr)];
	memset(info, 0, sizeof(*info));
	info->index = index;
	info->nid = region->nid;
	strscpy(info->kind, region->ops->name, sizeof(info->kind));
	strscpy(info->args, region->args, sizeof(info->args));
	while ((e = isle_region_next(region, e))) {
		if (!info->nr_extents++) {
			info->nid = e->nid;
			if (show_phys)
				info->start = PFN_PHYS(e->base_pfn);
		}
		info->size += (u64)e->nr << PAGE_SHIFT;
	}
	return 0;
}
