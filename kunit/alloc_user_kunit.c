// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/alloc.c: the share of processes. */

#include <linux/sched.h>

#include "alloc_fixture.h"
#include "invariants.h"
#include "page_alloc/migrate.h"

static void processes_get_their_share_and_no_more(struct kunit *test)
{
	struct isle *isle = three_zones(test, FIXTURE_NO_RESERVE);
	unsigned int i, nr;
	u32 *ids;

	ids = kunit_kcalloc(test, FIXTURE_MB(48), sizeof(*ids), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ids);
	nr = isle_alloc_user(isle, GFP_HIGHUSER_MOVABLE | QUIET, 0,
			     FIXTURE_MB(48), ids);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(24), nr);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, FIXTURE_MB(8),
				atomic_long_read(&isle->zones[i]->nr_user));
	EXPECT_ALLOCATED(test, isle, nr);
	/* Other callers don't feel it. */
	KUNIT_EXPECT_EQ(test, 0, isle_alloc_user(isle, GFP_NOWAIT | QUIET, 0, 1,
						 ids + nr));
	KUNIT_EXPECT_NE(test, ISLE_NO_FRAME, take(isle, GFP_NOWAIT, 0));
	KUNIT_EXPECT_EQ(test, 1, isle_alloc_frames_bulk(isle, GFP_NOWAIT,
							NUMA_NO_NODE, 1,
							ids + nr));
	isle_free_frames_bulk(isle, ids, nr / 2);
	for (i = nr / 2; i < nr; i++)
		isle_free_frames(isle, ids[i], 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, 0,
				atomic_long_read(&isle->zones[i]->nr_user));
	EXPECT_ALLOCATED(test, isle, 2);
}

static void who_is_over_his_share_disturbs_nobody(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	struct isle_zone *zone = isle->zones[0];
	unsigned long before, pages;
	u32 ids[4], id;

	zone->watermark[ISLE_WMARK_LOW] = zone->managed;
	take(isle, GFP_ATOMIC, 4);
	zone->watermark[ISLE_WMARK_LOW] = 0;
	zone->user_max = 4;
	KUNIT_EXPECT_EQ(test, 4, isle_alloc_user(isle, GFP_KERNEL, 0, 4, ids));
	isle_free_frames(isle, take(isle, GFP_KERNEL, 0), 0);
	pages = isle_pcp_pages(zone);
	before = current->nvcsw;
	KUNIT_EXPECT_EQ(test, 0, isle_alloc_user(isle, GFP_KERNEL | QUIET, 0, 1,
						 &id));
	KUNIT_EXPECT_EQ(test, before, current->nvcsw);
	KUNIT_EXPECT_NE(test, 0, pages);
	KUNIT_EXPECT_EQ(test, pages, isle_pcp_pages(zone));
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_highatomic);
	/* What is his and only waits he may have, though. */
	isle_expose_frame(isle, ids[0]);
	fixture_pin(isle, ids[0], true);
	isle_free_frames(isle, ids[0], 0);
	fixture_pin(isle, ids[0], false);
	KUNIT_EXPECT_EQ(test, 1, isle_alloc_user(isle, GFP_KERNEL, 0, 1, &id));
	EXPECT_ALLOCATED(test, isle, 16 + 4);
}

static void a_share_is_in_whole_blocks(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	struct isle_zone *zone = isle->zones[0];
	u32 ids[16];

	zone->user_max = 100;
	KUNIT_EXPECT_EQ(test, 6, isle_alloc_user(isle, GFP_KERNEL | QUIET, 4,
						 16, ids));
	KUNIT_EXPECT_EQ(test, 96, atomic_long_read(&zone->nr_user));
	KUNIT_EXPECT_EQ(test, 0, isle_alloc_user(isle, GFP_NOWAIT | QUIET, 3,
						 1, ids + 6));
	KUNIT_EXPECT_EQ(test, 96, atomic_long_read(&zone->nr_user));
	KUNIT_EXPECT_EQ(test, 1, isle_alloc_user(isle, GFP_NOWAIT, 2, 1,
						 ids + 6));
	EXPECT_ALLOCATED(test, isle, 100);
	isle_split_block(isle, ids[0], 4);
	isle_free_frames(isle, ids[0] + 3, 0);
	KUNIT_EXPECT_EQ(test, 99, atomic_long_read(&zone->nr_user));
	isle_put_frame(isle, ids[1] + 5);
	KUNIT_EXPECT_EQ(test, 83, atomic_long_read(&zone->nr_user));
	EXPECT_ALLOCATED(test, isle, 83);
}

static void a_request_that_gets_nothing_is_charged_nothing(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));
	u32 ids[4];

	KUNIT_EXPECT_EQ(test, 1, isle_alloc_user(isle, GFP_NOWAIT, 9, 1, ids));
	take_all(isle, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_EQ(test, 0, isle_alloc_user(isle, GFP_NOWAIT | QUIET, 0, 4,
						 ids + 1));
	KUNIT_EXPECT_EQ(test, 512, atomic_long_read(&isle->zones[0]->nr_user));
	isle_free_frames(isle, ids[0], 9);
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&isle->zones[0]->nr_user));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(processes_get_their_share_and_no_more),
	KUNIT_CASE(who_is_over_his_share_disturbs_nobody),
	KUNIT_CASE(a_share_is_in_whole_blocks),
	KUNIT_CASE(a_request_that_gets_nothing_is_charged_nothing),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_alloc_user",
	.test_cases = cases,
};

kunit_test_suite(suite);
