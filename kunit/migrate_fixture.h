/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of migratetypes share. */
#ifndef _MIGRATE_FIXTURE_H
#define _MIGRATE_FIXTURE_H

#include "instance_fixture.h"
#include "page_alloc/buddy.h"
#include "page_alloc/migrate.h"
#include "page_alloc/zone.h"

#define PAGEBLOCK	ISLE_PAGEBLOCK_FRAMES

static inline void set_type(struct isle_zone *zone, unsigned int pageblock,
			    enum isle_migratetype mt)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	isle_set_pageblock_type(zone, pageblock * PAGEBLOCK, mt);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
}

static inline enum isle_migratetype type_of(const struct isle_zone *zone,
					    unsigned int pageblock)
{
	return isle_pageblock_type(zone->isle, pageblock * PAGEBLOCK);
}

/*
 * A zone of free pageblocks of the given types, each a digit. Types that merge
 * make the two pageblocks of a 4 MB unit one.
 */
static inline struct isle_zone *zone_of(struct kunit *test, const char *types)
{
	struct isle *isle = fixture_normal(test, strlen(types) * PAGEBLOCK);
	unsigned int i;

	for (i = 0; types[i]; i++) {
		set_type(isle->zones[0], i, types[i] - '0');
		if (types[i] - '0' == ISLE_HIGHATOMIC)
			isle->zones[0]->nr_highatomic += PAGEBLOCK;
	}
	return isle->zones[0];
}

static inline u32 rmqueue_flags(struct isle_zone *zone, unsigned int order,
				enum isle_migratetype mt, unsigned int alloc_flags)
{
	unsigned long flags;
	u32 id = ISLE_NO_FRAME;

	raw_spin_lock_irqsave(&zone->lock, flags);
	isle_rmqueue_bulk(zone, order, mt, alloc_flags, 1, 1, &id);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	return id;
}

static inline u32 rmqueue(struct isle_zone *zone, unsigned int order,
			  enum isle_migratetype mt)
{
	return rmqueue_flags(zone, order, mt, 0);
}

static inline void give(struct isle_zone *zone, u32 id, unsigned int order)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	isle_buddy_free(zone, id, order);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
}

/* Take the first frames of a pageblock, one by one, as what a gfp says. */
static inline void fill(struct kunit *test, struct isle_zone *zone,
			unsigned int pageblock, unsigned int nr, gfp_t gfp)
{
	struct isle_frame *frames = zone->isle->frames;
	u32 id = pageblock * PAGEBLOCK, end = id + nr;
	unsigned long flags;
	unsigned int free = 0;

	for (; id < end; id++) {
		raw_spin_lock_irqsave(&zone->lock, flags);
		if (frames[id].state == ISLE_FRAME_TAIL)
			isle_buddy_split(zone, id - PAGEBLOCK);
		free += frames[id].state == ISLE_FRAME_FREE;
		isle_buddy_take_block(zone, id, 0);
		frames[id].state = ISLE_FRAME_ALLOCATED;
		frames[id].flags = gfp & __GFP_MOVABLE ? ISLE_FRAME_MOVABLE : 0;
		atomic_set(&frames[id].ref, 1);
		raw_spin_unlock_irqrestore(&zone->lock, flags);
	}
	KUNIT_ASSERT_EQ(test, nr, free);
}

#endif /* _MIGRATE_FIXTURE_H */
