/* SPDX-License-Identifier: GPL-2.0 */
/*
 * isle - a page allocator of its own over a carved-out physical region.
 *
 * The kernel API. Every call mirrors one of the page allocator's in
 * include/linux/gfp.h: the same arguments, the same contexts, the same meaning
 * of gfp flags. Memory comes from the regions that isle was loaded with and
 * never from the kernel's own free lists.
 *
 * Ownership: pages from here go back through the calls below. The kernel's own
 * put_page() on such a page is harmless (isle holds references of its own on
 * every struct page of a region) but does not free it.
 */
#ifndef _ISLE_ISLE_H
#define _ISLE_ISLE_H

#include <linux/gfp.h>
#include <linux/mm_types.h>
#include <linux/numa.h>

/**
 * ISLE_MAX_ORDER - the largest order that can be allocated
 *
 * 2^10 frames of 4 KB: 4 MB.
 */
#define ISLE_MAX_ORDER 10

/**
 * isle_alloc_pages - allocate physically contiguous pages
 * @gfp: what the caller may wait for and where the memory may come from
 * @order: 2^@order pages, naturally aligned; at most ISLE_MAX_ORDER
 *
 * As alloc_pages(). Tries the node that the caller runs on first, then the
 * others in order of distance.
 *
 * GFP flags mean what they mean to the kernel. __GFP_HARDWALL, __GFP_ACCOUNT
 * and __GFP_WRITE are taken and have no effect: isle knows no cpuset, charges
 * no memcg and balances no dirty pages. __GFP_DMA is refused: no zone of isle
 * keeps to the first 16 MB.
 *
 * Context: any, hardirq included; process context that may sleep if @gfp has
 * __GFP_DIRECT_RECLAIM. Not from NMI.
 * Return: the first page, or NULL when memory is out, @order is too large or
 * @gfp can't be honoured. One rate-limited report goes to the log unless
 * __GFP_NOWARN is set.
 */
struct page *isle_alloc_pages(gfp_t gfp, unsigned int order);

/**
 * isle_alloc_pages_node - allocate pages, nearest to a node first
 * @nid: the preferred node, or NUMA_NO_NODE for the caller's own
 * @gfp: as in isle_alloc_pages(); with __GFP_THISNODE no other node will do
 * @order: as in isle_alloc_pages()
 *
 * Context: as isle_alloc_pages().
 * Return: the first page or NULL.
 */
struct page *isle_alloc_pages_node(int nid, gfp_t gfp, unsigned int order);

/**
 * isle_alloc_page - allocate one page
 * @gfp: as in isle_alloc_pages()
 */
#define isle_alloc_page(gfp) isle_alloc_pages(gfp, 0)

/**
 * __isle_free_pages - drop a reference to pages and free them with the last
 * @page: the first page, as isle_alloc_pages() returned it
 * @order: the order it was allocated with
 *
 * A page that isle does not own, that is free already, or whose order is
 * another one is left alone and reported with the stack of this call; with
 * debug=1 also with the stacks of the allocation and of the first free.
 *
 * Context: any, hardirq included. Not from NMI.
 */
void __isle_free_pages(struct page *page, unsigned int order);

/**
 * __isle_free_page - drop a reference to one page and free it with the last
 * @page: the page
 */
#define __isle_free_page(page) __isle_free_pages(page, 0)

/**
 * isle_get_free_pages - allocate pages and return their kernel address
 * @gfp: as in isle_alloc_pages(), without __GFP_HIGHMEM
 * @order: as in isle_alloc_pages()
 *
 * Context: as isle_alloc_pages().
 * Return: the address in the kernel's linear mapping, or 0.
 */
unsigned long isle_get_free_pages(gfp_t gfp, unsigned int order);

/**
 * isle_get_zeroed_page - allocate one zeroed page and return its address
 * @gfp: as in isle_get_free_pages()
 *
 * Context: as isle_alloc_pages().
 * Return: the address in the kernel's linear mapping, or 0.
 */
unsigned long isle_get_zeroed_page(gfp_t gfp);

/**
 * isle_free_pages - free pages by kernel address
 * @addr: what isle_get_free_pages() returned; 0 does nothing
 * @order: the order it was allocated with
 *
 * Context: as __isle_free_pages().
 */
void isle_free_pages(unsigned long addr, unsigned int order);

/**
 * isle_alloc_pages_exact - allocate contiguous memory without rounding up
 * @size: bytes; rounded up to whole pages, not to a power of two
 * @gfp: as in isle_get_free_pages(), without __GFP_COMP
 *
 * As alloc_pages_exact(): takes a block of the next order and gives the pages
 * beyond @size back at once.
 *
 * Context: as isle_alloc_pages().
 * Return: the kernel address, or NULL. Free with isle_free_pages_exact().
 */
void *isle_alloc_pages_exact(size_t size, gfp_t gfp);

/**
 * isle_free_pages_exact - free what isle_alloc_pages_exact() returned
 * @virt: its address; NULL does nothing
 * @size: the same @size, bytes
 *
 * Context: as __isle_free_pages().
 */
void isle_free_pages_exact(void *virt, size_t size);

/**
 * isle_alloc_pages_bulk - allocate many single pages at once
 * @gfp: as in isle_alloc_pages()
 * @nr: how many entries @pages has
 * @pages: an array; entries that are not NULL are kept and counted
 *
 * As alloc_pages_bulk_array(): fills the empty entries as far as memory lasts
 * without waiting for reclaim, and at least one if a single allocation could.
 *
 * Context: as isle_alloc_pages().
 * Return: how many entries of @pages are filled from the start.
 */
unsigned long isle_alloc_pages_bulk(gfp_t gfp, unsigned long nr,
				    struct page **pages);

/**
 * isle_free_pages_bulk - free many single pages at once
 * @pages: an array of order-0 pages; NULL entries are passed over
 * @nr: its length
 *
 * Drops one reference each, as __isle_free_page() would, with one visit to the
 * per-CPU list for all of them.
 *
 * Context: as __isle_free_pages().
 */
void isle_free_pages_bulk(struct page **pages, unsigned long nr);

/**
 * isle_split_page - make single pages of a block
 * @page: the first page of a block that is not compound
 * @order: the order it was allocated with
 *
 * As split_page(): afterwards each page is freed by itself, with order 0. What
 * references there were besides the caller's are to the first page.
 *
 * Context: any.
 */
void isle_split_page(struct page *page, unsigned int order);

/**
 * isle_get_page - take one more reference
 * @page: the first page of an allocated block, or with __GFP_COMP any; tails count
 *        on their head
 *
 * Context: any.
 */
void isle_get_page(struct page *page);

/**
 * isle_get_page_unless_zero - take a reference if the page is still allocated
 * @page: a page that somebody else may be freeing
 *
 * Context: any; what keeps the look-up of @page itself valid (RCU, a lock) is
 * the caller's.
 * Return: true with a reference held, false if the page was free or a tail of a
 * block without __GFP_COMP.
 */
bool isle_get_page_unless_zero(struct page *page);

/**
 * isle_put_page - drop a reference and free the block with the last
 * @page: any page of an allocated block
 *
 * Context: as __isle_free_pages().
 */
void isle_put_page(struct page *page);

/**
 * isle_page_count - how many references an allocated block has
 * @page: any page of it
 *
 * Return: isle's own count, not the struct page's; 0 for a free page.
 */
int isle_page_count(const struct page *page);

/**
 * isle_owns_page - tell isle's pages from the kernel's
 * @page: any page
 *
 * Context: any.
 * Return: true if @page lies in one of isle's regions.
 */
bool isle_owns_page(const struct page *page);

/**
 * isle_page_order - the order of an allocated block
 * @page: its first page, or any page of a compound block
 *
 * Return: the order the block was allocated with; 0 for a page in no block.
 */
unsigned int isle_page_order(const struct page *page);

/**
 * isle_compound_head - the first page of a compound block
 * @page: any page of a block allocated with __GFP_COMP
 *
 * compound_head() sees only order-0 pages in isle's memory: the kernel does
 * not export what would make its struct pages compound.
 *
 * Return: the head, or @page itself if it is in no compound block.
 */
struct page *isle_compound_head(struct page *page);

#endif /* _ISLE_ISLE_H */
