// SPDX-License-Identifier: GPL-2.0
/* Tests of src/page_alloc/report.c. */

#include "instance_fixture.h"
#include "klog.h"
#include "page_alloc/alloc.h"
#include "page_alloc/drain.h"
#include "page_alloc/report.h"

/* 8 MB below 4 GB, 8 MB above. */
static struct isle *two_zones(struct kunit *test)
{
	static const struct isle_extent extent = {
		.base_pfn = FIXTURE_4GB - FIXTURE_MB(8), .nr = FIXTURE_MB(16),
	};
	struct isle_config config = {
		.extents = &extent,
		.nr_extents = 1,
		.min_free_kbytes = 512,
		.user_percent = 50,
	};

	return fixture_create(test, &config);
}

static void a_failure_says_who_what_and_how_memory_stands(struct kunit *test)
{
	struct isle *isle = two_zones(test);
	struct klog log;
	char text[100];

	isle_alloc_frames(isle, GFP_KERNEL, 10, NUMA_NO_NODE);
	klog_mark(&log);
	isle_report_failure(isle, GFP_KERNEL | __GFP_COMP, 7, false);
	snprintf(text, sizeof(text),
		 "isle: %s: page allocation failure: order:7", current->comm);
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, text));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "GFP_KERNEL|__GFP_COMP"));
	KUNIT_EXPECT_EQ(test, 0, klog_count(&log, "user_max="));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "Call Trace"));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "3072 of 4096 pages free"));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "isle: Node 0 DMA32 free:"));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "isle: Node 0 Normal free:"));
}

static void the_zone_table_has_what_a_zone_has(struct kunit *test)
{
	static const char * const lines[] = {
		"DMA32 free:8192kB boost:0kB min:256kB low:320kB high:384kB",
		" highatomic:0kB cma:0kB pcp:0kB user:0kB user_max:4096kB",
		" present:8192kB managed:8192kB lowmem_reserve[]: 0 8 8",
		"DMA32: 0*4kB 0*8kB 0*16kB 0*32kB 0*64kB 0*128kB 0*256kB",
		"kB 0*512kB 0*1024kB 0*2048kB 2*4096kB",
		"Normal free:4032kB boost:0kB min:256kB low:320kB high:384kB",
		" highatomic:0kB cma:0kB pcp:0kB user:64kB user_max:4096kB",
		" present:8192kB managed:8192kB lowmem_reserve[]: 0 0 0",
		"Normal: 0*4kB 0*8kB 0*16kB 0*32kB 1*64kB 1*128kB 1*256kB",
		"kB 1*512kB 1*1024kB 1*2048kB 0*4096kB",
	};
	struct isle *isle = two_zones(test);
	struct klog log;
	unsigned int i;
	u32 id;

	isle_alloc_frames(isle, GFP_KERNEL, 10, NUMA_NO_NODE);
	isle_alloc_user(isle, GFP_KERNEL, 4, 1, &id);
	isle_drain_all(isle);
	klog_mark(&log);
	isle_report_zones(isle);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		KUNIT_EXPECT_EQ(test, 1, klog_count(&log, lines[i]));
}

static void a_failure_of_a_process_names_its_share(struct kunit *test)
{
	struct isle *isle = two_zones(test);
	struct klog log;

	klog_mark(&log);
	isle_report_failure(isle, GFP_KERNEL, 0, true);
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "user_max="));
}

static void nowarn_says_nothing(struct kunit *test)
{
	struct isle *isle = two_zones(test);
	struct klog log;

	klog_mark(&log);
	isle_report_failure(isle, GFP_KERNEL | __GFP_NOWARN, 0, false);
	KUNIT_EXPECT_EQ(test, 0, klog_count(&log, "isle:"));
}

static void failures_are_rate_limited(struct kunit *test)
{
	struct isle *isle = two_zones(test);
	struct klog log;
	unsigned int i;

	klog_mark(&log);
	for (i = 0; i < 50; i++)
		isle_report_failure(isle, GFP_KERNEL, 0, false);
	KUNIT_EXPECT_GE(test, klog_count(&log, "allocation failure"), 1);
	KUNIT_EXPECT_LE(test, klog_count(&log, "allocation failure"),
			2 * DEFAULT_RATELIMIT_BURST);
}

static void a_bad_free_names_the_frame_and_its_block(struct kunit *test)
{
	struct isle *isle = two_zones(test);
	u32 id = isle_alloc_frames(isle, GFP_KERNEL, 3, NUMA_NO_NODE);
	struct klog log;
	char text[100];

	klog_mark(&log);
	isle_report_bad_free(isle, id + 1, 2);
	snprintf(text, sizeof(text),
		 "bad free of pfn %#lx order 2: not the first page of its block (block at pfn %#lx, order 3)",
		 isle_id_to_pfn(isle, id + 1), isle_id_to_pfn(isle, id));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, text));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "Call Trace"));
}

static void a_page_of_somebody_elses_is_named(struct kunit *test)
{
	struct isle *isle = two_zones(test);
	struct klog log;

	klog_mark(&log);
	isle_report_foreign(isle, 0x1234567, "free");
	KUNIT_EXPECT_EQ(test, 1,
			klog_count(&log, "bad free of pfn 0x1234567: not isle's page"));
	KUNIT_EXPECT_EQ(test, 1, klog_count(&log, "Call Trace"));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_failure_says_who_what_and_how_memory_stands),
	KUNIT_CASE(the_zone_table_has_what_a_zone_has),
	KUNIT_CASE(a_failure_of_a_process_names_its_share),
	KUNIT_CASE(nowarn_says_nothing),
	KUNIT_CASE(failures_are_rate_limited),
	KUNIT_CASE(a_bad_free_names_the_frame_and_its_block),
	KUNIT_CASE(a_page_of_somebody_elses_is_named),
	{}
};

static struct kunit_suite suite = {
	.name = "isle_report",
	.test_cases = cases,
};

kunit_test_suite(suite);
