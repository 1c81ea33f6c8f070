// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/debug.c. */

#include <linux/poison.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include "instance_fixture.h"
#include "invariants.h"
#include "klog.h"
#include "page_alloc/alloc.h"
#include "page_alloc/debug.h"
#include "page_alloc/drain.h"
#include "page_alloc/quarantine.h"

#define CORRUPT	"is corrupt at pfn"

/* Without frame pointers User Mode Linux sees no stacks. */
static void need_stacks(struct kunit *test)
{
	unsigned long entry;

	if (!IS_ENABLED(CONFIG_STACKDEPOT) || !stack_trace_save(&entry, 1, 0))
		kunit_skip(test, "a kernel that can tell its stacks");
}

static struct isle *debugged(struct kunit *test)
{
	static const struct isle_extent extent = {
		.base_pfn = FIXTURE_4GB, .nr = FIXTURE_MB(4),
	};
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = FIXTURE_NO_RESERVE,
		.debug = true,
	};

	return fixture_create_with_memory(test, &config);
}

static noinline u32 take(struct isle *isle, gfp_t gfp, unsigned int order)
{
	return isle_alloc_frames(isle, gfp, order, NUMA_NO_NODE);
}

static bool poisoned(struct isle *isle, u32 id, unsigned int order)
{
	return !memchr_inv(isle_frame_address(isle, id), PAGE_POISON,
			   PAGE_SIZE << order);
}

static void what_is_freed_is_poisoned(struct kunit *test)
{
	struct isle *isle = debugged(test);
	unsigned int order;
	u32 id, ids[3];

	for (order = 0; order < ISLE_TOP_ORDER; order++) {
		id = take(isle, GFP_KERNEL | __GFP_ZERO, order);
		KUNIT_EXPECT_FALSE(test, poisoned(isle, id, order));
		isle_free_frames(isle, id, order);
		KUNIT_EXPECT_TRUE(test, poisoned(isle, id, order));
	}
	isle_alloc_frames_bulk(isle, GFP_KERNEL | __GFP_ZERO, NUMA_NO_NODE, 3,
			       ids);
	isle_free_frames_bulk(isle, ids, 3);
	KUNIT_EXPECT_TRUE(test, poisoned(isle, ids[0], 0));
	KUNIT_EXPECT_TRUE(test, poisoned(isle, ids[2], 0));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void what_is_referenced_is_not_poisoned(struct kunit *test)
{
	struct isle *isle = debugged(test);
	u32 id = take(isle, GFP_KERNEL | __GFP_ZERO, 0);

	isle_get_frame(isle, id);
	isle_free_frames(isle, id, 0);
	KUNIT_EXPECT_FALSE(test, poisoned(isle, id, 0));
	isle_free_frames(isle, id, 0);
	KUNIT_EXPECT_TRUE(test, poisoned(isle, id, 0));
}

/* A device may still write to it, or read it out to disk. */
static void what_is_pinned_is_poisoned_when_it_is_not_any_more(struct kunit *test)
{
	struct isle *isle = debugged(test);
	u32 id = take(isle, GFP_KERNEL | __GFP_ZERO, 0);

	isle_expose_frame(isle, id);
	fixture_pin(isle, id, true);
	isle_free_frames(isle, id, 0);
	isle_quarantine_stop(isle);
	isle_quarantine_rescan(isle);
	KUNIT_EXPECT_FALSE(test, poisoned(isle, id, 0));
	fixture_pin(isle, id, false);
	isle_quarantine_rescan(isle);
	KUNIT_EXPECT_TRUE(test, poisoned(isle, id, 0));
}

static void a_write_to_free_memory_is_found(struct kunit *test)
{
	struct isle *isle = debugged(test);
	unsigned int order;
	struct klog log;

	klog_mark(&log);
	for (order = 0; order < 5; order += 2) {
		u32 id = take(isle, GFP_KERNEL, order);
		unsigned char *last = isle_frame_address(isle, id);

		isle_free_frames(isle, id, order);
		last += (PAGE_SIZE << order) - 3;
		*last = 'x';
		KUNIT_EXPECT_EQ(test, 0, klog_count(&log, "while free"));
		KUNIT_EXPECT_EQ(test, id, take(isle, GFP_KERNEL, order));
		KUNIT_EXPECT_EQ(test, 1,
				klog_count(&log,
					   "written to while free, at byte 4093"));
		KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "78 aa"));
		KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "last freed by"));
		klog_mark(&log);
	}
}

static void memory_that_was_let_alone_is_not_reported(struct kunit *test)
{
	struct isle *isle = debugged(test);
	unsigned int order, round;
	struct klog log;

	klog_mark(&log);
	for (round = 0; round < 3; round++) {
		/* Blocks grow over frames that were never freed. */
		for (order = 0; order <= ISLE_TOP_ORDER; order++) {
			u32 id = take(isle, GFP_KERNEL, order);

			memset(isle_frame_address(isle, id), round,
			       PAGE_SIZE << order);
			isle_free_frames(isle, id, order);
			isle_drain_all(isle);
		}
	}
	KUNIT_EXPECT_EQ(test, 0, klog_count(&log, "while free"));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_double_free_shows_both_stacks(struct kunit *test)
{
	struct isle *isle = debugged(test);
	u32 id = take(isle, GFP_KERNEL, 0);
	struct klog log;

	need_stacks(test);
	isle_free_frames(isle, id, 0);
	klog_mark(&log);
	isle_free_frames(isle, id, 0);
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "free already"));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "last allocated by"));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "last freed by"));
	/* in this call's, the allocation's and the first free's stack */
	KUNIT_EXPECT_GE(test, klog_count(&log, __func__), 3);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void an_owner_can_be_shown(struct kunit *test)
{
	struct isle *isle = debugged(test);
	u32 id = take(isle, GFP_KERNEL, 3);
	struct klog log;

	need_stacks(test);
	isle->frames[id].owner = (void *)_THIS_IP_;
	klog_mark(&log);
	isle_debug_print_owner(isle, id);
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "order 3, 1 reference"));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "allocated by:"));
	KUNIT_EXPECT_GE(test, klog_count(&log, __func__), 2);
}

static void without_debugging_an_owner_is_an_address(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));
	u32 id = take(isle, GFP_KERNEL, 3);
	struct klog log;

	isle->frames[id].owner = (void *)_THIS_IP_;
	klog_mark(&log);
	isle_debug_print_owner(isle, id);
	isle_debug_print_stacks(isle, id);
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, __func__));
	KUNIT_EXPECT_EQ(test, 0, klog_count(&log, "allocated by"));
}

static noinline void take_a_few(struct isle *isle)
{
	take(isle, GFP_KERNEL, 0);
	take(isle, GFP_KERNEL, 0);
}

static noinline void take_a_lot(struct isle *isle)
{
	u32 id = take(isle, GFP_KERNEL, 5);

	isle_split_block(isle, id, 5);
}

static void leaks_are_grouped_by_who_took_them(struct kunit *test)
{
	struct isle *isle = debugged(test);
	struct seq_file seq = { .size = SZ_16K };
	char *few, *lot;

	need_stacks(test);
	seq.buf = kunit_kzalloc(test, seq.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, seq.buf);
	take_a_few(isle);
	take_a_lot(isle);
	isle_free_frames(isle, take(isle, GFP_KERNEL, 4), 4);
	KUNIT_EXPECT_EQ(test, 0, isle_debug_leaks(isle, &seq));
	KUNIT_ASSERT_LT(test, seq.count, seq.size);
	lot = strstr(seq.buf, "32 pages in 32 blocks allocated by\n");
	few = strstr(seq.buf, "1 pages in 1 blocks allocated by\n");
	KUNIT_EXPECT_PTR_EQ(test, seq.buf, lot);
	KUNIT_EXPECT_NOT_NULL(test, few);
	KUNIT_EXPECT_NOT_NULL(test, strstr(seq.buf, "take_a_lot"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(seq.buf, "take_a_few"));
	KUNIT_EXPECT_NULL(test, strstr(seq.buf, "16 pages"));
}

static void a_corrupt_free_list_is_found(struct kunit *test)
{
	struct isle *isle = debugged(test);
	struct isle_zone *zone = isle->zones[0];
	struct isle_free_list *list;
	struct isle_frame good;
	struct klog log;
	u32 first;

	/* Two of order 9 remain, that are no buddies. */
	take(isle, GFP_KERNEL, 8);
	list = &zone->free_area[8].list[ISLE_UNMOVABLE];
	first = list->first;
	good = isle->frames[first];
	klog_mark(&log);
	__isle_debug_check_links(zone, first, 8, ISLE_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, 0, klog_count(&log, CORRUPT));
	isle->frames[first].next = first;
	isle->frames[first].prev = 5;
	__isle_debug_check_links(zone, first, 8, ISLE_UNMOVABLE);
	isle->frames[first] = good;
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, CORRUPT));
	isle->frames[first].state = ISLE_FRAME_ALLOCATED;
	__isle_debug_check_links(zone, first, 8, ISLE_UNMOVABLE);
	isle->frames[first] = good;
	KUNIT_EXPECT_EQ(test, 2, klog_count(&log, CORRUPT));
	isle->frames[first].order = 7;
	__isle_debug_check_links(zone, first, 8, ISLE_UNMOVABLE);
	isle->frames[first] = good;
	KUNIT_EXPECT_EQ(test, 3, klog_count(&log, CORRUPT));
}

/* The hook is where blocks leave their lists. */
static void every_block_is_checked_as_it_leaves_its_list(struct kunit *test)
{
	struct isle *isle = debugged(test);
	struct isle_zone *zone = isle->zones[0];
	struct klog log;
	u32 id, first;

	id = take(isle, GFP_KERNEL, 8);
	first = zone->free_area[8].list[ISLE_UNMOVABLE].first;
	isle->frames[first].state = ISLE_FRAME_QUARANTINE;
	klog_mark(&log);
	KUNIT_EXPECT_EQ(test, first, take(isle, GFP_KERNEL, 8));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, CORRUPT));
	isle_free_frames(isle, id, 8);
	isle_free_frames(isle, first, 8);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void other_instances_are_not_debugged(struct kunit *test)
{
	struct isle *isle;
	u32 id;

	debugged(test);
	isle = fixture_normal(test, FIXTURE_MB(4));
	KUNIT_EXPECT_NULL(test, isle->debug);
	id = take(isle, GFP_KERNEL, 0);
	isle_free_frames(isle, id, 0);
	EXPECT_ALLOCATED(test, isle, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(what_is_freed_is_poisoned),
	KUNIT_CASE(what_is_referenced_is_not_poisoned),
	KUNIT_CASE(what_is_pinned_is_poisoned_when_it_is_not_any_more),
	KUNIT_CASE(a_write_to_free_memory_is_found),
	KUNIT_CASE(memory_that_was_let_alone_is_not_reported),
	KUNIT_CASE(a_double_free_shows_both_stacks),
	KUNIT_CASE(an_owner_can_be_shown),
	KUNIT_CASE(without_debugging_an_owner_is_an_address),
	KUNIT_CASE(leaks_are_grouped_by_who_took_them),
	KUNIT_CASE(a_corrupt_free_list_is_found),
	KUNIT_CASE(every_block_is_checked_as_it_leaves_its_list),
	KUNIT_CASE(other_instances_are_not_debugged),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_debug",
	.test_cases = cases,
};

kunit_test_suite(suite);
