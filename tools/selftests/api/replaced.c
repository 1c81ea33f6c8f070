// SPDX-License-Identifier: GPL-2.0
/*
 * Written as if there were no isle, and compiled with -include isle/replace.h:
 * all these names are the kernel's.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "api.h"

static bool is_isles(const void *address)
{
	return isle_owns_page(virt_to_page(address));
}

static void pages(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	check(page && isle_owns_page(page), "alloc_page() is isle's");
	check(page_count(page) == 1 && page_ref_count(page) == 1,
	      "page_count() is isle's count");
	get_page(page);
	check(page_count(page) == 2, "so is get_page()");
	check(get_page_unless_zero(page) && try_get_page(page),
	      "and those that may fail");
	put_page(page);
	put_page(page);
	put_page(page);
	check(page_count(page) == 1, "and put_page()");
	__free_page(page);
	check(!page_count(page) && !get_page_unless_zero(page),
	      "__free_page() frees it");
}

static void blocks(void)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);

	check(page && isle_owns_page(page), "alloc_pages() is isle's");
	check(compound_head(page + 3) == page && compound_order(page) == 2 &&
	      page_size(page) == PAGE_SIZE << 2,
	      "a compound block knows its head, order and size");
	__free_pages(page, 2);

	page = alloc_pages_node(NUMA_NO_NODE, GFP_KERNEL, 2);
	check(page && isle_owns_page(page), "alloc_pages_node() is isle's");
	check(compound_order(page) == 0 && page_size(page) == PAGE_SIZE,
	      "a block that is not compound does not look so");
	split_page(page, 2);
	__free_page(page);
	__free_page(page + 1);
	put_page(page + 2);
	put_page(page + 3);
	check(!page_count(page + 3), "split_page() made four of it");
}

static void folios(void)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, 0);

	check(folio && isle_owns_page(folio_page(folio, 0)),
	      "folio_alloc() of a page is isle's");
	folio_get(folio);
	check(folio_try_get(folio) && folio_ref_count(folio) == 3,
	      "folio_get() counts there");
	folio_put_refs(folio, 2);
	folio_put(folio);
	check(!folio_ref_count(folio), "folio_put() frees it");

	folio = folio_alloc(GFP_KERNEL, 2);
	check(folio && !isle_owns_page(folio_page(folio, 0)),
	      "a larger folio stays the kernel's");
	if (folio)
		folio_put(folio);
}

static void addresses(void)
{
	unsigned long address = __get_free_pages(GFP_KERNEL, 1);
	void *exact;

	check(address && is_isles((void *)address),
	      "__get_free_pages() is isle's");
	free_pages(address, 1);
	address = __get_free_page(GFP_KERNEL);
	check(address && is_isles((void *)address),
	      "__get_free_page() is isle's");
	free_page(address);
	address = get_zeroed_page(GFP_KERNEL);
	check(address && is_isles((void *)address) &&
	      !memchr_inv((void *)address, 0, PAGE_SIZE),
	      "get_zeroed_page() is isle's");
	free_page(address);
	free_page(0);

	exact = alloc_pages_exact(3 * PAGE_SIZE, GFP_KERNEL);
	check(exact && is_isles(exact), "alloc_pages_exact() is isle's");
	free_pages_exact(exact, 3 * PAGE_SIZE);
}

static void arrays(void)
{
	struct page *array[8] = { };

	check(alloc_pages_bulk_array(GFP_KERNEL, 4, array) == 4 &&
	      isle_owns_page(array[3]), "alloc_pages_bulk_array() is isle's");
	check(alloc_pages_bulk(GFP_KERNEL, 7, array) == 7 &&
	      isle_owns_page(array[6]), "alloc_pages_bulk() is isle's");
	array[7] = kernel_page();
	if (check(array[7], "a page of the kernel's beside them"))
		release_pages(array, 8);
	check(!page_count(array[0]), "release_pages() frees both kinds");
}

static void pages_of_the_kernel(void)
{
	struct page *page = kernel_page();
	unsigned long address;

	if (!check(page && !isle_owns_page(page), "a page of the kernel's"))
		return;
	get_page(page);
	check(page_count(page) == 2 && compound_head(page) == page &&
	      page_size(page) == PAGE_SIZE, "is held as the kernel's");
	put_page(page);
	__free_page(page);

	page = alloc_page(GFP_KERNEL | __GFP_DMA);
	check(page && !isle_owns_page(page), "__GFP_DMA stays the kernel's");
	if (page)
		__free_page(page);
	address = __get_free_page(GFP_KERNEL | __GFP_DMA);
	check(address && !is_isles((void *)address),
	      "by address too");
	free_page(address);
}

void test_replaced(void)
{
	pages();
	blocks();
	folios();
	addresses();
	arrays();
	pages_of_the_kernel();
}
