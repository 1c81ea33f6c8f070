// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/fullness.c. */

#include <linux/minmax.h>
#include <linux/prandom.h>

#include "instance_fixture.h"
#include "invariants.h"
#include "page_alloc/alloc.h"
#include "page_alloc/drain.h"
#include "page_alloc/fullness.h"
#include "page_alloc/migrate.h"
#include "page_alloc/zone.h"

enum { BLOCKS = 16, FRAMES = BLOCKS * ISLE_PAGEBLOCK_FRAMES };

/* A zone of sixteen pageblocks, all of them allocated, frame by frame. */
static struct isle *full(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FRAMES);
	unsigned int i;

	for (i = 0; i < FRAMES; i++)
		KUNIT_ASSERT_NE(test, ISLE_NO_FRAME,
				isle_alloc_frames(isle, GFP_NOWAIT |
						  __GFP_MOVABLE, 0,
						  NUMA_NO_NODE));
	return isle;
}

static u32 start_of(struct isle *isle, unsigned int pageblock)
{
	return isle->extents[0].first_id + pageblock * ISLE_PAGEBLOCK_FRAMES;
}

/* Free @nr frames of a pageblock that don't stand in a row. */
static void free_some(struct isle *isle, unsigned int pageblock,
		      unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		isle_free_frames(isle, start_of(isle, pageblock) +
				 i * 77 % ISLE_PAGEBLOCK_FRAMES, 0);
	isle_drain_all(isle);
}

static unsigned int take(struct isle *isle, unsigned int nr, u32 *ids)
{
	struct isle_zone *zone = isle->zones[0];
	unsigned int runs = UINT_MAX;
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	nr = isle_fullness_take(zone, ISLE_MOVABLE, nr, &runs, ids);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	return nr;
}

static void put(struct isle *isle, u32 *ids, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		isle_pcp_free_slow(isle->zones[0], ids[i], 0);
	isle_drain_all(isle);
}

static bool all_in(struct isle *isle, unsigned int pageblock, const u32 *ids,
		   unsigned int nr)
{
	while (nr--) {
		if (ids[nr] - start_of(isle, pageblock) >= ISLE_PAGEBLOCK_FRAMES)
			return false;
	}
	return true;
}

static void the_fullest_pageblock_is_taken_from_first(struct kunit *test)
{
	struct isle *isle = full(test);
	unsigned int i, n, total = 0;
	u32 ids[40];

	free_some(isle, 3, 400);
	free_some(isle, 9, 40);
	free_some(isle, 5, 200);
	EXPECT_ALLOCATED(test, isle, FRAMES - 640);
	for (i = 0; i < 8 && total < 33; i++) {
		n = take(isle, 8, ids + total);
		KUNIT_EXPECT_TRUE(test, all_in(isle, 9, ids + total, n));
		total += n;
	}
	KUNIT_EXPECT_GE(test, total, 33);
	n = take(isle, 8, ids);
	KUNIT_EXPECT_GT(test, n, 0);
	KUNIT_EXPECT_TRUE(test, all_in(isle, 5, ids, n));
}

static void a_pageblock_with_hardly_a_free_frame_is_left_alone(struct kunit *test)
{
	struct isle *isle = full(test);
	u32 ids[8];

	KUNIT_EXPECT_EQ(test, 0, take(isle, 8, ids));
	free_some(isle, 2, ISLE_FULLNESS_LEAST - 1);
	KUNIT_EXPECT_EQ(test, 0, take(isle, 8, ids));
	free_some(isle, 4, ISLE_FULLNESS_LEAST);
	KUNIT_EXPECT_GT(test, take(isle, 1, ids), 0);
	KUNIT_EXPECT_TRUE(test, all_in(isle, 4, ids, 1));
	/* An allocation gets it all the same. */
	KUNIT_EXPECT_NE(test, ISLE_NO_FRAME,
			isle_alloc_frames(isle, GFP_NOWAIT | __GFP_MOVABLE, 0,
					  NUMA_NO_NODE));
}

static void so_is_one_that_is_free_as_a_whole(struct kunit *test)
{
	struct isle *isle = full(test);
	unsigned int i;
	u32 ids[8];

	for (i = 0; i < ISLE_PAGEBLOCK_FRAMES; i++)
		isle_free_frames(isle, start_of(isle, 7) + i, 0);
	isle_drain_all(isle);
	KUNIT_EXPECT_EQ(test, 0, take(isle, 8, ids));
	KUNIT_EXPECT_EQ(test, 1, fixture_nr_blocks(isle->zones[0],
						   ISLE_PAGEBLOCK_ORDER,
						   ISLE_MOVABLE));
}

static void one_request_looks_at_few_frames(struct kunit *test)
{
	struct isle *isle = full(test);
	unsigned int i, n = 0, nr = ISLE_FULLNESS_LEAST;
	u32 last = start_of(isle, 6) + ISLE_PAGEBLOCK_FRAMES - nr, ids[8];

	for (i = 0; i < nr; i++)
		isle_free_frames(isle, last + i, 0);
	isle_drain_all(isle);
	isle->fullness[last >> ISLE_PAGEBLOCK_ORDER].cursor = 0;
	for (i = 0; !n && i < 8; i++)
		n = take(isle, 1, ids);
	KUNIT_EXPECT_EQ(test, ISLE_PAGEBLOCK_FRAMES / ISLE_FULLNESS_SCAN, i);
	KUNIT_EXPECT_EQ(test, 1, n);
	put(isle, ids, n);
	EXPECT_ALLOCATED(test, isle, FRAMES - nr);
}

static void a_pageblock_takes_its_group_to_another_type(struct kunit *test)
{
	struct isle *isle = full(test);
	struct isle_zone *zone = isle->zones[0];
	unsigned long flags;
	u32 ids[8];

	free_some(isle, 8, 100);
	raw_spin_lock_irqsave(&zone->lock, flags);
	isle_set_pageblock_type(zone, start_of(isle, 8), ISLE_UNMOVABLE);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	KUNIT_EXPECT_EQ(test, 0, take(isle, 8, ids));
	EXPECT_ALLOCATED(test, isle, FRAMES - 100);
}

/* The edges of an extent: a pageblock that is not all there. */
static void a_pageblock_in_part_in_a_zone_is_in_no_group(struct kunit *test)
{
	struct isle_extent extent = {
		.base_pfn = FIXTURE_4GB + 100, .nr = FRAMES,
	};
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = FIXTURE_NO_RESERVE,
	};
	struct isle *isle = fixture_create(test, &config);
	u32 first = isle->extents[0].first_id;

	KUNIT_EXPECT_EQ(test, ISLE_FULLNESS_NEVER,
			isle->fullness[first >> ISLE_PAGEBLOCK_ORDER].group);
	KUNIT_EXPECT_EQ(test, ISLE_FULLNESS_NEVER,
			isle->fullness[(first + FRAMES) >>
				       ISLE_PAGEBLOCK_ORDER].group);
	EXPECT_ALLOCATED(test, isle, 0);
}

/* What the groups are for: pages that come and go make room for large blocks. */
static void churn_empties_pageblocks(struct kunit *test)
{
	struct isle *isle = full(test);
	unsigned int i, j, round, whole, nr = FRAMES / 2;
	struct rnd_state rnd;
	u32 *ids;

	ids = kunit_kcalloc(test, FRAMES, sizeof(*ids), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ids);
	prandom_seed_state(&rnd, 1);
	for (i = 0; i < FRAMES; i++)
		ids[i] = isle->extents[0].first_id + i;
	for (i = FRAMES; i > nr; i--) {
		j = prandom_u32_state(&rnd) % i;
		isle_free_frames(isle, ids[j], 0);
		ids[j] = ids[i - 1];
	}
	for (round = 0; round < 60; round++) {
		for (i = 0; i < nr / 8; i++) {
			j = i + prandom_u32_state(&rnd) % (nr - i);
			swap(ids[i], ids[j]);
			isle_free_frames(isle, ids[i], 0);
		}
		/* Or this CPU would use the same frames again. */
		isle_pcp_drain_local(isle->zones[0]);
		for (i = 0; i < nr / 8; i++)
			ids[i] = isle_alloc_frames(isle, GFP_NOWAIT |
						   __GFP_MOVABLE, 0,
						   NUMA_NO_NODE);
	}
	isle_drain_all(isle);
	whole = fixture_nr_blocks(isle->zones[0], 9, ISLE_MOVABLE) +
		2 * fixture_nr_blocks(isle->zones[0], 10, ISLE_MOVABLE);
	KUNIT_EXPECT_GE(test, whole, BLOCKS / 4);
	EXPECT_ALLOCATED(test, isle, nr);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(the_fullest_pageblock_is_taken_from_first),
	KUNIT_CASE(a_pageblock_with_hardly_a_free_frame_is_left_alone),
	KUNIT_CASE(so_is_one_that_is_free_as_a_whole),
	KUNIT_CASE(one_request_looks_at_few_frames),
	KUNIT_CASE(a_pageblock_takes_its_group_to_another_type),
	KUNIT_CASE(a_pageblock_in_part_in_a_zone_is_in_no_group),
	KUNIT_CASE(churn_empties_pageblocks),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_fullness",
	.test_cases = cases,
};

kunit_test_suite(suite);
