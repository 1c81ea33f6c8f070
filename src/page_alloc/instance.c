// SPDX-License-Identifier: GPL-2.0
/*
 * Making and taking apart an instance: see instance.h. Counterparts:
 * free_area_init(), memblock_free_all().
 */

#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "alloc.h"
#include "buddy.h"
#include "compat.h"
#include "debug.h"
#include "drain.h"
#include "early.h"
#include "fullness.h"
#include "lock.h"
#include "pcp.h"
#include "quarantine.h"
#include "zone.h"

/* One past the last id that extents with these would use; 0: too many. */
static u32 assign_ids(struct isle_extent *to, const struct isle_extent *from,
		      unsigned int nr)
{
	u64 next = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		next += from[i].base_pfn & (ISLE_TOP_FRAMES - 1);
		if (to) {
			to[i] = from[i];
			to[i].first_id = next;
		}
		next = round_up(next + from[i].nr, (u64)ISLE_TOP_FRAMES);
	}
	return next < ISLE_NO_FRAME ? next : 0;
}

static u32 nr_pageblocks(u32 nr_frames)
{
	return nr_frames >> ISLE_PAGEBLOCK_ORDER;
}

u32 isle_frames_needed(const struct isle_extent *extents, unsigned int nr)
{
	u32 frames = assign_ids(NULL, extents, nr);
	u32 behind, sum;

	behind = DIV_ROUND_UP(nr_pageblocks(frames) *
			      (u32)(sizeof(struct isle_fullness) + sizeof(u8)),
			      (u32)sizeof(struct isle_frame));
	if (!frames || check_add_overflow(frames, behind, &sum))
		return 0;
	return sum;
}
EXPORT_SYMBOL_FOR_KUNIT(isle_frames_needed);

static const struct isle_extent *find_by_pfn(const struct isle *isle,
					     unsigned long pfn)
{
	unsigned int low = 0, high = isle->nr_extents;

	while (low < high) {
		unsigned int mid = (low + high) / 2;
		const struct isle_extent *extent = &isle->extents[mid];

		if (pfn < extent->base_pfn)
			high = mid;
		else if (pfn - extent->base_pfn >= extent->nr)
			low = mid + 1;
		else
			return extent;
	}
	return NULL;
}

u32 isle_pfn_to_id_slow(const struct isle *isle, unsigned long pfn)
{
	const struct isle_extent *extent = find_by_pfn(isle, pfn);

	if (!extent)
		return ISLE_NO_FRAME;
	return extent->first_id + (pfn - extent->base_pfn);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_pfn_to_id_slow);

unsigned long isle_id_to_pfn_slow(const struct isle *isle, u32 id)
{
	unsigned int low = 0, high = isle->nr_extents - 1;

	while (low < high) {
		unsigned int mid = (low + high + 1) / 2;

		if (id < isle->extents[mid].first_id)
			high = mid - 1;
		else
			low = mid;
	}
	return isle->extents[low].base_pfn + (id - isle->extents[low].first_id);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_id_to_pfn_slow);

static int check_config(const struct isle_config *config)
{
	unsigned int i;

	if (!config->nr_extents || config->nr_extents > ISLE_MAX_EXTENTS ||
	    config->movable_percent > 100 || config->cma_percent > 100 ||
	    config->user_percent > 100)
		return -EINVAL;
	for (i = 0; i < config->nr_extents; i++) {
		const struct isle_extent *e = &config->extents[i];

		if (!e->nr || e->nid < 0 || e->nid >= nr_node_ids)
			return -EINVAL;
		if (i && e[-1].base_pfn + e[-1].nr > e->base_pfn)
			return -EINVAL;
	}
	return isle_frames_needed(config->extents, config->nr_extents) ? 0 :
								      -EINVAL;
}

static bool taken_early(const struct isle_config *config, unsigned long pfn,
			unsigned long *end)
{
	unsigned int i;

	for (i = 0; i < config->nr_early; i++) {
		const struct isle_early_range *range = &config->early[i];

		if (pfn - range->base_pfn < range->nr) {
			*end = range->base_pfn + range->nr;
			return true;
		}
		if (range->base_pfn > pfn)
			*end = min(*end, range->base_pfn);
	}
	return false;
}

/*
 * Hand a zone's part of an extent to its free lists. By pageblocks, for two
 * may differ in type; those that don't merge.
 */
static void hand_over(struct isle_zone *zone, u32 start, u32 end)
{
	struct isle_frame *frames = zone->isle->frames;
	unsigned long flags;
	u32 id;

	for (id = start; id < end; id++) {
		frames[id].state = ISLE_FRAME_TAIL;
		frames[id].zone = zone->index;
	}
	zone->managed += end - start;
	if (start % ISLE_PAGEBLOCK_FRAMES)
		isle_fullness_exclude(zone->isle, start);
	if (end % ISLE_PAGEBLOCK_FRAMES)
		isle_fullness_exclude(zone->isle, end);
	while (start < end) {
		unsigned int order = min_t(unsigned int, __fls(end - start),
					   ISLE_PAGEBLOCK_ORDER);

		if (start)
			order = min_t(unsigned int, order, __ffs(start));
		flags = isle_zone_lock(zone);
		isle_buddy_free(zone, start, order);
		isle_zone_unlock(zone, flags);
		start += BIT(order);
		cond_resched();
	}
}

static void hand_over_extent(struct isle *isle,
			     const struct isle_config *config,
			     const struct isle_extent *extent)
{
	unsigned long pfn = extent->base_pfn;
	unsigned long last = pfn + extent->nr;
	unsigned long end;

	for (; pfn < last; pfn = end) {
		struct isle_zone *zone;

		zone = isle_zone_at(isle, extent->nid, pfn);
		end = min(last, zone->spanned_end);
		if (taken_early(config, pfn, &end)) {
			end = min(end, last);
			continue;
		}
		hand_over(zone, extent->first_id + (pfn - extent->base_pfn),
			  extent->first_id + (end - extent->base_pfn));
	}
}

/* The last per cent of each extent's whole pageblocks become CMA's. */
static void set_pageblock_types(struct isle *isle, unsigned int cma_percent)
{
	unsigned int i;

	memset(isle->pageblocks, ISLE_MOVABLE, nr_pageblocks(isle->nr_frames));
	for (i = 0; i < isle->nr_extents && cma_percent; i++) {
		const struct isle_extent *e = &isle->extents[i];
		u32 first = DIV_ROUND_UP(e->first_id, ISLE_PAGEBLOCK_FRAMES);
		u32 end = (e->first_id + e->nr) >> ISLE_PAGEBLOCK_ORDER;
		u32 nr = end > first ? (end - first) * cma_percent / 100 : 0;

		memset(isle->pageblocks + end - nr, ISLE_CMA, nr);
	}
}

static void set_user_max(struct isle *isle, unsigned int percent)
{
	unsigned int i;

	for (i = 0; i < isle->nr_zones; i++)
		isle->zones[i]->user_max =
			mult_frac(isle->zones[i]->managed, percent, 100UL);
}

/* What finds the pfns and the memory of the first extent, which is most often all. */
static void set_first_extent(struct isle *isle)
{
	const struct isle_extent *e = &isle->extents[0];
	void *address;

	isle->first_pfn = e->base_pfn - e->first_id;
	isle->first_end = e->first_id + e->nr;
	address = isle->ops->address(isle, e->first_id);
	if (!address)
		return;
	isle->first_address = address - ((unsigned long)e->first_id << PAGE_SHIFT);
	isle->address_end = isle->first_end;
}

struct isle *isle_create(const struct isle_config *config)
{
	struct isle *isle;
	unsigned int i;
	int ret;

	ret = check_config(config);
	if (ret)
		return ERR_PTR(ret);
	isle = kzalloc(sizeof(*isle), GFP_KERNEL);
	if (!isle)
		return ERR_PTR(-ENOMEM);
	isle->name = config->name;
	isle->ops = config->ops;
	isle->frames = config->frames;
	isle->nr_extents = config->nr_extents;
	isle->nr_frames = assign_ids(isle->extents, config->extents,
				     config->nr_extents);
	set_first_extent(isle);
	isle->fullness = (void *)(isle->frames + isle->nr_frames);
	isle->pageblocks = (void *)(isle->fullness +
				    nr_pageblocks(isle->nr_frames));
	ratelimit_state_init(&isle->report, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	isle_quarantine_init(isle);
	set_pageblock_types(isle, config->cma_percent);
	if (config->debug)
		ret = isle_debug_init(isle);
	if (!ret)
		ret = isle_zones_create(isle, config);
	if (ret)
		goto err_destroy;
	isle_fullness_init(isle);
	for (i = 0; i < isle->nr_extents; i++)
		hand_over_extent(isle, config, &isle->extents[i]);
	isle_zones_set_watermarks(isle, config->min_free_kbytes);
	set_user_max(isle, config->user_percent);
	ret = isle_pcp_create(isle);
	if (!ret)
		ret = isle_drain_create(isle);
	if (ret)
		goto err_destroy;
	return isle;

err_destroy:
	isle_destroy(isle);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_create);

void isle_destroy(struct isle *isle)
{
	isle_quarantine_stop(isle);
	isle_drain_destroy(isle);
	isle_pcp_destroy(isle);
	isle_zones_destroy(isle);
	isle_debug_exit(isle);
	kfree(isle);
}
EXPORT_SYMBOL_FOR_KUNIT(isle_destroy);
