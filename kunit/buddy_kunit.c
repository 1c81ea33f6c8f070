// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/buddy.c. */

#include "instance_fixture.h"
#include "invariants.h"
#include "page_alloc/buddy.h"
#include "page_alloc/migrate.h"

#define TOP	ISLE_TOP_ORDER
#define MOV	ISLE_MOVABLE

/* Calls of the buddy system want the zone's lock. */
static u32 take(struct isle_zone *zone, unsigned int order)
{
	unsigned long flags;
	u32 id;

	raw_spin_lock_irqsave(&zone->lock, flags);
	id = isle_buddy_take(zone, order, MOV);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	return id;
}

static u32 take_block(struct isle_zone *zone, u32 id, unsigned int order)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	id = isle_buddy_take_block(zone, id, order);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	return id;
}

static unsigned int take_run(struct isle_zone *zone, unsigned int order,
			     unsigned int nr, u32 *ids)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	nr = isle_buddy_take_run(zone, order, MOV, nr, ids);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	return nr;
}

static void give(struct isle_zone *zone, u32 id, unsigned int order)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	isle_buddy_free(zone, id, order);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
}

static void give_run(struct isle_zone *zone, u32 start, u32 nr)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	isle_buddy_free_run(zone, start, nr, 0);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
}

static void set_type(struct isle_zone *zone, u32 id, enum isle_migratetype mt)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	isle_set_pageblock_type(zone, id, mt);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
}

/* How many blocks are free of each order, as bits. */
static void expect_orders(struct kunit *test, struct isle_zone *zone,
			  enum isle_migratetype mt, u32 orders)
{
	unsigned int order;

	KUNIT_EXPECT_EQ(test, orders, zone->nonempty[mt]);
	for (order = 0; order <= TOP; order++)
		KUNIT_EXPECT_EQ(test, !!(orders & BIT(order)),
				fixture_nr_blocks(zone, order, mt));
}

static void a_large_block_is_cut_in_halves(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];

	KUNIT_EXPECT_EQ(test, 0, take(zone, 0));
	expect_orders(test, zone, MOV, BIT(TOP) - 1);
	KUNIT_EXPECT_EQ(test, ISLE_TOP_FRAMES - 1, zone->nr_free);
	KUNIT_EXPECT_EQ(test, ISLE_FRAME_PCP, isle->frames[0].state);
	KUNIT_EXPECT_EQ(test, 0, isle->frames[0].order);
	give(zone, 0, 0);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void the_smallest_block_that_will_do_is_taken(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];

	take(zone, 0);
	KUNIT_EXPECT_EQ(test, 1, take(zone, 0));
	KUNIT_EXPECT_EQ(test, 4, take(zone, 2));
	KUNIT_EXPECT_EQ(test, 2, take(zone, 1));
	KUNIT_EXPECT_EQ(test, 8, take(zone, 1));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME, take(zone, TOP));
	KUNIT_EXPECT_EQ(test, 512, take(zone, 9));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME, take(zone, 9));
}

static void free_buddies_become_one_block_again(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];
	u32 id;

	for (id = 0; id < ISLE_TOP_FRAMES; id++)
		KUNIT_EXPECT_EQ(test, id, take(zone, 0));
	expect_orders(test, zone, MOV, 0);
	KUNIT_EXPECT_EQ(test, 0, zone->nr_free);
	/* 7 is prime to 1024: all frames, in no order of theirs. */
	for (id = 0; id < ISLE_TOP_FRAMES; id++) {
		give(zone, id * 7 % ISLE_TOP_FRAMES, 0);
		KUNIT_EXPECT_EQ(test, id + 1, zone->nr_free);
	}
	expect_orders(test, zone, MOV, BIT(TOP));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_block_in_use_keeps_its_neighbours_apart(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];
	unsigned int i;

	for (i = 0; i < 4; i++)
		take(zone, 0);
	give(zone, 1, 0);
	give(zone, 2, 0);
	KUNIT_EXPECT_EQ(test, 2, fixture_nr_blocks(zone, 0, MOV));
	give(zone, 3, 0);
	KUNIT_EXPECT_EQ(test, 1, fixture_nr_blocks(zone, 0, MOV));
	KUNIT_EXPECT_EQ(test, 1, fixture_nr_blocks(zone, 1, MOV));
	give(zone, 0, 0);
	expect_orders(test, zone, MOV, BIT(TOP));
}

static void a_frame_becomes_a_tail_when_its_block_grows(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];

	take(zone, 0);
	take(zone, 0);
	give(zone, 0, 0);
	KUNIT_EXPECT_EQ(test, ISLE_FRAME_FREE, isle->frames[0].state);
	give(zone, 1, 0);
	KUNIT_EXPECT_EQ(test, ISLE_FRAME_TAIL, isle->frames[1].state);
	KUNIT_EXPECT_EQ(test, ISLE_FRAME_TAIL, isle->frames[2].state);
	KUNIT_EXPECT_EQ(test, TOP, isle->frames[0].order);
}

static void blocks_of_the_top_order_do_not_merge(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, 2 * ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];
	u32 a = take(zone, TOP), b = take(zone, TOP);

	give(zone, a, TOP);
	give(zone, b, TOP);
	KUNIT_EXPECT_EQ(test, 2, fixture_nr_blocks(zone, TOP, MOV));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void blocks_do_not_merge_across_a_zones_end(struct kunit *test)
{
	struct isle_extent extent = { .base_pfn = 0x1000, .nr = 0x400 };
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.dma32_end_pfn = 0x1200,
	};
	struct isle *isle = fixture_create(test, &config);
	u32 a = take(isle->zones[0], 9), b = take(isle->zones[1], 9);

	KUNIT_EXPECT_EQ(test, 0, a);
	KUNIT_EXPECT_EQ(test, 512, b);
	give(isle->zones[0], a, 9);
	give(isle->zones[1], b, 9);
	expect_orders(test, isle->zones[0], MOV, BIT(9));
	expect_orders(test, isle->zones[1], MOV, BIT(9));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void blocks_do_not_merge_with_a_hole(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES - 1);
	struct isle_zone *zone = isle->zones[0];
	u32 id = take_block(zone, 1022, 0);

	KUNIT_EXPECT_EQ(test, 1022, id);
	give(zone, id, 0);
	expect_orders(test, zone, MOV, BIT(TOP) - 1);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_block_is_listed_by_its_pageblocks_type(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];
	u32 id = take(zone, 3);

	set_type(zone, id, ISLE_UNMOVABLE);
	give(zone, id, 3);
	/* and grew into the next pageblock, which it made of its type */
	expect_orders(test, zone, ISLE_UNMOVABLE, BIT(TOP));
	expect_orders(test, zone, MOV, 0);
	KUNIT_EXPECT_EQ(test, ISLE_UNMOVABLE, isle_pageblock_type(isle, 512));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void cma_and_isolated_pageblocks_do_not_merge_with_others(struct kunit *test)
{
	static const enum isle_migratetype types[] = {
		ISLE_HIGHATOMIC, ISLE_CMA, ISLE_ISOLATE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES);
		struct isle_zone *zone = isle->zones[0];
		u32 id = take(zone, 9);

		set_type(zone, id, types[i]);
		if (types[i] == ISLE_HIGHATOMIC)
			zone->nr_highatomic = ISLE_PAGEBLOCK_FRAMES;
		give(zone, id, 9);
		expect_orders(test, zone, MOV, BIT(9));
		expect_orders(test, zone, types[i], BIT(9));
		KUNIT_EXPECT_EQ(test, types[i] == ISLE_ISOLATE ? 512 : 1024,
				zone->nr_free);
		KUNIT_EXPECT_EQ(test, types[i] == ISLE_ISOLATE ? 512 : 0,
				zone->nr_isolated);
		KUNIT_EXPECT_EQ(test, types[i] == ISLE_CMA ? 512 : 0,
				zone->nr_free_cma);
		KUNIT_EXPECT_EQ(test, types[i] == ISLE_HIGHATOMIC ? 512 : 0,
				zone->nr_free_highatomic);
		EXPECT_ALLOCATED(test, isle, 0);
	}
}

static void a_block_whose_halves_differ_is_freed_as_two(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, 2 * ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];
	u32 a = take(zone, TOP), b = take(zone, TOP);

	set_type(zone, a + 512, ISLE_CMA);
	give(zone, a, TOP);
	expect_orders(test, zone, MOV, BIT(9));
	expect_orders(test, zone, ISLE_CMA, BIT(9));
	KUNIT_EXPECT_EQ(test, 512, zone->nr_free_cma);
	/* Types that may mix are made one. */
	set_type(zone, b, ISLE_RECLAIMABLE);
	give(zone, b, TOP);
	expect_orders(test, zone, ISLE_RECLAIMABLE, BIT(TOP));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_block_that_may_soon_merge_is_used_last(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];
	unsigned int i;

	for (i = 0; i < 16; i++)
		take(zone, 0);
	give(zone, 10, 0);
	give(zone, 2, 0);
	give(zone, 3, 0);
	/* If 1 comes back too, 0 and 2, 3 make a block of 4. */
	give(zone, 0, 0);
	KUNIT_EXPECT_EQ(test, 10, take(zone, 0));
	KUNIT_EXPECT_EQ(test, 0, take(zone, 0));
	give(zone, 10, 0);
	/* 4 has no such neighbour: it is hot, and used first. */
	give(zone, 4, 0);
	KUNIT_EXPECT_EQ(test, 4, take(zone, 0));
	KUNIT_EXPECT_EQ(test, 10, take(zone, 0));
}

static void a_run_is_cut_from_one_block(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];
	unsigned int i;
	u32 ids[5];

	KUNIT_EXPECT_EQ(test, 5, take_run(zone, 2, 5, ids));
	for (i = 0; i < 5; i++) {
		KUNIT_EXPECT_EQ(test, 16 - 4 * i, ids[i]);
		KUNIT_EXPECT_EQ(test, ISLE_FRAME_PCP,
				isle->frames[ids[i]].state);
		KUNIT_EXPECT_EQ(test, 2, isle->frames[ids[i]].order);
	}
	KUNIT_EXPECT_EQ(test, 1024 - 20, zone->nr_free);
	expect_orders(test, zone, MOV, BIT(TOP) - 1 - BIT(0) - BIT(1) -
		      BIT(4));
	for (i = 0; i < 5; i++)
		give(zone, ids[i], 2);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_run_is_no_longer_than_its_block(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];
	unsigned int i, n;
	u32 ids[8];

	take(zone, 2);	/* leaves a block of each order from 2 to 9 */
	n = take_run(zone, 1, 8, ids);
	KUNIT_EXPECT_EQ(test, 2, n);
	for (i = 0; i < n; i++)
		give(zone, ids[i], 1);
	give(zone, 0, 2);
	take(zone, TOP);
	KUNIT_EXPECT_EQ(test, 0, take_run(zone, 1, 8, ids));
	give(zone, 0, TOP);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_run_is_freed_as_the_fewest_blocks(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];
	u32 id;

	for (id = 0; id < ISLE_TOP_FRAMES; id++)
		take(zone, 0);
	give_run(zone, 3, 20);
	/* 3, 4 to 7, 8 to 15, 16 to 19 with 20, 21, and 22 */
	KUNIT_EXPECT_EQ(test, 20, zone->nr_free);
	KUNIT_EXPECT_EQ(test, 2, fixture_nr_blocks(zone, 0, MOV));
	KUNIT_EXPECT_EQ(test, 1, fixture_nr_blocks(zone, 1, MOV));
	KUNIT_EXPECT_EQ(test, 2, fixture_nr_blocks(zone, 2, MOV));
	KUNIT_EXPECT_EQ(test, 1, fixture_nr_blocks(zone, 3, MOV));
	give_run(zone, 0, 3);
	give_run(zone, 23, 1001);
	expect_orders(test, zone, MOV, BIT(TOP));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_certain_block_can_be_taken(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];

	take(zone, 0);
	KUNIT_EXPECT_EQ(test, 256, take_block(zone, 256, 5));
	KUNIT_EXPECT_EQ(test, 5, isle->frames[256].order);
	KUNIT_EXPECT_EQ(test, 1024 - 1 - 32, zone->nr_free);
	give(zone, 256, 5);
	give(zone, 0, 0);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_free_block_can_be_split_and_moved(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, ISLE_TOP_FRAMES);
	struct isle_zone *zone = isle->zones[0];
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	isle_buddy_split(zone, 0);
	isle->pageblocks[1] = ISLE_CMA;
	isle_buddy_move(zone, 512, MOV, ISLE_CMA);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	KUNIT_EXPECT_EQ(test, 1024, zone->nr_free);
	expect_orders(test, zone, MOV, BIT(9));
	expect_orders(test, zone, ISLE_CMA, BIT(9));
	KUNIT_EXPECT_EQ(test, 512, zone->nr_free_cma);
	EXPECT_ALLOCATED(test, isle, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_large_block_is_cut_in_halves),
	KUNIT_CASE(the_smallest_block_that_will_do_is_taken),
	KUNIT_CASE(free_buddies_become_one_block_again),
	KUNIT_CASE(a_block_in_use_keeps_its_neighbours_apart),
	KUNIT_CASE(a_frame_becomes_a_tail_when_its_block_grows),
	KUNIT_CASE(blocks_of_the_top_order_do_not_merge),
	KUNIT_CASE(blocks_do_not_merge_across_a_zones_end),
	KUNIT_CASE(blocks_do_not_merge_with_a_hole),
	KUNIT_CASE(a_block_is_listed_by_its_pageblocks_type),
	KUNIT_CASE(cma_and_isolated_pageblocks_do_not_merge_with_others),
	KUNIT_CASE(a_block_whose_halves_differ_is_freed_as_two),
	KUNIT_CASE(a_block_that_may_soon_merge_is_used_last),
	KUNIT_CASE(a_run_is_cut_from_one_block),
	KUNIT_CASE(a_run_is_no_longer_than_its_block),
	KUNIT_CASE(a_run_is_freed_as_the_fewest_blocks),
	KUNIT_CASE(a_certain_block_can_be_taken),
	KUNIT_CASE(a_free_block_can_be_split_and_moved),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_buddy",
	.test_cases = cases,
};

kunit_test_suite(suite);
