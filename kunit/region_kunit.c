// SPDX-License-Identifier: GPL-2.0
/* src/region, as far as it needs no memory. */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "instance_fixture.h"
#include "page_alloc/alloc.h"
#include "page_alloc/instance.h"
#include "region/piece.h"
#include "region/region.h"

/* What isle_regions_parse() says of a KIND that is right but not to be had. */
static int if_there(bool there)
{
	return there ? 0 : -EOPNOTSUPP;
}

static struct isle_regions *new_set(struct kunit *test)
{
	struct isle_regions *set;
	unsigned int i;

	set = kunit_kzalloc(test, sizeof(*set), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, set);
	for (i = 0; i < ISLE_MAX_REGIONS; i++) {
		set->region[i].set = set;
		set->region[i].index = i;
	}
	return set;
}

static void sizes_have_suffixes(struct kunit *test)
{
	static const struct {
		const char *s;
		u64 bytes;
	} good[] = {
		{ "0", 0 },
		{ "4096", 4096 },
		{ "0x1000", 4096 },
		{ "4K", 4096 },
		{ "4k", 4096 },
		{ "0x40M", SZ_64M },
		{ "064M", SZ_64M },
		{ "1G", SZ_1G },
		{ "2T", 2ULL << 40 },
		{ "0xffffffffffffffff", U64_MAX },
		{ "16777215T", 16777215ULL << 40 },
	};
	unsigned int i;
	u64 bytes;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		KUNIT_EXPECT_EQ_MSG(test, isle_parse_size(good[i].s, &bytes),
				    0, "%s", good[i].s);
		KUNIT_EXPECT_EQ_MSG(test, bytes, good[i].bytes, "%s",
				    good[i].s);
	}
}

static void sizes_that_are_none_are_refused(struct kunit *test)
{
	static const char * const bad[] = {
		"", "M", "-4M", "+4M", " 4M", "4 M", "4MB", "4MM", "four",
		"0x", "4M@1", "1111111111111111111111111",
	};
	u64 bytes;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, isle_parse_size(bad[i], &bytes),
				    -EINVAL, "'%s'", bad[i]);
	KUNIT_EXPECT_EQ(test, isle_parse_size("18446744073709551616", &bytes),
			-ERANGE);
	KUNIT_EXPECT_EQ(test, isle_parse_size("16777216T", &bytes), -ERANGE);
}

static void entries_are_understood(struct kunit *test)
{
	struct isle_regions *set = new_set(test);
	struct isle_region *region = set->region;

	KUNIT_EXPECT_EQ(test, isle_regions_parse(set, "contig:64M@1"),
			if_there(ISLE_HAS_CONTIG));
	KUNIT_EXPECT_STREQ(test, region->spec, "contig:64M@1");
	KUNIT_EXPECT_STREQ(test, region->args, "64M");
	KUNIT_EXPECT_EQ(test, region->nid, 1);
	KUNIT_EXPECT_EQ(test, region->size, (u64)SZ_64M);

	KUNIT_EXPECT_EQ(test, isle_regions_parse(set, "auto"),
			if_there(ISLE_HAS_CONTIG));
	KUNIT_EXPECT_EQ(test, region->nid, NUMA_NO_NODE);
	KUNIT_EXPECT_EQ(test, region->size, 0ULL);

	KUNIT_EXPECT_EQ(test, isle_regions_parse(set, "cma:24M@0"),
			if_there(ISLE_HAS_CMA));
	KUNIT_EXPECT_EQ(test, region->size, (u64)SZ_8M * 3);
	KUNIT_EXPECT_EQ(test, region->nid, 0);

	KUNIT_EXPECT_EQ(test, isle_regions_parse(set, "reserved:my:pool@0"),
			if_there(ISLE_HAS_RESERVE_MEM));
	KUNIT_EXPECT_STREQ(test, region->args, "my:pool");

	KUNIT_EXPECT_EQ(test, isle_regions_parse(set, "phys:0x40000000+64M"),
			if_there(ISLE_HAS_ZONE_DEVICE));
	KUNIT_EXPECT_STREQ(test, region->args, "0x40000000+64M");
	KUNIT_EXPECT_EQ(test, (u64)region->start, (u64)SZ_1G);
	KUNIT_EXPECT_EQ(test, region->size, (u64)SZ_64M);
}

static void entries_make_a_list(struct kunit *test)
{
	struct isle_regions *set = new_set(test);

	if (!ISLE_HAS_RESERVE_MEM)
		kunit_skip(test, "no kind that this kernel can have");
	KUNIT_EXPECT_EQ(test, isle_regions_parse(set, "reserved:a,reserved:b@0"),
			0);
	KUNIT_EXPECT_EQ(test, set->nr, 2U);
	KUNIT_EXPECT_STREQ(test, set->region[0].spec, "reserved:a");
	KUNIT_EXPECT_STREQ(test, set->region[1].spec, "reserved:b@0");
	KUNIT_EXPECT_PTR_EQ(test, set->region[1].set, set);
	KUNIT_EXPECT_EQ(test, set->region[1].index, 1U);
	KUNIT_EXPECT_EQ(test, set->nr_extents, 0U);
}

static void entries_that_make_no_sense_are_refused(struct kunit *test)
{
	static const char * const bad[] = {
		"", ",", "contig", "contig:", "contig:0", "contig:6M",
		"contig:64MB", "contig:64M@", "contig:64M@x", "contig:64M@-1",
		"contig:64M@0@1", "contig:64M@99999999999", "cma:4M", "cma:12M",
		"auto:64M", "reserved", "reserved:", "phys:64M",
		"phys:0x40000000", "phys:+64M", "phys:0x40000000+",
		"phys:0x40000000+0", "phys:0x40000000+2M",
		"phys:0x40001000+64M", "phys:0x40000000+4097K", "Contig:64M",
		"bogus:1", ":64M", "@0",
		"reserved:0123456789012345678901234567890123456789012345678901",
		"reserved:01234567890123456789012345678901234567890123456789012345",
	};
	struct isle_regions *set = new_set(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad) - 2; i++)
		KUNIT_EXPECT_EQ_MSG(test, isle_regions_parse(set, bad[i]),
				    -EINVAL, "region=%s", bad[i]);
	KUNIT_EXPECT_EQ(test, isle_regions_parse(set, bad[i]),
			if_there(ISLE_HAS_RESERVE_MEM));
	KUNIT_EXPECT_EQ(test, isle_regions_parse(set, bad[i + 1]), -EINVAL);
}

static void ranges_that_are_too_large_are_refused(struct kunit *test)
{
	static const char * const bad[] = {
		"contig:18446744073709551616", "contig:16T", "cma:16777216T",
		"phys:0xffffffffffe00000+64M", "phys:0x40000000+16T",
	};
	struct isle_regions *set = new_set(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, isle_regions_parse(set, bad[i]),
				    -ERANGE, "region=%s", bad[i]);
}

static void a_list_that_is_too_long_is_refused(struct kunit *test)
{
	struct isle_regions *set = new_set(test);
	char list[(ISLE_MAX_REGIONS + 1) * 11 + 1] = "";
	unsigned int i;

	if (!ISLE_HAS_RESERVE_MEM)
		kunit_skip(test, "no kind that this kernel can have");
	for (i = 0; i < ISLE_MAX_REGIONS; i++)
		strlcat(list, i ? ",reserved:x" : "reserved:x", sizeof(list));
	KUNIT_EXPECT_EQ(test, isle_regions_parse(set, list), 0);
	KUNIT_EXPECT_EQ(test, set->nr, ISLE_MAX_REGIONS);
	strlcat(list, ",reserved:x", sizeof(list));
	KUNIT_EXPECT_EQ(test, isle_regions_parse(set, list), -E2BIG);
}

static void an_empty_entry_is_refused_anywhere(struct kunit *test)
{
	struct isle_regions *set = new_set(test);

	if (!ISLE_HAS_RESERVE_MEM)
		kunit_skip(test, "no kind that this kernel can have");
	KUNIT_EXPECT_EQ(test, isle_regions_parse(set, "reserved:x,"), -EINVAL);
	KUNIT_EXPECT_EQ(test, isle_regions_parse(set, ",reserved:x"), -EINVAL);
	KUNIT_EXPECT_EQ(test, isle_regions_parse(set, "reserved:x,,reserved:x"),
			-EINVAL);
}

static void auto_takes_an_eighth(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, isle_auto_size(0), 0ULL);
	KUNIT_EXPECT_EQ(test, isle_auto_size(SZ_32M - 1), 0ULL);
	KUNIT_EXPECT_EQ(test, isle_auto_size(SZ_32M), (u64)SZ_4M);
	KUNIT_EXPECT_EQ(test, isle_auto_size(SZ_64M - 1), (u64)SZ_4M);
	KUNIT_EXPECT_EQ(test, isle_auto_size(SZ_1G), (u64)SZ_128M);
	KUNIT_EXPECT_EQ(test, isle_auto_size((u64)SZ_2G), (u64)SZ_256M);
	KUNIT_EXPECT_EQ(test, isle_auto_size(U64_MAX), (u64)SZ_256M);
}

static void expect_extent(struct kunit *test, const struct isle_regions *set,
			  unsigned int i, unsigned long base_pfn, u32 nr)
{
	KUNIT_ASSERT_LT(test, i, set->nr_extents);
	KUNIT_EXPECT_EQ(test, set->extent[i].base_pfn, base_pfn);
	KUNIT_EXPECT_EQ(test, set->extent[i].nr, nr);
}

static void extents_are_sorted(struct kunit *test)
{
	struct isle_regions *set = new_set(test);
	struct isle_region *region = set->region;

	KUNIT_EXPECT_EQ(test, isle_region_add(region, 5000, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, isle_region_add(region, 1000, 20, 0), 0);
	KUNIT_EXPECT_EQ(test, isle_region_add(region, 3000, 30, 0), 0);
	KUNIT_EXPECT_EQ(test, isle_region_add(region, 9000, 40, 0), 0);
	KUNIT_EXPECT_EQ(test, set->nr_extents, 4U);
	expect_extent(test, set, 0, 1000, 20);
	expect_extent(test, set, 1, 3000, 30);
	expect_extent(test, set, 2, 5000, 10);
	expect_extent(test, set, 3, 9000, 40);
	KUNIT_EXPECT_EQ(test, isle_region_frames(region), 100ULL);
}

static void adjacent_extents_are_one(struct kunit *test)
{
	struct isle_regions *set = new_set(test);
	struct isle_region *region = set->region;

	KUNIT_EXPECT_EQ(test, isle_region_add(region, 2000, 100, 0), 0);
	KUNIT_EXPECT_EQ(test, isle_region_add(region, 2100, 100, 0), 0);
	expect_extent(test, set, 0, 2000, 200);
	KUNIT_EXPECT_EQ(test, isle_region_add(region, 1900, 100, 0), 0);
	expect_extent(test, set, 0, 1900, 300);
	KUNIT_EXPECT_EQ(test, isle_region_add(region, 2300, 100, 0), 0);
	KUNIT_EXPECT_EQ(test, isle_region_add(region, 8000, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, set->nr_extents, 3U);
	KUNIT_EXPECT_EQ(test, isle_region_add(region, 2200, 100, 0), 0);
	KUNIT_EXPECT_EQ(test, set->nr_extents, 2U);
	expect_extent(test, set, 0, 1900, 500);
	expect_extent(test, set, 1, 8000, 1);
}

static void extents_of_two_regions_or_nodes_stay_two(struct kunit *test)
{
	struct isle_regions *set = new_set(test);

	KUNIT_EXPECT_EQ(test, isle_region_add(&set->region[0], 100, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, isle_region_add(&set->region[0], 110, 10, 1), 0);
	KUNIT_EXPECT_EQ(test, isle_region_add(&set->region[1], 120, 10, 1), 0);
	KUNIT_EXPECT_EQ(test, set->nr_extents, 3U);
	KUNIT_EXPECT_EQ(test, isle_region_frames(&set->region[0]), 20ULL);
	KUNIT_EXPECT_EQ(test, isle_region_frames(&set->region[1]), 10ULL);
}

static void overlapping_extents_are_refused(struct kunit *test)
{
	struct isle_regions *set = new_set(test);

	KUNIT_EXPECT_EQ(test, isle_region_add(&set->region[0], 100, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, isle_region_add(&set->region[1], 109, 1, 0),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, isle_region_add(&set->region[1], 91, 10, 0),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, isle_region_add(&set->region[1], 50, 100, 0),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, isle_region_add(&set->region[1], 103, 2, 0),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, set->nr_extents, 1U);
	KUNIT_EXPECT_EQ(test, isle_region_add(&set->region[1], 90, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, isle_region_add(&set->region[1], 110, 10, 0), 0);
}

static void too_many_extents_are_refused(struct kunit *test)
{
	struct isle_regions *set = new_set(test);
	struct isle_region *region = set->region;
	unsigned int i;

	for (i = 0; i < ISLE_MAX_EXTENTS; i++)
		KUNIT_ASSERT_EQ(test, isle_region_add(region, 1000 * (i + 1),
						      10, 0), 0);
	KUNIT_EXPECT_EQ(test, isle_region_add(region, 500, 10, 0), -E2BIG);
	KUNIT_EXPECT_EQ(test, isle_region_add(region, 900000, 10, 0), -E2BIG);
	/* What needs no entry of its own still fits. */
	KUNIT_EXPECT_EQ(test, isle_region_add(region, 1010, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, set->nr_extents, ISLE_MAX_EXTENTS);
}

/* A provider that takes imaginary memory and writes down what happens. */
static char fake_log[32];
static int fake_error;

static void fake_note(char what, const struct isle_region *region)
{
	char note[3] = { what, '0' + region->index };

	strlcat(fake_log, note, sizeof(fake_log));
}

static int fake_carve(struct isle_region *region)
{
	fake_note('c', region);
	if (isle_region_add(region, 1000 * (region->index + 1), 10, 0))
		return -EEXIST;
	return region->index == 2 ? fake_error : 0;
}

static void fake_release(struct isle_region *region)
{
	fake_note('r', region);
}

static const struct isle_region_ops fake_ops = {
	.name = "fake",
	.carve = fake_carve,
	.release = fake_release,
};

static struct isle_regions *fake_regions(struct kunit *test, int error)
{
	struct isle_regions *set = new_set(test);
	unsigned int i;

	for (i = 0; i < 4; i++) {
		set->region[i].ops = &fake_ops;
		snprintf(set->region[i].spec, sizeof(set->region[i].spec),
			 "fake:%u", i);
	}
	set->nr = 4;
	fake_error = error;
	fake_log[0] = '\0';
	return set;
}

static void a_failure_undoes_all_in_reverse(struct kunit *test)
{
	struct isle_regions *set = fake_regions(test, -EXDEV);

	KUNIT_EXPECT_EQ(test, isle_regions_carve(set), -EXDEV);
	KUNIT_EXPECT_STREQ(test, fake_log, "c0c1c2r2r1r0");
	KUNIT_EXPECT_EQ(test, set->nr_carved, 0U);
	KUNIT_EXPECT_EQ(test, set->nr_extents, 0U);
}

static void release_goes_in_reverse(struct kunit *test)
{
	struct isle_regions *set = fake_regions(test, 0);

	KUNIT_EXPECT_EQ(test, isle_regions_carve(set), 0);
	KUNIT_EXPECT_EQ(test, set->nr_extents, 4U);
	isle_regions_release(set);
	KUNIT_EXPECT_STREQ(test, fake_log, "c0c1c2c3r3r2r1r0");
	KUNIT_EXPECT_EQ(test, set->nr_extents, 0U);
}

static unsigned int blocks_reported;

static void count_report(struct isle *isle, u32 id)
{
	blocks_reported++;
}

/* An instance with frames but no memory behind them. */
static struct isle *make_instance(struct kunit *test, struct isle_regions *set)
{
	struct isle_config config = {
		.name = "region-test",
		.extents = set->extent,
		.nr_extents = set->nr_extents,
		.ops = &fixture_no_memory,
		.user_percent = 100,
	};
	struct isle *isle;
	u32 nr = isle_frames_needed(set->extent, set->nr_extents);

	config.frames = kunit_kzalloc(test, nr * sizeof(*config.frames),
				      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, config.frames);
	isle = isle_create(&config);
	KUNIT_ASSERT_FALSE(test, IS_ERR(isle));
	return isle;
}

static void frames_that_are_out_are_found(struct kunit *test)
{
	struct isle_regions *set = new_set(test);
	struct isle *isle;
	u32 one, eight;
	u32 i;

	KUNIT_ASSERT_EQ(test, isle_region_add(set->region, 0x10200, 3000, 0),
			0);
	KUNIT_ASSERT_EQ(test, isle_region_add(set->region, 0x18001, 1000, 0),
			0);
	isle = make_instance(test, set);
	KUNIT_ASSERT_EQ(test, isle_regions_track(set, isle), 0);
	KUNIT_EXPECT_EQ(test, set->extent[1].first_id,
			isle->extents[1].first_id);

	one = isle_alloc_frames(isle, GFP_KERNEL, 0, NUMA_NO_NODE);
	eight = isle_alloc_frames(isle, GFP_KERNEL | __GFP_COMP, 3,
				  NUMA_NO_NODE);
	KUNIT_ASSERT_NE(test, one, ISLE_NO_FRAME);
	KUNIT_ASSERT_NE(test, eight, ISLE_NO_FRAME);

	blocks_reported = 0;
	KUNIT_EXPECT_EQ(test, isle_regions_mark_out(set, isle, count_report),
			9UL);
	KUNIT_EXPECT_EQ(test, blocks_reported, 2U);
	for (i = 0; i < isle->nr_frames; i++)
		KUNIT_EXPECT_EQ(test, test_bit(i, set->out),
				i == one || (i >= eight && i < eight + 8));

	isle_free_frames(isle, one, 0);
	isle_free_frames(isle, eight, 3);
	isle_destroy(isle);
	isle_regions_release(set);
	KUNIT_EXPECT_NULL(test, set->out);
}

#define NEVER	ISLE_PIECE_NEVER

static unsigned long best(struct isle_piece *piece, unsigned long nr,
			  unsigned long width, u16 round, unsigned long *used)
{
	const struct isle_pieces pieces = { .nr = nr, .piece = piece };

	return isle_pieces_best(&pieces, width, round, used);
}

static void the_range_with_least_to_move_is_best(struct kunit *test)
{
	struct isle_piece piece[] = {
		{ 9 }, { 8 }, { NEVER }, { 1 }, { 2 }, { 0 }, { 4 }, { NEVER },
		{ 0 },
	};
	unsigned long nr = ARRAY_SIZE(piece);
	unsigned long used;

	KUNIT_EXPECT_EQ(test, best(piece, nr, 1, 1, &used), 5UL);
	KUNIT_EXPECT_EQ(test, used, 0UL);
	KUNIT_EXPECT_EQ(test, best(piece, nr, 2, 1, &used), 4UL);
	KUNIT_EXPECT_EQ(test, used, 2UL);
	KUNIT_EXPECT_EQ(test, best(piece, nr, 3, 1, &used), 3UL);
	KUNIT_EXPECT_EQ(test, used, 3UL);
	KUNIT_EXPECT_EQ(test, best(piece, nr, 4, 1, &used), 3UL);
	KUNIT_EXPECT_EQ(test, used, 7UL);
	KUNIT_EXPECT_EQ(test, best(piece, nr, 5, 1, &used), ISLE_NO_PIECE);
	KUNIT_EXPECT_EQ(test, best(piece, 0, 1, 1, &used), ISLE_NO_PIECE);
}

static void pieces_that_failed_are_passed_over_for_a_round(struct kunit *test)
{
	struct isle_piece piece[] = {
		{ 0, 1 }, { 0, 1 }, { 500 }, { 600 }, { NEVER },
	};
	unsigned long nr = ARRAY_SIZE(piece);
	unsigned long used;

	KUNIT_EXPECT_EQ(test, best(piece, nr, 2, 1, &used), 2UL);
	KUNIT_EXPECT_EQ(test, used, 1100UL);
	KUNIT_EXPECT_EQ(test, best(piece, nr, 3, 1, &used), ISLE_NO_PIECE);
	/* In the next round they count as full. */
	KUNIT_EXPECT_EQ(test, best(piece, nr, 1, 2, &used), 2UL);
	KUNIT_EXPECT_EQ(test, used, 500UL);
	KUNIT_EXPECT_EQ(test, best(piece, nr, 4, 2, &used), 0UL);
	KUNIT_EXPECT_EQ(test, used, 2 * ISLE_EXTENT_FRAMES + 1100UL);
}

static struct kunit_case region_cases[] = {
	KUNIT_CASE(sizes_have_suffixes),
	KUNIT_CASE(sizes_that_are_none_are_refused),
	KUNIT_CASE(entries_are_understood),
	KUNIT_CASE(entries_make_a_list),
	KUNIT_CASE(entries_that_make_no_sense_are_refused),
	KUNIT_CASE(ranges_that_are_too_large_are_refused),
	KUNIT_CASE(a_list_that_is_too_long_is_refused),
	KUNIT_CASE(an_empty_entry_is_refused_anywhere),
	KUNIT_CASE(auto_takes_an_eighth),
	KUNIT_CASE(extents_are_sorted),
	KUNIT_CASE(adjacent_extents_are_one),
	KUNIT_CASE(extents_of_two_regions_or_nodes_stay_two),
	KUNIT_CASE(overlapping_extents_are_refused),
	KUNIT_CASE(too_many_extents_are_refused),
	KUNIT_CASE(a_failure_undoes_all_in_reverse),
	KUNIT_CASE(release_goes_in_reverse),
	KUNIT_CASE(frames_that_are_out_are_found),
	KUNIT_CASE(the_range_with_least_to_move_is_best),
	KUNIT_CASE(pieces_that_failed_are_passed_over_for_a_round),
	{}
};

static struct kunit_suite region_suite = {
	.name = "isle_region",
	.test_cases = region_cases,
};

kunit_test_suite(region_suite);
