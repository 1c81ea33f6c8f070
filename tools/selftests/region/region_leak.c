// SPDX-License-Identifier: GPL-2.0
/*
 * A driver with a leak: takes pages from isle and goes away without them.
 * "leaked" of them stay allocated, those in pfns= are freed at unload.
 */
#include <linux/mm.h>
#include <linux/module.h>

#include <isle/isle.h>

enum { MAX_FREED = 16 };

static unsigned int leaked;
module_param(leaked, uint, 0444);
MODULE_PARM_DESC(leaked, "pages that are never freed");

static unsigned int freed;
module_param(freed, uint, 0444);
MODULE_PARM_DESC(freed, "pages that are freed at unload, 16 at most");

static unsigned int nid;
module_param(nid, uint, 0444);
MODULE_PARM_DESC(nid, "the node to take pages from");

static unsigned long pfns[MAX_FREED];
static unsigned int nr_pfns;
module_param_array(pfns, ulong, &nr_pfns, 0444);
MODULE_PARM_DESC(pfns, "out: the pages that are freed at unload");

static unsigned long leaked_pfn;
module_param(leaked_pfn, ulong, 0444);
MODULE_PARM_DESC(leaked_pfn, "out: the last page that is never freed");

/* Not in init code, whose addresses mean nothing after it has run. */
static noinline struct page *take_later(void)
{
	struct page *page;

	page = isle_alloc_pages_node(nid, GFP_KERNEL | __GFP_NOWARN, 0);
	barrier();	/* no tail call: the return address has to be here */
	return page;
}

static int __init region_leak_init(void)
{
	struct page *page;
	unsigned int i;

	for (i = 0; i < min_t(unsigned int, freed, MAX_FREED); i++) {
		page = take_later();
		if (page)
			pfns[nr_pfns++] = page_to_pfn(page);
	}
	for (i = 0; i < leaked; i++) {
		page = i & 1 ? take_later() :
			       isle_alloc_pages_node(nid, GFP_KERNEL, 0);
		if (page)
			leaked_pfn = page_to_pfn(page);
	}
	return 0;
}
module_init(region_leak_init);

static void __exit region_leak_exit(void)
{
	while (nr_pfns)
		__isle_free_page(pfn_to_page(pfns[--nr_pfns]));
}
module_exit(region_leak_exit);

MODULE_DESCRIPTION("Leaks isle's pages, for tests");
MODULE_LICENSE("GPL");
