// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/alloc.c: what is done when memory is short. */

#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "alloc_fixture.h"
#include "invariants.h"
#include "klog.h"
#include "page_alloc/drain.h"
#include "page_alloc/gfp.h"
#include "page_alloc/migrate.h"

static struct isle *with_min(struct kunit *test, unsigned long min_free_kbytes)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));

	isle_zones_set_watermarks(isle, min_free_kbytes);
	return isle;
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
	unsigned long min = isle->zones[0]->watermark[ISLE_WMARK_MIN];
	unsigned int nr;
	u32 *ids;

	ids = kunit_kcalloc(test, FIXTURE_MB(16), sizeof(*ids), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ids);
	nr = isle_alloc_frames_bulk(isle, c->gfp | QUIET, NUMA_NO_NODE,
				    FIXTURE_MB(16), ids);
	KUNIT_EXPECT_EQ(test, min * c->left / 8, isle_nr_free(isle));
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
	isle_pcp_drain_local(zone);
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

static void the_rest_of_a_bulk_request_disturbs_nobody(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	struct isle_zone *zone = isle->zones[0];
	unsigned int nr;
	u32 *ids;

	ids = kunit_kcalloc(test, FIXTURE_MB(16), sizeof(*ids), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ids);
	zone->watermark[ISLE_WMARK_LOW] = zone->managed;
	take(isle, GFP_ATOMIC, 4);
	KUNIT_ASSERT_EQ(test, PAGEBLOCK, zone->nr_highatomic);
	nr = isle_alloc_frames_bulk(isle, GFP_NOWAIT, NUMA_NO_NODE,
				    FIXTURE_MB(16), ids);
	KUNIT_EXPECT_EQ(test, FIXTURE_MB(16) - PAGEBLOCK, nr);
	KUNIT_EXPECT_EQ(test, PAGEBLOCK, zone->nr_highatomic);
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&isle->nr_failures));
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

/* A request does not wait for long, and who frees may be late. */
static void waiting_helps_when_somebody_frees(struct kunit *test)
{
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));
	u32 id = take(isle, GFP_KERNEL, 3), got = ISLE_NO_FRAME;
	unsigned int try;

	take_all(isle, GFP_KERNEL | __GFP_NORETRY);
	for (try = 0; try < 20 && got == ISLE_NO_FRAME; try++) {
		got = take_what_is_freed_in(isle, GFP_KERNEL | QUIET, id, 3, 1);
		if (got == ISLE_NO_FRAME)
			KUNIT_EXPECT_EQ(test, id, take(isle, GFP_KERNEL, 3));
	}
	KUNIT_EXPECT_EQ(test, id, got);
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

static struct kunit_case cases[] = {
	KUNIT_CASE(other_zones_come_before_the_low_mark_is_crossed),
	KUNIT_CASE_PARAM(flags_say_how_far_down_a_request_may_go,
			 reserve_gen_params),
	KUNIT_CASE_PARAM(so_they_do_in_bulk, reserve_gen_params),
	KUNIT_CASE(lists_of_other_cpus_are_drained_before_memory_is_out),
	KUNIT_CASE(this_cpus_lists_are_drained_for_who_cannot_wait),
	KUNIT_CASE(quarantine_is_looked_through_before_memory_is_out),
	KUNIT_CASE(atomic_blocks_get_a_reserve_of_their_own),
	KUNIT_CASE(the_reserve_is_given_back_before_memory_is_out),
	KUNIT_CASE(the_rest_of_a_bulk_request_disturbs_nobody),
	KUNIT_CASE(emergency_requests_may_have_the_reserve),
	KUNIT_CASE(a_request_that_fragments_goes_to_dma32_first),
	KUNIT_CASE(ordinary_requests_wait_before_they_fail),
	KUNIT_CASE(who_is_killed_does_not_wait),
	KUNIT_CASE(waiting_helps_when_somebody_frees),
	KUNIT_CASE(nofail_waits_until_somebody_frees),
	KUNIT_CASE(a_failure_is_counted_and_reported),
	KUNIT_CASE(a_bulk_request_gets_as_many_as_there_are),
	KUNIT_CASE(a_bulk_request_that_has_some_does_not_wait_for_the_rest),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_alloc_short",
	.test_cases = cases,
};

kunit_test_suite(suite);
