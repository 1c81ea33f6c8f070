/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must hold of every instance whenever nobody is inside of it:
 *
 *  - each frame is in exactly one place: a free list, a per-CPU list, the
 *    quarantine, an allocated block, or a hole;
 *  - a block is aligned to its size, lies in one extent and one zone, and all
 *    its frames but the first are tails; no tail is outside of a block;
 *  - free lists are linked both ways, are as long as they say, and hold blocks
 *    of their order in pageblocks of their type; nonempty says which have any;
 *  - no two free buddies of one order could be one block;
 *  - free counts, the HIGHATOMIC count, the user share and the quarantine's
 *    count are what a count gives; managed frames are the zone's frames that
 *    are no holes;
 *  - per-CPU lists are no longer than they may be, all together no more than
 *    an eighth of a zone, and nobody has left one locked;
 *  - allocated blocks have references, all others have none.
 */
#ifndef _ISLE_INVARIANTS_H
#define _ISLE_INVARIANTS_H

#include <kunit/test.h>

#include "page_alloc/instance.h"

/**
 * isle_count_allocated - check all invariants
 * @test: fails with the first that does not hold
 * @isle: the instance, with nobody using it
 *
 * Return: frames in allocated blocks, or -1 if an invariant does not hold.
 */
long isle_count_allocated(struct kunit *test, struct isle *isle);

/**
 * EXPECT_ALLOCATED - check all invariants, and how much is allocated
 * @test: the test
 * @isle: the instance
 * @nr: frames
 */
#define EXPECT_ALLOCATED(test, isle, nr)				\
	do {								\
		struct kunit *__test = (test);				\
									\
		KUNIT_EXPECT_EQ(__test, (long)(nr),			\
				isle_count_allocated(__test, isle));	\
	} while (0)

#endif /* _ISLE_INVARIANTS_H */
