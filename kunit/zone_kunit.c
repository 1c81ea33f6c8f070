// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/zone.c. */

#include <linux/topology.h>

#include "instance_fixture.h"
#include "invariants.h"
#include "page_alloc/alloc.h"
#include "page_alloc/early.h"
#include "page_alloc/gfp.h"
#include "page_alloc/zone.h"

/* 16 MB below 4 GB, a gap, 32 MB across it, 64 MB above. */
static const struct isle_extent around_4gb[] = {
	{ .base_pfn = 0x40000, .nr = FIXTURE_MB(16) },
	{ .base_pfn = FIXTURE_4GB - FIXTURE_MB(8), .nr = FIXTURE_MB(32) },
	{ .base_pfn = FIXTURE_4GB + FIXTURE_MB(100), .nr = FIXTURE_MB(64) },
};

/* 24 MB DMA32, 64 MB NORMAL, 24 MB MOVABLE. */
static struct isle *three_zones(struct kunit *test)
{
	struct isle_config config = {
		.extents = around_4gb,
		.nr_extents = ARRAY_SIZE(around_4gb),
		.movable_percent = 22,
	};

	return fixture_create(test, &config);
}

static void expect_zone(struct kunit *test, const struct isle_zone *zone,
			enum isle_zone_type type, unsigned long start,
			unsigned long end, unsigned long present)
{
	KUNIT_EXPECT_EQ(test, type, zone->type);
	KUNIT_EXPECT_EQ(test, start, zone->spanned_start);
	KUNIT_EXPECT_EQ(test, end, zone->spanned_end);
	KUNIT_EXPECT_EQ(test, present, zone->present);
	KUNIT_EXPECT_EQ(test, present, zone->managed);
}

static void addresses_decide_between_dma32_and_normal(struct kunit *test)
{
	struct isle_config config = {
		.extents = around_4gb,
		.nr_extents = ARRAY_SIZE(around_4gb),
	};
	struct isle *isle = fixture_create(test, &config);

	KUNIT_ASSERT_EQ(test, 2, isle->nr_zones);
	expect_zone(test, isle->zones[0], ISLE_ZONE_DMA32, 0x40000,
		    FIXTURE_4GB, FIXTURE_MB(24));
	expect_zone(test, isle->zones[1], ISLE_ZONE_NORMAL, FIXTURE_4GB,
		    FIXTURE_4GB + FIXTURE_MB(164), FIXTURE_MB(88));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void the_top_per_cent_of_a_node_are_movable(struct kunit *test)
{
	struct isle *isle = three_zones(test);
	unsigned long movable = FIXTURE_4GB + FIXTURE_MB(140);

	KUNIT_ASSERT_EQ(test, 3, isle->nr_zones);
	expect_zone(test, isle->zones[0], ISLE_ZONE_DMA32, 0x40000,
		    FIXTURE_4GB, FIXTURE_MB(24));
	expect_zone(test, isle->zones[1], ISLE_ZONE_NORMAL, FIXTURE_4GB,
		    movable, FIXTURE_MB(64));
	expect_zone(test, isle->zones[2], ISLE_ZONE_MOVABLE, movable,
		    FIXTURE_4GB + FIXTURE_MB(164), FIXTURE_MB(24));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void movable_can_reach_below_4gb(struct kunit *test)
{
	struct isle_config config = {
		.extents = around_4gb,
		.nr_extents = 2,
		.movable_percent = 60,
	};
	struct isle *isle = fixture_create(test, &config);
	unsigned long movable = FIXTURE_4GB - FIXTURE_MB(4);

	KUNIT_ASSERT_EQ(test, 2, isle->nr_zones);
	expect_zone(test, isle->zones[0], ISLE_ZONE_DMA32, 0x40000, movable,
		    FIXTURE_MB(20));
	expect_zone(test, isle->zones[1], ISLE_ZONE_MOVABLE, movable,
		    FIXTURE_4GB + FIXTURE_MB(24), FIXTURE_MB(28));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void all_of_a_node_can_be_movable(struct kunit *test)
{
	struct isle_config config = {
		.extents = around_4gb,
		.nr_extents = ARRAY_SIZE(around_4gb),
		.movable_percent = 100,
	};
	struct isle *isle = fixture_create(test, &config);

	KUNIT_ASSERT_EQ(test, 1, isle->nr_zones);
	expect_zone(test, isle->zones[0], ISLE_ZONE_MOVABLE, 0x40000,
		    FIXTURE_4GB + FIXTURE_MB(164), FIXTURE_MB(112));
}

static void a_zone_can_end_in_the_middle_of_a_block(struct kunit *test)
{
	struct isle_extent extent = { .base_pfn = 0x1000, .nr = 0x800 };
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = FIXTURE_NO_RESERVE,
		.dma32_end_pfn = 0x1333,
	};
	struct isle *isle = fixture_create(test, &config);

	KUNIT_ASSERT_EQ(test, 2, isle->nr_zones);
	expect_zone(test, isle->zones[0], ISLE_ZONE_DMA32, 0x1000, 0x1333,
		    0x333);
	expect_zone(test, isle->zones[1], ISLE_ZONE_NORMAL, 0x1333, 0x1800,
		    0x4cd);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void early_frames_are_present_but_not_managed(struct kunit *test)
{
	static const struct isle_early_range early = {
		.base_pfn = FIXTURE_4GB - 100, .nr = 300,
	};
	struct isle_config config = {
		.extents = around_4gb,
		.nr_extents = ARRAY_SIZE(around_4gb),
		.early = &early,
		.nr_early = 1,
	};
	struct isle *isle = fixture_create(test, &config);

	KUNIT_EXPECT_EQ(test, FIXTURE_MB(24), isle->zones[0]->present);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(24) - 100, isle->zones[0]->managed);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(88), isle->zones[1]->present);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(88) - 200, isle->zones[1]->managed);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void each_frame_has_its_zone(struct kunit *test)
{
	struct isle *isle = three_zones(test);
	unsigned long movable = FIXTURE_4GB + FIXTURE_MB(140);

	KUNIT_EXPECT_PTR_EQ(test, isle->zones[0],
			    isle_zone_at(isle, 0, FIXTURE_4GB - 1));
	KUNIT_EXPECT_PTR_EQ(test, isle->zones[1],
			    isle_zone_at(isle, 0, FIXTURE_4GB));
	KUNIT_EXPECT_PTR_EQ(test, isle->zones[1],
			    isle_zone_at(isle, 0, movable - 1));
	KUNIT_EXPECT_PTR_EQ(test, isle->zones[2],
			    isle_zone_at(isle, 0, movable));
	KUNIT_EXPECT_NULL(test, isle_zone_at(isle, 0, 0x40000 - 1));
	KUNIT_EXPECT_NULL(test, isle_zone_at(isle, 1, FIXTURE_4GB));
}

static void low_is_5_4_and_high_is_3_2_of_min(struct kunit *test)
{
	struct isle *isle = three_zones(test);
	unsigned long sum = 0;
	unsigned int i;

	isle_zones_set_watermarks(isle, 4096);
	for (i = 0; i < isle->nr_zones; i++) {
		const struct isle_zone *zone = isle->zones[i];
		unsigned long min = zone->watermark[ISLE_WMARK_MIN];

		KUNIT_EXPECT_EQ(test, FIXTURE_MB(4) * zone->managed /
				FIXTURE_MB(112), min);
		KUNIT_EXPECT_EQ(test, min * 5 / 4,
				zone->watermark[ISLE_WMARK_LOW]);
		KUNIT_EXPECT_EQ(test, min * 3 / 2,
				zone->watermark[ISLE_WMARK_HIGH]);
		sum += min;
	}
	KUNIT_EXPECT_LE(test, sum, FIXTURE_MB(4));
	KUNIT_EXPECT_GT(test, sum, FIXTURE_MB(4) - isle->nr_zones);
	KUNIT_EXPECT_EQ(test, 4096, isle->min_free_kbytes);
}

static void min_is_the_kernels_square_root_by_default(struct kunit *test)
{
	struct isle *isle = three_zones(test);

	/* 4 * sqrt(112 * 1024) */
	KUNIT_EXPECT_EQ(test, 1352, isle->min_free_kbytes);
	isle_zones_set_watermarks(isle, 8192);
	isle_zones_set_watermarks(isle, 0);
	KUNIT_EXPECT_EQ(test, 1352, isle->min_free_kbytes);
}

static void no_more_than_a_quarter_is_reserved(struct kunit *test)
{
	struct isle *isle = three_zones(test);

	isle_zones_set_watermarks(isle, 1 << 30);
	KUNIT_EXPECT_EQ(test, 28 * 1024, isle->min_free_kbytes);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(6),
			isle->zones[0]->watermark[ISLE_WMARK_MIN]);
}

static void lower_zones_keep_frames_from_higher_requests(struct kunit *test)
{
	struct isle *isle = three_zones(test);
	const struct isle_zone *dma32 = isle->zones[0];
	const struct isle_zone *normal = isle->zones[1];
	const struct isle_zone *movable = isle->zones[2];

	KUNIT_EXPECT_EQ(test, 0, dma32->lowmem_reserve[ISLE_ZONE_DMA32]);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(64) / 256,
			dma32->lowmem_reserve[ISLE_ZONE_NORMAL]);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(88) / 256,
			dma32->lowmem_reserve[ISLE_ZONE_MOVABLE]);
	KUNIT_EXPECT_EQ(test, 0, normal->lowmem_reserve[ISLE_ZONE_NORMAL]);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(24) / 32,
			normal->lowmem_reserve[ISLE_ZONE_MOVABLE]);
	KUNIT_EXPECT_EQ(test, 0, movable->lowmem_reserve[ISLE_ZONE_MOVABLE]);
}

/* A zone of the test's own making: 1000 free, of them 100 CMA, 50 HIGHATOMIC. */
static struct isle_zone marked_zone(void)
{
	return (struct isle_zone) {
		.nr_free = 1000,
		.nr_free_cma = 100,
		.nr_free_highatomic = 50,
		.nonempty[ISLE_MOVABLE] = BIT(3) | BIT(0),
		.nonempty[ISLE_CMA] = BIT(5),
		.nonempty[ISLE_HIGHATOMIC] = BIT(4),
	};
}

/* The largest mark that a request passes with. */
static long passes(struct isle_zone *zone, unsigned int order,
		   unsigned int alloc_flags)
{
	unsigned long low = 0, high = 100000;
	unsigned long *mark;

	mark = &zone->watermark[alloc_flags & ISLE_ALLOC_WMARK_MASK];
	while (low < high) {
		*mark = (low + high + 1) / 2;
		if (isle_zone_watermark_ok(zone, order, ISLE_ZONE_NORMAL,
					   alloc_flags))
			low = *mark;
		else
			high = *mark - 1;
	}
	*mark = low;
	if (!isle_zone_watermark_ok(zone, order, ISLE_ZONE_NORMAL,
				    alloc_flags))
		return -1;
	return low;
}

static void ordinary_requests_stay_above_the_mark(struct kunit *test)
{
	struct isle_zone zone = marked_zone();

	KUNIT_EXPECT_EQ(test, 849, passes(&zone, 0, ISLE_WMARK_MIN));
	KUNIT_EXPECT_EQ(test, 849, passes(&zone, 0, ISLE_WMARK_LOW));
	KUNIT_EXPECT_EQ(test, 849, passes(&zone, 0, ISLE_WMARK_HIGH));
}

static void a_block_counts_as_taken_but_for_one_frame(struct kunit *test)
{
	struct isle_zone zone = marked_zone();

	KUNIT_EXPECT_EQ(test, 849 - 7, passes(&zone, 3, ISLE_WMARK_MIN));
}

static void cma_frames_count_for_those_who_may_borrow(struct kunit *test)
{
	struct isle_zone zone = marked_zone();

	KUNIT_EXPECT_EQ(test, 949, passes(&zone, 0, ISLE_ALLOC_CMA));
}

static void the_boost_comes_on_top_of_low_and_high_only(struct kunit *test)
{
	struct isle_zone zone = marked_zone();

	zone.watermark_boost = 200;
	KUNIT_EXPECT_EQ(test, 849, passes(&zone, 0, ISLE_WMARK_MIN));
	KUNIT_EXPECT_EQ(test, 649, passes(&zone, 0, ISLE_WMARK_LOW));
	KUNIT_EXPECT_EQ(test, 649, passes(&zone, 0, ISLE_WMARK_HIGH));
}

static void lowmem_reserve_comes_on_top_of_any_mark(struct kunit *test)
{
	struct isle_zone zone = marked_zone();

	zone.lowmem_reserve[ISLE_ZONE_NORMAL] = 300;
	KUNIT_EXPECT_EQ(test, 549, passes(&zone, 0, ISLE_WMARK_MIN));
	KUNIT_EXPECT_EQ(test, 549, passes(&zone, 0, ISLE_WMARK_LOW));
}

static bool passes_at(struct isle_zone *zone, unsigned long free,
		      unsigned int alloc_flags)
{
	zone->nr_free = free;
	return isle_zone_watermark_ok(zone, 0, ISLE_ZONE_NORMAL, alloc_flags);
}

static void reserves_below_min_open_by_flag(struct kunit *test)
{
	struct isle_zone zone = {
		.watermark[ISLE_WMARK_MIN] = 800,
		.nonempty[ISLE_MOVABLE] = BIT(0),
	};

	KUNIT_EXPECT_TRUE(test, passes_at(&zone, 801, 0));
	KUNIT_EXPECT_FALSE(test, passes_at(&zone, 800, 0));
	/* __GFP_HIGH: half of it */
	KUNIT_EXPECT_TRUE(test,
			  passes_at(&zone, 401, ISLE_ALLOC_MIN_RESERVE));
	KUNIT_EXPECT_FALSE(test,
			   passes_at(&zone, 400, ISLE_ALLOC_MIN_RESERVE));
	/* and if it can't wait: three eighths */
	KUNIT_EXPECT_TRUE(test,
			  passes_at(&zone, 301, ISLE_ALLOC_MIN_RESERVE |
						ISLE_ALLOC_NON_BLOCK));
	KUNIT_EXPECT_FALSE(test,
			   passes_at(&zone, 300, ISLE_ALLOC_MIN_RESERVE |
						 ISLE_ALLOC_NON_BLOCK));
	/* __GFP_MEMALLOC: all there is */
	KUNIT_EXPECT_TRUE(test,
			  passes_at(&zone, 1, ISLE_ALLOC_NO_WATERMARKS));
	zone.nonempty[ISLE_MOVABLE] = 0;
	KUNIT_EXPECT_FALSE(test,
			   passes_at(&zone, 0, ISLE_ALLOC_NO_WATERMARKS));
}

static void highatomic_frames_count_for_reserve_users(struct kunit *test)
{
	struct isle_zone zone = marked_zone();

	zone.watermark[ISLE_WMARK_MIN] = 0;
	KUNIT_EXPECT_FALSE(test, passes_at(&zone, 150, 0));
	KUNIT_EXPECT_TRUE(test, passes_at(&zone, 150, ISLE_ALLOC_MIN_RESERVE));
	KUNIT_EXPECT_TRUE(test, passes_at(&zone, 150, ISLE_ALLOC_HIGHATOMIC));
	KUNIT_EXPECT_FALSE(test, passes_at(&zone, 100, ISLE_ALLOC_HIGHATOMIC));
}

/* Not inlined: with clang and KASAN each call would have a zone of its own on the stack. */
static noinline_for_stack void expect_block(struct kunit *test, bool free,
					    unsigned int order,
					    unsigned int alloc_flags)
{
	struct isle_zone zone = marked_zone();
	long mark = passes(&zone, order, alloc_flags);

	if (free)
		KUNIT_EXPECT_GE_MSG(test, mark, 0, "order %u, flags %#x",
				    order, alloc_flags);
	else
		KUNIT_EXPECT_EQ_MSG(test, -1, mark, "order %u, flags %#x",
				    order, alloc_flags);
}

static void a_block_of_the_order_must_be_free(struct kunit *test)
{
	expect_block(test, true, 3, 0);
	expect_block(test, false, 4, 0);
	expect_block(test, true, 4, ISLE_ALLOC_HIGHATOMIC);
	expect_block(test, false, 4, ISLE_ALLOC_MIN_RESERVE);
	expect_block(test, false, 5, ISLE_ALLOC_HIGHATOMIC);
	expect_block(test, true, 5, ISLE_ALLOC_CMA);
	expect_block(test, false, 6, ISLE_ALLOC_CMA);
	expect_block(test, true, 4, ISLE_ALLOC_NO_WATERMARKS);
	expect_block(test, false, 5, ISLE_ALLOC_NO_WATERMARKS);
}

static void expect_zonelist(struct kunit *test, struct isle *isle,
			    const struct isle_zonelist *zonelist,
			    unsigned int nr, const unsigned int *zones)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, nr, zonelist->nr);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_PTR_EQ(test, isle->zones[zones[i]],
				    zonelist->zones[i]);
}

static void a_zonelist_goes_from_the_highest_zone_down(struct kunit *test)
{
	struct isle *isle = three_zones(test);
	const struct isle_node *node = isle->nodes;

	expect_zonelist(test, isle, node->zonelist[ISLE_ZONE_DMA32], 1,
			(unsigned int[]){ 0 });
	expect_zonelist(test, isle, node->zonelist[ISLE_ZONE_NORMAL], 2,
			(unsigned int[]){ 1, 0 });
	expect_zonelist(test, isle, node->zonelist[ISLE_ZONE_MOVABLE], 3,
			(unsigned int[]){ 2, 1, 0 });
	expect_zonelist(test, isle, node->thisnode[ISLE_ZONE_MOVABLE], 3,
			(unsigned int[]){ 2, 1, 0 });
}

static struct isle *two_nodes(struct kunit *test)
{
	static const struct isle_extent extents[] = {
		{ FIXTURE_4GB - FIXTURE_MB(8), FIXTURE_MB(16), .nid = 1 },
		{ FIXTURE_4GB + FIXTURE_MB(8), FIXTURE_MB(32), .nid = 0 },
		{ FIXTURE_4GB + FIXTURE_MB(40), FIXTURE_MB(16), .nid = 1 },
	};

	return fixture_nodes(test, extents, ARRAY_SIZE(extents));
}

static void nodes_have_zones_of_their_own(struct kunit *test)
{
	struct isle *isle = two_nodes(test);

	KUNIT_ASSERT_EQ(test, 3, isle->nr_zones);
	expect_zone(test, isle->zones[0], ISLE_ZONE_NORMAL,
		    FIXTURE_4GB + FIXTURE_MB(8), FIXTURE_4GB + FIXTURE_MB(40),
		    FIXTURE_MB(32));
	expect_zone(test, isle->zones[1], ISLE_ZONE_DMA32,
		    FIXTURE_4GB - FIXTURE_MB(8), FIXTURE_4GB, FIXTURE_MB(8));
	/* It spans the other node's, which are no part of it. */
	expect_zone(test, isle->zones[2], ISLE_ZONE_NORMAL, FIXTURE_4GB,
		    FIXTURE_4GB + FIXTURE_MB(56), FIXTURE_MB(24));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_zonelist_goes_from_the_nearest_node_on(struct kunit *test)
{
	struct isle *isle = two_nodes(test);
	const struct isle_node *nodes = isle->nodes;

	expect_zonelist(test, isle, nodes[0].zonelist[ISLE_ZONE_NORMAL], 3,
			(unsigned int[]){ 0, 2, 1 });
	expect_zonelist(test, isle, nodes[1].zonelist[ISLE_ZONE_NORMAL], 3,
			(unsigned int[]){ 2, 1, 0 });
	expect_zonelist(test, isle, nodes[0].zonelist[ISLE_ZONE_DMA32], 1,
			(unsigned int[]){ 1 });
	expect_zonelist(test, isle, nodes[0].thisnode[ISLE_ZONE_NORMAL], 1,
			(unsigned int[]){ 0 });
	expect_zonelist(test, isle, nodes[1].thisnode[ISLE_ZONE_NORMAL], 2,
			(unsigned int[]){ 2, 1 });
	KUNIT_EXPECT_EQ(test, 0, nodes[0].thisnode[ISLE_ZONE_DMA32]->nr);
}

static void zones_are_called_what_the_kernel_calls_them(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, "DMA32", isle_zone_name(ISLE_ZONE_DMA32));
	KUNIT_EXPECT_STREQ(test, "Normal", isle_zone_name(ISLE_ZONE_NORMAL));
	KUNIT_EXPECT_STREQ(test, "Movable", isle_zone_name(ISLE_ZONE_MOVABLE));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(addresses_decide_between_dma32_and_normal),
	KUNIT_CASE(the_top_per_cent_of_a_node_are_movable),
	KUNIT_CASE(movable_can_reach_below_4gb),
	KUNIT_CASE(all_of_a_node_can_be_movable),
	KUNIT_CASE(a_zone_can_end_in_the_middle_of_a_block),
	KUNIT_CASE(early_frames_are_present_but_not_managed),
	KUNIT_CASE(each_frame_has_its_zone),
	KUNIT_CASE(low_is_5_4_and_high_is_3_2_of_min),
	KUNIT_CASE(min_is_the_kernels_square_root_by_default),
	KUNIT_CASE(no_more_than_a_quarter_is_reserved),
	KUNIT_CASE(lower_zones_keep_frames_from_higher_requests),
	KUNIT_CASE(ordinary_requests_stay_above_the_mark),
	KUNIT_CASE(a_block_counts_as_taken_but_for_one_frame),
	KUNIT_CASE(cma_frames_count_for_those_who_may_borrow),
	KUNIT_CASE(the_boost_comes_on_top_of_low_and_high_only),
	KUNIT_CASE(lowmem_reserve_comes_on_top_of_any_mark),
	KUNIT_CASE(reserves_below_min_open_by_flag),
	KUNIT_CASE(highatomic_frames_count_for_reserve_users),
	KUNIT_CASE(a_block_of_the_order_must_be_free),
	KUNIT_CASE(a_zonelist_goes_from_the_highest_zone_down),
	KUNIT_CASE(nodes_have_zones_of_their_own),
	KUNIT_CASE(a_zonelist_goes_from_the_nearest_node_on),
	KUNIT_CASE(zones_are_called_what_the_kernel_calls_them),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_zone",
	.test_cases = cases,
};

kunit_test_suite(suite);
