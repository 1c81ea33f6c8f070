// SPDX-License-Identifier: GPL-2.0
/*
 * Breaks free memory into islands: takes nearly all of it in the largest
 * blocks there are, and keeps one page of every few of them.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/sort.h>

enum { BLOCK_BYTES = SZ_4M, MAX_BLOCKS = 2048 };

static unsigned int every = 4;
module_param(every, uint, 0444);
MODULE_PARM_DESC(every, "keep a page of each of so many blocks");

static unsigned int leave_mb = 256;
module_param(leave_mb, uint, 0444);
MODULE_PARM_DESC(leave_mb, "MB that are left alone");

static unsigned int kept;
module_param(kept, uint, 0444);
MODULE_PARM_DESC(kept, "out: pages kept");

static struct page *blocks[MAX_BLOCKS];

static int by_pfn(const void *a, const void *b)
{
	unsigned long x = page_to_pfn(*(struct page *const *)a);
	unsigned long y = page_to_pfn(*(struct page *const *)b);

	return x < y ? -1 : x > y;
}

static unsigned int take_blocks(void)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	unsigned int nr = 0;

	while (nr < MAX_BLOCKS &&
	       si_mem_available() > (leave_mb * SZ_1M) >> PAGE_SHIFT) {
		blocks[nr] = alloc_pages(gfp, get_order(BLOCK_BYTES));
		if (!blocks[nr])
			break;
		nr++;
	}
	return nr;
}

/* Frees all of a block but its first page. */
static void free_rest(struct page *block)
{
	unsigned int i;

	split_page(block, get_order(BLOCK_BYTES));
	for (i = 1; i < BLOCK_BYTES >> PAGE_SHIFT; i++)
		__free_page(block + i);
}

static int __init region_fragment_init(void)
{
	unsigned int nr, i;

	if (!every || leave_mb > 4095)
		return -EINVAL;
	nr = take_blocks();
	sort(blocks, nr, sizeof(blocks[0]), by_pfn, NULL);
	for (i = 0; i < nr; i++) {
		if (i % every) {
			__free_pages(blocks[i], get_order(BLOCK_BYTES));
		} else {
			free_rest(blocks[i]);
			blocks[kept++] = blocks[i];
		}
	}
	return 0;
}
module_init(region_fragment_init);

static void __exit region_fragment_exit(void)
{
	while (kept)
		__free_page(blocks[--kept]);
}
module_exit(region_fragment_exit);

MODULE_DESCRIPTION("Fragments the kernel's memory, for tests");
MODULE_LICENSE("GPL");
