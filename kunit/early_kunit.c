// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/early.c. */

#include <kunit/test.h>

#include "page_alloc/early.h"

static const struct isle_extent extents[] = {
	{ .base_pfn = 0x1000, .nr = 0x400 },
	{ .base_pfn = 0x8000, .nr = 0x800 },
	{ .base_pfn = 0x9000, .nr = 0x400 },
};

static void takes_from_the_top_of_the_largest_extent(struct kunit *test)
{
	struct isle_early early;

	isle_early_init(&early, extents, ARRAY_SIZE(extents));
	KUNIT_EXPECT_EQ(test, 0x8800UL - 7, isle_early_alloc(&early, 7));
	KUNIT_EXPECT_EQ(test, 1, early.nr);
	KUNIT_EXPECT_EQ(test, 0x8800UL - 7, early.range[0].base_pfn);
	KUNIT_EXPECT_EQ(test, 7, early.range[0].nr);
}

static void takes_the_next_frames_below_the_last(struct kunit *test)
{
	struct isle_early early;

	isle_early_init(&early, extents, ARRAY_SIZE(extents));
	isle_early_alloc(&early, 7);
	KUNIT_EXPECT_EQ(test, 0x8800UL - 12, isle_early_alloc(&early, 5));
	KUNIT_EXPECT_EQ(test, 0x8800UL - 13, isle_early_alloc(&early, 1));
}

static void goes_to_the_extent_that_has_most_room_left(struct kunit *test)
{
	struct isle_early early;

	isle_early_init(&early, extents, ARRAY_SIZE(extents));
	isle_early_alloc(&early, 0x500);
	KUNIT_EXPECT_EQ(test, 0x1400UL - 0x400,
			isle_early_alloc(&early, 0x400));
	KUNIT_EXPECT_EQ(test, 0x9400UL - 0x10, isle_early_alloc(&early, 0x10));
}

static void gives_frames_in_a_row_or_none(struct kunit *test)
{
	struct isle_early early;

	isle_early_init(&early, extents, ARRAY_SIZE(extents));
	KUNIT_EXPECT_EQ(test, 0, isle_early_alloc(&early, 0x801));
	KUNIT_EXPECT_EQ(test, 0, early.nr);
	KUNIT_EXPECT_EQ(test, 0x8000, isle_early_alloc(&early, 0x800));
	KUNIT_EXPECT_EQ(test, 0, isle_early_alloc(&early, 0x401));
	KUNIT_EXPECT_EQ(test, 1, early.nr);
}

static void gives_every_frame_once(struct kunit *test)
{
	unsigned int i, j, left = ISLE_EARLY_RANGES;
	struct isle_early early;

	isle_early_init(&early, extents, ARRAY_SIZE(extents));
	while (left--)
		KUNIT_EXPECT_NE(test, 0, isle_early_alloc(&early, 0x100));
	for (i = 0; i < ISLE_EARLY_RANGES; i++) {
		const struct isle_early_range *a = &early.range[i];
		unsigned int in = 0;

		for (j = 0; j < ARRAY_SIZE(extents); j++)
			in += a->base_pfn >= extents[j].base_pfn &&
			      a->base_pfn + a->nr <= extents[j].base_pfn +
						     extents[j].nr;
		KUNIT_EXPECT_EQ(test, 1, in);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_TRUE(test,
					  early.range[j].base_pfn >=
					  a->base_pfn + a->nr ||
					  early.range[j].base_pfn +
					  early.range[j].nr <= a->base_pfn);
	}
	KUNIT_EXPECT_EQ(test, 0, isle_early_alloc(&early, 1));
}

static void refuses_to_take_nothing(struct kunit *test)
{
	struct isle_early early;

	isle_early_init(&early, extents, ARRAY_SIZE(extents));
	KUNIT_EXPECT_EQ(test, 0, isle_early_alloc(&early, 0));
	KUNIT_EXPECT_EQ(test, 0, early.nr);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(takes_from_the_top_of_the_largest_extent),
	KUNIT_CASE(takes_the_next_frames_below_the_last),
	KUNIT_CASE(goes_to_the_extent_that_has_most_room_left),
	KUNIT_CASE(gives_frames_in_a_row_or_none),
	KUNIT_CASE(gives_every_frame_once),
	KUNIT_CASE(refuses_to_take_nothing),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_early",
	.test_cases = cases,
};

kunit_test_suite(suite);
