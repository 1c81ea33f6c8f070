// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/pcp.c. */

#include "invariants.h"
#include "page_alloc/buddy.h"
#include "page_alloc/drain.h"
#include "page_alloc/gfp.h"
#include "page_alloc/migrate.h"
#include "page_alloc/zone.h"
#include "pcp_fixture.h"

enum { MANY = 384 };

static void a_list_is_filled_in_growing_batches(struct kunit *test)
{
	struct isle *isle = roomy(test);
	struct isle_zone *zone = isle->zones[0];
	struct isle_pcp_list *list = fixture_pcp(zone, 0, ISLE_UNMOVABLE);
	unsigned int batch = isle_pcp_batch_min(0), left = 0;
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		unsigned int refills = zone->events.refill;

		KUNIT_EXPECT_EQ(test, left, list->count);
		KUNIT_EXPECT_NE(test, ISLE_NO_FRAME, take(isle, GFP_KERNEL, 0));
		KUNIT_EXPECT_EQ(test, !left, zone->events.refill - refills);
		if (!left) {
			left = batch;
			batch = min_t(unsigned int, batch * 2,
				      ISLE_PCP_BATCH_MAX);
			KUNIT_EXPECT_EQ(test, batch, list->batch);
		}
		left--;
	}
	KUNIT_EXPECT_EQ(test, 0, zone->events.locked_alloc);
	EXPECT_ALLOCATED(test, isle, MANY);
}

static void frames_of_one_cache_line_stay_on_one_cpu(struct kunit *test)
{
	struct isle *isle = roomy(test);
	u32 id = take(isle, GFP_KERNEL, 0), i;

	for (i = 1; i < SMP_CACHE_BYTES / sizeof(struct isle_frame); i++)
		KUNIT_EXPECT_EQ(test, ISLE_FRAME_PCP,
				isle_frame(isle, id ^ i)->state);
	isle_free_frames(isle, id, 0);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void the_frame_freed_last_is_the_next_taken(struct kunit *test)
{
	struct isle *isle = roomy(test);
	u32 a = take(isle, GFP_KERNEL, 0), b = take(isle, GFP_KERNEL, 0);

	isle_free_frames(isle, a, 0);
	isle_free_frames(isle, b, 0);
	KUNIT_EXPECT_EQ(test, b, take(isle, GFP_KERNEL, 0));
	KUNIT_EXPECT_EQ(test, a, take(isle, GFP_KERNEL, 0));
	KUNIT_EXPECT_EQ(test, 0, isle->zones[0]->events.locked_free);
}

static void each_order_and_type_has_its_list(struct kunit *test)
{
	static const gfp_t gfps[ISLE_PCPTYPES] = {
		[ISLE_UNMOVABLE]   = GFP_KERNEL,
		[ISLE_MOVABLE]     = GFP_KERNEL | __GFP_MOVABLE,
		[ISLE_RECLAIMABLE] = GFP_KERNEL | __GFP_RECLAIMABLE,
	};
	struct isle *isle = roomy(test);
	unsigned int order, mt;

	for (order = 0; order <= ISLE_TOP_ORDER; order++) {
		for (mt = 0; mt < ISLE_PCPTYPES; mt++) {
			struct isle_pcp_list *list;
			u32 id = take(isle, gfps[mt], order);
			unsigned int count;

			list = fixture_pcp(isle->zones[0], order, mt);
			count = list->count;
			isle_free_frames(isle, id, order);
			KUNIT_EXPECT_EQ(test, count + 1, list->count);
		}
	}
	KUNIT_EXPECT_EQ(test, 0, isle->zones[0]->events.locked_alloc);
	KUNIT_EXPECT_EQ(test, 0, isle->zones[0]->events.locked_free);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void no_call_moves_more_than_a_batch(struct kunit *test)
{
	struct isle *isle = roomy(test);
	struct isle_zone *zone = isle->zones[0];
	struct isle_pcp_list *list = fixture_pcp(zone, 0, ISLE_UNMOVABLE);
	unsigned int i, nr = list->max * 2;
	unsigned long before;
	u32 *ids;

	ids = kunit_kcalloc(test, nr, sizeof(*ids), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ids);
	for (i = 0; i < nr; i++) {
		before = zone->nr_free;
		ids[i] = take(isle, GFP_ATOMIC, 0);
		KUNIT_ASSERT_LE(test, before - zone->nr_free,
				ISLE_PCP_BATCH_MAX);
	}
	for (i = 0; i < nr; i++) {
		before = zone->nr_free;
		isle_free_frames(isle, ids[(i * 7919UL) % nr], 0);
		KUNIT_ASSERT_LE(test, zone->nr_free - before,
				ISLE_PCP_BATCH_MAX);
	}
	EXPECT_ALLOCATED(test, isle, 0);
}

static unsigned int nr_runs(const u32 *ids, unsigned int nr)
{
	unsigned int i, runs = nr > 0;

	for (i = 1; i < nr; i++)
		runs += ids[i] != ids[i - 1] - 1;
	return runs;
}

static void a_zone_in_pieces_fills_a_list_with_few(struct kunit *test)
{
	struct isle *isle = roomy(test);
	struct isle_pcp_list *list = fixture_pcp(isle->zones[0], 0,
						 ISLE_UNMOVABLE);
	u32 *ids = take_many(test, isle, 0, 2048);
	unsigned int i, most = 0;

	for (i = 0; i < 2048; i++) {
		if (ids[i] % 2)
			isle_free_frames(isle, ids[i], 0);
	}
	isle_drain_all(isle);
	for (i = 0; i < 800; i++) {
		bool refill = !list->count;

		ids[i] = take(isle, GFP_ATOMIC, 0);
		/* Its id is in the array still, behind those that are left. */
		if (refill)
			most = max(most, nr_runs(list->ids, list->count + 1));
	}
	KUNIT_EXPECT_EQ(test, ISLE_PCP_BATCH_MAX, list->batch);
	KUNIT_EXPECT_EQ(test, ISLE_PCP_RUNS_MAX, most);
}

/* Free more than a list holds, all at once or one by one. */
static void overfill(struct kunit *test, struct isle *isle, bool bulk)
{
	struct isle_zone *zone = isle->zones[0];
	struct isle_pcp_list *list = fixture_pcp(zone, 0, ISLE_UNMOVABLE);
	unsigned int i, nr = list->max + 300;
	u32 *ids;

	ids = take_many(test, isle, 0, nr);
	isle_drain_all(isle);
	KUNIT_EXPECT_EQ(test, 0, list->high);
	if (bulk)
		isle_free_frames_bulk(isle, ids, nr);
	for (i = 0; !bulk && i < nr; i++)
		isle_free_frames(isle, ids[i], 0);
	KUNIT_EXPECT_GT(test, list->high, list->max / 2);
	KUNIT_EXPECT_GE(test, list->count, list->max / 2);
	KUNIT_EXPECT_GE(test, zone->events.spill, 2);
	KUNIT_EXPECT_EQ(test, 0, zone->events.locked_free);
	/* What was freed last is still there, in the order it was freed. */
	for (i = 1; i <= list->batch; i++)
		KUNIT_EXPECT_EQ(test, ids[nr - i], list->ids[list->count - i]);
	KUNIT_EXPECT_EQ(test, ISLE_FRAME_PCP, isle->frames[ids[nr - 1]].state);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_list_that_is_full_grows_and_then_spills(struct kunit *test)
{
	overfill(test, roomy(test), false);
}

static void so_does_one_that_is_filled_in_bulk(struct kunit *test)
{
	overfill(test, roomy(test), true);
}

/* Below the low mark blocks come one by one. */
static void a_zone_short_of_memory_lends_no_more(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(64));
	struct isle_zone *zone = isle->zones[0];
	struct isle_pcp_list *list = fixture_pcp(zone, 0, ISLE_UNMOVABLE);
	unsigned int i, refills;

	for (i = 0; i < 20; i++)
		take(isle, GFP_KERNEL, 0);
	isle_pcp_drain_local(zone);
	refills = zone->events.refill;
	zone->watermark[ISLE_WMARK_LOW] = zone->nr_free;
	list->batch = 8;
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_NE(test, ISLE_NO_FRAME, take(isle, GFP_ATOMIC, 0));
	KUNIT_EXPECT_EQ(test, refills, zone->events.refill);
	KUNIT_EXPECT_EQ(test, 8, zone->events.locked_alloc);
	KUNIT_EXPECT_EQ(test, isle_pcp_batch_min(0), list->batch);
	KUNIT_EXPECT_EQ(test, 0, list->count);
}

static void a_full_list_shrinks_when_memory_is_short(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(64));
	struct isle_zone *zone = isle->zones[0];
	struct isle_pcp_list *list = fixture_pcp(zone, 0, ISLE_UNMOVABLE);
	unsigned int i, count;
	u32 ids[MANY];

	for (i = 0; i < MANY; i++)
		ids[i] = take(isle, GFP_KERNEL, 0);
	for (i = 0; i < MANY / 2; i++)
		isle_free_frames(isle, ids[i], 0);
	zone->watermark[ISLE_WMARK_LOW] = zone->managed;
	count = list->count;
	KUNIT_ASSERT_GT(test, count, ISLE_PCP_BATCH_MAX);
	for (; i < MANY && list->count; i++) {
		isle_free_frames(isle, ids[i], 0);
		KUNIT_EXPECT_LE(test, list->count,
				max_t(unsigned int, count, list->high));
	}
	KUNIT_EXPECT_EQ(test, 0, list->count);
	KUNIT_EXPECT_LT(test, i, MANY);
	EXPECT_ALLOCATED(test, isle, MANY - i);
}

/* With a quarter of a zone free, a CPU's lists claim an 81st of their part. */
static void lists_hold_less_the_less_is_free(struct kunit *test)
{
	struct isle *isle = roomy(test);
	struct isle_zone *zone = isle->zones[0];
	struct isle_pcp *pcp = raw_cpu_ptr(zone->pcp);
	unsigned int i, nr = pcp->part;
	u32 *ids;

	ids = take_many(test, isle, 0, nr);
	isle_drain_all(isle);
	zone->watermark[ISLE_WMARK_LOW] = zone->nr_free - zone->managed / 4;
	for (i = 0; i < nr; i++) {
		isle_free_frames(isle, ids[i], 0);
		if (i == nr / 4)
			KUNIT_EXPECT_LE(test, pcp->claimed[ISLE_PCP_SMALL],
					pcp->part / 40);
	}
	KUNIT_EXPECT_LE(test, pcp->claimed[ISLE_PCP_SMALL], pcp->part / 4);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_batch_leaves_the_low_mark_alone(struct kunit *test)
{
	struct isle *isle = roomy(test);
	struct isle_zone *zone = isle->zones[0];
	struct isle_pcp_list *list = fixture_pcp(zone, 0, ISLE_UNMOVABLE);

	list->batch = 60;
	zone->watermark[ISLE_WMARK_LOW] = zone->nr_free - 30;
	take(isle, GFP_KERNEL, 0);
	KUNIT_EXPECT_GT(test, list->count, 0);
	KUNIT_EXPECT_GE(test, zone->nr_free, zone->watermark[ISLE_WMARK_LOW]);
}

static void a_batch_counts_on_no_frames_that_it_cannot_have(struct kunit *test)
{
	struct isle_extent extent = {
		.base_pfn = FIXTURE_4GB, .nr = FIXTURE_MB(64),
	};
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = FIXTURE_NO_RESERVE,
		.cma_percent = 50,
	};
	struct isle *isle = fixture_create(test, &config);
	struct isle_zone *zone = isle->zones[0];
	struct isle_pcp_list *list;

	zone->watermark[ISLE_WMARK_LOW] = FIXTURE_MB(32) - 30;
	list = fixture_pcp(zone, 0, ISLE_UNMOVABLE);
	list->batch = ISLE_PCP_BATCH_MAX;
	take(isle, GFP_KERNEL, 0);
	KUNIT_EXPECT_EQ(test, 29, list->count);
	list = fixture_pcp(zone, 0, ISLE_MOVABLE);
	list->batch = ISLE_PCP_BATCH_MAX;
	take(isle, GFP_KERNEL | __GFP_MOVABLE, 0);
	KUNIT_EXPECT_EQ(test, ISLE_PCP_BATCH_MAX - 1, list->count);
}

/* What an interrupt finds that came while the lists were in use. */
static void who_interrupts_a_user_of_the_lists_goes_to_the_zone(struct kunit *test)
{
	struct isle *isle = roomy(test);
	struct isle_zone *zone = isle->zones[0];
	struct isle_pcp_list *list = fixture_pcp(zone, 0, ISLE_UNMOVABLE);
	u32 a = take(isle, GFP_KERNEL, 0), b, ids[4];
	unsigned int i, count;

	for (i = 0; i < 8; i++)
		take(isle, GFP_KERNEL, 0);
	isle_free_frames(isle, a, 0);
	count = list->count;
	preempt_disable();
	this_cpu_ptr(zone->isle->cpu)->busy = true;
	b = take(isle, GFP_ATOMIC, 0);
	isle_free_frames(isle, b, 0);
	i = isle_alloc_frames_bulk(isle, GFP_ATOMIC, NUMA_NO_NODE, 4, ids);
	isle_free_frames_bulk(isle, ids, 4);
	isle_pcp_drain_local(zone);
	this_cpu_ptr(zone->isle->cpu)->busy = false;
	preempt_enable();
	KUNIT_EXPECT_NE(test, a, b);
	KUNIT_EXPECT_EQ(test, 4, i);
	KUNIT_EXPECT_EQ(test, 5, zone->events.locked_alloc);
	KUNIT_EXPECT_EQ(test, 5, zone->events.locked_free);
	KUNIT_EXPECT_EQ(test, count, list->count);
	KUNIT_EXPECT_EQ(test, a, take(isle, GFP_KERNEL, 0));
	EXPECT_ALLOCATED(test, isle, 9);
}

static void a_cma_frame_goes_to_the_movable_list(struct kunit *test)
{
	struct isle_extent extent = {
		.base_pfn = FIXTURE_4GB, .nr = FIXTURE_MB(64),
	};
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = FIXTURE_NO_RESERVE,
		.cma_percent = 100,
	};
	struct isle *isle = fixture_create(test, &config);
	struct isle_pcp_list *list = fixture_pcp(isle->zones[0], 0,
						 ISLE_MOVABLE);
	u32 id = take(isle, GFP_KERNEL | __GFP_MOVABLE, 0);
	u32 ids[2];

	KUNIT_ASSERT_NE(test, ISLE_NO_FRAME, id);
	isle_free_frames(isle, id, 0);
	KUNIT_EXPECT_EQ(test, isle_pcp_batch_min(0), list->count);
	isle_alloc_frames_bulk(isle, GFP_KERNEL | __GFP_MOVABLE, NUMA_NO_NODE,
			       2, ids);
	isle_free_frames_bulk(isle, ids, 2);
	KUNIT_EXPECT_GE(test, list->count, 2);
	KUNIT_EXPECT_EQ(test, 0, isle->zones[0]->events.locked_free);
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			take(isle, GFP_NOWAIT | __GFP_NOWARN, 0));
}

static void highatomic_and_isolated_frames_go_to_no_list(struct kunit *test)
{
	struct isle *isle = roomy(test);
	struct isle_zone *zone = isle->zones[0];
	u32 a[2], b;

	a[0] = take(isle, GFP_KERNEL, 0);
	a[1] = take(isle, GFP_KERNEL, 0);
	b = take(isle, GFP_KERNEL | __GFP_MOVABLE, 0);
	isle_reserve_highatomic(zone, a[0]);
	KUNIT_EXPECT_EQ(test, 0, isle_isolate_pageblock(isle, b));
	isle_free_frames(isle, b, 0);
	isle_free_frames(isle, a[0], 0);
	isle_free_frames_bulk(isle, a + 1, 1);
	KUNIT_EXPECT_EQ(test, 0, isle_pcp_pages(zone));
	KUNIT_EXPECT_EQ(test, 3, zone->events.locked_free);
	KUNIT_EXPECT_EQ(test, ISLE_PAGEBLOCK_FRAMES, zone->nr_free_highatomic);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_spill_merges_runs(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(64));
	struct isle_zone *zone = isle->zones[0];
	unsigned int i;
	u32 ids[MANY];

	for (i = 0; i < MANY; i++)
		ids[i] = take(isle, GFP_KERNEL, 0);
	/* Falling, rising, and neither. */
	for (i = 0; i < MANY / 3; i++)
		isle_free_frames(isle, ids[i], 0);
	for (i = MANY - 1; i >= MANY / 3 * 2; i--)
		isle_free_frames(isle, ids[i], 0);
	for (i = 0; i < MANY / 3; i++)
		isle_free_frames(isle, ids[MANY / 3 + i * 7 % (MANY / 3)], 0);
	isle_drain_all(isle);
	EXPECT_ALLOCATED(test, isle, 0);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(64) / ISLE_TOP_FRAMES,
			fixture_nr_blocks(zone, ISLE_TOP_ORDER, ISLE_MOVABLE) +
			fixture_nr_blocks(zone, ISLE_TOP_ORDER,
					  ISLE_UNMOVABLE));
}

static void a_spill_pays_off_the_boost(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(64));
	struct isle_zone *zone = isle->zones[0];
	u32 a = take(isle, GFP_KERNEL, 0), b = take(isle, GFP_KERNEL, 4);

	zone->watermark_boost = 20;
	isle_free_frames(isle, a, 0);
	KUNIT_EXPECT_EQ(test, 20, zone->watermark_boost);
	isle_pcp_drain_local(zone);
	KUNIT_EXPECT_LT(test, zone->watermark_boost, 20);
	isle_free_frames(isle, b, 4);
	isle_pcp_drain_local(zone);
	KUNIT_EXPECT_LE(test, zone->watermark_boost, 3);
	isle_free_frames(isle, take(isle, GFP_KERNEL, 4), 4);
	isle_pcp_drain_local(zone);
	KUNIT_EXPECT_EQ(test, 0, zone->watermark_boost);
}

static void blocks_are_counted_as_they_pass(struct kunit *test)
{
	struct isle *isle = roomy(test);
	unsigned long allocs, frees;
	unsigned int order, drained;
	u32 ids[40];

	for (order = 0; order <= ISLE_TOP_ORDER; order++)
		isle_free_frames(isle, take(isle, GFP_KERNEL, order), order);
	isle_alloc_frames_bulk(isle, GFP_KERNEL, NUMA_NO_NODE, 40, ids);
	isle_free_frames_bulk(isle, ids, 39);
	for (drained = 0; drained < 2; drained++) {
		isle_pcp_events(isle->zones[0], &allocs, &frees);
		KUNIT_EXPECT_EQ(test, 11 + 40, allocs);
		KUNIT_EXPECT_EQ(test, 11 + 39, frees);
		isle_drain_all(isle);
	}
}

static void take_gets_what_is_on_the_list_and_no_more(struct kunit *test)
{
	struct isle *isle = roomy(test);
	struct isle_zone *zone = isle->zones[0];
	u32 ids[4], got[4];
	unsigned int i;

	KUNIT_EXPECT_EQ(test, 0, isle_pcp_take(zone, 0, ISLE_MOVABLE, 4, got));
	for (i = 0; i < 3; i++)
		ids[i] = take(isle, GFP_KERNEL | __GFP_MOVABLE, 0);
	isle_pcp_drain_local(zone);
	for (i = 0; i < 3; i++)
		isle_free_frames(isle, ids[i], 0);
	KUNIT_EXPECT_EQ(test, 3, isle_pcp_take(zone, 0, ISLE_MOVABLE, 4, got));
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, ids[2 - i], got[i]);
	KUNIT_EXPECT_EQ(test, 0, isle_pcp_take(zone, 4, ISLE_MOVABLE, 4, got));
	isle_pcp_free_bulk(zone, ids, 3);
	EXPECT_ALLOCATED(test, isle, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_list_is_filled_in_growing_batches),
	KUNIT_CASE(frames_of_one_cache_line_stay_on_one_cpu),
	KUNIT_CASE(the_frame_freed_last_is_the_next_taken),
	KUNIT_CASE(each_order_and_type_has_its_list),
	KUNIT_CASE(lists_hold_less_the_less_is_free),
	KUNIT_CASE(no_call_moves_more_than_a_batch),
	KUNIT_CASE(a_zone_in_pieces_fills_a_list_with_few),
	KUNIT_CASE(a_list_that_is_full_grows_and_then_spills),
	KUNIT_CASE(so_does_one_that_is_filled_in_bulk),
	KUNIT_CASE(a_zone_short_of_memory_lends_no_more),
	KUNIT_CASE(a_full_list_shrinks_when_memory_is_short),
	KUNIT_CASE(a_batch_leaves_the_low_mark_alone),
	KUNIT_CASE(a_batch_counts_on_no_frames_that_it_cannot_have),
	KUNIT_CASE(who_interrupts_a_user_of_the_lists_goes_to_the_zone),
	KUNIT_CASE(a_cma_frame_goes_to_the_movable_list),
	KUNIT_CASE(highatomic_and_isolated_frames_go_to_no_list),
	KUNIT_CASE(a_spill_merges_runs),
	KUNIT_CASE(a_spill_pays_off_the_boost),
	KUNIT_CASE(blocks_are_counted_as_they_pass),
	KUNIT_CASE(take_gets_what_is_on_the_list_and_no_more),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_pcp",
	.test_cases = cases,
};

kunit_test_suite(suite);
