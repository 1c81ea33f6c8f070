// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/migrate.c: fallback, claiming, stealing, borrowing from CMA. */

#include "invariants.h"
#include "migrate_fixture.h"
#include "page_alloc/alloc.h"

struct fallback_case {
	const char *name;
	enum isle_migratetype mt;
	const char *types;
	unsigned int from;	/* the pageblock that is taken */
};

static const struct fallback_case fallback_cases[] = {
	{ "unmovable: unmovable", ISLE_UNMOVABLE, "112200", 4 },
	{ "unmovable: reclaimable first", ISLE_UNMOVABLE, "1122", 2 },
	{ "unmovable: then movable", ISLE_UNMOVABLE, "11", 0 },
	{ "reclaimable: unmovable first", ISLE_RECLAIMABLE, "1100", 2 },
	{ "reclaimable: then movable", ISLE_RECLAIMABLE, "11", 0 },
	{ "movable: reclaimable first", ISLE_MOVABLE, "0022", 2 },
	{ "movable: then unmovable", ISLE_MOVABLE, "00", 0 },
};

static void describe_fallback(const struct fallback_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(fallback, fallback_cases, describe_fallback);

static void types_fall_back_in_the_kernels_order(struct kunit *test)
{
	const struct fallback_case *c = test->param_value;
	struct isle_zone *zone = zone_of(test, c->types);
	u32 id = rmqueue(zone, 0, c->mt);

	KUNIT_EXPECT_EQ(test, c->from, id / PAGEBLOCK);
	KUNIT_EXPECT_EQ(test, c->mt, type_of(zone, c->from));
	give(zone, id, 0);
	EXPECT_ALLOCATED(test, zone->isle, 0);
}

static void nothing_falls_back_to_highatomic_or_isolate(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "35");

	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME, rmqueue(zone, 0, ISLE_UNMOVABLE));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			rmqueue_flags(zone, 0, ISLE_MOVABLE, ISLE_ALLOC_CMA));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			rmqueue(zone, 0, ISLE_RECLAIMABLE));
}

static void the_largest_block_is_claimed(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "111111");
	u32 id;

	fill(test, zone, 0, 1, GFP_HIGHUSER_MOVABLE);
	fill(test, zone, 2, 1, GFP_HIGHUSER_MOVABLE);
	id = rmqueue(zone, 0, ISLE_UNMOVABLE);
	/* 4 and 5 are one block of order 10; both change. */
	KUNIT_EXPECT_EQ(test, 4 * PAGEBLOCK, id);
	KUNIT_EXPECT_EQ(test, ISLE_MOVABLE, type_of(zone, 3));
	KUNIT_EXPECT_EQ(test, ISLE_UNMOVABLE, type_of(zone, 4));
	KUNIT_EXPECT_EQ(test, ISLE_UNMOVABLE, type_of(zone, 5));
	KUNIT_EXPECT_EQ(test, 1, zone->events.fallback);
	KUNIT_EXPECT_EQ(test, 0, zone->events.steal);
	give(zone, id, 0);
	EXPECT_ALLOCATED(test, zone->isle, 2);
}

static void a_pageblock_half_free_is_claimed(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "11");
	u32 id;

	fill(test, zone, 0, PAGEBLOCK / 2, GFP_HIGHUSER_MOVABLE);
	fill(test, zone, 1, PAGEBLOCK, GFP_HIGHUSER_MOVABLE);
	id = rmqueue(zone, 0, ISLE_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK / 2, id);
	KUNIT_EXPECT_EQ(test, ISLE_UNMOVABLE, type_of(zone, 0));
	KUNIT_EXPECT_EQ(test, 1, zone->events.fallback);
	give(zone, id, 0);
	EXPECT_ALLOCATED(test, zone->isle, PAGEBLOCK * 3 / 2);
}

static void a_pageblock_less_than_half_free_is_stolen_from(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "11");
	u32 id;

	fill(test, zone, 0, PAGEBLOCK / 2 + 1, GFP_HIGHUSER_MOVABLE);
	fill(test, zone, 1, PAGEBLOCK, GFP_HIGHUSER_MOVABLE);
	id = rmqueue(zone, 0, ISLE_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK / 2 + 1, id);
	KUNIT_EXPECT_EQ(test, ISLE_MOVABLE, type_of(zone, 0));
	KUNIT_EXPECT_EQ(test, 0, zone->events.fallback);
	KUNIT_EXPECT_EQ(test, 1, zone->events.steal);
	give(zone, id, 0);
	EXPECT_ALLOCATED(test, zone->isle, PAGEBLOCK * 3 / 2 + 1);
}

/* What can't be moved in a movable pageblock was a fallback of one's like. */
static void frames_of_ones_like_count_as_free(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "11");

	fill(test, zone, 0, PAGEBLOCK - 4, GFP_KERNEL);
	fill(test, zone, 1, PAGEBLOCK, GFP_HIGHUSER_MOVABLE);
	rmqueue(zone, 0, ISLE_RECLAIMABLE);
	KUNIT_EXPECT_EQ(test, ISLE_RECLAIMABLE, type_of(zone, 0));
	KUNIT_EXPECT_EQ(test, 1, zone->events.fallback);
}

static void movable_frames_are_alike_for_movable_requests(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "00");

	fill(test, zone, 0, PAGEBLOCK - 32, GFP_HIGHUSER_MOVABLE);
	fill(test, zone, 1, PAGEBLOCK, GFP_KERNEL);
	rmqueue(zone, 4, ISLE_MOVABLE);
	KUNIT_EXPECT_EQ(test, ISLE_MOVABLE, type_of(zone, 0));
	KUNIT_EXPECT_EQ(test, 1, zone->events.fallback);
}

static void unmovable_frames_are_alike_in_movable_blocks_only(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "22");

	fill(test, zone, 0, PAGEBLOCK - 4, GFP_KERNEL);
	fill(test, zone, 1, PAGEBLOCK, GFP_KERNEL);
	rmqueue(zone, 0, ISLE_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, ISLE_RECLAIMABLE, type_of(zone, 0));
	KUNIT_EXPECT_EQ(test, 0, zone->events.fallback);
	KUNIT_EXPECT_EQ(test, 1, zone->events.steal);
}

/* The largest free block here is of order 3, then of order 4. */
static void movable_requests_claim_no_small_blocks(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "00");

	fill(test, zone, 0, PAGEBLOCK - 8, GFP_HIGHUSER_MOVABLE);
	fill(test, zone, 1, PAGEBLOCK, GFP_KERNEL);
	rmqueue(zone, 0, ISLE_MOVABLE);
	KUNIT_EXPECT_EQ(test, ISLE_UNMOVABLE, type_of(zone, 0));
	KUNIT_EXPECT_EQ(test, 0, zone->events.fallback);
	KUNIT_EXPECT_EQ(test, 1, zone->events.steal);

	zone = zone_of(test, "00");
	fill(test, zone, 0, PAGEBLOCK - 16, GFP_HIGHUSER_MOVABLE);
	fill(test, zone, 1, PAGEBLOCK, GFP_KERNEL);
	rmqueue(zone, 0, ISLE_MOVABLE);
	KUNIT_EXPECT_EQ(test, ISLE_MOVABLE, type_of(zone, 0));
	KUNIT_EXPECT_EQ(test, 1, zone->events.fallback);
}

/* Stealing, unlike claiming, begins with the smallest block. */
static void the_smallest_block_that_will_do_is_stolen(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "11");
	u32 id;

	fill(test, zone, 0, PAGEBLOCK - 8, GFP_HIGHUSER_MOVABLE);
	fill(test, zone, 1, PAGEBLOCK - 2, GFP_HIGHUSER_MOVABLE);
	KUNIT_EXPECT_EQ(test, 1, fixture_nr_blocks(zone, 1, ISLE_MOVABLE));
	KUNIT_EXPECT_EQ(test, 1, fixture_nr_blocks(zone, 3, ISLE_MOVABLE));
	id = rmqueue(zone, 0, ISLE_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, 2 * PAGEBLOCK - 2, id);
	id = rmqueue(zone, 2, ISLE_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK - 8, id);
	KUNIT_EXPECT_EQ(test, 2, zone->events.steal);
}

static void a_pageblock_in_two_zones_is_not_claimed(struct kunit *test)
{
	struct isle_extent extent = { .base_pfn = 0x1000, .nr = 0x400 };
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = FIXTURE_NO_RESERVE,
		.dma32_end_pfn = 0x1101,
	};
	struct isle *isle = fixture_create(test, &config);
	struct isle_zone *dma32 = isle->zones[0], *normal = isle->zones[1];

	KUNIT_EXPECT_EQ(test, 0, rmqueue(dma32, 0, ISLE_UNMOVABLE) / PAGEBLOCK);
	KUNIT_EXPECT_EQ(test, ISLE_MOVABLE, type_of(dma32, 0));
	KUNIT_EXPECT_EQ(test, 1, dma32->events.steal);
	KUNIT_EXPECT_EQ(test, 1, rmqueue(normal, 0, ISLE_UNMOVABLE) /
				 PAGEBLOCK);
	KUNIT_EXPECT_EQ(test, ISLE_UNMOVABLE, type_of(normal, 1));
	isle_reserve_highatomic(dma32, 0);
	KUNIT_EXPECT_EQ(test, ISLE_MOVABLE, type_of(dma32, 0));
}

static void without_fragmentation_only_whole_pageblocks_are_claimed(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "111");
	u32 id;

	fill(test, zone, 0, 1, GFP_HIGHUSER_MOVABLE);
	fill(test, zone, 1, 1, GFP_HIGHUSER_MOVABLE);
	id = rmqueue_flags(zone, 9, ISLE_UNMOVABLE, ISLE_ALLOC_NOFRAGMENT);
	KUNIT_EXPECT_EQ(test, 2 * PAGEBLOCK, id);
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			rmqueue_flags(zone, 0, ISLE_UNMOVABLE,
				      ISLE_ALLOC_NOFRAGMENT));
	KUNIT_EXPECT_EQ(test, ISLE_MOVABLE, type_of(zone, 1));
	KUNIT_EXPECT_NE(test, ISLE_NO_FRAME, rmqueue(zone, 0, ISLE_UNMOVABLE));
}

static void claiming_part_of_a_pageblock_boosts_the_watermarks(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "111111");
	unsigned long high;
	unsigned int i;

	isle_zones_set_watermarks(zone->isle, 2048);
	high = zone->watermark[ISLE_WMARK_HIGH];
	for (i = 0; i < 6; i++)
		fill(test, zone, i, 1, GFP_HIGHUSER_MOVABLE);
	rmqueue(zone, 8, ISLE_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->watermark_boost);
	rmqueue(zone, 8, ISLE_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, 2 * PAGEBLOCK, zone->watermark_boost);
	for (i = 0; i < 4; i++)
		rmqueue(zone, 8, ISLE_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, 6, zone->events.fallback);
	KUNIT_EXPECT_EQ(test, high * 3 / 2, zone->watermark_boost);
}

static void claiming_whole_pageblocks_boosts_nothing(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "111111");

	rmqueue(zone, 0, ISLE_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, 1, zone->events.fallback);
	KUNIT_EXPECT_EQ(test, 0, zone->watermark_boost);
}

static void small_zones_are_not_boosted(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "111");
	unsigned int i;

	for (i = 0; i < 3; i++)
		fill(test, zone, i, 1, GFP_HIGHUSER_MOVABLE);
	rmqueue(zone, 0, ISLE_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, 1, zone->events.fallback);
	KUNIT_EXPECT_EQ(test, 0, zone->watermark_boost);
}

static void cma_is_lent_to_those_who_may_borrow(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "40");
	u32 id;

	fill(test, zone, 1, PAGEBLOCK, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME, rmqueue(zone, 0, ISLE_MOVABLE));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME, rmqueue(zone, 0, ISLE_UNMOVABLE));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			rmqueue(zone, 0, ISLE_RECLAIMABLE));
	id = rmqueue_flags(zone, 0, ISLE_MOVABLE, ISLE_ALLOC_CMA);
	KUNIT_EXPECT_EQ(test, 0, id / PAGEBLOCK);
	KUNIT_EXPECT_EQ(test, ISLE_CMA, type_of(zone, 0));
	KUNIT_EXPECT_EQ(test, PAGEBLOCK - 1, zone->nr_free_cma);
	give(zone, id, 0);
	EXPECT_ALLOCATED(test, zone->isle, PAGEBLOCK);
}

static void cma_is_used_first_while_it_is_most_of_what_is_free(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "1144");
	unsigned int i;
	u32 id;

	/* Half of it is not more than half. */
	id = rmqueue_flags(zone, 0, ISLE_MOVABLE, ISLE_ALLOC_CMA);
	KUNIT_EXPECT_LT(test, id, 2 * PAGEBLOCK);
	for (i = 0; i < 2; i++) {
		id = rmqueue_flags(zone, 0, ISLE_MOVABLE, ISLE_ALLOC_CMA);
		KUNIT_EXPECT_EQ(test, i, id < 2 * PAGEBLOCK);
	}
}

static void cma_comes_before_claiming(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "004");
	u32 id = rmqueue_flags(zone, 0, ISLE_MOVABLE, ISLE_ALLOC_CMA);

	KUNIT_EXPECT_EQ(test, 2, id / PAGEBLOCK);
	KUNIT_EXPECT_EQ(test, 0, zone->events.fallback);
}

static void many_blocks_are_taken_in_falling_order(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "11");
	unsigned long flags;
	unsigned int i, n;
	u32 ids[40];

	fill(test, zone, 0, 4, GFP_HIGHUSER_MOVABLE);
	raw_spin_lock_irqsave(&zone->lock, flags);
	n = isle_rmqueue_bulk(zone, 0, ISLE_MOVABLE, 0, 40, 4, ids);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	/* from blocks of 4, 8, 16, and then of 32 */
	KUNIT_EXPECT_EQ(test, 40, n);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, 7 - i, ids[i]);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, 15 - i, ids[4 + i]);
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, 31 - i, ids[12 + i]);
	for (i = 0; i < 12; i++)
		KUNIT_EXPECT_EQ(test, 43 - i, ids[28 + i]);
	for (i = 0; i < 40; i++)
		give(zone, ids[i], 0);
	EXPECT_ALLOCATED(test, zone->isle, 4);
}

static void a_zone_that_runs_out_gives_what_it_has(struct kunit *test)
{
	struct isle_zone *zone = zone_of(test, "1100");
	unsigned long flags;
	unsigned int nr;
	u32 ids[3];

	fill(test, zone, 0, PAGEBLOCK - 1, GFP_HIGHUSER_MOVABLE);
	fill(test, zone, 1, PAGEBLOCK, GFP_HIGHUSER_MOVABLE);
	fill(test, zone, 2, PAGEBLOCK, GFP_KERNEL);
	fill(test, zone, 3, PAGEBLOCK - 1, GFP_KERNEL);
	raw_spin_lock_irqsave(&zone->lock, flags);
	nr = isle_rmqueue_bulk(zone, 0, ISLE_MOVABLE, 0, 3, 3, ids);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	KUNIT_EXPECT_EQ(test, 2, nr);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK - 1, ids[0]);
	KUNIT_EXPECT_EQ(test, 4 * PAGEBLOCK - 1, ids[1]);
}

static void types_are_called_what_the_kernel_calls_them(struct kunit *test)
{
	static const char * const names[] = {
		"Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA",
		"Isolate",
	};
	unsigned int mt;

	for (mt = 0; mt < ISLE_MIGRATE_TYPES; mt++)
		KUNIT_EXPECT_STREQ(test, names[mt], isle_migratetype_name(mt));
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(types_fall_back_in_the_kernels_order,
			 fallback_gen_params),
	KUNIT_CASE(nothing_falls_back_to_highatomic_or_isolate),
	KUNIT_CASE(the_largest_block_is_claimed),
	KUNIT_CASE(a_pageblock_half_free_is_claimed),
	KUNIT_CASE(a_pageblock_less_than_half_free_is_stolen_from),
	KUNIT_CASE(frames_of_ones_like_count_as_free),
	KUNIT_CASE(movable_frames_are_alike_for_movable_requests),
	KUNIT_CASE(unmovable_frames_are_alike_in_movable_blocks_only),
	KUNIT_CASE(movable_requests_claim_no_small_blocks),
	KUNIT_CASE(the_smallest_block_that_will_do_is_stolen),
	KUNIT_CASE(a_pageblock_in_two_zones_is_not_claimed),
	KUNIT_CASE(without_fragmentation_only_whole_pageblocks_are_claimed),
	KUNIT_CASE(claiming_part_of_a_pageblock_boosts_the_watermarks),
	KUNIT_CASE(claiming_whole_pageblocks_boosts_nothing),
	KUNIT_CASE(small_zones_are_not_boosted),
	KUNIT_CASE(cma_is_lent_to_those_who_may_borrow),
	KUNIT_CASE(cma_is_used_first_while_it_is_most_of_what_is_free),
	KUNIT_CASE(cma_comes_before_claiming),
	KUNIT_CASE(many_blocks_are_taken_in_falling_order),
	KUNIT_CASE(a_zone_that_runs_out_gives_what_it_has),
	KUNIT_CASE(types_are_called_what_the_kernel_calls_them),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_migrate",
	.test_cases = cases,
};

kunit_test_suite(suite);
