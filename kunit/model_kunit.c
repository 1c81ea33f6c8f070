// SPDX-License-Identifier: GPL-2.0
/* Random operations against a model: see model.h. */

#include "instance_fixture.h"
#include "klog.h"
#include "model.h"
#include "page_alloc/alloc.h"
#include "page_alloc/early.h"
#include "random.h"

enum { OPS_A_CHECK = 1000 };

/*
 * Small, so that memory runs out and comes back all the time, and odd: three
 * extents, of which the first has two zones that meet within a pageblock, and
 * holes in each.
 */
static const struct isle_extent extents[] = {
	{ .base_pfn = FIXTURE_4GB - 0xa23, .nr = 0x1456 },
	{ .base_pfn = FIXTURE_4GB + 0x1b00, .nr = 0xb00 },
	{ .base_pfn = FIXTURE_4GB + 0x3000, .nr = 0x1000 },
};

static const struct isle_early_range early[] = {
	{ .base_pfn = FIXTURE_4GB - 0x500, .nr = 33 },
	{ .base_pfn = FIXTURE_4GB + 0x1b00, .nr = 1 },
	{ .base_pfn = FIXTURE_4GB + 0x4000 - 70, .nr = 70 },
};

static const struct isle_config odd_config = {
	.extents = extents,
	.nr_extents = ARRAY_SIZE(extents),
	.min_free_kbytes = 512,
	.movable_percent = 30,
	.cma_percent = 20,
	.user_percent = 60,
	.dma32_end_pfn = FIXTURE_4GB - 0x155,
	.early = early,
	.nr_early = ARRAY_SIZE(early),
};

static void run(struct kunit *test, struct isle *isle, unsigned int ops)
{
	struct model *m = model_create(test, isle);

	while (m->op < ops && !m->broken) {
		model_step(m);
		if (m->op % OPS_A_CHECK == 0) {
			model_compare(m);
			cond_resched();
		}
	}
	if (m->broken)
		return;
	model_compare(m);
	kunit_info(test, "%u requests got nothing; %u blocks out at the end",
		   m->failures, m->nr);
	model_free_all(m);
	model_compare(m);
	KUNIT_EXPECT_EQ(test, isle_nr_managed(isle), isle_nr_free(isle));
}

static void random_operations_do_what_a_model_does(struct kunit *test)
{
	struct isle *isle = fixture_create(test, &odd_config);

	KUNIT_ASSERT_EQ(test, 3, isle->nr_zones);
	run(test, isle, isle_random_ops);
}

/* Less of it, for it writes each byte of each block. */
static void contents_survive_random_operations(struct kunit *test)
{
	struct isle_config config = odd_config;
	struct isle *isle;
	struct klog log;

	config.extents = extents + 2;
	config.nr_extents = 1;
	config.early = early + 2;
	config.nr_early = 1;
	config.debug = true;
	isle = fixture_create_with_memory(test, &config);
	klog_mark(&log);
	run(test, isle, isle_random_ops / 100);
	KUNIT_EXPECT_EQ(test, 0, klog_count(&log, "written to while free"));
	KUNIT_EXPECT_EQ(test, 0, klog_count(&log, "is corrupt"));
}

static struct kunit_case cases[] = {
	KUNIT_CASE_SLOW(random_operations_do_what_a_model_does),
	KUNIT_CASE_SLOW(contents_survive_random_operations),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_model",
	.test_cases = cases,
};

kunit_test_suite(suite);
