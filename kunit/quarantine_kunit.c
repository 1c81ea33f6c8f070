// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/quarantine.c. */

#include <linux/delay.h>

#include "instance_fixture.h"
#include "invariants.h"
#include "klog.h"
#include "page_alloc/alloc.h"
#include "page_alloc/quarantine.h"

/* A block that was mapped, and is pinned. */
static u32 take_pinned(struct isle *isle, gfp_t gfp, unsigned int order)
{
	u32 id = isle_alloc_frames(isle, gfp, order, NUMA_NO_NODE);

	isle_expose_frame(isle, id);
	fixture_pin(isle, id, true);
	return id;
}

/* Nobody but the test looks: for the time that it takes. */
static struct isle *unwatched(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));

	isle_quarantine_stop(isle);
	return isle;
}

static void free_unwatched(struct isle *isle, u32 id, unsigned int order)
{
	isle_free_frames(isle, id, order);
	isle_quarantine_stop(isle);
}

static void a_pinned_frame_waits(struct kunit *test)
{
	struct isle *isle = unwatched(test);
	u32 id = take_pinned(isle, GFP_KERNEL, 0);

	free_unwatched(isle, id, 0);
	KUNIT_EXPECT_EQ(test, ISLE_FRAME_QUARANTINE, isle->frames[id].state);
	KUNIT_EXPECT_EQ(test, 1, isle->quarantine.nr);
	KUNIT_EXPECT_EQ(test, isle_nr_managed(isle) - 1, isle_nr_free(isle));
	EXPECT_ALLOCATED(test, isle, 0);
	isle_quarantine_rescan(isle);
	KUNIT_EXPECT_EQ(test, 1, isle->quarantine.nr);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_frame_that_was_never_exposed_does_not(struct kunit *test)
{
	struct isle *isle = unwatched(test);
	u32 id = isle_alloc_frames(isle, GFP_KERNEL, 0, NUMA_NO_NODE);

	fixture_pin(isle, id, true);
	isle_free_frames(isle, id, 0);
	KUNIT_EXPECT_EQ(test, 0, isle->quarantine.nr);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_frame_is_free_when_its_last_pin_goes(struct kunit *test)
{
	struct isle *isle = unwatched(test);
	u32 a = take_pinned(isle, GFP_KERNEL, 0);
	u32 b = take_pinned(isle, GFP_KERNEL, 4);
	u32 c = take_pinned(isle, GFP_KERNEL, 10);

	free_unwatched(isle, a, 0);
	free_unwatched(isle, b, 4);
	free_unwatched(isle, c, 10);
	KUNIT_EXPECT_EQ(test, 1 + 16 + 1024, isle->quarantine.nr);
	EXPECT_ALLOCATED(test, isle, 0);
	fixture_pin(isle, b, false);
	isle_quarantine_rescan(isle);
	KUNIT_EXPECT_EQ(test, 1 + 1024, isle->quarantine.nr);
	KUNIT_EXPECT_EQ(test, ISLE_FRAME_QUARANTINE, isle->frames[a].state);
	KUNIT_EXPECT_EQ(test, ISLE_FRAME_QUARANTINE, isle->frames[c].state);
	EXPECT_ALLOCATED(test, isle, 0);
	fixture_pin(isle, a, false);
	fixture_pin(isle, c, false);
	isle_quarantine_rescan(isle);
	KUNIT_EXPECT_EQ(test, 0, isle->quarantine.nr);
	KUNIT_EXPECT_EQ(test, isle_nr_managed(isle), isle_nr_free(isle));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void frames_freed_in_bulk_wait_too(struct kunit *test)
{
	struct isle *isle = unwatched(test);
	u32 ids[3];

	ids[0] = isle_alloc_frames(isle, GFP_KERNEL, 0, NUMA_NO_NODE);
	ids[1] = take_pinned(isle, GFP_KERNEL, 0);
	ids[2] = isle_alloc_frames(isle, GFP_KERNEL, 0, NUMA_NO_NODE);
	isle_free_frames_bulk(isle, ids, 3);
	isle_quarantine_stop(isle);
	KUNIT_EXPECT_EQ(test, 1, isle->quarantine.nr);
	KUNIT_EXPECT_EQ(test, ISLE_FRAME_QUARANTINE,
			isle->frames[ids[1]].state);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void what_waits_is_not_allocated(struct kunit *test)
{
	struct isle *isle = unwatched(test);
	unsigned int nr = 0;
	u32 id, pinned = take_pinned(isle, GFP_KERNEL, 3);

	free_unwatched(isle, pinned, 3);
	while ((id = isle_alloc_frames(isle, GFP_NOWAIT | __GFP_MEMALLOC, 0,
				       NUMA_NO_NODE)) != ISLE_NO_FRAME) {
		KUNIT_EXPECT_NE(test, pinned / 8, id / 8);
		nr++;
	}
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16) - 8, nr);
	EXPECT_ALLOCATED(test, isle, nr);
}

static void what_waits_stays_charged(struct kunit *test)
{
	struct isle *isle = unwatched(test);
	struct isle_zone *zone = isle->zones[0];
	u32 ids[2];

	isle_alloc_user(isle, GFP_KERNEL, 0, 2, ids);
	isle_expose_frame(isle, ids[0]);
	isle_expose_frame(isle, ids[1]);
	fixture_pin(isle, ids[0], true);
	fixture_pin(isle, ids[1], true);
	free_unwatched(isle, ids[0], 0);
	isle_free_frames_bulk(isle, ids + 1, 1);
	isle_quarantine_stop(isle);
	KUNIT_EXPECT_EQ(test, 2, atomic_long_read(&zone->nr_user));
	fixture_pin(isle, ids[0], false);
	isle_quarantine_rescan(isle);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&zone->nr_user));
	fixture_pin(isle, ids[1], false);
	isle_quarantine_rescan(isle);
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&zone->nr_user));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void what_waits_is_free_already(struct kunit *test)
{
	struct isle *isle = unwatched(test);
	u32 id = take_pinned(isle, GFP_KERNEL, 0);
	struct klog log;

	free_unwatched(isle, id, 0);
	klog_mark(&log);
	isle_free_frames(isle, id, 0);
	isle_put_frame(isle, id);
	KUNIT_EXPECT_EQ(test, 2, klog_count(&log, "free already"));
	KUNIT_EXPECT_FALSE(test, isle_tryget_frame(isle, id));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void somebody_looks_again_by_himself(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	u32 a = take_pinned(isle, GFP_KERNEL, 0);
	u32 b = take_pinned(isle, GFP_KERNEL, 2);
	unsigned int tries = 100;

	isle_free_frames(isle, a, 0);
	isle_free_frames(isle, b, 2);
	fixture_pin(isle, a, false);
	while (READ_ONCE(isle->quarantine.nr) == 5 && tries--)
		msleep(20);
	KUNIT_EXPECT_EQ(test, 4, READ_ONCE(isle->quarantine.nr));
	fixture_pin(isle, b, false);
	while (READ_ONCE(isle->quarantine.nr) && tries--)
		msleep(20);
	isle_quarantine_stop(isle);
	KUNIT_EXPECT_EQ(test, 0, isle->quarantine.nr);
	EXPECT_ALLOCATED(test, isle, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_pinned_frame_waits),
	KUNIT_CASE(a_frame_that_was_never_exposed_does_not),
	KUNIT_CASE(a_frame_is_free_when_its_last_pin_goes),
	KUNIT_CASE(frames_freed_in_bulk_wait_too),
	KUNIT_CASE(what_waits_is_not_allocated),
	KUNIT_CASE(what_waits_stays_charged),
	KUNIT_CASE(what_waits_is_free_already),
	KUNIT_CASE(somebody_looks_again_by_himself),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_quarantine",
	.test_cases = cases,
};

kunit_test_suite(suite);
