// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/gfp.c. */

#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "instance_fixture.h"
#include "klog.h"
#include "page_alloc/alloc.h"
#include "page_alloc/gfp.h"

static void zone_flags_choose_the_highest_zone(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ISLE_ZONE_NORMAL, isle_gfp_zone(GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, ISLE_ZONE_NORMAL, isle_gfp_zone(GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, ISLE_ZONE_NORMAL,
			isle_gfp_zone(GFP_KERNEL | __GFP_MOVABLE));
	KUNIT_EXPECT_EQ(test, ISLE_ZONE_NORMAL, isle_gfp_zone(GFP_HIGHUSER));
	KUNIT_EXPECT_EQ(test, ISLE_ZONE_MOVABLE,
			isle_gfp_zone(GFP_HIGHUSER_MOVABLE));
	KUNIT_EXPECT_EQ(test, ISLE_ZONE_DMA32, isle_gfp_zone(GFP_DMA32));
	KUNIT_EXPECT_EQ(test, ISLE_ZONE_DMA32,
			isle_gfp_zone(GFP_KERNEL | __GFP_DMA32 |
				      __GFP_MOVABLE));
}

static void mobility_flags_choose_the_migratetype(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ISLE_UNMOVABLE,
			isle_gfp_migratetype(GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, ISLE_MOVABLE,
			isle_gfp_migratetype(GFP_HIGHUSER_MOVABLE));
	KUNIT_EXPECT_EQ(test, ISLE_RECLAIMABLE,
			isle_gfp_migratetype(GFP_KERNEL | __GFP_RECLAIMABLE));
}

struct request {
	const char *what;
	gfp_t gfp;
	unsigned int order;
	const char *why;	/* refused; NULL: valid */
};

static const struct request requests[] = {
	{ "GFP_KERNEL", GFP_KERNEL },
	{ "GFP_KERNEL, order 10", GFP_KERNEL, 10 },
	{ "GFP_KERNEL, order 11", GFP_KERNEL, 11, "order above 10" },
	{ "GFP_KERNEL, order of all ones", GFP_KERNEL, UINT_MAX,
	  "order above 10" },
	{ "GFP_ATOMIC", GFP_ATOMIC },
	{ "GFP_NOWAIT", GFP_NOWAIT },
	{ "GFP_NOIO", GFP_NOIO },
	{ "GFP_NOFS", GFP_NOFS },
	{ "GFP_USER", GFP_USER },
	{ "GFP_DMA32", GFP_DMA32 },
	{ "GFP_HIGHUSER_MOVABLE", GFP_HIGHUSER_MOVABLE },
	{ "GFP_TRANSHUGE", GFP_TRANSHUGE, 9 },
	{ "__GFP_ACCOUNT, __GFP_HARDWALL, __GFP_WRITE",
	  GFP_KERNEL_ACCOUNT | __GFP_HARDWALL | __GFP_WRITE },
	{ "__GFP_COMP, __GFP_ZERO", GFP_KERNEL | __GFP_COMP | __GFP_ZERO, 3 },
	{ "__GFP_THISNODE", GFP_KERNEL | __GFP_THISNODE },
	{ "__GFP_RETRY_MAYFAIL", GFP_KERNEL | __GFP_RETRY_MAYFAIL },
	{ "__GFP_NORETRY", GFP_KERNEL | __GFP_NORETRY },
	{ "__GFP_MEMALLOC", GFP_KERNEL | __GFP_MEMALLOC },
	{ "__GFP_NOFAIL", GFP_KERNEL | __GFP_NOFAIL },
	{ "__GFP_NOFAIL that cannot wait", GFP_NOWAIT | __GFP_NOFAIL, 0,
	  "__GFP_NOFAIL from a caller that cannot wait" },
	{ "GFP_DMA", GFP_KERNEL | GFP_DMA, 0, "__GFP_DMA" },
	{ "DMA32 and HIGHMEM", GFP_DMA32 | __GFP_HIGHMEM, 0,
	  "both __GFP_DMA32 and __GFP_HIGHMEM" },
	{ "movable and reclaimable",
	  GFP_KERNEL | __GFP_MOVABLE | __GFP_RECLAIMABLE, 0,
	  "both __GFP_MOVABLE and __GFP_RECLAIMABLE" },
	{ "a bit that is no flag",
	  GFP_KERNEL | (__force gfp_t)(1u << __GFP_BITS_SHIFT), 0,
	  "bits that are no gfp flags" },
};

static void describe_request(const struct request *request, char *what)
{
	strscpy(what, request->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(request, requests, describe_request);

static void what_cannot_be_honoured_is_refused_in_words(struct kunit *test)
{
	const struct request *request = test->param_value;
	struct isle *isle = fixture_normal(test, FIXTURE_MB(4));
	struct klog log;

	klog_mark(&log);
	KUNIT_EXPECT_EQ(test, !request->why,
			isle_gfp_valid(isle, request->gfp, request->order));
	KUNIT_EXPECT_EQ(test, !!request->why, klog_count(&log, "refused"));
	if (request->why)
		KUNIT_EXPECT_EQ(test, 1, klog_count(&log, request->why));
}

static void an_allocation_asks_whether_it_can_be_honoured(struct kunit *test)
{
	const struct request *request = test->param_value;
	struct isle *isle = fixture_normal(test, FIXTURE_MB(16));
	bool fits = !(request->gfp & __GFP_DMA32);
	bool got;
	u32 id;

	id = isle_alloc_frames(isle, request->gfp | __GFP_NOWARN,
			       request->order, NUMA_NO_NODE);
	got = id != ISLE_NO_FRAME;
	KUNIT_EXPECT_EQ(test, !request->why && fits, got);
	if (got)
		isle_free_frames(isle, id, request->order);
}

struct reserve {
	const char *what;
	gfp_t gfp;
	unsigned int order;
	enum isle_migratetype mt;
	unsigned int alloc_flags;
};

static const struct reserve reserves[] = {
	{ "GFP_KERNEL", GFP_KERNEL },
	{ "GFP_NOWAIT", GFP_NOWAIT },
	{ "GFP_HIGHUSER_MOVABLE", GFP_HIGHUSER_MOVABLE, 0, ISLE_MOVABLE,
	  ISLE_ALLOC_CMA },
	{ "reclaimable", GFP_KERNEL | __GFP_RECLAIMABLE, 0, ISLE_RECLAIMABLE },
	{ "__GFP_HIGH", GFP_KERNEL | __GFP_HIGH, 3, ISLE_UNMOVABLE,
	  ISLE_ALLOC_MIN_RESERVE },
	{ "GFP_ATOMIC", GFP_ATOMIC, 0, ISLE_UNMOVABLE,
	  ISLE_ALLOC_MIN_RESERVE | ISLE_ALLOC_NON_BLOCK },
	{ "GFP_ATOMIC, order 1", GFP_ATOMIC, 1, ISLE_UNMOVABLE,
	  ISLE_ALLOC_MIN_RESERVE | ISLE_ALLOC_NON_BLOCK |
	  ISLE_ALLOC_HIGHATOMIC },
	{ "GFP_ATOMIC, __GFP_NOMEMALLOC", GFP_ATOMIC | __GFP_NOMEMALLOC, 1,
	  ISLE_UNMOVABLE, ISLE_ALLOC_MIN_RESERVE },
	{ "__GFP_MEMALLOC", GFP_KERNEL | __GFP_MEMALLOC, 0, ISLE_UNMOVABLE,
	  ISLE_ALLOC_NO_WATERMARKS },
	{ "__GFP_MEMALLOC and __GFP_NOMEMALLOC",
	  GFP_KERNEL | __GFP_MEMALLOC | __GFP_NOMEMALLOC },
};

static void describe_reserve(const struct reserve *reserve, char *what)
{
	strscpy(what, reserve->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(reserve, reserves, describe_reserve);

static void flags_open_reserves(struct kunit *test)
{
	const struct reserve *r = test->param_value;

	KUNIT_EXPECT_EQ(test, ISLE_WMARK_MIN | r->alloc_flags,
			isle_gfp_alloc_flags(r->gfp, r->order, r->mt));
}

static void a_task_that_frees_memory_may_take_all(struct kunit *test)
{
	unsigned int old = memalloc_noreclaim_save();

	KUNIT_EXPECT_EQ(test, ISLE_ALLOC_NO_WATERMARKS,
			isle_gfp_alloc_flags(GFP_KERNEL, 0, ISLE_UNMOVABLE));
	KUNIT_EXPECT_EQ(test, 0,
			isle_gfp_alloc_flags(GFP_KERNEL | __GFP_NOMEMALLOC, 0,
					     ISLE_UNMOVABLE));
	memalloc_noreclaim_restore(old);
	KUNIT_EXPECT_EQ(test, 0,
			isle_gfp_alloc_flags(GFP_KERNEL, 0, ISLE_UNMOVABLE));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(zone_flags_choose_the_highest_zone),
	KUNIT_CASE(mobility_flags_choose_the_migratetype),
	KUNIT_CASE_PARAM(what_cannot_be_honoured_is_refused_in_words,
			 request_gen_params),
	KUNIT_CASE_PARAM(an_allocation_asks_whether_it_can_be_honoured,
			 request_gen_params),
	KUNIT_CASE_PARAM(flags_open_reserves, reserve_gen_params),
	KUNIT_CASE(a_task_that_frees_memory_may_take_all),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_gfp",
	.test_cases = cases,
};

kunit_test_suite(suite);
