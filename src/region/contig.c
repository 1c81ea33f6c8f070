// SPDX-License-Identifier: GPL-2.0
/*
 * contig:SIZE and auto: memory that the kernel is using now, taken with
 * alloc_contig_range() where it is free or can be moved.
 *
 * The search goes in rounds. The first wants all of it in one range, each
 * further one ranges of half the length, down to 4 MB. In a round the range
 * with the least to move is tried first; where alloc_contig_range() fails, the
 * round passes over those pieces from then on.
 *
 * ZONE_DMA is too small to take from, ZONE_MOVABLE is for memory that goes away
 * again, and CMA's pageblocks belong to drivers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "bias.h"
#include "piece.h"

#define MAX_TRIES	1000
#define MAX_TIME	(60 * HZ)
#define PROGRESS_TIME	(4 * HZ)

/* Moving a quarter of a zone's pages is better than taking the next zone. */
#define ZONE_PENALTY	(ISLE_EXTENT_FRAMES / 4)

struct search {
	struct isle_region *region;
	unsigned long left;		/* pieces still wanted */
	unsigned int tries;
	unsigned long started;
	unsigned long shown;
	unsigned int nr_zones;
	struct isle_pieces zones[];	/* the one to take from first is first */
};

static unsigned long megabytes(unsigned long pieces)
{
	return pieces * (ISLE_EXTENT_BYTES / SZ_1M);
}

/* A sixteenth of the machine's memory stays available, 16 MB at least. */
static bool leaves_enough(unsigned long pieces)
{
	unsigned long margin = max(totalram_pages() / 16,
				   SZ_16M >> PAGE_SHIFT);
	long available = si_mem_available();

	return available > 0 &&
	       available >= pieces * ISLE_EXTENT_FRAMES + margin;
}

static int take(struct search *search, struct isle_pieces *zone,
		unsigned long first, unsigned long nr)
{
	unsigned long pfn = zone->first_pfn + first * ISLE_EXTENT_FRAMES;
	unsigned long frames = nr * ISLE_EXTENT_FRAMES;
	int ret;

	ret = isle_alloc_contig_range(pfn, pfn + frames);
	if (ret)
		return ret;
	ret = isle_region_add(search->region, pfn, frames,
			      zone_to_nid(zone->zone));
	if (ret) {
		free_contig_range(pfn, frames);
		return ret;
	}
	isle_bias_take(pfn, frames);
	return 0;
}

static void show_progress(struct search *search)
{
	if (time_before(jiffies, search->shown + PROGRESS_TIME))
		return;
	search->shown = jiffies;
	pr_info("region %s: still looking, %lu MB to go after %u tries\n",
		search->region->spec, megabytes(search->left), search->tries);
}

/* Finds the range of @nr pieces that is best to try in this round. */
static struct isle_pieces *best_range(struct search *search, unsigned long nr,
				      u16 round, unsigned long *first)
{
	unsigned long least = ULONG_MAX, used, index;
	struct isle_pieces *best = NULL;
	unsigned int i;

	for (i = 0; i < search->nr_zones; i++) {
		index = isle_pieces_best(&search->zones[i], nr, round, &used);
		if (index == ISLE_NO_PIECE)
			continue;
		used += i * nr * ZONE_PENALTY;
		if (used < least) {
			least = used;
			best = &search->zones[i];
			*first = index;
		}
	}
	return best;
}

static int try_range(struct search *search, struct isle_pieces *zone,
		     unsigned long first, unsigned long nr, u16 round)
{
	unsigned long i;
	int ret;

	if (fatal_signal_pending(current))
		return -EINTR;
	if (!leaves_enough(search->left))
		return -ENOMEM;
	if (search->tries++ == MAX_TRIES ||
	    time_after(jiffies, search->started + MAX_TIME))
		return -ETIME;
	show_progress(search);
	ret = take(search, zone, first, nr);
	if (ret && ret != -EBUSY)
		return ret;
	for (i = first; i < first + nr; i++) {
		if (ret)
			zone->piece[i].failed = round;
		else
			zone->piece[i].used = ISLE_PIECE_NEVER;
	}
	if (!ret)
		search->left -= nr;
	return 0;
}

static int search_round(struct search *search, unsigned long width, u16 round)
{
	struct isle_pieces *zone;
	unsigned long first, nr;
	int ret;

	while (search->left) {
		nr = min(width, search->left);
		zone = best_range(search, nr, round, &first);
		if (!zone)
			return 0;
		ret = try_range(search, zone, first, nr, round);
		if (ret)
			return ret;
	}
	return 0;
}

static int search_all(struct search *search)
{
	unsigned long width;
	u16 round = 1;
	int ret;

	for (width = search->left; width && search->left; width /= 2) {
		ret = search_round(search, width, round++);
		if (ret)
			return ret;
	}
	return search->left ? -ENOMEM : 0;
}

static int scan_zone(struct search *search, struct zone *zone)
{
	struct isle_pieces *pieces = &search->zones[search->nr_zones];
	int ret;

	if (!managed_zone(zone))
		return 0;
	ret = isle_pieces_scan(pieces, zone);
	if (ret == -ENXIO) {
		isle_region_err(search->region, "can't tell the CMA pageblocks of node %d, %s from others: not used\n",
				zone_to_nid(zone), zone->name);
		return 0;
	}
	search->nr_zones++;
	return ret;
}

static int scan_node(struct search *search, int nid)
{
	struct zone *zones = NODE_DATA(nid)->node_zones;
	int ret;

	if (search->region->nid != NUMA_NO_NODE && search->region->nid != nid)
		return 0;
	ret = scan_zone(search, &zones[ZONE_NORMAL]);
#ifdef CONFIG_ZONE_DMA32
	if (!ret)
		ret = scan_zone(search, &zones[ZONE_DMA32]);
#endif
	return ret;
}

/* This CPU's node first, as an allocation would do. */
static int scan_all(struct search *search)
{
	int local = numa_mem_id();
	int nid, ret;

	ret = scan_node(search, local);
	for_each_node_state(nid, N_MEMORY) {
		if (ret)
			break;
		if (nid != local)
			ret = scan_node(search, nid);
	}
	return ret;
}

static void say_why(struct search *search, int error)
{
	struct isle_region *region = search->region;
	unsigned long left = megabytes(search->left);
	unsigned long all = region->size / SZ_1M;

	switch (error) {
	case -EINTR:
		isle_region_err(region, "interrupted\n");
		break;
	case -ETIME:
		isle_region_err(region, "gave up after %u tries with %lu of %lu MB found\n",
				search->tries, all - left, all);
		break;
	case -E2BIG:
		isle_region_err(region, "the machine's memory is too fragmented: %lu MB would take more than %d extents\n",
				all, ISLE_MAX_EXTENTS);
		break;
	default:
		isle_region_err(region, "not enough memory: %lu of %lu MB found, and a sixteenth of the machine's must stay available\n",
				all - left, all);
	}
}

static int choose_size(struct isle_region *region)
{
	struct sysinfo info;

	if (region->size)
		return 0;
	si_meminfo(&info);
	region->size = isle_auto_size((u64)info.freeram * info.mem_unit);
	if (region->size)
		return 0;
	isle_region_err(region, "less than %u MB of memory are free\n",
			8 * ISLE_EXTENT_BYTES / SZ_1M);
	return -ENOMEM;
}

static int contig_carve(struct isle_region *region)
{
	struct search *search;
	unsigned int i;
	int ret;

	ret = isle_region_check_node(region) ?: choose_size(region);
	if (ret)
		return ret;
	search = kvzalloc(struct_size(search, zones, 2 * nr_node_ids),
			  GFP_KERNEL);
	if (!search)
		return -ENOMEM;
	search->region = region;
	search->left = region->size / ISLE_EXTENT_BYTES;
	search->started = jiffies;
	search->shown = jiffies;

	ret = leaves_enough(search->left) ? scan_all(search) : -ENOMEM;
	if (!ret)
		ret = search_all(search);
	if (ret)
		say_why(search, ret);
	for (i = 0; i < search->nr_zones; i++)
		isle_pieces_free(&search->zones[i]);
	kvfree(search);
	return ret == -ETIME || ret == -E2BIG ? -ENOMEM : ret;
}

static void release_extent(struct isle_region *region,
			   const struct isle_extent *e)
{
	unsigned long from, nr;
	enum isle_fate fate;

	for (from = 0; from < e->nr; from += nr) {
		nr = isle_region_run(region, e, from, e->nr, &fate);
		if (fate != ISLE_FATE_OUT)
			isle_bias_put(e->base_pfn + from, nr);
	}
}

static void contig_release(struct isle_region *region)
{
	const struct isle_extent *e = NULL;

	while ((e = isle_region_next(region, e)))
		release_extent(region, e);
}

const struct isle_region_ops isle_region_contig = {
	.name = "contig",
	.carve = contig_carve,
	.release = contig_release,
};
