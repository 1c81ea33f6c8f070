// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/alloc.c: what a request gets, and from where. */

#include <linux/sizes.h>
#include <linux/string.h>

#include "alloc_fixture.h"
#include "invariants.h"
#include "page_alloc/drain.h"
#include "page_alloc/gfp.h"
#include "page_alloc/migrate.h"

static void a_block_is_whole_and_the_callers_alone(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(32));
	unsigned long nr = 0;
	unsigned int order;
	u32 i;

	for (order = 0; order <= ISLE_TOP_ORDER; order++) {
		u32 id = take(isle, GFP_KERNEL, order);
		struct isle_frame *frame = isle->frames + id;

		KUNIT_ASSERT_NE(test, ISLE_NO_FRAME, id);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(isle_id_to_pfn(isle, id),
						   BIT(order)));
		KUNIT_EXPECT_EQ(test, ISLE_FRAME_ALLOCATED, frame->state);
		KUNIT_EXPECT_EQ(test, order, frame->order);
		KUNIT_EXPECT_EQ(test, 1, atomic_read(&frame->ref));
		KUNIT_EXPECT_EQ(test, 0, frame->flags);
		for (i = 0; i < BIT(order); i++)
			KUNIT_EXPECT_EQ(test, id, isle_block_head(isle, id + i));
		nr += BIT(order);
		EXPECT_ALLOCATED(test, isle, nr);
	}
}

static void an_order_above_10_is_refused(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(32));

	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME, take(isle, GFP_KERNEL, 11));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME, take(isle, GFP_KERNEL, UINT_MAX));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_block_remembers_its_flags(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(32));
	u32 id = take(isle, GFP_KERNEL | __GFP_COMP, 3);

	KUNIT_EXPECT_EQ(test, ISLE_FRAME_COMP, isle->frames[id].flags);
	id = take(isle, GFP_KERNEL | __GFP_MOVABLE, 3);
	KUNIT_EXPECT_EQ(test, ISLE_FRAME_MOVABLE, isle->frames[id].flags);
	isle_free_frames(isle, id, 3);
	/* and not those of whoever had it before */
	KUNIT_EXPECT_EQ(test, id, isle_alloc_typed(isle, GFP_KERNEL, 3,
						   NUMA_NO_NODE, ISLE_MOVABLE,
						   false));
	KUNIT_EXPECT_EQ(test, 0, isle->frames[id].flags);
}

static struct isle *with_memory(struct kunit *test)
{
	static const struct isle_extent extent = {
		.base_pfn = FIXTURE_4GB, .nr = FIXTURE_MB(4),
	};
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = FIXTURE_NO_RESERVE,
	};
	struct isle *isle = fixture_create_with_memory(test, &config);

	memset(isle_frame_address(isle, 0), 0xee, SZ_4M);
	return isle;
}

static bool all_bytes_are(struct isle *isle, u32 id, unsigned int order, u8 c)
{
	return !memchr_inv(isle_frame_address(isle, id), c,
			   PAGE_SIZE << order);
}

static void a_block_is_zeroed_on_request(struct kunit *test)
{
	struct isle *isle = with_memory(test);
	u32 ids[2];

	ids[0] = take(isle, GFP_KERNEL | __GFP_ZERO, 3);
	KUNIT_EXPECT_TRUE(test, all_bytes_are(isle, ids[0], 3, 0));
	KUNIT_EXPECT_TRUE(test, all_bytes_are(isle, ids[0] + 8, 0, 0xee));
	ids[0] = take(isle, GFP_KERNEL, 3);
	KUNIT_EXPECT_TRUE(test, all_bytes_are(isle, ids[0], 3, 0xee));
	/* from this CPU's list as well, and in bulk */
	isle_free_frames(isle, ids[0], 3);
	KUNIT_EXPECT_EQ(test, ids[0], take(isle, GFP_KERNEL | __GFP_ZERO, 3));
	KUNIT_EXPECT_TRUE(test, all_bytes_are(isle, ids[0], 3, 0));
	KUNIT_EXPECT_EQ(test, 2,
			isle_alloc_frames_bulk(isle, GFP_KERNEL | __GFP_ZERO,
					       NUMA_NO_NODE, 2, ids));
	KUNIT_EXPECT_TRUE(test, all_bytes_are(isle, ids[0], 0, 0));
	KUNIT_EXPECT_TRUE(test, all_bytes_are(isle, ids[1], 0, 0));
}

static void frames_without_memory_have_nothing_to_zero(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));

	KUNIT_EXPECT_NE(test, ISLE_NO_FRAME,
			take(isle, GFP_KERNEL | __GFP_ZERO, 3));
}

static int node_of(struct isle *isle, u32 id)
{
	return isle_frame_zone(isle, isle->frames + id)->nid;
}

static void a_request_begins_with_its_highest_zone(struct kunit *test)
{
	struct isle *isle = three_zones(test, FIXTURE_NO_RESERVE);
	unsigned int order;

	for (order = 0; order < 10; order++) {
		KUNIT_EXPECT_EQ(test, ISLE_ZONE_NORMAL,
				zone_of(isle, take(isle, GFP_KERNEL, order)));
		KUNIT_EXPECT_EQ(test, ISLE_ZONE_NORMAL,
				zone_of(isle, take(isle, GFP_HIGHUSER, order)));
		KUNIT_EXPECT_EQ(test, ISLE_ZONE_DMA32,
				zone_of(isle, take(isle, GFP_DMA32, order)));
		KUNIT_EXPECT_EQ(test, ISLE_ZONE_MOVABLE,
				zone_of(isle, take(isle, GFP_HIGHUSER_MOVABLE,
						   order)));
	}
}

static void a_request_goes_down_through_the_zones_but_not_up(struct kunit *test)
{
	struct isle *isle = three_zones(test, FIXTURE_NO_RESERVE);
	unsigned long nr = 0;

	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16),
			take_all(isle, GFP_DMA32 | __GFP_NORETRY |
				       __GFP_DIRECT_RECLAIM));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			take(isle, GFP_DMA32 | QUIET, 9));
	while (isle->zones[2]->nr_free || isle_pcp_pages(isle->zones[2])) {
		KUNIT_EXPECT_EQ(test, ISLE_ZONE_MOVABLE,
				zone_of(isle, take(isle, GFP_HIGHUSER_MOVABLE,
						   0)));
		nr++;
	}
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16), nr);
	/* NORMAL keeps some from those who could have used MOVABLE. */
	nr = take_all(isle, GFP_HIGHUSER_MOVABLE | __GFP_NORETRY);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16) -
			isle->zones[1]->lowmem_reserve[ISLE_ZONE_MOVABLE], nr);
	nr += take_all(isle, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16), nr);
	EXPECT_ALLOCATED(test, isle, FIXTURE_MB(48));
}

static struct isle *quarter_cma(struct kunit *test)
{
	static const struct isle_extent extent = {
		.base_pfn = FIXTURE_4GB, .nr = FIXTURE_MB(16),
	};
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = FIXTURE_NO_RESERVE,
		.cma_percent = 25,
		.user_percent = 100,
	};

	return fixture_create(test, &config);
}

static void blocks_can_be_had_by_migratetype(struct kunit *test)
{
	struct isle *isle = quarter_cma(test);
	unsigned int order, mt;
	unsigned long nr = 0;
	u32 id;

	for (mt = 0; mt < ISLE_ISOLATE; mt++) {
		for (order = 0; order < 4; order++) {
			id = isle_alloc_typed(isle, GFP_NOWAIT, order,
					      NUMA_NO_NODE, mt, order & 1);
			KUNIT_EXPECT_NE(test, ISLE_NO_FRAME, id);
			KUNIT_EXPECT_EQ(test, mt,
					isle_pageblock_type(isle, id));
			KUNIT_EXPECT_EQ(test, order & 1,
					!!(isle->frames[id].flags &
					   ISLE_FRAME_USER));
			nr += BIT(order);
		}
	}
	EXPECT_ALLOCATED(test, isle, nr);
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			isle_alloc_typed(isle, GFP_NOWAIT, 0, NUMA_NO_NODE,
					 ISLE_ISOLATE, false));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			isle_alloc_typed(isle, GFP_NOWAIT, 0, NUMA_NO_NODE,
					 ISLE_MIGRATE_TYPES, false));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			isle_alloc_typed(isle, GFP_NOWAIT, 11, NUMA_NO_NODE,
					 ISLE_MOVABLE, false));
}

static void cma_blocks_come_from_cma_alone(struct kunit *test)
{
	struct isle *isle = quarter_cma(test);
	unsigned int nr = 0;

	while (isle_alloc_typed(isle, GFP_NOWAIT | QUIET, 0, NUMA_NO_NODE,
				ISLE_CMA, false) != ISLE_NO_FRAME)
		nr++;
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(4), nr);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(12), isle_nr_free(isle));
}

static void cma_blocks_do_not_come_from_the_atomic_reserve(struct kunit *test)
{
	static const gfp_t gfps[] = {
		GFP_ATOMIC, GFP_NOWAIT | __GFP_MEMALLOC,
	};
	struct isle *isle = quarter_cma(test);
	unsigned int i;

	isle->zones[0]->watermark[ISLE_WMARK_LOW] = FIXTURE_MB(16);
	take(isle, GFP_ATOMIC, 4);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, isle->zones[0]->nr_highatomic);
	KUNIT_EXPECT_NE(test, ISLE_NO_FRAME,
			isle_alloc_typed(isle, GFP_ATOMIC, 10, NUMA_NO_NODE,
					 ISLE_CMA, false));
	for (i = 0; i < ARRAY_SIZE(gfps); i++)
		KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
				isle_alloc_typed(isle, gfps[i] | QUIET, 3,
						 NUMA_NO_NODE, ISLE_CMA,
						 false));
}

static void only_movable_requests_borrow_from_cma(struct kunit *test)
{
	struct isle *isle = quarter_cma(test);

	KUNIT_EXPECT_EQ(test, FIXTURE_MB(12),
			take_all(isle, GFP_KERNEL | __GFP_NORETRY));
	KUNIT_EXPECT_EQ(test, 0,
			take_all(isle, GFP_NOWAIT | __GFP_MEMALLOC));
	KUNIT_EXPECT_EQ(test, 0,
			take_all(isle, GFP_NOWAIT | __GFP_RECLAIMABLE));
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(4),
			take_all(isle, GFP_NOWAIT | __GFP_MOVABLE));
}

static struct isle *two_nodes(struct kunit *test)
{
	static const struct isle_extent extents[] = {
		{ FIXTURE_4GB, FIXTURE_MB(8), .nid = 0 },
		{ FIXTURE_4GB + FIXTURE_MB(8), FIXTURE_MB(8), .nid = 1 },
	};

	return fixture_nodes(test, extents, ARRAY_SIZE(extents));
}

static void a_request_begins_with_the_preferred_node(struct kunit *test)
{
	struct isle *isle = two_nodes(test);
	unsigned int i;
	int nid;

	for (nid = 0; nid < 2; nid++) {
		for (i = 0; i < 2048; i++) {
			u32 id = isle_alloc_frames(isle, GFP_NOWAIT, 0, nid);

			KUNIT_EXPECT_EQ(test, nid, node_of(isle, id));
		}
	}
	EXPECT_ALLOCATED(test, isle, FIXTURE_MB(16));
}

static void a_node_that_is_full_sends_on_to_the_next(struct kunit *test)
{
	struct isle *isle = two_nodes(test);
	unsigned int nr = 0;

	while (isle_alloc_frames(isle, GFP_NOWAIT | QUIET, 0, 1) !=
	       ISLE_NO_FRAME)
		nr++;
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16), nr);
}

static void thisnode_takes_no_other(struct kunit *test)
{
	struct isle *isle = two_nodes(test);
	unsigned int nid, nr = 0;

	for (nid = 0; nid < 2; nid++) {
		while (isle_alloc_frames(isle, GFP_NOWAIT | __GFP_THISNODE |
					 QUIET, 0, nid) != ISLE_NO_FRAME)
			nr++;
		KUNIT_EXPECT_EQ(test, FIXTURE_MB(8) * (nid + 1), nr);
	}
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			isle_alloc_frames(isle, GFP_NOWAIT | QUIET |
					  __GFP_THISNODE, 0, NUMA_NO_NODE));
}

/* 8 MB each of DMA32 and NORMAL on node 0, and 8 MB of NORMAL on node 1. */
static struct isle *two_zones_and_a_node(struct kunit *test)
{
	static const struct isle_extent extents[] = {
		{ FIXTURE_4GB - FIXTURE_MB(8), FIXTURE_MB(16), .nid = 0 },
		{ FIXTURE_4GB + FIXTURE_MB(8), FIXTURE_MB(8), .nid = 1 },
	};

	return fixture_nodes(test, extents, ARRAY_SIZE(extents));
}

/* Leave every second frame of a zone free, in pageblocks of movable memory. */
static void scatter(struct kunit *test, struct isle_zone *zone)
{
	gfp_t gfp = zone->type == ISLE_ZONE_DMA32 ? GFP_DMA32 : GFP_NOWAIT;
	struct isle *isle = zone->isle;
	unsigned int order;
	u32 id;

	do {
		id = isle_alloc_typed(isle, gfp | __GFP_THISNODE | QUIET, 0,
				      zone->nid, ISLE_MOVABLE, false);
	} while (id != ISLE_NO_FRAME &&
		 isle_frame_zone(isle, isle->frames + id) == zone);
	if (id != ISLE_NO_FRAME)
		isle_free_frames(isle, id, 0);
	for (id = 0; id < isle->nr_frames; id += 2) {
		if (isle->frames[id].state == ISLE_FRAME_ALLOCATED &&
		    isle_frame_zone(isle, isle->frames + id) == zone)
			isle_free_frames(isle, id, 0);
	}
	isle_drain_all(isle);
	KUNIT_ASSERT_LE(test, zone->managed / 2, zone->nr_free);
	/* The low watermark may have kept a frame. */
	for (order = 2; order <= ISLE_TOP_ORDER; order++)
		KUNIT_ASSERT_EQ(test, 0, fixture_nr_blocks(zone, order,
							   ISLE_MOVABLE));
}

/* What a zone has for requests that begin with ZONE_NORMAL. */
static unsigned long free_for_normal(const struct isle_zone *zone)
{
	return zone->nr_free - zone->watermark[ISLE_WMARK_LOW] -
	       zone->lowmem_reserve[ISLE_ZONE_NORMAL];
}

static void pageblocks_stay_whole_while_the_zone_below_has_memory(struct kunit *test)
{
	struct isle *isle = three_zones(test, FIXTURE_NO_RESERVE);
	unsigned long i, nr = free_for_normal(isle->zones[0]);

	KUNIT_ASSERT_EQ(test, ISLE_ZONE_DMA32, isle->zones[0]->type);
	KUNIT_ASSERT_EQ(test, ISLE_ZONE_NORMAL, isle->zones[1]->type);
	scatter(test, isle->zones[1]);
	for (i = 0; i <= nr; i++) {
		u32 id = take(isle, GFP_KERNEL, 0);

		KUNIT_ASSERT_NE(test, ISLE_NO_FRAME, id);
		KUNIT_ASSERT_EQ(test, i < nr ? ISLE_ZONE_DMA32 :
					       ISLE_ZONE_NORMAL,
				zone_of(isle, id));
	}
}

static void near_pageblocks_are_broken_into_before_a_far_node_is_asked(struct kunit *test)
{
	struct isle *isle = two_zones_and_a_node(test);
	unsigned int i;

	scatter(test, isle->zones[0]);
	scatter(test, isle->zones[1]);
	/* Fewer than the boosted watermarks leave. */
	for (i = 0; i < FIXTURE_MB(1); i++) {
		u32 id = isle_alloc_frames(isle, GFP_NOWAIT, 0, 0);

		KUNIT_ASSERT_NE(test, ISLE_NO_FRAME, id);
		KUNIT_ASSERT_EQ(test, 0, node_of(isle, id));
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_block_is_whole_and_the_callers_alone),
	KUNIT_CASE(an_order_above_10_is_refused),
	KUNIT_CASE(a_block_remembers_its_flags),
	KUNIT_CASE(a_block_is_zeroed_on_request),
	KUNIT_CASE(frames_without_memory_have_nothing_to_zero),
	KUNIT_CASE(a_request_begins_with_its_highest_zone),
	KUNIT_CASE(a_request_goes_down_through_the_zones_but_not_up),
	KUNIT_CASE(blocks_can_be_had_by_migratetype),
	KUNIT_CASE(cma_blocks_come_from_cma_alone),
	KUNIT_CASE(cma_blocks_do_not_come_from_the_atomic_reserve),
	KUNIT_CASE(only_movable_requests_borrow_from_cma),
	KUNIT_CASE(a_request_begins_with_the_preferred_node),
	KUNIT_CASE(a_node_that_is_full_sends_on_to_the_next),
	KUNIT_CASE(thisnode_takes_no_other),
	KUNIT_CASE(pageblocks_stay_whole_while_the_zone_below_has_memory),
	KUNIT_CASE(near_pageblocks_are_broken_into_before_a_far_node_is_asked),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_alloc",
	.test_cases = cases,
};

kunit_test_suite(suite);
