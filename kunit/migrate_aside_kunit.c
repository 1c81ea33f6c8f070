// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/migrate.c: pageblocks that are set aside, HIGHATOMIC and ISOLATE. */

#include "invariants.h"
#include "migrate_fixture.h"
#include "page_alloc/alloc.h"
#include "page_alloc/drain.h"

/* 300 MB: one per cent is a little more than one pageblock. */
static void one_per_cent_can_become_highatomic(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(300));
	struct isle_zone *zone = isle->zones[0];
	u32 a, b;

	a = isle_alloc_frames(isle, GFP_KERNEL, 1, NUMA_NO_NODE);
	b = isle_alloc_frames(isle, GFP_HIGHUSER_MOVABLE, 10, NUMA_NO_NODE);
	isle_reserve_highatomic(zone, a);
	KUNIT_EXPECT_EQ(test, ISLE_HIGHATOMIC, isle_pageblock_type(isle, a));
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_highatomic);
	isle_reserve_highatomic(zone, a);
	isle_reserve_highatomic(zone, b);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_highatomic);
	KUNIT_EXPECT_EQ(test, ISLE_MOVABLE, isle_pageblock_type(isle, b));
	EXPECT_ALLOCATED(test, isle, 2 + 1024);
	isle_free_frames(isle, a, 1);
	isle_free_frames(isle, b, 10);
	isle_drain_all(isle);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void no_more_than_one_per_cent_becomes_highatomic(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(700));
	struct isle_zone *zone = isle->zones[0];
	unsigned int i;
	u32 id;

	for (i = 0; i < 20; i++) {
		id = isle_alloc_frames(isle, GFP_KERNEL, 9, NUMA_NO_NODE);
		isle_reserve_highatomic(zone, id);
		KUNIT_EXPECT_LE(test, zone->nr_highatomic,
				zone->managed / 100);
	}
	KUNIT_EXPECT_EQ(test, 3 * PAGEBLOCK, zone->nr_highatomic);
}

static void small_zones_have_no_highatomic_reserve(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, 4 * PAGEBLOCK - 1);
	u32 id = isle_alloc_frames(isle, GFP_KERNEL, 1, NUMA_NO_NODE);

	isle_reserve_highatomic(isle->zones[0], id);
	KUNIT_EXPECT_EQ(test, 0, isle->zones[0]->nr_highatomic);
}

static void cma_and_isolated_pageblocks_are_not_reserved(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "44544444");

	isle_reserve_highatomic(zone, 0);
	isle_reserve_highatomic(zone, 2 * PAGEBLOCK);
	KUNIT_EXPECT_EQ(test, 0, zone->nr_highatomic);
	KUNIT_EXPECT_EQ(test, ISLE_CMA, type_of(zone, 0));
	KUNIT_EXPECT_EQ(test, ISLE_ISOLATE, type_of(zone, 2));
}

static void a_highatomic_pageblock_can_be_given_back(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "331111");

	fill(test, zone, 1, PAGEBLOCK - 1, GFP_KERNEL);
	KUNIT_EXPECT_TRUE(test, isle_unreserve_highatomic(zone));
	/* The one with the largest free block goes first. */
	KUNIT_EXPECT_EQ(test, ISLE_UNMOVABLE, type_of(zone, 0));
	KUNIT_EXPECT_EQ(test, ISLE_HIGHATOMIC, type_of(zone, 1));
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_highatomic);
	EXPECT_ALLOCATED(test, zone->isle, PAGEBLOCK - 1);
	KUNIT_EXPECT_TRUE(test, isle_unreserve_highatomic(zone));
	KUNIT_EXPECT_FALSE(test, isle_unreserve_highatomic(zone));
	KUNIT_EXPECT_EQ(test, 0, zone->nr_highatomic);
	EXPECT_ALLOCATED(test, zone->isle, PAGEBLOCK - 1);
}

static void a_pageblock_given_back_merges_with_its_neighbour(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "31");

	KUNIT_EXPECT_TRUE(test, isle_unreserve_highatomic(zone));
	KUNIT_EXPECT_EQ(test, 1, fixture_nr_blocks(zone, 10, ISLE_UNMOVABLE));
	EXPECT_ALLOCATED(test, zone->isle, 0);
}

static void a_full_highatomic_pageblock_is_not_given_back(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "311111");

	fill(test, zone, 0, PAGEBLOCK, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, isle_unreserve_highatomic(zone));
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_highatomic);
}

static void isolated_frames_are_not_allocated(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, 4 * PAGEBLOCK);
	struct isle_zone *zone = isle->zones[0];
	unsigned int nr = 0;
	u32 id;

	KUNIT_EXPECT_EQ(test, 0, isle_isolate_pageblock(isle, PAGEBLOCK + 7));
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_isolated);
	KUNIT_EXPECT_EQ(test, 3 * PAGEBLOCK, zone->nr_free);
	KUNIT_EXPECT_EQ(test, 4 * PAGEBLOCK, isle_nr_free(isle));
	EXPECT_ALLOCATED(test, isle, 0);
	while ((id = isle_alloc_frames(isle, GFP_NOWAIT | __GFP_MEMALLOC, 0,
				       NUMA_NO_NODE)) != ISLE_NO_FRAME) {
		KUNIT_EXPECT_NE(test, 1, id / PAGEBLOCK);
		nr++;
	}
	KUNIT_EXPECT_EQ(test, 3 * PAGEBLOCK, nr);
	EXPECT_ALLOCATED(test, isle, 3 * PAGEBLOCK);
}

static void frames_freed_into_an_isolated_pageblock_stay_there(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, 4 * PAGEBLOCK);
	struct isle_zone *zone = isle->zones[0];
	u32 id = isle_alloc_frames(isle, GFP_KERNEL, 3, NUMA_NO_NODE);

	KUNIT_EXPECT_EQ(test, 0, isle_isolate_pageblock(isle, id));
	KUNIT_EXPECT_EQ(test, PAGEBLOCK - 8, zone->nr_isolated);
	EXPECT_ALLOCATED(test, isle, 8);
	isle_free_frames(isle, id, 3);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_isolated);
	KUNIT_EXPECT_EQ(test, 1, fixture_nr_blocks(zone, 9, ISLE_ISOLATE));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void isolation_takes_frames_off_the_pcp_lists(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(64));
	struct isle_zone *zone = isle->zones[0];
	unsigned int i;
	u32 ids[64];

	for (i = 0; i < 64; i++)
		ids[i] = isle_alloc_frames(isle, GFP_KERNEL, 0, NUMA_NO_NODE);
	for (i = 0; i < 64; i++)
		isle_free_frames(isle, ids[i], 0);
	KUNIT_EXPECT_NE(test, 0, isle_pcp_pages(zone));
	KUNIT_EXPECT_EQ(test, 0, isle_isolate_pageblock(isle, ids[0]));
	KUNIT_EXPECT_EQ(test, 0, isle_pcp_pages(zone));
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_isolated);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void isolation_can_be_undone(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, 4 * PAGEBLOCK);
	struct isle_zone *zone = isle->zones[0];

	KUNIT_EXPECT_EQ(test, 0, isle_isolate_pageblock(isle, 0));
	KUNIT_EXPECT_EQ(test, 0, isle_isolate_pageblock(isle, PAGEBLOCK));
	EXPECT_ALLOCATED(test, isle, 0);
	KUNIT_EXPECT_EQ(test, 0,
			isle_unisolate_pageblock(isle, 5, ISLE_UNMOVABLE));
	KUNIT_EXPECT_EQ(test, ISLE_UNMOVABLE, type_of(zone, 0));
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_isolated);
	EXPECT_ALLOCATED(test, isle, 0);
	KUNIT_EXPECT_EQ(test, 0, isle_unisolate_pageblock(isle, PAGEBLOCK,
							  ISLE_MOVABLE));
	KUNIT_EXPECT_EQ(test, 0, zone->nr_isolated);
	KUNIT_EXPECT_EQ(test, 4 * PAGEBLOCK, zone->nr_free);
	KUNIT_EXPECT_EQ(test, 1, fixture_nr_blocks(zone, 10, ISLE_MOVABLE) +
				 fixture_nr_blocks(zone, 10, ISLE_UNMOVABLE) -
				 1);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void isolating_highatomic_takes_it_out_of_the_reserve(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "3111");

	KUNIT_EXPECT_EQ(test, 0, isle_isolate_pageblock(zone->isle, 0));
	KUNIT_EXPECT_EQ(test, 0, zone->nr_highatomic);
	EXPECT_ALLOCATED(test, zone->isle, 0);
}

static void isolation_is_refused_where_it_makes_no_sense(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, 4 * PAGEBLOCK - 100);

	KUNIT_EXPECT_EQ(test, 0, isle_isolate_pageblock(isle, 0));
	KUNIT_EXPECT_EQ(test, -EBUSY, isle_isolate_pageblock(isle, 1));
	/* partly a hole, and beyond the end */
	KUNIT_EXPECT_EQ(test, -EINVAL,
			isle_isolate_pageblock(isle, 3 * PAGEBLOCK));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			isle_isolate_pageblock(isle, isle->nr_frames));
	KUNIT_EXPECT_EQ(test, -EINVAL, isle_unisolate_pageblock(isle, PAGEBLOCK,
								ISLE_MOVABLE));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			isle_unisolate_pageblock(isle, 0, ISLE_ISOLATE));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			isle_unisolate_pageblock(isle, 0, ISLE_HIGHATOMIC));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			isle_unisolate_pageblock(isle, 3 * PAGEBLOCK,
						 ISLE_MOVABLE));
	EXPECT_ALLOCATED(test, isle, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(one_per_cent_can_become_highatomic),
	KUNIT_CASE(no_more_than_one_per_cent_becomes_highatomic),
	KUNIT_CASE(small_zones_have_no_highatomic_reserve),
	KUNIT_CASE(cma_and_isolated_pageblocks_are_not_reserved),
	KUNIT_CASE(a_highatomic_pageblock_can_be_given_back),
	KUNIT_CASE(a_pageblock_given_back_merges_with_its_neighbour),
	KUNIT_CASE(a_full_highatomic_pageblock_is_not_given_back),
	KUNIT_CASE(isolated_frames_are_not_allocated),
	KUNIT_CASE(frames_freed_into_an_isolated_pageblock_stay_there),
	KUNIT_CASE(isolation_takes_frames_off_the_pcp_lists),
	KUNIT_CASE(isolation_can_be_undone),
	KUNIT_CASE(isolating_highatomic_takes_it_out_of_the_reserve),
	KUNIT_CASE(isolation_is_refused_where_it_makes_no_sense),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_migrate_aside",
	.test_cases = cases,
};

kunit_test_suite(suite);
