// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/pcp.c: a CPU's part of a zone, and how its lists share it. */

#include "invariants.h"
#include "page_alloc/drain.h"
#include "pcp_fixture.h"

static void use(struct isle *isle, unsigned int order)
{
	isle_free_frames(isle, take(isle, GFP_KERNEL, order), order);
}

/* Allocate all there is in blocks of each order, and free it. */
static void use_all_orders(struct isle *isle, u32 *ids, unsigned int nr)
{
	unsigned int order, i, n;

	for (order = 0; order <= ISLE_TOP_ORDER; order++) {
		for (n = 0; n < nr; n++) {
			ids[n] = take(isle, GFP_NOWAIT | __GFP_NOWARN, order);
			if (ids[n] == ISLE_NO_FRAME)
				break;
		}
		for (i = 0; i < n; i++)
			isle_free_frames(isle, ids[i], order);
	}
}

static void expect_an_eighth(struct kunit *test, u32 frames)
{
	struct isle *isle = fixture_normal(test, frames);
	struct isle_zone *zone = isle->zones[0];
	unsigned long part = 0;
	unsigned int order;
	u32 *ids;
	int cpu;

	ids = kunit_kcalloc(test, frames, sizeof(*ids), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ids);
	for_each_possible_cpu(cpu)
		part += per_cpu_ptr(zone->pcp, cpu)->part;
	KUNIT_EXPECT_LE(test, part, frames / 8);
	for (order = 0; order <= ISLE_TOP_ORDER; order++)
		KUNIT_EXPECT_LE(test, (unsigned long)
				fixture_pcp(zone, order, 0)->max << order,
				part);
	use_all_orders(isle, ids, frames);
	/* What is claimed stays in the part: the invariants say so. */
	EXPECT_ALLOCATED(test, isle, 0);
}

static void lists_of_either_size_hold_an_eighth_at_most(struct kunit *test)
{
	expect_an_eighth(test, 1);
	expect_an_eighth(test, 100);
	expect_an_eighth(test, ISLE_TOP_FRAMES);
	expect_an_eighth(test, FIXTURE_MB(64));
	expect_an_eighth(test, FIXTURE_MB(64) + 77);
	expect_an_eighth(test, FIXTURE_MB(128));
}

static void lists_take_from_the_one_that_claims_most(struct kunit *test)
{
	struct isle *isle = roomy(test);
	struct isle_zone *zone = isle->zones[0];
	struct isle_pcp *pcp = raw_cpu_ptr(zone->pcp);
	struct isle_pcp_list *small = fixture_pcp(zone, 0, ISLE_UNMOVABLE);
	struct isle_pcp_list *large = fixture_pcp(zone, 8, ISLE_UNMOVABLE);
	u32 *ids = take_many(test, isle, 8, 16);
	unsigned int i, high;

	isle_drain_all(isle);
	KUNIT_EXPECT_EQ(test, 0, pcp->claimed[ISLE_PCP_SMALL]);
	/* As if that much had been used, and only some of it now. */
	small->high = pcp->part * 3 / 4;
	pcp->claimed[ISLE_PCP_SMALL] = small->high;
	high = small->high;
	for (i = 0; i < 16; i++)
		isle_free_frames(isle, ids[i], 8);
	KUNIT_EXPECT_LT(test, small->high, high);
	KUNIT_EXPECT_GE(test, large->count, large->max / 2);
	KUNIT_EXPECT_LE(test, pcp->claimed[ISLE_PCP_SMALL], pcp->part);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void lists_take_first_from_one_that_nobody_uses(struct kunit *test)
{
	struct isle *isle = roomy(test);
	struct isle_zone *zone = isle->zones[0];
	struct isle_pcp *pcp = raw_cpu_ptr(zone->pcp);
	struct isle_pcp_list *used = fixture_pcp(zone, 0, ISLE_UNMOVABLE);
	struct isle_pcp_list *unused = fixture_pcp(zone, 1, ISLE_UNMOVABLE);
	u32 first = take(isle, GFP_KERNEL, 8), second;
	unsigned int used_high, unused_high;

	second = take(isle, GFP_KERNEL, 8);
	isle_drain_all(isle);
	/* As if all of the part had been used, most of it by @used. */
	used_high = pcp->part * 3 / 4;
	unused_high = pcp->part / 8;
	used->high = used_high;
	unused->high = unused_high;
	pcp->claimed[ISLE_PCP_SMALL] = used_high + unused_high * 2;
	use(isle, 0);
	isle_free_frames(isle, first, 8);
	use(isle, 0);
	isle_free_frames(isle, second, 8);
	KUNIT_EXPECT_LT(test, unused->high, unused_high);
	KUNIT_EXPECT_EQ(test, used->high, used_high);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void fill_list(struct kunit *test, struct isle *isle, unsigned int order,
		      unsigned int frames)
{
	unsigned int i, nr = frames >> order;
	u32 *ids;

	ids = take_many(test, isle, order, nr);
	for (i = 0; i < nr; i++)
		isle_free_frames(isle, ids[i], order);
}

/*
 * Lists of orders 0 and 1 have all of the part, and blocks of order 8 want room.
 * Return: frames that the list of order 0 gave; at most @limit at once.
 */
static unsigned int want_room(struct kunit *test, bool used, unsigned int limit)
{
	struct isle *isle = roomy(test);
	struct isle_pcp *pcp = raw_cpu_ptr(isle->zones[0]->pcp);
	struct isle_pcp_list *list = fixture_pcp(isle->zones[0], 0,
						 ISLE_UNMOVABLE);
	u32 *ids = take_many(test, isle, 8, 16);
	unsigned int i, count, given = 0;

	fill_list(test, isle, 1, pcp->part * 3 / 8);
	fill_list(test, isle, 0, pcp->part / 2);
	for (i = 0; i < 16; i++) {
		if (used) {
			use(isle, 0);
			use(isle, 1);
		}
		count = list->count;
		isle_free_frames(isle, ids[i], 8);
		given += count - list->count;
		KUNIT_EXPECT_LE(test, count - list->count, limit);
	}
	EXPECT_ALLOCATED(test, isle, 0);
	return given;
}

static void a_list_gives_up_a_batch_at_once(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, want_room(test, true, ISLE_PCP_BATCH_MAX), 0);
}

static void a_list_that_nobody_uses_gives_up_more(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, want_room(test, false, ISLE_PCP_BATCH_FRAMES),
			8 * ISLE_PCP_BATCH_MAX);
}

/* Lists of small blocks have all of their part; the first of order 9 is as ever. */
static void small_blocks_leave_huge_ones_their_part(struct kunit *test)
{
	struct isle *isle = roomy(test);
	struct isle_zone *zone = isle->zones[0];
	struct isle_pcp *pcp = raw_cpu_ptr(zone->pcp);
	struct isle_pcp_list *huge = fixture_pcp(zone, 9, ISLE_UNMOVABLE);
	struct isle_pcp_list *small = fixture_pcp(zone, 0, ISLE_UNMOVABLE);
	u32 *ids = take_many(test, isle, 9, huge->max);
	unsigned int i, count, spills;

	isle_drain_all(isle);
	fill_list(test, isle, 0, pcp->part);
	count = small->count;
	spills = zone->events.spill;
	KUNIT_EXPECT_GT(test, pcp->claimed[ISLE_PCP_SMALL], pcp->part * 7 / 8);
	for (i = 0; i < huge->max; i++)
		isle_free_frames(isle, ids[i], 9);
	KUNIT_EXPECT_EQ(test, huge->max, huge->count);
	KUNIT_EXPECT_EQ(test, count, small->count);
	KUNIT_EXPECT_EQ(test, spills, zone->events.spill);
	KUNIT_EXPECT_EQ(test, 0, zone->events.locked_free);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void order_9_has_lists_only_where_there_is_room(struct kunit *test)
{
	struct isle *small = fixture_normal(test, FIXTURE_MB(8));
	struct isle *large = roomy(test);

	KUNIT_EXPECT_EQ(test, 0,
			fixture_pcp(small->zones[0], 9, ISLE_MOVABLE)->max);
	KUNIT_EXPECT_GT(test,
			fixture_pcp(large->zones[0], 9, ISLE_MOVABLE)->max, 0);
	isle_free_frames(small, take(small, GFP_KERNEL, 9), 9);
	KUNIT_EXPECT_EQ(test, 1, small->zones[0]->events.locked_free);
	isle_free_frames(large, take(large, GFP_KERNEL, 9), 9);
	KUNIT_EXPECT_EQ(test, 0, large->zones[0]->events.locked_free);
}

/* When lists of huge blocks may have no room, there is none to be made. */
static void no_room_for_a_huge_block_costs_small_ones_nothing(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16) *
					   num_possible_cpus());
	struct isle_pcp_list *huge = fixture_pcp(isle->zones[0], 9,
						 ISLE_UNMOVABLE);
	struct isle_pcp_list *list = fixture_pcp(isle->zones[0], 0,
						 ISLE_UNMOVABLE);
	unsigned int i, count, high;

	KUNIT_ASSERT_EQ(test, 1, huge->max);
	for (i = 0; i < 2 * num_possible_cpus(); i++)
		take(isle, GFP_KERNEL, ISLE_TOP_ORDER);
	isle_free_frames(isle, take(isle, GFP_KERNEL, 0), 0);
	count = list->count;
	high = list->high;
	KUNIT_ASSERT_GT(test, count, 0);
	isle_free_frames(isle, take(isle, GFP_KERNEL, 9), 9);
	KUNIT_EXPECT_EQ(test, 0, huge->high);
	KUNIT_EXPECT_EQ(test, count, list->count);
	KUNIT_EXPECT_EQ(test, high, list->high);
}

static void a_list_as_long_as_can_be_spills_a_batch(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(64) *
					   num_possible_cpus());
	struct isle_zone *zone = isle->zones[0];
	struct isle_pcp_list *list = fixture_pcp(zone, 0, ISLE_UNMOVABLE);
	const unsigned int nr = 3000;
	u32 *ids = take_many(test, isle, 0, nr);
	unsigned int i;

	KUNIT_ASSERT_LT(test, list->max, nr);
	for (i = 0; i < nr; i++)
		isle_free_frames(isle, ids[i], 0);
	KUNIT_EXPECT_EQ(test, list->max, list->high);
	KUNIT_EXPECT_GT(test, list->count, list->max / 2);
	KUNIT_EXPECT_EQ(test, 0, zone->events.locked_free);
	EXPECT_ALLOCATED(test, isle, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(lists_of_either_size_hold_an_eighth_at_most),
	KUNIT_CASE(lists_take_from_the_one_that_claims_most),
	KUNIT_CASE(lists_take_first_from_one_that_nobody_uses),
	KUNIT_CASE(a_list_gives_up_a_batch_at_once),
	KUNIT_CASE(a_list_that_nobody_uses_gives_up_more),
	KUNIT_CASE(small_blocks_leave_huge_ones_their_part),
	KUNIT_CASE(order_9_has_lists_only_where_there_is_room),
	KUNIT_CASE(no_room_for_a_huge_block_costs_small_ones_nothing),
	KUNIT_CASE(a_list_as_long_as_can_be_spills_a_batch),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_pcp_part",
	.test_cases = cases,
};

kunit_test_suite(suite);
