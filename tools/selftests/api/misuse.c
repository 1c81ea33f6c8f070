// SPDX-License-Identifier: GPL-2.0
/* Wrong calls: each is told of in the log, and nothing comes to harm. */
#include <linux/mm.h>
#include <linux/string.h>

#include <isle/isle.h>

#include "api.h"

static void double_free(void)
{
	struct page *page = isle_alloc_pages(GFP_KERNEL, 4);
	struct page *other;

	if (!check(page, "a block to free twice"))
		return;
	__isle_free_pages(page, 4);
	__isle_free_pages(page, 4);
	page = isle_alloc_pages(GFP_KERNEL, 4);
	other = isle_alloc_pages(GFP_KERNEL, 4);
	check(page && other && page != other,
	      "a block that was freed twice is not handed out twice");
	__isle_free_pages(page, 4);
	__isle_free_pages(other, 4);
}

static void wrong_order(void)
{
	struct page *page = isle_alloc_pages(GFP_KERNEL, 2);

	if (!check(page, "a block to free with another order"))
		return;
	memset(page_address(page), 0x3c, PAGE_SIZE << 2);
	__isle_free_pages(page, 1);
	__isle_free_pages(page, 3);
	check(isle_page_count(page) == 1 && isle_page_order(page) == 2,
	      "it is still allocated");
	check(!memchr_inv(page_address(page), 0x3c, PAGE_SIZE << 2),
	      "and holds what it held");
	__isle_free_pages(page, 2);
	check(!isle_page_count(page), "the right order frees it");
}

static void inner_page(void)
{
	struct page *page = isle_alloc_pages(GFP_KERNEL, 2);

	if (!check(page, "a block to free from the middle"))
		return;
	__isle_free_page(page + 1);
	check(isle_page_count(page) == 1, "it is still allocated");
	__isle_free_pages(page, 2);
}

static void foreign_page(void)
{
	struct page *page = kernel_page();

	if (!check(page, "a page that is not isle's"))
		return;
	__isle_free_page(page);
	isle_put_page(page);
	check(page_count(page) == 1, "isle leaves it alone");
	__free_page(page);
}

static void get_of_free_page(void)
{
	struct page *page = isle_alloc_page(GFP_KERNEL);

	if (!check(page, "a page"))
		return;
	__isle_free_page(page);
	isle_get_page(page);
	check(!isle_page_count(page), "get_page() of a free page gets nothing");
}

void test_misuse(void)
{
	expect_log("isle: bad [a-z_ ]+ of pfn ");
	expect_log("isle: last (allocated|freed) by");
	double_free();
	wrong_order();
	inner_page();
	foreign_page();
	get_of_free_page();
}
