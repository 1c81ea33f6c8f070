// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/instance.c. */

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/vmalloc.h>

#include "instance_fixture.h"
#include "invariants.h"
#include "page_alloc/alloc.h"
#include "page_alloc/early.h"

/* Odd in every way: unaligned, with gaps, below and above 4 GB. */
static const struct isle_extent odd[] = {
	{ .base_pfn = 0x1003, .nr = 0x7fb },
	{ .base_pfn = 0x2000, .nr = 1 },
	{ .base_pfn = 0x2400, .nr = 0x400 },
	{ .base_pfn = 0x2800, .nr = 0x155 },
	{ .base_pfn = FIXTURE_4GB - 0x123, .nr = 0x456 },
	{ .base_pfn = FIXTURE_4GB + 0x5ff, .nr = 0x1001 },
};

static const struct isle_config odd_config = {
	.extents = odd,
	.nr_extents = ARRAY_SIZE(odd),
	.min_free_kbytes = FIXTURE_NO_RESERVE,
};

static unsigned long nr_odd(void)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(odd); i++)
		nr += odd[i].nr;
	return nr;
}

static void hands_every_frame_to_the_free_lists(struct kunit *test)
{
	struct isle *isle = fixture_create(test, &odd_config);

	KUNIT_EXPECT_EQ(test, nr_odd(), isle_nr_managed(isle));
	KUNIT_EXPECT_EQ(test, nr_odd(), isle_nr_free(isle));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void every_frame_can_be_allocated(struct kunit *test)
{
	struct isle *isle = fixture_create(test, &odd_config);
	unsigned long nr = 0;
	u32 id;

	while ((id = isle_alloc_frames(isle, GFP_NOWAIT | __GFP_MEMALLOC, 0,
				       NUMA_NO_NODE)) != ISLE_NO_FRAME)
		nr++;
	KUNIT_EXPECT_EQ(test, nr_odd(), nr);
	EXPECT_ALLOCATED(test, isle, nr_odd());
}

static void ids_keep_the_alignment_of_pfns(struct kunit *test)
{
	struct isle *isle = fixture_create(test, &odd_config);
	unsigned int i;

	for (i = 0; i < isle->nr_extents; i++)
		KUNIT_EXPECT_EQ(test, odd[i].base_pfn % ISLE_TOP_FRAMES,
				isle->extents[i].first_id % ISLE_TOP_FRAMES);
}

static void no_block_could_span_two_extents(struct kunit *test)
{
	struct isle *isle = fixture_create(test, &odd_config);
	unsigned int i;

	for (i = 1; i < isle->nr_extents; i++) {
		const struct isle_extent *e = &isle->extents[i];

		KUNIT_EXPECT_LT(test,
				(e[-1].first_id + e[-1].nr - 1) /
				ISLE_TOP_FRAMES,
				e->first_id / ISLE_TOP_FRAMES);
	}
}

static void a_pfn_and_its_id_lead_to_each_other(struct kunit *test)
{
	struct isle *isle = fixture_create(test, &odd_config);
	unsigned int i;
	u32 n;

	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		for (n = 0; n < odd[i].nr; n++) {
			unsigned long pfn = odd[i].base_pfn + n;
			u32 id = isle_pfn_to_id(isle, pfn);

			KUNIT_ASSERT_NE(test, ISLE_NO_FRAME, id);
			KUNIT_ASSERT_EQ(test, pfn, isle_id_to_pfn(isle, id));
		}
	}
}

/* As the module's memory is; nothing here touches it. */
static void *address_by_pfn(const struct isle *isle, u32 id)
{
	return (void *)PFN_PHYS(isle_id_to_pfn(isle, id));
}

static void the_memory_of_a_frame_is_its_extents(struct kunit *test)
{
	static const struct isle_ops ops = { .address = address_by_pfn };
	struct isle_config config = odd_config;
	struct isle *isle;
	unsigned int i;
	u32 n;

	config.ops = &ops;
	config.frames = kunit_kcalloc(test, isle_frames_needed(odd, ARRAY_SIZE(odd)),
				      sizeof(*config.frames), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, config.frames);
	isle = isle_create(&config);
	KUNIT_ASSERT_FALSE(test, IS_ERR(isle));
	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		const struct isle_extent *e = &isle->extents[i];

		for (n = 0; n < e->nr; n++)
			KUNIT_EXPECT_PTR_EQ(test,
					    (void *)PFN_PHYS(e->base_pfn + n),
					    isle_frame_address(isle,
							       e->first_id + n));
	}
	isle_destroy(isle);
}

static void a_pfn_of_nobody_has_no_id(struct kunit *test)
{
	struct isle *isle = fixture_create(test, &odd_config);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME, isle_pfn_to_id(isle, 0));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME, isle_pfn_to_id(isle, ULONG_MAX));
	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		unsigned long end = odd[i].base_pfn + odd[i].nr;

		if (i == 2)	/* the next one starts where it ends */
			continue;
		KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME, isle_pfn_to_id(isle, end));
		KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
				isle_pfn_to_id(isle, odd[0].base_pfn - 1));
	}
}

static void what_there_is_for_pageblocks_stands_behind_the_frames(struct kunit *test)
{
	struct isle *isle = fixture_create(test, &odd_config);
	u32 needed = isle_frames_needed(odd, ARRAY_SIZE(odd));
	u32 pageblocks = isle->nr_frames / ISLE_PAGEBLOCK_FRAMES;

	KUNIT_EXPECT_PTR_EQ(test, (void *)(isle->frames + isle->nr_frames),
			    (void *)isle->fullness);
	KUNIT_EXPECT_PTR_EQ(test, (void *)(isle->fullness + pageblocks),
			    (void *)isle->pageblocks);
	KUNIT_EXPECT_GE(test, (unsigned long)(isle->frames + needed),
			(unsigned long)(isle->pageblocks + pageblocks));
	KUNIT_EXPECT_EQ(test, 0, isle->nr_frames % ISLE_TOP_FRAMES);
}

static void more_frames_than_ids_are_refused(struct kunit *test)
{
	struct isle_extent most[] = {
		{ .base_pfn = 0, .nr = U32_MAX - (1 << 23) + 1 },
		{ .base_pfn = 1UL << 40, .nr = 1 << 23 },
	};

	KUNIT_EXPECT_EQ(test, 0, isle_frames_needed(most, 2));
	/* Frames have ids here, but not what there is for pageblocks behind them. */
	most[1].nr = (1 << 23) - ISLE_TOP_FRAMES;
	KUNIT_EXPECT_EQ(test, 0, isle_frames_needed(most, 2));
	KUNIT_EXPECT_NE(test, 0, isle_frames_needed(most, 1));
}

static void early_ranges_are_never_handed_out(struct kunit *test)
{
	static const struct isle_early_range early[] = {
		{ .base_pfn = 0x1003 + 100, .nr = 1000 },
		{ .base_pfn = 0x2400, .nr = 0x400 },
		{ .base_pfn = FIXTURE_4GB - 1, .nr = 2 },
		{ .base_pfn = 0x2955 - 5, .nr = 5 },
	};
	struct isle_config config = odd_config;
	unsigned long taken = 0;
	struct isle *isle;
	unsigned int i, n;

	config.early = early;
	config.nr_early = ARRAY_SIZE(early);
	isle = fixture_create(test, &config);
	for (i = 0; i < ARRAY_SIZE(early); i++) {
		u32 id = isle_pfn_to_id(isle, early[i].base_pfn);

		for (n = 0; n < early[i].nr; n++)
			KUNIT_EXPECT_EQ(test, ISLE_FRAME_HOLE,
					isle->frames[id + n].state);
		taken += early[i].nr;
	}
	KUNIT_EXPECT_EQ(test, nr_odd() - taken, isle_nr_managed(isle));
	KUNIT_EXPECT_EQ(test, nr_odd() - taken, isle_nr_free(isle));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void free_blocks_are_as_large_as_can_be(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, 3 * ISLE_TOP_FRAMES + 0x2c1);
	struct isle_zone *zone = isle->zones[0];
	unsigned int order;

	for (order = 0; order < ISLE_TOP_ORDER; order++)
		KUNIT_EXPECT_EQ(test, !!(0x2c1 & BIT(order)),
				fixture_nr_blocks(zone, order, ISLE_MOVABLE));
	KUNIT_EXPECT_EQ(test, 3, fixture_nr_blocks(zone, ISLE_TOP_ORDER,
						   ISLE_MOVABLE));
}

static void the_last_pageblocks_of_an_extent_become_cma(struct kunit *test)
{
	struct isle_config config = odd_config;
	struct isle *isle;
	u32 id;

	config.extents = odd + 5;	/* ids 511 to 4607: 8 whole pageblocks */
	config.nr_extents = 1;
	config.cma_percent = 30;
	isle = fixture_create(test, &config);
	for (id = 0; id < isle->nr_frames; id += ISLE_PAGEBLOCK_FRAMES)
		KUNIT_EXPECT_EQ(test,
				id >= 3584 && id < 4608 ? ISLE_CMA :
							  ISLE_MOVABLE,
				isle_pageblock_type(isle, id));
	KUNIT_EXPECT_EQ(test, 1024, isle->zones[0]->nr_free_cma);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void the_user_share_is_a_part_of_each_zone(struct kunit *test)
{
	struct isle_config config = odd_config;
	struct isle *isle;
	unsigned int i;

	config.user_percent = 70;
	isle = fixture_create(test, &config);
	for (i = 0; i < isle->nr_zones; i++)
		KUNIT_EXPECT_EQ(test, isle->zones[i]->managed * 70 / 100,
				isle->zones[i]->user_max);
}

struct bad_config {
	const char *what;
	struct isle_extent extents[2];
	unsigned int nr_extents;
	unsigned int movable, cma, user;
	int error;
};

static const struct bad_config bad_configs[] = {
	{ .what = "no extent", .error = -EINVAL },
	{ .what = "an extent of nothing", .nr_extents = 1, .error = -EINVAL,
	  .extents = { { 0x1000, 0 } } },
	{ .what = "extents that overlap", .nr_extents = 2, .error = -EINVAL,
	  .extents = { { 0x1000, 0x401 }, { 0x1400, 0x400 } } },
	{ .what = "extents that touch", .nr_extents = 2, .error = 0,
	  .extents = { { 0x1000, 0x400 }, { 0x1400, 0x400 } } },
	{ .what = "extents not in order", .nr_extents = 2, .error = -EINVAL,
	  .extents = { { 0x2000, 0x400 }, { 0x1000, 0x400 } } },
	{ .what = "more frames than ids", .nr_extents = 2, .error = -EINVAL,
	  .extents = { { 0, U32_MAX }, { 1UL << 40, U32_MAX } } },
	{ .what = "a node below 0", .nr_extents = 1, .error = -EINVAL,
	  .extents = { { 0x1000, 0x400, -1 } } },
	{ .what = "a node too high", .nr_extents = 1, .error = -EINVAL,
	  .extents = { { 0x1000, 0x400, MAX_NUMNODES } } },
	{ .what = "101 % movable", .nr_extents = 1, .error = -EINVAL,
	  .extents = { { 0x1000, 0x400 } }, .movable = 101 },
	{ .what = "101 % CMA", .nr_extents = 1, .error = -EINVAL,
	  .extents = { { 0x1000, 0x400 } }, .cma = 101 },
	{ .what = "101 % user", .nr_extents = 1, .error = -EINVAL,
	  .extents = { { 0x1000, 0x400 } }, .user = 101 },
	{ .what = "100 % of all", .nr_extents = 1, .error = 0,
	  .extents = { { 0x1000, 0x400 } }, .movable = 100, .cma = 100,
	  .user = 100 },
};

static void describe_bad_config(const struct bad_config *bad, char *what)
{
	strscpy(what, bad->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad_config, bad_configs, describe_bad_config);

static void configs_are_checked(struct kunit *test)
{
	const struct bad_config *bad = test->param_value;
	struct isle_config config = {
		.extents = bad->extents,
		.nr_extents = bad->nr_extents,
		.movable_percent = bad->movable,
		.cma_percent = bad->cma,
		.user_percent = bad->user,
	};

	KUNIT_EXPECT_EQ(test, bad->error, fixture_try_create(test, &config));
}

static void too_many_extents_are_refused(struct kunit *test)
{
	struct isle_config config = { .nr_extents = ISLE_MAX_EXTENTS + 1 };
	struct isle_extent *extents;
	unsigned int i;

	extents = kunit_kcalloc(test, ISLE_MAX_EXTENTS + 1, sizeof(*extents),
				GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, extents);
	for (i = 0; i <= ISLE_MAX_EXTENTS; i++) {
		extents[i].base_pfn = i * 0x1000;
		extents[i].nr = 1;
	}
	config.extents = extents;
	KUNIT_EXPECT_EQ(test, -EINVAL, fixture_try_create(test, &config));
	config.nr_extents--;
	KUNIT_EXPECT_EQ(test, 0, fixture_try_create(test, &config));
}

static struct isle_extent extent_of(u32 nr)
{
	return (struct isle_extent){ .base_pfn = FIXTURE_4GB, .nr = nr };
}

static size_t table_of(u32 nr)
{
	struct isle_extent extent = extent_of(nr);

	return array_size(isle_frames_needed(&extent, 1),
			  sizeof(struct isle_frame));
}

/* The best of three, for the machine has other things to do. */
static s64 time_to_build(struct kunit *test, struct isle_frame *frames, u32 nr)
{
	struct isle_extent extent = extent_of(nr);
	struct isle_config config = {
		.extents	= &extent,
		.nr_extents	= 1,
		.frames		= frames,
		.ops		= &fixture_no_memory,
	};
	s64 best = S64_MAX;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct isle *isle;
		ktime_t start;

		memset(frames, 0, table_of(nr));
		start = ktime_get();
		isle = isle_create(&config);
		best = min(best, ktime_to_ns(ktime_sub(ktime_get(), start)));
		if (IS_ERR(isle)) {
			KUNIT_FAIL(test, "%u frames: %ld", nr, PTR_ERR(isle));
			break;
		}
		KUNIT_EXPECT_EQ(test, nr, isle_nr_free(isle));
		isle_destroy(isle);
	}
	return best;
}

/*
 * 128 MB and 4 GB. One table, and no larger than it must be: each of its pages
 * costs User Mode Linux a mapping of the host's.
 */
static void building_takes_linear_time(struct kunit *test)
{
	const u32 small = SZ_32K, large = SZ_1M;
	struct isle_frame *frames = vmalloc(table_of(large));
	s64 first, last;

	KUNIT_ASSERT_NOT_NULL(test, frames);
	first = time_to_build(test, frames, small);
	last = time_to_build(test, frames, large);
	vfree(frames);
	kunit_info(test, "128 MB in %lld us, 4 GB in %lld us",
		   first / NSEC_PER_USEC, last / NSEC_PER_USEC);
	/* Caches and a busy machine are forgiven, a square is not. */
	KUNIT_EXPECT_LT(test, last, large / small * 6 * first);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(hands_every_frame_to_the_free_lists),
	KUNIT_CASE(every_frame_can_be_allocated),
	KUNIT_CASE(ids_keep_the_alignment_of_pfns),
	KUNIT_CASE(no_block_could_span_two_extents),
	KUNIT_CASE(a_pfn_and_its_id_lead_to_each_other),
	KUNIT_CASE(the_memory_of_a_frame_is_its_extents),
	KUNIT_CASE(a_pfn_of_nobody_has_no_id),
	KUNIT_CASE(what_there_is_for_pageblocks_stands_behind_the_frames),
	KUNIT_CASE(more_frames_than_ids_are_refused),
	KUNIT_CASE(early_ranges_are_never_handed_out),
	KUNIT_CASE(free_blocks_are_as_large_as_can_be),
	KUNIT_CASE(the_last_pageblocks_of_an_extent_become_cma),
	KUNIT_CASE(the_user_share_is_a_part_of_each_zone),
	KUNIT_CASE_PARAM(configs_are_checked, bad_config_gen_params),
	KUNIT_CASE(too_many_extents_are_refused),
	KUNIT_CASE_SLOW(building_takes_linear_time),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_instance",
	.test_cases = cases,
};

kunit_test_suite(suite);
