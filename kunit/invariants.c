// SPDX-License-Identifier: GPL-2.0
/* The invariants of an instance: see invariants.h. */

#include <linux/mm.h>
#include <linux/slab.h>

#include "invariants.h"
#include "page_alloc/fullness.h"
#include "page_alloc/pcp.h"

/* Where a frame was found. */
enum place {
	NOWHERE,
	FREE_LIST,
	PCP_LIST,
	QUARANTINE,
	ALLOCATED,
};

/* Frames of one zone, counted. */
struct census {
	unsigned long free[ISLE_MIGRATE_TYPES];
	unsigned long pcp[ISLE_PCP_SIZES];
	unsigned long quarantine;
	unsigned long allocated;
	unsigned long holes;
	unsigned long highatomic;
	long user;
};

struct check {
	struct kunit *test;
	struct isle *isle;
	u8 *place;			/* by frame id */
	struct census *census;		/* by zone */
	bool broken;
};

/* Say that something is wrong, once: what follows from it helps nobody. */
static __printf(2, 3) void broken(struct check *check, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	if (check->broken)
		return;
	check->broken = true;
	va_start(args, fmt);
	vaf.va = &args;
	KUNIT_FAIL(check->test, "%pV", &vaf);
	va_end(args);
}

#define require(check, condition, fmt, ...)				\
	do {								\
		if (unlikely(!(condition)))				\
			broken(check, "not (" #condition "): " fmt,	\
			       ##__VA_ARGS__);				\
	} while (0)

static bool mergeable(enum isle_migratetype a, enum isle_migratetype b)
{
	return a == b || (a < ISLE_PCPTYPES && b < ISLE_PCPTYPES);
}

static const struct isle_extent *extent_of(const struct isle *isle, u32 id)
{
	unsigned int i;

	for (i = 0; i < isle->nr_extents; i++) {
		if (id - isle->extents[i].first_id < isle->extents[i].nr)
			return &isle->extents[i];
	}
	return NULL;
}

static bool in_zone(const struct isle *isle, const struct isle_zone *zone,
		    u32 id)
{
	const struct isle_extent *e = extent_of(isle, id);
	unsigned long pfn;

	if (!e)
		return false;
	pfn = e->base_pfn + (id - e->first_id);
	return isle_pfn_to_id(isle, pfn) == id &&
	       isle_id_to_pfn(isle, id) == pfn && e->nid == zone->nid &&
	       pfn >= zone->spanned_start && pfn < zone->spanned_end;
}

/* A whole block was found in a place: it must be sound, and nowhere else. */
static void settle_block(struct check *check, struct isle_zone *zone, u32 id,
			 unsigned int order, enum place place)
{
	struct isle_frame *frames = check->isle->frames;
	u32 i, end = id + BIT(order);

	require(check, order <= ISLE_TOP_ORDER, "frame %u: order %u", id,
		order);
	require(check, IS_ALIGNED(id, BIT(order)), "frame %u: order %u", id,
		order);
	require(check, end <= check->isle->nr_frames, "frame %u: order %u", id,
		order);
	if (check->broken)
		return;
	require(check, in_zone(check->isle, zone, id), "frame %u", id);
	require(check, in_zone(check->isle, zone, end - 1), "frame %u, the end of %u",
		end - 1, id);
	for (i = id; i < end; i++) {
		require(check, frames[i].zone == zone->index,
			"frame %u of block %u: zone %u, not %u", i, id,
			frames[i].zone, zone->index);
		require(check, i == id || frames[i].state == ISLE_FRAME_TAIL,
			"frame %u of block %u: state %u", i, id,
			frames[i].state);
		require(check, check->place[i] == NOWHERE,
			"frame %u of block %u: place %u, and %u before", i, id,
			place, check->place[i]);
		check->place[i] = place;
	}
}

static void check_free_block(struct check *check, struct isle_zone *zone,
			     u32 id, unsigned int order,
			     enum isle_migratetype mt)
{
	struct isle *isle = check->isle;
	const struct isle_frame *frame = isle->frames + id;
	u32 i, buddy = id ^ BIT(order);

	require(check, frame->state == ISLE_FRAME_FREE, "frame %u: state %u",
		id, frame->state);
	require(check, frame->order == order, "frame %u: order %u, not %u", id,
		frame->order, order);
	require(check, !atomic_read(&frame->ref), "frame %u", id);
	settle_block(check, zone, id, order, FREE_LIST);
	if (check->broken)
		return;
	for (i = id; i < id + BIT(order); i += ISLE_PAGEBLOCK_FRAMES) {
		require(check, isle_pageblock_type(isle, i) == mt,
			"frame %u: pageblock type %u, not %u", i,
			isle_pageblock_type(isle, i), mt);
	}
	if (order == ISLE_TOP_ORDER)
		return;
	frame = isle->frames + buddy;
	require(check, frame->state != ISLE_FRAME_FREE ||
		frame->order != order || frame->zone != zone->index ||
		!mergeable(mt, isle_pageblock_type(isle, buddy)),
		"frames %u and %u: free buddies of order %u", id, buddy, order);
}

static void check_free_list(struct check *check, struct isle_zone *zone,
			    unsigned int order, enum isle_migratetype mt)
{
	const struct isle_free_list *list = &zone->free_area[order].list[mt];
	u32 prev = ISLE_NO_FRAME, id = list->first, nr = 0;

	require(check, !(zone->nonempty[mt] & BIT(order)) == !list->nr,
		"order %u type %u: %u blocks, nonempty %#x", order, mt,
		list->nr, zone->nonempty[mt]);
	for (; id != ISLE_NO_FRAME && !check->broken; nr++) {
		const struct isle_frame *frame = check->isle->frames + id;

		require(check, id < check->isle->nr_frames, "frame %u", id);
		if (check->broken)
			return;
		require(check, frame->prev == prev,
			"frame %u: prev %u, not %u", id, frame->prev, prev);
		check_free_block(check, zone, id, order, mt);
		prev = id;
		id = frame->next;
	}
	require(check, list->last == prev, "order %u type %u: last %u, not %u",
		order, mt, list->last, prev);
	require(check, list->nr == nr, "order %u type %u: nr %u, not %u",
		order, mt, list->nr, nr);
	check->census[zone->index].free[mt] += (unsigned long)nr << order;
}

static void check_pcp_list(struct check *check, struct isle_zone *zone,
			   const struct isle_pcp_list *list,
			   unsigned int order)
{
	unsigned int i;

	require(check, list->count <= list->high && list->high <= list->max,
		"order %u: count %u high %u max %u", order, list->count,
		list->high, list->max);
	for (i = 0; i < list->count && !check->broken; i++) {
		u32 id = list->ids[i];
		const struct isle_frame *frame = check->isle->frames + id;

		require(check, id < check->isle->nr_frames, "frame %u", id);
		if (check->broken)
			return;
		require(check, frame->state == ISLE_FRAME_PCP,
			"frame %u: state %u", id, frame->state);
		require(check, frame->order == order,
			"frame %u: order %u, not %u", id, frame->order, order);
		require(check, !atomic_read(&frame->ref), "frame %u", id);
		settle_block(check, zone, id, order, PCP_LIST);
	}
	check->census[zone->index].pcp[isle_pcp_size(order)] +=
		(unsigned long)list->count << order;
}

static void check_pcp(struct check *check, struct isle_zone *zone, int cpu)
{
	const struct isle_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);
	unsigned long claimed[ISLE_PCP_SIZES] = {};
	unsigned int order, mt, size;

	require(check, !per_cpu_ptr(zone->isle->cpu, cpu)->busy, "CPU %d", cpu);
	for (order = 0; order < ISLE_NR_ORDERS; order++) {
		for (mt = 0; mt < ISLE_PCPTYPES; mt++) {
			const struct isle_pcp_list *list;

			list = &pcp->list[mt][order];
			check_pcp_list(check, zone, list, order);
			claimed[isle_pcp_size(order)] +=
				(unsigned long)list->high << order;
		}
	}
	for (size = 0; size < ISLE_PCP_SIZES; size++)
		require(check, claimed[size] == pcp->claimed[size] &&
			claimed[size] <= pcp->part,
			"CPU %d: %lu claimed, not %lu, of %lu", cpu,
			pcp->claimed[size], claimed[size], pcp->part);
}

static void check_quarantine(struct check *check)
{
	struct isle *isle = check->isle;
	unsigned long nr = 0;
	u32 id;

	for (id = isle->quarantine.first;
	     id != ISLE_NO_FRAME && !check->broken;
	     id = isle->frames[id].next) {
		const struct isle_frame *frame = isle->frames + id;

		require(check, frame->state == ISLE_FRAME_QUARANTINE,
			"frame %u: state %u", id, frame->state);
		require(check, !atomic_read(&frame->ref), "frame %u", id);
		settle_block(check, isle_frame_zone(isle, frame), id,
			     frame->order, QUARANTINE);
		nr += BIT(frame->order);
		check->census[frame->zone].quarantine += BIT(frame->order);
		if (frame->flags & ISLE_FRAME_USER)
			check->census[frame->zone].user += BIT(frame->order);
	}
	require(check, isle->quarantine.nr == nr, "%lu, not %lu",
		isle->quarantine.nr, nr);
}

static void check_allocated_block(struct check *check, u32 id)
{
	struct isle *isle = check->isle;
	const struct isle_frame *frame = isle->frames + id;
	struct census *census = &check->census[frame->zone];

	require(check, frame->zone < isle->nr_zones, "frame %u: zone %u", id,
		frame->zone);
	if (check->broken)
		return;
	require(check, atomic_read(&frame->ref) > 0, "frame %u: %d", id,
		atomic_read(&frame->ref));
	settle_block(check, isle_frame_zone(isle, frame), id, frame->order,
		     ALLOCATED);
	census->allocated += BIT(frame->order);
	if (frame->flags & ISLE_FRAME_USER)
		census->user += BIT(frame->order);
}

/* What no list holds is allocated or a hole. */
static void check_frame(struct check *check, u32 id)
{
	const struct isle_frame *frame = check->isle->frames + id;
	const struct isle_extent *e;
	unsigned int i;

	if (frame->state == ISLE_FRAME_ALLOCATED)
		check_allocated_block(check, id);
	if (frame->state != ISLE_FRAME_HOLE) {
		require(check, check->place[id] != NOWHERE,
			"frame %u: state %u", id, frame->state);
		return;
	}
	e = extent_of(check->isle, id);
	for (i = 0; e && i < check->isle->nr_zones; i++) {
		struct isle_zone *zone = check->isle->zones[i];

		if (in_zone(check->isle, zone, id))
			check->census[i].holes++;
	}
}

static void count_highatomic(struct check *check)
{
	struct isle *isle = check->isle;
	u32 id;

	for (id = 0; id < isle->nr_frames; id += ISLE_PAGEBLOCK_FRAMES) {
		enum isle_migratetype mt = isle_pageblock_type(isle, id);
		u32 i = id;

		require(check, mt < ISLE_MIGRATE_TYPES, "pageblock of %u: %u",
			id, mt);
		if (mt != ISLE_HIGHATOMIC)
			continue;
		while (i < id + ISLE_PAGEBLOCK_FRAMES - 1 &&
		       isle->frames[i].state == ISLE_FRAME_HOLE)
			i++;
		check->census[isle->frames[i].zone].highatomic +=
			ISLE_PAGEBLOCK_FRAMES;
	}
}

static unsigned int expected_group(unsigned int nr_free)
{
	if (nr_free < ISLE_FULLNESS_LEAST || nr_free == ISLE_PAGEBLOCK_FRAMES)
		return ISLE_FULLNESS_NONE;
	return nr_free * ISLE_FULLNESS_GROUPS / ISLE_PAGEBLOCK_FRAMES;
}

/* A pageblock counts its free frames, and knows its group. Return: if it has one. */
static bool check_fullness(struct check *check, u32 pageblock)
{
	const struct isle_fullness *f = &check->isle->fullness[pageblock];
	u32 i, id = pageblock << ISLE_PAGEBLOCK_ORDER;
	unsigned int nr_free = 0;

	if (f->group == ISLE_FULLNESS_NEVER)
		return false;
	for (i = id; i < id + ISLE_PAGEBLOCK_FRAMES; i++) {
		nr_free += check->place[i] == FREE_LIST;
		require(check, !nr_free || check->isle->frames[i].zone ==
			check->isle->frames[id].zone, "frame %u: zone %u", i,
			check->isle->frames[i].zone);
	}
	require(check, f->nr_free == nr_free, "pageblock %u: %u free, not %u",
		pageblock, f->nr_free, nr_free);
	require(check, f->group == expected_group(nr_free),
		"pageblock %u: group %u with %u free", pageblock, f->group,
		nr_free);
	require(check, f->cursor < ISLE_PAGEBLOCK_FRAMES, "pageblock %u: %u",
		pageblock, f->cursor);
	return f->group != ISLE_FULLNESS_NONE;
}

/* Return: pageblocks of a zone's group, each where it belongs. */
static u32 check_group(struct check *check, struct isle_zone *zone,
		       enum isle_migratetype mt, unsigned int group)
{
	const struct isle_fullness *f;
	u32 i, prev = ISLE_NO_FRAME, nr = 0;

	for (i = zone->fullest[mt][group]; i != ISLE_NO_FRAME && !check->broken;
	     i = f->next) {
		f = &check->isle->fullness[i];
		require(check, f->group == group && f->prev == prev,
			"pageblock %u: group %u, not %u; after %u, not %u", i,
			f->group, group, f->prev, prev);
		require(check, check->isle->pageblocks[i] == mt &&
			check->isle->frames[i << ISLE_PAGEBLOCK_ORDER].zone ==
			zone->index, "pageblock %u: type %u, not %u", i,
			check->isle->pageblocks[i], mt);
		prev = i;
		nr++;
	}
	return nr;
}

static void check_all_fullness(struct check *check)
{
	struct isle *isle = check->isle;
	u32 id, in_groups = 0, linked = 0;
	unsigned int i, mt, group;

	for (id = 0; id < isle->nr_frames; id += ISLE_PAGEBLOCK_FRAMES)
		in_groups += check_fullness(check, id >> ISLE_PAGEBLOCK_ORDER);
	for (i = 0; i < isle->nr_zones; i++)
		for (mt = 0; mt < ISLE_MIGRATE_TYPES; mt++)
			for (group = 0; group < ISLE_FULLNESS_GROUPS; group++)
				linked += check_group(check, isle->zones[i], mt,
						      group);
	require(check, linked == in_groups, "%u pageblocks in groups, not %u",
		linked, in_groups);
}

static void check_counts(struct check *check, struct isle_zone *zone)
{
	struct census *c = &check->census[zone->index];
	unsigned long free = 0, pcp = 0;
	unsigned int mt, size;

	for (mt = 0; mt < ISLE_MIGRATE_TYPES; mt++)
		free += c->free[mt];
	require(check, zone->nr_free == free - c->free[ISLE_ISOLATE],
		"zone %u: %lu, not %lu", zone->index, zone->nr_free,
		free - c->free[ISLE_ISOLATE]);
	require(check, zone->nr_free_cma == c->free[ISLE_CMA],
		"zone %u: %lu, not %lu", zone->index, zone->nr_free_cma,
		c->free[ISLE_CMA]);
	require(check, zone->nr_free_highatomic == c->free[ISLE_HIGHATOMIC],
		"zone %u: %lu, not %lu", zone->index, zone->nr_free_highatomic,
		c->free[ISLE_HIGHATOMIC]);
	require(check, zone->nr_isolated == c->free[ISLE_ISOLATE],
		"zone %u: %lu, not %lu", zone->index, zone->nr_isolated,
		c->free[ISLE_ISOLATE]);
	require(check, zone->nr_highatomic == c->highatomic,
		"zone %u: %lu, not %lu", zone->index, zone->nr_highatomic,
		c->highatomic);
	require(check, atomic_long_read(&zone->nr_user) == c->user,
		"zone %u: %ld, not %ld", zone->index,
		atomic_long_read(&zone->nr_user), c->user);
	for (size = 0; size < ISLE_PCP_SIZES; size++) {
		require(check, c->pcp[size] <= zone->managed / 8,
			"zone %u, size %u: %lu of %lu", zone->index, size,
			c->pcp[size], zone->managed);
		pcp += c->pcp[size];
	}
	require(check, zone->managed ==
		free + pcp + c->quarantine + c->allocated,
		"zone %u: %lu, not %lu + %lu + %lu + %lu", zone->index,
		zone->managed, free, pcp, c->quarantine, c->allocated);
	require(check, zone->present == zone->managed + c->holes,
		"zone %u: %lu, not %lu + %lu", zone->index, zone->present,
		zone->managed, c->holes);
	require(check, zone->spanned_end - zone->spanned_start >=
		zone->present, "zone %u: %lu", zone->index, zone->present);
}

static void check_all(struct check *check)
{
	struct isle *isle = check->isle;
	unsigned int i, order, mt;
	int cpu;
	u32 id;

	for (i = 0; i < isle->nr_zones; i++) {
		for (order = 0; order < ISLE_NR_ORDERS; order++)
			for (mt = 0; mt < ISLE_MIGRATE_TYPES; mt++)
				check_free_list(check, isle->zones[i], order,
						mt);
		for_each_possible_cpu(cpu)
			check_pcp(check, isle->zones[i], cpu);
	}
	check_quarantine(check);
	for (id = 0; id < isle->nr_frames && !check->broken; id++)
		check_frame(check, id);
	count_highatomic(check);
	check_all_fullness(check);
	for (i = 0; i < isle->nr_zones && !check->broken; i++)
		check_counts(check, isle->zones[i]);
}

long isle_count_allocated(struct kunit *test, struct isle *isle)
{
	struct check check = { .test = test, .isle = isle };
	long allocated = 0;
	unsigned int i;

	check.place = kvzalloc(isle->nr_frames, GFP_KERNEL);
	check.census = kcalloc(isle->nr_zones, sizeof(*check.census),
			       GFP_KERNEL);
	if (check.place && check.census)
		check_all(&check);
	else
		broken(&check, "no memory to check with");
	for (i = 0; i < isle->nr_zones && !check.broken; i++)
		allocated += check.census[i].allocated;
	kfree(check.census);
	kvfree(check.place);
	return check.broken ? -1 : allocated;
}
