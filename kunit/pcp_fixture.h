/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of per-CPU lists share. */
#ifndef _PCP_FIXTURE_H
#define _PCP_FIXTURE_H

#include "instance_fixture.h"
#include "page_alloc/alloc.h"

static inline u32 take(struct isle *isle, gfp_t gfp, unsigned int order)
{
	return isle_alloc_frames(isle, gfp, order, NUMA_NO_NODE);
}

/* Blocks one by one; the array goes with the test. */
static inline u32 *take_many(struct kunit *test, struct isle *isle,
			     unsigned int order, unsigned int nr)
{
	u32 *ids = kunit_kcalloc(test, nr, sizeof(*ids), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, ids);
	for (i = 0; i < nr; i++)
		ids[i] = take(isle, GFP_KERNEL, order);
	return ids;
}

/*
 * One ZONE_NORMAL in which a CPU's list of order 0 has room for some 1000. With
 * two CPUs its frames are just under the 4 MB that kvcalloc() need not map page
 * by page, which User Mode Linux is slow at.
 */
static inline struct isle *roomy(struct kunit *test)
{
	return fixture_normal(test, FIXTURE_MB(248) * num_possible_cpus());
}

#endif /* _PCP_FIXTURE_H */
