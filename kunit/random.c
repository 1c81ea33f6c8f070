// SPDX-License-Identifier: GPL-2.0
/* Random operations: see random.h. */

#include <linux/bitops.h>
#include <linux/moduleparam.h>
#include <linux/random.h>

#include "page_alloc/instance.h"
#include "random.h"

unsigned int isle_random_ops = 1000000;
module_param_named(ops, isle_random_ops, uint, 0444);
MODULE_PARM_DESC(ops, "random operations of a test (1000000)");

static unsigned long long seed;
module_param(seed, ullong, 0444);
MODULE_PARM_DESC(seed, "where random operations start; 0: anywhere (0)");

u64 isle_random_seed(struct kunit *test)
{
	u64 s = seed ?: get_random_u64();

	kunit_info(test, "seed=%#llx ops=%u", s, isle_random_ops);
	return s;
}

unsigned int isle_random_order(struct rnd_state *rnd)
{
	if (!isle_random_one_in(rnd, 8))
		return isle_random_below(rnd, 4);
	return isle_random_below(rnd, ISLE_NR_ORDERS);
}

gfp_t isle_random_gfp(struct rnd_state *rnd)
{
	static const gfp_t base[] = {
		GFP_NOWAIT, GFP_NOWAIT, GFP_NOWAIT, GFP_ATOMIC,
		GFP_NOWAIT | __GFP_HIGH | __GFP_NOMEMALLOC,
		GFP_NOWAIT | __GFP_MEMALLOC,
	};
	static const gfp_t where[] = {
		0, __GFP_RECLAIMABLE, __GFP_MOVABLE, __GFP_DMA32,
		__GFP_DMA32 | __GFP_MOVABLE, __GFP_HIGHMEM,
		__GFP_HIGHMEM | __GFP_MOVABLE, __GFP_HIGHMEM | __GFP_MOVABLE,
	};
	gfp_t gfp = __GFP_NOWARN;

	gfp |= base[isle_random_below(rnd, ARRAY_SIZE(base))];
	gfp |= where[isle_random_below(rnd, ARRAY_SIZE(where))];
	if (isle_random_one_in(rnd, 4))
		gfp |= __GFP_COMP;
	if (isle_random_one_in(rnd, 8))
		gfp |= __GFP_ZERO;
	if (isle_random_one_in(rnd, 8))
		gfp |= __GFP_THISNODE;
	return gfp;
}
