// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/free.c. */

#include "instance_fixture.h"
#include "invariants.h"
#include "klog.h"
#include "page_alloc/alloc.h"
#include "page_alloc/drain.h"
#include "page_alloc/early.h"

static u32 take(struct isle *isle, gfp_t gfp, unsigned int order)
{
	return isle_alloc_frames(isle, gfp, order, NUMA_NO_NODE);
}

static int refs(const struct isle *isle, u32 id)
{
	return atomic_read(&isle->frames[id].ref);
}

static void freeing_gives_the_whole_block_back(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	unsigned int order;
	u32 ids[ISLE_NR_ORDERS];

	for (order = 0; order <= ISLE_TOP_ORDER; order++)
		ids[order] = take(isle, GFP_KERNEL, order);
	EXPECT_ALLOCATED(test, isle, 2047);
	for (order = 0; order <= ISLE_TOP_ORDER; order++) {
		isle_free_frames(isle, ids[order], order);
		EXPECT_ALLOCATED(test, isle, 2047 - (2 << order) + 1);
	}
	KUNIT_EXPECT_EQ(test, isle_nr_managed(isle), isle_nr_free(isle));
	isle_drain_all(isle);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16), isle->zones[0]->nr_free);
	EXPECT_ALLOCATED(test, isle, 0);
}

/* A wrong free and what is said of it; nothing else may come of it. */
struct bad_free {
	const char *name;
	unsigned int order;	/* of the block, */
	unsigned int offset;	/* the frame in it that is freed */
	unsigned int with;	/* as if it had this order */
	bool twice;
	const char *why;
};

static const struct bad_free bad_frees[] = {
	{ "order too low", 3, 0, 2, false, "allocated with another order" },
	{ "order too high", 3, 0, 4, false, "allocated with another order" },
	{ "order 0 of a block", 9, 0, 0, false, "allocated with another order" },
	{ "no order there is", 0, 0, 77, false, "allocated with another order" },
	{ "the second page", 3, 1, 3, false, "not the first page of its block" },
	{ "the last page", 10, 1023, 0, false,
	  "not the first page of its block" },
	{ "twice, order 0", 0, 0, 0, true, "free already" },
	{ "twice, order 3", 3, 0, 3, true, "free already" },
	{ "twice, order 5", 5, 0, 5, true, "free already" },
	{ "twice, order 9", 9, 0, 9, true, "free already" },
	{ "twice, order 10", 10, 0, 10, true, "free already" },
};

static void describe_bad_free(const struct bad_free *bad, char *name)
{
	strscpy(name, bad->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad_free, bad_frees, describe_bad_free);

static void a_wrong_free_is_reported_and_changes_nothing(struct kunit *test)
{
	const struct bad_free *bad = test->param_value;
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	u32 other = take(isle, GFP_KERNEL, bad->order);
	u32 id = take(isle, GFP_KERNEL, bad->order);
	struct klog log;

	if (bad->twice)
		isle_free_frames(isle, id, bad->order);
	klog_mark(&log);
	isle_free_frames(isle, id + bad->offset, bad->with);
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "isle: bad free of pfn"));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, bad->why));
	KUNIT_EXPECT_GE(test, klog_count(&log, "Call Trace"), 1);
	EXPECT_ALLOCATED(test, isle, (bad->twice ? 1 : 2) << bad->order);
	if (!bad->twice)
		isle_free_frames(isle, id, bad->order);
	isle_free_frames(isle, other, bad->order);
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "isle: bad"));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_block_that_merged_is_free_already(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	u32 a = take(isle, GFP_KERNEL, 5), b = take(isle, GFP_KERNEL, 5);
	struct klog log;

	isle_free_frames(isle, a, 5);
	isle_free_frames(isle, b, 5);
	klog_mark(&log);
	isle_free_frames(isle, a, 5);
	isle_free_frames(isle, b, 5);
	isle_put_frame(isle, a + 7);
	isle_put_frame(isle, b + 7);
	KUNIT_EXPECT_EQ(test, 4, klog_count(&log, "isle: bad free"));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_hole_is_not_freed(struct kunit *test)
{
	static const struct isle_early_range early = { FIXTURE_4GB + 100, 50 };
	static const struct isle_extent extent = {
		.base_pfn = FIXTURE_4GB, .nr = FIXTURE_MB(4) - 10,
	};
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.early = &early,
		.nr_early = 1,
	};
	struct isle *isle = fixture_create(test, &config);
	struct klog log;

	klog_mark(&log);
	isle_free_frames(isle, 120, 0);
	isle_free_frames(isle, FIXTURE_MB(4) - 5, 0);
	isle_put_frame(isle, 120);
	isle_free_frames_bulk(isle, (u32[]){ 120 }, 1);
	KUNIT_EXPECT_EQ(test, 4,
			klog_count(&log, "not a frame that isle hands out"));
	KUNIT_EXPECT_FALSE(test, isle_tryget_frame(isle, 120));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void the_last_reference_frees(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	u32 id = take(isle, GFP_KERNEL | __GFP_COMP, 3);

	isle_get_frame(isle, id);
	isle_get_frame(isle, id + 5);
	KUNIT_EXPECT_EQ(test, 3, refs(isle, id));
	isle_put_frame(isle, id + 7);
	isle_free_frames(isle, id, 3);
	KUNIT_EXPECT_EQ(test, 1, refs(isle, id));
	EXPECT_ALLOCATED(test, isle, 8);
	isle_put_frame(isle, id + 1);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_reference_to_a_free_frame_is_refused(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	unsigned int order;
	struct klog log;

	klog_mark(&log);
	for (order = 0; order < 6; order += 5) {
		u32 id = take(isle, GFP_KERNEL, order);

		KUNIT_EXPECT_TRUE(test, isle_tryget_frame(isle, id));
		isle_put_frame(isle, id);
		isle_free_frames(isle, id, order);
		KUNIT_EXPECT_FALSE(test, isle_tryget_frame(isle, id));
		KUNIT_EXPECT_EQ(test, 0, klog_count(&log, "isle: bad get"));
		isle_get_frame(isle, id);
		KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "isle: bad get"));
		klog_mark(&log);
		EXPECT_ALLOCATED(test, isle, 0);
	}
}

static void a_reference_to_a_tail_is_its_heads(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	unsigned int order;
	u32 i;

	for (order = 0; order <= ISLE_TOP_ORDER; order++) {
		u32 id = take(isle, GFP_KERNEL | __GFP_COMP, order);

		for (i = 0; i < BIT(order); i++)
			KUNIT_EXPECT_TRUE(test, isle_tryget_frame(isle, id + i));
		KUNIT_EXPECT_EQ(test, 1 + BIT(order), refs(isle, id));
		for (i = 0; i < BIT(order); i++)
			isle_put_frame(isle, id + i);
		KUNIT_EXPECT_EQ(test, 1, refs(isle, id));
		isle_free_frames(isle, id, order);
	}
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_block_that_is_split_is_freed_page_by_page(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	unsigned int order;
	u32 i;

	for (order = 0; order <= ISLE_TOP_ORDER; order++) {
		u32 id = take(isle, GFP_KERNEL, order);

		isle->frames[id].owner = isle;
		isle_split_block(isle, id, order);
		EXPECT_ALLOCATED(test, isle, BIT(order));
		for (i = 0; i < BIT(order); i++) {
			const struct isle_frame *frame = isle->frames + id + i;

			KUNIT_EXPECT_EQ(test, 0, frame->order);
			KUNIT_EXPECT_EQ(test, 1, refs(isle, id + i));
			KUNIT_EXPECT_PTR_EQ(test, (void *)isle, frame->owner);
			isle_free_frames(isle, id + i, 0);
		}
		EXPECT_ALLOCATED(test, isle, 0);
	}
}

/* So who looked the block up by a page that was its, and lets go, costs nothing. */
static void references_stay_with_the_first_page_of_a_split_block(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	u32 id = take(isle, GFP_KERNEL, 1);

	KUNIT_EXPECT_TRUE(test, isle_tryget_frame(isle, id));
	isle_split_block(isle, id, 1);
	KUNIT_EXPECT_EQ(test, 2, refs(isle, id));
	KUNIT_EXPECT_EQ(test, 1, refs(isle, id + 1));
	isle_put_frame(isle, id + 1);
	EXPECT_ALLOCATED(test, isle, 1);
	isle_put_frame(isle, id);
	EXPECT_ALLOCATED(test, isle, 1);
	isle_put_frame(isle, id);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void only_compound_blocks_have_references_to_tails(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	u32 id = take(isle, GFP_KERNEL, 2);
	u32 comp = take(isle, GFP_KERNEL | __GFP_COMP, 2);
	struct klog log;

	klog_mark(&log);
	KUNIT_EXPECT_FALSE(test, isle_tryget_frame(isle, id + 3));
	KUNIT_EXPECT_EQ(test, 0, klog_count(&log, "isle: bad"));
	isle_get_frame(isle, id + 3);
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "isle: bad get"));
	KUNIT_EXPECT_EQ(test, 1, refs(isle, id));
	KUNIT_EXPECT_TRUE(test, isle_tryget_frame(isle, comp + 3));
	isle_get_frame(isle, comp + 1);
	KUNIT_EXPECT_EQ(test, 3, refs(isle, comp));
	EXPECT_ALLOCATED(test, isle, 8);
}

/* Two free one frame at once, and the first has not come to the lists yet. */
static void a_second_free_in_bulk_takes_no_reference(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	u32 id = take(isle, GFP_KERNEL, 0);
	struct isle_frame *frame = isle->frames + id;
	struct klog log;

	klog_mark(&log);
	atomic_set(&frame->ref, 0);
	isle_free_frames_bulk(isle, &id, 1);
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "isle: bad free"));
	KUNIT_EXPECT_EQ(test, 0, refs(isle, id));
	atomic_set(&frame->ref, -1);
	KUNIT_EXPECT_FALSE(test, isle_tryget_frame(isle, id));
	atomic_set(&frame->ref, 1);
	EXPECT_ALLOCATED(test, isle, 1);
}

static void a_split_that_cannot_be_changes_nothing(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	u32 id = take(isle, GFP_KERNEL | __GFP_COMP, 3);
	struct klog log;

	klog_mark(&log);
	isle_split_block(isle, id, 3);
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "it is compound"));
	isle_free_frames(isle, id, 3);
	isle_split_block(isle, id, 3);
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "free already"));
	id = take(isle, GFP_KERNEL, 3);
	isle_split_block(isle, id, 2);
	isle_split_block(isle, id + 1, 0);
	KUNIT_EXPECT_EQ(test, 4, klog_count(&log, "isle: bad split"));
	EXPECT_ALLOCATED(test, isle, 8);
}

static void bulk_frees_what_is_right_and_reports_the_rest(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	u32 ids[80], block = take(isle, GFP_KERNEL, 3);
	struct klog log;

	isle_alloc_frames_bulk(isle, GFP_KERNEL, NUMA_NO_NODE, 76, ids);
	isle_free_frames(isle, ids[40], 0);	/* free already */
	isle_get_frame(isle, ids[7]);		/* has another reference */
	ids[76] = ids[0];			/* twice, far apart */
	ids[77] = ids[75];			/* and close by */
	ids[78] = block;			/* not a single frame */
	ids[79] = block + 1;
	klog_mark(&log);
	isle_free_frames_bulk(isle, ids, 80);
	KUNIT_EXPECT_EQ(test, 5, klog_count(&log, "isle: bad free"));
	EXPECT_ALLOCATED(test, isle, 1 + 8);
	isle_free_frames(isle, ids[7], 0);
	isle_free_frames(isle, block, 3);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void bulk_gives_each_zone_its_own(struct kunit *test)
{
	static const struct isle_extent extent = {
		.base_pfn = FIXTURE_4GB - FIXTURE_MB(16), .nr = FIXTURE_MB(48),
	};
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = FIXTURE_NO_RESERVE,
		.movable_percent = 34,
		.user_percent = 100,
	};
	static const gfp_t gfps[] = {
		GFP_DMA32, GFP_KERNEL, GFP_HIGHUSER_MOVABLE,
	};
	struct isle *isle = fixture_create(test, &config);
	unsigned int i;
	u32 ids[99];

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		gfp_t gfp = gfps[i / 2 % 3];

		if (i % 5)
			isle_alloc_user(isle, gfp, 0, 1, ids + i);
		else
			ids[i] = take(isle, gfp, 0);
	}
	EXPECT_ALLOCATED(test, isle, 99);
	isle_free_frames_bulk(isle, ids, 99);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void an_exposed_frame_that_nobody_pins_is_free_at_once(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	u32 ids[2];

	isle_alloc_user(isle, GFP_KERNEL, 0, 2, ids);
	isle_expose_frame(isle, ids[0]);
	isle_expose_frame(isle, ids[1]);
	isle_free_frames(isle, ids[0], 0);
	isle_free_frames_bulk(isle, ids + 1, 1);
	EXPECT_ALLOCATED(test, isle, 0);
	KUNIT_EXPECT_EQ(test, 0, isle->quarantine.nr);
	/* and whoever has it next has nothing to do with that */
	KUNIT_EXPECT_EQ(test, ids[1], take(isle, GFP_KERNEL, 0));
	KUNIT_EXPECT_EQ(test, 0, isle->frames[ids[1]].flags);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(freeing_gives_the_whole_block_back),
	KUNIT_CASE_PARAM(a_wrong_free_is_reported_and_changes_nothing,
			 bad_free_gen_params),
	KUNIT_CASE(a_block_that_merged_is_free_already),
	KUNIT_CASE(a_hole_is_not_freed),
	KUNIT_CASE(the_last_reference_frees),
	KUNIT_CASE(a_reference_to_a_free_frame_is_refused),
	KUNIT_CASE(a_reference_to_a_tail_is_its_heads),
	KUNIT_CASE(a_block_that_is_split_is_freed_page_by_page),
	KUNIT_CASE(references_stay_with_the_first_page_of_a_split_block),
	KUNIT_CASE(only_compound_blocks_have_references_to_tails),
	KUNIT_CASE(a_second_free_in_bulk_takes_no_reference),
	KUNIT_CASE(a_split_that_cannot_be_changes_nothing),
	KUNIT_CASE(bulk_frees_what_is_right_and_reports_the_rest),
	KUNIT_CASE(bulk_gives_each_zone_its_own),
	KUNIT_CASE(an_exposed_frame_that_nobody_pins_is_free_at_once),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_free",
	.test_cases = cases,
};

kunit_test_suite(suite);
