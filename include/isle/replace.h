/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes a driver that knows nothing of isle take its pages from isle:
 *
 *	ccflags-y += -include isle/replace.h
 *
 * is all that its Kbuild needs. From here on the names of the page allocator
 * mean isle's:
 *
 *   allocate   alloc_pages(), alloc_page(), alloc_pages_node(),
 *              __alloc_pages_node(), folio_alloc() of order 0,
 *              __get_free_pages(), __get_free_page(), get_zeroed_page(),
 *              alloc_pages_exact(), alloc_pages_bulk(),
 *              alloc_pages_bulk_array()
 *   free       __free_pages(), __free_page(), free_pages(), free_page(),
 *              free_pages_exact(), release_pages()
 *   hold       get_page(), try_get_page(), get_page_unless_zero(), put_page(),
 *              folio_get(), folio_try_get(), folio_put(), folio_put_refs()
 *   ask        page_count(), page_ref_count(), folio_ref_count(),
 *              compound_head(), compound_order(), page_size()
 *   split      split_page()
 *
 * The kernel's inline functions go on using the kernel's allocator, so a driver
 * meets pages of both; whatever takes a page or an address looks first whose it
 * is. Requests that isle refuses by design stay with the kernel: __GFP_DMA, and
 * folios of more than one page, whose size the kernel's own code would not see.
 *
 * What this can't reach:
 *  - pages that the driver hands over to code that ends in the kernel's
 *    put_page(): fragments of an skb, pages of the page cache. isle would never
 *    hear of it; such a driver must not be built this way.
 *  - the functions as pointers (devm_add_action(dev, put_page, ...)): the macros
 *    below replace calls only.
 *  - headers included later whose inline functions allocate. Those of the kernel
 *    that do are included first, here.
 */
#ifndef _ISLE_REPLACE_H
#define _ISLE_REPLACE_H

#include <linux/bio.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include <linux/splice.h>
#include <linux/swap.h>
#include <asm/pgalloc.h>

#include <isle/isle.h>

/**
 * isle_replace_alloc_pages - alloc_pages_node(), from isle where it can
 * @nid: the preferred node, or NUMA_NO_NODE
 * @gfp: as for alloc_pages(); with __GFP_DMA the kernel is asked
 * @order: 2^@order pages
 *
 * Context: as alloc_pages().
 * Return: the first page or NULL.
 */
static inline struct page *isle_replace_alloc_pages(int nid, gfp_t gfp,
						    unsigned int order)
{
	if (unlikely(gfp & __GFP_DMA))
		return alloc_pages_node(nid, gfp, order);
	return isle_alloc_pages_node(nid, gfp, order);
}

/**
 * isle_replace_folio_alloc - folio_alloc(), from isle for one page
 * @gfp: as for alloc_pages()
 * @order: 2^@order pages; more than one come from the kernel
 *
 * Context: as alloc_pages().
 * Return: the folio or NULL.
 */
static inline struct folio *isle_replace_folio_alloc(gfp_t gfp,
						     unsigned int order)
{
	struct page *page;

	if (order)
		return folio_alloc(gfp, order);
	page = isle_replace_alloc_pages(NUMA_NO_NODE, gfp, 0);
	return page ? page_folio(page) : NULL;
}

/**
 * isle_replace_get_free_pages - __get_free_pages(), from isle where it can
 * @gfp: as for alloc_pages(); with __GFP_DMA the kernel is asked
 * @order: 2^@order pages
 *
 * Context: as alloc_pages().
 * Return: the address or 0.
 */
static inline unsigned long isle_replace_get_free_pages(gfp_t gfp,
							unsigned int order)
{
	if (unlikely(gfp & __GFP_DMA))
		return __get_free_pages(gfp, order);
	return isle_get_free_pages(gfp, order);
}

/**
 * isle_replace_alloc_pages_exact - alloc_pages_exact(), from isle where it can
 * @size: bytes
 * @gfp: as for alloc_pages(); with __GFP_DMA the kernel is asked
 *
 * Context: as alloc_pages().
 * Return: the address or NULL.
 */
static inline void *isle_replace_alloc_pages_exact(size_t size, gfp_t gfp)
{
	if (unlikely(gfp & __GFP_DMA))
		return alloc_pages_exact(size, gfp);
	return isle_alloc_pages_exact(size, gfp);
}

/**
 * isle_replace_free_pages - __free_pages() of whoever owns the pages
 * @page: the first page
 * @order: the order it was allocated with
 *
 * Context: as __free_pages().
 */
static inline void isle_replace_free_pages(struct page *page,
					   unsigned int order)
{
	if (isle_owns_page(page))
		__isle_free_pages(page, order);
	else
		__free_pages(page, order);
}

/**
 * isle_replace_free_addr - free_pages() of whoever owns the pages
 * @addr: the address of the first; 0 does nothing
 * @order: the order it was allocated with
 *
 * Context: as free_pages().
 */
static inline void isle_replace_free_addr(unsigned long addr,
					  unsigned int order)
{
	if (addr)
		isle_replace_free_pages(virt_to_page((void *)addr), order);
}

/**
 * isle_replace_free_pages_exact - free_pages_exact() of whoever owns the pages
 * @virt: the address; NULL does nothing
 * @size: bytes, as allocated
 *
 * Context: as free_pages_exact().
 */
static inline void isle_replace_free_pages_exact(void *virt, size_t size)
{
	if (virt && isle_owns_page(virt_to_page(virt)))
		isle_free_pages_exact(virt, size);
	else
		free_pages_exact(virt, size);
}

/**
 * isle_replace_get_page - get_page() of whoever owns the page
 * @page: any page
 *
 * Context: any.
 */
static inline void isle_replace_get_page(struct page *page)
{
	if (isle_owns_page(page))
		isle_get_page(page);
	else
		get_page(page);
}

/**
 * isle_replace_try_get_page - try_get_page() of whoever owns the page
 * @page: any page
 *
 * isle's counts do not overflow silently, so for its pages this always holds.
 *
 * Context: any.
 * Return: true with a reference held.
 */
static inline __must_check bool isle_replace_try_get_page(struct page *page)
{
	if (!isle_owns_page(page))
		return try_get_page(page);
	isle_get_page(page);
	return true;
}

/**
 * isle_replace_get_page_unless_zero - that of whoever owns the page
 * @page: a page that somebody else may be freeing
 *
 * Context: any.
 * Return: true with a reference held, false if the page was free.
 */
static inline bool isle_replace_get_page_unless_zero(struct page *page)
{
	if (isle_owns_page(page))
		return isle_get_page_unless_zero(page);
	return get_page_unless_zero(page);
}

/**
 * isle_replace_put_page - put_page() of whoever owns the page
 * @page: any page
 *
 * Context: as put_page().
 */
static inline void isle_replace_put_page(struct page *page)
{
	if (isle_owns_page(page))
		isle_put_page(page);
	else
		put_page(page);
}

/**
 * isle_replace_folio_get - folio_get() of whoever owns the folio
 * @folio: any folio
 *
 * Context: any.
 */
static inline void isle_replace_folio_get(struct folio *folio)
{
	isle_replace_get_page(folio_page(folio, 0));
}

/**
 * isle_replace_folio_try_get - folio_try_get() of whoever owns the folio
 * @folio: a folio that somebody else may be freeing
 *
 * Context: any.
 * Return: true with a reference held, false if the folio was free.
 */
static inline bool isle_replace_folio_try_get(struct folio *folio)
{
	if (isle_owns_page(folio_page(folio, 0)))
		return isle_get_page_unless_zero(folio_page(folio, 0));
	return folio_try_get(folio);
}

/**
 * isle_replace_folio_put_refs - folio_put_refs() of whoever owns the folio
 * @folio: any folio
 * @refs: how many references to drop
 *
 * Context: as put_page().
 */
static inline void isle_replace_folio_put_refs(struct folio *folio, int refs)
{
	if (!isle_owns_page(folio_page(folio, 0))) {
		folio_put_refs(folio, refs);
		return;
	}
	while (refs--)
		isle_put_page(folio_page(folio, 0));
}

/**
 * isle_replace_folio_put - folio_put() of whoever owns the folio
 * @folio: any folio
 *
 * Context: as put_page().
 */
static inline void isle_replace_folio_put(struct folio *folio)
{
	isle_replace_folio_put_refs(folio, 1);
}

/**
 * isle_replace_release_pages - release_pages() of whoever owns each page
 * @pages: an array of pages
 * @nr: its length
 *
 * Context: as release_pages().
 */
static inline void isle_replace_release_pages(struct page **pages, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		isle_replace_put_page(pages[i]);
}

/**
 * isle_replace_page_count - page_count() of whoever owns the page
 * @page: any page
 *
 * Return: references.
 */
static inline int isle_replace_page_count(const struct page *page)
{
	return isle_owns_page(page) ? isle_page_count(page) : page_count(page);
}

/**
 * isle_replace_page_ref_count - page_ref_count() of whoever owns the page
 * @page: any page
 *
 * Return: references.
 */
static inline int isle_replace_page_ref_count(const struct page *page)
{
	return isle_owns_page(page) ? isle_page_count(page) :
	       page_ref_count(page);
}

/**
 * isle_replace_folio_ref_count - folio_ref_count() of whoever owns the folio
 * @folio: any folio
 *
 * Return: references.
 */
static inline int isle_replace_folio_ref_count(const struct folio *folio)
{
	return isle_replace_page_ref_count(&folio->page);
}

/**
 * isle_replace_split_page - split_page() of whoever owns the block
 * @page: its first page
 * @order: its order
 *
 * Context: any.
 */
static inline void isle_replace_split_page(struct page *page,
					   unsigned int order)
{
	if (isle_owns_page(page))
		isle_split_page(page, order);
	else
		split_page(page, order);
}

/**
 * isle_replace_compound_head - compound_head() of whoever owns the page
 * @page: any page
 *
 * Return: the first page of its compound block, or @page.
 */
static inline struct page *isle_replace_compound_head(struct page *page)
{
	return isle_owns_page(page) ? isle_compound_head(page) :
	       compound_head(page);
}

/**
 * isle_replace_compound_order - compound_order() of whoever owns the page
 * @page: the first page of a compound block, or a single page
 *
 * Return: the order.
 */
static inline unsigned int isle_replace_compound_order(struct page *page)
{
	if (!isle_owns_page(page))
		return compound_order(page);
	/* A block that is not compound has an order too, but no second page. */
	return isle_compound_head(page + 1) == page ? isle_page_order(page) : 0;
}

/**
 * isle_replace_page_size - page_size() of whoever owns the page
 * @page: the first page of a compound block, or a single page
 *
 * Return: bytes.
 */
static inline unsigned long isle_replace_page_size(struct page *page)
{
	return PAGE_SIZE << isle_replace_compound_order(page);
}

#undef alloc_pages
#define alloc_pages(gfp, order) \
	isle_replace_alloc_pages(NUMA_NO_NODE, gfp, order)
#undef alloc_page
#define alloc_page(gfp) alloc_pages(gfp, 0)
#undef alloc_pages_node
#define alloc_pages_node(nid, gfp, order) \
	isle_replace_alloc_pages(nid, gfp, order)
#undef __alloc_pages_node
#define __alloc_pages_node(nid, gfp, order) \
	isle_replace_alloc_pages(nid, gfp, order)
#undef folio_alloc
#define folio_alloc(gfp, order) isle_replace_folio_alloc(gfp, order)
#undef __get_free_pages
#define __get_free_pages(gfp, order) isle_replace_get_free_pages(gfp, order)
#undef get_zeroed_page
#define get_zeroed_page(gfp) \
	isle_replace_get_free_pages((gfp) | __GFP_ZERO, 0)
#undef alloc_pages_exact
#define alloc_pages_exact(size, gfp) isle_replace_alloc_pages_exact(size, gfp)
#undef alloc_pages_bulk
#define alloc_pages_bulk(gfp, nr, pages) isle_alloc_pages_bulk(gfp, nr, pages)
#undef alloc_pages_bulk_array
#define alloc_pages_bulk_array(gfp, nr, pages) \
	isle_alloc_pages_bulk(gfp, nr, pages)

#define __free_pages(page, order) isle_replace_free_pages(page, order)
#define free_pages(addr, order) isle_replace_free_addr(addr, order)
#define free_pages_exact(virt, size) isle_replace_free_pages_exact(virt, size)
#define release_pages(pages, nr) \
	isle_replace_release_pages((struct page **)(pages), nr)

#define get_page(page) isle_replace_get_page(page)
#define try_get_page(page) isle_replace_try_get_page(page)
#define get_page_unless_zero(page) isle_replace_get_page_unless_zero(page)
#define put_page(page) isle_replace_put_page(page)
#define folio_get(folio) isle_replace_folio_get(folio)
#define folio_try_get(folio) isle_replace_folio_try_get(folio)
#define folio_put(folio) isle_replace_folio_put(folio)
#define folio_put_refs(folio, refs) isle_replace_folio_put_refs(folio, refs)

#undef page_count
#define page_count(page) isle_replace_page_count(page)
#define page_ref_count(page) isle_replace_page_ref_count(page)
#define folio_ref_count(folio) isle_replace_folio_ref_count(folio)
#define split_page(page, order) isle_replace_split_page(page, order)
#undef compound_head
#define compound_head(p) \
	((typeof(p))isle_replace_compound_head((struct page *)(p)))
#define compound_order(page) isle_replace_compound_order(page)
#define page_size(page) isle_replace_page_size(page)

#endif /* _ISLE_REPLACE_H */
