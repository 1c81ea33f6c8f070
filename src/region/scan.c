// SPDX-License-Identifier: GPL-2.0
/* Pieces of the kernel's own memory: what piece.h calls a scan. */
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/sched/signal.h>

#include "piece.h"

/*
 * Counts the pages of a piece that are not free. A page that has references
 * but is on no LRU list can't be moved (but for a balloon's and the like,
 * which are left in peace), and neither can slabs.
 */
static unsigned int count_used(unsigned long pfn)
{
	unsigned long end = pfn + ISLE_EXTENT_FRAMES;
	struct page *page, *head;
	unsigned int used = 0;
	unsigned long order;

	while (pfn < end) {
		page = pfn_to_page(pfn++);
		if (PageReserved(page))
			return ISLE_PIECE_NEVER;
		if (PageBuddy(page)) {
			order = READ_ONCE(page_private(page));
			if (order <= ISLE_KERNEL_MAX_ORDER)
				pfn += (1UL << order) - 1;
			continue;
		}
		head = compound_head(page);
		if (PageHuge(page) || PageSlab(head) ||
		    (page_ref_count(head) && !PageLRU(head)))
			return ISLE_PIECE_NEVER;
		used++;
	}
	return used;
}

static unsigned int look_at(struct zone *zone, unsigned long pfn)
{
	unsigned long end = pfn + ISLE_EXTENT_FRAMES;
	unsigned long block;
	struct page *page;

	for (block = pfn; block < end; block = pageblock_end_pfn(block)) {
		page = pfn_to_online_page(block);
		if (!page || page_zone(page) != zone ||
		    !isle_pageblock_is_ordinary(page))
			return ISLE_PIECE_NEVER;
	}
	return count_used(pfn);
}

/*
 * alloc_contig_range() fails in a CMA pageblock, but then it also undoes the
 * isolation of pageblocks that a CMA allocation has isolated at that moment:
 * they must not be tried. The kernel doesn't export what would read a
 * pageblock's type, so isle reads it itself, and trusts that only if all of
 * the zone's CMA memory is found. (A CMA pageblock may be isolated now.)
 */
static bool finds_all_cma(struct zone *zone)
{
	unsigned long end = zone_end_pfn(zone);
	unsigned long cma = 0, isolated = 0;
	struct page *page;
	unsigned long pfn;

	for (pfn = zone->zone_start_pfn; pfn < end;
	     pfn = pageblock_end_pfn(pfn)) {
		page = pfn_to_online_page(pfn);
		if (!page || page_zone(page) != zone)
			continue;
		if (isle_pageblock_is_cma(page))
			cma += pageblock_nr_pages;
		else if (isle_pageblock_is_isolated(page))
			isolated += pageblock_nr_pages;
		cond_resched();
	}
	return cma <= zone_cma_pages(zone) &&
	       cma + isolated >= zone_cma_pages(zone);
}

int isle_pieces_scan(struct isle_pieces *pieces, struct zone *zone)
{
	unsigned long start = ALIGN(zone->zone_start_pfn, ISLE_EXTENT_FRAMES);
	unsigned long end = ALIGN_DOWN(zone_end_pfn(zone), ISLE_EXTENT_FRAMES);
	unsigned long i;

	*pieces = (struct isle_pieces){ .zone = zone, .first_pfn = start };
	if (end <= start)
		return 0;
	if (!finds_all_cma(zone))
		return -ENXIO;
	pieces->nr = (end - start) / ISLE_EXTENT_FRAMES;
	pieces->piece = kvcalloc(pieces->nr, sizeof(*pieces->piece),
				 GFP_KERNEL);
	if (!pieces->piece)
		return -ENOMEM;
	for (i = 0; i < pieces->nr; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		pieces->piece[i].used =
			look_at(zone, start + i * ISLE_EXTENT_FRAMES);
	}
	return 0;
}
