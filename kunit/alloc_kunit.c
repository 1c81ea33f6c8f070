// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/alloc.c. */

#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "instance_fixture.h"
#include "invariants.h"
#include "klog.h"
#include "page_alloc/alloc.h"
#include "page_alloc/drain.h"
#include "page_alloc/gfp.h"
#include "page_alloc/migrate.h"
#include "page_alloc/zone.h"

#define PAGEBLOCK	ISLE_PAGEBLOCK_FRAMES
#define QUIET		__GFP_NOWARN

static u32 take(struct isle *isle, gfp_t gfp, unsigned int order)
{
	return isle_alloc_frames(isle, gfp, order, NUMA_NO_NODE);
}

/* Take single frames until there are no more. Return: how many. */
static unsigned long take_all(struct isle *isle, gfp_t gfp)
{
	unsigned long nr = 0;

	while (take(isle, gfp | QUIET, 0) != ISLE_NO_FRAME)
		nr++;
	return nr;
}

/* 16 MB each of DMA32, NORMAL and MOVABLE. */
static struct isle *three_zones(struct kunit *test,
				unsigned long min_free_kbytes)
{
	static const struct isle_extent extent = {
		.base_pfn = FIXTURE_4GB - FIXTURE_MB(16), .nr = FIXTURE_MB(48),
	};
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = min_free_kbytes,
		.movable_percent = 34,
		.user_percent = 50,
	};

	return fixture_create(test, &config);
}

static struct isle *with_min(struct kunit *test, unsigned long min_free_kbytes)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));

	isle_zones_set_watermarks(isle, min_free_kbytes);
	return isle;
}

static void a_block_is_whole_and_the_callers_alone(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(32));
	unsigned long nr = 0;
	unsigned int order;
	u32 i;

	for (order = 0; order <= ISLE_TOP_ORDER; order++) {
		u32 id = take(isle, GFP_KERNEL, order);
		struct isle_frame *frame = isle->frames + id;

		KUNIT_ASSERT_NE(test, ISLE_NO_FRAME, id);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED(isle_id_to_pfn(isle, id),
						   BIT(order)));
		KUNIT_EXPECT_EQ(test, ISLE_FRAME_ALLOCATED, frame->state);
		KUNIT_EXPECT_EQ(test, order, frame->order);
		KUNIT_EXPECT_EQ(test, 1, atomic_read(&frame->ref));
		KUNIT_EXPECT_EQ(test, 0, frame->flags);
		for (i = 0; i < BIT(order); i++)
			KUNIT_EXPECT_EQ(test, id, isle_block_head(isle, id + i));
		nr += BIT(order);
		EXPECT_ALLOCATED(test, isle, nr);
	}
}

static void an_order_above_10_is_refused(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(32));

	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME, take(isle, GFP_KERNEL, 11));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME, take(isle, GFP_KERNEL, UINT_MAX));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_block_remembers_its_flags(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(32));
	u32 id = take(isle, GFP_KERNEL | __GFP_COMP, 3);

	KUNIT_EXPECT_EQ(test, ISLE_FRAME_COMP, isle->frames[id].flags);
	id = take(isle, GFP_KERNEL | __GFP_MOVABLE, 3);
	KUNIT_EXPECT_EQ(test, ISLE_FRAME_MOVABLE, isle->frames[id].flags);
	isle_free_frames(isle, id, 3);
	/* and not those of whoever had it before */
	KUNIT_EXPECT_EQ(test, id, isle_alloc_typed(isle, GFP_KERNEL, 3,
						   NUMA_NO_NODE, ISLE_MOVABLE,
						   false));
	KUNIT_EXPECT_EQ(test, 0, isle->frames[id].flags);
}

static struct isle *with_memory(struct kunit *test)
{
	static const struct isle_extent extent = {
		.base_pfn = FIXTURE_4GB, .nr = FIXTURE_MB(4),
	};
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = FIXTURE_NO_RESERVE,
	};
	struct isle *isle = fixture_create_with_memory(test, &config);

	memset(isle_frame_address(isle, 0), 0xee, SZ_4M);
	return isle;
}

static bool all_bytes_are(struct isle *isle, u32 id, unsigned int order, u8 c)
{
	return !memchr_inv(isle_frame_address(isle, id), c,
			   PAGE_SIZE << order);
}

static void a_block_is_zeroed_on_request(struct kunit *test)
{
	struct isle *isle = with_memory(test);
	u32 ids[2];

	ids[0] = take(isle, GFP_KERNEL | __GFP_ZERO, 3);
	KUNIT_EXPECT_TRUE(test, all_bytes_are(isle, ids[0], 3, 0));
	KUNIT_EXPECT_TRUE(test, all_bytes_are(isle, ids[0] + 8, 0, 0xee));
	ids[0] = take(isle, GFP_KERNEL, 3);
	KUNIT_EXPECT_TRUE(test, all_bytes_are(isle, ids[0], 3, 0xee));
	/* from this CPU's list as well, and in bulk */
	isle_free_frames(isle, ids[0], 3);
	KUNIT_EXPECT_EQ(test, ids[0], take(isle, GFP_KERNEL | __GFP_ZERO, 3));
	KUNIT_EXPECT_TRUE(test, all_bytes_are(isle, ids[0], 3, 0));
	KUNIT_EXPECT_EQ(test, 2,
			isle_alloc_frames_bulk(isle, GFP_KERNEL | __GFP_ZERO,
					       NUMA_NO_NODE, 2, ids));
	KUNIT_EXPECT_TRUE(test, all_bytes_are(isle, ids[0], 0, 0));
	KUNIT_EXPECT_TRUE(test, all_bytes_are(isle, ids[1], 0, 0));
}

static void frames_without_memory_have_nothing_to_zero(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));

	KUNIT_EXPECT_NE(test, ISLE_NO_FRAME,
			take(isle, GFP_KERNEL | __GFP_ZERO, 3));
}

static enum isle_zone_type zone_of(struct isle *isle, u32 id)
{
	return isle_frame_zone(isle, isle->frames + id)->type;
}

static int node_of(struct isle *isle, u32 id)
{
	return isle_frame_zone(isle, isle->frames + id)->nid;
}

static void a_request_begins_with_its_highest_zone(struct kunit *test)
{
	struct isle *isle = three_zones(test, FIXTURE_NO_RESERVE);
	unsigned int order;

	for (order = 0; order < 10; order++) {
		KUNIT_EXPECT_EQ(test, ISLE_ZONE_NORMAL,
				zone_of(isle, take(isle, GFP_KERNEL, order)));
		KUNIT_EXPECT_EQ(test, ISLE_ZONE_NORMAL,
				zone_of(isle, take(isle, GFP_HIGHUSER, order)));
		KUNIT_EXPECT_EQ(test, ISLE_ZONE_DMA32,
				zone_of(isle, take(isle, GFP_DMA32, order)));
		KUNIT_EXPECT_EQ(test, ISLE_ZONE_MOVABLE,
				zone_of(isle, take(isle, GFP_HIGHUSER_MOVABLE,
						   order)));
	}
}

static void a_request_goes_down_through_the_zones_but_not_up(struct kunit *test)
{
	struct isle *isle = three_zones(test, FIXTURE_NO_RESERVE);
	unsigned long nr = 0;

	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16),
			take_all(isle, GFP_DMA32 | __GFP_NORETRY |
				       __GFP_DIRECT_RECLAIM));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			take(isle, GFP_DMA32 | QUIET, 9));
	while (isle->zones[2]->nr_free || isle_pcp_pages(isle->zones[2])) {
		KUNIT_EXPECT_EQ(test, ISLE_ZONE_MOVABLE,
				zone_of(isle, take(isle, GFP_HIGHUSER_MOVABLE,
						   0)));
		nr++;
	}
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16), nr);
	/* NORMAL keeps some from those who could have used MOVABLE. */
	nr = take_all(isle, GFP_HIGHUSER_MOVABLE | __GFP_NORETRY);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16) -
			isle->zones[1]->lowmem_reserve[ISLE_ZONE_MOVABLE], nr);
	nr += take_all(isle, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16), nr);
	EXPECT_ALLOCATED(test, isle, FIXTURE_MB(48));
}

static void other_zones_come_before_the_low_mark_is_crossed(struct kunit *test)
{
	struct isle *isle = three_zones(test, 2048);
	struct isle_zone *dma32 = isle->zones[0], *normal = isle->zones[1];
	bool low = false;
	u32 id;

	/* order 4: no per-CPU lists */
	while ((id = take(isle, GFP_NOWAIT | QUIET, 4)) != ISLE_NO_FRAME) {
		bool in_normal = zone_of(isle, id) == ISLE_ZONE_NORMAL;
		bool dma32_low = dma32->nr_free - 15 <=
				 dma32->watermark[ISLE_WMARK_LOW] +
				 dma32->lowmem_reserve[ISLE_ZONE_NORMAL];

		if (!low && !in_normal) {
			low = true;
			KUNIT_EXPECT_LE(test, normal->nr_free - 15,
					normal->watermark[ISLE_WMARK_LOW]);
		}
		if (low && in_normal)
			KUNIT_EXPECT_TRUE(test, dma32_low);
		if (!low)
			KUNIT_EXPECT_GE(test, normal->nr_free,
					normal->watermark[ISLE_WMARK_LOW]);
	}
	KUNIT_EXPECT_TRUE(test, low);
	KUNIT_EXPECT_GE(test, normal->nr_free,
			normal->watermark[ISLE_WMARK_MIN]);
	KUNIT_EXPECT_LE(test, normal->nr_free,
			normal->watermark[ISLE_WMARK_MIN] + 15);
}

struct reserve_case {
	const char *name;
	gfp_t gfp;
	unsigned int left;	/* eighths of min */
};

static const struct reserve_case reserve_cases[] = {
	{ "GFP_NOWAIT", GFP_NOWAIT, 8 },
	{ "GFP_KERNEL, __GFP_NORETRY", GFP_KERNEL | __GFP_NORETRY, 8 },
	{ "GFP_KERNEL", GFP_KERNEL, 8 },
	{ "__GFP_HIGH", GFP_KERNEL | __GFP_NORETRY | __GFP_HIGH, 4 },
	{ "GFP_ATOMIC", GFP_ATOMIC, 3 },
	{ "GFP_ATOMIC, __GFP_NOMEMALLOC", GFP_ATOMIC | __GFP_NOMEMALLOC, 4 },
	{ "__GFP_MEMALLOC", GFP_NOWAIT | __GFP_MEMALLOC, 0 },
	{ "__GFP_MEMALLOC that may wait",
	  GFP_KERNEL | __GFP_MEMALLOC | __GFP_NORETRY, 0 },
};

static void describe_reserve(const struct reserve_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(reserve, reserve_cases, describe_reserve);

static void flags_say_how_far_down_a_request_may_go(struct kunit *test)
{
	const struct reserve_case *c = test->param_value;
	struct isle *isle = with_min(test, 3200);
	unsigned long min = isle->zones[0]->watermark[ISLE_WMARK_MIN];

	KUNIT_ASSERT_EQ(test, 800, min);
	take_all(isle, c->gfp);
	KUNIT_EXPECT_EQ(test, min * c->left / 8, isle_nr_free(isle));
	EXPECT_ALLOCATED(test, isle, FIXTURE_MB(16) - min * c->left / 8);
}

static void so_they_do_in_bulk(struct kunit *test)
{
	const struct reserve_case *c = test->param_value;
	struct isle *isle = with_min(test, 3200);
	unsigned int nr;
	u32 *ids;

	ids = kunit_kcalloc(test, FIXTURE_MB(16), sizeof(*ids), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ids);
	nr = isle_alloc_frames_bulk(isle, c->gfp | QUIET, NUMA_NO_NODE,
				    FIXTURE_MB(16), ids);
	/* Once it has some, a bulk request waits for no more. */
	if (c->gfp & __GFP_HIGH && !(c->gfp & __GFP_NOMEMALLOC))
		KUNIT_EXPECT_EQ(test, 300, isle_nr_free(isle));
	else
		KUNIT_EXPECT_EQ(test, 100 * c->left, isle_nr_free(isle));
	EXPECT_ALLOCATED(test, isle, nr);
	isle_free_frames_bulk(isle, ids, nr);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void hold_some(void *data)
{
	struct isle *isle = data;
	unsigned int i;
	u32 ids[16];

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = take(isle, GFP_ATOMIC, 0);
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		isle_free_frames(isle, ids[i], 0);
}

static void lists_of_other_cpus_are_drained_before_memory_is_out(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	int other = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());

	if (other >= nr_cpu_ids)
		kunit_skip(test, "a second CPU");
	KUNIT_ASSERT_EQ(test, 0,
			smp_call_function_single(other, hold_some, isle, true));
	KUNIT_ASSERT_GT(test, isle_pcp_pages(isle->zones[0]), 0);
	/* Who can't wait has to do without. */
	take_all(isle, GFP_NOWAIT);
	KUNIT_EXPECT_GT(test, isle_pcp_pages(isle->zones[0]), 0);
	take_all(isle, GFP_KERNEL | __GFP_NORETRY);
	EXPECT_ALLOCATED(test, isle, FIXTURE_MB(16));
}

static void this_cpus_lists_are_drained_for_who_cannot_wait(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	unsigned int i;
	u32 ids[6];

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = take(isle, GFP_KERNEL | __GFP_RECLAIMABLE, 0);
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		isle_free_frames(isle, ids[i], 0);
	KUNIT_EXPECT_GE(test, isle_pcp_pages(isle->zones[0]), 6);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16), take_all(isle, GFP_NOWAIT));
}

static void quarantine_is_looked_through_before_memory_is_out(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	u32 id = take(isle, GFP_KERNEL, 0);

	take_all(isle, GFP_KERNEL | __GFP_NORETRY);
	isle_expose_frame(isle, id);
	fixture_pin(isle, id, true);
	isle_free_frames(isle, id, 0);
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			take(isle, GFP_KERNEL | __GFP_NORETRY | QUIET, 0));
	fixture_pin(isle, id, false);
	KUNIT_EXPECT_EQ(test, id,
			take(isle, GFP_KERNEL | __GFP_NORETRY, 0));
	EXPECT_ALLOCATED(test, isle, FIXTURE_MB(16));
}

static void atomic_blocks_get_a_reserve_of_their_own(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	struct isle_zone *zone = isle->zones[0];
	u32 id;

	/* While memory is plenty, nothing is set aside. */
	isle_free_frames(isle, take(isle, GFP_ATOMIC, 4), 4);
	KUNIT_EXPECT_EQ(test, 0, zone->nr_highatomic);
	zone->watermark[ISLE_WMARK_LOW] = zone->managed;
	take(isle, GFP_ATOMIC, 0);
	KUNIT_EXPECT_EQ(test, 0, zone->nr_highatomic);
	id = take(isle, GFP_ATOMIC, 4);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_highatomic);
	KUNIT_EXPECT_EQ(test, ISLE_HIGHATOMIC, isle_pageblock_type(isle, id));
	/* The next one comes out of it, and an ordinary one does not. */
	KUNIT_EXPECT_EQ(test, id / PAGEBLOCK,
			take(isle, GFP_ATOMIC, 4) / PAGEBLOCK);
	KUNIT_EXPECT_NE(test, id / PAGEBLOCK,
			take(isle, GFP_NOWAIT, 4) / PAGEBLOCK);
	EXPECT_ALLOCATED(test, isle, 1 + 3 * 16);
}

static void the_reserve_is_given_back_before_memory_is_out(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	struct isle_zone *zone = isle->zones[0];

	zone->watermark[ISLE_WMARK_LOW] = zone->managed;
	take(isle, GFP_ATOMIC, 4);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_highatomic);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16) - 16, take_all(isle, GFP_NOWAIT));
	KUNIT_EXPECT_EQ(test, 0, zone->nr_highatomic);
}

static void emergency_requests_may_have_the_reserve(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	struct isle_zone *zone = isle->zones[0];
	unsigned int i;
	u32 id;

	zone->watermark[ISLE_WMARK_LOW] = zone->managed;
	id = take(isle, GFP_ATOMIC, 4);
	for (i = 0; i < 7; i++)
		take(isle, GFP_NOWAIT | __GFP_MEMALLOC, 9);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK - 16, zone->nr_free);
	KUNIT_EXPECT_EQ(test, id / PAGEBLOCK,
			take(isle, GFP_NOWAIT | __GFP_MEMALLOC, 4) /
			PAGEBLOCK);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_highatomic);
}

/* Each pageblock of NORMAL is half free; those of DMA32 are wholly free. */
static void a_request_that_fragments_goes_to_dma32_first(struct kunit *test)
{
	struct isle *isle = three_zones(test, FIXTURE_NO_RESERVE);
	unsigned int i;
	u32 ids[16];

	for (i = 0; i < 16; i++) {
		ids[i] = take(isle, GFP_KERNEL | __GFP_MOVABLE, 8);
		KUNIT_EXPECT_EQ(test, ISLE_ZONE_NORMAL, zone_of(isle, ids[i]));
	}
	for (i = 0; i < 16; i++) {
		if (ids[i] % PAGEBLOCK)
			isle_free_frames(isle, ids[i], 8);
	}
	KUNIT_EXPECT_EQ(test, ISLE_ZONE_DMA32,
			zone_of(isle, take(isle, GFP_KERNEL, 5)));
	KUNIT_EXPECT_EQ(test, ISLE_ZONE_NORMAL,
			zone_of(isle, take(isle, GFP_KERNEL | __GFP_MOVABLE,
					   5)));
	KUNIT_EXPECT_EQ(test, 0, isle->zones[1]->events.fallback);
	/* Where DMA32 can't help, NORMAL does. */
	isle->zones[0]->watermark[ISLE_WMARK_MIN] = FIXTURE_MB(16);
	isle->zones[0]->watermark[ISLE_WMARK_LOW] = FIXTURE_MB(16);
	KUNIT_EXPECT_EQ(test, ISLE_ZONE_NORMAL,
			zone_of(isle, take(isle, GFP_KERNEL, 5)));
	KUNIT_EXPECT_EQ(test, 1, isle->zones[1]->events.fallback);
	EXPECT_ALLOCATED(test, isle, 8 * 256 + 3 * 32);
}

/* Sleeps that a request brings about. */
static unsigned long sleeps(struct isle *isle, gfp_t gfp, unsigned int order)
{
	unsigned long before = current->nvcsw;

	take(isle, gfp | QUIET, order);
	return current->nvcsw - before;
}

static void ordinary_requests_wait_before_they_fail(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));

	take_all(isle, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_GE(test, sleeps(isle, GFP_KERNEL, 0), 2);
	KUNIT_EXPECT_GE(test, sleeps(isle, GFP_KERNEL | __GFP_RETRY_MAYFAIL, 3),
			2);
	KUNIT_EXPECT_EQ(test, 0, sleeps(isle, GFP_KERNEL | __GFP_NORETRY, 0));
	KUNIT_EXPECT_EQ(test, 0, sleeps(isle, GFP_NOWAIT, 0));
	KUNIT_EXPECT_EQ(test, 0, sleeps(isle, GFP_ATOMIC, 0));
}

static void who_is_killed_does_not_wait(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));
	unsigned long slept;

	take_all(isle, GFP_KERNEL | __GFP_NORETRY);
	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 1);
	slept = sleeps(isle, GFP_KERNEL, 0);
	flush_signals(current);
	disallow_signal(SIGKILL);
	KUNIT_EXPECT_EQ(test, 0, slept);
}

/* Frees a block after a while. */
struct later {
	struct delayed_work work;
	struct isle *isle;
	u32 id;
	unsigned int order;
};

static void free_later(struct work_struct *work)
{
	struct later *later = container_of(to_delayed_work(work), struct later,
					   work);

	isle_free_frames(later->isle, later->id, later->order);
}

static u32 take_what_is_freed_in(struct isle *isle, gfp_t gfp, u32 id,
				 unsigned int order, unsigned int ms)
{
	struct later later = { .isle = isle, .id = id, .order = order };

	INIT_DELAYED_WORK_ONSTACK(&later.work, free_later);
	schedule_delayed_work(&later.work, msecs_to_jiffies(ms));
	id = take(isle, gfp, order);
	flush_delayed_work(&later.work);
	destroy_delayed_work_on_stack(&later.work);
	return id;
}

static void waiting_helps_when_somebody_frees(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));
	u32 id = take(isle, GFP_KERNEL, 3);

	take_all(isle, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_EQ(test, id,
			take_what_is_freed_in(isle, GFP_KERNEL, id, 3, 1));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			take(isle, GFP_KERNEL | QUIET, 3));
	EXPECT_ALLOCATED(test, isle, FIXTURE_MB(4));
}

static void nofail_waits_until_somebody_frees(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));
	u32 id = take(isle, GFP_KERNEL, 9);
	long failures;

	take_all(isle, GFP_KERNEL | __GFP_NORETRY);
	failures = atomic_long_read(&isle->nr_failures);
	KUNIT_EXPECT_EQ(test, id,
			take_what_is_freed_in(isle, GFP_KERNEL | __GFP_NOFAIL,
					      id, 9, 200));
	KUNIT_EXPECT_EQ(test, failures, atomic_long_read(&isle->nr_failures));
	EXPECT_ALLOCATED(test, isle, FIXTURE_MB(4));
}

static void a_failure_is_counted_and_reported(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));
	struct klog log;

	take(isle, GFP_KERNEL, 10);
	klog_mark(&log);
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&isle->nr_failures));
	take(isle, GFP_ATOMIC, 3);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&isle->nr_failures));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "page allocation failure"));
	take(isle, GFP_ATOMIC | __GFP_NOWARN, 3);
	KUNIT_EXPECT_EQ(test, 2, atomic_long_read(&isle->nr_failures));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "page allocation failure"));
}

static void a_bulk_request_gets_as_many_as_there_are(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));
	unsigned int i;
	u32 *ids;

	ids = kunit_kcalloc(test, 1024, sizeof(*ids), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ids);
	KUNIT_EXPECT_EQ(test, 0,
			isle_alloc_frames_bulk(isle, GFP_KERNEL, NUMA_NO_NODE,
					       0, ids));
	KUNIT_EXPECT_EQ(test, 1000,
			isle_alloc_frames_bulk(isle, GFP_KERNEL, NUMA_NO_NODE,
					       1000, ids));
	EXPECT_ALLOCATED(test, isle, 1000);
	for (i = 0; i < 1000; i++)
		KUNIT_EXPECT_EQ(test, 0, isle->frames[ids[i]].order);
	KUNIT_EXPECT_EQ(test, 24,
			isle_alloc_frames_bulk(isle, GFP_NOWAIT, NUMA_NO_NODE,
					       100, ids + 1000));
	KUNIT_EXPECT_EQ(test, 0,
			isle_alloc_frames_bulk(isle, GFP_NOWAIT | QUIET,
					       NUMA_NO_NODE, 100, NULL));
	isle_free_frames_bulk(isle, ids, 1024);
	isle_drain_all(isle);
	EXPECT_ALLOCATED(test, isle, 0);
}

static void a_bulk_request_that_has_some_does_not_wait_for_the_rest(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));
	unsigned long before;
	struct klog log;
	u32 *ids;

	ids = kunit_kcalloc(test, 1100, sizeof(*ids), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ids);
	klog_mark(&log);
	before = current->nvcsw;
	KUNIT_EXPECT_EQ(test, 1024,
			isle_alloc_frames_bulk(isle, GFP_KERNEL | __GFP_NOFAIL,
					       NUMA_NO_NODE, 1100, ids));
	KUNIT_EXPECT_EQ(test, before, current->nvcsw);
	KUNIT_EXPECT_EQ(test, 0, klog_count(&log, "allocation failure"));
}

static void processes_get_their_share_and_no_more(struct kunit *test)
{
	struct isle *isle = three_zones(test, FIXTURE_NO_RESERVE);
	unsigned int i, nr;
	u32 *ids;

	ids = kunit_kcalloc(test, FIXTURE_MB(48), sizeof(*ids), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ids);
	nr = isle_alloc_user(isle, GFP_HIGHUSER_MOVABLE | QUIET, 0,
			     FIXTURE_MB(48), ids);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(24), nr);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, FIXTURE_MB(8),
				atomic_long_read(&isle->zones[i]->nr_user));
	EXPECT_ALLOCATED(test, isle, nr);
	/* Other callers don't feel it. */
	KUNIT_EXPECT_EQ(test, 0, isle_alloc_user(isle, GFP_NOWAIT | QUIET, 0, 1,
						 ids + nr));
	KUNIT_EXPECT_NE(test, ISLE_NO_FRAME, take(isle, GFP_NOWAIT, 0));
	KUNIT_EXPECT_EQ(test, 1, isle_alloc_frames_bulk(isle, GFP_NOWAIT,
							NUMA_NO_NODE, 1,
							ids + nr));
	isle_free_frames_bulk(isle, ids, nr / 2);
	for (i = nr / 2; i < nr; i++)
		isle_free_frames(isle, ids[i], 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, 0,
				atomic_long_read(&isle->zones[i]->nr_user));
	EXPECT_ALLOCATED(test, isle, 2);
}

static void who_is_over_his_share_disturbs_nobody(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	struct isle_zone *zone = isle->zones[0];
	unsigned long before, pages;
	u32 ids[4], id;

	zone->watermark[ISLE_WMARK_LOW] = zone->managed;
	take(isle, GFP_ATOMIC, 4);
	zone->watermark[ISLE_WMARK_LOW] = 0;
	zone->user_max = 4;
	KUNIT_EXPECT_EQ(test, 4, isle_alloc_user(isle, GFP_KERNEL, 0, 4, ids));
	isle_free_frames(isle, take(isle, GFP_KERNEL, 0), 0);
	pages = isle_pcp_pages(zone);
	before = current->nvcsw;
	KUNIT_EXPECT_EQ(test, 0, isle_alloc_user(isle, GFP_KERNEL | QUIET, 0, 1,
						 &id));
	KUNIT_EXPECT_EQ(test, before, current->nvcsw);
	KUNIT_EXPECT_NE(test, 0, pages);
	KUNIT_EXPECT_EQ(test, pages, isle_pcp_pages(zone));
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_highatomic);
	/* What is his and only waits he may have, though. */
	isle_expose_frame(isle, ids[0]);
	fixture_pin(isle, ids[0], true);
	isle_free_frames(isle, ids[0], 0);
	fixture_pin(isle, ids[0], false);
	KUNIT_EXPECT_EQ(test, 1, isle_alloc_user(isle, GFP_KERNEL, 0, 1, &id));
	EXPECT_ALLOCATED(test, isle, 16 + 4);
}

static void a_share_is_in_whole_blocks(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	struct isle_zone *zone = isle->zones[0];
	u32 ids[16];

	zone->user_max = 100;
	KUNIT_EXPECT_EQ(test, 6, isle_alloc_user(isle, GFP_KERNEL | QUIET, 4,
						 16, ids));
	KUNIT_EXPECT_EQ(test, 96, atomic_long_read(&zone->nr_user));
	KUNIT_EXPECT_EQ(test, 0, isle_alloc_user(isle, GFP_NOWAIT | QUIET, 3,
						 1, ids + 6));
	KUNIT_EXPECT_EQ(test, 96, atomic_long_read(&zone->nr_user));
	KUNIT_EXPECT_EQ(test, 1, isle_alloc_user(isle, GFP_NOWAIT, 2, 1,
						 ids + 6));
	EXPECT_ALLOCATED(test, isle, 100);
	isle_split_block(isle, ids[0], 4);
	isle_free_frames(isle, ids[0] + 3, 0);
	KUNIT_EXPECT_EQ(test, 99, atomic_long_read(&zone->nr_user));
	isle_put_frame(isle, ids[1] + 5);
	KUNIT_EXPECT_EQ(test, 83, atomic_long_read(&zone->nr_user));
	EXPECT_ALLOCATED(test, isle, 83);
}

static void a_request_that_gets_nothing_is_charged_nothing(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));
	u32 ids[4];

	KUNIT_EXPECT_EQ(test, 1, isle_alloc_user(isle, GFP_NOWAIT, 9, 1, ids));
	take_all(isle, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_EQ(test, 0, isle_alloc_user(isle, GFP_NOWAIT | QUIET, 0, 4,
						 ids + 1));
	KUNIT_EXPECT_EQ(test, 512, atomic_long_read(&isle->zones[0]->nr_user));
	isle_free_frames(isle, ids[0], 9);
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&isle->zones[0]->nr_user));
}

static struct isle *quarter_cma(struct kunit *test)
{
	static const struct isle_extent extent = {
		.base_pfn = FIXTURE_4GB, .nr = FIXTURE_MB(16),
	};
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = FIXTURE_NO_RESERVE,
		.cma_percent = 25,
		.user_percent = 100,
	};

	return fixture_create(test, &config);
}

static void blocks_can_be_had_by_migratetype(struct kunit *test)
{
	struct isle *isle = quarter_cma(test);
	unsigned int order, mt;
	unsigned long nr = 0;
	u32 id;

	for (mt = 0; mt < ISLE_ISOLATE; mt++) {
		for (order = 0; order < 4; order++) {
			id = isle_alloc_typed(isle, GFP_NOWAIT, order,
					      NUMA_NO_NODE, mt, order & 1);
			KUNIT_EXPECT_NE(test, ISLE_NO_FRAME, id);
			KUNIT_EXPECT_EQ(test, mt,
					isle_pageblock_type(isle, id));
			KUNIT_EXPECT_EQ(test, order & 1,
					!!(isle->frames[id].flags &
					   ISLE_FRAME_USER));
			nr += BIT(order);
		}
	}
	EXPECT_ALLOCATED(test, isle, nr);
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			isle_alloc_typed(isle, GFP_NOWAIT, 0, NUMA_NO_NODE,
					 ISLE_ISOLATE, false));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			isle_alloc_typed(isle, GFP_NOWAIT, 0, NUMA_NO_NODE,
					 ISLE_MIGRATE_TYPES, false));
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			isle_alloc_typed(isle, GFP_NOWAIT, 11, NUMA_NO_NODE,
					 ISLE_MOVABLE, false));
}

static void cma_blocks_come_from_cma_alone(struct kunit *test)
{
	struct isle *isle = quarter_cma(test);
	unsigned int nr = 0;

	while (isle_alloc_typed(isle, GFP_NOWAIT | QUIET, 0, NUMA_NO_NODE,
				ISLE_CMA, false) != ISLE_NO_FRAME)
		nr++;
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(4), nr);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(12), isle_nr_free(isle));
}

static void cma_blocks_do_not_come_from_the_atomic_reserve(struct kunit *test)
{
	static const gfp_t gfps[] = {
		GFP_ATOMIC, GFP_NOWAIT | __GFP_MEMALLOC,
	};
	struct isle *isle = quarter_cma(test);
	unsigned int i;

	isle->zones[0]->watermark[ISLE_WMARK_LOW] = FIXTURE_MB(16);
	take(isle, GFP_ATOMIC, 4);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, isle->zones[0]->nr_highatomic);
	KUNIT_EXPECT_NE(test, ISLE_NO_FRAME,
			isle_alloc_typed(isle, GFP_ATOMIC, 10, NUMA_NO_NODE,
					 ISLE_CMA, false));
	for (i = 0; i < ARRAY_SIZE(gfps); i++)
		KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
				isle_alloc_typed(isle, gfps[i] | QUIET, 3,
						 NUMA_NO_NODE, ISLE_CMA,
						 false));
}

static void only_movable_requests_borrow_from_cma(struct kunit *test)
{
	struct isle *isle = quarter_cma(test);

	KUNIT_EXPECT_EQ(test, FIXTURE_MB(12),
			take_all(isle, GFP_KERNEL | __GFP_NORETRY));
	KUNIT_EXPECT_EQ(test, 0,
			take_all(isle, GFP_NOWAIT | __GFP_MEMALLOC));
	KUNIT_EXPECT_EQ(test, 0,
			take_all(isle, GFP_NOWAIT | __GFP_RECLAIMABLE));
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(4),
			take_all(isle, GFP_NOWAIT | __GFP_MOVABLE));
}

static struct isle *two_nodes(struct kunit *test)
{
	static const struct isle_extent extents[] = {
		{ FIXTURE_4GB, FIXTURE_MB(8), .nid = 0 },
		{ FIXTURE_4GB + FIXTURE_MB(8), FIXTURE_MB(8), .nid = 1 },
	};
	struct isle_config config = {
		.extents = extents,
		.nr_extents = ARRAY_SIZE(extents),
		.min_free_kbytes = FIXTURE_NO_RESERVE,
	};

	if (nr_node_ids < 2)
		kunit_skip(test, "a second node (numa=fake=2)");
	return fixture_create(test, &config);
}

static void a_request_begins_with_the_preferred_node(struct kunit *test)
{
	struct isle *isle = two_nodes(test);
	unsigned int i;
	int nid;

	for (nid = 0; nid < 2; nid++) {
		for (i = 0; i < 2048; i++) {
			u32 id = isle_alloc_frames(isle, GFP_NOWAIT, 0, nid);

			KUNIT_EXPECT_EQ(test, nid, node_of(isle, id));
		}
	}
	EXPECT_ALLOCATED(test, isle, FIXTURE_MB(16));
}

static void a_node_that_is_full_sends_on_to_the_next(struct kunit *test)
{
	struct isle *isle = two_nodes(test);
	unsigned int nr = 0;

	while (isle_alloc_frames(isle, GFP_NOWAIT | QUIET, 0, 1) !=
	       ISLE_NO_FRAME)
		nr++;
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16), nr);
}

static void thisnode_takes_no_other(struct kunit *test)
{
	struct isle *isle = two_nodes(test);
	unsigned int nid, nr = 0;

	for (nid = 0; nid < 2; nid++) {
		while (isle_alloc_frames(isle, GFP_NOWAIT | __GFP_THISNODE |
					 QUIET, 0, nid) != ISLE_NO_FRAME)
			nr++;
		KUNIT_EXPECT_EQ(test, FIXTURE_MB(8) * (nid + 1), nr);
	}
	KUNIT_EXPECT_EQ(test, ISLE_NO_FRAME,
			isle_alloc_frames(isle, GFP_NOWAIT | QUIET |
					  __GFP_THISNODE, 0, NUMA_NO_NODE));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_block_is_whole_and_the_callers_alone),
	KUNIT_CASE(an_order_above_10_is_refused),
	KUNIT_CASE(a_block_remembers_its_flags),
	KUNIT_CASE(a_block_is_zeroed_on_request),
	KUNIT_CASE(frames_without_memory_have_nothing_to_zero),
	KUNIT_CASE(a_request_begins_with_its_highest_zone),
	KUNIT_CASE(a_request_goes_down_through_the_zones_but_not_up),
	KUNIT_CASE(other_zones_come_before_the_low_mark_is_crossed),
	KUNIT_CASE_PARAM(flags_say_how_far_down_a_request_may_go,
			 reserve_gen_params),
	KUNIT_CASE_PARAM(so_they_do_in_bulk, reserve_gen_params),
	KUNIT_CASE(lists_of_other_cpus_are_drained_before_memory_is_out),
	KUNIT_CASE(this_cpus_lists_are_drained_for_who_cannot_wait),
	KUNIT_CASE(quarantine_is_looked_through_before_memory_is_out),
	KUNIT_CASE(atomic_blocks_get_a_reserve_of_their_own),
	KUNIT_CASE(the_reserve_is_given_back_before_memory_is_out),
	KUNIT_CASE(emergency_requests_may_have_the_reserve),
	KUNIT_CASE(a_request_that_fragments_goes_to_dma32_first),
	KUNIT_CASE(ordinary_requests_wait_before_they_fail),
	KUNIT_CASE(who_is_killed_does_not_wait),
	KUNIT_CASE(waiting_helps_when_somebody_frees),
	KUNIT_CASE(nofail_waits_until_somebody_frees),
	KUNIT_CASE(a_failure_is_counted_and_reported),
	KUNIT_CASE(a_bulk_request_gets_as_many_as_there_are),
	KUNIT_CASE(a_bulk_request_that_has_some_does_not_wait_for_the_rest),
	KUNIT_CASE(processes_get_their_share_and_no_more),
	KUNIT_CASE(who_is_over_his_share_disturbs_nobody),
	KUNIT_CASE(a_share_is_in_whole_blocks),
	KUNIT_CASE(a_request_that_gets_nothing_is_charged_nothing),
	KUNIT_CASE(blocks_can_be_had_by_migratetype),
	KUNIT_CASE(cma_blocks_come_from_cma_alone),
	KUNIT_CASE(cma_blocks_do_not_come_from_the_atomic_reserve),
	KUNIT_CASE(only_movable_requests_borrow_from_cma),
	KUNIT_CASE(a_request_begins_with_the_preferred_node),
	KUNIT_CASE(a_node_that_is_full_sends_on_to_the_next),
	KUNIT_CASE(thisnode_takes_no_other),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_alloc",
	.test_cases = cases,
};

kunit_test_suite(suite);
