/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random operations: how many, and from which seed.
 *
 * A run that found something can be had again, to the last operation, with the
 * seed that it printed (as far as one CPU is concerned):
 *
 *     insmod isle_kunit.ko seed=0x1234
 */
#ifndef _ISLE_KUNIT_RANDOM_H
#define _ISLE_KUNIT_RANDOM_H

#include <kunit/test.h>
#include <linux/prandom.h>

/* Module parameter ops=: random operations of a test. */
extern unsigned int isle_random_ops;

/**
 * isle_random_seed - where random operations start
 * @test: the test, which says it
 *
 * Return: the module parameter seed=, or a random number if that is 0.
 */
u64 isle_random_seed(struct kunit *test);

/* A number below @n. */
static inline u32 isle_random_below(struct rnd_state *rnd, u32 n)
{
	return ((u64)prandom_u32_state(rnd) * n) >> 32;
}

/* True once in @n times. */
static inline bool isle_random_one_in(struct rnd_state *rnd, u32 n)
{
	return !isle_random_below(rnd, n);
}

/**
 * isle_random_order - an order, the smaller the likelier
 * @rnd: the generator
 *
 * Return: 0 to ISLE_TOP_ORDER.
 */
unsigned int isle_random_order(struct rnd_state *rnd);

/**
 * isle_random_gfp - flags of a request that never sleeps for long
 * @rnd: the generator
 */
gfp_t isle_random_gfp(struct rnd_state *rnd);

#endif /* _ISLE_KUNIT_RANDOM_H */
