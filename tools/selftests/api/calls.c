// SPDX-License-Identifier: GPL-2.0
/* Each call of isle/isle.h, used as it is meant to be. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include <isle/isle.h>

#include "api.h"

enum { BULK = 100, EXACT_PAGES = 5 };

static bool is_filled(const void *memory, u8 with, size_t size)
{
	return !memchr_inv(memory, with, size);
}

static bool block_is_good(struct page *page, unsigned int order)
{
	void *memory = page_address(page);
	size_t size = PAGE_SIZE << order;

	if (page_to_pfn(page) & ((1UL << order) - 1))
		return false;
	if (!isle_owns_page(page) || isle_page_order(page) != order ||
	    isle_page_count(page) != 1)
		return false;
	memset(memory, 0x5a, size);
	return is_filled(memory, 0x5a, size);
}

static void each_order(void)
{
	unsigned int order;
	struct page *page;

	for (order = 0; order <= ISLE_MAX_ORDER; order++) {
		page = isle_alloc_pages(GFP_KERNEL, order);
		check(page && block_is_good(page, order),
		      "a block of order %u is aligned, whole and mine", order);
		if (page)
			__isle_free_pages(page, order);
	}
	expect_log("isle: .*: refused: ");
	check(!isle_alloc_pages(GFP_KERNEL | __GFP_NOWARN, ISLE_MAX_ORDER + 1),
	      "there is no block of a larger order");
}

static void zeroed(void)
{
	bool zero = true, got = true;
	unsigned int order;
	struct page *page;

	for (order = 0; order <= 5; order++) {
		page = isle_alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
		got &= !!page;
		if (!page)
			continue;
		zero &= is_filled(page_address(page), 0, PAGE_SIZE << order);
		memset(page_address(page), 0xa5, PAGE_SIZE << order);
		__isle_free_pages(page, order);
	}
	check(got && zero, "__GFP_ZERO gives zeroes, used memory or not");
}

static void heads_and_tails(void)
{
	struct page *page = isle_alloc_pages(GFP_KERNEL | __GFP_COMP, 3);
	bool tails = true;
	unsigned int i;

	if (!check(page, "a compound block"))
		return;
	for (i = 0; i < 8; i++)
		tails &= isle_compound_head(page + i) == page &&
			 isle_page_order(page + i) == 3;
	check(tails, "each of its pages knows its head and order");
	isle_get_page(page + 5);
	check(isle_page_count(page) == 2, "a reference to a tail counts on the head");
	__isle_free_pages(page, 3);
	check(isle_page_count(page) == 1, "the free drops one of two references");
	isle_put_page(page + 7);
	check(!isle_page_count(page), "the last put frees the block");

	page = isle_alloc_pages(GFP_KERNEL, 3);
	if (!check(page, "a block that is not compound"))
		return;
	check(isle_compound_head(page + 1) == page + 1,
	      "its pages have no head but themselves");
	__isle_free_pages(page, 3);
}

static void references(void)
{
	struct page *page = isle_alloc_page(GFP_KERNEL);

	if (!check(page, "a page"))
		return;
	isle_get_page(page);
	check(isle_page_count(page) == 2, "get_page() counts");
	check(isle_get_page_unless_zero(page), "get_page_unless_zero() too");
	isle_put_page(page);
	isle_put_page(page);
	check(isle_page_count(page) == 1, "put_page() counts down");

	/* The kernel's own count is another matter: see isle.h. */
	get_page(page);
	put_page(page);
	check(isle_page_count(page) == 1,
	      "the kernel's get_page() and put_page() change nothing");
	isle_put_page(page);
	check(!isle_page_count(page), "the last put frees");
	check(!isle_get_page_unless_zero(page),
	      "get_page_unless_zero() refuses a free page");
}

static void addresses(void)
{
	unsigned long address = isle_get_free_pages(GFP_KERNEL, 2);

	check(address && isle_owns_page(virt_to_page((void *)address)) &&
	      IS_ALIGNED(address, PAGE_SIZE << 2),
	      "get_free_pages() gives an address");
	if (address)
		memset((void *)address, 0xff, PAGE_SIZE << 2);
	isle_free_pages(address, 2);

	address = isle_get_zeroed_page(GFP_KERNEL);
	check(address && is_filled((void *)address, 0, PAGE_SIZE),
	      "get_zeroed_page() gives zeroes");
	isle_free_pages(address, 0);
	isle_free_pages(0, 3);
	check(true, "free_pages() of no address does nothing");
}

static void exact(void)
{
	size_t size = (EXACT_PAGES - 1) * PAGE_SIZE + 1;
	void *memory = isle_alloc_pages_exact(size, GFP_KERNEL);
	struct page *page;
	unsigned int i, held = 0;

	if (!check(memory, "alloc_pages_exact() of five pages"))
		return;
	memset(memory, 0x77, size);
	page = virt_to_page(memory);
	for (i = 0; i < 8; i++)
		held += isle_page_count(page + i) == 1;
	check(held >= EXACT_PAGES && isle_page_count(page + 4) == 1,
	      "each of the five has a reference of its own");
	check(!isle_page_order(page) && !isle_page_order(page + 4),
	      "each is a block of order 0");
	isle_free_pages_exact(memory, size);
	for (i = 0, held = 0; i < EXACT_PAGES; i++)
		held += isle_page_count(page + i);
	check(!held, "free_pages_exact() frees them all");
	isle_free_pages_exact(NULL, size);
}

static void bulk(void)
{
	struct page **pages = kcalloc(BULK, sizeof(*pages), GFP_KERNEL);
	struct page *kept;
	bool good = true;
	unsigned long nr;
	unsigned int i, j;

	if (!check(pages, "memory for an array"))
		return;
	kept = isle_alloc_page(GFP_KERNEL);
	pages[7] = kept;
	nr = isle_alloc_pages_bulk(GFP_KERNEL | __GFP_ZERO, BULK, pages);
	check(nr == BULK, "alloc_pages_bulk() fills an array");
	check(pages[7] == kept, "and keeps what was there");
	for (i = 0; i < nr; i++) {
		good &= isle_page_count(pages[i]) == 1;
		if (pages[i] != kept)
			good &= is_filled(page_address(pages[i]), 0, PAGE_SIZE);
		for (j = 0; j < i; j++)
			good &= pages[i] != pages[j];
	}
	check(good, "with zeroed pages, each another");

	isle_free_pages_bulk(pages, nr);
	check(isle_page_count(kept) == 0, "free_pages_bulk() frees them");
	kfree(pages);
}

static void bulk_with_gaps(void)
{
	struct page *pages[4] = { };
	struct page *last;

	if (!check(isle_alloc_pages_bulk(GFP_KERNEL, 4, pages) == 4,
		   "a bulk of four"))
		return;
	last = pages[3];
	pages[3] = NULL;
	isle_free_pages_bulk(pages, 4);
	check(isle_page_count(last) == 1, "free_pages_bulk() passes over NULL");
	isle_put_page(last);
}

static void splitting(void)
{
	struct page *page = isle_alloc_pages(GFP_KERNEL, 3);
	bool single = true;
	unsigned int i;

	if (!check(page, "a block to split"))
		return;
	isle_split_page(page, 3);
	for (i = 0; i < 8; i++)
		single &= isle_page_count(page + i) == 1 &&
			  !isle_page_order(page + i);
	check(single, "split_page() makes single pages");
	for (i = 0; i < 8; i++)
		__isle_free_page(page + i);
	check(!isle_page_count(page) && !isle_page_count(page + 7),
	      "which are freed one by one");
}

static void nodes(void)
{
	struct page *page = isle_alloc_pages_node(NUMA_NO_NODE, GFP_KERNEL, 1);
	int nid;

	if (!check(page, "a block of any node"))
		return;
	nid = page_to_nid(page);
	__isle_free_pages(page, 1);
	page = isle_alloc_pages_node(nid, GFP_KERNEL | __GFP_THISNODE, 0);
	check(page && page_to_nid(page) == nid, "one of this node");
	if (page)
		__isle_free_page(page);
}

static void refused_flags(void)
{
	check(!isle_alloc_page(GFP_DMA | __GFP_NOWARN),
	      "__GFP_DMA is refused: no zone keeps to the first 16 MB");
}

static void without_waiting(void)
{
	static DEFINE_SPINLOCK(lock);
	struct page *atomic, *nowait;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	atomic = isle_alloc_pages(GFP_ATOMIC, 2);
	nowait = isle_alloc_page(GFP_NOWAIT);
	if (atomic)
		__isle_free_pages(atomic, 2);
	if (nowait)
		__isle_free_page(nowait);
	spin_unlock_irqrestore(&lock, flags);
	check(atomic && nowait, "under a spin lock, interrupts off");
}

static void ownership(void)
{
	struct page *page = kernel_page();

	if (!check(page, "a page of the kernel's"))
		return;
	check(!isle_owns_page(page), "is not isle's");
	__free_page(page);
}

/* All there is, in a list through the pages themselves. */
static unsigned long take_all(unsigned int order, unsigned long *first)
{
	unsigned long *block, nr = 0;

	*first = 0;
	while ((block = (void *)isle_get_free_pages(GFP_KERNEL | __GFP_NORETRY |
						    __GFP_NOWARN, order))) {
		*block = *first;
		*first = (unsigned long)block;
		nr++;
	}
	return nr;
}

static void give_all(unsigned int order, unsigned long first)
{
	unsigned long next;

	while (first) {
		next = *(unsigned long *)first;
		isle_free_pages(first, order);
		first = next;
	}
}

static void exhaustion(void)
{
	unsigned long large, small, first_large, first_small;

	large = take_all(ISLE_MAX_ORDER, &first_large);
	small = take_all(0, &first_small);
	check(large && small, "memory can be had to the last page");

	expect_log("isle: .*page allocation failure: order:3");
	expect_log("isle: .* pages free, .* in quarantine");
	expect_log("isle: Node ");
	check(!isle_alloc_pages(GFP_KERNEL | __GFP_NORETRY, 3),
	      "then an allocation fails, with a report");

	give_all(0, first_small);
	give_all(ISLE_MAX_ORDER, first_large);
	check(take_all(ISLE_MAX_ORDER, &first_large) == large,
	      "freed, it merges to as many blocks of the largest order");
	give_all(ISLE_MAX_ORDER, first_large);
}

void test_calls(void)
{
	each_order();
	zeroed();
	heads_and_tails();
	references();
	addresses();
	exact();
	bulk();
	bulk_with_gaps();
	splitting();
	nodes();
	refused_flags();
	without_waiting();
	ownership();
	exhaustion();
}
