/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instances built out of thin air: frames with no memory behind them, or with
 * memory where a test looks at it.
 *
 * An instance belongs to its test and is destroyed when that ends. A test runs
 * on one CPU from the moment it has one, so that it knows whose per-CPU lists
 * it meets.
 */
#ifndef _ISLE_INSTANCE_FIXTURE_H
#define _ISLE_INSTANCE_FIXTURE_H

#include <kunit/test.h>

#include "page_alloc/instance.h"
#include "page_alloc/pcp.h"

/* Frames in megabytes, and where 4 GB end: ZONE_NORMAL starts there. */
#define FIXTURE_MB(mb)		((mb) << (20 - PAGE_SHIFT))
#define FIXTURE_4GB		(1UL << (32 - PAGE_SHIFT))

/* So little that it rounds to watermarks of 0. */
#define FIXTURE_NO_RESERVE	1

/* Of an instance that a test makes by itself, without memory behind it. */
extern const struct isle_ops fixture_no_memory;

/**
 * fixture_create - build an instance for a test
 * @test: whose it is
 * @config: what it is made of; name, frames and ops may be left out
 *
 * Return: the instance; the test ends here if there is none.
 */
struct isle *fixture_create(struct kunit *test,
			    const struct isle_config *config);

/**
 * fixture_create_with_memory - build an instance with memory behind it
 * @test: whose it is
 * @config: what it is made of, with a single extent
 *
 * Return: the instance; the test ends here if there is none.
 */
struct isle *fixture_create_with_memory(struct kunit *test,
					const struct isle_config *config);

/**
 * fixture_normal - build an instance of one ZONE_NORMAL without watermarks
 * @test: whose it is
 * @nr: how many frames, from 4 GB on
 *
 * Return: the instance; the test ends here if there is none.
 */
struct isle *fixture_normal(struct kunit *test, u32 nr);

/**
 * fixture_nodes - build an instance of several nodes without watermarks
 * @test: whose it is
 * @extents: what it is made of, on nodes 0 and 1
 * @nr: how many
 *
 * Return: the instance; the test ends here if there is none, and is skipped on a
 * machine of one node.
 */
struct isle *fixture_nodes(struct kunit *test,
			   const struct isle_extent *extents, unsigned int nr);

/**
 * fixture_try_create - see what isle_create() says to a config
 * @test: whose it is
 * @config: what the instance is made of
 *
 * Return: 0 if it made one, which is gone again, or its error.
 */
int fixture_try_create(struct kunit *test, const struct isle_config *config);

/**
 * fixture_pin - say whether the kernel has pinned a frame
 * @isle: an instance from fixture_create()
 * @id: the frame
 * @pinned: what ops->pinned() is to answer
 */
void fixture_pin(struct isle *isle, u32 id, bool pinned);

/**
 * fixture_pcp - a list of this CPU
 * @zone: the zone
 * @order: the order
 * @mt: the migratetype
 */
struct isle_pcp_list *fixture_pcp(struct isle_zone *zone, unsigned int order,
				  enum isle_migratetype mt);

/**
 * fixture_nr_blocks - length of a free list
 * @zone: the zone
 * @order: the order
 * @mt: the migratetype
 */
static inline u32 fixture_nr_blocks(const struct isle_zone *zone,
				    unsigned int order,
				    enum isle_migratetype mt)
{
	return zone->free_area[order].list[mt].nr;
}

#endif /* _ISLE_INSTANCE_FIXTURE_H */
