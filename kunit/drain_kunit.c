// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/drain.c. */

#include <linux/cpu.h>
#include <linux/smp.h>

#include "invariants.h"
#include "page_alloc/drain.h"
#include "pcp_fixture.h"

/* Allocates and frees on another CPU, in hard interrupt context. */
static void use_lists(void *data)
{
	struct isle *isle = data;
	u32 ids[32];
	unsigned int i, order;

	for (order = 0; order <= 3; order++) {
		for (i = 0; i < ARRAY_SIZE(ids); i++)
			ids[i] = take(isle, GFP_ATOMIC, order);
		for (i = 0; i < ARRAY_SIZE(ids); i++)
			isle_free_frames(isle, ids[i], order);
	}
}

static unsigned long frames_of_cpu(const struct isle_zone *zone, int cpu)
{
	const struct isle_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);
	unsigned long frames = 0;
	unsigned int order, mt;

	for (order = 0; order <= ISLE_TOP_ORDER; order++)
		for (mt = 0; mt < ISLE_PCPTYPES; mt++)
			frames += pcp->list[mt][order].count << order;
	return frames;
}

/* This CPU and another have frames on their lists. */
static struct isle *both_filled(struct kunit *test, int *other)
{
	struct isle *isle = roomy(test);

	*other = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	if (*other >= nr_cpu_ids)
		kunit_skip(test, "a second CPU");
	use_lists(isle);
	KUNIT_ASSERT_EQ(test, 0,
			smp_call_function_single(*other, use_lists, isle, true));
	KUNIT_ASSERT_GT(test, frames_of_cpu(isle->zones[0], *other), 0);
	KUNIT_ASSERT_GT(test, frames_of_cpu(isle->zones[0],
					    raw_smp_processor_id()), 0);
	KUNIT_EXPECT_EQ(test, isle_nr_managed(isle), isle_nr_free(isle));
	EXPECT_ALLOCATED(test, isle, 0);
	return isle;
}

static void a_cpu_drains_its_own_lists_only(struct kunit *test)
{
	int other, me;
	struct isle *isle = both_filled(test, &other);
	struct isle_zone *zone = isle->zones[0];
	unsigned long theirs = frames_of_cpu(zone, other);

	me = raw_smp_processor_id();
	isle_pcp_drain_local(zone);
	KUNIT_EXPECT_EQ(test, 0, frames_of_cpu(zone, me));
	KUNIT_EXPECT_EQ(test, theirs, frames_of_cpu(zone, other));
	KUNIT_EXPECT_EQ(test, theirs, isle_pcp_pages(zone));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void one_cpu_can_be_drained(struct kunit *test)
{
	int other, me;
	struct isle *isle = both_filled(test, &other);
	struct isle_zone *zone = isle->zones[0];
	unsigned long mine;

	me = raw_smp_processor_id();
	mine = frames_of_cpu(zone, me);
	isle_drain_cpu(isle, other);
	KUNIT_EXPECT_EQ(test, mine, frames_of_cpu(zone, me));
	KUNIT_EXPECT_EQ(test, 0, frames_of_cpu(zone, other));
	EXPECT_ALLOCATED(test, isle, 0);
}

static void all_cpus_can_be_drained(struct kunit *test)
{
	int other;
	struct isle *isle = both_filled(test, &other);
	struct isle_zone *zone = isle->zones[0];

	isle_drain_all(isle);
	KUNIT_EXPECT_EQ(test, 0, isle_pcp_pages(zone));
	KUNIT_EXPECT_EQ(test, zone->managed, zone->nr_free);
	EXPECT_ALLOCATED(test, isle, 0);
}

#ifdef CONFIG_HOTPLUG_CPU
static void a_cpu_that_dies_leaves_nothing_behind(struct kunit *test)
{
	struct isle_zone *zone;
	struct isle *isle;
	int other;

	/* The first CPU may be one that can't be taken down. */
	KUNIT_ASSERT_EQ(test, 0, set_cpus_allowed_ptr(current, cpumask_of(0)));
	isle = both_filled(test, &other);
	zone = isle->zones[0];
	KUNIT_ASSERT_EQ(test, 0, remove_cpu(other));
	KUNIT_EXPECT_EQ(test, 0, frames_of_cpu(zone, other));
	KUNIT_EXPECT_GT(test, frames_of_cpu(zone, 0), 0);
	EXPECT_ALLOCATED(test, isle, 0);
	/* Draining passes over it, and it can come back. */
	isle_drain_cpu(isle, other);
	isle_drain_all(isle);
	KUNIT_EXPECT_EQ(test, 0, isle_pcp_pages(zone));
	KUNIT_ASSERT_EQ(test, 0, add_cpu(other));
	KUNIT_EXPECT_EQ(test, 0,
			smp_call_function_single(other, use_lists, isle, true));
	KUNIT_EXPECT_GT(test, frames_of_cpu(zone, other), 0);
	EXPECT_ALLOCATED(test, isle, 0);
}
#endif

static struct kunit_case cases[] = {
	KUNIT_CASE(a_cpu_drains_its_own_lists_only),
	KUNIT_CASE(one_cpu_can_be_drained),
	KUNIT_CASE(all_cpus_can_be_drained),
#ifdef CONFIG_HOTPLUG_CPU
	KUNIT_CASE(a_cpu_that_dies_leaves_nothing_behind),
#endif
	{}
};

static struct kunit_suite suite = {
	.name = "isle_drain",
	.test_cases = cases,
};

kunit_test_suite(suite);
