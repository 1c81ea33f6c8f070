/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The timed loops. Included by one file a peer, which defines PEER_NAME,
 * peer_alloc(gfp, order) and peer_free(page, order): so each peer is called
 * directly (an indirect call costs about what a fast path does), from code that
 * is otherwise the same, compiled with the same flags.
 */

#include <linux/irqflags.h>
#include <linux/ktime.h>
#include <linux/mm.h>

#include "bench.h"

static int repeat(unsigned int order, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct page *page = peer_alloc(GFP_KERNEL, order);

		if (!page)
			return -ENOMEM;
		peer_free(page, order);
	}
	return 0;
}

static unsigned int alloc_all(unsigned int order, unsigned int count,
			      struct page **pages)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		pages[i] = peer_alloc(GFP_KERNEL | __GFP_NOWARN, order);
		if (!pages[i])
			break;
	}
	return i;
}

static void free_all(unsigned int order, unsigned int count,
		     struct page **pages)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		peer_free(pages[i], order);
}

static unsigned int mixed(const struct bench_op *ops, unsigned int count,
			  struct page **slots, u8 *orders)
{
	unsigned int i, failed = 0;

	for (i = 0; i < count; i++) {
		unsigned int slot = ops[i].slot;

		if (slots[slot]) {
			peer_free(slots[slot], orders[slot]);
			slots[slot] = NULL;
			continue;
		}
		orders[slot] = ops[i].order;
		slots[slot] = peer_alloc(GFP_KERNEL | __GFP_NOWARN,
					 orders[slot]);
		failed += !slots[slot];
	}
	return failed;
}

static u64 worst_alloc(unsigned int order, unsigned int count,
		       struct page **pages)
{
	unsigned long flags;
	u64 start, worst = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		local_irq_save(flags);
		start = ktime_get_ns();
		pages[i] = peer_alloc(GFP_ATOMIC | __GFP_NOWARN, order);
		worst = max(worst, ktime_get_ns() - start);
		local_irq_restore(flags);
		if (!pages[i])
			return 0;
	}
	return worst;
}

static u64 worst_free(unsigned int order, unsigned int count,
		      struct page **pages)
{
	unsigned long flags;
	u64 start, worst = 0;
	unsigned int i;

	for (i = 0; i < count && pages[i]; i++) {
		local_irq_save(flags);
		start = ktime_get_ns();
		peer_free(pages[i], order);
		worst = max(worst, ktime_get_ns() - start);
		local_irq_restore(flags);
	}
	return worst;
}

static struct page *alloc_one(gfp_t gfp, unsigned int order)
{
	return peer_alloc(gfp, order);
}

static void free_one(struct page *page, unsigned int order)
{
	peer_free(page, order);
}

const struct bench_peer PEER = {
	.name		= PEER_NAME,
	.repeat		= repeat,
	.alloc_all	= alloc_all,
	.free_all	= free_all,
	.mixed		= mixed,
	.worst_alloc	= worst_alloc,
	.worst_free	= worst_free,
	.alloc		= alloc_one,
	.free		= free_one,
};
